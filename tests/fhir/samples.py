"""FHIR resources as an EHR sends them, for tests. Built by hand: nothing here imports the reader."""

import json
from typing import Any, Final

import msgspec

Json = dict[str, Any]

PATIENT_ID: Final = "p1"
SERVER: Final = "https://ehr.example.org/fhir"
LOINC: Final = "http://loinc.org"
SNOMED: Final = "http://snomed.info/sct"
UCUM: Final = "http://unitsofmeasure.org"
FACT: Final = "urn:dvt-next-step:fact"
VALUE: Final = "urn:dvt-next-step:value"
US_LEG_LEFT: Final = "39432-0"
US_LEG: Final = "30881-7"
NO_THROMBUS: Final = "373140001"
DEFINITE_THROMBUS: Final = "373142009"

EXPECTED: Final = {
    "patient": "Patient",
    "reports": "DiagnosticReport",
    "observations": "Observation",
    "studies": "ImagingStudy",
    "orders": "ServiceRequest",
    "conditions": "Condition",
}


def raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def ours(**members: object) -> Json:
    return {"subject": {"reference": f"Patient/{PATIENT_ID}"}, **members}


def patient(**members: object) -> Json:
    return {"resourceType": "Patient", "id": PATIENT_ID, **members}


def observation(**members: object) -> Json:
    return {"resourceType": "Observation", "status": "final", "effectiveDateTime": "2026-03-10", **ours(**members)}


def fact(name: str, value: object = None, **members: object) -> Json:
    """An Observation that states a fact in our own code system."""
    form: Json
    match value:
        case bool():
            form = {"valueBoolean": value}
        case int():
            form = {"valueInteger": value}
        case str():
            form = {"valueCodeableConcept": coded(VALUE, value)}
        case dict():
            form = value
        case _:
            form = {}
    return observation(**{"id": name.replace(".", "-").replace("_", "-"), "code": coded(FACT, name), **form, **members})


def report(**members: object) -> Json:
    """A final report of a negative left leg-vein ultrasound of 5 March 2026."""
    return {
        "resourceType": "DiagnosticReport",
        "id": "r1",
        "status": "final",
        "code": coded(LOINC, US_LEG_LEFT),
        "effectiveDateTime": "2026-03-05",
        "conclusionCode": [coded(SNOMED, NO_THROMBUS)],
        **ours(**members),
    }


def study(**members: object) -> Json:
    return {
        "resourceType": "ImagingStudy",
        "id": "i1",
        "status": "available",
        "started": "2026-03-09",
        "procedureCode": [coded(LOINC, US_LEG_LEFT)],
        **ours(**members),
    }


def order(**members: object) -> Json:
    return {
        "resourceType": "ServiceRequest",
        "id": "s1",
        "status": "active",
        "intent": "order",
        "code": coded(LOINC, US_LEG),
        "occurrenceDateTime": "2026-03-12",
        **ours(**members),
    }


def bundle(*resources: Json | None, **members: object) -> Json:
    """A searchset without fullUrl, as the examples of CDS Hooks send it."""
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **members}


def outcome(severity: str = "warning", code: str = "x", system: str = "urn:oid:1.2.840.114350.1.13.0") -> Json:
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": severity, "code": "processing", "details": coded(system, code)}],
    }


KEYS: Final = {
    "Patient": "patient",
    "DiagnosticReport": "reports",
    "Observation": "observations",
    "ImagingStudy": "studies",
    "ServiceRequest": "orders",
    "Condition": "conditions",
}


def prefetch(*resources: Json) -> dict[str, msgspec.Raw]:
    """Every key answered: each resource under the key of its type."""
    answers: dict[str, list[Json]] = {key: [] for key in EXPECTED}
    for resource in resources:
        answers[KEYS[resource["resourceType"]]].append(resource)
    people = answers.pop("patient") or [patient()]
    return {"patient": raw(people[0]), **{key: raw(bundle(*found)) for key, found in answers.items()}}
