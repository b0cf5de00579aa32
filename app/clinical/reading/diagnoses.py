"""What the record's Conditions prove: each source's diagnoses, judged by status, certainty and day (threat model H6).

What is unconfirmed, provisional or differential is possible: it proves nothing, and says so. Who is not known to be
over it, is; an end that contradicts an active status leaves it open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.clinical.reading.findings import Found, NotFound
from app.clinical.reading.weighing import Proofs
from app.fhir.codings import codes_of
from app.fhir.dates import Days, certain_day, read_days, read_period
from app.fhir.record import Record, name_of
from app.fhir.resources import CodeableConcept, Condition
from app.fhir.sources import NOT_STATED, Source
from app.fhir.value_sets import ValueSets

CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"

# FHIR R4 condition-clinical. The broader `active` and `inactive` of a subtype come as a second coding at times.
OVER: Final = frozenset({"inactive", "remission", "resolved"})

NOT_CONFIRMED: Final = "not confirmed"
NO_SUCH_STATUS: Final = "its clinical status does not count here"
ENDED: Final = "conflict: it has an end although it is called active"
FUTURE: Final = "dated in the future"
TOO_OLD: Final = "older than the look-back, or without a day"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One Condition that a source's codes name. `says`: what they say; `trouble`: why it proves nothing, or nothing."""

    says: str
    condition: Condition
    said: Days | None
    since: Days | None
    is_over: bool
    trouble: str

    @property
    def day(self) -> str | None:
        """The day it was recorded (or began), when that is certain."""
        certain = certain_day(self.said)
        return certain.isoformat() if certain else None


@dataclass(frozen=True, slots=True)
class Diagnoses:
    """The diagnoses of a record, by source."""

    by_source: Mapping[str, Sequence[Diagnosis]]
    value_sets: ValueSets

    def of(self, name: str) -> Sequence[Diagnosis]:
        """Every Condition that this source's codes name, with what speaks against it."""
        return self.by_source.get(name, ())

    def proofs(self, name: str, fact: str = "") -> Proofs:
        """What this source proves of its one fact, `true` and `false` as the booleans they are."""
        source = self.value_sets.sources[name]
        fact = fact or next(iter(source.facts))
        found: list[Found] = []
        missed: list[NotFound] = []
        for each in self.of(name):
            if each.trouble:
                missed.append(NotFound(fact, f"a diagnosis proves nothing: {each.trouble}"))
            else:
                value = True if each.says == "true" else each.says
                found.append(Found(fact, value, name_of(each.condition), "code", each.day))
        return Proofs(tuple(found), tuple(dict.fromkeys(missed)))


def diagnoses_of(record: Record, value_sets: ValueSets, *, today: date, zone: ZoneInfo) -> Diagnoses:
    """The record's Conditions by source, each judged once."""
    by_source: dict[str, list[Diagnosis]] = {}
    for condition in record.conditions:
        for name, says in sorted(value_sets.named_by("Condition", codes_of(condition.code))):
            judged = _judged(says, condition, value_sets.sources[name], today, zone)
            by_source.setdefault(name, []).append(judged)
    return Diagnoses(by_source, value_sets)


def _judged(says: str, condition: Condition, source: Source, today: date, zone: ZoneInfo) -> Diagnosis:
    recorded = read_days(condition.recorded_date, zone)
    since = _onset(condition, zone) or recorded
    said = recorded or since
    status = status_of(condition.clinical_status, CLINICAL)
    trouble = _trouble(condition, source, status) or _trouble_of_time(source, status, said, since, today)
    return Diagnosis(says, condition, said, since, status in OVER, trouble)


def _trouble(condition: Condition, source: Source, status: str) -> str:
    if status_of(condition.verification_status, VERIFICATION) not in source.verification:
        return NOT_CONFIRMED
    if status not in source.statuses:
        return NO_SUCH_STATUS
    return ENDED if _has_end(condition) and not source.statuses & OVER else ""


def _trouble_of_time(source: Source, status: str, said: Days | None, since: Days | None, today: date) -> str:
    if any(days is not None and days.earliest > today for days in (said, since)):
        return FUTURE
    if not source.reaches(said, today):
        return TOO_OLD
    if source.older_than_days is None or (since is None and status in OVER):
        return ""
    first = today - timedelta(days=source.older_than_days)
    return "" if since is not None and since.latest < first else "it may belong to this episode"


def status_of(concept: CodeableConcept | None, system: str) -> str:
    """The one status of this code system; `not-stated` when it is left out, nothing when it is another word."""
    if concept is None or (not concept.coding and concept.extension is None):
        return NOT_STATED
    codes = {code.code for code in codes_of(concept) if code.system == system}
    return codes.pop() if len(codes) == 1 else ""


def _onset(condition: Condition, zone: ZoneInfo) -> Days | None:
    if condition.onset_date_time is not None:
        return read_days(condition.onset_date_time, zone)
    period = condition.onset_period
    return read_period(period.start, None, zone) if period is not None else None


def _has_end(condition: Condition) -> bool:
    ends = (
        condition.abatement_date_time,
        condition.abatement_period,
        condition.abatement_age,
        condition.abatement_range,
        condition.abatement_string,
    )
    return any(end is not None for end in ends)
