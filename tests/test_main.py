"""What holds for every address: CORS, the one error shape, and that nothing a caller sent gets out by a fault."""

import gc
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Request
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse

from app.errors import WorldError
from app.main import clock_of
from app.settings import Settings
from tests.front_door import SERVICE, ask, assert_error, call, make_service

MARK = "Zaphod-1952"
PAGE = "http://localhost:3000"
PREFLIGHT = {
    "Origin": PAGE,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, content-type",
}


@pytest.mark.row("SEC-22")
@pytest.mark.parametrize(
    "origin", [PAGE, "http://localhost", "https://127.0.0.1:8443", "http://127.8.8.8:1", "http://[::1]:9000"]
)
async def test_by_default_pages_on_this_machine_may_call(origin: str) -> None:
    """SEC-22."""
    response = await ask("POST", SERVICE, json=call(), headers={"Origin": origin})

    assert response.headers["access-control-allow-origin"] == origin
    assert "Origin" in response.headers["vary"]
    assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://localhost@x",
    ],
)
async def test_other_pages_may_not(origin: str) -> None:
    response = await ask("POST", SERVICE, json=call(), headers={"Origin": origin})

    assert "access-control-allow-origin" not in response.headers
    assert response.headers["vary"] == "Origin"


async def test_listed_origins_replace_the_default() -> None:
    app = make_service(settings=Settings(cors_origins=("https://ehr.example",)))
    listed = await ask("GET", "/cds-services", app=app, headers={"Origin": "https://ehr.example"})
    unlisted = await ask("GET", "/cds-services", app=app, headers={"Origin": PAGE})

    assert listed.headers["access-control-allow-origin"] == "https://ehr.example"
    assert "access-control-allow-origin" not in unlisted.headers


@pytest.mark.parametrize("address", ["/cds-services", SERVICE, "/evaluate", "/health"])
async def test_a_preflight_allows_authorization_and_content_type(address: str) -> None:
    response = await ask("OPTIONS", address, headers=PREFLIGHT)

    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == PAGE
    assert {"GET", "POST"} <= set(response.headers["access-control-allow-methods"].split(", "))
    assert {"authorization", "content-type"} <= set(
        response.headers["access-control-allow-headers"].lower().split(", ")
    )


@pytest.mark.parametrize(
    "refused",
    [
        {"Origin": "https://evil.example"},
        {"Access-Control-Request-Method": "DELETE"},
        {"Access-Control-Request-Headers": "x-other"},
    ],
    ids=["origin", "method", "header"],
)
async def test_a_refused_preflight_speaks_the_one_error_shape(refused: dict[str, str]) -> None:
    assert_error(await ask("OPTIONS", SERVICE, headers={**PREFLIGHT, **refused}), 400, "cors")


@pytest.mark.parametrize(
    ("method", "address", "request_", "status"),
    [
        ("POST", SERVICE, {"content": b"{"}, 400),
        ("POST", "/cds-services/other", {"json": {}}, 404),
        ("GET", "/nowhere", {}, 404),
        ("DELETE", SERVICE, {}, 405),
        ("POST", SERVICE, {"json": call({})}, 412),
        ("POST", SERVICE, {"content": b" " * 5_242_881}, 413),
        ("POST", "/evaluate", {"content": b"x", "headers": {"content-type": "text/plain"}}, 415),
    ],
)
async def test_a_page_can_read_every_error(method: str, address: str, request_: dict[str, Any], status: int) -> None:
    headers = {"Origin": PAGE, **request_.pop("headers", {})}
    response = await ask(method, address, headers=headers, **request_)

    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == PAGE
    assert response.json()["resourceType"] == "OperationOutcome"


async def test_an_unknown_address_is_404_in_our_shape() -> None:
    assert_error(await ask("GET", f"/{MARK}"), 404, "unknown-address")
    assert_error(await ask("GET", f"/static/{MARK}"), 404, "unknown-address")
    assert_error(await ask("POST", "/evaluate/", json={}), 404, "unknown-address")


async def test_a_wrong_method_names_the_right_one() -> None:
    response = await ask("GET", "/evaluate")

    assert_error(response, 405, "wrong-method")
    assert response.headers["allow"] == "POST"


@pytest.fixture
def faulty() -> FastAPI:
    """The service with addresses that fail in every way we can think of."""
    app = make_service()

    async def broken_off() -> AsyncIterator[bytes]:
        yield b"{"
        raise ValueError(MARK)

    @app.get("/bug")
    async def bug() -> None:
        raise ValueError(MARK)

    @app.get("/world")
    async def world() -> None:
        raise WorldError(MARK)

    @app.get("/teapot")
    async def teapot() -> None:
        raise HTTPException(418, MARK)

    @app.get("/typed")
    async def typed(number: int) -> int:
        return number

    @app.get("/half")
    async def half() -> StreamingResponse:
        return StreamingResponse(broken_off())

    @app.get("/gone")
    async def gone(request: Request) -> None:
        raise ClientDisconnect

    return app


async def test_an_unforeseen_fault_is_500_without_details(faulty: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    """Threat C1, C2, P1: the log has the type and the place, neither it nor the body the message."""
    with caplog.at_level(logging.DEBUG):
        response = await ask("GET", "/bug", app=faulty, headers={"Origin": PAGE})

    assert_error(response, 500, "internal")
    assert response.headers["access-control-allow-origin"] == PAGE
    assert MARK not in response.text
    assert MARK not in caplog.text
    assert "unexpected ValueError at " in caplog.text


async def test_a_failing_part_of_ours_is_named_in_the_log_by_its_line(caplog: pytest.LogCaptureFixture) -> None:
    def broken_clock() -> date:
        raise ValueError(MARK)

    app = make_service(clock=broken_clock)
    response = await ask("POST", SERVICE, app=app, json=call())

    assert_error(response, 500, "internal")
    assert "unexpected ValueError at cds_hooks/invocation.py:" in caplog.text


async def test_somebody_elses_fault_is_503(faulty: FastAPI) -> None:
    response = await ask("GET", "/world", app=faulty)

    assert_error(response, 503, "unavailable")
    assert MARK not in response.text


async def test_a_refusal_of_the_framework_speaks_our_shape(faulty: FastAPI) -> None:
    response = await ask("GET", "/teapot", app=faulty)

    assert_error(response, 418, "refused")
    assert MARK not in response.text


async def test_the_frameworks_own_validation_is_400_and_echoes_nothing(faulty: FastAPI) -> None:
    """Never FastAPI's 422, which repeats the input."""
    response = await ask("GET", f"/typed?number={MARK}", app=faulty)

    assert_error(response, 400, "invalid")
    assert MARK not in response.text


async def test_an_answer_that_breaks_off_breaks_off_without_data(faulty: FastAPI) -> None:
    with pytest.raises(ConnectionAbortedError) as broken:
        await ask("GET", "/half", app=faulty)

    assert MARK not in str(broken.value)
    assert broken.value.__suppress_context__


async def test_a_caller_who_has_gone_is_no_fault(faulty: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(AssertionError):  # httpx: no answer was sent
        await ask("GET", "/gone", app=faulty)

    assert caplog.text == ""


@pytest.fixture
def garbage_collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("garbage_collector")
async def test_starting_warms_up_and_stopping_closes_the_client() -> None:
    http = httpx.AsyncClient()
    app = make_service(http=http)

    async with app.router.lifespan_context(app):
        assert gc.get_threshold()[0] == 50_000
        assert gc.get_freeze_count() > 0

    assert http.is_closed


def test_a_fixed_clock_stands_still() -> None:
    assert clock_of(Settings(clock=date(2026, 3, 12)), ZoneInfo("UTC"))() == date(2026, 3, 12)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_day_is_the_facilitys(zone: str) -> None:
    """The two zones are 25 hours apart: never the same day at both."""
    now = datetime.now(ZoneInfo(zone))

    assert clock_of(Settings(), ZoneInfo(zone))() in (now.date(), (now + timedelta(seconds=5)).date())
