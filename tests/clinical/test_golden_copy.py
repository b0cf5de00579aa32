"""The golden patients are those of the shared reference pages, word for word, each in the pathway it is about."""

import json
from pathlib import Path

import pytest

from tests.clinical.scenario_files import FILES, PATHWAYS, Scenario, document, ids, scenarios

MARKS = {"project_choice", "from_knowledge"}  # [C] and [K] of the decision table: no source to cite
SHARED = Path(__file__).parents[3] / "shared" / "clinical" / "scenarios.yaml"
NEGATIVE, IMAGING = (PATHWAYS / name / "scenarios/golden.yaml" for name in ("negative-dvt-ultrasound", "dvt-imaging"))


def about_imaging(scenario: Scenario) -> bool:
    """Section 11: a PB card must come, or must not."""
    return '"PB-' in json.dumps([scenario["expect"], scenario.get("must_not", [])])


@pytest.mark.skipif(not SHARED.exists(), reason="the shared reference pages are not here")
def test_both_golden_files_together_are_the_shared_one() -> None:
    copied = sorted(scenarios(NEGATIVE, IMAGING), key=lambda scenario: str(scenario["id"]))

    assert copied == scenarios(SHARED)
    assert document(NEGATIVE)["meta"] == document(SHARED)["meta"] == document(IMAGING)["meta"]


@pytest.mark.parametrize("file", FILES, ids=[f"{file.parts[-3]}-{file.stem}" for file in FILES])
def test_a_scenario_stands_in_the_pathway_it_is_about(file: Path) -> None:
    home = "dvt-imaging" in file.parts
    if file.stem == "golden":
        assert {about_imaging(scenario) for scenario in scenarios(file)} == {home}
    assert home or not any(about_imaging(scenario) for scenario in scenarios(file))


def test_an_id_is_used_once() -> None:
    found = ids(scenarios(*FILES))

    assert len(found) == len(set(found))


def test_every_source_of_a_scenario_is_a_reference() -> None:
    known = document(PATHWAYS / "negative-dvt-ultrasound/references.yaml").keys()
    used = {source for scenario in scenarios(*FILES) for source in scenario["source"]}

    assert used - known == MARKS
