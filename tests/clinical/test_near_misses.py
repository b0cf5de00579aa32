"""near-misses.yaml keeps its word: a rule fires in one patient, and does not in another of whom one thing differs.

That every rule has a scenario that fires it and one that nearly does is for `check` to say (app/proof/scenarios.py).
"""

import re
from datetime import date

import pytest

from app.__main__ import load
from app.clinical.evaluate import evaluate
from app.clinical.vocabulary import parse_facts
from app.settings import Settings
from tests.clinical.scenario_files import FILES, Scenario, ids, leaves, scenarios

LOADED = load(Settings())
FOUND = scenarios(*(file for file in FILES if file.stem == "near-misses"))
PAIRS = list(zip(FOUND[::2], FOUND[1::2], strict=True))


def fired(scenario: Scenario) -> set[str]:
    today = date.fromisoformat(scenario["today"])
    asked = evaluate(LOADED, parse_facts(scenario["facts"]), today=today, config=scenario.get("config", {}))
    return {step.rule for each in asked.decisions for step in each.decision.trace}


def claimed(scenario: Scenario, verb: str) -> str:
    said = re.match(rf"(\S+) {verb}\. ", scenario["rationale"])
    assert said, f"{scenario['id']}: the rationale does not begin with a rule that {verb}"
    return said[1]


def differing(one: Scenario, other: Scenario) -> set[str]:
    """The paths of what differs in the facts, the settings or the day."""
    first, second = (
        leaves({"facts": each["facts"], "config": each.get("config", {}), "today": each["today"]})
        for each in (one, other)
    )
    return {path for path in first.keys() | second.keys() if first.get(path) != second.get(path)}


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=ids([one for one, _ in PAIRS]))
def test_the_rule_fires_and_with_one_thing_changed_does_not(one: Scenario, other: Scenario) -> None:
    rule = claimed(one, "fires")

    assert claimed(other, "does not fire") == rule
    assert f"from {one['id']}" in other["rationale"]
    assert len(differing(one, other)) == 1
    assert rule in fired(one)
    assert rule not in fired(other)


def test_two_differences_are_noticed() -> None:
    one = {"facts": {"age": 17, "exams": [{"side": "left"}]}, "today": "2026-03-04"}
    other = {"facts": {"age": 18, "exams": [{"side": "right", "unseen": []}]}, "today": "2026-03-04"}

    assert differing(one, other) == {"facts.age", "facts.exams.0.side", "facts.exams.0.unseen"}
