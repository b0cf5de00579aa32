"""A missing fact is asked for when, and only when, an answer could change what leads; the other advice is named."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.clinical.evaluate import Evaluation, decide_all, evaluate
from app.clinical.situation import DOMAINS
from app.clinical.vocabulary import Answer, Exam, Facts, parse_facts
from app.clinical.what_if import QUESTIONS, Change, what_would_change, what_would_not_change, with_answer
from tests.clinical.patients import a_study, day, exam, facts, symptoms
from tests.front_door import pathways

LIMITED: dict[str, Any] = {"protocol": "proximal_duplex"}
WELL_KNOWN: dict[str, Any] = {
    "age": 54,
    "sex": "male",
    "wells": {"score": 0},
    "risk": {"bleeding": "low"},
    "egfr": 80,
}


def asked(*exams: dict[str, Any], on: int = 6, **members: object) -> Evaluation:
    """The pathways of the repository on day n."""
    return evaluate(pathways(), facts(*exams, **members), today=day(on), config={})


def named(changes: tuple[Change, ...], fact: str) -> dict[str, str | None]:
    """Each answer to the question that would change the lead, and what would then lead."""
    return {each.phrase: each.leads_to.id if each.leads_to else None for each in changes if each.fact == fact}


def test_a_status_that_could_change_the_lead_is_asked_for_with_its_consequences() -> None:
    unknown = asked(exam(cfv="normal"), symptoms={"side": "left"}, **WELL_KNOWN)

    assert unknown.lead
    assert unknown.lead.id == "REASSESS-CLINICAL"
    assert named(what_would_change(unknown), "symptoms.status") == {
        "symptoms have resolved": "NO-FURTHER-IMAGING",
        "symptoms persist": "REPEAT-CDUS",
        "symptoms are worse": "REPEAT-CDUS",
    }


def test_an_answer_that_leaves_the_lead_as_it_is_is_not_named() -> None:
    """A limited study is repeated whatever the symptoms; only worse ones make it now."""
    limited = asked(exam(**LIMITED), on=3, **WELL_KNOWN)

    assert limited.lead
    assert limited.lead.id == "REPEAT-CDUS"
    assert named(what_would_change(limited), "symptoms.status") == {"symptoms are worse": "REPEAT-CDUS"}


def test_a_fact_that_cannot_change_the_lead_is_not_asked_for() -> None:
    """Emergencies lead whatever else is known."""
    emergency = asked(exam(), red_flags={"pe": True})

    assert what_would_change(emergency) == ()
    assert {"symptoms.status", "wells", "bleeding"} <= {each.fact for each in what_would_not_change(emergency)}


def test_a_fact_that_is_known_is_not_asked_for() -> None:
    known = asked(exam(cfv="normal"), symptoms=symptoms("persistent", 5, whole_leg=False), pregnant=False, **WELL_KNOWN)

    assert what_would_change(known) == ()
    assert what_would_not_change(known) == ()


def test_every_open_question_either_could_change_the_lead_or_could_not() -> None:
    patient = asked(exam(cfv=None, side=None))
    could = {each.fact for each in what_would_change(patient)}
    could_not = {each.fact for each in what_would_not_change(patient)}
    questions = {question.fact for pathway in pathways() for question in pathway.questions}

    assert not could & could_not
    assert could | could_not == questions - {"exam.result", "exam.protocol"}


def test_the_named_advice_is_what_the_answer_leads_to() -> None:
    """Told again with the answer, the pathways say what the card promised."""
    patient = asked(exam(cfv=None, **LIMITED), on=3, symptoms=symptoms("persistent", 2))
    phrases = {
        (question.fact, phrase): value
        for pathway in pathways()
        for question in pathway.questions
        for value, phrase in question.values.items()
    }
    changes = what_would_change(patient)
    latest = patient.decisions[0].latest

    assert len({each.fact for each in changes}) >= 3
    for each in changes:
        answered = with_answer(patient.facts, each.fact, phrases[each.fact, each.phrase], day(3), latest)
        assert answered
        assert decide_all(patient.pathways, answered, day(3)).lead == each.leads_to


def test_silence_is_advice_too() -> None:
    """Well, unlikely and two weeks on there is nothing to say; a worse leg would break the silence, and the reverse."""
    silent = asked(exam(cfv="normal"), on=20, symptoms={"side": "left"}, **WELL_KNOWN)

    assert silent.lead is None
    assert named(what_would_change(silent), "symptoms.status")["symptoms are worse"] == "REPEAT-CDUS"

    told = asked(exam(cfv="normal"), on=20, symptoms={"side": "left"}, **{**WELL_KNOWN, "wells": {}})

    assert told.lead
    assert named(what_would_change(told), "wells")["DVT is unlikely (Wells)"] is None


# ----------------------------------------------------------------------------------------------- what is asked of whom


def test_a_missing_result_is_asked_for() -> None:
    """The one question that decides most: rule G-RESULT."""
    unread = asked(exam(result=None), on=3)

    assert unread.lead
    assert unread.lead.id == "DATA-RESULT"
    assert named(what_would_change(unread), "exam.result")["it shows an acute DVT"] == "ROUTE-POSITIVE"


def test_a_missing_result_is_asked_for_when_an_earlier_study_stands_in() -> None:
    stands_in = asked(exam(0, **LIMITED), exam(2, result=None), on=3)

    assert stands_in.lead
    assert stands_in.lead.id == "REPEAT-CDUS"
    assert named(what_would_change(stands_in), "exam.result")["it shows an acute DVT"] == "ROUTE-POSITIVE"


def test_the_course_since_an_unread_study_is_asked_for() -> None:
    """Worse symptoms are a reason to scan at once, whatever the unread report says."""
    unread = asked(exam(result=None), on=3)

    assert named(what_would_change(unread), "symptoms.status") == {"symptoms are worse": "REPEAT-CDUS"}


@pytest.mark.parametrize(("as_of", "is_asked"), [(0, True), (3, False), (6, False), (7, True), (None, True)])
def test_a_status_that_does_not_count_is_asked_for_again(as_of: int | None, *, is_asked: bool) -> None:
    """Recorded on the day of the study, in the future or undated, it says nothing (2.2)."""
    patient = facts(exam(), symptoms=symptoms("resolved", as_of))
    answered = with_answer(patient, "symptoms.status", "worsening", day(6), a_study())

    assert (answered is not None) is is_asked
    if answered:
        assert (answered.symptoms.status, answered.symptoms.as_of) == ("worsening", day(6))


@pytest.mark.parametrize("on", [0, None])
def test_on_the_day_of_the_study_the_course_is_not_asked_for(on: int | None) -> None:
    """It could not count; nor could it against a study without a date."""
    assert with_answer(facts(exam(on)), "symptoms.status", "resolved", day(0), a_study(on=on)) is None


def test_nothing_is_asked_about_a_study_that_is_not_there() -> None:
    nobody = asked()

    assert what_would_change(nobody) == ()
    for fact in ("exam.result", "exam.cfv", "symptoms.status", "symptoms.side"):
        assert with_answer(Facts(), fact, "negative", day(0), None) is None


def test_only_the_study_in_question_is_answered() -> None:
    one, other = exam(0, cfv=None), exam(3, cfv=None)
    patient = facts(one, other)
    answered = with_answer(patient, "exam.cfv", "monophasic", day(6), patient.exams[1])

    assert answered
    assert [each.cfv for each in answered.exams] == ["unknown", "monophasic"]


def test_the_symptomatic_leg_may_be_the_scanned_one() -> None:
    patient = facts(exam(side="right"))

    def side(value: str, latest: Exam = patient.exams[0]) -> str | None:
        answered = with_answer(patient, "symptoms.side", value, day(6), latest)
        return answered.symptoms.side if answered else None

    assert side("exam") == "right"
    assert side("bilateral") == "bilateral"
    assert with_answer(facts(exam(), symptoms={"side": "left"}), "symptoms.side", "exam", day(6), a_study()) is None


@pytest.mark.parametrize(
    ("fact", "value", "unknown", "known"),
    [
        ("symptoms.whole_leg", "true", {}, {"symptoms": {"whole_leg": False}}),
        ("wells", "3", {}, {"wells": {"score": 0}}),
        ("wells", "3", {}, {"wells": {"items": {"calf_gt_3cm": True}}}),
        ("pregnant", "true", {"sex": "female"}, {"pregnant": False}),
        ("pregnant", "true", {}, {"sex": "male"}),
        ("egfr", "20", {}, {"egfr": 60}),
        ("bleeding", "high", {}, {"risk": {"bleeding": "low"}}),
    ],
)
def test_each_question_is_put_only_while_it_is_open(
    fact: str, value: str, unknown: dict[str, Any], known: dict[str, Any]
) -> None:
    patient, informed = parse_facts(unknown), parse_facts(known)
    answered = with_answer(patient, fact, value, date(2026, 3, 8), None)

    assert answered not in (None, patient)
    assert with_answer(informed, fact, value, date(2026, 3, 8), None) is None


@pytest.mark.parametrize("fact", QUESTIONS)
def test_every_answer_that_may_be_written_can_be_tried(fact: str) -> None:
    """The loader takes exactly these; each becomes a fact that the rules know."""
    unknown = Exam(date=day(0), side="left")
    member = fact.removeprefix("exam.")
    study = replace(unknown, side="unknown") if member == "side" else unknown
    patient = Facts(exams=(study,))
    for value in QUESTIONS[fact]:
        answered = with_answer(patient, fact, value, day(3), study)
        assert answered
        evaluation = decide_all(pathways(), answered, day(3))
        named_facts = evaluation.decisions[0].situation.names
        assert all(named_facts[name] in values for name, values in DOMAINS.items())


def test_a_pregnancy_is_tried_as_one() -> None:
    answered = with_answer(Facts(sex="female"), "pregnant", "true", day(3), None)

    assert answered
    assert answered.pregnant is Answer.YES
