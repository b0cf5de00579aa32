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
    "procedures": "Procedure",
    "encounters": "Encounter",
    "prescriptions": "MedicationRequest",
    "taken": "MedicationStatement",
    "allergies": "AllergyIntolerance",
    "devices": "Device",
    "forms": "QuestionnaireResponse",
}
ICD_10_CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
HL7: Final = "http://terminology.hl7.org/CodeSystem"


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


def condition(
    code: Json,
    clinical: str | None = "active",
    verification: str | None = "confirmed",
    **members: Any,  # noqa: ANN401 -- any JSON
) -> Json:
    """A diagnosis recorded on 1 March 2026."""
    statuses = {
        "clinicalStatus": clinical and coded(f"{HL7}/condition-clinical", clinical),
        "verificationStatus": verification and coded(f"{HL7}/condition-ver-status", verification),
    }
    return {
        "resourceType": "Condition",
        "id": "c1",
        "code": code,
        "recordedDate": "2026-03-01",
        **{name: status for name, status in statuses.items() if status},
        **ours(**members),
    }


def procedure(code: Json, day: str | None = "2026-03-01", **members: object) -> Json:
    """Something that was done on 1 March 2026."""
    return {
        "resourceType": "Procedure",
        "id": "p1",
        "status": "completed",
        "code": code,
        "performedDateTime": day,
        **ours(**members),
    }


def encounter(
    kind: str,
    start: str | None = "2026-03-12",
    end: str | None = None,
    **members: Any,  # noqa: ANN401 -- any JSON
) -> Json:
    """An open contact of 12 March 2026."""
    return {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished" if end else "in-progress",
        "class": {"system": ACT_CODE, "code": kind},
        "period": {"start": start, "end": end},
        **ours(**members),
    }


def prescription(drug: Json, **members: object) -> Json:
    """An active order of 1 March 2026."""
    return {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": drug,
        "authoredOn": "2026-03-01",
        **ours(**members),
    }


def taken(drug: Json, **members: object) -> Json:
    """A drug that is taken, said on 10 March 2026."""
    return {
        "resourceType": "MedicationStatement",
        "id": "t1",
        "status": "active",
        "medicationCodeableConcept": drug,
        "effectiveDateTime": "2026-03-10",
        **ours(**members),
    }


def allergy(
    code: Json,
    clinical: str | None = "active",
    verification: str | None = None,
    **members: Any,  # noqa: ANN401 -- any JSON
) -> Json:
    """An allergy on the list."""
    statuses = {
        "clinicalStatus": clinical and coded(f"{HL7}/allergyintolerance-clinical", clinical),
        "verificationStatus": verification and coded(f"{HL7}/allergyintolerance-verification", verification),
    }
    return {
        "resourceType": "AllergyIntolerance",
        "id": "a1",
        "code": code,
        "patient": {"reference": f"Patient/{PATIENT_ID}"},
        **{name: status for name, status in statuses.items() if status},
        **members,
    }


def device(kind: Json, **members: object) -> Json:
    """An implant."""
    about = {"reference": f"Patient/{PATIENT_ID}"}
    return {"resourceType": "Device", "id": "d1", "type": kind, "patient": about, **members}


def form(*items: Json, **members: object) -> Json:
    """Our form, filled in on 10 March 2026."""
    return {
        "resourceType": "QuestionnaireResponse",
        "id": "q1",
        "questionnaire": "urn:dvt-next-step:questionnaire",
        "status": "completed",
        "authored": "2026-03-10",
        "item": list(items),
        **ours(**members),
    }


def answered(question: str, *answers: Json) -> Json:
    """A question of our form with its answers."""
    return {"linkId": question, "answer": list(answers)}


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
    **{kind: key for key, kind in EXPECTED.items()},
}


def prefetch(*resources: Json) -> dict[str, msgspec.Raw]:
    """Every key answered: each resource under the key of its type."""
    answers: dict[str, list[Json]] = {key: [] for key in EXPECTED}
    for resource in resources:
        answers[KEYS[resource["resourceType"]]].append(resource)
    people = answers.pop("patient") or [patient()]
    return {"patient": raw(people[0]), **{key: raw(bundle(*found)) for key, found in answers.items()}}
