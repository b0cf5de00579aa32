"""Where the patient is and for how long, and when the last hospital stay ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from app.clinical.reading.findings import Findings, Found, NotFound
from app.clinical.reading.weighing import Contradiction, Proofs, weighed
from app.fhir.codings import Code
from app.fhir.dates import Days, certain_day, read_days
from app.fhir.record import Record, name_of
from app.fhir.resources import Encounter
from app.fhir.value_sets import ValueSets

HOURS: Final = 24
INPATIENT: Final = "inpatient"


def setting(stated: Findings, record: Record, value_sets: ValueSets, *, today: date, zone: ZoneInfo) -> Findings:
    """`setting`. Two open contacts of different kinds, or a statement of another one, leave it unknown."""
    found: list[Found] = []
    missed: list[NotFound] = []
    for name in ("hospital_stay", "visit"):
        for encounter, says, start in _open(record, value_sets, name, zone):
            if start is None or start.latest > today or not value_sets.sources[name].reaches(start, today):
                missed.append(NotFound("setting", "an open contact does not count: its first day is not near enough"))
            else:
                day = certain_day(start)
                found.append(Found("setting", says, name_of(encounter), "class", day.isoformat() if day else None))
    return weighed("setting", stated, Proofs(tuple(found), tuple(dict.fromkeys(missed))), Contradiction.NEITHER)


def inpatient_hours(
    stated: Findings, where: Findings, record: Record, value_sets: ValueSets, *, today: date, zone: ZoneInfo
) -> Findings:
    """`inpatient_hours`: at most so many. A stay of several open encounters counts from the first."""
    if not any(found.value == INPATIENT for found in where.found):
        return stated
    starts = [
        (start.earliest, name_of(encounter))
        for encounter, _, start in _open(record, value_sets, "hospital_stay", zone)
        if start is not None and start.latest <= today and value_sets.sources["hospital_stay"].reaches(start, today)
    ]
    if stated.found or not starts:
        return stated
    first, resource = min(starts)
    hours = HOURS * ((today - first).days + 1)
    return Findings((Found("inpatient_hours", hours, resource, "period.start", first.isoformat()),), stated.not_found)


def discharge(stated: Findings, record: Record, value_sets: ValueSets, *, today: date, zone: ZoneInfo) -> Findings:
    """`risk.discharge_days`: days since the end of the last hospital stay."""
    source = value_sets.sources["hospital_discharge"]
    found: list[tuple[date, str]] = []
    missed: list[NotFound] = []
    for encounter, _ in _counted(record, value_sets, "hospital_discharge"):
        end = certain_day(read_days(encounter.period.end if encounter.period else None, zone))
        if end is None or end > today:
            missed.append(NotFound("risk.discharge_days", "a hospital stay without a certain last day"))
        elif source.reaches(Days(end, end), today):
            found.append((end, name_of(encounter)))
    proofs = Proofs((), tuple(dict.fromkeys(missed)))
    if found:
        day, resource = max(found)
        last = Found("risk.discharge_days", (today - day).days, resource, "period.end", day.isoformat())
        proofs = Proofs((last,), proofs.missed)
    return weighed("risk.discharge_days", stated, proofs, Contradiction.DOCUMENTED)


def _open(
    record: Record, value_sets: ValueSets, name: str, zone: ZoneInfo
) -> Iterator[tuple[Encounter, str, Days | None]]:
    for encounter, says in _counted(record, value_sets, name):
        yield encounter, says, read_days(encounter.period.start if encounter.period else None, zone)


def _counted(record: Record, value_sets: ValueSets, name: str) -> Iterator[tuple[Encounter, str]]:
    """The contacts of one source's classes and statuses, and what each class says."""
    source = value_sets.sources[name]
    for encounter in record.encounters:
        kind = encounter.encounter_class
        if kind is None or not kind.system or not kind.code or encounter.status not in source.statuses:
            continue
        for says in sorted(value_sets.said_by(source, (Code(kind.system, kind.code, 0),))):
            yield encounter, says
