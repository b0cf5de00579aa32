"""Whether a resource is provably about the patient. What is not proven is not used (threat model R-2, H2)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from app.fhir.resources import Reference

_ID: Final = r"[A-Za-z0-9\-.]{1,64}"
_VERSION: Final = re.compile(rf"/_history/{_ID}\Z", re.ASCII)
_RELATIVE: Final = re.compile(rf"(?P<type>[A-Z][A-Za-z]{{0,63}})/(?P<id>{_ID})", re.ASCII)


class Proof(StrEnum):
    """What a reference proves about whom a resource is about."""

    OURS = "ours"  # this patient
    ANOTHER = "another"  # certainly somebody or something else
    NONE = "none"  # nothing either way


@dataclass(frozen=True, slots=True)
class Subject:
    """The patient, and every address that is known to mean the patient.

    `fhir_server` is the base that absolute references may have; without it no absolute reference is proven.
    `full_urls` are addresses of the one Patient of a Bundle, and only for a record that comes as one Bundle.
    """

    patient_id: str
    fhir_server: str | None = None
    full_urls: frozenset[str] = field(default_factory=frozenset)

    def proof(self, reference: Reference | None) -> Proof:
        """Judge a subject reference. Contained, identifier-only, display-only and missing ones prove nothing."""
        if reference is None or reference.reference is None:
            return Proof.NONE
        if reference.type not in (None, "Patient"):
            return Proof.NONE
        address = without_version(reference.reference)
        if address in self.full_urls:
            return Proof.OURS
        return self._proof_of(self._relative(address))

    def _relative(self, address: str) -> str:
        base = (self.fhir_server or "").rstrip("/")
        return address.removeprefix(f"{base}/") if base else address

    def _proof_of(self, address: str) -> Proof:
        match = _RELATIVE.fullmatch(address)
        if match is None:
            return Proof.NONE
        if match["type"] == "Patient" and match["id"] == self.patient_id:
            return Proof.OURS
        return Proof.ANOTHER


def without_version(address: str) -> str:
    """The address without `/_history/n`."""
    return _VERSION.sub("", address)
