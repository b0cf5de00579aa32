"""The order hooks through the front door: what each looks at, and when each is silent."""

import time
from dataclasses import replace
from typing import Any

import httpx
import pytest

from app.settings import Settings
from tests.cds_hooks.orders import (
    CHEST_X_RAY,
    CT_VENOGRAPHY,
    D_DIMER,
    DUPLEX_LEFT,
    LEFT,
    LIMITED_DUPLEX,
    RIGHT,
    advised,
    appointment,
    bundle,
    cards_of,
    drug,
    hook_call,
    order,
    select,
    sign,
)
from tests.cds_hooks.response_model import CdsResponse
from tests.front_door import ask, assert_error, clients, limited_scan, make_service

Json = dict[str, Any]

WRONG_LEG = order(bodySite=[RIGHT])
FITS = order(DUPLEX_LEFT, occurrenceDateTime="2026-03-12")
SIGN = "/cds-services/dvt-next-step-order-sign"
TRIGGER = "com.epic.cdshooks.request.bpa-trigger-action"


@pytest.mark.parametrize(
    ("draft", "first"),
    [
        (WRONG_LEG, "ORDER-WRONG-LEG"),
        (order(LIMITED_DUPLEX, bodySite=[LEFT]), "ORDER-LIMITED-STUDY"),
        (order(DUPLEX_LEFT, occurrenceDateTime="2026-04-20"), "ORDER-TOO-LATE"),
        (order(CT_VENOGRAPHY), "ORDER-ULTRASOUND-FIRST"),
        (order(D_DIMER), "ORDER-DDIMER-TOO-LATE"),
        (drug(), "ORDER-ANTICOAGULANT-CONDITIONS"),
    ],
)
async def test_an_order_that_does_not_fit_is_spoken_of(draft: Json, first: str) -> None:
    made = await cards_of(sign(draft))

    CdsResponse.model_validate({"cards": made})
    assert len(made) == 1
    assert made[0]["source"]["topic"]["display"] == first
    assert "**Advised:** Repeat complete duplex ultrasound" in made[0]["detail"]
    assert "- Ordered: " in made[0]["detail"]


async def test_an_order_that_fits_gets_no_card() -> None:
    assert await cards_of(sign(FITS)) == []


async def test_all_drafts_make_one_card() -> None:
    made = await cards_of(sign(WRONG_LEG, order(D_DIMER, id="dd"), drug(id="m")))

    assert len(made) == 1
    assert made[0]["source"]["topic"]["display"] == "ORDER-WRONG-LEG"
    assert "**Also:**" in made[0]["detail"]


async def test_the_answer_is_the_same_whatever_the_order_of_the_drafts() -> None:
    drafts = [WRONG_LEG, order(D_DIMER, id="dd"), drug(id="m")]

    assert sorted(await advised(sign(*drafts))) == sorted(await advised(sign(*reversed(drafts))))


# ---- nothing that concerns us: silence, before the record is read ---------------------------------


@pytest.mark.parametrize(
    "drafts",
    [
        {},
        {"draftOrders": None},
        {"draftOrders": {}},
        {"draftOrders": {"resourceType": "Bundle", "entry": []}},
        {"draftOrders": {"entry": None}},
        {"draftOrders": {"entry": {}}},
        {"draftOrders": bundle(order(CHEST_X_RAY))},
        {"draftOrders": bundle(order({"coding": [{}]}))},
        {"draftOrders": bundle(None, 7, [], {}, {"resourceType": "ServiceRequest"})},
        {"draftOrders": bundle(order(subject={"reference": "Patient/p-2"}))},
    ],
)
async def test_without_a_draft_of_ours_there_is_silence_and_no_need_of_data(drafts: Json) -> None:
    """No 412: the record would not matter. The reference client sends such drafts (vendors.md, 6)."""
    call = hook_call("order-sign", {}, **drafts)

    assert await cards_of(call) == []
    assert await cards_of({**call, "hook": "order-select", "context": {**call["context"], "selections": ["x"]}}) == []


async def test_with_a_draft_of_ours_the_record_is_needed() -> None:
    response = await ask("POST", SIGN, json=sign(WRONG_LEG, prefetch={}))

    assert_error(response, 412, "prefetch-missing", "prefetch.patient", "prefetch.reports")


@pytest.mark.parametrize("hook", ["order-sign", "order-select"])
async def test_drafts_that_are_no_object_are_refused(hook: str) -> None:
    body = hook_call(hook, draftOrders=[order()])
    body["context"]["selections"] = []
    response = await ask("POST", f"/cds-services/dvt-next-step-{hook}", json=sign() | body)

    if hook == "order-sign":
        assert_error(response, 400, "invalid-member", "context.draftOrders")
    else:
        assert response.json() == {"cards": []}


async def test_selections_that_are_no_list_are_refused() -> None:
    body = hook_call("order-select", selections="ServiceRequest/sr-1", draftOrders=bundle(order()))
    response = await ask("POST", "/cds-services/dvt-next-step-order-select", json=body)

    assert_error(response, 400, "invalid-member", "context.selections")


async def test_a_hundred_irrelevant_drafts_are_told_in_a_moment() -> None:
    """Far above the millisecond it takes, so that a busy machine does not matter (figure: tests/bench.py)."""
    call = sign(*(order(CHEST_X_RAY, id=f"x-{number}") for number in range(100)))
    app = make_service()
    began = time.perf_counter()

    assert await cards_of(call, app=app) == []
    assert time.perf_counter() - began < 1


# ---- order-select --------------------------------------------------------------------------------


@pytest.mark.row("HK-03", "HK-04")
@pytest.mark.parametrize(
    "selected", ["ServiceRequest/sr-1", "sr-1", "ServiceRequest/sr-1/_history/2", "urn:uuid:0b9f6a52"]
)
async def test_a_selection_is_found_by_any_of_its_names(selected: str) -> None:
    drafts = bundle(WRONG_LEG)
    drafts["entry"][0]["fullUrl"] = "urn:uuid:0b9f6a52"
    call = hook_call("order-select", selections=[selected, 7, None], draftOrders=drafts, since="later")

    assert await advised(call) == ["ORDER-WRONG-LEG"]


async def test_only_what_is_selected_is_spoken_of() -> None:
    other = order(D_DIMER, id="dd")

    assert await advised(select(["ServiceRequest/dd"], WRONG_LEG, other)) == ["ORDER-DDIMER-TOO-LATE"]
    assert await cards_of(select(["ServiceRequest/gone"], WRONG_LEG, other)) == []
    assert await cards_of(select([], WRONG_LEG)) == []


# ---- appointment-book ----------------------------------------------------------------------------


async def test_a_booking_after_the_advised_days_is_spoken_of() -> None:
    made = await cards_of(hook_call("appointment-book", appointments=bundle(appointment())))

    assert made[0]["source"]["topic"]["display"] == "ORDER-TOO-LATE"
    assert "leg-vein ultrasound, left leg, 20 Apr 2026" in made[0]["detail"]


@pytest.mark.parametrize(
    "booking",
    [
        appointment(start="2026-03-12T09:00:00Z"),
        appointment(status="cancelled"),
        appointment({"text": "duplex"}),
        appointment(participant=[{"actor": {"reference": "Patient/p-2"}}]),
    ],
)
async def test_other_bookings_get_no_card(booking: Json) -> None:
    assert await cards_of(hook_call("appointment-book", appointments=bundle(booking))) == []


async def test_a_booking_may_say_what_it_is_for_by_an_order_of_the_record() -> None:
    placed = order(DUPLEX_LEFT, status="active")
    booking = appointment({"text": "?"}, basedOn=[{"reference": "ServiceRequest/sr-1"}])
    prefetch = {**limited_scan(), "service_requests": bundle(placed)}

    assert await advised(hook_call("appointment-book", prefetch, appointments=bundle(booking))) == ["ORDER-TOO-LATE"]


# ---- encounter-discharge -------------------------------------------------------------------------


async def test_who_leaves_without_the_advised_scan_is_spoken_of() -> None:
    made = await cards_of(hook_call("encounter-discharge"))

    assert made[0]["source"]["topic"]["display"] == "REPEAT-NOT-ARRANGED"
    assert "Ordered" not in made[0]["detail"]


async def test_who_leaves_with_the_scan_booked_is_not() -> None:
    booked = order(DUPLEX_LEFT, status="active", occurrenceDateTime="2026-03-12")
    prefetch = {**limited_scan(), "service_requests": bundle(booked)}

    assert await cards_of(hook_call("encounter-discharge", prefetch)) == []


# ---- order-dispatch ------------------------------------------------------------------------------

PLACED = order(status="active", bodySite=[RIGHT])


@pytest.mark.parametrize(
    "context",
    [
        {"dispatchedOrders": ["ServiceRequest/sr-1"], "performer": "Organization/x"},
        {"dispatched-orders": ["ServiceRequest/sr-1"], "fulfillment-tasks": [{}]},
        {"order": "ServiceRequest/sr-1", "task": {}},
    ],
)
async def test_a_dispatched_order_is_looked_up_in_the_record(context: Json) -> None:
    """Three spellings, and no userId (conformance section 6)."""
    prefetch = {**limited_scan(), "service_requests": bundle(PLACED)}
    call = hook_call("order-dispatch", prefetch, **context)
    del call["context"]["userId"]

    assert await advised(call) == ["ORDER-WRONG-LEG"]


@pytest.mark.parametrize("reference", ["ServiceRequest/other", "Task/sr-1", "../sr-1", "", 7])
async def test_a_dispatched_order_that_is_nowhere_gets_no_card(reference: object) -> None:
    prefetch = {**limited_scan(), "service_requests": bundle(PLACED)}

    assert await cards_of(hook_call("order-dispatch", prefetch, dispatchedOrders=[reference])) == []


async def test_a_dispatched_order_is_fetched_where_that_is_allowed() -> None:
    asked: list[str] = []

    def ehr(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        found = PLACED if request.url.path.endswith("/ServiceRequest/sr-1") else bundle()
        return httpx.Response(200, json=found)

    client = replace(clients().default, fhir_bases=("https://ehr.example.org/fhir",))
    call = {
        **hook_call("order-dispatch", dispatchedOrders=["https://ehr.example.org/fhir/ServiceRequest/sr-1"]),
        "fhirServer": "https://ehr.example.org/fhir",
        "fhirAuthorization": {"access_token": "t", "token_type": "Bearer", "expires_in": 300, "scope": "x"},
    }

    assert await advised(call, app=make_service(ehr, client=client)) == ["ORDER-WRONG-LEG"]
    assert asked.count("/fhir/ServiceRequest/sr-1") == 1


async def test_a_draft_is_never_fetched() -> None:
    """REQ-12: the fake EHR is asked for what the record lacks, and for no draft."""
    asked: list[str] = []

    def ehr(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json=bundle())

    client = replace(clients().default, fhir_bases=("https://ehr.example.org/fhir",))
    call = {
        **sign(WRONG_LEG, order(id="other")),
        "fhirServer": "https://ehr.example.org/fhir",
        "fhirAuthorization": {"access_token": "t", "token_type": "Bearer", "expires_in": 300, "scope": "x"},
    }
    await cards_of(call, app=make_service(ehr, client=client))

    assert asked
    assert not [path for path in asked if "sr-1" in path or "other" in path]


# ---- Epic's own moments, sent as patient-view ----------------------------------------------------


@pytest.mark.parametrize("trigger", ["18", "23", 18], ids=repr)
async def test_entering_or_signing_an_order_is_an_order_hook(trigger: object) -> None:
    call = hook_call("patient-view", extension={TRIGGER: trigger}, draftOrders=bundle(WRONG_LEG))

    assert await advised(call) == ["ORDER-WRONG-LEG"]


async def test_a_discharge_is_a_discharge() -> None:
    assert await advised(hook_call("patient-view", extension={TRIGGER: "27"})) == ["REPEAT-NOT-ARRANGED"]


@pytest.mark.parametrize("trigger", ["5", "60", "99", None, [], {"a": 1}, True, 18.5])
async def test_any_other_moment_is_the_chart(trigger: object) -> None:
    made = await cards_of(hook_call("patient-view", extension={TRIGGER: trigger}, draftOrders=bundle(WRONG_LEG)))

    assert made[0]["source"]["topic"]["display"] == "REPEAT-CDUS"


async def test_an_order_moment_without_drafts_is_the_chart() -> None:
    """Epic sends drafts only with the scopes for them."""
    made = await cards_of(hook_call("patient-view", extension={TRIGGER: "18"}))

    assert made[0]["source"]["topic"]["display"] == "REPEAT-CDUS"


# ---- who may be spoken of ------------------------------------------------------------------------


async def test_a_silent_draft_pathway_says_nothing_of_orders() -> None:
    app = make_service(settings=Settings(unapproved_pathways="silent"))

    assert await cards_of(sign(WRONG_LEG, prefetch={}), app=app) == []
    assert await cards_of(hook_call("encounter-discharge", {}), app=app) == []


async def test_the_dead_get_no_advice_on_orders() -> None:
    """H3."""
    prefetch = limited_scan()
    prefetch["patient"]["deceasedBoolean"] = True

    assert await cards_of(sign(WRONG_LEG, prefetch=prefetch)) == []


async def test_a_patient_without_a_scan_gets_no_advice_on_orders() -> None:
    prefetch = {"patient": limited_scan()["patient"], "reports": None}

    assert await cards_of(sign(WRONG_LEG, prefetch=prefetch)) == []


async def test_nothing_of_a_draft_is_quoted() -> None:
    """D1: a draft's words never reach the card."""
    bad = "<img src=x onerror=alert(1)>"
    draft = order({**DUPLEX_LEFT, "text": bad}, note=[{"text": bad}], occurrenceDateTime="2026-04-20", bodySite=[
        {"text": bad, "coding": [{"system": bad, "code": bad, "display": bad}]}])  # fmt: skip
    (made,) = await cards_of(sign(draft))

    assert bad not in made["detail"]
    assert bad not in made["summary"]
    assert bad not in str(made["extension"])
