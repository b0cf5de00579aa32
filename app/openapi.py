"""The public JSON shapes and the ready examples, as OpenAPI shows them.

Documentation only: requests are read by msgspec (`cds_hooks/messages.py`, `api/evaluate.py`). A request shape says what
is taken, tolerance and all (decisions/0006), and its descriptions say what CDS Hooks asks for; tests/contract holds the
service to both.
"""
# ruff: noqa: N815 -- members have the names they have on the wire

import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict
from pydantic.json_schema import models_json_schema

from app.settings import REPOSITORY

EXAMPLES: Final = REPOSITORY / "openapi" / "examples"
JSON: Final = "application/json"

ASGIApp = Callable[..., Awaitable[None]]
Responses = dict[int | str, dict[str, Any]]

WRONG_METHOD: Final = 405
WHAT_STATUS_MEANS: Final = {
    400: "The request cannot be read or lacks something; the body says what to change.",
    404: "No such service or pathway.",
    405: "This address does not answer this method.",
    412: "Required prefetch data neither came nor could be fetched; the body names the keys.",
    413: "The body is too long.",
    415: "The body is not JSON, or is compressed.",
    500: "The service failed; the body holds no details.",
}

# On every answer; the other one on every 405 (RFC 9110, section 15.5.6).
NOSNIFF: Final = {"X-Content-Type-Options": {"required": True, "schema": {"const": "nosniff"}}}
ALLOW: Final = {"Allow": {"required": True, "description": "The methods it answers.", "schema": {"type": "string"}}}

NOTHING: Final[JsonDict] = {"type": "null"}


def _id_of(resource_type: str) -> str:
    """The pattern of a FHIR id other than `.` and `..`, also behind its type: `messages.FHIR_ID` for a schema."""
    return rf"^({resource_type}/)?([A-Za-z0-9\-][A-Za-z0-9\-.]?|\.[A-Za-z0-9\-]|[A-Za-z0-9\-.]{{3,64}})$"


PatientId = Annotated[str, Field(pattern=_id_of("Patient"))]
EncounterId = Annotated[str, Field(pattern=f"^$|{_id_of('Encounter')}")]
Day = Annotated[str, Field(json_schema_extra={"format": "date"})]


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
    """The context of a hook: the members of all hooks; each address adds its own."""

    userId: str | None = Field(None, description="Type/id, for example Practitioner/1. CDS Hooks requires it")
    patientId: PatientId = Field(description="The patient whose chart is open. Patient/123 is read as 123")
    encounterId: EncounterId | None = Field(None, description="Encounter/9 is read as 9, empty text as absent")


class NoAuthorization(Shape):
    """An empty object is read as absent."""

    model_config = ConfigDict(json_schema_extra={"maxProperties": 0})


class FhirAuthorization(Shape):
    """The right to ask the client's FHIR server, for this call only. CDS Hooks requires all but `patient`."""

    access_token: Annotated[str, Field(pattern="^[ -~]+$")]
    token_type: Annotated[str, Field(pattern="^([Bb][Ee][Aa][Rr][Ee][Rr])?$")] | None = Field(
        None, description="Bearer"
    )
    expires_in: float | None = Field(None, description="Seconds")
    scope: str | None = None
    subject: Any = None
    patient: str | None = Field(None, description="The patient of the context; another one is refused")


class CdsHooksRequest(Shape):
    """A CDS Hooks 2.0.1 call. Unknown members are ignored; prefetch keys are those of /cds-services."""

    hook: str
    hookInstance: str = Field(
        description="A UUID; any text of 1 to 200 characters is taken", min_length=1, max_length=200
    )
    context: HookContext
    fhirServer: str | None = Field(None, description="Needed with fhirAuthorization")
    fhirAuthorization: FhirAuthorization | NoAuthorization | None = None
    prefetch: dict[str, Any] | None = Field(
        None, description="A key whose query found nothing is null; a Patient other than the context's is refused"
    )
    extension: Any = Field(
        None,
        description="Any JSON. On a development server: org.dvt-next-step.today, the day to decide for (YYYY-MM-DD)",
        json_schema_extra={
            "properties": {"org.dvt-next-step.today": {"anyOf": [{"type": "string", "format": "date"}, NOTHING]}}
        },
    )


class Source(Shape):
    """Where the advice comes from."""

    label: str
    url: str | None = None
    topic: Coding | None = None


class Action(Shape):
    """A draft order to create; a draft or proposed appointment of the call to change (whole) or to delete."""

    type: Literal["create", "update", "delete"]
    description: str
    resource: dict[str, Any] | None = None
    resourceId: str | None = Field(None, description="With delete: Type/id, instead of a resource")


class Suggestion(Shape):
    """What a clinician may take over; all its actions together."""

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


HAS_PATIENT: Final[JsonDict] = {
    "contains": {
        "type": "object",
        "required": ["resource"],
        "properties": {
            "resource": {
                "type": "object",
                "required": ["resourceType"],
                "properties": {"resourceType": {"const": "Patient"}},
            }
        },
    }
}


class RecordBundle(Shape):
    """A FHIR R4 Bundle about exactly one patient. Its entries are read one by one: an odd one harms only itself."""

    resourceType: Literal["Bundle"]
    entry: Annotated[list[Any], Field(json_schema_extra=HAS_PATIENT)]


FACTS_OR_RECORD: Final[JsonDict] = {
    "oneOf": [
        {"required": ["facts"], "properties": {"facts": {"type": "object"}, "record": NOTHING}},
        {"required": ["record"], "properties": {"record": {"type": "object"}, "facts": NOTHING}},
    ]
}


class EvaluateRequest(Shape):
    """A patient as named facts or as a FHIR Bundle: exactly one of the two."""

    model_config = ConfigDict(json_schema_extra=FACTS_OR_RECORD)

    today: Day | None = Field(None, description="YYYY-MM-DD; the server's day when absent")
    facts: dict[str, Any] | None = Field(None, description="The public vocabulary; absent or not understood = unknown")
    record: RecordBundle | None = None
    config: dict[str, Any] | None = Field(
        None, description="A site's settings; wrong ones are refused with the allowed values"
    )
    orders: list[Any] | None = Field(
        None,
        description="Draft orders placed together: kind (leg_ultrasound, ct_venography, mr_venography,"
        " arterial_run_off, d_dimer, anticoagulant, discharge), form (new, placed, booking), extent (complete,"
        " limited), side (left, right, bilateral), contrast (with, without), day or earliest and latest; what is not"
        " understood is unknown",
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
    kind: Literal["order-advice"] | None = Field(None, description="Asked about orders, after the pathway it uses")
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


class AdvisedOrderShape(Shape):
    """One order as understood, what to do with it, and why. An order that does not concern this service is left out."""

    kind: str
    form: Literal["new", "placed", "booking"]
    side: str | None = None
    extent: str | None = None
    contrast: str | None = None
    earliest: str | None = None
    latest: str | None = None
    disposition: Literal["keep", "reschedule", "replace", "remove"]
    advised: TimingShape = Field(description="When the advised examination is due")
    replacement: str | None = Field(None, description="With replace: the order of the pathway to put in its place")
    recommendations: list[str]
    trace: list[TraceStep]


class OrderAdviceShape(Shape):
    """The advice on the orders, each piece once, the leading one first; none: they fit."""

    recommendations: list[RecommendationShape]
    orders: list[AdvisedOrderShape]


class EvaluateResponse(Shape):
    """All recommendations, the leading one first, with the rules that fired and the facts as understood."""

    recommendations: list[RecommendationShape]
    trace: list[TraceStep]
    facts: dict[str, Any]
    pathways: list[PathwayShape]
    found: list[dict[str, Any]] | None = Field(None, description="With a record: where each fact was found")
    not_found: list[dict[str, Any]] | None = Field(None, description="With a record: why a fact is unknown")
    set_aside: list[dict[str, Any]] | None = Field(None, description="With a record: resources that were not used")
    read_from_text: list[dict[str, Any]] | None = Field(
        None, description="With a record: what the words of reports say, whether it counts, and what to confirm"
    )
    order_advice: OrderAdviceShape | None = Field(None, description="With orders: what is said of them")


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


def request_body(shape: type[Shape], examples: Mapping[str, Any], also: Mapping[str, Any]) -> dict[str, Any]:
    """The `openapi_extra` of a route that reads its body itself. `also`: what only the route knows of its body, as JSON
    Schema.
    """
    content = _content(shape, examples, "request")
    both = {**content["schema"], **also}
    return {"requestBody": {"required": True, "content": {JSON: {**content, "schema": both}}}}


def answers(shape: type[Shape], description: str, examples: Mapping[str, Any], *errors: int) -> Responses:
    """The `responses` of a route: the shape of success, and the one shape of every error."""
    said: Responses = {200: {"description": description, "content": {JSON: _content(shape, examples, "response")}}}
    for status in (*errors, WRONG_METHOD, 500):
        said[status] = {"description": WHAT_STATUS_MEANS[status], "content": {JSON: _content(OperationOutcome, {}, "")}}
    return {
        status: {**response, "headers": {**NOSNIFF, **(ALLOW if status == WRONG_METHOD else {})}}
        for status, response in said.items()
    }


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
