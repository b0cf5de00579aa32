"""What a CDS Hooks call says: the envelope of a request, read tolerantly and checked once.

Unknown members are ignored (GEN-07), `null` and empty strings are absent, `extension` may hold any JSON (EXT-03).
What we need and cannot do without is refused with 400, naming the member and never its value.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NoReturn

import msgspec

from app.bodies import decode_body, iso_date
from app.errors import CallerError, SubjectMismatch
from app.fhir.access import FhirAccess

TODAY: Final = "org.dvt-next-step.today"
TRIGGER: Final = "com.epic.cdshooks.request.bpa-trigger-action"
FHIR_ID: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9\-.]{1,64}")
"""FHIR's ids, without `.` and `..`: an address made with one of those would be shortened to another (threat B9)."""
LONGEST_HOOK_INSTANCE: Final = 200
NULL: Final = b"null"


class Envelope(msgspec.Struct):
    """The members of a request that we read, each still as it came."""

    hook: msgspec.Raw = msgspec.Raw(NULL)
    hookInstance: msgspec.Raw = msgspec.Raw(NULL)  # noqa: N815 -- the wire's name
    fhirServer: msgspec.Raw = msgspec.Raw(NULL)  # noqa: N815 -- the wire's name
    fhirAuthorization: msgspec.Raw = msgspec.Raw(NULL)  # noqa: N815 -- the wire's name
    context: msgspec.Raw = msgspec.Raw(NULL)
    prefetch: msgspec.Raw = msgspec.Raw(NULL)
    extension: msgspec.Raw = msgspec.Raw(NULL)


_ENVELOPE: Final = msgspec.json.Decoder(Envelope)
_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT: Final = msgspec.json.Decoder(str | None)
_WORD: Final = msgspec.json.Decoder(str | int | None)
_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw] | None)
_NUMBER: Final = msgspec.json.Decoder(float | None)


@dataclass(frozen=True, slots=True)
class Call:
    """One checked call. `prefetch` holds each key as it came: absent, null and empty are different things (PF-11).
    `context` holds what a hook brings beside patient, encounter and user. `trigger`: which of an EHR's own moments was
    sent as this hook (vendors.md, 2); None for those that do not say.
    """

    hook: str
    hook_instance: str
    patient_id: str
    encounter_id: str | None
    user_id: str | None
    fhir_server: str | None
    access: FhirAccess | None
    prefetch: Mapping[str, msgspec.Raw]
    today: date | None
    context: Mapping[str, msgspec.Raw] = field(default_factory=dict)
    trigger: str | None = None


def read_call(body: bytes, hook: str, *, may_set_today: bool) -> Call:
    """The call in a request body, or CallerError 400.

    `hookInstance` may be any text of at most 200 characters: REQ-03 asks for a UUID, real clients send other ids, and
    we use it as a seed only (REQ-04). `context.userId` may be missing: patient-view requires it, we do not use it.
    """
    envelope = decode_body(_ENVELOPE, body)
    _check_hook(_text(envelope.hook, "hook"), hook)
    context = _object(envelope.context, "context")
    if context is None:
        _refuse("missing", "context", "Send the context object of the hook.")
    patient_id = _fhir_id(context, "patientId", "Patient")
    if patient_id is None:
        _refuse("missing", "context.patientId", "Send the id of the patient whose chart is open.")
    fhir_server = _text(envelope.fhirServer, "fhirServer")
    return Call(
        hook=hook,
        hook_instance=_hook_instance(envelope),
        patient_id=patient_id,
        encounter_id=_fhir_id(context, "encounterId", "Encounter"),
        user_id=_text(context.get("userId", msgspec.Raw(NULL)), "context.userId"),
        fhir_server=fhir_server,
        access=_access(envelope, fhir_server, patient_id),
        prefetch=_object(envelope.prefetch, "prefetch") or {},
        today=_today(envelope.extension) if may_set_today else None,
        context=context,
        trigger=_trigger(envelope.extension),
    )


def _check_hook(sent: str | None, offered: str) -> None:
    if sent is None:
        _refuse("missing", "hook", f"Send hook: {offered}.")
    if sent != offered:
        raise CallerError(400, "wrong-hook", "This service answers another hook.", f"Send hook: {offered}.", ("hook",))


def _hook_instance(envelope: Envelope) -> str:
    sent = _text(envelope.hookInstance, "hookInstance")
    if sent is None or len(sent) > LONGEST_HOOK_INSTANCE:
        change = f"Send a UUID (any text of 1 to {LONGEST_HOOK_INSTANCE} characters is taken)."
        _refuse("missing" if sent is None else "invalid", "hookInstance", change)
    return sent


def _access(envelope: Envelope, fhir_server: str | None, patient_id: str) -> FhirAccess | None:
    """The right to ask the client's FHIR server, if it was granted. FHIR-09: a token for another patient is refused."""
    granted = _object(envelope.fhirAuthorization, "fhirAuthorization")
    if not granted:
        return None
    if fhir_server is None:  # REQ-05
        _refuse("missing", "fhirServer", "Send fhirServer whenever fhirAuthorization is sent.")
    token = _text(granted.get("access_token", msgspec.Raw(NULL)), "fhirAuthorization.access_token")
    kind = _text(granted.get("token_type", msgspec.Raw(NULL)), "fhirAuthorization.token_type")
    if token is None or not (token.isascii() and token.isprintable()) or (kind or "bearer").lower() != "bearer":
        _refuse("invalid", "fhirAuthorization", "Send access_token as a text and token_type: Bearer.")
    patient = _text(granted.get("patient", msgspec.Raw(NULL)), "fhirAuthorization.patient")
    if patient is not None and patient.removeprefix("Patient/") != patient_id:
        raise SubjectMismatch
    return FhirAccess(
        fhir_server,
        token,
        expires_in=_number(granted.get("expires_in", msgspec.Raw(NULL)), "fhirAuthorization.expires_in"),
        scope=_text(granted.get("scope", msgspec.Raw(NULL)), "fhirAuthorization.scope"),
    )


def _today(extension: msgspec.Raw) -> date | None:
    """The development clock a call may bring. Other extensions are not ours to judge."""
    members = _members(extension)
    if members is None or TODAY not in members:
        return None
    try:
        sent = _TEXT.decode(members[TODAY])
        return None if sent is None else iso_date(sent)
    except ValueError:
        _refuse("invalid", f"extension.{TODAY}", "Send a calendar day as YYYY-MM-DD.")


def _trigger(extension: msgspec.Raw) -> str | None:
    """A number in words or digits; any other JSON is nobody's trigger (EXT-03)."""
    sent = (_members(extension) or {}).get(TRIGGER, msgspec.Raw(NULL))
    try:
        trigger = _WORD.decode(sent)
    except msgspec.DecodeError:
        return None
    return None if trigger is None else str(trigger)


def member_object(context: Mapping[str, msgspec.Raw], name: str) -> msgspec.Raw | None:
    """An object of the context as it came; None when it is absent. CallerError 400 when it is anything else."""
    raw = context.get(name, msgspec.Raw(NULL))
    return None if _object(raw, f"context.{name}") is None else raw


def member_list(context: Mapping[str, msgspec.Raw], name: str) -> list[msgspec.Raw]:
    """A list of the context, empty when it is absent. CallerError 400 when it is anything else."""
    try:
        return _LIST.decode(context.get(name, msgspec.Raw(NULL))) or []
    except msgspec.DecodeError:
        _refuse("invalid", f"context.{name}", "Send it as a list.")


def text_or_none(raw: msgspec.Raw) -> str | None:
    """A text that is not empty; None for any other JSON."""
    try:
        return _TEXT.decode(raw) or None
    except msgspec.DecodeError:
        return None


def _fhir_id(context: Mapping[str, msgspec.Raw], name: str, resource_type: str) -> str | None:
    """An id of the context, also when it came as `Patient/123`; None when absent. Threat B9: ids only, never a path."""
    sent = _text(context.get(name, msgspec.Raw(NULL)), f"context.{name}")
    if sent is None:
        return None
    bare = sent.removeprefix(f"{resource_type}/")
    if not FHIR_ID.fullmatch(bare):
        _refuse("invalid", f"context.{name}", "Send a FHIR id: 1 to 64 of A-Z, a-z, 0-9, '-' and '.'.")
    return bare


def _text(raw: msgspec.Raw, name: str) -> str | None:
    try:
        return _TEXT.decode(raw) or None
    except msgspec.DecodeError:
        _refuse("invalid", name, "Send it as a text.")


def _number(raw: msgspec.Raw, name: str) -> float | None:
    try:
        number: float | None = _NUMBER.decode(raw)
    except msgspec.DecodeError:
        _refuse("invalid", name, "Send it as a number of seconds.")
    return number


def _object(raw: msgspec.Raw, name: str) -> dict[str, msgspec.Raw] | None:
    if bytes(raw) == NULL:
        return None
    members = _members(raw)
    if members is None:
        _refuse("invalid", name, "Send it as an object.")
    return members


def _members(raw: msgspec.Raw) -> dict[str, msgspec.Raw] | None:
    try:
        return _MEMBERS.decode(raw)
    except msgspec.DecodeError:
        return None


def _refuse(code: str, member: str, change: str) -> NoReturn:
    said = "is missing" if code == "missing" else "cannot be used"
    raise CallerError(400, f"{code}-member", f"{member} {said}.", change, (member,))
