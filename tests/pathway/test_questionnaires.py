"""The checklists beside a pathway are valid FHIR, and drafts that nobody takes for orders."""

import json
from pathlib import Path

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire

FILES = sorted((Path(__file__).parents[2] / "pathways").glob("*/questionnaires/*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_checklist_is_a_valid_draft(file: Path) -> None:
    checklist = Questionnaire.model_validate_json(file.read_text("utf-8"))

    assert checklist.status == "draft"
    assert checklist.experimental is True
    assert "not an order" in (checklist.description or "")


def test_imaging_during_an_intervention_is_documented_in_four_steps() -> None:
    """Decision table section 11, last paragraph: a documentation checklist and nothing more."""
    (file,) = (file for file in FILES if file.stem == "intraprocedural-imaging")

    assert [item["linkId"] for item in json.loads(file.read_text("utf-8"))["item"]] == [
        "access",
        "initial",
        "interval",
        "completion",
    ]
