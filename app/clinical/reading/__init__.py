"""The public facts of a record, each with its proof. One module per subject; nothing is ever concluded from absence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from app.clinical.reading.before_onset import without_proof_before_onset
from app.clinical.reading.cancer import active_cancer
from app.clinical.reading.d_dimer import d_dimer
from app.clinical.reading.declared import with_sources
from app.clinical.reading.diagnoses import diagnoses_of
from app.clinical.reading.drugs import anticoagulation
from app.clinical.reading.encounters import discharge, inpatient_hours, setting
from app.clinical.reading.examinations import examinations
from app.clinical.reading.findings import (
    Findings,
    Found,
    NotCounted,
    NotFound,
    ReadFrom,
    RecordFacts,
    facts_of,
    together,
    with_age,
)
from app.clinical.reading.imaging_safety import mri, reaction
from app.clinical.reading.kidney import dialysis, kidney_function, kidney_injury
from app.clinical.reading.orders import orders
from app.clinical.reading.other_diagnoses import alternatives, superficial_thrombosis
from app.clinical.reading.patient import patient_facts
from app.clinical.reading.pregnancy import pregnancy
from app.clinical.reading.procedures import dated, days_since
from app.clinical.reading.risk import bleeding, earlier_dvt, immobilised, threatened_limb, trauma
from app.clinical.reading.said import Sayings, sayings_of
from app.clinical.reading.stated_facts import stated_facts
from app.clinical.reading.surveillance import surveillance
from app.clinical.report_text import ReportWords
from app.clinical.report_text.policy import ReportTextPolicy
from app.clinical.vocabulary import UNKNOWN
from app.fhir.record import QueryState, Record
from app.fhir.value_sets import ValueSets

__all__ = ["Found", "NotCounted", "NotFound", "ReadFrom", "RecordFacts", "facts_from_record", "with_sources"]

NOTHING: Final = Findings()


def facts_from_record(
    record: Record,
    value_sets: ValueSets,
    *,
    today: date,
    zone: ZoneInfo,
    report_text: ReportTextPolicy = ReportTextPolicy.SUGGEST,
    report_words: ReportWords | None = None,
) -> RecordFacts:
    """Find the public facts in a record. `today` is the calendar day and `zone` the time zone of the facility.

    `value_sets` come with the sources that the pathways declare (`with_sources`). Never raises for what a record holds.
    A fact that is absent from `facts` is unknown; `not_found` says why, where something was there. Prose is read with
    `report_words`, as far as `report_text` allows; without words it is not read. What words say calmly is not to be
    decided on before `app/clinical/words_alone.py` has judged it.
    """
    if report_text is ReportTextPolicy.OFF:
        report_words = None
    sayings = sayings_of(record, value_sets)
    proven = _by_fact(record, sayings, value_sets, today=today, zone=zone)
    side = next((str(found.value) for found in proven.get("symptoms.side", NOTHING).found), UNKNOWN)
    findings = together(
        [
            patient_facts(record, today=today, zone=zone),
            *(
                without_proof_before_onset(each, proven.get("symptoms.onset_days", NOTHING), today)
                for each in (
                    examinations(record, sayings, value_sets, zone=zone, symptom_side=side, report_words=report_words),
                    d_dimer(sayings, value_sets, today=today, zone=zone),
                )
            ),
            *proven.values(),
            orders(record, value_sets, today=today, zone=zone),
            Findings((), tuple(_gaps(record))),
        ]
    )
    return RecordFacts(
        facts=facts_of(findings.found),
        found=tuple(with_age(found, today) for found in findings.found),
        not_found=findings.not_found,
        set_aside=tuple(sorted({*record.set_aside, *findings.set_aside})),
        not_counted=findings.not_counted,
        report_text=report_text,
    )


def _by_fact(
    record: Record, sayings: Sayings, value_sets: ValueSets, *, today: date, zone: ZoneInfo
) -> dict[str, Findings]:
    """The facts that can be stated, each weighed against what else in the record proves it."""
    at = stated_facts(sayings, value_sets, today=today, zone=zone)
    of = diagnoses_of(record, value_sets, today=today, zone=zone)

    def stated(fact: str) -> Findings:
        return at.get(fact, NOTHING)

    where = setting(stated("setting"), record, value_sets, today=today, zone=zone)
    is_inpatient = any(found.value == "inpatient" for found in where.found)
    proven = {
        "setting": where,
        "inpatient_hours": inpatient_hours(
            stated("inpatient_hours"), where, record, value_sets, today=today, zone=zone
        ),
        "pregnant": pregnancy(sayings, record, of, value_sets, today=today, zone=zone),
        "egfr": kidney_function(sayings, value_sets, today=today, zone=zone, is_inpatient=is_inpatient),
        "aki": kidney_injury(stated("aki"), of),
        "dialysis": dialysis(stated("dialysis"), of),
        "anticoag": anticoagulation(stated("anticoag"), record, of, value_sets, today=today, zone=zone),
        "red_flags.limb": threatened_limb(stated("red_flags.limb"), of),
        "risk.active_cancer": active_cancer(
            stated("risk.active_cancer"), record, of, value_sets, today=today, zone=zone
        ),
        "risk.prior_dvt": earlier_dvt(stated("risk.prior_dvt"), of),
        "risk.immobilised": immobilised(stated("risk.immobilised"), of),
        "risk.trauma_days": trauma(stated("risk.trauma_days"), of, today),
        "risk.bleeding": bleeding(stated("risk.bleeding"), sayings, of, value_sets, today=today, zone=zone),
        "risk.discharge_days": discharge(stated("risk.discharge_days"), record, value_sets, today=today, zone=zone),
        "alt.confirmed": alternatives(stated("alt.confirmed"), of),
        "alt.svt": superficial_thrombosis(of),
        "mri": mri(stated("mri"), record, of, value_sets),
        **{fact: reaction(fact, stated(fact), record, value_sets) for fact in ("iodinated_reaction", "gad_reaction")},
        **{
            fact: days_since(stated(fact), record, value_sets, name, today=today, zone=zone)
            for fact, name in (("postpartum_days", "delivery"), ("risk.surgery_days", "major_surgery"))
        },
        **{
            fact: dated(stated(fact), record, value_sets, name, today=today, zone=zone)
            for fact, name in (
                ("procedure.stent_date", "vein_stent"),
                ("procedure.intervention_date", "vein_intervention"),
            )
        },
        "procedure.surveillance_done": surveillance(
            stated("procedure.surveillance_done"), record, value_sets, today=today, zone=zone
        ),
    }
    return at | proven


# FHIR type -> what an answer with a hole in it may lack (threat model H21, H22).
_MAY_LACK: Final = {
    "DiagnosticReport": "exams",
    "ImagingStudy": "exams",
    "Observation": "symptoms",
    "QuestionnaireResponse": "symptoms",
    "ServiceRequest": "orders",
    "Condition": "risk",
    "Procedure": "risk",
    "Encounter": "setting",
    "MedicationRequest": "anticoag",
    "MedicationStatement": "anticoag",
    "AllergyIntolerance": "iodinated_reaction",
    "Device": "mri",
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
