"""FHIR dates as closed intervals of calendar days, because a date may be partial and a day depends on the zone."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

# FHIR R4 date, dateTime and instant (hl7.org/fhir/R4/datatypes.html#dateTime). Seconds are required there; we read a
# time without them, because leaving them out does not change the day.
_FORM: Final = re.compile(
    r"(?P<year>[0-9]{4})(-(?P<month>[0-9]{2})(-(?P<day>[0-9]{2})"
    r"(T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(:(?P<second>[0-9]{2})(\.[0-9]+)?)?"
    r"(?P<zone>Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?)?)?)?",
    re.ASCII,
)

# A time that does not say its zone may stand anywhere on Earth: UTC+14 (Kiribati) to UTC-12.
_EASTMOST: Final = timezone(timedelta(hours=14))
_WESTMOST: Final = timezone(timedelta(hours=-12))


@dataclass(frozen=True, slots=True)
class Days:
    """Every calendar day that a date may mean, both ends included; one day when they are equal."""

    earliest: date
    latest: date


def read_days(text: object, zone: ZoneInfo) -> Days | None:
    """The days that a FHIR date, dateTime or instant may mean in `zone`; None when it is not a date.

    A date stays as written. A time with a zone becomes the calendar day at the facility. A time without one
    (forbidden by FHIR) becomes every day it may be.
    """
    parts = _FORM.fullmatch(text) if isinstance(text, str) else None
    if parts is None:
        return None
    try:
        return _days_of_time(parts, zone) if parts["hour"] else _days_as_written(parts)
    except (ValueError, OverflowError):
        return None


def read_period(start: object, end: object, zone: ZoneInfo) -> Days | None:
    """The days from the first possible start to the last possible end; None without a start or against the clock."""
    first = read_days(start, zone)
    last = read_days(end, zone) if end is not None else first
    if first is None or last is None or last.latest < first.earliest:
        return None
    return Days(first.earliest, last.latest)


def certain_day(days: Days | None) -> date | None:
    """The one day, or None when it may be several or is not known."""
    return days.earliest if days is not None and days.earliest == days.latest else None


def read_instant(text: object) -> datetime | None:
    """A moment, for telling which of two versions is newer; None unless it has a time and a zone."""
    parts = _FORM.fullmatch(text) if isinstance(text, str) else None
    if parts is None or not parts["zone"]:
        return None
    try:
        moment = _moment(parts, _offset(parts["zone"])).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment + timedelta(seconds=_fraction(str(text)))


def _days_as_written(parts: re.Match[str]) -> Days:
    year = int(parts["year"])
    if parts["month"] is None:
        return Days(date(year, 1, 1), date(year, 12, 31))
    month = int(parts["month"])
    if parts["day"] is None:
        return Days(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))
    day = date(year, month, int(parts["day"]))
    return Days(day, day)


def _days_of_time(parts: re.Match[str], zone: ZoneInfo) -> Days:
    first, last = (_offset(parts["zone"]),) * 2 if parts["zone"] else (_EASTMOST, _WESTMOST)
    return Days(_moment(parts, first).astimezone(zone).date(), _moment(parts, last).astimezone(zone).date())


def _moment(parts: re.Match[str], zone: timezone) -> datetime:
    # FHIR allows second 60 (a leap second), datetime does not; the day is that of second 59.
    second = 59 if parts["second"] == "60" else int(parts["second"] or 0)
    year, month, day, hour, minute = (int(parts[name]) for name in ("year", "month", "day", "hour", "minute"))
    return datetime(year, month, day, hour, minute, second, tzinfo=zone)


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return timezone(-offset if text[0] == "-" else offset)


def _fraction(text: str) -> float:
    """The fraction of a second that was written, at most microseconds."""
    match = re.search(r"\.([0-9]{1,6})", text, re.ASCII)
    return float(f"0.{match[1]}") if match else 0.0
