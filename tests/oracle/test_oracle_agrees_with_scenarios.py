"""A second opinion: the oracle, which shares no code with the product, gives every scenario the advice it expects."""

from datetime import date

import pytest

from tests.clinical.scenario_files import FILES, Scenario, ids, scenarios, wrong
from tests.oracle.answers import as_json
from tests.oracle.decision_table import decide

SCENARIOS = scenarios(*FILES)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=ids(SCENARIOS))
def test_the_oracle_gives_a_patient_the_advice_expected(scenario: Scenario) -> None:
    made = decide(scenario["facts"], date.fromisoformat(scenario["today"]), scenario.get("config", {}))

    assert wrong(scenario, {each.id: as_json(each) for each in made}) == []
