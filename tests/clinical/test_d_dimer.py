"""Decision table 3.3: units, the cut-off on both sides, and whether the sample belongs to the study."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from app.clinical.d_dimer import cut_off, ddimer_result, in_ng_per_ml_feu, sample_time
from app.clinical.vocabulary import DDIMER_UNIT, DDimer, parse_facts
from tests.clinical.patients import STUDY, day, exam, names

PARAMETERS = {"ddimer_cut_off": 500, "age_adjust_from": 50, "age_adjust_factor": 10}


def ddimer(value: object, unit: str) -> DDimer:
    """A D-dimer as it comes in JSON."""
    found = parse_facts({"ddimer": {"value": value, "unit": unit}}).ddimer
    assert found
    return found


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (499, "ng/mL FEU", 499),
        (499, "ug/L FEU", 499),
        (0.499, "mg/L FEU", 499),
        (0.499, "ug/mL FEU", 499),
        (249.5, "ng/mL DDU", 499),
        (249.5, "ug/L DDU", 499),
        (0.2495, "mg/L DDU", 499),
        (0.2495, "ug/mL DDU", 499),
    ],
)
def test_each_unit_is_converted_exactly(value: float, unit: str, expected: int) -> None:
    assert in_ng_per_ml_feu(ddimer(value, unit)) == Decimal(expected)


def test_every_unit_of_the_vocabulary_can_be_converted() -> None:
    assert all(in_ng_per_ml_feu(ddimer(1, unit)) is not None for unit in DDIMER_UNIT)


@pytest.mark.parametrize(
    ("value", "unit"), [(None, "ng/mL FEU"), (100, "ng/mL"), (100, "FEU"), (100, "unknown"), (-1, "ng/mL FEU")]
)
def test_a_value_without_its_unit_or_the_reverse_is_uninterpretable(value: object, unit: str) -> None:
    """The unit is never guessed from the size of the number."""
    assert ddimer_result(ddimer(value, unit), Decimal(500)) == "uninterpretable"


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (499, "ng/mL FEU", "negative"),
        (500, "ng/mL FEU", "positive"),
        (501, "ng/mL FEU", "positive"),
        (499.999, "ng/mL FEU", "negative"),
        (0.4999, "mg/L FEU", "negative"),
        (0.5, "mg/L FEU", "positive"),
        (0.50, "ug/mL FEU", "positive"),
        (249.9, "ng/mL DDU", "negative"),
        (250, "ng/mL DDU", "positive"),
        (0.25, "mg/L DDU", "positive"),
        (0, "ng/mL FEU", "negative"),
    ],
)
def test_negative_is_strictly_below_the_cut_off(value: float, unit: str, said: str) -> None:
    assert ddimer_result(ddimer(value, unit), Decimal(500)) == said


@pytest.mark.parametrize(
    ("comparator", "value", "said"),
    [
        ("<", 499, "negative"), ("<", 500, "negative"), ("<", 500.01, "uninterpretable"),
        ("<=", 499, "negative"), ("<=", 500, "uninterpretable"),
        (">", 499, "uninterpretable"), (">", 500, "positive"), (">", 501, "positive"),
        (">=", 499, "uninterpretable"), (">=", 500, "positive"),
        (None, 499, "negative"), (None, 500, "positive"),
        ("~", 100, "uninterpretable"), ("ad", 900, "uninterpretable"), (1, 100, "uninterpretable"),
    ],
)  # fmt: skip
def test_h10_a_bound_counts_when_all_beyond_it_is_on_one_side_of_the_cut_off(
    comparator: object, value: float, said: str
) -> None:
    given = {"value": value, "unit": "ng/mL FEU", "comparator": comparator}

    assert names(exam(), ddimer=given)["ddimer"] == said


def test_no_d_dimer_is_none() -> None:
    assert ddimer_result(None, Decimal(500)) == "none"


def test_arithmetic_is_decimal() -> None:
    """In binary 2.01 mg/L would be 2009.9999999999998 ng/mL."""
    assert in_ng_per_ml_feu(ddimer(2.01, "mg/L FEU")) == Decimal(2010)
    assert in_ng_per_ml_feu(ddimer(1.005, "ug/mL DDU")) == Decimal(2010)


@pytest.mark.parametrize(
    ("age", "limit"), [(18, 500), (49, 500), (50, 500), (51, 510), (80, 800), (100, 1000), (None, 500)]
)
def test_the_cut_off_grows_with_age_from_50_on(age: int | None, limit: int) -> None:
    assert cut_off(age, "unlikely", PARAMETERS) == limit


def test_the_very_age_from_which_it_grows_is_included() -> None:
    """At 50 both cut-offs are 500, so another plain one tells them apart."""
    assert cut_off(50, "unlikely", {**PARAMETERS, "ddimer_cut_off": 400}) == 500


@pytest.mark.parametrize("wells_class", ["likely", "unknown", "not_applicable"])
def test_it_grows_only_when_dvt_is_unlikely(wells_class: str) -> None:
    assert cut_off(80, wells_class, PARAMETERS) == 500


@pytest.mark.parametrize(
    ("age", "score", "value", "said"),
    [
        (49, 0, 500, "positive"),
        (60, 0, 599, "negative"),
        (60, 0, 600, "positive"),
        (60, 2, 599, "positive"),
        (60, None, 599, "positive"),
        (None, 0, 599, "positive"),
    ],
)
def test_the_rows_see_the_adjusted_result(age: int | None, score: int | None, value: int, said: str) -> None:
    given = {"value": value, "unit": "ng/mL FEU"}

    assert names(exam(), age=age, wells={"score": score}, ddimer=given)["ddimer"] == said


@pytest.mark.parametrize(
    ("collected", "said"),
    [(-3, "outside"), (-2, "in_window"), (0, "in_window"), (6, "in_window"), (7, "outside"), (None, "unknown")],
)
def test_a_sample_belongs_to_the_study_from_two_days_before_it_until_today(collected: int | None, said: str) -> None:
    taken = DDimer(collected=None if collected is None else day(collected))

    assert sample_time(taken, STUDY, today=day(6), days_before=2) == said


def test_without_a_sample_or_a_day_0_nothing_is_known_of_its_time() -> None:
    assert sample_time(None, STUDY, day(6), 2) == "unknown"
    assert sample_time(DDimer(collected=STUDY), None, day(6), 2) == "unknown"


@pytest.mark.parametrize("anchor", [date.min, date.min + timedelta(days=1), date.min + timedelta(days=2)])
def test_the_calendar_has_a_beginning_and_nothing_breaks_there(anchor: date) -> None:
    assert sample_time(DDimer(collected=date.min), anchor, day(6), 2) == "in_window"


def test_the_rows_see_assay_and_time_of_the_sample() -> None:
    given = {"value": 300, "unit": "ng/mL FEU", "assay": "high_sensitivity", "collected": "2026-03-01"}

    assert names(exam(), ddimer=given)["ddimer_assay"] == "high_sensitivity"
    assert names(exam(), ddimer=given)["ddimer_sample"] == "in_window"
    assert names(exam(on=None), ddimer=given)["ddimer_sample"] == "unknown"
    assert names(exam())["ddimer_assay"] == "unknown"
