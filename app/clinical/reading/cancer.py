"""Active cancer: treatment ongoing, within 6 months, or palliative (NICE NG158 table 1).

A diagnosis alone proves none of the three: problem lists keep cancers for decades. Diagnosis and treatment together do,
and so does a contact whose reason is cancer treatment. No cancer found is not "no cancer" (threat model H21).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from app.clinical.reading.diagnoses import NOT_CONFIRMED, Diagnoses
from app.clinical.reading.findings import Findings, Found, NotFound
from app.clinical.reading.procedures import done
from app.clinical.reading.weighing import Contradiction, Proofs, weighed
from app.fhir.dates import certain_day
from app.fhir.record import Record
from app.fhir.value_sets import ValueSets

FACT: Final = "risk.active_cancer"
NOT_PROVEN: Final = "a cancer diagnosis does not prove treatment, the last 6 months or palliation"


def active_cancer(
    stated: Findings, record: Record, diagnoses: Diagnoses, value_sets: ValueSets, *, today: date, zone: ZoneInfo
) -> Findings:
    """`risk.active_cancer`: true when it is stated or proven, false only when it is stated."""
    proofs = _proofs(record, diagnoses, value_sets, today=today, zone=zone)
    findings = weighed(FACT, stated, proofs, Contradiction.LATER_OR_NEITHER)
    if proofs.found or not _contradicts(stated, diagnoses):
        return findings
    reason = "conflict: an active cancer was recorded after the statement, or on an unknown day"
    return Findings((), (*findings.not_found, NotFound(FACT, reason)))


def _proofs(record: Record, diagnoses: Diagnoses, value_sets: ValueSets, *, today: date, zone: ZoneInfo) -> Proofs:
    contacts = diagnoses.proofs("cancer_treatment_encounter")
    treated = [replace(each, value=True) for each in contacts.found]
    known = [each for each in diagnoses.of("cancer_diagnosis") if not each.trouble]
    possible = any(each.trouble == NOT_CONFIRMED for each in diagnoses.of("cancer_diagnosis"))
    missed = [*contacts.missed, *([NotFound(FACT, "a cancer diagnosis is not confirmed")] if possible else [])]
    treatments = [
        each
        for each in done(record, value_sets, "cancer_treatment", today=today, zone=zone, missed=missed)
        if each.days is not None
    ]
    if known:
        for each in treatments:
            day = certain_day(each.days)
            treated.append(
                Found(FACT, value=True, resource=each.resource, element="code", date=day.isoformat() if day else None)
            )
        if not treated:
            missed.append(NotFound(FACT, NOT_PROVEN))
    return Proofs(tuple(treated), tuple(dict.fromkeys(missed)))


def _contradicts(stated: Findings, diagnoses: Diagnoses) -> bool:
    """Whether an active cancer was recorded after "no active cancer" was stated, or on a day nobody knows."""
    said = next((found for found in stated.found if found.value is False), None)
    if said is None:
        return False
    active = [each for each in diagnoses.of("cancer_diagnosis") if not each.trouble and not each.is_over]
    return any(each.day is None or said.date is None or each.day > said.date for each in active)
