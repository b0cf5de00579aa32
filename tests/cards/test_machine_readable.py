"""An evaluation as JSON: everything that is known, nothing that is not, the same every time."""

import json
from decimal import Decimal
from typing import Any

import pytest

from app.cards.machine_readable import (
    evaluation_json,
    facts_json,
    pathway_json,
    provenance_json,
    recommendation_json,
)
from app.clinical.reading import Found, NotFound, RecordFacts
from app.clinical.vocabulary import Facts, parse_facts
from app.fhir.record import SetAside
from app.pathway.content import Indicator
from app.pathway.decide import Recommendation
from app.pathway.timing import LAPSED, NO_TIMING, window
from tests.cards.cards import asked, golden
from tests.clinical.patients import STUDY, exam, symptoms
from tests.front_door import pathways


def test_a_recommendation_says_what_how_loud_why_and_when() -> None:
    made = Recommendation("REPEAT-CDUS", Indicator.WARNING, ("RU-LIM",), window(STUDY, 5, 7, STUDY))

    assert recommendation_json(made) == {
        "id": "REPEAT-CDUS",
        "indicator": "warning",
        "rules": ["RU-LIM"],
        "timing": {"kind": "window", "earliest": "2026-03-07", "latest": "2026-03-09"},
    }


def test_attributes_and_orders_are_said_where_they_apply() -> None:
    made = Recommendation("V", Indicator.INFO, ("R",), NO_TIMING, {"modality": "CTV"}, already_ordered=True)

    assert recommendation_json(made) | {"modality": "CTV", "already_ordered": True} == recommendation_json(made)
    assert recommendation_json(made)["timing"] == {"kind": "none"}


@pytest.mark.parametrize("timing", [LAPSED, NO_TIMING], ids=["lapsed", "none"])
def test_a_timing_without_days_has_none(timing: Any) -> None:  # noqa: ANN401 -- a timing
    assert set(recommendation_json(Recommendation("R", Indicator.INFO, ("R",), timing))["timing"]) == {"kind"}  # type: ignore[call-overload]  # a mapping


def test_what_is_unknown_is_left_out() -> None:
    assert facts_json(Facts()) == {}
    assert facts_json(parse_facts({"pregnant": "perhaps", "exams": [{"result": "fine", "side": "left"}]})) == {
        "exams": [{"modality": "US", "side": "left"}]
    }


def test_facts_are_in_the_public_vocabulary() -> None:
    facts = {
        "age": 54,
        "pregnant": False,
        "exams": [{"modality": "CTV", "date": "2026-03-02", "unseen": ["cfv", "popliteal"]}],
        "symptoms": {"status": "persistent", "as_of": "2026-03-05", "whole_leg": True},
        "ddimer": {"value": 0.5, "unit": "mg/L FEU", "collected": "2026-03-02"},
        "alt": {"confirmed": ["cellulitis", "hematoma"], "svt": {"sfj_cm": 3}},
        "procedure": {"surveillance_done": ["2026-01-01", "2026-02-01"]},
        "egfr": 60,
        "wells": {"score": 0},
        "risk": {"surgery_days": 0},
    }

    assert facts_json(parse_facts(facts)) == facts


def test_numbers_stay_numbers() -> None:
    assert facts_json(Facts(egfr=Decimal("60.0"))) == {"egfr": 60}
    assert facts_json(Facts(egfr=Decimal("59.9"))) == {"egfr": 59.9}
    assert isinstance(facts_json(Facts(egfr=Decimal("6E+1")))["egfr"], int)


def test_a_pathway_says_which_content_it_is_and_that_nobody_signed_it() -> None:
    for pathway in pathways():
        assert pathway_json(pathway) == {
            "id": pathway.id,
            "version": pathway.version,
            "content_hash": pathway.content_hash,
            "status": "draft",
        }


def test_the_whole_answer_has_advice_trace_facts_and_pathways() -> None:
    said = evaluation_json(asked(exam(protocol="pocus"), symptoms=symptoms()))
    trace: Any = said["trace"]
    recommendations: Any = said["recommendations"]

    assert set(said) == {"recommendations", "trace", "facts", "pathways"}
    assert recommendations[0]["id"] == "REPEAT-CDUS"
    assert {step["pathway"] for step in trace} <= {pathway.id for pathway in pathways()}
    step = next(each for each in trace if each["rule"] == "RU-LIM")
    assert step["advised"] == ["REPEAT-CDUS"]
    assert "stopped" not in step
    assert {rule for each in recommendations for rule in each["rules"]} <= {each["rule"] for each in trace}


def test_a_stop_is_said() -> None:
    trace: Any = evaluation_json(asked(exam(), age=10))["trace"]

    assert {step["rule"] for step in trace if step.get("stopped")} == {"G-AGE"}


def test_the_proof_of_each_fact_is_told() -> None:
    record = RecordFacts(
        facts={},
        found=(Found("exams[0].result", "negative", "DiagnosticReport/r1", "conclusionCode[0]", "2026-03-02"),),
        not_found=(NotFound("egfr", "too old"),),
        set_aside=(SetAside("Observation/o1", "observations", "about another patient"),),
    )

    assert provenance_json(record) == {
        "found": [
            {
                "fact": "exams[0].result",
                "value": "negative",
                "resource": "DiagnosticReport/r1",
                "element": "conclusionCode[0]",
                "date": "2026-03-02",
            }
        ],
        "not_found": [{"fact": "egfr", "reason": "too old"}],
        "set_aside": [{"resource": "Observation/o1", "query": "observations", "reason": "about another patient"}],
        "read_from_text": [],
    }


@pytest.mark.parametrize("name", golden())
def test_every_answer_is_json_without_null_and_the_same_twice(name: str) -> None:
    evaluation, _ = golden()[name]
    text = json.dumps(evaluation_json(evaluation), allow_nan=False)

    assert "null" not in text
    assert json.dumps(evaluation_json(evaluation)) == text
    assert facts_json(parse_facts(facts_json(evaluation.facts))) == facts_json(evaluation.facts)
