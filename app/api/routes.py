"""The addresses of the plain REST API: /evaluate and /health."""

from pathlib import Path
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from app import __version__
from app.api.evaluate import Desk, answer
from app.api.site_settings import any_settings
from app.bodies import read_body
from app.cards.machine_readable import pathway_json
from app.openapi import EXAMPLES, JSON, EvaluateRequest, EvaluateResponse, Health, answers, read_examples, request_body


def routes(desk: Desk, max_body_bytes: int, examples: Path = EXAMPLES) -> APIRouter:
    """The router. `examples` is the folder whose `evaluate/` holds the ready questions."""
    router = APIRouter(default_response_class=Response)
    ready = read_examples(examples / "evaluate")

    @router.post(
        "/evaluate",
        tags=["Evaluate"],
        summary="Ask with facts or with a FHIR Bundle",
        description="Evaluates all pathways. A fact that is absent or not understood is unknown, never an error.",
        openapi_extra=request_body(EvaluateRequest, ready, any_settings(desk.pathways)),
        responses=answers(EvaluateResponse, "All recommendations, the leading one first.", ready, 400, 413, 415),
    )
    async def evaluate(request: Request) -> Response:
        body = await read_body(request.headers, request.stream(), max_body_bytes)
        return _json(answer(body, desk))

    @router.get(
        "/health",
        tags=["Health"],
        summary="Is the service up, and what does it serve?",
        responses=answers(Health, "Up, with the pathways that are served.", {}),
    )
    async def health() -> Response:
        pathways = [pathway_json(pathway) for pathway in desk.pathways]
        return _json({"status": "ok", "version": __version__, "pathways": pathways})

    return router


def _json(content: Any) -> Response:  # noqa: ANN401 -- whatever msgspec can write
    return Response(msgspec.json.encode(content), media_type=JSON)
