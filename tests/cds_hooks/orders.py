"""Calls of the order hooks about the patient of `limited_scan`: whose complete repeat ultrasound is due."""

from typing import Any

from fastapi import FastAPI

from tests.front_door import Ehr, about_leg, ask, limited_scan, no_ehr

Json = dict[str, Any]

DUPLEX = {"coding": [{"system": "http://snomed.info/sct", "code": "312725000"}]}
DUPLEX_LEFT = {"coding": [{"system": "http://loinc.org", "code": "39432-0"}]}
LIMITED_DUPLEX = {"coding": [{"system": "http://loinc.org", "code": "80860-0"}]}
CT_VENOGRAPHY = {"coding": [{"system": "http://loinc.org", "code": "87838-9"}]}
RUN_OFF = {"coding": [{"system": "http://snomed.info/sct", "code": "712809006"}]}
D_DIMER = {"coding": [{"system": "http://loinc.org", "code": "48065-7"}]}
APIXABAN = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1364430"}]}
CHEST_X_RAY = {"coding": [{"system": "http://loinc.org", "code": "36643-5"}]}
LEFT = {"coding": [{"system": "http://snomed.info/sct", "code": "7771000"}]}
RIGHT = {"coding": [{"system": "http://snomed.info/sct", "code": "24028007"}]}


def order(code: Json | None = None, **members: object) -> Json:
    """A draft ServiceRequest for this patient, of a leg-vein duplex if nothing else is said."""
    drafted = about_leg(resourceType="ServiceRequest", id="sr-1", status="draft", intent="order", code=code or DUPLEX)
    return {name: value for name, value in {**drafted, **members}.items() if value is not None}


def drug(code: Json | None = None, **members: object) -> Json:
    """A draft MedicationRequest of an anticoagulant."""
    drafted = {**order(), "resourceType": "MedicationRequest", "medicationCodeableConcept": code or APIXABAN, **members}
    return {name: value for name, value in drafted.items() if value is not None and name != "code"}


def appointment(code: Json | None = None, **members: object) -> Json:
    """A proposed Appointment for this patient."""
    booking = {
        "resourceType": "Appointment",
        "id": "a-1",
        "status": "proposed",
        "serviceType": [code or DUPLEX_LEFT],
        "start": "2026-04-20T09:00:00+02:00",
        "end": "2026-04-20T09:30:00+02:00",
        "participant": [{"actor": {"reference": "Patient/p-1"}, "status": "tentative"}],
    }
    return {name: value for name, value in {**booking, **members}.items() if value is not None}


def bundle(*resources: object) -> Json:
    return {"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}


def hook_call(hook: str, prefetch: Json | None = None, *, extension: Json | None = None, **context: object) -> Json:
    """A call of this hook about that patient."""
    return {
        "hook": hook,
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/p1", "patientId": "p-1", "encounterId": "e-1", **context},
        "prefetch": limited_scan() if prefetch is None else prefetch,
        **({"extension": extension} if extension else {}),
    }


def sign(*drafts: object, **members: Any) -> Json:  # noqa: ANN401 -- any members of the call
    return hook_call("order-sign", draftOrders=bundle(*drafts), **members)


def select(selections: list[object], *drafts: object) -> Json:
    return hook_call("order-select", selections=selections, draftOrders=bundle(*drafts))


async def cards_of(call: Json, ehr: Ehr = no_ehr, *, app: FastAPI | None = None) -> list[Json]:
    """The cards that the service of the call's hook answers with."""
    response = await ask("POST", f"/cds-services/dvt-next-step-{call['hook']}", ehr, app=app, json=call)
    assert response.status_code == 200, response.text
    cards: list[Json] = response.json()["cards"]
    return cards


async def advised(call: Json, ehr: Ehr = no_ehr, *, app: FastAPI | None = None) -> list[str]:
    """The recommendations about the orders of a call; none: silence."""
    cards = await cards_of(call, ehr, app=app)
    return [
        made["id"]
        for card in cards
        for made in card["extension"]["org.dvt-next-step.decision"]["order_advice"]["recommendations"]
    ]
