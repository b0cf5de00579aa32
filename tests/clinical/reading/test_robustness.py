"""Whatever a record holds: reading ends, and neither order, repetition nor another patient's resources matter."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clinical.reading import RecordFacts
from app.clinical.vocabulary import parse_facts
from app.fhir.record import read_prefetch
from tests.clinical.reading.reader import NEW_YORK, TODAY, VALUE_SETS, facts_from_record, read
from tests.fhir.samples import EXPECTED, LOINC, UCUM, Json, coded, fact, observation, order, patient, raw, report, study

LAB = {"value": 0.4, "system": UCUM, "code": "mg/L", "unit": "mg/L FEU"}

RECORD: list[Json] = [
    patient(birthDate="1970-05-01", gender="female"),
    report(
        result=[{"reference": "Observation/exam-protocol"}, {"reference": "#c"}],
        contained=[fact("exam.unseen", "peroneal", id="c")],
    ),
    report(id="r2", effectiveDateTime="2026-02-20", status="amended"),
    study(),
    order(),
    fact("exam.protocol", "complete_duplex"),
    fact("symptoms.status", "resolved"),
    fact("symptoms.status", "persistent", id="older", effectiveDateTime="2026-03-08"),
    fact("red_flags.pe", value=True),
    fact("risk.surgery_days", 5),
    fact("procedure.stent_date", {"valueDateTime": "2026-01-01"}),
    observation(id="dd", code=coded(LOINC, "48065-7"), valueQuantity=LAB),
    observation(id="foreign", code=coded(LOINC, "48065-7"), valueQuantity=LAB, subject={"reference": "Patient/p2"}),
]
GARBAGE: list[object] = [
    None,
    [],
    {},
    "",
    "x",
    5,
    -1,
    1e300,
    True,
    [None],
    [[]],
    {"x": 1},
    "2026",
    "2027-01-01",
    "unknown",
    "entered-in-error",
    {"reference": "Patient/p2"},
    [{"coding": [{"code": "x"}]}],
    "\u0000<b>",
]


def places(tree: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401  # JSON of any shape
    """Every place in a JSON value at which something could be changed."""
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for step, each in inside:
        yield tree, step
        yield from places(each)


def mutated(seed: int) -> list[Json]:
    """The record with one to three things in it changed, dropped or repeated."""
    chance = random.Random(seed)  # noqa: S311  # a test's chance
    record: list[Any] = copy.deepcopy(RECORD)
    for _ in range(chance.randint(1, 3)):
        holder, step = chance.choice(list(places(record[1:])))
        if isinstance(holder, dict) and step != "resourceType":
            holder[str(step)] = copy.deepcopy(chance.choice(GARBAGE))
    return [each for each in record if isinstance(each, dict) and each.get("resourceType") in set(EXPECTED.values())]


@given(seed=st.integers(0, 1_000_000))
@settings(max_examples=500, deadline=None)
def test_no_mutation_makes_reading_fail(seed: int) -> None:
    found = read(*mutated(seed))

    parse_facts(json.loads(json.dumps(found.facts)))
    assert "<b>" not in repr(found.set_aside)
    assert all("<b>" not in each.resource + each.element for each in found.found)


@given(seed=st.integers(0, 1_000_000))
@settings(max_examples=200, deadline=None)
def test_h17_h18_neither_order_nor_repetition_matters(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # a test's chance
    record = mutated(seed)
    again = [*record, *chance.choices(record[1:], k=3)]
    chance.shuffle(again)

    assert read(*again) == read(*record)


@given(seed=st.integers(0, 1_000_000))
@settings(max_examples=200, deadline=None)
def test_h2_a_foreign_resource_never_matters(seed: int) -> None:
    # With one exception, which is tested by itself: a report of ours that names it is a report that cannot be read.
    chance = random.Random(seed)  # noqa: S311  # a test's chance
    record = mutated(seed)
    foreign = [{**each, "subject": {"reference": "Patient/p2"}} for each in chance.choices(record[1:], k=3)]
    named = "exam-protocol"
    renamed = [
        {**each, "id": f"f{n}"} if each.get("id") == named or chance.random() < 0.5 else each
        for n, each in enumerate(foreign)
    ]

    def said(facts: RecordFacts) -> tuple[object, object]:
        return facts.facts, facts.found

    assert said(read(*record, *renamed)) == said(read(*record))


def test_h2_a_record_about_somebody_else_says_nothing() -> None:
    foreign = [{**each, "subject": {"reference": "Patient/p2"}} for each in RECORD[1:]]

    assert read(*foreign).facts == {}


@given(seed=st.integers(0, 1_000_000))
@settings(max_examples=300, deadline=None)
def test_what_is_not_stated_complete_and_final_is_never_read_so(seed: int) -> None:
    # complete and final are read only where the record still says exactly that
    record = mutated(seed)
    sent = {each.get("id"): each for each in record if isinstance(each.get("id"), str)}
    exams = read(*record).facts.get("exams", [])
    assert isinstance(exams, list)

    complete = [each for each in exams if each.get("protocol") == "complete_duplex"]
    if complete:
        assert sent["exam-protocol"]["status"] == "final"
        assert any(each.get("result") for each in record)
    final = {"final", "amended"} & {
        str(each.get("status")) for each in record if each["resourceType"] == "DiagnosticReport"
    }
    assert final or not any(each["report_status"] in ("final", "amended") for each in exams)


def fixtures() -> list[Path]:
    """Published CDS Hooks calls, when they lie beside the project."""
    return sorted((Path(__file__).parents[4] / "shared" / "cds-hooks" / "fixtures").glob("*/*.json"))


def test_published_calls_are_read() -> None:
    for file in fixtures():
        call = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(call, dict) or not isinstance(call.get("prefetch"), dict):
            continue
        answers = {key: raw(answer) for key, answer in call["prefetch"].items()}
        for kind in EXPECTED.values():
            expected = {key: kind for key in answers if kind != "Patient"}
            record = read_prefetch(answers, expected, "anybody", None)

            assert not facts_from_record(record, VALUE_SETS, today=TODAY, zone=NEW_YORK).facts


@pytest.mark.parametrize("key", sorted(EXPECTED))
@pytest.mark.parametrize(
    "answer",
    [
        b"5",
        b"{",
        b"\xff",
        b'"x"',
        b'{"resourceType":"Bundle","entry":[5,{"resource":{"resourceType":"Observation","id":"\\ud800"}}]}',
    ],
)
def test_no_answer_makes_reading_fail(key: str, answer: bytes) -> None:
    record = read_prefetch({key: type(raw(None))(answer)}, EXPECTED, "p1", None)

    assert facts_from_record(record, VALUE_SETS, today=TODAY, zone=NEW_YORK).facts == {}
