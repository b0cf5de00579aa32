"""fhirAuthorization as clients send it (conformance.md, rows FHIR-*): read leniently, used once, never kept."""

import gc
import logging
from typing import Any

import httpx
import pytest

from tests.front_door import SERVICE, ask, assert_error, call, calling, limited_scan, make_service, searchset

Json = dict[str, Any]

TOKEN = "MARKED-TOKEN-4711"  # noqa: S105 -- a mark to look for, no secret
SERVER = "http://127.0.0.1:8080/fhir"
REPORTS = limited_scan()["reports"]


def granted(**members: object) -> Json:
    """A grant in full, with members changed or (None) left out."""
    grant: Json = {
        "access_token": TOKEN,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/DiagnosticReport.read",
        "subject": "cds-service",
        "patient": "p-1",
        **members,
    }
    return {
        "fhirServer": SERVER,
        "fhirAuthorization": {name: member for name, member in grant.items() if member is not None},
    }


def ehr(request: httpx.Request) -> httpx.Response:
    body = REPORTS if "DiagnosticReport" in str(request.url) else searchset()
    return httpx.Response(200, json=body, headers={"content-type": "application/fhir+json"})


async def summary(access: Json) -> str | None:
    """What the card says when the reports have to be fetched; None when the call is refused for want of them."""
    sent = {key: answer for key, answer in limited_scan().items() if key != "reports"}
    response = await ask("POST", SERVICE, ehr, json=call(sent, **access))

    assert response.status_code in {200, 412}, response.text
    return str(response.json()["cards"][0]["summary"]) if response.status_code == 200 else None


@pytest.mark.row("FHIR-03", "FHIR-04", "FHIR-12")
async def test_a_grant_opens_the_record() -> None:
    assert await summary(granted())


@pytest.mark.row("FHIR-04")
@pytest.mark.parametrize("token", [None, "", 5, ["t"], "two words", "line\nbreak"], ids=repr)
async def test_without_a_token_that_can_be_sent_nothing_is_fetched(token: object) -> None:
    sent = {key: answer for key, answer in limited_scan().items() if key != "reports"}
    response = await ask("POST", SERVICE, json=call(sent, **granted(access_token=token)))

    assert response.status_code in {400, 412}


@pytest.mark.row("FHIR-05")
@pytest.mark.parametrize("kind", ["Bearer", "bearer", "BEARER"])
async def test_the_token_type_is_compared_without_case(kind: str) -> None:
    assert await summary(granted(token_type=kind))


@pytest.mark.row("FHIR-06", "FHIR-10")
@pytest.mark.parametrize("seconds", [None, 60, 300, 86400], ids=repr)
async def test_the_time_to_live_is_read_leniently(seconds: object) -> None:
    """It may be left out. All is fetched inside one call, before the answer."""
    assert await summary(granted(expires_in=seconds))


@pytest.mark.row("FHIR-07")
@pytest.mark.parametrize("scope", [None, "", "patient/*.rs launch", "EPIC.PATIENT.READ"], ids=repr)
async def test_a_scope_that_may_cover_the_query_is_no_obstacle(scope: object) -> None:
    assert await summary(granted(scope=scope))


@pytest.mark.row("FHIR-08")
@pytest.mark.parametrize("subject", [None, "", "another-client", 5], ids=repr)
async def test_the_client_id_is_the_ehrs_affair(subject: object) -> None:
    assert await summary(granted(subject=subject))


@pytest.mark.row("FHIR-09")
@pytest.mark.parametrize("patient", [None, "p-1"])
async def test_a_grant_for_this_patient_or_without_one_is_used(patient: str | None) -> None:
    assert await summary(granted(patient=patient))


@pytest.mark.row("FHIR-09")
async def test_a_grant_for_another_patient_is_an_error() -> None:
    response = await ask("POST", SERVICE, json=call(**granted(patient="p-2")))

    assert_error(response, 400, "subject-mismatch", "context.patientId")


@pytest.mark.row("FHIR-11")
async def test_the_token_is_gone_when_the_answer_is_there(caplog: pytest.LogCaptureFixture) -> None:
    """Neither logged, nor in the answer, nor kept: the next call without a grant asks nobody."""
    caplog.set_level(logging.DEBUG)
    asked: list[httpx.Request] = []

    def noting(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return ehr(request)

    sent = {key: answer for key, answer in limited_scan().items() if key != "reports"}
    app = make_service(noting)
    async with calling(app) as client:
        answered = await client.post(SERVICE, json=call(sent, **granted()))
        count = len(asked)
        refused = await client.post(SERVICE, json=call(sent))

    assert (answered.status_code, refused.status_code) == (200, 412)
    assert len(asked) == count > 0
    assert TOKEN not in answered.text + refused.text + caplog.text
    assert "set-cookie" not in answered.headers
    asked.clear()
    gc.collect()
    kept = [each for each in gc.get_objects() if isinstance(each, dict) and TOKEN in map(str_or_none, each.values())]
    assert [each for each in kept if each is not globals()] == []


def str_or_none(value: object) -> str | None:
    """The value when it is text: other things are not asked for their names."""
    return value if isinstance(value, str) else None
