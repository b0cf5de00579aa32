"""Decision table 3.6: each kind of timing on both sides of each of its boundaries."""

from datetime import date, timedelta

import pytest

from app.pathway import timing
from app.pathway.timing import Timing, TimingKind

STUDY = date(2026, 3, 2)  # day 0


def day(number: int) -> date:
    """Day n after the study."""
    return STUDY + timedelta(days=number)


@pytest.mark.parametrize(
    ("today", "kind", "earliest", "latest"),
    [
        (0, "window", 5, 7),
        (4, "window", 5, 7),
        (5, "due", 5, 7),
        (6, "due", 6, 7),
        (7, "due", 7, 7),
        (8, "overdue", 8, 9),
        (14, "overdue", 14, 15),
        (400, "overdue", 400, 401),
    ],
)
def test_days_5_to_7_are_awaited_then_due_then_overdue(today: int, kind: str, earliest: int, latest: int) -> None:
    assert timing.window(STUDY, 5, 7, day(today)) == Timing(TimingKind(kind), day(earliest), day(latest))


@pytest.mark.parametrize(("today", "kind"), [(0, "window"), (1, "due"), (3, "due"), (4, "overdue")])
def test_days_1_to_3_are_counted_from_the_study_not_from_today(today: int, kind: str) -> None:
    assert timing.window(STUDY, 1, 3, day(today)).kind == kind


def test_a_window_of_one_day_is_due_on_that_day_only() -> None:
    assert [timing.window(STUDY, 7, 7, day(number)).kind for number in (6, 7, 8)] == ["window", "due", "overdue"]


def test_without_a_day_0_there_is_no_window() -> None:
    assert timing.window(None, 5, 7, STUDY) == Timing(TimingKind.UNKNOWN)


@pytest.mark.parametrize(
    ("today", "kind", "earliest", "latest"),
    [(6, "window", 7, 7), (7, "due", 7, 7), (8, "overdue", 8, 9), (30, "overdue", 30, 31)],
)
def test_a_target_is_one_day(today: int, kind: str, earliest: int, latest: int) -> None:
    assert timing.target(day(7), 1, day(today)) == Timing(TimingKind(kind), day(earliest), day(latest))


@pytest.mark.parametrize(("late", "latest"), [(0, 8), (1, 9), (7, 15)])
def test_a_missed_target_may_be_made_up_for_within_its_days(late: int, latest: int) -> None:
    assert timing.target(day(7), late, day(8)).latest == day(latest)


def test_a_target_without_a_day_is_unknown() -> None:
    assert timing.target(None, 1, STUDY) == timing.UNKNOWN


def test_now_and_overdue_mean_today_or_tomorrow() -> None:
    assert timing.now(STUDY) == Timing(TimingKind.NOW, STUDY, day(1))
    assert timing.overdue(STUDY) == Timing(TimingKind.OVERDUE, STUDY, day(1))


@pytest.mark.parametrize("days", [0, 3, 7])
def test_within_begins_today(days: int) -> None:
    assert timing.within(STUDY, days) == Timing(TimingKind.WINDOW, STUDY, day(days))


def test_the_kinds_compete_in_the_order_of_the_decision_table() -> None:
    """Section 4: now > overdue > due > window > lapsed > unknown > none, then the earlier last day."""
    ordered = [
        timing.now(STUDY),
        timing.overdue(STUDY),
        timing.window(STUDY, 0, 7, STUDY),
        timing.within(STUDY, 3),
        timing.within(STUDY, 7),
        timing.LAPSED,
        timing.UNKNOWN,
        timing.NO_TIMING,
    ]

    for turned in (ordered, ordered[::-1], ordered[3:] + ordered[:3]):
        assert sorted(turned, key=lambda each: each.urgency) == ordered


def test_what_has_no_dates_says_none() -> None:
    for each in (timing.LAPSED, timing.UNKNOWN, timing.NO_TIMING):
        assert (each.earliest, each.latest) == (None, None)


@pytest.mark.parametrize("last", [date.max, date.max - timedelta(days=6)])
def test_the_calendar_has_an_end_and_nothing_breaks_there(last: date) -> None:
    """A record may hold 9999-12-31."""
    assert timing.window(last, 7, 7, STUDY) == Timing(TimingKind.WINDOW, date.max, date.max)
    assert timing.now(date.max).latest == date.max
