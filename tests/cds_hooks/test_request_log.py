"""One line for each call, and never a word about the patient (threat model P1, C2, D9)."""

import json
import logging
from collections.abc import MutableMapping
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.errors import WorldError
from tests.front_door import SERVICE, ask, call, limited_scan, make_service, searchset

MARK = "Zaphod-1952"
GRANTED = {
    "fhirServer": f"http://127.0.0.1:8080/fhir/{MARK}",
    "fhirAuthorization": {"access_token": f"token-{MARK}", "token_type": "Bearer"},
}


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, "dvt_next_step")
    return caplog


def lines(log: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(record.getMessage()) for record in log.records if record.name == "dvt_next_step.calls"]


async def test_a_call_is_one_line_with_four_members(log: pytest.LogCaptureFixture) -> None:
    await ask("POST", SERVICE, json=call())
    (line,) = lines(log)

    assert line.pop("milliseconds") > 0
    assert line == {"service": "dvt-next-step-patient-view", "status": 200, "cards": 1}


async def test_silence_is_told_from_a_card(log: pytest.LogCaptureFixture) -> None:
    await ask("POST", SERVICE, json=call({**limited_scan(), "reports": searchset()}))

    assert [line["cards"] for line in lines(log)] == [0]


async def test_other_addresses_write_nothing(log: pytest.LogCaptureFixture) -> None:
    await ask("GET", "/cds-services")

    assert lines(log) == []


@pytest.mark.parametrize(
    ("service", "request_"),
    [
        (SERVICE, {"content": f"{{{MARK}".encode()}),
        (SERVICE, {"json": call() | {"hook": MARK}}),
        (SERVICE, {"json": call({})}),
        (SERVICE, {"content": b"{}", "headers": {"content-type": MARK}}),
        (f"/cds-services/{MARK}", {"json": call()}),
        ("/cds-services/%0a%1b[31m", {"json": call()}),
    ],
    ids=["not JSON", "another hook", "no data", "media type", "unknown service", "control characters"],
)
async def test_a_refused_call_has_the_status_it_was_answered_with(
    log: pytest.LogCaptureFixture, service: str, request_: dict[str, Any]
) -> None:
    response = await ask("POST", service, **request_)
    (line,) = lines(log)

    assert line["status"] == response.status_code
    assert line["cards"] == 0
    assert line["service"] == ("dvt-next-step-patient-view" if service == SERVICE else "unknown")
    assert MARK not in log.text


async def test_a_patient_full_of_marks_leaves_none_in_the_log(log: pytest.LogCaptureFixture) -> None:
    """Ids, names, free text, the server's path and the token; the EHR's answers bring more of them."""
    prefetch = json.loads(json.dumps(limited_scan()).replace("p-1", MARK))
    prefetch["patient"]["name"] = [{"family": MARK}]
    prefetch["reports"]["entry"][0]["resource"]["conclusion"] = MARK
    context = {"userId": f"Practitioner/{MARK}", "patientId": MARK, "encounterId": MARK}

    def ehr(request: httpx.Request) -> httpx.Response:
        return httpx.Response(500, text=MARK)

    answer = await ask("POST", SERVICE, ehr, json=call(prefetch, context=context, hookInstance=MARK, **GRANTED))

    assert answer.json()["cards"]
    assert len(lines(log)) == 1
    assert MARK not in log.text


def failing(error: BaseException) -> FastAPI:
    def broken_clock() -> Any:  # noqa: ANN401 -- never returns
        raise error

    return make_service(clock=broken_clock)


@pytest.mark.parametrize(("error", "status"), [(ValueError(MARK), 500), (WorldError(MARK), 503)], ids=["bug", "world"])
async def test_a_call_that_fails_is_a_line_too(log: pytest.LogCaptureFixture, error: Exception, status: int) -> None:
    response = await ask("POST", SERVICE, app=failing(error), json=call())

    assert response.status_code == status
    assert [line["status"] for line in lines(log)] == [status]
    assert MARK not in log.text


async def test_a_caller_who_did_not_wait_is_no_fault_of_ours(log: pytest.LogCaptureFixture) -> None:
    """499, as web servers write it: otherwise a client's time limit would look like our failure."""
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": SERVICE,
        "raw_path": SERVICE.encode(),
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        raise AssertionError("somebody was answered")

    await make_service()(scope, receive, send)

    assert [line["status"] for line in lines(log)] == [499]
