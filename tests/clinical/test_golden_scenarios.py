"""Every golden patient of the pathways gets the advice the decision table says."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from app.__main__ import load
from app.cards.machine_readable import recommendation_json
from app.clinical.evaluate import evaluate
from app.clinical.vocabulary import parse_facts
from app.settings import Settings

FILES = sorted((Path(__file__).parents[2] / "pathways").glob("*/scenarios/*.yaml"))
PATHWAYS = load(Settings())


def iso(value: Any) -> Any:  # noqa: ANN401 -- YAML holds anything
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: iso(item) for key, item in value.items()}
    return [iso(item) for item in value] if isinstance(value, list) else value


def read(file: Path) -> list[dict[str, Any]]:
    return iso(YAML(typ="safe", pure=True).load(file.read_text("utf-8")))["scenarios"]


SCENARIOS = [scenario for file in FILES for scenario in read(file)]


def differs(got: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    timing = expected.get("timing", {})
    wrong = [name for name, value in timing.items() if got["timing"].get(name) != value]
    return wrong + [name for name, value in expected.items() if name != "timing" and got.get(name) != value]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario["id"] for scenario in SCENARIOS])
def test_a_golden_patient_gets_the_advice_of_the_decision_table(scenario: dict[str, Any]) -> None:
    today = date.fromisoformat(scenario["today"])
    facts = parse_facts(scenario["facts"])
    made = evaluate(PATHWAYS, facts, today=today, config=scenario.get("config", {})).recommendations
    got = {each.id: recommendation_json(each) for each in made}
    expected = {each["id"]: each for each in scenario["expect"]}

    assert {name for name in got if not name.startswith("DATA-")} == {n for n in expected if not n.startswith("DATA-")}
    assert {name: differs(got[name], expected[name]) for name in expected} == {name: [] for name in expected}
    assert not set(scenario.get("must_not", [])) & set(got)


def test_a_wrong_expectation_is_noticed() -> None:
    assert differs({"timing": {"kind": "now"}, "rules": ["NFI"]}, {"timing": {"kind": "due"}, "rules": []}) == [
        "kind",
        "rules",
    ]
