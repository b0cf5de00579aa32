"""What a missing fact could change: its possible values are tried, and those that lead to other advice are told.

A missing fact that cannot change the leading advice is not asked for (design, idea 2).
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from app.clinical.evaluate import Evaluation, decide_all
from app.clinical.examinations import Episode, timed_status
from app.clinical.pretest import HIGHEST, LOWEST
from app.clinical.vocabulary import (
    BLEEDING,
    CFV,
    ILIAC,
    LOCATION,
    PROTOCOL,
    QUALITY,
    RESULT,
    SIDE,
    STATUS,
    UNKNOWN,
    Answer,
    Exam,
    Facts,
    Wells,
)
from app.pathway.content import Question
from app.pathway.decide import Recommendation


@dataclass(frozen=True, slots=True)
class Change:
    """If the fact were `phrase`, the leading recommendation would be `leads_to` (None: silence)."""

    fact: str
    label: str
    phrase: str
    leads_to: Recommendation | None


def what_would_change(evaluation: Evaluation) -> tuple[Change, ...]:
    """The questions whose answer could change what leads, each with the answers that do so."""
    return tuple(
        change
        for item in evaluation.decisions
        for question in item.pathway.questions
        for change in _changes(evaluation, question)
    )


def what_would_not_change(evaluation: Evaluation) -> tuple[Question, ...]:
    """The questions that are open although none of their answers could change what leads: not worth asking."""
    return tuple(
        question
        for item in evaluation.decisions
        for question in item.pathway.questions
        if _is_open(evaluation, question) and not any(_changes(evaluation, question))
    )


def _is_open(evaluation: Evaluation, question: Question) -> bool:
    value = next(iter(question.values))
    study = _study(evaluation, question.fact)
    return with_answer(evaluation.facts, question.fact, value, evaluation.today, study) is not None


def _changes(evaluation: Evaluation, question: Question) -> Iterator[Change]:
    now = evaluation.lead
    for value, phrase in question.values.items():
        facts = with_answer(evaluation.facts, question.fact, value, evaluation.today, _study(evaluation, question.fact))
        if facts is None:
            return
        then = decide_all(evaluation.pathways, facts, evaluation.today).lead
        if _differs(now, then):
            yield Change(question.fact, question.label, phrase, then)


def _differs(now: Recommendation | None, then: Recommendation | None) -> bool:
    if now is None or then is None:
        return now is not then
    return (now.id, now.indicator, now.timing.kind) != (then.id, then.indicator, then.timing.kind)


def _study(evaluation: Evaluation, fact: str) -> Exam | None:
    """The study a question is about: L. A missing result is the last one's, which L may stand in for (G-RESULT)."""
    days = {name: number for pathway in evaluation.pathways for name, number in pathway.days.items()}
    episode = Episode(evaluation.facts, evaluation.today, days)
    return episode.last if fact == "exam.result" else episode.latest or episode.last


def with_answer(facts: Facts, fact: str, value: str, today: date, latest: Exam | None) -> Facts | None:
    """The facts with an unknown fact answered, or None if it is known already (or there is no study to speak of)."""
    if fact.startswith("exam."):
        return _with_exam_answer(facts, fact.removeprefix("exam."), value, latest)
    return ANSWERS[fact](facts, value, today, latest)


def _with_exam_answer(facts: Facts, member: str, value: str, latest: Exam | None) -> Facts | None:
    if latest is None or getattr(latest, member) != UNKNOWN:
        return None
    answered = replace(latest, **{member: value})  # type: ignore[arg-type]  # questions ask for named members only
    return replace(facts, exams=tuple(answered if exam == latest else exam for exam in facts.exams))


def _with_status(facts: Facts, value: str, today: date, latest: Exam | None) -> Facts | None:
    """A status is only worth asking when one recorded today would count: after the day of the study."""
    would_count = latest is not None and latest.date is not None and latest.date < today
    if not would_count or timed_status(facts, latest, today) != UNKNOWN:
        return None
    return replace(facts, symptoms=replace(facts.symptoms, status=value, as_of=today))


def _with_symptom_side(facts: Facts, value: str, _today: date, latest: Exam | None) -> Facts | None:
    if facts.symptoms.side != UNKNOWN or latest is None:
        return None
    side = latest.side if value == "exam" else value
    return replace(facts, symptoms=replace(facts.symptoms, side=side))


def _with_whole_leg(facts: Facts, _value: str, _today: date, _latest: Exam | None) -> Facts | None:
    if facts.symptoms.whole_leg is not Answer.UNKNOWN:
        return None
    return replace(facts, symptoms=replace(facts.symptoms, whole_leg=Answer.YES))


def _with_wells(facts: Facts, value: str, _today: date, _latest: Exam | None) -> Facts | None:
    return None if facts.wells.items or facts.wells.score is not None else replace(facts, wells=Wells(int(value)))


def _with_pregnancy(facts: Facts, _value: str, _today: date, _latest: Exam | None) -> Facts | None:
    asked = facts.pregnant is Answer.UNKNOWN and facts.sex != "male"
    return replace(facts, pregnant=Answer.YES) if asked else None


def _with_egfr(facts: Facts, value: str, _today: date, _latest: Exam | None) -> Facts | None:
    return replace(facts, egfr=Decimal(value)) if facts.egfr is None else None


def _with_bleeding(facts: Facts, value: str, _today: date, _latest: Exam | None) -> Facts | None:
    return replace(facts, risk=replace(facts.risk, bleeding=value)) if facts.risk.bleeding == UNKNOWN else None


ANSWERS: Mapping[str, Callable[[Facts, str, date, Exam | None], Facts | None]] = {
    "symptoms.status": _with_status,
    "symptoms.side": _with_symptom_side,
    "symptoms.whole_leg": _with_whole_leg,
    "wells": _with_wells,
    "pregnant": _with_pregnancy,
    "egfr": _with_egfr,
    "bleeding": _with_bleeding,
}


QUESTIONS: Mapping[str, Collection[str]] = {
    "symptoms.status": STATUS,
    "symptoms.side": (*SIDE, "exam"),
    "symptoms.whole_leg": ("true",),
    "wells": [str(score) for score in range(LOWEST, HIGHEST + 1)],
    "pregnant": ("true",),
    "egfr": [str(egfr) for egfr in range(121)],
    "bleeding": BLEEDING,
    "exam.result": RESULT,
    "exam.location": LOCATION,
    "exam.protocol": PROTOCOL,
    "exam.quality": QUALITY,
    "exam.side": SIDE,
    "exam.cfv": CFV,
    "exam.iliac": ILIAC,
}
"""What can be asked, and the answers that can be tried; the loader refuses a pathway that asks anything else."""
