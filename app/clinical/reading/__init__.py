"""The public facts of a record, each with its proof. One module per subject; nothing is ever concluded from absence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from app.clinical.reading.d_dimer import ROLES as D_DIMER_ROLES
from app.clinical.reading.d_dimer import d_dimer
from app.clinical.reading.examinations import ROLES as EXAMINATION_ROLES
from app.clinical.reading.examinations import examinations
from app.clinical.reading.findings import Findings, Found, NotFound, RecordFacts, facts_of, together
from app.clinical.reading.kidney import ROLES as KIDNEY_ROLES
from app.clinical.reading.kidney import kidney
from app.clinical.reading.orders import ROLES as ORDER_ROLES
from app.clinical.reading.orders import orders
from app.clinical.reading.patient import patient_facts
from app.clinical.reading.pregnancy import ROLES as PREGNANCY_ROLES
from app.clinical.reading.pregnancy import pregnancy
from app.clinical.reading.stated_facts import ROLES as COURSE_ROLES
from app.clinical.reading.stated_facts import stated_facts
from app.fhir.record import QueryState, Record
from app.fhir.value_sets import ValueSets

__all__ = ["ROLES", "Found", "NotFound", "RecordFacts", "facts_from_record"]

ROLES: Final = D_DIMER_ROLES | EXAMINATION_ROLES | KIDNEY_ROLES | ORDER_ROLES | PREGNANCY_ROLES | COURSE_ROLES
"""Every value set that reading needs; `ValueSets.require(ROLES, folder)` at start-up says which one is missing."""


def facts_from_record(record: Record, value_sets: ValueSets, *, today: date, zone: ZoneInfo) -> RecordFacts:
    """Find the public facts in a record. `today` is the calendar day and `zone` the time zone of the facility.

    Never raises for what a record holds. A fact that is absent from `facts` is unknown; `not_found` says why, where
    something was there.
    """
    stated = stated_facts(record, value_sets, today=today, zone=zone)
    is_inpatient = any(found.fact == "setting" and found.value == "inpatient" for found in stated.found)
    findings = together(
        [
            patient_facts(record, today=today, zone=zone),
            examinations(record, value_sets, zone=zone),
            stated,
            d_dimer(record, value_sets, today=today, zone=zone),
            kidney(record, value_sets, today=today, zone=zone, is_inpatient=is_inpatient),
            pregnancy(record, value_sets, today=today, zone=zone),
            orders(record, value_sets, today=today, zone=zone),
            Findings((), tuple(_gaps(record))),
        ]
    )
    return RecordFacts(
        facts=facts_of(findings.found),
        found=findings.found,
        not_found=findings.not_found,
        set_aside=tuple(sorted({*record.set_aside, *findings.set_aside})),
    )


# FHIR type -> the facts that an answer with a hole in it may lack (threat model H21, H22).
_MAY_LACK: Final = {
    "DiagnosticReport": "exams",
    "ImagingStudy": "exams",
    "Observation": "symptoms",
    "ServiceRequest": "orders",
    "Bundle": "exams",
}
_WHY: Final = {
    QueryState.INCOMPLETE: "not all of the answer came or could be used: there may be later ones",
    QueryState.FAILED: "the query failed: there may be others",
    QueryState.NOT_SENT: "not asked: there may be others",
}


def _gaps(record: Record) -> Iterator[NotFound]:
    for query, kind in sorted(record.expected.items()):
        reason = _WHY.get(record.queries[query])
        if reason and kind in _MAY_LACK:
            yield NotFound(_MAY_LACK[kind], f"{query}: {reason}")
