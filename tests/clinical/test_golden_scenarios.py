"""Every patient of the pathways' scenario files gets the advice the decision table says."""

from datetime import date

import pytest

from app.__main__ import load
from app.cards.machine_readable import recommendation_json
from app.clinical.evaluate import evaluate
from app.clinical.vocabulary import parse_facts
from app.settings import Settings
from tests.clinical.scenario_files import FILES, Scenario, ids, scenarios, wrong

LOADED = load(Settings())
SCENARIOS = scenarios(*FILES)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=ids(SCENARIOS))
def test_a_patient_gets_the_advice_of_the_decision_table(scenario: Scenario) -> None:
    today = date.fromisoformat(scenario["today"])
    facts = parse_facts(scenario["facts"])
    made = evaluate(LOADED, facts, today=today, config=scenario.get("config", {})).recommendations

    assert wrong(scenario, {each.id: recommendation_json(each) for each in made}) == []


@pytest.mark.parametrize(
    ("got", "difference"),
    [
        ({"NFI": {"timing": {"kind": "now"}, "rules": ["A", "B"]}}, []),
        ({"NFI": {"timing": {"kind": "due"}, "rules": ["A", "B"]}}, ["NFI: timing.kind is due, expected now"]),
        ({"NFI": {"timing": {"kind": "now"}, "rules": ["B", "A"]}}, ["NFI: rules is ['B', 'A'], expected ['A', 'B']"]),
        ({}, ["NFI is lacking"]),
        ({"NFI": {"timing": {"kind": "now"}, "rules": ["A", "B"]}, "X": {}}, ["X is not expected", "X must not be"]),
        ({"NFI": {"timing": {"kind": "now"}, "rules": ["A", "B"]}, "DATA-X": {}}, []),
    ],
)
def test_a_difference_is_noticed(got: dict[str, dict[str, object]], difference: list[str]) -> None:
    scenario = {"expect": [{"id": "NFI", "rules": ["A", "B"], "timing": {"kind": "now"}}], "must_not": ["X"]}
    named = {name: {"id": name, **members} for name, members in got.items()}

    assert wrong(scenario, named) == difference
