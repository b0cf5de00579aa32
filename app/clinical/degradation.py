"""Advice when a part of the record could not be read (threat model H21 to H23, decisions/0021).

A query that was not answered in full may have brought other values of its facts. Nothing is concluded from their
absence, and what came from elsewhere is believed unless the advice is calmer for it than with those facts unknown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, TypeVar

from app.clinical.evaluate import Evaluation, decide_all
from app.clinical.examinations import WELL, is_positive
from app.clinical.vocabulary import DDimer, Exam, Facts
from app.pathway.decide import LOUDNESS
from app.pathway.load import Pathway
from app.pathway.timing import TimingKind

REASSURING: Final = frozenset({"NO-FURTHER-IMAGING", "NEG-REASSURE", "DVT-EXCLUDED-PTP"})
"""What ends imaging or makes it optional: never said on data that could not be read (decision table 13.1, 13.3)."""

HIDDEN_STUDY: Final = Exam(report_status="registered")
"""A study that an answer may hold and that nobody has read: undated, so that it may be the last one."""

# What says that a study exists at all. A query that brings it may hide a study, not only a detail of one.
_EXISTENCE: Final = frozenset({"exams.date", "exams.modality", "exams.report_status"})
_ANY = TypeVar("_ANY")


@dataclass(frozen=True, slots=True)
class Hidden:
    """A query that was not answered in full: its key, the public facts it may have brought (`exams.result`), and
    whether a part of the answer came.
    """

    query: str
    facts: frozenset[str]
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Believed:
    """The facts to decide on, and the queries whose facts were not believed as they were found."""

    facts: Facts
    withheld: frozenset[str] = frozenset()


def facts_of_queries(pathways: Sequence[Pathway]) -> Mapping[str, frozenset[str]]:
    """Prefetch key -> the public facts it can bring, as the pathways declare (`reading` in facts.yaml)."""
    sources = {name: source for pathway in pathways for name, source in pathway.facts.reading.items()}
    brings: dict[str, set[str]] = {key: set() for pathway in pathways for key in pathway.queries}
    for source in sources.values():
        others = (fact for name in source.same_facts_as for fact in sources[name].facts)
        for key in source.queries:
            brings.setdefault(key, set()).update(source.facts, others)
    return {key: frozenset(facts) for key, facts in brings.items()}


def believed(pathways: Sequence[Pathway], facts: Facts, hidden: Sequence[Hidden], today: date) -> Believed:
    """What to decide on. A fact found elsewhere stays unless advice is calmer with it than without it."""
    facts = _with_later_study(pathways, _without_conclusions_from_absence(facts, hidden), hidden, today)
    left = {each.query: each for each in hidden}
    while left:
        now = decide_all(pathways, facts, today)
        relied = [each for each in left.values() if _relies(now, pathways, without(facts, each))]
        if not relied and _relies(now, pathways, without(facts, *left.values())):
            relied = list(left.values())
        if not relied:
            break
        facts = without(facts, *relied)
        for each in relied:
            del left[each.query]
    return Believed(facts, frozenset(each.query for each in hidden if each.query not in left))


def _relies(now: Evaluation, pathways: Sequence[Pathway], facts: Facts) -> bool:
    """Whether the advice is calmer than it would be on these facts, of which less is known."""
    return facts != now.facts and is_calmer(now, decide_all(pathways, facts, now.today))


def is_calmer(one: Evaluation, other: Evaluation) -> bool:
    """Whether `one` reassures in a way that `other` does not, or is less urgent; silence is the least urgent."""
    says, says_instead = ({made.id for made in each.recommendations} for each in (one, other))
    return bool(REASSURING & says - says_instead) or _urgency(one) < _urgency(other)


def _urgency(evaluation: Evaluation) -> tuple[int, bool]:
    made = evaluation.recommendations
    loudest = max((LOUDNESS[each.indicator] for each in made), default=-1)
    return loudest, any(each.timing.kind is TimingKind.NOW for each in made)


def without(facts: Facts, *hidden: Hidden) -> Facts:
    """The facts with everything unknown that these queries may have brought."""
    for fact in sorted({fact for each in hidden for fact in each.facts}):
        facts = _without(facts, fact)
    return facts


def _without(facts: Facts, fact: str) -> Facts:
    match fact.split("."):
        case ["exams", _] if fact in _EXISTENCE:
            return _with_hidden_study(facts)
        case ["exams", detail]:
            return _without_detail(facts, detail)
        case ["ddimer", *_]:
            return replace(facts, ddimer=DDimer())
        case ["alt", "svt", *_]:
            return facts  # its absence is what the decision table reads into unknown (section 10)
        case path:
            return _reset(facts, path)


def _without_detail(facts: Facts, detail: str) -> Facts:
    """A study that shows a thrombus stays as it is: that one was found never reassures."""
    exams = (exam if is_positive(exam) else _reset(exam, [detail]) for exam in facts.exams)
    return replace(facts, exams=tuple(dict.fromkeys(exams)))


def _reset(whole: _ANY, path: Sequence[str]) -> _ANY:
    """A frozen value of the vocabulary with the member at this path as if nobody had said it."""
    name, *rest = path
    inner = getattr(whole, name)
    changed: Any = getattr(type(whole)(), name)
    if rest and isinstance(inner, Mapping):
        changed = {member: value for member, value in inner.items() if member != rest[0]}
    elif rest:
        changed = _reset(inner, rest)
    return replace(whole, **{name: changed})  # type: ignore[type-var]  # every value of the vocabulary is a dataclass


def _with_hidden_study(facts: Facts) -> Facts:
    return facts if HIDDEN_STUDY in facts.exams else replace(facts, exams=(*facts.exams, HIDDEN_STUDY))


def _with_later_study(pathways: Sequence[Pathway], facts: Facts, hidden: Sequence[Hidden], today: date) -> Facts:
    """With the study that the rest of an answer may hold, unless the advice is less urgent for it: no study that nobody
    has read makes a leg that is worse wait.
    """
    if all(_EXISTENCE.isdisjoint(each.facts) for each in hidden if each.is_partial):
        return facts
    more = _with_hidden_study(facts)
    now, then = (decide_all(pathways, each, today) for each in (facts, more))
    return facts if _urgency(then) < _urgency(now) else more


def _without_conclusions_from_absence(facts: Facts, hidden: Sequence[Hidden]) -> Facts:
    """What is concluded only from seeing the whole answer: that no D-dimer was taken, and that nobody has found the leg
    worse since it was well.
    """
    may_bring = {fact for each in hidden for fact in each.facts}
    may_go_on = {fact for each in hidden for fact in each.facts if each.is_partial}
    if facts.ddimer is None and "ddimer.value" in may_bring:
        facts = replace(facts, ddimer=DDimer())
    if "symptoms.status" in may_go_on and facts.symptoms.status in WELL:
        facts = _reset(facts, ["symptoms", "status"])
    return facts
