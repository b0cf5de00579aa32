"""Whether the patient is pregnant: stated in our own code system, or as the answer to LOINC 82810-3."""

from __future__ import annotations

from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from app.clinical.reading.findings import Findings
from app.clinical.reading.stated_facts import CURRENT_LOOK_BACK, Rule, settled, statements_of
from app.clinical.reading.statements import NO_VALUE, ReadValue, Value, yes_no
from app.fhir.codings import codes_of
from app.fhir.record import Record
from app.fhir.resources import Observation, says_data_absent
from app.fhir.value_sets import ValueSets

PREGNANT_LOOK_BACK: Final = 42
"""Days. Who was pregnant six weeks ago is pregnant or post-partum now; both bar D-dimer exclusion [C]."""

NOT_PREGNANT_LOOK_BACK: Final = CURRENT_LOOK_BACK
"""Days. "Not pregnant" opens D-dimer exclusion and CT, so it has to be current [C]."""

ROLES: Final = frozenset({"pregnancy-status", "pregnant"})


def pregnancy(record: Record, value_sets: ValueSets, *, today: date, zone: ZoneInfo) -> Findings:
    """`pregnant`, true or false. No pregnancy found is not "not pregnant"."""
    asked = [each for each in record.observations if value_sets.has("pregnancy-status", codes_of(each.code))]
    stated = [*statements_of(record).get("pregnant", ()), *asked]
    read_value = _answer(value_sets)
    says_yes = settled("pregnant", Rule(read_value, PREGNANT_LOOK_BACK), stated, today=today, zone=zone)
    if any(found.value is True for found in says_yes.found):
        return says_yes
    return settled("pregnant", Rule(read_value, NOT_PREGNANT_LOOK_BACK), stated, today=today, zone=zone)


def _answer(value_sets: ValueSets) -> ReadValue:
    def read_answer(observation: Observation) -> Value:
        if not value_sets.has("pregnancy-status", codes_of(observation.code)):
            return yes_no(observation)
        concept = observation.value_codeable_concept
        code = value_sets.find("pregnant", codes_of(concept))
        if code is None or (concept and says_data_absent(concept.extension)):
            # No code for "not pregnant" has been verified (terminology/NOTES.md), so any other answer is unknown.
            return Value(None, why_not=NO_VALUE)
        return Value(value=True, element=f"valueCodeableConcept.coding[{code.place}]")

    return read_answer
