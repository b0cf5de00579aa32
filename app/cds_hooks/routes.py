"""The addresses of CDS Hooks: discovery and invocation."""

import asyncio
from pathlib import Path
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi import Path as PathParameter

from app.bodies import read_body
from app.cds_hooks.discovery import SERVICES, discovery, offered_service
from app.cds_hooks.invocation import Desk, answer
from app.cds_hooks.messages import read_call
from app.cds_hooks.request_log import one_line
from app.openapi import (
    EXAMPLES,
    JSON,
    CdsHooksRequest,
    CdsHooksResponse,
    CdsServices,
    answers,
    read_examples,
    request_body,
)

ServiceId = Annotated[
    str,
    PathParameter(
        description="The id of a service in /cds-services",
        json_schema_extra={"enum": [service.id for service in SERVICES]},  # shown, not enforced: unknown ids are 404
    ),
]


def routes(desk: Desk, examples: Path = EXAMPLES) -> APIRouter:
    """The router. `examples` is the folder of the ready calls."""
    router = APIRouter(default_response_class=Response, tags=["CDS Hooks"])
    ready = read_examples(examples)
    offered = msgspec.json.encode(discovery(desk.speaking))

    @router.get(
        "/cds-services",
        summary="What this service offers",
        description="CDS Hooks discovery. The prefetch templates are exactly what the pathways read.",
        responses=answers(CdsServices, "The offered services.", {}),
    )
    async def discover() -> Response:
        return Response(offered, media_type=JSON)

    @router.post(
        "/cds-services/{service_id}",
        summary="Call a service",
        description="CDS Hooks 2.0.1 invocation. Answers with at most one card.",
        openapi_extra=request_body(CdsHooksRequest, ready),
        responses=answers(CdsHooksResponse, "One card, or none.", ready, 400, 404, 412, 413, 415),
    )
    async def invoke(service_id: ServiceId, request: Request) -> Response:
        with one_line() as line:
            arrived = asyncio.get_running_loop().time()
            service = offered_service(service_id)
            line.service = service.id
            body = await read_body(request.headers, request.stream(), desk.settings.max_body_bytes)
            call = read_call(body, service.hook, may_set_today=desk.settings.request_may_set_today)
            card = await answer(call, service, desk, arrived=arrived)
            line.cards = 1 if card else 0
            return Response(msgspec.json.encode({"cards": [card] if card else []}), media_type=JSON)

    return router
