"""What a card offers for the drafts of a call, in each EHR's dialect, and what it never does (threat model D4)."""

import json
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from fhir.resources.R4B.appointment import Appointment
from fhir.resources.R4B.servicerequest import ServiceRequest

from app.clients.dialects import SPEECHES, Dialect
from app.clients.order_codes import OrderCodes
from tests.cds_hooks.orders import (
    CT_VENOGRAPHY,
    DUPLEX_LEFT,
    RIGHT,
    appointment,
    bundle,
    cards_of,
    drug,
    hook_call,
    order,
    sign,
)
from tests.cds_hooks.response_model import CdsResponse
from tests.front_door import ask, clients, make_service

Json = dict[str, Any]

WRONG_LEG = order(bodySite=[RIGHT])
TOO_LATE = order(DUPLEX_LEFT, occurrenceDateTime="2026-04-20")
EPICS = "urn:com.epic.cdshooks.action.code.system.preference-list-item"
MAPPED = OrderCodes({"repeat-duplex": ((EPICS, "12345"),)}, is_standard=False)


def service_of(dialect: Dialect, **members: Any) -> FastAPI:  # noqa: ANN401 -- members of a client
    """The service for a client that speaks so."""
    spoken = {"dialect": dialect, "hooks": SPEECHES[dialect].hooks, **members}
    return make_service(client=replace(clients().default, **spoken))


async def suggested(call: Json, app: FastAPI | None = None) -> list[Json]:
    made = await cards_of(call, app=app)

    CdsResponse.model_validate({"cards": made})
    assert len(made) == 1
    suggestions: list[Json] = made[0].get("suggestions", [])
    return suggestions


def actions(suggestions: list[Json]) -> list[list[str]]:
    return [[action["type"] for action in each["actions"]] for each in suggestions]


async def test_a_wrong_draft_is_replaced_in_one_step() -> None:
    (suggestion,) = await suggested(sign(WRONG_LEG))
    taken_back, placed = suggestion["actions"]

    assert (taken_back["type"], taken_back["resourceId"]) == ("delete", "ServiceRequest/sr-1")
    assert placed["type"] == "create"
    ServiceRequest.model_validate(placed["resource"])
    assert (placed["resource"]["status"], placed["resource"]["intent"]) == ("draft", "proposal")
    assert placed["resource"]["subject"] == {"reference": "Patient/p-1"}
    assert placed["resource"]["encounter"] == {"reference": "Encounter/e-1"}
    assert placed["resource"]["occurrencePeriod"] == {"start": "2026-03-12", "end": "2026-03-13"}
    assert placed["resource"]["bodySite"][0]["text"] == "left leg"
    assert placed["resource"]["supportingInfo"] == [{"reference": "DiagnosticReport/r1"}]
    assert placed["resource"]["reasonCode"][0]["text"]


async def test_the_chart_card_says_what_its_draft_rests_on() -> None:
    (suggestion,) = await suggested(hook_call("patient-view"))

    assert suggestion["actions"][0]["resource"]["supportingInfo"] == [{"reference": "DiagnosticReport/r1"}]


async def test_a_draft_on_other_days_is_moved_and_otherwise_kept() -> None:
    """ACT-04: the whole resource, unknown extensions too, to the last digit."""
    draft = {**TOO_LATE, "extension": [{"url": "urn:x", "valueDecimal": "DECIMAL"}], "priority": "routine"}
    body = json.dumps(sign(draft)).replace('"DECIMAL"', "0.400")
    response = await ask("POST", "/cds-services/dvt-next-step-order-sign", content=body, headers=JSON)
    (suggestion,) = response.json()["cards"][0]["suggestions"]
    moved = suggestion["actions"][0]["resource"]

    assert suggestion["actions"][0]["type"] == "update"
    assert moved.pop("occurrencePeriod") == {"start": "2026-03-12", "end": "2026-03-13"}
    assert {**moved, "occurrenceDateTime": "2026-04-20"} == json.loads(json.dumps(draft).replace('"DECIMAL"', "0.400"))
    assert '"valueDecimal":0.400' in response.text.replace(" ", "")


JSON = {"content-type": "application/json"}


async def test_a_proposed_appointment_is_moved_and_no_time_is_chosen() -> None:
    booking = appointment(comment="Wheelchair", slot=[{"reference": "Slot/s-1"}])
    (suggestion,) = await suggested(hook_call("appointment-book", appointments=bundle(booking)))
    moved = suggestion["actions"][0]["resource"]

    Appointment.model_validate(moved)
    assert moved["requestedPeriod"] == [{"start": "2026-03-12", "end": "2026-03-13"}]
    assert moved["comment"] == "Wheelchair"
    assert not {"start", "end", "slot"} & set(moved)


@pytest.mark.parametrize(
    "booking",
    [
        appointment(status="booked"),
        appointment(id=None),
        appointment(description=""),
        appointment(participant=[{"actor": {"reference": "Patient/p-1"}}]),
    ],
    ids=["booked", "no id", "an empty text", "no R4"],
)
async def test_what_cannot_be_given_back_is_not_changed(booking: Json) -> None:
    assert await suggested(hook_call("appointment-book", appointments=bundle(booking))) == []


async def test_an_order_that_stands_is_not_touched() -> None:
    """D4: only drafts of the call. Nor is another order placed beside it."""
    assert await suggested(sign({**WRONG_LEG, "status": "active"})) == []
    assert await suggested(sign({**WRONG_LEG, "id": None} | {"id": None})) == []


async def test_a_drug_is_never_acted_on() -> None:
    assert await suggested(sign(drug())) == []


async def test_a_discharge_offers_what_is_not_arranged() -> None:
    (suggestion,) = await suggested(hook_call("encounter-discharge"))

    assert actions([suggestion]) == [["create"]]
    assert suggestion["actions"][0]["resource"]["occurrencePeriod"]["start"] == "2026-03-12"


async def test_two_wrong_drafts_are_replaced_by_one_order() -> None:
    """Whoever takes both suggestions has one new order, not two."""
    suggestions = await suggested(sign(WRONG_LEG, {**WRONG_LEG, "id": "sr-2"}))

    assert actions(suggestions) == [["delete", "create"], ["delete"]]
    assert suggestions[1]["actions"][0]["resourceId"] == "ServiceRequest/sr-2"


async def test_two_suggestions_have_two_ids_and_the_same_call_the_same_ones() -> None:
    call = sign(WRONG_LEG, {**WRONG_LEG, "id": "sr-2", "bodySite": [RIGHT]})
    one, other = [each["uuid"] for each in await suggested(call)], [each["uuid"] for each in await suggested(call)]

    assert one == other
    assert len(set(one)) == len(one)


# ---- dialects: each difference with its source in ../shared/cds-hooks/vendors.md -----------------


@pytest.mark.parametrize(
    ("dialect", "hooks"),
    [
        (Dialect.BASELINE, 6),
        (Dialect.EPIC, 3),  # section 2: "patient-view, order-select, order-sign"
        (Dialect.ORACLE_HEALTH, 1),  # section 3: "patient-view"
        (Dialect.SANDBOX, 3),  # section 6: "patient-view, order-select, order-sign"
    ],
)
async def test_a_dialect_has_its_hooks(dialect: Dialect, hooks: int) -> None:
    app = service_of(dialect)
    listed = (await ask("GET", "/cds-services", app=app)).json()["services"]

    assert [service["hook"] for service in listed] == list(SPEECHES[dialect].hooks)
    assert len(listed) == hooks
    refused = await ask("POST", "/cds-services/dvt-next-step-order-dispatch", app=app, json={})
    assert refused.status_code == (400 if dialect is Dialect.BASELINE else 404)
    assert SPEECHES[dialect].source


async def test_epic_takes_one_action_at_a_time_and_its_own_codes() -> None:
    """Section 2, 'Response': one action per suggestion; the codes of preference-list items."""
    app = service_of(Dialect.EPIC, order_codes=MAPPED)
    placed, taken_back = await suggested(sign(WRONG_LEG), app)

    assert actions([placed, taken_back]) == [["create"], ["delete"]]
    assert placed["actions"][0]["resource"]["code"]["coding"] == [{"system": EPICS, "code": "12345"}]
    assert placed["actions"][0]["description"].startswith("Create a draft order: ")


async def test_epic_changes_nothing() -> None:
    """Section 2: create and delete, no general update."""
    assert await suggested(sign(TOO_LATE), service_of(Dialect.EPIC, order_codes=MAPPED)) == []


async def test_epic_without_a_map_gets_words_only() -> None:
    """Section 2: orders must be coded with its own systems; and a wrong draft is not removed without another."""
    assert await suggested(sign(WRONG_LEG), service_of(Dialect.EPIC)) == []
    assert await suggested(hook_call("patient-view"), service_of(Dialect.EPIC)) == []


async def test_epic_is_told_how_the_detail_is_written() -> None:
    """Section 2: the card extension com.epic.cdshooks.card.detail.content-type."""
    (made,) = await cards_of(sign(WRONG_LEG), app=service_of(Dialect.EPIC))
    (plain,) = await cards_of(sign(WRONG_LEG))

    assert made["extension"]["com.epic.cdshooks.card.detail.content-type"] == "text/markdown"
    assert list(plain["extension"]) == ["org.dvt-next-step.decision"]


@pytest.mark.parametrize("dialect", [Dialect.BASELINE, Dialect.SANDBOX])
async def test_others_take_both_actions_together(dialect: Dialect) -> None:
    assert actions(await suggested(sign(WRONG_LEG), service_of(dialect))) == [["delete", "create"]]


async def test_an_order_without_a_code_in_the_map_is_not_offered() -> None:
    codes = OrderCodes({"ct-venography": (("urn:x", "1"),)}, is_standard=False)

    assert await suggested(hook_call("encounter-discharge"), service_of(Dialect.BASELINE, order_codes=codes)) == []


# ---- links ---------------------------------------------------------------------------------------


async def test_links_lead_to_hosts_of_the_client_only() -> None:
    """D3: https, no data of the patient; none without a host."""
    app = service_of(Dialect.BASELINE, link_hosts=frozenset({"doi.org", "ehr.example.org"}))
    (made,) = await cards_of(hook_call("patient-view"), app=app)
    (none,) = await cards_of(hook_call("patient-view"))

    CdsResponse.model_validate({"cards": [made]})
    assert made["links"]
    assert all(link["url"].startswith("https://doi.org/10.") and link["type"] == "absolute" for link in made["links"])
    assert "links" not in none


async def test_a_card_without_a_source_that_was_read_has_no_link() -> None:
    app = service_of(Dialect.BASELINE, link_hosts=frozenset({"doi.org"}))
    (made,) = await cards_of(sign(WRONG_LEG, order(CT_VENOGRAPHY, id="ct")), app=app)

    assert "links" not in made
