"""Stents and other venous interventions: which surveillance visit is next (decision table section 11)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.__main__ import load
from app.clinical.evaluate import check_numbers, evaluate
from app.clinical.examinations import Episode
from app.clinical.situation import PARAMETERS, PARAMETERS_OF, situation
from app.clinical.treated_veins import PARAMETERS as STENT_PARAMETERS
from app.clinical.treated_veins import next_visit
from app.clinical.vocabulary import parse_facts
from app.errors import AuthorError
from app.settings import Settings

PATHWAYS = load(Settings())
DAYS = PATHWAYS[0].days
STENT = date(2026, 1, 1)


def on_day(day: int, *looked: int) -> str:
    today = STENT + timedelta(days=day)
    return next_visit(STENT, frozenset(STENT + timedelta(days=each) for each in looked), today, DAYS)


@pytest.mark.parametrize(
    ("day", "visit"),
    [
        (0, "first"),
        (28, "first"),
        (29, "second"),
        (120, "second"),
        (121, "third"),
        (240, "third"),
        (241, "fourth"),
        (455, "fourth"),
        (456, "none"),
    ],
)
def test_a_visit_is_next_until_its_last_day(day: int, visit: str) -> None:
    assert on_day(day) == visit


@pytest.mark.parametrize(("looked", "visit"), [(0, "first"), (1, "second"), (28, "second"), (29, "first")])
def test_a_duplex_counts_from_the_first_to_the_last_day_of_its_visit(looked: int, visit: str) -> None:
    assert on_day(28, looked) == visit  # day 29 lies in the future and does not count, nor would it be the first visit


def test_a_duplex_in_the_future_does_not_count() -> None:
    assert on_day(10, 14) == "first"
    assert on_day(14, 14) == "second"


def test_all_visits_done_leaves_none() -> None:
    assert on_day(400, 14, 90, 180, 365) == "none"


def advised(facts: dict[str, object], today: str) -> dict[str, tuple[str, str | None]]:
    made = evaluate(PATHWAYS, parse_facts(facts), today=date.fromisoformat(today), config={}).recommendations
    return {each.id: (each.timing.kind.value, str(each.timing.earliest)) for each in made}


def test_a_stent_dated_in_the_future_is_no_stent() -> None:
    facts: dict[str, object] = {"age": 50, "procedure": {"stent_date": "2026-03-02"}}
    assert advised(facts, "2026-03-01") == {}
    assert advised(facts, "2026-03-02") == {"PB-STENT-SURVEILLANCE": ("window", "2026-03-16")}


def test_a_missed_visit_is_overdue_until_its_last_day() -> None:
    facts: dict[str, object] = {"age": 50, "procedure": {"stent_date": "2026-03-02"}}
    assert advised(facts, "2026-03-16")["PB-STENT-SURVEILLANCE"] == ("due", "2026-03-16")
    assert advised(facts, "2026-03-17")["PB-STENT-SURVEILLANCE"] == ("overdue", "2026-03-17")


def test_what_two_pathways_both_say_is_said_once() -> None:
    facts = {"age": 50, "red_flags": {"pe": True}}
    made = evaluate(PATHWAYS, parse_facts(facts), today=STENT, config={}).recommendations
    assert [(each.id, each.rules) for each in made] == [("EMERG-PE", ("RF-PE",))]


def test_the_latest_of_two_positive_studies_of_one_day_is_the_one_given_last() -> None:
    studies = [{"date": "2026-03-02", "result": "acute_dvt", "location": place} for place in ("proximal", "distal")]
    facts: dict[str, object] = {"age": 50, "exams": studies}
    assert "PB-DISTAL-SERIAL" in advised(facts, "2026-03-03")
    assert "PB-DISTAL-SERIAL" not in advised({**facts, "exams": studies[::-1]}, "2026-03-03")


def test_the_imaging_pathway_can_be_switched_off() -> None:
    facts = parse_facts({"age": 50, "exams": [{"date": "2026-03-02", "result": "acute_dvt", "location": "distal"}]})
    made = evaluate(PATHWAYS, facts, today=date(2026, 3, 3), config={"dvt_imaging": "off"}).recommendations
    assert [each.id for each in made] == ["ROUTE-POSITIVE"]


def test_a_number_that_the_code_reads_is_missed_at_start() -> None:
    imaging = PATHWAYS[0]
    without = {name: value for name, value in imaging.days.items() if name != "stent_visit_2_to"}
    with pytest.raises(AuthorError, match="stent_visit_2_to is missing: it is read for stent"):
        check_numbers([replace(imaging, days=without)])


def test_one_number_has_one_value_in_all_pathways() -> None:
    imaging, negative, _ = PATHWAYS
    with pytest.raises(AuthorError, match="stale_day: 31 here and 30 in dvt-imaging"):
        check_numbers([imaging, replace(negative, days={**negative.days, "stale_day": 31})])


def test_every_visit_has_its_three_numbers() -> None:
    visits = {f"stent_visit_{number}_{part}" for number in (1, 2, 3, 4) for part in ("day", "from", "to")}

    assert set(STENT_PARAMETERS) == {*visits, "stent_late_days"}


def test_the_code_reads_only_numbers_it_declares() -> None:
    declared = {*PARAMETERS, *(name for names in PARAMETERS_OF.values() for name in names)}
    only = {name: value for name, value in DAYS.items() if name in declared}
    facts = parse_facts({"age": 50, "ddimer": {"value": 400, "unit": "ng/mL FEU"}, "wells": {"score": 1}})
    situation(Episode(facts, STENT, only))
