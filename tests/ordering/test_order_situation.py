"""What a draft order is to the decision, in names: days on both sides of every limit, legs, bookings, unknowns."""

from datetime import date
from typing import Any

import pytest

from app.clinical.ordering import ORDER_DOMAINS, DraftOrder, OrderForm, OrderKind, order_situation, parse_drafts
from app.clinical.situation import DOMAINS
from app.pathway.timing import TimingKind
from tests.ordering.orders import advised, asked, draft, order_advice

STUDY = {
    "date": "2026-03-02",
    "protocol": "complete_duplex",
    "result": "negative",
    "quality": "adequate",
    "side": "left",
}
SYMPTOMS = {"side": "left", "status": "persistent", "as_of": "2026-03-04"}
PERSISTENT: dict[str, Any] = {"age": 54, "sex": "male", "exams": [STUDY], "symptoms": SYMPTOMS, "wells": {"score": 1}}
WORSE = {**PERSISTENT, "symptoms": {**SYMPTOMS, "status": "worsening"}}
FLOW = {**PERSISTENT, "exams": [{**STUDY, "cfv": "monophasic"}]}
BOTH_LEGS = {
    **PERSISTENT,
    "exams": [{**STUDY, "side": "bilateral", "protocol": "proximal_duplex"}],
    "symptoms": {**SYMPTOMS, "side": "bilateral", "status": "improving"},
}


def names(facts: dict[str, Any], *drafts: DraftOrder, on: int = 4) -> dict[str, str]:
    """The names of the first draft, on that day of March. PERSISTENT has a repeat advised for the 7th to the 9th."""
    found = order_situation(asked(facts, date(2026, 3, on)), drafts[0], order_advice(), drafts)
    return {name: found.names[name] for name in ORDER_DOMAINS}


def ultrasound(**members: object) -> DraftOrder:
    return draft("leg_ultrasound", side="left", **members)


# ------------------------------------------------------------------------------------------------------------- days


@pytest.mark.parametrize(
    ("day", "timing"), [(5, "before"), (6, "before"), (7, "inside"), (8, "inside"), (9, "inside"), (10, "after")]
)
def test_a_day_lies_before_inside_or_after_the_window(day: int, timing: str) -> None:
    assert names(PERSISTENT, ultrasound(day=f"2026-03-{day:02d}"))["order_timing"] == timing


@pytest.mark.parametrize(
    ("days", "timing"),
    [
        ({"earliest": "2026-03-04", "latest": "2026-03-06"}, "before"),
        ({"earliest": "2026-03-04", "latest": "2026-03-07"}, "straddles"),
        ({"earliest": "2026-03-07", "latest": "2026-03-09"}, "inside"),
        ({"earliest": "2026-03-07", "latest": "2026-03-10"}, "straddles"),
        ({"earliest": "2026-03-10", "latest": "2026-03-12"}, "after"),
        ({"earliest": "2026-03-09"}, "straddles"),
        ({"earliest": "2026-03-10"}, "after"),
        ({"latest": "2026-03-06"}, "before"),
        ({"latest": "2026-03-09"}, "straddles"),
    ],
)
def test_a_period_counts_as_a_whole(days: dict[str, str], timing: str) -> None:
    assert names(PERSISTENT, ultrasound(**days))["order_timing"] == timing


@pytest.mark.parametrize(("on", "timing"), [(6, "undated_early"), (7, "undated"), (9, "undated"), (10, "undated")])
def test_without_a_day_it_matters_whether_the_window_has_begun(on: int, timing: str) -> None:
    assert names(PERSISTENT, ultrasound(), on=on)["order_timing"] == timing


def test_a_day_that_is_past_or_a_period_that_ends_before_it_begins_is_no_day() -> None:
    assert names(PERSISTENT, ultrasound(day="2026-03-03"))["order_timing"] == "undated_early"
    backwards = ultrasound(earliest="2026-03-08", latest="2026-03-07")
    assert names(PERSISTENT, backwards)["order_timing"] == "undated_early"


def test_a_period_that_began_earlier_counts_from_today() -> None:
    assert names(WORSE, ultrasound(earliest="2026-03-01", latest="2026-03-05"))["order_timing"] == "inside"


@pytest.mark.parametrize(("day", "timing"), [(4, "inside"), (5, "inside"), (6, "after")])
def test_now_means_tomorrow_at_the_latest(day: int, timing: str) -> None:
    assert names(WORSE, ultrasound(day=f"2026-03-{day:02d}"))["order_timing"] == timing


def test_without_advised_days_there_is_no_window() -> None:
    undated = {**PERSISTENT, "exams": [{**STUDY, "date": None, "protocol": "proximal_duplex"}]}
    assert names(undated, ultrasound(day="2026-03-08"))["order_timing"] == "no_window"
    assert names(FLOW, ultrasound(day="2026-03-08"))["order_timing"] == "no_window"
    assert names(PERSISTENT, draft("ct_venography", day="2026-03-08"))["order_timing"] == "no_window"
    assert names(PERSISTENT, draft("d_dimer", day="2026-03-08"))["order_timing"] == "no_window"


def test_where_two_ultrasounds_are_advised_either_time_fits() -> None:
    """The unscanned leg now, the scanned one in the window of its limited study."""
    facts = {**BOTH_LEGS, "exams": [{**STUDY, "protocol": "proximal_duplex"}]}
    for day in ("2026-03-04", "2026-03-08"):
        assert names(facts, draft("leg_ultrasound", side="bilateral", day=day))["order_timing"] == "inside"
    assert names(facts, draft("leg_ultrasound", side="bilateral", day="2026-03-06"))["order_timing"] == "after"


# ------------------------------------------------------------------------------------------------------------- legs


@pytest.mark.parametrize(
    ("side", "found"), [("left", "covers"), ("bilateral", "covers"), ("right", "misses"), ("unknown", "unknown")]
)
def test_the_symptomatic_leg_is_covered_or_missed(side: str, found: str) -> None:
    assert names(PERSISTENT, draft("leg_ultrasound", side=side))["order_side"] == found


def test_one_of_two_symptomatic_legs_is_a_part() -> None:
    left, right = (draft("leg_ultrasound", side=side) for side in ("left", "right"))
    assert names(BOTH_LEGS, left)["order_side"] == "partly"
    assert names(BOTH_LEGS, left, right)["order_side"] == "covers"


def test_without_a_known_leg_the_scanned_one_counts_and_without_either_none() -> None:
    nobody_knows = {**PERSISTENT, "symptoms": {**SYMPTOMS, "side": None}}
    neither = {**nobody_knows, "exams": [{**STUDY, "side": None}]}
    assert names(nobody_knows, draft("leg_ultrasound", side="right"))["order_side"] == "misses"
    assert names(neither, draft("leg_ultrasound", side="right"))["order_side"] == "not_applicable"
    assert names(PERSISTENT, draft("d_dimer", side="right"))["order_side"] == "not_applicable"


# --------------------------------------------------------------------------------------------------------- bookings


@pytest.mark.parametrize(
    ("booked", "found"),
    [(None, "none"), (6, "outside"), (7, "inside"), (9, "inside"), (10, "outside"), (3, "outside")],
)
def test_a_booked_repeat_lies_inside_its_days_or_not(booked: int | None, found: str) -> None:
    orders = {"repeat_us_date": f"2026-03-{booked:02d}"} if booked else {}
    assert names({**PERSISTENT, "orders": orders}, draft("discharge"))["ultrasound_arranged"] == found


@pytest.mark.parametrize(
    ("orders", "found"),
    [
        ({}, "none"),
        ({"venography": "active"}, "inside"),
        ({"venography": "none"}, "none"),
        ({"venography": "active", "venography_date": "2026-03-05"}, "inside"),
        ({"venography": "active", "venography_date": "2026-03-06"}, "outside"),
    ],
)
def test_an_open_venography_order_counts_unless_its_day_does_not_fit(orders: dict[str, str], found: str) -> None:
    assert names({**FLOW, "orders": orders}, draft("discharge"))["venography_arranged"] == found


def test_what_is_placed_together_is_arranged_but_an_order_does_not_arrange_itself() -> None:
    repeat = ultrasound(day="2026-03-08")
    assert names(PERSISTENT, draft("discharge"), repeat)["ultrasound_arranged"] == "inside"
    assert names(PERSISTENT, draft("discharge"), ultrasound(day="2026-03-12"))["ultrasound_arranged"] == "outside"
    assert names(PERSISTENT, repeat, repeat)["ultrasound_arranged"] == "none"


def test_what_has_lapsed_or_is_not_advised_is_not_due_unless_it_is_booked() -> None:
    lapsed = {**PERSISTENT, "exams": [{**STUDY, "protocol": "proximal_duplex"}]}
    lapsed["symptoms"] = {**SYMPTOMS, "status": "improving"}
    booked = {**lapsed, "orders": {"repeat_us_date": "2026-03-20"}}
    assert names(lapsed, draft("discharge"), on=18)["ultrasound_arranged"] == "not_due"
    assert names(booked, draft("discharge"), on=18)["ultrasound_arranged"] == "inside"
    assert names(booked, draft("discharge"), on=21)["ultrasound_arranged"] == "not_due"
    assert names(FLOW, draft("discharge"))["ultrasound_arranged"] == "not_due"


def test_the_advice_is_as_loud_as_the_decision_says() -> None:
    assert names(PERSISTENT, draft("discharge"))["ultrasound_weight"] == "warning"
    booked = {**PERSISTENT, "orders": {"repeat_us_date": "2026-03-08"}}
    assert names(booked, draft("discharge"))["ultrasound_weight"] == "info"
    assert names(FLOW, draft("discharge"))["ultrasound_weight"] == "none"
    assert names(FLOW, draft("discharge"))["venography_weight"] == "warning"


@pytest.mark.parametrize("procedure", [{"stent_date": "2026-02-01"}, {"intervention_date": "2026-02-01"}])
def test_a_treated_vein_is_known(procedure: dict[str, str]) -> None:
    assert names({**PERSISTENT, "procedure": procedure}, ultrasound())["treated_vein"] == "yes"
    assert names(PERSISTENT, ultrasound())["treated_vein"] == "no"


def test_the_names_are_those_of_the_patient_and_of_the_order_with_the_decision_before_them() -> None:
    evaluation = asked(PERSISTENT, date(2026, 3, 4))
    found = order_situation(evaluation, ultrasound(), order_advice())

    assert {*DOMAINS, *ORDER_DOMAINS} <= found.names.keys()
    assert found.so_far is not None
    assert [made.id for made in found.so_far.recommendations][:1] == ["REPEAT-CDUS"]


# ------------------------------------------------------------------------------------ the public vocabulary and advice


def test_what_is_not_understood_is_unknown_and_another_kind_is_other() -> None:
    sent = [
        {"kind": "leg_ultrasound", "side": 3, "extent": "huge", "day": "soon", "contrast": None, "form": "draft"},
        {"kind": "x-ray"},
        "order",
        None,
    ]
    first, *others = parse_drafts(sent)

    assert first == DraftOrder(OrderKind.LEG_ULTRASOUND)
    assert others == [DraftOrder()] * 3
    assert parse_drafts({"kind": "d_dimer"}) == ()


def test_a_draft_is_read_with_all_it_says() -> None:
    (made,) = parse_drafts(
        [{"kind": "mr_venography", "side": "right", "extent": "limited", "earliest": "2026-03-04T09:00", "latest":
          "2026-03-06", "contrast": "with", "form": "booking"}]
    )  # fmt: skip

    assert made == DraftOrder(
        OrderKind.MR_VENOGRAPHY, "limited", "right", date(2026, 3, 4), date(2026, 3, 6), "with", OrderForm.BOOKING
    )


def test_without_anything_to_put_in_its_place_a_wrong_order_is_kept() -> None:
    """No venography is offered as a draft while a pregnancy is possible."""
    maybe_pregnant = {**FLOW, "age": 31, "sex": "female"}
    (offered,) = advised(asked(FLOW, date(2026, 3, 4)), ultrasound()).drafts
    (kept,) = advised(asked(maybe_pregnant, date(2026, 3, 4)), ultrasound()).drafts

    assert (offered.disposition, offered.replacement) == ("replace", "ct-venography")
    assert (kept.disposition, kept.replacement) == ("keep", None)
    assert kept.decided.decision.findings["order_disposition"] == "replace"


def test_a_replacement_is_an_order_of_the_pathway() -> None:
    limited = draft("leg_ultrasound", side="left", extent="limited", day="2026-03-08")
    (said,) = advised(asked(PERSISTENT, date(2026, 3, 4)), limited).drafts

    assert (said.disposition, said.replacement) == ("replace", "repeat-duplex")
    assert (said.window.kind, said.window.earliest) == (TimingKind.WINDOW, date(2026, 3, 7))
    assert said.replacement in order_advice().orders


def test_nothing_relevant_is_answered_before_anything_is_asked() -> None:
    """The evaluation is not even looked at."""
    said = advised(None, draft("other"), draft("blood count"))  # type: ignore[arg-type]  # to show just that

    assert (said.drafts, said.recommendations) == ((), ())
