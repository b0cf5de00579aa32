"""What decisions/0006 takes and refuses is what the document says: each deviation, sent and held against its schema."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import pytest
from jsonschema import (  # type: ignore[import-untyped]  # it has no types of its own
    Draft202012Validator,
    FormatChecker,
)

from tests.front_door import SERVICE, ask, call, limited_scan, make_service

GRANTED: Final = {"access_token": "abc", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.read"}
SERVER: Final = "https://ehr.example.org/fhir"


def with_context(**members: object) -> dict[str, Any]:
    return call(context={"patientId": "p-1", "userId": "Practitioner/p1", **members})


def granting(members: Mapping[str, object]) -> dict[str, Any]:
    return call(fhirServer=SERVER, fhirAuthorization={**GRANTED, **members})


def less(name: str, whole: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in whole.items() if key != name}


TAKEN: Final = {
    "as the standard asks": call(),
    "an id of the call that is no UUID": call(hookInstance="1"),
    "the longest id of the call": call(hookInstance="x" * 200),
    "nobody named as user": call(context={"patientId": "p-1"}),
    "a reference for the patient": with_context(patientId="Patient/p-1"),
    "a reference for the encounter": with_context(encounterId="Encounter/9"),
    "an empty encounter": with_context(encounterId=""),
    "no encounter": with_context(encounterId=None),
    "members nobody knows": call(since="3.0"),
    "an extension that is no object": call(extension=[1]),
    "an extension that empties the day": call(extension={"org.dvt-next-step.today": None}),
    "an empty right": call(fhirAuthorization={}),
    "no right": call(fhirAuthorization=None, fhirServer=None),
    "a right in small letters": granting({"token_type": "bearer"}),
    "a right without its type": granting({"token_type": None}),
    "a right for this patient": granting({"patient": "Patient/p-1"}),
}
REFUSED: Final = {
    "another hook": call(hook="order-sign"),
    "no hook": less("hook", call()),
    "no id of the call": less("hookInstance", call()),
    "an empty id of the call": call(hookInstance=""),
    "an id of the call that is too long": call(hookInstance="x" * 201),
    "no context": less("context", call()),
    "no patient": call(context={"userId": "Practitioner/p1"}),
    "a patient that is a path": with_context(patientId="../p-1"),
    "two dots for the patient": with_context(patientId=".."),
    "a dot for the patient": with_context(patientId="Patient/."),
    "a patient with a space": with_context(patientId="p 1"),
    "an id that is too long": with_context(patientId="x" * 65),
    "a number as user": with_context(userId=7),
    "an encounter of another kind": with_context(encounterId="Visit/9"),
    "a day that is none": call(extension={"org.dvt-next-step.today": "2026-02-30"}),
    "a right without its server": less("fhirServer", granting({})),
    "a right without its token": call(fhirServer=SERVER, fhirAuthorization=less("access_token", GRANTED)),
    "a token with an accent": granting({"access_token": "caf\u00e9"}),
    "a right of another type": granting({"token_type": "DPoP"}),
    "a right that ends at a word": granting({"expires_in": "soon"}),
    "a list of data": {**call(), "prefetch": [limited_scan()]},
}


@pytest.mark.parametrize("body", TAKEN.values(), ids=TAKEN.keys())
async def test_what_is_taken_is_described(body: dict[str, Any]) -> None:
    assert (await ask("POST", SERVICE, json=body)).status_code == 200
    assert schema_of_a_call().is_valid(body)


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
async def test_what_is_refused_is_not_described(body: dict[str, Any]) -> None:
    assert (await ask("POST", SERVICE, json=body)).status_code == 400
    assert not schema_of_a_call().is_valid(body)


@cache
def schema_of_a_call() -> Draft202012Validator:
    document = make_service().openapi()
    body = document["paths"][SERVICE]["post"]["requestBody"]["content"]["application/json"]
    schema = {**body["schema"], "components": document["components"]}
    return Draft202012Validator(schema, format_checker=FormatChecker())
