"""create_app: wiring only. Everything the service needs is handed in, so a test builds it whole in one line."""

import gc
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import __version__
from app.api import evaluate as evaluating
from app.api import pathways as served_pathways
from app.api import routes as api
from app.cds_hooks import invocation
from app.cds_hooks import routes as cds_hooks
from app.clients.load import Clients
from app.clinical.report_text import ReportWords
from app.errors import CallerError, DvtNextStepError, WorldError, operation_outcome
from app.openapi import EXAMPLES, JSON, schemas
from app.pathway.load import Pathway
from app.settings import Settings
from app.web.routes import add_pages

log: Final = logging.getLogger("dvt_next_step")

LOOPBACK_ORIGIN: Final = r"https?://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?"
HERE: Final = str(Path(__file__).resolve().parent)

DESCRIPTION: Final = """\
The leg-vein ultrasound for suspected deep vein thrombosis was negative: what now?

**CDS Hooks** answers an EHR's call with at most one card. **Evaluate** answers a person at a keyboard with every
recommendation, the rules that fired and the facts they rest on. Every error is a FHIR OperationOutcome that says what
to change. Decision support for clinicians, not for emergencies.
"""

TAGS: Final = [
    {
        "name": "CDS Hooks",
        "description": "Discovery and invocation, CDS Hooks 2.0.1 (1.0 to 3.0 clients are understood).",
    },
    {"name": "Evaluate", "description": "Facts or a FHIR Bundle in, every recommendation out."},
    {"name": "Pathways", "description": "What is decided, and why: the content as JSON and as a drawing."},
    {"name": "Health", "description": "For whoever runs the service."},
]


class App(FastAPI):
    """FastAPI, with our shapes in its description and without the 422 that we never send."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once."""
        if self.openapi_schema is None:
            document = super().openapi()
            document["components"] = {"schemas": schemas()}
            for operations in document["paths"].values():
                for operation in operations.values():
                    operation["responses"].pop("422", None)
        return super().openapi()


def create_app(
    settings: Settings,
    *,
    pathways: Sequence[Pathway],
    clients: Clients,
    http: httpx.AsyncClient,
    clock: Callable[[], date],
    examples: Path = EXAMPLES,
    report_words: ReportWords | None = None,
) -> FastAPI:
    """The whole service as one ASGI application. `pathways` are shown as they are written, and asked as the client's
    settings change them. Without `report_words` no prose is read.
    """
    client = clients.default
    ask_loopback = clients.may_ask_loopback(on_loopback=settings.on_loopback)
    hooks_desk = invocation.Desk(settings, client, http, clock, ask_loopback=ask_loopback, report_words=report_words)
    evaluate_desk = evaluating.Desk(
        client.pathways, client.value_sets, client.zone, clock, client.report_text, report_words
    )
    app = App(
        title="dvt-next-step",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,  # `evaluate`, not `evaluate_evaluate_post`
        redirect_slashes=False,  # a redirect would be built from the Host header (threat model C9)
        lifespan=_lifespan(http, evaluate_desk),
        middleware=[_cors(settings), Middleware(Guard)],
        exception_handlers={
            CallerError: _say_error,
            WorldError: _say_error,
            HTTPException: _say_http_error,
            RequestValidationError: _say_invalid,
        },
    )
    app.include_router(cds_hooks.routes(hooks_desk, examples))
    app.include_router(api.routes(evaluate_desk, settings.max_body_bytes, examples))
    app.include_router(served_pathways.routes(evaluate_desk, pathways, settings.max_body_bytes, examples))
    add_pages(app, pathways, f"http://{settings.host}:{settings.port}")
    return app


def clock_of(settings: Settings, zone: ZoneInfo) -> Callable[[], date]:
    """What day it is: a fixed day, or the day in the client's time zone."""
    if isinstance(settings.clock, date):
        fixed = settings.clock
        return lambda: fixed
    return lambda: datetime.now(UTC).astimezone(zone).date()


class Guard:
    """The last line: what nobody foresaw becomes a 500 without details, and a log line without data (C1, C2, P1).

    Inside CORS, so that a browser may read the 500; before Starlette's own handler, which would raise the exception
    on to the server's log, message and all.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; answer for what fails."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message).setdefault("X-Content-Type-Options", "nosniff")
            await send(message)

        try:
            await self.app(scope, receive, note_start)
        except ClientDisconnect:
            return  # nobody is left to answer
        except Exception as error:  # noqa: BLE001 -- the one place that may
            log.error("unexpected %s at %s", type(error).__name__, _our_line(error))  # noqa: TRY400 -- no message, no values
            if started:
                raise ConnectionAbortedError from None
            await _json(operation_outcome(DvtNextStepError()), 500)(scope, receive, note_start)


class Cors(CORSMiddleware):
    """Starlette's CORS; a refused preflight speaks our error shape, too."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """200 with what is allowed, or 400 saying so."""
        response = super().preflight_response(request_headers)
        if response.status_code == 200:  # noqa: PLR2004 -- OK
            return response
        text = "This origin, method or header is not allowed from a browser."
        change = "Ask the operator to add the origin to DVT_CORS_ORIGINS."
        refusal = _json(operation_outcome(CallerError(400, "cors", text, change)), 400)
        for name, value in response.headers.items():
            refusal.headers.setdefault(name, value)
        return refusal


def _cors(settings: Settings) -> Middleware:
    allowed = (
        {"allow_origins": settings.cors_origins} if settings.cors_origins else {"allow_origin_regex": LOOPBACK_ORIGIN}
    )
    return Middleware(
        Cors,
        allow_methods=("GET", "POST", "OPTIONS"),
        allow_headers=("authorization", "content-type"),
        allow_credentials=False,
        **allowed,
    )


def _lifespan(http: httpx.AsyncClient, desk: evaluating.Desk) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        _warm_up(desk)
        async with http:
            yield

    return lifespan


def _warm_up(desk: evaluating.Desk) -> None:
    """Pay for the first request now; then keep the garbage collector off what stays for good (dependencies.md 2)."""
    evaluating.answer(b'{"facts": {"exams": [{"result": "negative"}]}}', desk)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


async def _say_error(_: Request, error: Exception) -> Response:
    if isinstance(error, CallerError):
        return _json(operation_outcome(error), error.status)
    return _json(operation_outcome(WorldError()), 503)


async def _say_http_error(_: Request, error: Exception) -> Response:
    """Starlette's own refusals: no such address, wrong method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    return _json(operation_outcome(_http_error(status)), status, headers)


def _http_error(status: int) -> CallerError:
    match status:
        case 404:
            return CallerError(
                404, "unknown-address", "There is nothing at this address.", "See /docs for the addresses."
            )
        case 405:
            text, change = "This address does not answer this method.", "Use a method named in the Allow header."
            return CallerError(405, "wrong-method", text, change)
        case _:
            return CallerError(status, "refused", "The request cannot be answered.", "See /docs for what can be sent.")


async def _say_invalid(_: Request, __: Exception) -> Response:
    """FastAPI's own validation would answer 422 and echo what was sent; ours does neither."""
    error = CallerError(400, "invalid", "The request is not valid.", "See /docs for what can be sent.")
    return _json(operation_outcome(error), 400)


def _json(content: object, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(content), status, headers, media_type=JSON)


def _our_line(error: BaseException) -> str:
    """The innermost line of ours that the exception passed through."""
    place, trace = "outside our code", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(HERE):
            place = f"{file.removeprefix(HERE).lstrip('/')}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
