"""How days, timings, numbers and named values are said to a clinician."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from app.cards import wording
from app.clinical.situation import DOMAINS
from app.pathway.timing import LAPSED, NO_TIMING, UNKNOWN, Timing, TimingKind, now, overdue, window, within
from tests.clinical.patients import STUDY, a_study, day, exam, names


def test_no_two_countries_read_a_day_differently() -> None:
    assert wording.day(date(2026, 3, 7)) == "7 Mar 2026"
    assert wording.day(date(1, 12, 31)) == "31 Dec 0001"
    assert [wording.day(date(2026, month, 1)).split()[1] for month in range(1, 13)] == list(wording.MONTHS)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(2026, 3, 7), date(2026, 3, 7), "7 Mar 2026"),
        (date(2026, 3, 7), date(2026, 3, 9), "7-9 Mar 2026"),
        (date(2026, 3, 30), date(2026, 4, 1), "30 Mar - 1 Apr 2026"),
        (date(2026, 12, 30), date(2027, 1, 1), "30 Dec 2026 - 1 Jan 2027"),
        (date(2026, 3, 7), date(2027, 3, 9), "7 Mar 2026 - 9 Mar 2027"),
    ],
)
def test_several_days_say_what_they_share_once(first: date, last: date, said: str) -> None:
    assert wording.days(first, last) == said


@pytest.mark.parametrize(
    ("timing", "said", "days"),
    [
        (now(STUDY), "now (2-3 Mar 2026)", "2-3 Mar 2026"),
        (overdue(STUDY), "overdue, do it 2-3 Mar 2026", "2-3 Mar 2026"),
        (window(STUDY, 5, 7, day(6)), "due 8-9 Mar 2026", "8-9 Mar 2026"),
        (window(STUDY, 5, 7, day(7)), "due 9 Mar 2026", "9 Mar 2026"),
        (within(STUDY, 7), "2-9 Mar 2026", "2-9 Mar 2026"),
        (LAPSED, "window lapsed, decide clinically", ""),
        (UNKNOWN, "date not known", ""),
        (NO_TIMING, "", ""),
    ],
    ids=["now", "overdue", "due", "due to the last day", "window", "lapsed", "unknown", "none"],
)
def test_a_timing_says_its_kind_and_its_days(timing: Timing, said: str, days: str) -> None:
    assert wording.timing(timing) == said
    assert wording.advised_days(timing) == days


def test_every_kind_of_timing_has_its_words() -> None:
    assert set(wording.TIMINGS) == set(TimingKind)


@pytest.mark.parametrize(
    ("number", "said"),
    [("499", "499"), ("500.0", "500"), ("0.50", "0.5"), ("1E+3", "1000"), ("0", "0"), ("0.0005", "0.0005")],
)
def test_a_number_has_no_exponent_and_no_needless_zero(number: str, said: str) -> None:
    assert wording.number(Decimal(number)) == said


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({}, "negative, complete"),
        ({"protocol": "proximal_duplex"}, "negative, limited"),
        ({"quality": "compromised"}, "negative, inadequate"),
        ({"quality": "compromised", "protocol": None}, "negative, inadequate"),
        ({"result": "svt_only"}, "superficial thrombosis only, complete"),
        ({"result": "equivocal"}, "equivocal"),
        ({"result": "nondiagnostic"}, "nondiagnostic"),
        ({"result": "acute_dvt"}, "acute DVT"),
        ({"result": None}, "no usable result"),
        ({"report_status": "preliminary"}, "no usable result"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_study_is_summed_up_in_two_or_three_words(members: dict[str, str | None], said: str) -> None:
    """A preliminary negative is never said to be negative."""
    assert wording.verdict(names(exam() | members)) == said


def test_a_study_is_told_by_its_day() -> None:
    assert wording.study(a_study(), names(exam())) == "ultrasound of 2 Mar 2026: negative, complete"
    assert wording.study(a_study(on=None), names(exam(None))) == "undated ultrasound: negative, complete"


@pytest.mark.parametrize(
    ("items", "said"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")], ids=["1", "2", "3"]
)
def test_a_list_reads_as_a_sentence(items: list[str], said: str) -> None:
    assert wording.listed(items) == said


def test_every_value_can_be_said_without_our_spelling() -> None:
    """No underscore reaches a card, and what has its own words is still a value."""
    values = {value for allowed in DOMAINS.values() for value in allowed}
    modalities = {"CTV", "CTV_WITH_PROPHYLAXIS", "MRV", "MRV_NONCONTRAST", "DISCUSS"}

    assert not [value for value in values | modalities if "_" in wording.said(value)]
    assert set(wording.NAMES) <= values | modalities | {"minor_limitation", "posterior_tibial", "cfv"}
    assert set(wording.ALTERNATIVE_MODALITY) == modalities
    assert set(wording.RED_FLAGS) <= set(DOMAINS)


def test_months_are_in_their_order() -> None:
    assert all(one != other for one, other in pairwise(wording.MONTHS))
    assert len(wording.MONTHS) == 12
