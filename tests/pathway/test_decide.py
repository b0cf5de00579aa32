"""Walking a pathway: which rows fire, what they make together, and where the walk ends."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.pathway.content import Indicator, Stage
from app.pathway.decide import Decision, Recommendation, Situation, decide, merged, ranked
from app.pathway.load import Pathway
from app.pathway.timing import LAPSED, NO_TIMING, UNKNOWN, Timing, TimingKind, now, overdue, window, within
from tests.pathway.small import small

STUDY = date(2026, 3, 2)  # day 0
NAMES = {"status": "persistent", "limited": "yes", "pregnant": "unknown"}

Walk = Callable[..., Decision]


def day(number: int) -> date:
    """Day n after the study."""
    return STUDY + timedelta(days=number)


def row(rule: str, **members: object) -> dict[str, object]:
    """A row that makes a choice of this test; it stops nothing unless it says so."""
    return {"rule": rule, "because": f"{rule} fired", "project_choice": True, **members}


def advice(recommend: str = "REPEAT", timing: object = None, indicator: object = "info", **members: object) -> Any:  # noqa: ANN401 -- YAML-like data
    """One recommendation of a row, without a time unless it says one."""
    return {
        "recommend": recommend,
        "indicator": indicator,
        "timing": timing or {"none": "no-dates"},
        **members,
    }


def advises(rule: str, timing: object = None, indicator: object = "info", **members: object) -> dict[str, object]:
    """A row that recommends REPEAT."""
    return row(rule, advise=[advice("REPEAT", timing, indicator)], **members)


def stage(*rows: dict[str, object], **members: object) -> Stage:
    """Rows that are read together."""
    return Stage.model_validate({"stage": "tested", "question": "What now?", "rows": list(rows), **members})


@pytest.fixture(scope="module")
def pathway(tmp_path_factory: pytest.TempPathFactory) -> Pathway:
    """The small pathway, whose stages each test replaces."""
    return small(tmp_path_factory.mktemp("pathways"))


@pytest.fixture
def walk(pathway: Pathway) -> Walk:
    """Walk these stages on a day; `dates` and names as given."""

    def walking(*stages: Stage, on: int = 0, dates: dict[str, date | None] | None = None, **names: str) -> Decision:
        rows = {each.rule: each for one in stages for each in one.rows}
        because = {rule: each.because for rule, each in rows.items()}
        tested = replace(pathway, stages=stages, rows=rows, because=because)
        known = {"anchor": STUDY, "repeat_us_date": None, **(dates or {})}
        return decide(tested, Situation({**NAMES, **names}, known, day(on)))

    return walking


def fired(decision: Decision) -> list[str]:
    """The rows that fired, in order."""
    return [step.rule for step in decision.trace]


def only(decision: Decision) -> Recommendation:
    """The one recommendation."""
    (made,) = decision.recommendations
    return made


# -------------------------------------------------------------------------------------------------------- conditions


def test_a_row_fires_when_all_its_conditions_hold(walk: Walk) -> None:
    both = stage(advises("R", when={"status": ["persistent", "new"], "limited": "yes"}))

    assert fired(walk(both)) == ["R"]
    assert fired(walk(both, status="new")) == ["R"]
    assert fired(walk(both, status="resolved")) == []
    assert fired(walk(both, limited="no")) == []


def test_a_value_that_is_not_named_does_not_match_and_unknown_is_a_value(walk: Walk) -> None:
    not_pregnant = stage(advises("R", when={"pregnant": "no"}))

    assert fired(walk(not_pregnant, pregnant="unknown")) == []
    assert fired(walk(not_pregnant, pregnant="no")) == ["R"]


def test_of_any_one_is_enough_and_it_joins_when(walk: Walk) -> None:
    either = stage(advises("R", when={"limited": "yes"}, any=[{"status": "new"}, {"pregnant": "yes"}]))

    assert fired(walk(either, status="new")) == ["R"]
    assert fired(walk(either, pregnant="yes")) == ["R"]
    assert fired(walk(either)) == []
    assert fired(walk(either, status="new", limited="no")) == []


def test_unless_keeps_a_row_from_firing(walk: Walk) -> None:
    unless = stage(advises("R", unless=[{"pregnant": "yes", "status": "new"}, {"limited": "no"}]))

    assert fired(walk(unless)) == ["R"]
    assert fired(walk(unless, pregnant="yes")) == ["R"]
    assert fired(walk(unless, pregnant="yes", status="new")) == []
    assert fired(walk(unless, limited="no")) == []


def test_a_stage_is_passed_over_unless(walk: Walk) -> None:
    passed = stage(advises("R"), unless=[{"limited": "no"}])

    assert fired(walk(passed)) == ["R"]
    assert fired(walk(passed, limited="no")) == []


# --------------------------------------------------------------------------------------------- what happened so far


@pytest.mark.parametrize(
    ("word", "names", "fires"),
    [
        ("fired", ["A", "B"], True),
        ("fired", ["B"], False),
        ("not_fired", ["B"], True),
        ("not_fired", ["A", "B"], False),
        ("recommended", ["WAIT", "REPEAT"], True),
        ("recommended", ["WAIT"], False),
        ("not_recommended", ["WAIT"], True),
        ("not_recommended", ["WAIT", "REPEAT"], False),
        ("pending", ["WAIT", "REPEAT"], True),
        ("pending", ["WAIT"], False),
    ],
)
def test_five_words_speak_of_what_happened_so_far(word: str, names: list[str], *, fires: bool, walk: Walk) -> None:
    """A has fired and recommends REPEAT; B has not fired."""
    first = stage(advises("A"), advises("B", when={"limited": "no"}))
    then = stage(row("C", when={word: names}, stop=True))

    assert fired(walk(first, then)) == (["A", "C"] if fires else ["A"])


def test_what_has_lapsed_is_not_pending(walk: Walk) -> None:
    lapsed = stage(
        advises("A", {"lapsed": "no-dates"}), row("B", when={"pending": "REPEAT"}, stop=True), row("C", stop=True)
    )

    assert fired(walk(lapsed)) == ["A", "C"]
    assert only(walk(lapsed)).timing == LAPSED


def test_a_condition_on_a_name_that_nobody_knows_is_an_error(walk: Walk) -> None:
    """The loader refuses it; it never silently holds or fails."""
    with pytest.raises(KeyError, match="weather"):
        walk(stage(advises("A", when={"weather": "fine"})))


def test_a_finding_holds_for_the_rows_below(walk: Walk) -> None:
    concluded = stage(row("A", conclude={"concern": "high"}), advises("B", when={"concern": "high"}))
    turned = stage(advises("B", when={"concern": "high"}), row("A", conclude={"concern": "high"}))

    assert fired(walk(concluded)) == ["A", "B"]
    assert fired(walk(turned)) == ["A"]
    assert walk(turned).findings == {"concern": "high"}
    assert walk(stage()).findings == {"concern": "low"}


# -------------------------------------------------------------------------------------------------- reading a stage


def test_all_rows_are_read_or_only_the_first_that_fires(walk: Walk) -> None:
    rows = (advises("A", when={"limited": "no"}), advises("B"), advises("C"))

    assert fired(walk(stage(*rows))) == ["B", "C"]
    assert fired(walk(stage(*rows, pick="all"))) == ["B", "C"]
    assert fired(walk(stage(*rows, pick="first"))) == ["B"]


def test_a_stop_ends_the_walk_after_its_stage(walk: Walk) -> None:
    decision = walk(stage(row("A", stop=True), advises("B")), stage(advises("C")))

    assert fired(decision) == ["A", "B"]
    assert [step.stopped for step in decision.trace] == [True, False]


def test_a_stop_may_depend(walk: Walk) -> None:
    stages = (stage(advises("A", stop={"limited": "no"})), stage(advises("B")))

    assert fired(walk(*stages)) == ["A", "B"]
    assert fired(walk(*stages, limited="no")) == ["A"]


def test_a_step_says_what_the_row_did(walk: Walk) -> None:
    advised = advice("WAIT", when={"limited": "no"})
    decision = walk(stage(row("A", advise=[advice("REPEAT"), advised], conclude={"concern": "high"})))
    (step,) = decision.trace

    assert (step.stage, step.rule, step.because) == ("tested", "A", "A fired")
    assert (step.advised, step.concluded, step.stopped) == (("REPEAT",), {"concern": "high"}, False)
    assert only(decision).id == "REPEAT"


# ------------------------------------------------------------------------------------------------ indicator and timing


def test_the_first_line_that_holds_gives_indicator_and_timing(walk: Walk) -> None:
    indicator = [{"when": {"status": "new"}, "then": "critical"}, {"when": {"limited": "yes"}, "then": "warning"}]
    timing = [{"when": {"status": "new"}, "then": {"now": "today"}}, {"then": {"within": "last_day"}}]
    both = stage(advises("R", timing, [*indicator, {"then": "info"}]))

    assert only(walk(both, status="new")).indicator == "critical"
    assert only(walk(both, status="new")).timing == now(STUDY)
    assert only(walk(both)).indicator == "warning"
    assert only(walk(both)).timing == within(STUDY, 7)
    assert only(walk(both, limited="no")).indicator == "info"


@pytest.mark.parametrize(
    ("spec", "timing"),
    [
        ({"now": "today"}, now(day(6))),
        ({"overdue": "today"}, overdue(day(6))),
        ({"within": "last_day"}, within(day(6), 7)),
        ({"window": ["first_day", "last_day"]}, window(STUDY, 5, 7, day(6))),
        (
            {"target": [{"after": "anchor", "days": "last_day"}], "late": "first_day"},
            Timing(TimingKind.WINDOW, day(7), day(7)),
        ),
        ({"lapsed": "no-dates"}, LAPSED),
        ({"none": "no-dates"}, NO_TIMING),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_each_kind_of_timing_is_counted_from_today_or_the_anchor(
    spec: dict[str, object], timing: Timing, walk: Walk
) -> None:
    assert only(walk(stage(advises("R", spec)), on=6)).timing == timing


def test_several_targets_mean_the_latest_of_them(walk: Walk) -> None:
    aims = [{"after": "anchor", "days": "last_day"}, {"after": "latest", "days": "first_day"}]
    target = stage(advises("R", {"target": aims, "late": "first_day"}))

    assert only(walk(target, dates={"latest": day(1)})).timing.earliest == day(7)
    assert only(walk(target, dates={"latest": day(4)})).timing.earliest == day(9)
    assert only(walk(target, dates={"latest": None})).timing == UNKNOWN


def test_without_an_anchor_a_window_is_unknown(walk: Walk) -> None:
    no_day_0 = stage(advises("R", {"window": ["first_day", "last_day"]}))

    assert only(walk(no_day_0, dates={"anchor": None})).timing == UNKNOWN


# ------------------------------------------------------------------------------------------- one recommendation of two


def test_two_rows_make_one_recommendation(walk: Walk) -> None:
    """Section 4: all rules in their order, the louder indicator, the more urgent timing."""
    decision = walk(stage(advises("A", {"within": "last_day"}, "warning"), advises("B", {"now": "today"}, "info")))

    assert only(decision).rules == ("A", "B")
    assert only(decision).indicator == "warning"
    assert only(decision).timing == now(STUDY)


@pytest.mark.parametrize(
    ("one", "other", "louder"),
    [("info", "warning", "warning"), ("critical", "warning", "critical"), ("info", "info", "info")],
)
def test_the_louder_indicator_wins_whichever_comes_first(one: str, other: str, louder: str, walk: Walk) -> None:
    assert only(walk(stage(advises("A", None, one), advises("B", None, other)))).indicator == louder
    assert only(walk(stage(advises("A", None, other), advises("B", None, one)))).indicator == louder


def test_of_equally_urgent_timings_the_one_that_ends_earlier_wins(walk: Walk) -> None:
    decision = walk(stage(advises("A", {"within": "last_day"}), advises("B", {"within": "first_day"})))

    assert only(decision).timing == within(STUDY, 5)


def test_a_row_that_says_the_same_twice_is_named_once() -> None:
    one = Recommendation("REPEAT", Indicator.INFO, ("A", "B"), NO_TIMING)

    assert merged(one, replace(one, rules=("B", "C"))).rules == ("A", "B", "C")


def test_recommendations_stand_in_the_order_they_arose(walk: Walk) -> None:
    decision = walk(stage(row("A", advise=[advice("WAIT"), advice("REPEAT")])))

    assert [made.id for made in decision.recommendations] == ["WAIT", "REPEAT"]


def test_attributes_and_orders_are_settled_when_every_finding_is_known(walk: Walk) -> None:
    """REPEAT has the attribute concern, and an order only while concern is low."""
    early = stage(advises("A"))
    late = stage(row("B", conclude={"concern": "high"}))

    assert only(walk(early)).attributes == {"concern": "low"}
    assert only(walk(early)).order == "duplex"
    assert only(walk(early, late)).attributes == {"concern": "high"}
    assert only(walk(early, late)).order is None


# ---------------------------------------------------------------------------------------------------- booked orders


def booked(timing: object = None, **members: object) -> Stage:
    """REPEAT as a warning, and a booking of it."""
    order = {
        "order": "ORDERED",
        "for_recommendation": "REPEAT",
        "because": "It is booked",
        "booked_on": "repeat_us_date",
        **members,
    }
    return stage(advises("R", timing or {"window": ["first_day", "last_day"]}, "warning"), booked_orders=[order])


@pytest.mark.parametrize(("on", "is_ordered"), [(4, False), (5, True), (6, True), (7, True), (8, False)])
def test_an_order_booked_inside_the_advised_days_turns_advice_into_information(
    on: int, *, is_ordered: bool, walk: Walk
) -> None:
    decision = walk(booked(), dates={"repeat_us_date": day(on)})

    assert only(decision).already_ordered is is_ordered
    assert only(decision).indicator == ("info" if is_ordered else "warning")
    assert fired(decision) == (["R", "ORDERED"] if is_ordered else ["R"])


def test_a_booking_stops_no_walk(walk: Walk) -> None:
    decision = walk(booked(), dates={"repeat_us_date": day(6)})

    assert [step.stopped for step in decision.trace] == [False, False]


def test_a_booking_of_the_day_before_is_late(walk: Walk) -> None:
    """The window is due since yesterday; yesterday's appointment did not take place."""
    assert not only(walk(booked(), on=6, dates={"repeat_us_date": day(5)})).already_ordered


def test_only_the_named_kinds_of_timing_can_be_booked(walk: Walk) -> None:
    of_window = booked(kinds=["window", "due"])

    assert only(walk(of_window, on=6, dates={"repeat_us_date": day(6)})).already_ordered
    assert not only(walk(of_window, on=8, dates={"repeat_us_date": day(8)})).already_ordered


@pytest.mark.parametrize(("on", "is_ordered"), [(-1, False), (0, True), (90, True)])
def test_advice_without_a_time_is_booked_by_any_day_to_come(on: int, *, is_ordered: bool, walk: Walk) -> None:
    elective = booked({"none": "no-dates"})

    assert only(walk(elective, dates={"repeat_us_date": day(on)})).already_ordered is is_ordered


def test_advice_whose_days_are_not_known_is_booked_by_no_day(walk: Walk) -> None:
    no_day_0 = {"anchor": None, "repeat_us_date": day(6)}

    assert not only(walk(booked(), dates=no_day_0)).already_ordered


def test_without_a_day_a_fact_may_say_that_it_is_ordered(walk: Walk) -> None:
    or_when = booked(or_when={"limited": "yes"})

    assert only(walk(or_when)).already_ordered
    assert not only(walk(or_when, limited="no")).already_ordered
    assert not only(walk(booked())).already_ordered


def test_a_day_outside_counts_more_than_the_fact(walk: Walk) -> None:
    """The booked day is known, and it is not an advised one: the order has to be moved."""
    assert not only(walk(booked(or_when={"limited": "yes"}), dates={"repeat_us_date": day(20)})).already_ordered


def test_what_is_not_recommended_cannot_be_ordered(walk: Walk) -> None:
    nothing = stage(booked_orders=[booked().booked_orders[0].model_dump(exclude_unset=True)])

    assert walk(nothing, dates={"repeat_us_date": day(6)}).recommendations == ()


# ---------------------------------------------------------------------------------------------------------- ranking


def made(name: str, indicator: Indicator = Indicator.INFO, timing: Timing = NO_TIMING) -> Recommendation:
    return Recommendation(name, indicator, ("R",), timing)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (made("Z"), made("LATER", Indicator.CRITICAL, now(STUDY))),
        (made("Z", Indicator.WARNING), made("A", Indicator.INFO, now(STUDY))),
        (made("Z", timing=within(STUDY, 3)), made("A", timing=window(STUDY, 5, 7, STUDY))),
        (made("Z", timing=within(STUDY, 3)), made("A")),
        (made("A"), made("Z")),
        (made("URGENT", timing=now(STUDY)), made("A", Indicator.CRITICAL)),
        (made("A"), made("URGENT", Indicator.CRITICAL, within(STUDY, 1))),
    ],
    ids=["step", "louder", "earlier", "dated", "id", "step when now", "its own step otherwise"],
)
def test_the_leading_one_is_chosen_by_step_then_indicator_then_day_then_id(
    first: Recommendation, second: Recommendation
) -> None:
    """Section 16."""
    steps = {"A": (2, None), "Z": (2, None), "LATER": (3, None), "URGENT": (4, 1)}

    assert ranked([second, first], steps) == (first, second)
    assert ranked([first, second], steps) == (first, second)


def test_the_small_pathway_decides_as_it_reads(pathway: Pathway, tmp_path: Path) -> None:
    """Loaded from its files, walked whole."""
    situation = Situation({**NAMES, "limited_policy": "strict"}, {"anchor": STUDY, "repeat_us_date": None}, day(6))
    worse = replace(situation, names={**situation.names, "status": "worsening"})

    assert only(decide(pathway, situation)).timing == window(STUDY, 5, 7, day(6))
    assert only(decide(pathway, worse)).timing == now(day(6))
    assert only(decide(pathway, worse)).indicator == "warning"
