"""The service as tests meet it: whole, in process, through HTTP, with a fake EHR and a day that stands still."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from app.__main__ import load, load_codes, load_report_words
from app.clients.load import Client, Clients, load_clients
from app.clinical.report_text import ReportWords
from app.fhir.value_sets import ValueSets
from app.main import create_app
from app.pathway.load import Pathway
from app.settings import Settings

Ehr = Callable[[httpx.Request], httpx.Response]

TODAY = date(2026, 3, 12)
SERVICE = "/cds-services/dvt-next-step-patient-view"
NOWHERE = Path(__file__).parent / "no-examples"


@cache
def pathways() -> tuple[Pathway, ...]:
    """The pathways of this repository."""
    return load(Settings())


@cache
def value_sets() -> ValueSets:
    """The value sets of this repository."""
    return load_codes(Settings())


@cache
def clients() -> Clients:
    """The clients of this repository."""
    return load_clients(Settings().clients_dir, pathways(), value_sets())


@cache
def report_words() -> ReportWords | None:
    """The words by which the reports of this repository's pathways are read."""
    return load_report_words(Settings())


def with_default(client: Client) -> Clients:
    """These clients: one, that every call belongs to."""
    return Clients({"default": client})


def no_ehr(request: httpx.Request) -> httpx.Response:
    raise AssertionError("the EHR was asked")


def make_service(
    ehr: Ehr = no_ehr,
    settings: Settings | None = None,
    *,
    http: httpx.AsyncClient | None = None,
    clock: Callable[[], date] = lambda: TODAY,
    examples: Path = NOWHERE,
    client: Client | None = None,
) -> FastAPI:
    """The service with these settings; its EHR is a function, every call comes from this client."""
    return create_app(
        settings or Settings(),
        pathways=pathways(),
        clients=with_default(client) if client else clients(),
        http=http or httpx.AsyncClient(transport=httpx.MockTransport(ehr)),
        clock=clock,
        examples=examples,
        report_words=report_words(),
    )


@asynccontextmanager
async def calling(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose calls go straight into the application."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def ask(
    method: str,
    address: str,
    ehr: Ehr = no_ehr,
    *,
    app: FastAPI | None = None,
    **request: Any,  # noqa: ANN401 -- what httpx takes
) -> httpx.Response:
    """One request to a fresh service."""
    async with calling(app or make_service(ehr)) as client:
        return await client.request(method, address, **request)


def assert_error(response: httpx.Response, status: int, code: str, *expression: str) -> None:
    """The one shape of every error: an OperationOutcome that says what is wrong, what to change, and where."""
    body = response.json()
    issue = body["issue"][0]

    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert body == {"resourceType": "OperationOutcome", "issue": [issue]}
    assert issue["severity"] == "error"
    assert issue["details"]["coding"] == [{"system": "urn:dvt-next-step:error", "code": code}]
    assert issue["details"]["text"]
    assert issue["diagnostics"]
    assert tuple(issue.get("expression", ())) == expression
    assert set(issue) <= {"severity", "code", "details", "diagnostics", "expression"}


def searchset(*resources: dict[str, Any]) -> dict[str, Any]:
    """What a FHIR search answers."""
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in resources]}


def about_leg(**members: object) -> dict[str, Any]:
    """A resource about the patient of `limited_scan`."""
    return {"subject": {"reference": "Patient/p-1"}, **members}


def stated(fact: str, value: str, day: str) -> dict[str, Any]:
    """A fact as a clinician or a form states it in our own code system."""
    return about_leg(
        resourceType="Observation",
        id=fact.replace("_", "-"),
        status="final",
        code={"coding": [{"system": "urn:dvt-next-step:fact", "code": fact}]},
        valueCodeableConcept={"coding": [{"system": "urn:dvt-next-step:value", "code": value}]},
        effectiveDateTime=day,
    )


def limited_scan() -> dict[str, Any]:
    """The prefetch of a patient whose left leg was scanned ten days ago: negative, but proximal veins only."""
    report = about_leg(
        resourceType="DiagnosticReport",
        id="r1",
        status="final",
        code={"coding": [{"system": "http://loinc.org", "code": "39432-0"}]},
        effectiveDateTime="2026-03-02",
        conclusionCode=[{"coding": [{"system": "http://snomed.info/sct", "code": "373140001"}]}],
        result=[{"reference": "Observation/exam.protocol"}, {"reference": "Observation/exam.quality"}],
    )
    return {
        "patient": {"resourceType": "Patient", "id": "p-1", "birthDate": "1970-01-01", "gender": "female"},
        "reports": searchset(report),
        "imaging_observations": searchset(
            stated("exam.protocol", "proximal_duplex", "2026-03-02"),
            stated("exam.quality", "adequate", "2026-03-02"),
        ),
        "exam_observations": searchset(stated("symptoms.status", "persistent", "2026-03-12")),
    }


def call(prefetch: dict[str, Any] | None = None, **members: object) -> dict[str, Any]:
    """A patient-view call for that patient."""
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/p1", "patientId": "p-1"},
        "prefetch": limited_scan() if prefetch is None else prefetch,
        **members,
    }
