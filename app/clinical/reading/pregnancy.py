"""Whether the patient is pregnant, or how long ago she gave birth.

Stated in our own code system, as the answer to LOINC 82810-3, or diagnosed and going on. No pregnancy found is not "not
pregnant".
"""

from __future__ import annotations

from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from app.clinical.reading.diagnoses import Diagnoses
from app.clinical.reading.findings import Findings, NotFound
from app.clinical.reading.procedures import last_day
from app.clinical.reading.said import Sayings
from app.clinical.reading.stated_facts import Rule, settled
from app.clinical.reading.statements import NO_VALUE, ReadValue, Value, yes_no
from app.clinical.reading.weighing import Contradiction, Proofs, weighed
from app.fhir.codings import codes_of
from app.fhir.record import Record
from app.fhir.resources import Observation, says_data_absent
from app.fhir.value_sets import ValueSets

FACT: Final = "pregnant"
QUESTION: Final = "pregnancy-status"
YES: Final = "pregnant"


def pregnancy(
    sayings: Sayings, record: Record, diagnoses: Diagnoses, value_sets: ValueSets, *, today: date, zone: ZoneInfo
) -> Findings:
    """`pregnant`, true or false. A diagnosis against a statement leaves it unknown: she may be."""
    stated = _stated(sayings, value_sets, today=today, zone=zone)
    proofs = diagnoses.proofs("pregnancy_diagnosis")
    born = last_day(record, value_sets, "delivery", today=today, zone=zone)[1]
    if born is not None:
        before = [found for found in proofs.found if found.date is None or found.date <= born.isoformat()]
        over = (NotFound(FACT, "a delivery followed the diagnosis"),) if before else ()
        still = tuple(found for found in proofs.found if found not in before)
        proofs = Proofs(still, (*proofs.missed, *over))
    return weighed(FACT, stated, proofs, Contradiction.NEITHER)


def _stated(sayings: Sayings, value_sets: ValueSets, *, today: date, zone: ZoneInfo) -> Findings:
    """A pregnancy is believed longer than its absence: see the two sources' look-backs."""
    yes, no = value_sets.sources["stated_pregnancy"], value_sets.sources["stated_no_pregnancy"]
    said = (*sayings.of(FACT), *sayings.with_role(value_sets, QUESTION))
    rule = Rule(_answer(value_sets))
    says_yes = settled(FACT, rule, said, yes, today=today, zone=zone)
    if any(found.value is True for found in says_yes.found):
        return says_yes
    return settled(FACT, rule, said, no, today=today, zone=zone)


def _answer(value_sets: ValueSets) -> ReadValue:
    def read_answer(observation: Observation) -> Value:
        if not value_sets.has(QUESTION, codes_of(observation.code)):
            return yes_no(observation)
        concept = observation.value_codeable_concept
        code = value_sets.find(YES, codes_of(concept))
        if code is None or (concept and says_data_absent(concept.extension)):
            # No code for "not pregnant" has been verified (terminology/NOTES.md), so any other answer is unknown.
            return Value(None, why_not=NO_VALUE)
        return Value(value=True, element=f"valueCodeableConcept.coding[{code.place}]")

    return read_answer
