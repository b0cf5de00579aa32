"""Kidney function: the latest eGFR, in mL/min/1.73 m2."""

from __future__ import annotations

from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from app.clinical.reading.findings import Findings
from app.clinical.reading.stated_facts import Rule, settled, statements_of
from app.clinical.reading.statements import amount
from app.fhir.codings import codes_of
from app.fhir.record import Record
from app.fhir.value_sets import ValueSets

EGFR_LOOK_BACK: Final = 30
"""Days, for an outpatient who is stable (decision table 2.5)."""

INPATIENT_EGFR_LOOK_BACK: Final = 7
"""Days, for an inpatient (decision table 2.5)."""

PER_SURFACE: Final = ("mL/min/{1.73_m2}",)
"""UCUM. The plain mL/min that some eGFR codes carry may not be per 1.73 m2 (terminology/NOTES.md section 6)."""

ROLES: Final = frozenset({"egfr-ckdepi2021", "egfr-other"})


def kidney(record: Record, value_sets: ValueSets, *, today: date, zone: ZoneInfo, is_inpatient: bool) -> Findings:
    """`egfr`. Of two race-specific results that differ neither is picked: they are a conflict."""
    measured = [
        each for each in record.observations if any(value_sets.has(role, codes_of(each.code)) for role in sorted(ROLES))
    ]
    stated = [*statements_of(record).get("egfr", ()), *measured]
    look_back = INPATIENT_EGFR_LOOK_BACK if is_inpatient else EGFR_LOOK_BACK
    return settled("egfr", Rule(amount(PER_SURFACE), look_back), stated, today=today, zone=zone)
