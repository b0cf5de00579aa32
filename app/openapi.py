"""The public JSON shapes and the ready examples, as OpenAPI shows them.

Documentation only: requests are read tolerantly by msgspec (`cds_hooks/messages.py`, `api/evaluate.py`), which lets an
EHR send more than is described here.
"""
# ruff: noqa: N815 -- members have the names they have on the wire

import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from app.settings import REPOSITORY

EXAMPLES: Final = REPOSITORY / "openapi" / "examples"
JSON: Final = "application/json"

ASGIApp = Callable[..., Awaitable[None]]
Responses = dict[int | str, dict[str, Any]]

WHAT_STATUS_MEANS: Final = {
    400: "The request cannot be read or lacks something; the body says what to change.",
    404: "No such service or pathway.",
    405: "This address does not answer this method.",
    412: "Required prefetch data neither came nor could be fetched; the body names the keys.",
    413: "The body is too long.",
    415: "The body is not JSON, or is compressed.",
    500: "The service failed; the body holds no details.",
}


class Shape(BaseModel):
    """The base of every documented shape."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"additionalProperties": True})


class Coding(Shape):
    """A code with its system."""

    system: str
    code: str
    display: str | None = None


class IssueDetails(Shape):
    """Our code for the error and what is wrong."""

    coding: list[Coding]
    text: str


class Issue(Shape):
    """One thing that is wrong. `diagnostics` says what to change."""

    severity: Literal["error"]
    code: str = Field(description="FHIR IssueType")
    details: IssueDetails
    diagnostics: str
    expression: list[str] | None = Field(None, description="Where in the request")


class OperationOutcome(Shape):
    """The body of every error."""

    resourceType: Literal["OperationOutcome"]
    issue: list[Issue]


class HookContext(Shape):
    """The context of patient-view."""

    userId: str | None = Field(None, description="Type/id, for example Practitioner/1")
    patientId: str = Field(description="The patient whose chart is open")
    encounterId: str | None = None


class FhirAuthorization(Shape):
    """The right to ask the client's FHIR server, for this call only."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str
    subject: str
    patient: str | None = None


class CdsHooksRequest(Shape):
    """A CDS Hooks 2.0.1 call. Unknown members are ignored; prefetch keys are those of /cds-services."""

    hook: str
    hookInstance: str = Field(description="A UUID; any text of 1 to 200 characters is taken", max_length=200)
    context: HookContext
    fhirServer: str | None = None
    fhirAuthorization: FhirAuthorization | None = None
    prefetch: dict[str, Any] | None = None
    extension: Any = Field(
        None,
        description="Any JSON. On a development server: org.dvt-next-step.today, the day to decide for (YYYY-MM-DD)",
    )


class Source(Shape):
    """Where the advice comes from."""

    label: str
    url: str | None = None
    topic: Coding | None = None


class Action(Shape):
    """A draft order."""

    type: Literal["create"]
    description: str
    resource: dict[str, Any]


class Suggestion(Shape):
    """One draft order a clinician may take over."""

    label: str
    uuid: str
    actions: list[Action]


class Card(Shape):
    """The advice. `extension` holds the machine-readable decision under org.dvt-next-step.decision."""

    uuid: str
    summary: str = Field(max_length=139)
    detail: str = Field(description="GitHub-flavoured Markdown")
    indicator: Literal["info", "warning", "critical"]
    source: Source
    suggestions: list[Suggestion] | None = None
    selectionBehavior: Literal["any"] | None = None
    overrideReasons: list[Coding] | None = None
    extension: dict[str, Any] | None = None


class CdsHooksResponse(Shape):
    """At most one card; none when there is nothing to say."""

    cards: list[Card] = Field(max_length=1)


class ServiceEntry(Shape):
    """One offered service."""

    hook: str
    id: str
    title: str
    description: str
    version: str
    usageRequirements: str
    prefetch: dict[str, str] | None = None


class CdsServices(Shape):
    """What is offered."""

    services: list[ServiceEntry]


class EvaluateRequest(Shape):
    """A patient as named facts or as a FHIR Bundle: exactly one of the two."""

    today: str | None = Field(None, description="YYYY-MM-DD; the server's day when absent")
    facts: dict[str, Any] | None = Field(None, description="The public vocabulary; absent or not understood = unknown")
    record: dict[str, Any] | None = Field(None, description="A FHIR R4 Bundle about exactly one patient")
    config: dict[str, Any] | None = Field(
        None, description="A site's settings; wrong ones are refused with the allowed values"
    )


class TimingShape(Shape):
    """When to act."""

    kind: Literal["window", "due", "overdue", "now", "lapsed", "none", "unknown"]
    earliest: str | None = None
    latest: str | None = None


class RecommendationShape(Shape):
    """One recommendation."""

    id: str
    indicator: Literal["info", "warning", "critical"]
    rules: list[str]
    timing: TimingShape
    modality: str | None = None
    already_ordered: bool | None = None
    bleeding: str | None = None


class TraceStep(Shape):
    """One row that fired."""

    pathway: str
    stage: str
    rule: str
    because: str
    advised: list[str] | None = None
    concluded: dict[str, str] | None = None
    stopped: bool | None = None


class PathwayShape(Shape):
    """One pathway that is served."""

    id: str
    version: str
    content_hash: str
    status: Literal["approved", "draft"]


class PathwayCounts(Shape):
    """How much there is of everything."""

    stages: int
    rows: int
    recommendations: int
    facts: int
    parameters: int
    references: int
    project_choices: int = Field(description="Choices without a published source: a clinician has to sign them")


class PathwayEntry(PathwayShape):
    """One pathway in the list."""

    title: str
    question: str
    population: str
    uses: str | None = Field(None, description="The pathway whose words and stages this one uses")
    counts: PathwayCounts


class PathwayList(Shape):
    """Every pathway that is served."""

    pathways: list[PathwayEntry]


class PathwayContent(PathwayEntry):
    """Everything a pathway says, as its files say it; defaults are left out."""

    stages: list[dict[str, Any]] = Field(description="In the order they are read, each with its question and rows")
    parameters: dict[str, dict[str, Any]] = Field(description="Numbers with unit, bounds and sources")
    policies: dict[str, dict[str, Any]] = Field(description="What a site decides")
    findings: dict[str, dict[str, Any]] = Field(description="What rows conclude for later rows")
    facts: dict[str, dict[str, Any]] = Field(description="Values, meaning, and what happens when unknown")
    dates: dict[str, str]
    questions: list[dict[str, Any]] = Field(description="Missing facts worth asking for")
    queries: dict[str, dict[str, Any]] = Field(description="FHIR queries that find the facts")
    reading: dict[str, dict[str, Any]] = Field(description="Where in a record each public fact is found")
    recommendations: dict[str, dict[str, Any]]
    orders: dict[str, dict[str, Any]] = Field(description="Draft orders")
    references: dict[str, dict[str, Any]] = Field(description="Citations, and how far each was read")
    return_precautions: str
    scope_note: str
    project_choices: list[str]


class EvaluateResponse(Shape):
    """All recommendations, the leading one first, with the rules that fired and the facts as understood."""

    recommendations: list[RecommendationShape]
    trace: list[TraceStep]
    facts: dict[str, Any]
    pathways: list[PathwayShape]
    found: list[dict[str, Any]] | None = Field(None, description="With a record: where each fact was found")
    not_found: list[dict[str, Any]] | None = Field(None, description="With a record: why a fact is unknown")
    set_aside: list[dict[str, Any]] | None = Field(None, description="With a record: resources that were not used")


class Health(Shape):
    """The service is up and serves these pathways."""

    status: Literal["ok"]
    version: str
    pathways: list[PathwayShape]


PUBLIC: Final = (
    OperationOutcome,
    CdsHooksRequest,
    CdsHooksResponse,
    CdsServices,
    EvaluateRequest,
    EvaluateResponse,
    PathwayList,
    PathwayContent,
    Health,
)


def schemas() -> dict[str, Any]:
    """The component schemas of all public shapes."""
    _, whole = models_json_schema(
        [(shape, "validation") for shape in PUBLIC], ref_template="#/components/schemas/{model}"
    )
    defined: dict[str, Any] = whole["$defs"]
    return defined


def request_body(shape: type[Shape], examples: Mapping[str, Any]) -> dict[str, Any]:
    """The `openapi_extra` of a route that reads its body itself."""
    return {"requestBody": {"required": True, "content": {JSON: _content(shape, examples, "request")}}}


def answers(shape: type[Shape], description: str, examples: Mapping[str, Any], *errors: int) -> Responses:
    """The `responses` of a route: the shape of success, and the one shape of every error."""
    said: Responses = {200: {"description": description, "content": {JSON: _content(shape, examples, "response")}}}
    for status in (*errors, 405, 500):
        said[status] = {"description": WHAT_STATUS_MEANS[status], "content": {JSON: _content(OperationOutcome, {}, "")}}
    return said


def read_examples(folder: Path) -> dict[str, Any]:
    """File name without .json -> {"request", "response"}, in the order of the names. Empty when there is no folder."""
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))}


async def recorded(app: ASGIApp, folder: Path) -> dict[Path, str]:
    """Example file -> its text with the answer that `app` gives to its request now."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        return {
            file: await _recorded(client, file.parent.relative_to(folder).as_posix(), request)
            for file, request in _requests(folder).items()
        }


def _requests(folder: Path) -> dict[Path, Any]:
    files = sorted(folder.glob("**/*.json"))
    return {file: json.loads(file.read_text(encoding="utf-8"))["request"] for file in files}


async def _recorded(client: httpx.AsyncClient, place: str, request: Any) -> str:  # noqa: ANN401 -- any JSON
    """The folder is the address, and a request without a body is a GET; beside the folders are the hook calls."""
    address = f"/cds-services/dvt-next-step-{request['hook']}" if place == "." else f"/{place}"
    response = await (client.get(address) if request is None else client.post(address, json=request))
    return written({"request": request, "response": response.json()})


def written(document: object) -> str:
    """A generated JSON file's text: the same document is the same bytes."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _content(shape: type[Shape], examples: Mapping[str, Any], part: str) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{shape.__name__}"}}
    shown = {
        name: {"summary": _title(name), "value": both[part]}
        for name, both in examples.items()
        if part in both and both[part].get("resourceType") != "OperationOutcome"
    }
    return {**content, "examples": shown} if shown else content


def _title(name: str) -> str:
    return name.replace("-", " ").replace("_", " ").capitalize()
