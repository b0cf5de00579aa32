"""What the record's Procedures prove: the last one of each source, and the one day on which it was done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from app.clinical.reading.findings import Findings, Found, NotFound
from app.clinical.reading.weighing import Contradiction, Proofs, weighed
from app.fhir.codings import codes_of
from app.fhir.dates import Days, certain_day, read_days, read_period
from app.fhir.record import Record, name_of
from app.fhir.resources import Procedure
from app.fhir.value_sets import ValueSets

PERFORMED: Final = "performed"


@dataclass(frozen=True, slots=True)
class Done:
    """One Procedure that counts, and the days on which it may have been done."""

    resource: str
    element: str
    days: Days | None


def done(
    record: Record, value_sets: ValueSets, name: str, *, today: date, zone: ZoneInfo, missed: list[NotFound]
) -> list[Done]:
    """The Procedures of a source that were done and whose days lie in its look-back; why others do not count."""
    source = value_sets.sources[name]
    fact = min(source.facts)
    counted = []
    for procedure in _of(record, value_sets, name):
        if procedure.status not in source.statuses:
            missed.append(NotFound(fact, "a procedure does not count: not done"))
            continue
        each = _done(procedure, zone)
        if each.days is not None and each.days.earliest > today:
            missed.append(NotFound(fact, "a procedure does not count: dated in the future"))
        elif each.days is not None and not source.reaches(each.days, today):
            continue
        else:
            counted.append(each)
    return counted


def _of(record: Record, value_sets: ValueSets, name: str) -> Iterator[Procedure]:
    source = value_sets.sources[name]
    return (each for each in record.procedures if value_sets.said_by(source, codes_of(each.code)))


def last_day(
    record: Record, value_sets: ValueSets, name: str, *, today: date, zone: ZoneInfo
) -> tuple[Proofs, date | None]:
    """The last day on which a procedure of this source was done, as proofs of its fact (an ISO day).

    When one that may be the last has no certain day there is none: neither is it then known how long ago.
    """
    missed: list[NotFound] = []
    fact = min(value_sets.sources[name].facts)
    counted = done(record, value_sets, name, today=today, zone=zone, missed=missed)
    if not counted:
        return Proofs((), tuple(dict.fromkeys(missed))), None
    surely = max((each.days.earliest for each in counted if each.days), default=date.min)
    may_be_last = [each for each in counted if each.days is None or each.days.latest >= surely]
    days = {certain_day(each.days) for each in may_be_last}
    day = days.pop() if len(days) == 1 else None
    if day is None:
        missed.append(NotFound(fact, "the day of the last one is not certain"))
        return Proofs((), tuple(dict.fromkeys(missed))), None
    proof = min(may_be_last, key=lambda each: each.resource)
    found = Found(fact, day.isoformat(), proof.resource, proof.element, day.isoformat())
    return Proofs((found,), tuple(dict.fromkeys(missed))), day


def days_since(
    stated: Findings, record: Record, value_sets: ValueSets, name: str, *, today: date, zone: ZoneInfo
) -> Findings:
    """Days since the last procedure of this source, against the number that is stated."""
    proofs, day = last_day(record, value_sets, name, today=today, zone=zone)
    fact = min(value_sets.sources[name].facts)
    if day is not None:
        last = proofs.found[0]
        since = Found(fact, (today - day).days, last.resource, last.element, last.date)
        proofs = Proofs((since,), proofs.missed)
    return weighed(fact, stated, proofs, Contradiction.DOCUMENTED)


def dated(
    stated: Findings, record: Record, value_sets: ValueSets, name: str, *, today: date, zone: ZoneInfo
) -> Findings:
    """The day of the last procedure of this source, against the day that is stated: two that differ are a conflict."""
    proofs, _ = last_day(record, value_sets, name, today=today, zone=zone)
    return weighed(min(value_sets.sources[name].facts), stated, proofs, Contradiction.NEITHER)


def _done(procedure: Procedure, zone: ZoneInfo) -> Done:
    """A procedure of several days was done by its last; without an end, its first day is all that is known."""
    name, period = name_of(procedure), procedure.performed_period
    if period is not None and procedure.performed_date_time is None:
        days = read_period(period.start, period.end, zone)
        last = read_days(period.end, zone) if period.end is not None else days
        return Done(name, f"{PERFORMED}Period", last if days is not None else None)
    days = read_days(procedure.performed_date_time, zone) if period is None else None
    return Done(name, f"{PERFORMED}DateTime", days)
