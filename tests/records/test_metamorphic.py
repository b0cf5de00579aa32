"""Changed records: what says the same gets the same answer, and what became unusable never makes the advice calmer.

`make metamorphic COUNT=1000000 SEED=1` runs as many as wanted; this slice keeps every change honest. Each invariant is
seen failing here on a service with a fault.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

import pytest

from tests.front_door import SERVICE, calling, make_service
from tests.records import product
from tests.records.facts import Known, known
from tests.records.judging import (
    INVARIANTS,
    REASSURING,
    Advice,
    Answered,
    Invariant,
    broken_by_the_same,
    no_new_reassurance,
    not_calmer,
    nothing_that_reassured_is_missed,
    reassurance,
    silence_only_without_a_study,
    table_on,
    urgency,
)
from tests.records.metamorphic import Tally, judged, patient_of, run
from tests.records.neutral import NEUTRAL, Prefetch
from tests.records.record import SERVER
from tests.records.spoiling import KINDS, TARGETS, Spoilt, spoilt

SEED = 20261123
PATIENTS = 120
THROUGH_THE_DOOR = 8
DECISION = "org.dvt-next-step.decision"
TODAY = date(2026, 3, 12)


@pytest.fixture(scope="module")
def tally() -> Tally:
    return run(SEED, range(PATIENTS), product.ask)


def test_no_changed_record_breaks_an_invariant(tally: Tally) -> None:
    assert {label: f"{SEED}/{tally.first[label]}" for label in tally.wrong} == {}


def test_the_slice_changes_everything_in_every_way(tally: Tally) -> None:
    spoilt_kinds = [each.split(": ") for each in tally.kinds if ": " in each]

    assert set(NEUTRAL) <= set(tally.kinds)
    assert {target for target, _ in spoilt_kinds} == set(TARGETS)
    assert {kind for _, kind in spoilt_kinds} == set(KINDS)


def test_the_slice_has_much_to_lose(tally: Tally) -> None:
    assert tally.counted["reassured before"] > tally.seen / 4
    assert tally.counted["reassurance taken back"] > tally.seen / 20


async def test_the_judge_asks_what_the_front_door_answers() -> None:
    """The steps that `product.advice` takes are those of the service."""
    async with calling(make_service()) as client:
        for number in range(THROUGH_THE_DOOR):
            patient, written, _ = patient_of(SEED, number)
            for each in judged(SEED, number, product.ask):
                call = {
                    "hook": "patient-view",
                    "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
                    "fhirServer": SERVER,
                    "context": {"userId": "Practitioner/p1", "patientId": written.patient["id"]},
                    "prefetch": each.prefetch,
                    "extension": {"org.dvt-next-step.today": str(patient.today)},
                }
                response = await client.post(SERVICE, json=call)
                cards = response.json().get("cards") or [{"extension": {DECISION: {"recommendations": []}}}]

                assert (response.status_code != 200) == each.after.is_refused
                assert list(each.after.advice) == cards[0]["extension"][DECISION]["recommendations"]


# ---- a service with a fault is caught ------------------------------------------------------------


def _entries(prefetch: Prefetch) -> Iterator[Any]:
    for answer in prefetch.values():
        yield from answer.get("entry", ()) if isinstance(answer, dict) else ()


def counts_what_comes_twice_twice(prefetch: Prefetch, patient: Known) -> Answered:
    """Two of the same are two."""
    said = product.ask(prefetch, patient)
    names = [each["resource"].get("id") for each in _entries(prefetch)]
    return Answered((*said.advice, *said.advice[:1])) if len(set(names)) < len(names) else said


def asks_nobody_whose_it_is(prefetch: Prefetch, patient: Known) -> Answered:
    """Another patient's news are read as ours."""
    said = product.ask(prefetch, patient)
    is_foreign = any("somebody-else" in str(each["resource"].get("subject")) for each in _entries(prefetch))
    return Answered(()) if is_foreign else said


def believes_the_first(prefetch: Prefetch, patient: Known) -> Answered:
    """The answer depends on which resource comes first."""
    said = product.ask(prefetch, patient)
    first = next((each["resource"]["id"] for each in _entries(prefetch)), "")
    return Answered(()) if first.endswith(("1", "3", "5", "A", "a", "z")) else said


NFI = {"id": "NO-FURTHER-IMAGING", "indicator": "info", "rules": ["NFI"], "timing": {"kind": "none"}}


def takes_no_result_for_negative(prefetch: Prefetch, patient: Known) -> Answered:
    """What cannot be read is read as good news."""
    said = product.ask(prefetch, patient)
    has_no_result = any(each["id"] in ("DATA-RESULT", "DATA-PROTOCOL", "DATA-SIDE") for each in said.advice)
    return Answered((NFI,)) if has_no_result else said


def reassures_only_the_ignorant(prefetch: Prefetch, patient: Known) -> Answered:
    """Good news make it careful, and where they are lost it is calm."""
    said = product.ask(prefetch, patient)
    lacks = any(each["id"].startswith("DATA-") or "SY-UNKNOWN" in each["rules"] for each in said.advice)
    kept = tuple(each for each in said.advice if each["id"] not in REASSURING)
    return Answered((*kept, NFI) if lacks else kept, said.is_refused)


def falls_silent(prefetch: Prefetch, patient: Known) -> Answered:
    """Whatever asks for data is not said."""
    said = product.ask(prefetch, patient)
    return Answered(()) if any(each["id"].startswith("DATA-") for each in said.advice) else said


def speaks_low(prefetch: Prefetch, patient: Known) -> Answered:
    """Where data are missing, all is only information."""
    said = product.ask(prefetch, patient)
    if not any(each["id"].startswith("DATA-") for each in said.advice):
        return said
    return Answered(tuple({**each, "indicator": "info", "timing": {"kind": "none"}} for each in said.advice))


Ask = Callable[[Prefetch, Known], Answered]
FAULTS: Sequence[tuple[Ask, str]] = (
    (counts_what_comes_twice_twice, "another answer to the same record (duplicated"),
    (asks_nobody_whose_it_is, "another answer to the same record (foreign"),
    (believes_the_first, "another answer to the same record (permuted entries"),
    (takes_no_result_for_negative, "no_new_reassurance"),
    (reassures_only_the_ignorant, "nothing_that_reassured_is_missed"),
    (speaks_low, "not_calmer"),
    (falls_silent, "silence_only_without_a_study"),
)


@pytest.mark.parametrize(("fault", "label"), FAULTS, ids=[fault.__name__ for fault, _ in FAULTS])
def test_a_service_with_a_fault_is_caught(fault: Ask, label: str) -> None:
    """Among the first patients that show the fault at all."""
    assert any(each.startswith(label) for number in range(60) for each in _labels(number, fault))


def _labels(number: int, ask: Ask) -> Iterator[str]:
    for each in judged(SEED, number, ask):
        yield from (f"{name} ({each.kind})" for name in each.broken)


# ---- what the judge knows, by hand ---------------------------------------------------------------

STUDY: dict[str, Any] = {
    "date": "2026-03-02",
    "protocol": "complete_duplex",
    "result": "negative",
    "quality": "adequate",
    "side": "left",
}
LEG: dict[str, Any] = {"status": "resolved", "as_of": "2026-03-12", "side": "left"}
SETTLED = known({"age": 54, "sex": "male", "exams": [STUDY], "symptoms": LEG, "wells": {"score": 0}}, TODAY)
WORSE = known({"exams": [STUDY], "symptoms": LEG | {"status": "worsening"}}, TODAY)


def made(action: str, indicator: str = "info", kind: str = "none") -> dict[str, Any]:
    return {"id": action, "indicator": indicator, "rules": [action], "timing": {"kind": kind}}


NEG, REPEAT, RESULT = made("NEG-REASSURE"), made("REPEAT-CDUS", "warning", "now"), made("DATA-RESULT")


def spoiling(target: str, left: Known, *, takes_the_last_study: bool = False) -> Spoilt:
    return Spoilt({}, target, "preliminary", (left,), takes_the_last_study)


def without(patient: Known, *names: str) -> Known:
    facts = {name: value for name, value in patient.facts.items() if name not in names}
    return Known(facts, patient.exams, patient.today)


NO_RESULT = known({"exams": [{**STUDY, "result": None}], "symptoms": LEG}, TODAY)
NO_COURSE = without(SETTLED, "symptoms.status", "symptoms.as_of")
NO_COURSE_WORSE = without(WORSE, "symptoms.status", "symptoms.as_of")

VERDICTS: Sequence[tuple[Invariant, Known, Spoilt, Advice, Advice, bool]] = (
    (no_new_reassurance, WORSE, spoiling("ultrasound", NO_RESULT), [REPEAT], [NFI], False),
    (no_new_reassurance, WORSE, spoiling("ultrasound", NO_RESULT), [REPEAT], [RESULT], True),
    (no_new_reassurance, WORSE, spoiling("symptoms", NO_COURSE_WORSE), [REPEAT], [NEG], False),
    (no_new_reassurance, SETTLED, spoiling("symptoms", NO_COURSE), [NFI], [NEG], True),
    (nothing_that_reassured_is_missed, SETTLED, spoiling("symptoms", NO_COURSE), [REPEAT], [NEG], False),
    (nothing_that_reassured_is_missed, SETTLED, spoiling("symptoms", NO_COURSE), [NFI], [NEG], True),
    (nothing_that_reassured_is_missed, WORSE, spoiling("symptoms", NO_COURSE), [REPEAT], [NEG], True),
    (not_calmer, SETTLED, spoiling("side", SETTLED), [REPEAT], [RESULT], True),
    (not_calmer, WORSE, spoiling("side", WORSE), [REPEAT], [RESULT], False),
    (not_calmer, WORSE, spoiling("side", WORSE), [REPEAT], [REPEAT], True),
    (silence_only_without_a_study, WORSE, spoiling("symptoms", WORSE), [REPEAT], [], False),
    (silence_only_without_a_study, WORSE, spoiling("symptoms", WORSE), [], [], True),
    (
        silence_only_without_a_study,
        WORSE,
        spoiling("ultrasound", known({}, TODAY), takes_the_last_study=True),
        [REPEAT],
        [],
        True,
    ),
)


@pytest.mark.parametrize(
    ("invariant", "patient", "spoiled", "before", "after", "holds"),
    VERDICTS,
    ids=[f"{number}-{row[0].__name__}" for number, row in enumerate(VERDICTS)],
)
def test_the_verdict_by_hand(
    invariant: Invariant, patient: Known, spoiled: Spoilt, before: Advice, after: Advice, *, holds: bool
) -> None:
    table = list(table_on(spoiled.left))

    assert invariant(patient, spoiled, Answered(before), Answered(after), table) == holds


def test_every_invariant_is_seen_failing_by_hand_and_on_a_fault() -> None:
    by_hand = {row[0].__name__ for row in VERDICTS if not row[-1]}
    on_a_fault = {label for _, label in FAULTS}

    assert {each.__name__ for each in INVARIANTS} == by_hand
    assert by_hand <= on_a_fault


def test_reassurance_and_urgency_have_an_order() -> None:
    assert reassurance([NEG]) < reassurance([NFI])
    assert urgency([]) < urgency([NEG]) < urgency([made("X", "info", "now")]) < urgency([made("X", "warning")])
    assert urgency([made("X", "warning")]) < urgency([REPEAT]) < urgency([made("X", "critical", "now")])
    assert broken_by_the_same(Answered([NEG]), Answered([NFI]))
    assert not broken_by_the_same(Answered([NEG]), Answered([NEG]))


def test_an_error_is_no_advice() -> None:
    spoiled, refused = spoiling("symptoms", WORSE), Answered([], is_refused=True)

    assert all(each(WORSE, spoiled, Answered([REPEAT]), refused, [[REPEAT]]) for each in INVARIANTS)


def test_a_record_without_the_thing_cannot_be_spoilt() -> None:
    patient, written, rng = next(
        found for found in (patient_of(SEED, number) for number in range(99)) if "ddimer" not in found[0].facts
    )

    assert spoilt(written, patient, rng, "d-dimer") is None
