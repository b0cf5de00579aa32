"""The envelope of a call: what is tolerated, what is refused, and that a refusal never repeats what was sent."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx
import pytest

from app.settings import Settings
from tests.front_door import SERVICE, ask, assert_error, make_service

MARK = "Zaphod-1952"

CALL: Mapping[str, Any] = {
    "hook": "patient-view",
    "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    "context": {"userId": "Practitioner/p1", "patientId": "p-1"},
    "prefetch": {"patient": {"resourceType": "Patient", "id": "p-1"}, "reports": None},
}


def call(**change: object) -> dict[str, object]:
    """The call with other members; `...` takes one away."""
    return {name: value for name, value in {**CALL, **change}.items() if value is not ...}


def context(**change: object) -> dict[str, object]:
    return {name: value for name, value in {**CALL["context"], **change}.items() if value is not ...}


async def post(body: object) -> httpx.Response:
    return await ask("POST", SERVICE, json=body)


@pytest.mark.row("RESP-01", "RESP-02")
async def test_the_plain_call_is_answered() -> None:
    """Nothing to say is an empty list of cards."""
    response = await post(CALL)

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"cards": []}


TOLERATED: Mapping[str, Mapping[str, object]] = {
    "an unknown member": {"unheard_of": {"deep": [1, None]}},
    "members of older versions": {"user": "Practitioner/p1", "date": "2026-03-12"},
    "an extension": {"extension": {"com.example.any": [1, "x", None]}},
    "an extension list": {"extension": ["not", "an", "object"]},
    "an extension text": {"extension": "text"},
    "an extension number": {"extension": 5},
    "an extension null": {"extension": None},
    "nulls": {"fhirServer": None, "fhirAuthorization": None},
    "a server without a token": {"fhirServer": "https://ehr.example/fhir"},
    "an empty authorization": {"fhirServer": "https://ehr.example/fhir", "fhirAuthorization": {}},
    "an empty server": {"fhirServer": ""},
    "an instance that is no UUID": {"hookInstance": "not-a-uuid"},
    "a long instance": {"hookInstance": "x" * 200},
    "a patient reference": {"context": context(patientId="Patient/p-1")},
    "no user": {"context": context(userId=...)},
    "a null user": {"context": context(userId=None)},
    "a null encounter": {"context": context(encounterId=None)},
    "an empty encounter": {"context": context(encounterId="")},
    "an encounter reference": {"context": context(encounterId="Encounter/e1")},
    "more context": {"context": context(department="Radiology", selections=[])},
    "a key that was not asked for": {"prefetch": {**CALL["prefetch"], "somethingElse": [1]}},
}


@pytest.mark.row("GEN-07", "EXT-03", "REQ-08", "REQ-09", "HK-04")
@pytest.mark.parametrize("change", TOLERATED.values(), ids=TOLERATED.keys())
async def test_a_call_that_carries_more_or_other_things_is_answered(change: Mapping[str, object]) -> None:
    """Unknown members, nulls and any-shape extensions."""
    assert (await post(call(**change))).json() == {"cards": []}


REFUSED: Sequence[tuple[object, str, str]] = [
    (call(hook=...), "missing-member", "hook"),
    (call(hook=None), "missing-member", "hook"),
    (call(hook=5), "invalid-member", "hook"),
    (call(hook=f"{MARK}"), "wrong-hook", "hook"),
    (call(hook="order-select"), "wrong-hook", "hook"),
    (call(hookInstance=...), "missing-member", "hookInstance"),
    (call(hookInstance=""), "missing-member", "hookInstance"),
    (call(hookInstance={"id": MARK}), "invalid-member", "hookInstance"),
    (call(hookInstance=MARK * 30), "invalid-member", "hookInstance"),
    (call(context=...), "missing-member", "context"),
    (call(context=None), "missing-member", "context"),
    (call(context=[MARK]), "invalid-member", "context"),
    (call(context={}), "missing-member", "context.patientId"),
    (call(context=context(patientId=...)), "missing-member", "context.patientId"),
    (call(context=context(patientId=5)), "invalid-member", "context.patientId"),
    (call(context=context(patientId=f"Practitioner/{MARK}")), "invalid-member", "context.patientId"),
    (call(context=context(patientId=f"{MARK}/../Observation")), "invalid-member", "context.patientId"),
    (call(context=context(patientId=f"{MARK}?_include=*")), "invalid-member", "context.patientId"),
    (call(context=context(patientId=f"{MARK}&patient=2")), "invalid-member", "context.patientId"),
    (call(context=context(patientId=f"{MARK}%32")), "invalid-member", "context.patientId"),
    (call(context=context(patientId=f"{MARK}\n")), "invalid-member", "context.patientId"),
    (call(context=context(patientId="Patient/")), "invalid-member", "context.patientId"),
    (call(context=context(patientId=".")), "invalid-member", "context.patientId"),
    (call(context=context(patientId="Patient/..")), "invalid-member", "context.patientId"),
    (call(context=context(patientId="a" * 65)), "invalid-member", "context.patientId"),
    (call(context=context(encounterId=f"{MARK} 1")), "invalid-member", "context.encounterId"),
    (call(context=context(encounterId=[MARK])), "invalid-member", "context.encounterId"),
    (call(context=context(userId={"x": MARK})), "invalid-member", "context.userId"),
    (call(prefetch=[MARK]), "invalid-member", "prefetch"),
    (call(prefetch=MARK), "invalid-member", "prefetch"),
    (call(fhirServer=[MARK]), "invalid-member", "fhirServer"),
    (call(fhirAuthorization=MARK), "invalid-member", "fhirAuthorization"),
    (call(fhirAuthorization={"access_token": MARK}), "missing-member", "fhirServer"),
    (call(fhirServer="x", fhirAuthorization={"scope": MARK}), "invalid-member", "fhirAuthorization"),
    (
        call(fhirServer="x", fhirAuthorization={"access_token": f"{MARK}\r\nX: y"}),
        "invalid-member",
        "fhirAuthorization",
    ),
    (
        call(fhirServer="x", fhirAuthorization={"access_token": "t", "token_type": MARK}),
        "invalid-member",
        "fhirAuthorization",
    ),
    (
        call(fhirServer="x", fhirAuthorization={"access_token": 5}),
        "invalid-member",
        "fhirAuthorization.access_token",
    ),
]


@pytest.mark.row("REQ-02", "REQ-03", "REQ-05", "REQ-07")
@pytest.mark.parametrize(
    ("refused", "code", "member"), REFUSED, ids=[f"{number}-{member}" for number, (_, _, member) in enumerate(REFUSED)]
)
async def test_a_call_that_cannot_be_read_is_told_which_member_to_change(
    refused: object, code: str, member: str
) -> None:
    """Threat B6 and B9."""
    response = await post(refused)

    assert_error(response, 400, code, member)
    assert MARK not in response.text


@pytest.mark.row("FHIR-09")
@pytest.mark.parametrize("token_for", [f"{MARK}", f"Patient/{MARK}"])
async def test_a_token_for_another_patient_is_refused(token_for: str) -> None:
    """Threat H1."""
    granted = {"access_token": "t", "token_type": "bearer", "patient": token_for}
    response = await post(call(fhirServer="https://ehr.example", fhirAuthorization=granted))

    assert_error(response, 400, "subject-mismatch", "context.patientId")
    assert MARK not in response.text


async def test_a_prefetched_patient_other_than_the_charts_is_refused() -> None:
    """Threat H1."""
    response = await post(call(prefetch={"patient": {"resourceType": "Patient", "id": MARK}, "reports": None}))

    assert_error(response, 400, "subject-mismatch", "context.patientId")
    assert MARK not in response.text


TEXT = json.dumps(CALL)


NOT_JSON: Mapping[str, bytes] = {
    "nothing": b"",
    "cut off": TEXT[:-1].encode(),
    "more behind it": f"{TEXT} {MARK}".encode(),
    "NaN": TEXT.replace('"p-1"', "NaN").encode(),
    "Infinity": TEXT.replace('"p-1"', "Infinity").encode(),
    "a lone surrogate": TEXT.replace("p-1", "\\ud800").encode(),
    "a lone surrogate deep inside": TEXT.replace('"resourceType"', '"x": "\\udfff", "resourceType"').encode(),
    "Latin-1": TEXT.replace("p-1", "\xff").encode("latin-1"),
    "Latin-1 deep inside": TEXT.replace('"resourceType"', '"x": "\xff", "resourceType"').encode("latin-1"),
    "Latin-1 in a name": TEXT.replace('"hook"', '"\xff": 1, "hook"').encode("latin-1"),
    "UTF-16": TEXT.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "a comment": TEXT.replace("{", "{// comment\n", 1).encode(),
    "a trailing comma": TEXT.replace("}", ",}", 1).encode(),
}
NOT_AN_OBJECT = {
    "a list": f"[{TEXT}]".encode(),
    "null": b"null",
    "a number": b"5",
    "a text": f'"{MARK}"'.encode(),
}
TOO_DEEP = {
    "lists in an extension": b'{"extension":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "objects in the prefetch": b'{"prefetch":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001,
}
UNREADABLE = [
    *(pytest.param(body, "not-json", id=name) for name, body in NOT_JSON.items()),
    *(pytest.param(body, "wrong-shape", id=name) for name, body in NOT_AN_OBJECT.items()),
    *(pytest.param(body, "too-deep", id=f"too many {name}") for name, body in TOO_DEEP.items()),
]


@pytest.mark.row("GEN-01", "GEN-05")
@pytest.mark.parametrize(("body", "code"), UNREADABLE)
async def test_what_is_not_json_is_refused(body: bytes, code: str) -> None:
    """Threat C1."""
    response = await ask("POST", SERVICE, content=body)

    assert_error(response, 400, code)
    assert MARK not in response.text


@pytest.mark.row("GEN-06")
@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON ;charset=UTF-8",
        "application/fhir+json",
        "application/fhir+json; fhirVersion=4.0",
        None,
    ],
)
async def test_json_comes_under_several_media_types(media_type: str | None) -> None:
    headers = {"content-type": media_type} if media_type else {}
    response = await ask("POST", SERVICE, content=TEXT.encode(), headers=headers)

    assert response.status_code == 200


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "multipart/form-data", "application/jsonx"])
async def test_another_media_type_is_refused(media_type: str) -> None:
    response = await ask("POST", SERVICE, content=TEXT.encode(), headers={"content-type": media_type})

    assert_error(response, 415, "not-json-type", "Content-Type")


async def test_a_compressed_body_is_refused() -> None:
    """Threat C3."""
    response = await ask("POST", SERVICE, content=TEXT.encode(), headers={"content-encoding": "gzip"})

    assert_error(response, 415, "compressed", "Content-Encoding")


async def test_an_uncompressed_body_may_say_so() -> None:
    response = await ask("POST", SERVICE, content=TEXT.encode(), headers={"content-encoding": "identity"})

    assert response.status_code == 200


def of_length(length: int) -> bytes:
    return TEXT.encode().ljust(length)


@pytest.mark.parametrize(("length", "status"), [(2048, 200), (2049, 413)])
async def test_the_limit_of_the_body_is_exact(length: int, status: int) -> None:
    """Threat C3."""
    app = make_service(settings=Settings(max_body_bytes=2048))
    response = await ask("POST", SERVICE, app=app, content=of_length(length))

    assert response.status_code == status


async def test_a_body_without_a_declared_length_is_limited_too() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b" " * 1000

    response = await ask("POST", SERVICE, app=make_service(settings=Settings(max_body_bytes=2048)), content=chunks())

    assert_error(response, 413, "too-long")


async def test_a_body_longer_than_declared_is_limited_too() -> None:
    headers = {"content-length": "10"}
    response = await ask(
        "POST",
        SERVICE,
        app=make_service(settings=Settings(max_body_bytes=2048)),
        content=of_length(2049),
        headers=headers,
    )

    assert_error(response, 413, "too-long")


async def test_an_absurd_declared_length_is_refused_unread() -> None:
    headers = {"content-length": "9" * 5000}
    response = await ask("POST", SERVICE, content=b"{}", headers=headers)

    assert_error(response, 413, "too-long")


async def test_an_unknown_service_is_the_only_404_of_a_call() -> None:
    """Status table: 404 means an unknown service id."""
    assert_error(await ask("POST", f"/cds-services/{MARK}", json=CALL), 404, "unknown-service")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
async def test_a_service_answers_post_only(method: str) -> None:
    response = await ask(method, SERVICE)

    assert_error(response, 405, "wrong-method")
    assert response.headers["allow"] == "POST"
