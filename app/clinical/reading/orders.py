"""Orders already placed: a repeat ultrasound and a venography, each with its day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from app.clinical.reading.findings import Findings, Found, NotFound, together
from app.fhir.codings import codes_of
from app.fhir.dates import certain_day, read_days, read_period
from app.fhir.record import Record, name_of
from app.fhir.resources import ServiceRequest
from app.fhir.sources import Source
from app.fhir.value_sets import ValueSets

ULTRASOUND: Final = "ultrasound"
VENOGRAPHY: Final = "venography"


@dataclass(frozen=True, slots=True)
class _Order:
    resource: str
    day: date | None
    element: str
    is_recent: bool


def orders(record: Record, value_sets: ValueSets, *, today: date, zone: ZoneInfo) -> Findings:
    """`orders.repeat_us_date`, `orders.venography` and `orders.venography_date`."""
    ultrasound = _open_orders(record, value_sets, ULTRASOUND, today=today, zone=zone)
    venography = _open_orders(record, value_sets, VENOGRAPHY, today=today, zone=zone)
    return together(
        [
            _booked("orders.repeat_us_date", ultrasound, today),
            _venography(venography, today),
            _booked("orders.venography_date", venography, today),
        ]
    )


def _open_orders(record: Record, value_sets: ValueSets, kind: str, *, today: date, zone: ZoneInfo) -> list[_Order]:
    source = value_sets.sources["imaging_orders"]
    return [
        _order(request, source, today, zone)
        for request in record.service_requests
        if _is_open(request, source) and kind in value_sets.said_by(source, codes_of(request.code))
    ]


def _is_open(request: ServiceRequest, source: Source) -> bool:
    """An order in any form; a proposal, a plan or an option is none (threat model H26)."""
    return request.status in source.statuses and request.intent in source.intents and not request.do_not_perform


def _order(request: ServiceRequest, source: Source, today: date, zone: ZoneInfo) -> _Order:
    """An order without a day that was written longer ago is taken for one that nobody closed, not for a booking."""
    period = request.occurrence_period
    if period is None:
        day, element = certain_day(read_days(request.occurrence_date_time, zone)), "occurrenceDateTime"
    else:
        day, element = certain_day(read_period(period.start, period.end, zone)), "occurrencePeriod"
        if request.occurrence_date_time is not None or period.end is None:
            day = None  # both forms at once, or a period without an end, is no booking
    written = read_days(request.authored_on, zone)
    is_recent = written is not None and source.reaches(written, today)
    return _Order(name_of(request), day, element, is_recent)


def _booked(fact: str, placed: Sequence[_Order], today: date) -> Findings:
    """The next booked day, or the last one when all are past. The engine judges whether it fits."""
    dated = sorted((order.day, order.resource, order.element) for order in placed if order.day)
    if not dated:
        return Findings((), (NotFound(fact, "an open order has no single day"),) if placed else ())
    to_come = [booking for booking in dated if booking[0] >= today]
    day, resource, element = to_come[0] if to_come else dated[-1]
    return Findings((Found(fact, day.isoformat(), resource, element, day.isoformat()),))


def _venography(placed: Sequence[_Order], today: date) -> Findings:
    """Open, when it is booked from today on or was written lately."""
    current = [order for order in placed if (order.day >= today if order.day else order.is_recent)]
    if not current:
        reason = "an open order is neither booked from today on nor written lately"
        return Findings((), (NotFound("orders.venography", reason),) if placed else ())
    return Findings((Found("orders.venography", "active", current[0].resource, "status", None),))
