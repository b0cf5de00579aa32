"""Reactions to contrast, and implants to check before MRI."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from app.clinical.reading.diagnoses import NOT_CONFIRMED, Diagnoses, status_of
from app.clinical.reading.findings import Findings, Found, NotFound
from app.clinical.reading.weighing import CONFLICT, Proofs, worst
from app.clinical.vocabulary import REACTION
from app.fhir.codings import codes_of
from app.fhir.record import Record, name_of
from app.fhir.resources import AllergyIntolerance
from app.fhir.sources import NOT_STATED
from app.fhir.value_sets import ValueSets

CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
SEVERE: Final = "severe"
EITHER: Final = "either"
SEVERITIES: Final = ("mild", "moderate", "severe")
TO_CHECK: Final = "an implant has to be checked by MR staff"


def reaction(fact: str, stated: Findings, record: Record, value_sets: ValueSets) -> Findings:
    """`iodinated_reaction` or `gad_reaction`: the worst that is known. Nothing in the list is not "none"."""
    found: list[Found] = []
    missed: list[NotFound] = []
    for allergy in _allergies(fact, record, value_sets):
        trouble = _trouble(allergy, value_sets)
        severity, element = _severity(allergy, value_sets)
        if trouble or severity is None:
            missed.append(NotFound(fact, f"a reaction is recorded: {trouble or 'its severity is not stated'}"))
        else:
            found.append(Found(fact, severity, name_of(allergy), element, None))
    return worst(fact, REACTION, stated, Proofs(tuple(found), tuple(dict.fromkeys(missed))))


def _allergies(fact: str, record: Record, value_sets: ValueSets) -> Iterator[AllergyIntolerance]:
    source = value_sets.sources["contrast_reactions"]
    for allergy in record.allergies:
        codes = codes_of(allergy.code) + tuple(
            code for reaction in allergy.reaction for code in codes_of(reaction.substance)
        )
        if value_sets.said_by(source, codes) & {fact, EITHER}:
            yield allergy


def _trouble(allergy: AllergyIntolerance, value_sets: ValueSets) -> str:
    source = value_sets.sources["contrast_reactions"]
    if status_of(allergy.verification_status, VERIFICATION) not in source.verification:
        return NOT_CONFIRMED
    return "" if status_of(allergy.clinical_status, CLINICAL) in source.statuses else "no longer active"


def _severity(allergy: AllergyIntolerance, value_sets: ValueSets) -> tuple[str | None, str]:
    """The worst severity of its events; anaphylaxis and a high criticality are severe."""
    source = value_sets.sources["contrast_reactions"]
    known = []
    for place, event in enumerate(allergy.reaction):
        manifestations = tuple(code for concept in event.manifestation for code in codes_of(concept))
        if SEVERE in value_sets.said_by(source, manifestations):
            known.append((SEVERITIES.index(SEVERE), f"reaction[{place}].manifestation"))
        if event.severity in SEVERITIES:
            known.append((SEVERITIES.index(event.severity), f"reaction[{place}].severity"))
    if allergy.criticality == "high":
        known.append((SEVERITIES.index(SEVERE), "criticality"))
    if not known:
        return None, ""
    rank, element = max(known)
    return SEVERITIES[rank], element


def mri(stated: Findings, record: Record, diagnoses: Diagnoses, value_sets: ValueSets) -> Findings:
    """`mri`, as stated. An implant in the record takes a plain "ok" back: no code says which implants are safe."""
    has_implant = any(not each.trouble for each in diagnoses.of("implant_diagnoses")) or _has_device(record, value_sets)
    if not has_implant:
        return stated
    missed = (*stated.not_found, NotFound("mri", TO_CHECK))
    if any(found.value == "ok" for found in stated.found):
        return Findings((), (*missed, NotFound("mri", CONFLICT)))
    return Findings(stated.found, missed)


def _has_device(record: Record, value_sets: ValueSets) -> bool:
    source = value_sets.sources["implants"]
    return any(
        value_sets.said_by(source, codes_of(device.type)) and (device.status or NOT_STATED) in source.statuses
        for device in record.devices
    )
