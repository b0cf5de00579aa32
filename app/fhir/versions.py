"""Which version of a resource is the current one, whose it is, and why it may not be used.

The outcome depends on neither the order of the versions nor how often one is repeated (threat model H17, H18).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from app.fhir.answers import Arrival, Reason
from app.fhir.dates import read_instant
from app.fhir.resources import UNREADABLE, AllergyIntolerance, Condition, Header, Observation, Patient, Resource
from app.fhir.subject import Proof, Subject

_CONTENT: Final = msgspec.json.Encoder(order="deterministic")
_PLAIN: Final = msgspec.json.Decoder(float_hook=lambda text: {"number": text})  # as written: 0.40 is not "0.40"
_UNRANKED: Final = -math.inf
_ABOUT_A_PATIENT: Final = frozenset({"AllergyIntolerance", "Device"})  # FHIR calls their subject `patient`


@dataclass(frozen=True, slots=True)
class Reading:
    """An arrival and what could be read of it."""

    arrival: Arrival
    resource: Resource | None

    def content(self) -> bytes:
        """What was read, without the version: equal for two copies, whatever the order of their lists and members.

        What cannot be read has none. No reader of a resource asks for the order of a list (tests/records shows it).
        """
        if self.resource is None:
            return b""
        current = msgspec.structs.replace(self.resource, meta=None)
        try:
            return _CONTENT.encode(_unordered(current))
        except UNREADABLE:  # what is contained may be nested too deep to be sorted
            return _CONTENT.encode(current)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A resource and why it is not used (None: it is used)."""

    readings: tuple[Reading, ...]
    reason: Reason | None


def judge(readings: Sequence[Reading], subject: Subject) -> list[Verdict]:
    """Choose between the versions of one resource, then ask whether the chosen one may be used."""
    versions = _versions(readings)
    if len(versions) > 1:
        current = _newest(versions) or _only_ours(versions, subject)
        if current is None:
            # Whichever of them is the current one, it is nobody of ours when all are certainly another's.
            foreign = all(_is_another_patients(reading, subject) for reading in readings)
            return [Verdict(tuple(readings), Reason.ANOTHER_PATIENT if foreign else Reason.CONTRADICTS)]
        others = tuple(reading for version in versions if version is not current for reading in version)
        return [Verdict(others, _reason_for_leaving(others, subject)), *judge(current, subject)]
    resource = readings[0].resource
    if resource is None:
        return [Verdict(tuple(readings), _reason_of_unreadable(readings[0].arrival.header, subject))]
    return [Verdict(tuple(readings), _reason_against(resource, subject))]


def _unordered(value: object) -> object:
    """The same as plain values, with every list in an order of its own."""
    match value:
        case msgspec.Struct():
            return {name: _unordered(getattr(value, name)) for name in value.__struct_fields__}
        case msgspec.Raw():
            return _unordered(_PLAIN.decode(value)) if bytes(value) else None
        case dict():
            return {name: _unordered(inner) for name, inner in value.items()}
        case list() | tuple():
            return sorted((_unordered(each) for each in value), key=_CONTENT.encode)
        case _:
            return value


def _versions(readings: Sequence[Reading]) -> list[tuple[Reading, ...]]:
    """Group equal content. What cannot be read may be anything: it is a version of its own."""
    if len(readings) == 1:
        return [tuple(readings)]
    versions: dict[bytes, list[Reading]] = {}
    for reading in readings:
        versions.setdefault(reading.content(), []).append(reading)
    return [tuple(version) for version in versions.values()]


def _newest(versions: Sequence[tuple[Reading, ...]]) -> tuple[Reading, ...] | None:
    """The version that is newer than every other by lastUpdated, else by versionId; None when neither tells."""
    for rank in (_last_updated, _version_number):
        ranks = [max(rank(reading) for reading in version) for version in versions]
        if _UNRANKED not in ranks and ranks.count(max(ranks)) == 1:
            return versions[ranks.index(max(ranks))]
    return None


def _last_updated(reading: Reading) -> float:
    meta = reading.resource.meta if reading.resource else None
    moment = read_instant(meta.last_updated) if meta else None
    return moment.timestamp() if moment else _UNRANKED


def _version_number(reading: Reading) -> float:
    meta = reading.resource.meta if reading.resource else None
    text = (meta.version_id or "") if meta else ""
    return float(text) if re.fullmatch(r"[0-9]{1,15}", text, re.ASCII) else _UNRANKED


def _only_ours(versions: Sequence[tuple[Reading, ...]], subject: Subject) -> tuple[Reading, ...] | None:
    """The one version about this patient, when all others are certainly about somebody else."""
    rest = [version for version in versions if not _is_another_patients(version[0], subject)]
    return rest[0] if len(rest) == 1 else None


def _reason_for_leaving(others: Sequence[Reading], subject: Subject) -> Reason:
    foreign = all(_is_another_patients(reading, subject) for reading in others)
    return Reason.ANOTHER_PATIENT if foreign else Reason.OLDER


def _is_another_patients(reading: Reading, subject: Subject) -> bool:
    if reading.resource is None:
        return _reason_of_unreadable(reading.arrival.header, subject) is Reason.ANOTHER_PATIENT
    return _proof(reading.resource, subject) is Proof.ANOTHER


def _reason_of_unreadable(header: Header, subject: Subject) -> Reason:
    about = header.patient if header.resource_type in _ABOUT_A_PATIENT else header.subject
    return Reason.ANOTHER_PATIENT if subject.proof(about) is Proof.ANOTHER else Reason.UNREADABLE


def _reason_against(resource: Resource, subject: Subject) -> Reason | None:
    """Why a readable resource may not be used, or None."""
    proof = _proof(resource, subject)
    if proof is not Proof.OURS:
        return Reason.ANOTHER_PATIENT if proof is Proof.ANOTHER else Reason.NO_SUBJECT
    if resource.is_modified:
        return Reason.MODIFIED
    return _withdrawal(resource)


def _proof(resource: Resource, subject: Subject) -> Proof:
    if isinstance(resource, Patient):
        return Proof.OURS if (resource.id or "") == subject.patient_id else Proof.NONE
    if isinstance(resource, Observation) and resource.focus:
        # The focus is somebody or something else than the subject: a fetus, a donor, a device.
        return Proof.NONE
    return subject.proof(resource.about())


def _withdrawal(resource: Resource) -> Reason | None:
    if getattr(resource, "status", None) == "entered-in-error":
        return Reason.IN_ERROR
    if isinstance(resource, Condition | AllergyIntolerance) and resource.verification_status is not None:
        # The system is not asked for: to leave out what may be withdrawn needs less proof than to use it.
        codes = {coding.code for coding in resource.verification_status.coding}
        if "entered-in-error" in codes:
            return Reason.IN_ERROR
        if "refuted" in codes:
            return Reason.REFUTED
    return None
