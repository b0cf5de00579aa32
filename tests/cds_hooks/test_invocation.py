"""From a call to its card: what each state of a prefetch key does, and what stays silent."""

import json
from datetime import date
from typing import Any

import httpx
import pytest

from app.settings import Settings
from tests.front_door import (
    SERVICE,
    Ehr,
    ask,
    assert_error,
    call,
    calling,
    limited_scan,
    make_service,
    pathways,
    searchset,
)

OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
TODAY = "org.dvt-next-step.today"


async def card_for(body: object, settings: Settings | None = None) -> dict[str, Any] | None:
    """The one card, or None for silence."""
    response = await ask("POST", SERVICE, app=make_service(settings=settings), json=body)

    assert response.status_code == 200, response.text
    cards: list[dict[str, Any]] = response.json()["cards"]
    assert len(cards) <= 1
    return cards[0] if cards else None


@pytest.mark.row("RESP-01")
async def test_a_limited_scan_is_answered_with_one_card() -> None:
    card = await card_for(call())

    assert card
    assert card["summary"].startswith("Repeat complete duplex ultrasound")


async def test_the_same_call_has_the_same_answer() -> None:
    first, second = [await ask("POST", SERVICE, json=call()) for _ in range(2)]

    assert first.content == second.content


@pytest.mark.row("PF-14")
async def test_without_a_leg_ultrasound_there_is_no_card() -> None:
    """An answered query without what we look for is no error."""
    assert await card_for(call({**limited_scan(), "reports": searchset()})) is None


@pytest.mark.row("PF-10", "PF-14")
@pytest.mark.parametrize(
    "nothing", [None, searchset(), {**searchset(), "entry": [], "total": 0}], ids=["null", "empty", "total 0"]
)
@pytest.mark.parametrize("key", ["patient", "reports"])
async def test_a_required_key_that_was_asked_and_is_empty_is_an_answer(key: str, nothing: object) -> None:
    """Null and an empty Bundle mean "known to be none"."""
    response = await ask("POST", SERVICE, json=call({**limited_scan(), key: nothing}))

    assert response.status_code == 200


@pytest.mark.row("PF-11", "PF-13", "RESP-03", "RESP-05")
@pytest.mark.parametrize("key", ["patient", "reports"])
async def test_a_required_key_that_is_absent_is_412_and_named(key: str) -> None:
    prefetch = limited_scan()
    del prefetch[key]

    assert_error(await ask("POST", SERVICE, json=call(prefetch)), 412, "prefetch-missing", f"prefetch.{key}")


@pytest.mark.row("PF-07", "PF-09", "PF-13")
@pytest.mark.parametrize(
    "failed",
    [OUTCOME, {"resourceType": "Medication"}, {}, {"response": {}, "resource": None}, "text", 5, []],
    ids=["OperationOutcome", "wrong type", "empty object", "pre-1.0 wrapper", "text", "number", "list"],
)
async def test_a_required_key_that_failed_is_412_and_named(failed: object) -> None:
    response = await ask("POST", SERVICE, json=call({**limited_scan(), "reports": failed}))

    assert_error(response, 412, "prefetch-missing", "prefetch.reports")


@pytest.mark.row("REQ-08")
@pytest.mark.parametrize("body", [call(prefetch={}), call(prefetch=None) | {"prefetch": None}], ids=["empty", "null"])
async def test_without_any_prefetch_every_required_key_is_named(body: object) -> None:
    assert_error(await ask("POST", SERVICE, json=body), 412, "prefetch-missing", "prefetch.patient", "prefetch.reports")


@pytest.mark.row("PF-01")
@pytest.mark.parametrize("state", [..., None, searchset(), OUTCOME, {}, "text"], ids=str)
@pytest.mark.parametrize("key", ["imaging_observations", "exam_observations", "service_requests"])
async def test_an_optional_key_never_fails_the_call(key: str, state: object) -> None:
    """What we do not get is unknown."""
    prefetch = {name: value for name, value in {**limited_scan(), key: state}.items() if value is not ...}

    assert (await ask("POST", SERVICE, json=call(prefetch))).status_code == 200


async def test_the_clock_decides_for_the_day() -> None:
    """Ten days after the scan the window of days 5 to 7 is over."""
    card = await card_for(call())

    assert card
    assert "overdue" in card["summary"]


async def test_on_loopback_a_call_may_bring_its_own_day() -> None:
    card = await card_for(call(extension={TODAY: "2026-03-04"}))

    assert card
    assert "overdue" not in card["summary"]


@pytest.mark.parametrize(
    "settings",
    [Settings(clock="system"), Settings(host="10.0.0.1"), Settings(clock=date(2026, 3, 12))],
    ids=["system clock", "not on loopback", "fixed day"],
)
async def test_elsewhere_the_day_of_a_call_is_ignored(settings: Settings) -> None:
    assert await card_for(call(extension={TODAY: "2026-03-04"}), settings) == await card_for(call())


@pytest.mark.parametrize(
    "day", ["2026-3-4", "tomorrow", "2026-02-30", "20260304", "2026-03-04T00:00:00Z", 5, [], {}], ids=str
)
async def test_a_day_that_is_none_is_refused(day: object) -> None:
    response = await ask("POST", SERVICE, json=call(extension={TODAY: day}))

    assert_error(response, 400, "invalid-member", f"extension.{TODAY}")


async def test_a_day_that_is_null_is_no_day() -> None:
    assert await card_for(call(extension={TODAY: None})) == await card_for(call())


async def test_a_draft_is_marked_or_silent() -> None:
    marked = await card_for(call())

    assert marked
    assert "draft, not clinically approved" in marked["source"]["label"]
    assert not any(pathway.approved for pathway in pathways())
    assert await card_for(call(), Settings(unapproved_pathways="silent")) is None


def ehr_with(answers: dict[str, Any], asked: list[httpx.Request] | None = None) -> Ehr:
    """An EHR that answers by resource type and remembers what it was asked."""

    def answer(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request)
        kind = request.url.path.removeprefix("/fhir/").partition("/")[0]
        body = json.dumps(answers.get(kind, searchset())).encode()
        return httpx.Response(200, headers={"content-type": "application/fhir+json"}, stream=httpx.ByteStream(body))

    return answer


GRANTED = {
    "fhirServer": "http://127.0.0.1:8080/fhir",
    "fhirAuthorization": {"access_token": "secret-1", "token_type": "Bearer"},
}


@pytest.mark.row("PF-12", "FHIR-01", "FHIR-02")
async def test_what_was_not_sent_is_fetched_with_the_token() -> None:
    whole = limited_scan()
    asked: list[httpx.Request] = []
    ehr = ehr_with({"Patient": whole["patient"], "DiagnosticReport": whole["reports"]}, asked)
    sent = {key: whole[key] for key in ("imaging_observations", "exam_observations")}

    response = await ask("POST", SERVICE, ehr, json=call(sent, **GRANTED))

    assert response.json()["cards"][0]["summary"].startswith("Repeat complete duplex ultrasound")
    assert {request.headers["authorization"] for request in asked} == {"Bearer secret-1"}
    assert all(request.url.host == "127.0.0.1" for request in asked)
    assert "secret-1" not in response.text


async def test_only_keys_that_were_not_sent_are_fetched() -> None:
    """Threat B10: nothing is asked twice or beyond discovery."""
    asked: list[httpx.Request] = []
    every_key = {key: None for pathway in pathways() for key in pathway.queries} | limited_scan()

    await ask("POST", SERVICE, ehr_with({}, asked), json=call(every_key, **GRANTED))

    assert asked == []


@pytest.mark.parametrize(
    "server", ["http://169.254.169.254/", "https://ehr.example/fhir", "http://localhost@evil.example/"]
)
async def test_an_unlisted_server_is_never_asked(server: str) -> None:
    """Threat B1: the fake EHR of this test fails when it is asked."""
    response = await ask("POST", SERVICE, json=call({}, **{**GRANTED, "fhirServer": server}))

    assert_error(response, 412, "prefetch-missing", "prefetch.patient", "prefetch.reports")


@pytest.mark.row("PF-13")
async def test_a_server_that_fails_leaves_required_keys_missing() -> None:
    """The world's fault is never a wrong card."""

    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route to 127.0.0.1")

    response = await ask("POST", SERVICE, broken, json=call({}, **GRANTED))

    assert_error(response, 412, "prefetch-missing", "prefetch.patient", "prefetch.reports")
    assert "route" not in response.text


async def test_a_fetched_patient_other_than_the_charts_is_refused() -> None:
    """Threat H1."""
    ehr = ehr_with({"Patient": {"resourceType": "Patient", "id": "p-2"}})
    response = await ask("POST", SERVICE, ehr, json=call({}, **GRANTED))

    assert_error(response, 400, "subject-mismatch", "context.patientId")


async def test_the_order_of_members_does_not_matter() -> None:
    body = call()
    turned = dict(reversed(list(body.items())))
    async with calling(make_service()) as client:
        first = await client.post(SERVICE, content=json.dumps(body))
        second = await client.post(SERVICE, content=json.dumps(turned))

    assert first.json() == second.json()
