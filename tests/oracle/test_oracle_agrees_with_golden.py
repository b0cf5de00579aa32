"""The oracle reads the decision table as the golden patients do, before it may judge anybody."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.oracle.answers import as_json
from tests.oracle.decision_table import decide

FILE = Path(__file__).parents[2] / "pathways/negative-dvt-ultrasound/scenarios/golden.yaml"


def iso(value: Any) -> Any:  # noqa: ANN401 -- YAML holds anything
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: iso(item) for key, item in value.items()}
    return [iso(item) for item in value] if isinstance(value, list) else value


SCENARIOS = iso(YAML(typ="safe", pure=True).load(FILE.read_text("utf-8")))["scenarios"]


def differs(got: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    timing = expected.get("timing", {})
    wrong = [name for name, value in timing.items() if got["timing"].get(name) != value]
    return wrong + [name for name, value in expected.items() if name != "timing" and got.get(name) != value]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario["id"] for scenario in SCENARIOS])
def test_the_oracle_gives_a_golden_patient_the_advice_expected(scenario: dict[str, Any]) -> None:
    made = decide(scenario["facts"], date.fromisoformat(scenario["today"]), scenario.get("config", {}))
    got = {each.id: as_json(each) for each in made}
    expected = {each["id"]: each for each in scenario["expect"]}

    assert {name for name in got if not name.startswith("DATA-")} == {n for n in expected if not n.startswith("DATA-")}
    assert {name: differs(got[name], expected[name]) for name in expected} == {name: [] for name in expected}
    assert not set(scenario.get("must_not", [])) & set(got)
