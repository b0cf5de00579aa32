"""H12: dates are intervals of days at the facility."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir.dates import Days, certain_day, read_days, read_instant, read_period

NEW_YORK = ZoneInfo("America/New_York")
AUCKLAND = ZoneInfo("Pacific/Auckland")
ZONES = [NEW_YORK, AUCKLAND, ZoneInfo("UTC"), ZoneInfo("Asia/Kolkata"), ZoneInfo("Pacific/Kiritimati")]


def days(first: str, last: str | None = None) -> Days:
    return Days(date.fromisoformat(first), date.fromisoformat(last or first))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026", days("2026-01-01", "2026-12-31")),
        ("2026-02", days("2026-02-01", "2026-02-28")),
        ("2024-02", days("2024-02-01", "2024-02-29")),
        ("2026-03-05", days("2026-03-05")),
        ("0001-01-01", days("0001-01-01")),
        ("9999-12-31", days("9999-12-31")),
        ("9999", days("9999-01-01", "9999-12-31")),
        ("2024-02-29", days("2024-02-29")),
        ("2026-03-05T23:30:00-05:00", days("2026-03-05")),
        ("2026-03-06T04:59:59Z", days("2026-03-05")),
        ("2026-03-06T05:00:00Z", days("2026-03-06")),
        ("2026-03-06T05:00:00.717Z", days("2026-03-06")),
        ("2026-03-06T05:00Z", days("2026-03-06")),
        ("2026-03-06T04:59:60Z", days("2026-03-05")),  # a leap second
        ("2026-03-08T06:59:59Z", days("2026-03-08")),  # the night the clocks go forward
        ("2026-11-01T05:30:00Z", days("2026-11-01")),  # the hour that comes twice
        ("2026-03-06T12:00:00+14:00", days("2026-03-05")),
        ("2026-03-06T12:00:00-00:00", days("2026-03-06")),
    ],
)
def test_a_date_is_the_days_it_may_mean_at_the_facility(text: str, expected: Days) -> None:
    assert read_days(text, NEW_YORK) == expected


@pytest.mark.parametrize(
    "text",
    [
        None,
        2026,
        True,
        [],
        {},
        "",
        " ",
        "2026-3-5",
        "26-03-05",
        "2026-13",
        "2026-00",
        "2026-02-29",
        "2026-02-31",
        "2026-04-31",
        "0000",
        "0000-01-01",
        "10000-01-01",
        "2026-03-05T24:00:00Z",
        "2026-03-05T25:00:00Z",
        "2026-03-05T10:60:00Z",
        "2026-03-05T10:00:61Z",
        "2026-03-05T10:00:00+14:01",
        "2026-03-05T10:00:00+15:00",
        "2026-03-05T10:00:00z",
        "2026-03-05 10:00:00Z",
        "2026-03-05T10Z",
        "2026-03-05Z",
        "2026-03-05T",
        "today",
        " 2026-03-05",
        "2026-03-05\n",
        "\u0662\u0660\u0662\u0666-03-05",
        "2026-03-05T10:00:00+0100",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_what_is_not_a_date_is_none(text: object) -> None:
    assert read_days(text, AUCKLAND if "9999" in str(text) else NEW_YORK) is None


def test_a_time_that_hides_its_zone_may_be_another_day() -> None:
    # H12: a missing zone is not guessed
    assert read_days("2026-03-05T10:00:00", NEW_YORK) == days("2026-03-04", "2026-03-05")
    assert certain_day(read_days("2026-03-05T12:00:00", NEW_YORK)) is None


@given(moment=st.datetimes(min_value=datetime(1971, 1, 2), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001  # zones are what is varied
def test_the_day_is_the_same_in_whichever_zone_a_moment_is_written(moment: datetime) -> None:
    there = moment.replace(tzinfo=UTC, microsecond=0)
    for zone in ZONES:
        texts = [there.astimezone(other).isoformat() for other in ZONES]

        assert {certain_day(read_days(text, zone)) for text in texts} == {there.astimezone(zone).date()}


@given(text=st.text(max_size=40) | st.from_regex(r"[0-9]{4}(-[0-9]{2}){0,2}(T[0-9:.Z+-]{0,20})?", fullmatch=True))
def test_no_text_makes_reading_a_date_fail(text: str) -> None:
    for zone in ZONES:
        found = read_days(text, zone)

        assert found is None or found.earliest <= found.latest
    read_instant(text)


def test_a_period_reaches_from_its_first_to_its_last_possible_day() -> None:
    assert read_period("2026-03-05", "2026-03", NEW_YORK) == days("2026-03-05", "2026-03-31")
    assert read_period("2026-03-05", None, NEW_YORK) == days("2026-03-05")
    assert read_period(None, "2026-03-05", NEW_YORK) is None
    assert read_period("2026-03-05", "2026-03-04", NEW_YORK) is None
    assert read_period("2026-03-05", "never", NEW_YORK) is None


def test_only_one_day_is_certain() -> None:
    assert certain_day(days("2026-03-05")) == date(2026, 3, 5)
    assert certain_day(days("2026-03-05", "2026-03-06")) is None
    assert certain_day(None) is None


def test_versions_are_told_apart_by_fractions_of_a_second() -> None:
    early, late = read_instant("2026-03-05T10:00:00.100Z"), read_instant("2026-03-05T11:00:00.200+01:00")

    assert early
    assert late
    assert early < late
    assert read_instant("2026-03-05") is None
    assert read_instant("2026-03-05T10:00:00") is None
    assert read_instant("0001-01-01T00:00:00+14:00") is None
    assert read_instant(None) is None
