"""Each public fact becomes its name on the right side of each limit, and every name can be reached."""

from decimal import Decimal
from typing import Any

import pytest

from app.clinical.examinations import Episode
from app.clinical.situation import (
    DATES,
    DOMAINS,
    is_maybe_pregnant,
    situation,
    superficial_thrombosis,
    treated_veins_are_read,
)
from app.clinical.vocabulary import ALTERNATIVE, Facts, parse_facts
from tests.clinical.patients import DAYS, day, episode, exam, facts, names, symptoms
from tests.front_door import pathways


def one(name: str, **members: Any) -> str:  # noqa: ANN401 -- public facts
    """One name of a patient with a complete negative study, on day 3."""
    return names(exam(), **members)[name]


@pytest.mark.parametrize(("age", "said"), [(17, "child"), (18, "adult"), (130, "adult"), (None, "unknown")])
def test_adults_begin_at_18(age: int | None, said: str) -> None:
    assert one("age_group", age=age) == said


@pytest.mark.parametrize(
    ("name", "risk", "limit"),
    [
        ("surgery", "surgery_days", 84),
        ("trauma", "trauma_days", 84),
        ("discharge", "discharge_days", 90),
    ],
)
def test_events_are_recent_up_to_their_limit(name: str, risk: str, limit: int) -> None:
    """Section 3.2."""
    assert one(name, risk={risk: 0}) == "recent"
    assert one(name, risk={risk: limit}) == "recent"
    assert one(name, risk={risk: limit + 1}) == "past"
    assert one(name) == "unknown"


@pytest.mark.parametrize(("days", "said"), [(0, "recent"), (42, "recent"), (43, "past"), (None, "unknown")])
def test_post_partum_is_up_to_42_days(days: int | None, said: str) -> None:
    assert one("postpartum", postpartum_days=days) == said


@pytest.mark.parametrize(
    ("hours", "said"), [(0, "short"), (48, "short"), (48.1, "long"), (49, "long"), (None, "unknown"), (-1, "unknown")]
)
def test_a_stay_is_short_up_to_48_hours(hours: float | None, said: str) -> None:
    assert one("stay", inpatient_hours=hours) == said


@pytest.mark.parametrize(
    ("sex", "age", "pregnant", "maybe"),
    [
        ("female", 12, None, True),
        ("female", 11, None, False),
        ("female", 55, None, True),
        ("female", 56, None, False),
        ("female", None, None, True),
        (None, 30, None, True),
        (None, None, None, True),
        ("male", 30, None, False),
        ("female", 30, False, False),
        ("female", 30, True, False),
    ],
)
def test_a_pregnancy_that_is_not_stated_is_possible_unless_sex_or_age_rule_it_out(
    sex: str | None, age: int | None, pregnant: object, *, maybe: bool
) -> None:
    """Decision table 2.4."""
    patient = parse_facts({"sex": sex, "age": age, "pregnant": pregnant})

    assert is_maybe_pregnant(patient, DAYS) is maybe
    assert one("maybe_pregnant", sex=sex, age=age, pregnant=pregnant) == ("yes" if maybe else "no")


@pytest.mark.parametrize(
    ("egfr", "said"),
    [
        (0, "under_30"),
        (29, "under_30"),
        (29.9, "under_30"),
        (30, "from_30_to_44"),
        (31, "from_30_to_44"),
        (44, "from_30_to_44"),
        (44.9, "from_30_to_44"),
        (45, "at_least_45"),
        (120, "at_least_45"),
        (None, "unknown"),
        ("60", "unknown"),
    ],
)
def test_the_kidneys_are_seen_in_three_bands(egfr: object, said: str) -> None:
    """Section 7: 29 is row 5; 30 and 31 are row 9."""
    assert one("egfr", egfr=egfr) == said


@pytest.mark.parametrize(
    ("on", "said"), [(4, "before"), (5, "open"), (7, "open"), (8, "overdue"), (14, "overdue"), (15, "lapsed")]
)
def test_the_repeat_window_opens_closes_and_lapses(on: int, said: str) -> None:
    """Section 6."""
    assert names(exam(), on=on)["repeat_window"] == said


@pytest.mark.parametrize(
    ("on", "week", "third"),
    [
        (0, "within", "within"),
        (3, "within", "within"),
        (4, "within", "past"),
        (7, "within", "past"),
        (8, "past", "past"),
    ],
)
def test_the_first_week_and_day_3(on: int, week: str, third: str) -> None:
    found = names(exam(), on=on)

    assert (found["first_week"], found["day_3"]) == (week, third)


def test_without_day_0_no_clock_runs() -> None:
    found = names(exam(None), on=400)

    assert {found[name] for name in ("repeat_window", "first_week", "day_3")} == {"unknown"}
    assert found["day_3_study"] == "not_done"


@pytest.mark.parametrize(("second", "said"), [(2, "not_done"), (3, "done"), (4, "done")])
def test_the_day_3_study_is_one_of_day_3_or_later(second: int, said: str) -> None:
    """RU-PREG: the first study is limited, so its day is day 0."""
    limited = {"protocol": "proximal_duplex"}

    assert names(exam(0, **limited), exam(second, **limited), on=5)["day_3_study"] == said


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, "recent"),
        (14, "recent"),
        (15, "over_14_days"),
        (90, "over_14_days"),
        (91, "over_90_days"),
        (None, "unknown"),
    ],
)
def test_symptoms_are_recent_long_or_chronic(days: int | None, said: str) -> None:
    assert one("onset", symptoms={"onset_days": days}) == said


@pytest.mark.parametrize("whole_leg", [True, False, None])
@pytest.mark.parametrize("item", [True, False, None])
def test_the_whole_leg_is_swollen_when_the_symptom_or_the_wells_item_says_so(whole_leg: object, item: object) -> None:
    """2.2: the item counts even beside whole_leg = false."""
    said = one("whole_leg", symptoms={"whole_leg": whole_leg}, wells={"items": {"entire_leg_swollen": item}})
    stated = {True: "yes", False: "no", None: "unknown"}[whole_leg]  # type: ignore[index]  # one of the three above

    assert said == ("yes" if item is True else stated)


@pytest.mark.parametrize(
    ("svt", "said"),
    [
        (None, "absent"),
        ({}, "unmeasured"),
        ({"sfj_cm": 3}, "near_junction"),
        ({"sfj_cm": 3.0, "length_cm": 1}, "near_junction"),
        ({"sfj_cm": 3.1}, "unmeasured"),
        ({"length_cm": 6}, "unmeasured"),
        ({"sfj_cm": 3.1, "length_cm": 5}, "long"),
        ({"sfj_cm": 3.1, "length_cm": 4.9}, "short"),
        ({"sfj_cm": 20, "length_cm": 0}, "short"),
    ],
    ids=str,
)
def test_a_superficial_thrombosis_is_classed_by_distance_then_length(svt: object, said: str) -> None:
    """Section 10: at 3 cm it is near, from 5 cm it is long."""
    assert one("svt", alt={"svt": svt}) == said


def test_a_reported_superficial_thrombosis_without_measures_is_unmeasured() -> None:
    assert names(exam(result="svt_only"))["svt"] == "unmeasured"
    assert names(exam(0, result="svt_only"), exam(3))["svt"] == "unmeasured"
    assert superficial_thrombosis(None, DAYS, reported=False) == "absent"


def test_confirmed_alternatives_are_named_one_by_one() -> None:
    found = names(exam(), alt={"confirmed": ["hematoma", "something else"], "explains": True})

    assert {name for name in ALTERNATIVE if found[f"confirmed_{name}"] == "yes"} == {"hematoma"}
    assert (found["alternative"], found["explains"]) == ("confirmed", "yes")
    assert one("alternative") == "none"


def test_a_contradictory_wells_total_is_told() -> None:
    assert one("wells_total", wells={"score": 12}) == "contradictory"
    assert one("wells_total", wells={"score": 2}) == "consistent"
    assert one("high_probability", wells={"score": 3}) == "yes"


def test_unseen_veins_are_told() -> None:
    assert names(exam(unseen=["femoral"]))["proximal_unseen"] == "yes"
    assert names(exam(unseen=["peroneal"]))["proximal_unseen"] == "no"
    assert names(exam(unseen=["peroneal"]))["unseen_named"] == "yes"
    assert names(exam())["unseen_named"] == "no"


def test_the_dates_are_handed_on() -> None:
    booked = {"repeat_us_date": "2026-03-08", "venography_date": "2026-03-09"}
    found = situation(episode(exam(), symptoms=symptoms(on=3), orders=booked, procedure={"stent_date": "2026-02-01"}))

    assert set(found.dates) == set(DATES)
    assert found.dates["anchor"] == found.dates["latest"] == day(0)
    assert found.dates["as_of"] == day(3)
    assert (found.dates["repeat_us_date"], found.dates["venography_date"]) == (day(6), day(7))
    assert found.dates["positive"] is None
    assert found.today == day(3)


def test_of_nobody_nothing_is_known() -> None:
    nobody = situation(episode())

    assert set(nobody.dates.values()) == {None}
    assert {nobody.names[name] for name, values in DOMAINS.items() if "unknown" in values} == {"unknown", "none"}
    assert nobody.names["positive_location"] == "none"
    for name in ("satisfactory", "positive_study", "limited", "high_probability"):
        assert nobody.names[name] == "no"


# ---------------------------------------------------------------------------------------------- every name is reached

PATIENTS: list[tuple[int, Facts]] = [
    (3, facts()),
    *((number, facts(exam())) for number in (3, 6, 10, 20, 40, 100)),
    (6, facts(exam(), exam(5))),
    (6, facts(exam(0), exam(3), exam(6))),
    (3, facts(exam(None, result="acute_dvt"), exam(9))),
    (6, facts(exam(0), exam(5, result=None), symptoms=symptoms())),
    (3, facts(exam(result=None))),
    (6, facts(exam(0, protocol="pocus"), exam(3, protocol="pocus"))),
    (3, facts(exam(0, quality="compromised", unseen=["cfv"]), exam(1, modality="CTV", result="equivocal"))),
    (3, facts(exam(0), exam(1, modality="MRV", result="nondiagnostic"))),
    (3, facts(exam(0), exam(1, modality="MRV"))),
    (3, facts(exam(side="right"), symptoms=symptoms())),
    (3, facts(exam(), symptoms=symptoms(side="bilateral"))),
    *((3, facts(exam() | {name: value}))
      for name in ("result", "location", "protocol", "cfv", "iliac") for value in DOMAINS[name]),
    *((3, facts(exam(result="acute_dvt", location=value))) for value in DOMAINS["location"]),
    *((3, facts(exam(result="acute_dvt", cfv=value))) for value in DOMAINS["cfv"]),
    *((3, facts(exam(result="acute_dvt", upper_extent_seen=value))) for value in (True, False)),
    *((3, facts(exam(), symptoms=symptoms(value))) for value in DOMAINS["status"]),
    *((3, facts(exam(result="acute_dvt"), symptoms=symptoms(value))) for value in DOMAINS["status"]),
    *((on, facts(exam(result="acute_dvt", location="distal"))) for on in (3, 9)),
    (3, facts(exam(), exam(2, modality="CTV"))),
    *((3, facts(exam(), symptoms=symptoms(side=value))) for value in DOMAINS["symptom_side"]),
    *((3, facts(exam(), symptoms=symptoms(severity=value))) for value in DOMAINS["severity"]),
    *((3, facts(exam(), symptoms=symptoms(onset_days=value))) for value in (1, 20, 100)),
    *((3, facts(exam(), **{name: value}))
      for name in ("setting", "suspicion", "anticoag", "anticoag_indication", "dialysis", "iodinated_reaction",
                   "gad_reaction", "mri") for value in DOMAINS[name]),
    *((3, facts(exam(), **{name: value})) for name in ("pregnant", "aki", "intervention_considered")
      for value in (True, False)),
    *((3, facts(exam(), symptoms={name: value}))
      for name in ("whole_leg", "flank_pain", "systemic_explanation") for value in (True, False)),
    *((3, facts(exam(), red_flags={name: value})) for name in ("pe", "limb", "infection") for value in (True, False)),
    *((3, facts(exam(), risk={name: value})) for name in ("active_cancer", "immobilised", "prior_dvt")
      for value in (True, False)),
    *((3, facts(exam(), risk={name: value})) for name in ("surgery_days", "discharge_days", "trauma_days")
      for value in (1, 400)),
    *((3, facts(exam(), risk={"bleeding": value})) for value in DOMAINS["bleeding"]),
    *((3, facts(exam(), risk={"functional_status": value})) for value in DOMAINS["functional_status"]),
    *((3, facts(exam(), age=value, sex="female")) for value in (5, 30, 70)),
    *((3, facts(exam(), egfr=value)) for value in (20, 40, 90)),
    *((3, facts(exam(), inpatient_hours=value)) for value in (1, 100)),
    *((3, facts(exam(), postpartum_days=value)) for value in (1, 400)),
    *((3, facts(exam(), wells={"score": value})) for value in (0, 3, 12)),
    (3, facts(exam(), pregnant=True, wells={"score": 0})),
    *((3, facts(exam(), ddimer={"value": value, "unit": "ng/mL FEU", "assay": assay, "collected": taken}))
      for value, assay, taken in (
          (100, "other", "2026-03-02"), (900, "high_sensitivity", "2026-01-01"), (None, None, None))),
    (3, facts(exam(), alt={"confirmed": list(ALTERNATIVE), "explains": True})),
    (3, facts(exam(), alt={"explains": False})),
    *((3, facts(exam(), alt={"svt": value}))
      for value in ({}, {"sfj_cm": 1}, {"sfj_cm": 9, "length_cm": 1}, {"sfj_cm": 9, "length_cm": 9})),
    *((3, facts(exam(), orders={"venography": value})) for value in DOMAINS["venography_order"]),
    *((3, facts(exam(), procedure={"stent_date": value, "intervention_date": value}))
      for value in ("2026-03-01", "2026-01-01", "2025-10-01", "2025-06-01", "2020-01-01")),
]  # fmt: skip


def test_every_value_of_every_fact_is_reached_and_no_other() -> None:
    """A row on a value that nobody can have would never fire, and nobody would notice."""
    reached: dict[str, set[str]] = {name: set() for name in DOMAINS}
    for on, patient in PATIENTS:
        found = situation(Episode(patient, day(on), DAYS)).names
        assert set(found) == set(DOMAINS)
        for name, value in found.items():
            reached[name].add(str(value))

    assert reached == {name: set(values) for name, values in DOMAINS.items()}


def test_treated_veins_are_read_only_when_a_pathway_speaks_of_them() -> None:
    """The numbers of the stent visits belong to the imaging pathway."""
    alone = next(each for each in pathways() if each.id == "negative-dvt-ultrasound")
    found = situation(Episode(facts(exam(), procedure={"stent_date": "2026-02-01"}), day(3), alone.days)).names

    assert "stent" not in found
    assert one("stent", procedure={"stent_date": "2026-02-01"}) == "yes"


def test_one_number_of_the_visits_is_not_enough_to_read_treated_veins() -> None:
    assert not treated_veins_are_read({"stent_late_days": 7})
    assert treated_veins_are_read(DAYS)


@pytest.mark.parametrize(
    ("stated", "said"), [("iliocaval", "iliocaval"), ("proximal", "iliofemoral"), (None, "iliofemoral")]
)
def test_a_thrombus_on_iliac_imaging_is_iliofemoral_unless_it_is_stated_to_be_iliocaval(
    stated: str | None, said: str
) -> None:
    assert names(exam(iliac="positive", location=stated))["positive_location"] == said


def test_numbers_are_compared_as_decimals() -> None:
    assert one("egfr", egfr=Decimal("29.99999999999999999999")) == "under_30"
