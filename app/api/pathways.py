"""The pathways as a reader or a program sees them: the list, one whole, its drawing, and an answer of it alone."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi import Path as InPath

from app.api.evaluate import Desk, answer
from app.api.site_settings import shared_settings
from app.bodies import read_body
from app.errors import CallerError
from app.openapi import (
    EXAMPLES,
    JSON,
    NOSNIFF,
    EvaluateRequest,
    EvaluateResponse,
    PathwayContent,
    PathwayList,
    Responses,
    answers,
    read_examples,
    request_body,
)
from app.pathway.catalogue import entry, whole
from app.pathway.drawing import draw
from app.pathway.load import Pathway

SVG: Final = "image/svg+xml"
# An SVG that is opened by itself is a page: it may run and load nothing.
PICTURE_HEADERS: Final = {"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff"}
NOT_MODIFIED: Final = 304

PathwayId = Annotated[str, InPath(description="An id of GET /pathways", examples=["negative-dvt-ultrasound"])]


@dataclass(frozen=True, slots=True)
class _Page:
    """A body that stays the same while the server runs, with the tag by which a client knows it."""

    body: bytes
    media_type: str
    tag: str
    headers: Mapping[str, str]

    def answer(self, request: Request) -> Response:
        """The body, or 304 when the client has it already."""
        headers = {"ETag": self.tag, "Cache-Control": "no-cache", **self.headers}
        known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
        if self.tag in known or known == ["*"]:
            return Response(status_code=NOT_MODIFIED, headers=headers)
        return Response(self.body, headers=headers, media_type=self.media_type)


TAGGED: Final = {
    **NOSNIFF,
    "ETag": {"required": True, "schema": {"type": "string", "pattern": '^"[^"]+"$'}},
    "Cache-Control": {"required": True, "schema": {"const": "no-cache"}},
}
UNCHANGED: Final[Responses] = {304: {"description": "Nothing has changed since this ETag.", "headers": TAGGED}}
IF_NONE_MATCH: Final = {
    "parameters": [
        {
            "name": "If-None-Match",
            "in": "header",
            "description": "ETags that the client knows",
            "schema": {"type": "string"},
        }
    ]
}
DRAWING: Final[Responses] = {
    200: {
        "description": "An SVG that refers to nothing outside itself.",
        "content": {SVG: {"schema": {"type": "string"}}},
        "headers": {**TAGGED, "Content-Security-Policy": {"required": True, "schema": {"type": "string"}}},
    }
}


@dataclass(frozen=True, slots=True)
class _Served:
    """A pathway with its pages, made once."""

    pathway: Pathway
    content: _Page
    picture: _Page


def routes(desk: Desk, shown: Sequence[Pathway], max_body_bytes: int, examples: Path = EXAMPLES) -> APIRouter:
    """The router. `shown` are the pathways as they are written; the desk asks them with the client's settings.
    `examples` is the folder whose `pathways/` holds the ready questions.
    """
    router = APIRouter(prefix="/pathways", tags=["Pathways"], default_response_class=Response)
    served = {each.id: _Served(each, _content(each), _picture(each)) for each in shown}
    listed = msgspec.json.encode({"pathways": [entry(each) for each in shown]})
    asked = [each for each in desk.pathways if not each.advises_on_orders]
    lists = read_examples(examples / "pathways")
    ready = {
        name: example
        for each in served
        for name, example in read_examples(examples / "pathways" / each / "evaluate").items()
    }

    def known(pathway_id: str) -> _Served:
        if pathway_id not in served:
            text, change = "There is no pathway of this id.", "Use an id of GET /pathways."
            raise CallerError(404, "unknown-pathway", text, change, ("pathway_id",))
        return served[pathway_id]

    @router.get(
        "",
        summary="Which pathways are there?",
        responses=answers(PathwayList, "Every pathway with its version, content hash and status.", lists),
    )
    async def pathways() -> Response:
        return Response(listed, media_type=JSON)

    @router.get(
        "/{pathway_id}",
        summary="Everything a pathway says",
        description="Stages, rows, parameters, facts, recommendations and references, as they run. The ETag is the"
        " content hash with the status: If-None-Match tells whether either has changed.",
        openapi_extra=IF_NONE_MATCH,
        responses=_tagged(answers(PathwayContent, "The whole content.", {}, 404)) | UNCHANGED,
    )
    async def pathway(pathway_id: PathwayId, request: Request) -> Response:
        return known(pathway_id).content.answer(request)

    @router.get(
        "/{pathway_id}/diagram.svg",
        summary="The drawing of a pathway",
        openapi_extra=IF_NONE_MATCH,
        responses=answers(PathwayContent, "", {}, 404) | DRAWING | UNCHANGED,
    )
    async def diagram(pathway_id: PathwayId, request: Request) -> Response:
        return known(pathway_id).picture.answer(request)

    @router.post(
        "/{pathway_id}/evaluate",
        summary="Ask one pathway with facts or with a FHIR Bundle",
        description="As POST /evaluate, but only this pathway answers.",
        openapi_extra=request_body(EvaluateRequest, ready, shared_settings(asked)),
        responses=answers(EvaluateResponse, "All recommendations of this pathway.", ready, 400, 404, 413, 415),
    )
    async def evaluate_pathway(pathway_id: PathwayId, request: Request) -> Response:
        wanted = known(pathway_id).pathway.id
        alone = replace(desk, pathways=[each for each in asked if each.id == wanted])
        if not alone.pathways:
            text, change = "This pathway decides nothing by itself.", "Ask POST /evaluate."
            raise CallerError(404, "not-asked-alone", text, change, ("pathway_id",))
        body = await read_body(request.headers, request.stream(), max_body_bytes)
        return Response(msgspec.json.encode(answer(body, alone)), media_type=JSON)

    return router


def _tagged(responses: Responses) -> Responses:
    return {**responses, 200: {**responses[200], "headers": TAGGED}}


def _content(pathway: Pathway) -> _Page:
    said = whole(pathway)
    return _Page(msgspec.json.encode(said), JSON, f'"{pathway.content_hash}-{said["status"]}"', {})


def _picture(pathway: Pathway) -> _Page:
    body = draw(pathway).encode()
    return _Page(body, SVG, f'"{hashlib.sha256(body).hexdigest()}"', PICTURE_HEADERS)
