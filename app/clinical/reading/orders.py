"""Orders already placed: a repeat ultrasound and a venography, each with its day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.clinical.reading.findings import Findings, Found, NotFound, together
from app.fhir.codings import codes_of
from app.fhir.dates import certain_day, read_days, read_period
from app.fhir.record import Record, name_of
from app.fhir.resources import ServiceRequest
from app.fhir.value_sets import ValueSets

ORDER_LOOK_BACK: Final = 30
"""Days. An undated order that was written longer ago is taken for one that nobody closed, not for a booking [C]."""

# FHIR R4 request-intent: an order in any form; a proposal, a plan or an option is none (threat model H26).
INTENTS: Final = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order"})

ULTRASOUND: Final = "us-le-vein-specific"
VENOGRAPHY: Final = ("ctv-specific", "mrv-specific")
ROLES: Final = frozenset({ULTRASOUND, *VENOGRAPHY})


@dataclass(frozen=True, slots=True)
class _Order:
    resource: str
    day: date | None
    element: str
    is_recent: bool


def orders(record: Record, value_sets: ValueSets, *, today: date, zone: ZoneInfo) -> Findings:
    """`orders.repeat_us_date`, `orders.venography` and `orders.venography_date`."""
    ultrasound = _open_orders(record, value_sets, (ULTRASOUND,), today=today, zone=zone)
    venography = _open_orders(record, value_sets, VENOGRAPHY, today=today, zone=zone)
    return together(
        [
            _booked("orders.repeat_us_date", ultrasound, today),
            _venography(venography, today),
            _booked("orders.venography_date", venography, today),
        ]
    )


def _open_orders(
    record: Record, value_sets: ValueSets, roles: Iterable[str], *, today: date, zone: ZoneInfo
) -> list[_Order]:
    return [
        _order(request, today, zone)
        for request in record.service_requests
        if _is_open(request) and any(value_sets.has(role, codes_of(request.code)) for role in roles)
    ]


def _is_open(request: ServiceRequest) -> bool:
    return request.status == "active" and request.intent in INTENTS and not request.do_not_perform


def _order(request: ServiceRequest, today: date, zone: ZoneInfo) -> _Order:
    period = request.occurrence_period
    if period is None:
        day, element = certain_day(read_days(request.occurrence_date_time, zone)), "occurrenceDateTime"
    else:
        day, element = certain_day(read_period(period.start, period.end, zone)), "occurrencePeriod"
        if request.occurrence_date_time is not None or period.end is None:
            day = None  # both forms at once, or a period without an end, is no booking
    written = read_days(request.authored_on, zone)
    is_recent = written is not None and written.earliest >= today - timedelta(days=ORDER_LOOK_BACK)
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
