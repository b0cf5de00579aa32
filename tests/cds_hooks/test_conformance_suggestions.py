"""Suggestions and actions as conformance.md demands them: SUG-*, ACT-*, and the resources inside (GEN-04)."""

from itertools import chain
from typing import Any
from uuid import UUID

import pytest
from fhir.resources.R4B.servicerequest import ServiceRequest

from tests.cds_hooks.answers import actions, cards, requests, suggestions

Json = dict[str, Any]


def test_there_are_suggestions_to_judge() -> None:
    assert len(suggestions()) > 5


@pytest.mark.row("SUG-01", "SUG-02", "SUG-03", "SUG-04", "SUG-06")
def test_a_suggestion_has_words_an_id_and_one_action() -> None:
    """One action, because some EHRs take no more; nothing is preselected for the clinician."""
    for suggestion in suggestions():
        assert set(suggestion) == {"label", "uuid", "actions"}
        assert suggestion["label"].startswith("Order ")
        assert str(UUID(suggestion["uuid"])) == suggestion["uuid"]
        assert len(suggestion["actions"]) == 1


@pytest.mark.row("SUG-02")
def test_every_id_is_given_once() -> None:
    """Feedback names a card or a suggestion by its id alone."""
    ids = [card["uuid"] for card in cards().values()] + [suggestion["uuid"] for suggestion in suggestions()]

    assert len(set(ids)) == len(ids)


@pytest.mark.row("ACT-01", "ACT-04", "ACT-05")
def test_every_action_creates() -> None:
    """Nothing in the chart is changed or deleted, so there is no whole resource to repeat and no resourceId."""
    for action in actions():
        assert set(action) == {"type", "description", "resource"}
        assert action["type"] == "create"


@pytest.mark.row("ACT-02")
def test_the_description_is_a_sentence_a_clinician_can_read() -> None:
    """The one text that some EHRs show (vendors.md, section 2)."""
    for action in actions():
        assert action["description"].startswith("Create a draft order: ")
        assert action["description"].endswith(".")
        assert "{" not in action["description"]


@pytest.mark.row("ACT-03", "GEN-04")
def test_the_resource_is_plain_fhir_with_an_id() -> None:
    """Checked by fhir.resources; no wrapper around it, and nothing in it that our own checker would drop."""
    for action in actions():
        resource = action["resource"]
        known: Json = ServiceRequest.model_validate(resource).model_dump(mode="json", exclude_none=True)

        assert resource["resourceType"] == "ServiceRequest"
        assert resource["id"]
        assert (resource["status"], resource["intent"]) == ("draft", "proposal")
        assert known == resource


@pytest.mark.row("ACT-03")
@pytest.mark.parametrize("name", sorted(cards()))
def test_the_order_is_for_the_patient_and_encounter_of_the_call(name: str) -> None:
    context = requests()[name]["context"]
    orders = chain.from_iterable(suggestion["actions"] for suggestion in cards()[name].get("suggestions", ()))

    for order in (action["resource"] for action in orders):
        assert order["subject"] == {"reference": f"Patient/{context['patientId']}"}
        assert order.get("encounter") == (
            {"reference": f"Encounter/{context['encounterId']}"} if "encounterId" in context else None
        )


def test_one_of_these_calls_has_an_encounter() -> None:
    assert cards()["with-encounter"]["suggestions"]
