"""Anticoagulation. A drug list proves a dose class only where the product is made for nothing else (threat model H26).

Every other anticoagulant is possibly therapeutic: then the fact is unknown, also when "none" is stated. An empty list
says nothing: nobody knows what else the patient takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from app.clinical.reading.diagnoses import Diagnoses
from app.clinical.reading.findings import Findings, Found, NotFound
from app.clinical.reading.weighing import CONFLICT, Contradiction, Proofs, weighed
from app.fhir.codings import Code, codes_of
from app.fhir.dates import Days, certain_day, read_days, read_period
from app.fhir.record import Record, name_of
from app.fhir.resources import CodeableConcept, Medication, MedicationRequest, MedicationStatement, Reference, read
from app.fhir.value_sets import ValueSets

FACT: Final = "anticoag"
THERAPEUTIC: Final = "therapeutic"
POSSIBLE: Final = "possible"
FOR_A_DAY: Final = timedelta(days=2)
"""Ordered two calendar days ago or earlier: certainly more than 24 hours (decision table 2.4)."""

NOT_TAKEN: Final = frozenset({"stopped", "completed", "not-taken", "on-hold"})
DOSE: Final = "an anticoagulant is in the record, its dose class is not proven"
TOO_NEW: Final = "a therapeutic dose was ordered, not shown to be given for more than 24 hours"


@dataclass(frozen=True, slots=True)
class _Drug:
    """An anticoagulant in the record: what its product proves, and since when it is given."""

    says: str
    resource: str
    codes: frozenset[tuple[str, str]]
    days: Days | None


def anticoagulation(
    stated: Findings, record: Record, diagnoses: Diagnoses, value_sets: ValueSets, *, today: date, zone: ZoneInfo
) -> Findings:
    """`anticoag`."""
    stopped = _stopped(record, value_sets)
    drugs = [drug for drug in _drugs(record, value_sets, today, zone) if not drug.codes & stopped]
    proven = [drug for drug in drugs if _is_proven(drug, today)]
    open_doses = [drug for drug in drugs if not _is_proven(drug, today)]
    missed = [NotFound(FACT, TOO_NEW if drug.says == THERAPEUTIC else DOSE) for drug in open_doses]
    notes = diagnoses.proofs("anticoagulant_note")
    if notes.found:
        missed.append(NotFound(FACT, DOSE))
    if stopped:
        missed.append(NotFound(FACT, "an anticoagulant that is ordered is stated as not taken"))
    proofs = Proofs(tuple(_found(drug) for drug in proven), tuple(dict.fromkeys(missed)))
    findings = weighed(FACT, stated, proofs, Contradiction.NEITHER)
    says_none = any(found.value == "none" for found in findings.found)
    if says_none and (open_doses or notes.found):
        return Findings((), (*findings.not_found, NotFound(FACT, CONFLICT)))
    return findings


def _found(drug: _Drug) -> Found:
    day = certain_day(drug.days)
    return Found(FACT, THERAPEUTIC, drug.resource, "medicationCodeableConcept", day.isoformat() if day else None)


def _is_proven(drug: _Drug, today: date) -> bool:
    return drug.says == THERAPEUTIC and drug.days is not None and drug.days.latest <= today - FOR_A_DAY


def _drugs(record: Record, value_sets: ValueSets, today: date, zone: ZoneInfo) -> Iterator[_Drug]:
    orders, statements = (value_sets.sources[f"anticoagulant_{name}"] for name in ("orders", "statements"))
    for request in record.medication_requests:
        is_order = request.status in orders.statuses and request.intent in orders.intents
        days = read_days(request.authored_on, zone)
        if is_order and not request.do_not_perform and (days is None or orders.reaches(days, today)):
            yield from _anticoagulants(request, days, value_sets)
    for taken in record.medication_statements:
        period = taken.effective_period
        days = read_period(period.start, period.end, zone) if period else read_days(taken.effective_date_time, zone)
        has_ended = period is not None and period.end is not None and days is not None and days.latest < today
        if taken.status in statements.statuses and not has_ended:
            # An open period goes on: its first day says since when, and no look-back ends it.
            is_near = days is None or period is not None or statements.reaches(days, today)
            if is_near:
                start = read_days(period.start, zone) if period else None
                yield from _anticoagulants(taken, start or days, value_sets)


def _anticoagulants(
    resource: MedicationRequest | MedicationStatement, days: Days | None, value_sets: ValueSets
) -> Iterator[_Drug]:
    source = value_sets.sources["anticoagulant_orders"]
    codes = _codes_of(resource)
    says = value_sets.said_by(source, codes)
    if "none" not in says and says:
        kind = THERAPEUTIC if says == {THERAPEUTIC} else POSSIBLE
        yield _Drug(kind, name_of(resource), frozenset((code.system, code.code) for code in codes), days)


def _codes_of(resource: MedicationRequest | MedicationStatement) -> tuple[Code, ...]:
    """The drug's codes, coded in place or in a Medication that the resource contains."""
    return codes_of(resource.medication_codeable_concept or _contained(resource))


def _contained(resource: MedicationRequest | MedicationStatement) -> CodeableConcept | None:
    reference: Reference | None = resource.medication_reference
    address = (reference.reference or "") if reference else ""
    if not address.startswith("#"):
        return None
    return next((drug.code for drug in _medications(resource.contained) if drug.id == address[1:]), None)


def _medications(contained: Sequence[msgspec.Raw]) -> Iterator[Medication]:
    for raw in contained:
        drug = read(raw, Medication)
        if drug is not None and not drug.modifier_extension:
            yield drug


def _stopped(record: Record, value_sets: ValueSets) -> frozenset[tuple[str, str]]:
    """The codes of anticoagulants that are stated as not taken: an order of the same is not proven to be followed."""
    source = value_sets.sources["anticoagulant_statements"]
    codes = (_codes_of(taken) for taken in record.medication_statements if taken.status in NOT_TAKEN)
    return frozenset((code.system, code.code) for each in codes if value_sets.said_by(source, each) for code in each)
