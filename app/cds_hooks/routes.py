"""The addresses of CDS Hooks: discovery and invocation."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec
from fastapi import APIRouter, Request, Response

from app.bodies import read_body
from app.cds_hooks.discovery import Service, discovery, record_queries, unknown_service
from app.cds_hooks.invocation import Desk, answer
from app.cds_hooks.messages import read_call
from app.cds_hooks.request_log import one_line
from app.openapi import (
    EXAMPLES,
    JSON,
    NOTHING,
    CdsHooksRequest,
    CdsHooksResponse,
    CdsServices,
    answers,
    read_examples,
    request_body,
)

NEEDS_THE_RECORD: Final = frozenset({"patient-view", "encounter-discharge"})
"""Hooks whose every call is about the record. The others say nothing, and need nothing, where no draft concerns us."""

AN_OBJECT: Final = {"anyOf": [NOTHING, {"type": "object"}]}
A_LIST: Final = {"anyOf": [NOTHING, {"type": "array"}]}
CONTEXTS: Final[Mapping[str, Mapping[str, object]]] = {
    "patient-view": {},
    "order-select": {"draftOrders": AN_OBJECT, "selections": A_LIST},
    "order-sign": {"draftOrders": AN_OBJECT},
    "appointment-book": {"appointments": AN_OBJECT},
    "encounter-discharge": {},
    "order-dispatch": {"dispatchedOrders": A_LIST, "dispatched-orders": A_LIST},
}
"""Hook -> what its context holds beside patient, encounter and user (conformance section 6), as JSON Schema."""


def routes(desk: Desk, examples: Path = EXAMPLES) -> APIRouter:
    """The router. `examples` is the folder of the ready calls."""
    router = APIRouter(default_response_class=Response, tags=["CDS Hooks"])
    ready = read_examples(examples)
    offered = msgspec.json.encode(discovery(desk.speaking, desk.services))

    @router.get(
        "/cds-services",
        summary="What this service offers",
        description="CDS Hooks discovery. The prefetch templates are exactly what the pathways read.",
        responses=answers(CdsServices, "The offered services.", {}),
    )
    async def discover() -> Response:
        return Response(offered, media_type=JSON)

    for service in desk.services:
        shown = ready if service.hook == "patient-view" else read_examples(examples / "cds-services" / service.id)
        router.add_api_route(
            f"/cds-services/{service.id}",
            _invocation(service, desk),
            methods=["POST"],
            name=service.hook.replace("-", "_"),
            summary=service.title,
            description=f"CDS Hooks 2.0.1, hook {service.hook}. {service.description} Answers with at most one card.",
            openapi_extra=request_body(CdsHooksRequest, shown, _offered(service, desk)),
            responses=answers(CdsHooksResponse, "One card, or none.", shown, 400, 412, 413, 415),
        )

    @router.post("/cds-services/{service_id}", include_in_schema=False)
    async def unknown(service_id: str) -> Response:  # noqa: ARG001 -- the address says it, the answer does not repeat it
        with one_line():
            raise unknown_service(desk.services)

    return router


def _invocation(service: Service, desk: Desk) -> Callable[[Request], Awaitable[Response]]:
    async def invoke(request: Request) -> Response:
        with one_line() as line:
            arrived = asyncio.get_running_loop().time()
            line.service = service.id
            body = await read_body(request.headers, request.stream(), desk.settings.max_body_bytes)
            call = read_call(body, service.hook, may_set_today=desk.settings.request_may_set_today)
            card = await answer(call, service, desk, arrived=arrived)
            line.cards = 1 if card else 0
            return Response(msgspec.json.encode({"cards": [card] if card else []}), media_type=JSON)

    return invoke


def _offered(service: Service, desk: Desk) -> Mapping[str, object]:
    """What the hook is called, what its context brings, and which data have to come from a client that grants no
    access, as JSON Schema.
    """
    context = {"properties": dict(CONTEXTS[service.hook])}
    named = {"hook": {"const": service.hook}, **({"context": context} if CONTEXTS[service.hook] else {})}
    needed = {key: query.resource for key, query in record_queries(desk.speaking).items() if query.required}
    no_access = {"fhirAuthorization": {"anyOf": [NOTHING, {"type": "object", "maxProperties": 0}]}}
    grants_access = {  # REQ-05: whoever grants access says where
        "required": ["fhirServer", "fhirAuthorization"],
        "properties": {
            "fhirServer": {"type": "string", "minLength": 1},
            "fhirAuthorization": {"type": "object", "minProperties": 1},
        },
    }
    if service.hook not in NEEDS_THE_RECORD:
        return {"properties": named, "anyOf": [{"properties": no_access}, grants_access]}
    brings_data = {
        "required": ["prefetch"],
        "properties": {"prefetch": {"type": "object", "required": sorted(needed)}, **no_access},
    }
    return {
        "properties": {
            **named,
            "prefetch": {"properties": {key: _answer(resource) for key, resource in needed.items()}},
        },
        "anyOf": [brings_data, grants_access],
    }


def _answer(resource: str) -> Mapping[str, object]:
    """A read answers with the resource, a search with a Bundle; null: nothing there."""
    kind = {"resourceType": {"enum": [resource, "Bundle"]}}
    return {"anyOf": [NOTHING, {"type": "object", "required": ["resourceType"], "properties": kind}]}
