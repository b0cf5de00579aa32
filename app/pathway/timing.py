"""When to act: the timing kinds of decision table 3.6, from calendar days.

All dates are calendar days in the facility's time zone; nothing here reads a clock.
"""

from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from enum import StrEnum


class TimingKind(StrEnum):
    """The public timing kinds, most urgent first: the order in which merged rules compete (decision table 4)."""

    NOW = "now"
    OVERDUE = "overdue"
    DUE = "due"
    WINDOW = "window"
    LAPSED = "lapsed"
    UNKNOWN = "unknown"
    NONE = "none"


URGENCY = {kind: rank for rank, kind in enumerate(TimingKind)}


@dataclass(frozen=True, slots=True)
class Timing:
    """A timing: its kind and, where it has dates, the first and last advised day (both inclusive)."""

    kind: TimingKind
    earliest: date | None = None
    latest: date | None = None

    @property
    def urgency(self) -> tuple[int, date]:
        """Sorts the more urgent first: by kind, then by the earlier last day."""
        return URGENCY[self.kind], self.latest or date(MAXYEAR, 12, 31)


NO_TIMING = Timing(TimingKind.NONE)
LAPSED = Timing(TimingKind.LAPSED)
UNKNOWN = Timing(TimingKind.UNKNOWN)


def now(today: date) -> Timing:
    """At once: today, tomorrow at the latest."""
    return Timing(TimingKind.NOW, today, add_days(today, 1))


def overdue(today: date) -> Timing:
    """The time has passed: today, tomorrow at the latest. It never starts a new window (G009)."""
    return Timing(TimingKind.OVERDUE, today, add_days(today, 1))


def within(today: date, days: int) -> Timing:
    """Any day from today, `days` days from now at the latest."""
    return Timing(TimingKind.WINDOW, today, add_days(today, days))


def window(anchor: date | None, first_day: int, last_day: int, today: date) -> Timing:
    """Days `first_day`..`last_day` after the anchor examination (its day = 0), seen from today."""
    if anchor is None:
        return UNKNOWN
    first, last = add_days(anchor, first_day), add_days(anchor, last_day)
    if today < first:
        return Timing(TimingKind.WINDOW, first, last)
    return Timing(TimingKind.DUE, today, last) if today <= last else overdue(today)


def target(day: date | None, late: int, today: date) -> Timing:
    """One day to aim at; after it, within `late` days of today."""
    if day is None:
        return UNKNOWN
    if today > day:
        return Timing(TimingKind.OVERDUE, today, add_days(today, late))
    return Timing(TimingKind.WINDOW if today < day else TimingKind.DUE, day, day)


def add_days(day: date, days: int) -> date:
    """The calendar day `days` later, or the calendar's last day (a record may hold 9999-12-31)."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max
