"""Decision table 3.1: Wells bounds over unknown items, the class, and what suspicion may and may not do."""

from dataclasses import replace
from itertools import product

import pytest

from app.clinical.pretest import Bounds, Pretest, item_bounds, pretest, wells_bounds
from app.clinical.vocabulary import WELLS_ITEMS, Answer, Facts, Wells

POINTS = {"likely_points": 2, "high_points": 3}
ALTERNATIVE = "alternative_dx_as_likely"
PLUS_ONE = [name for name in WELLS_ITEMS if name != ALTERNATIVE]


def items(true: int, unknown: int = 0, alternative: Answer = Answer.NO) -> dict[str, Answer]:
    """So many +1 items true and unknown, the rest false, and the -2 item."""
    answers = [Answer.YES] * true + [Answer.UNKNOWN] * unknown + [Answer.NO] * (9 - true - unknown)
    return {**dict(zip(PLUS_ONE, answers, strict=True)), ALTERNATIVE: alternative}


def class_of(wells: Wells, **members: object) -> Pretest:
    return pretest(replace(Facts(wells=wells), **members), POINTS)  # type: ignore[arg-type]  # any member of Facts


def test_a_true_item_adds_its_points_to_both_bounds() -> None:
    assert item_bounds(items(true=3)) == Bounds(3, 3)
    assert item_bounds(items(true=3, alternative=Answer.YES)) == Bounds(1, 1)
    assert item_bounds(items(true=9)) == Bounds(9, 9)
    assert item_bounds(items(true=0, alternative=Answer.YES)) == Bounds(-2, -2)


def test_an_unknown_item_widens_the_bound_it_could_move() -> None:
    assert item_bounds(items(true=1, unknown=2)) == Bounds(1, 3)
    assert item_bounds(items(true=1, alternative=Answer.UNKNOWN)) == Bounds(-1, 1)


def test_an_absent_item_is_unknown() -> None:
    assert item_bounds({"calf_gt_3cm": Answer.YES}) == Bounds(-1, 9)
    assert item_bounds({}) == Bounds(-2, 9)


@pytest.mark.parametrize(
    ("true", "unknown", "alternative", "said", "high"),
    [
        (0, 0, "no", "unlikely", False),
        (1, 0, "no", "unlikely", False),
        (2, 0, "no", "likely", False),
        (3, 0, "no", "likely", True),
        (0, 1, "no", "unlikely", False),
        (0, 2, "no", "unknown", False),
        (1, 1, "no", "unknown", False),
        (2, 1, "no", "likely", False),
        (3, 6, "no", "likely", True),
        (2, 0, "unknown", "unknown", False),
        (3, 0, "unknown", "unknown", False),
        (4, 0, "unknown", "likely", False),
        (5, 0, "unknown", "likely", True),
        (1, 0, "unknown", "unlikely", False),
        (3, 0, "yes", "unlikely", False),
        (4, 0, "yes", "likely", False),
        (5, 0, "yes", "likely", True),
    ],
)
def test_the_class_is_known_when_both_bounds_agree(
    true: int, unknown: int, alternative: str, said: str, *, high: bool
) -> None:
    answers = items(true, unknown, Answer(alternative))

    assert class_of(Wells(items=answers)) == Pretest(said, high, contradictory=False)


@pytest.mark.parametrize(
    ("score", "said", "high"),
    [(-2, "unlikely", False), (1, "unlikely", False), (2, "likely", False), (3, "likely", True), (9, "likely", True)],
)
def test_an_entered_total_is_used_as_it_is(score: int, said: str, *, high: bool) -> None:
    assert class_of(Wells(score)) == Pretest(said, high, contradictory=False)


@pytest.mark.parametrize("score", [-3, 10, 99])
def test_a_total_that_cannot_be_is_no_wells(score: int) -> None:
    assert class_of(Wells(score)) == Pretest("unknown", high=False, contradictory=True)


@pytest.mark.parametrize(
    ("score", "fits"), [(0, False), (1, True), (2, True), (3, True), (4, False)]
)  # one item true, two unknown
def test_a_total_has_to_fit_the_items_beside_it(score: int, *, fits: bool) -> None:
    bounds, contradictory = wells_bounds(Wells(score, items(true=1, unknown=2)))

    assert bounds == (Bounds(score, score) if fits else None)
    assert contradictory is not fits


def test_without_total_and_items_there_is_no_wells() -> None:
    assert wells_bounds(Wells()) == (None, False)
    assert class_of(Wells()) == Pretest("unknown", high=False, contradictory=False)


@pytest.mark.parametrize("wells", [Wells(), Wells(0), Wells(2), Wells(-3)], ids=["none", "0", "2", "impossible"])
@pytest.mark.parametrize("pregnant", [Answer.YES, Answer.NO, Answer.UNKNOWN])
def test_a_high_suspicion_is_likely_and_high_whatever_the_score(wells: Wells, pregnant: Answer) -> None:
    found = class_of(wells, suspicion="high", pregnant=pregnant)

    assert (found.wells_class, found.high) == ("likely", True)


@pytest.mark.parametrize("suspicion", ["low", "moderate", "unknown"])
@pytest.mark.parametrize("score", [0, 2, 3])
def test_any_other_suspicion_changes_nothing(suspicion: str, score: int) -> None:
    """It may raise the class, never lower it."""
    assert class_of(Wells(score), suspicion=suspicion) == class_of(Wells(score))


@pytest.mark.parametrize("score", [0, 2, 3])
def test_pregnancy_has_no_wells_class(score: int) -> None:
    assert class_of(Wells(score), pregnant=Answer.YES) == Pretest("not_applicable", high=False, contradictory=False)
    assert class_of(Wells(score), pregnant=Answer.UNKNOWN) == class_of(Wells(score))


def test_whatever_an_unknown_item_turns_out_to_be_a_known_class_stays() -> None:
    """The bounds are exactly the totals that are possible."""
    unknown = ("calf_gt_3cm", "pitting_edema", ALTERNATIVE)
    for true in range(8):
        partly = items(true, alternative=Answer.UNKNOWN) | dict.fromkeys(unknown, Answer.UNKNOWN)
        totals = []
        for answers in product((Answer.YES, Answer.NO), repeat=len(unknown)):
            told = partly | dict(zip(unknown, answers, strict=True))
            totals.append(item_bounds(told).lower)
            if class_of(Wells(items=partly)).wells_class != "unknown":
                assert class_of(Wells(items=told)).wells_class == class_of(Wells(items=partly)).wells_class
        assert item_bounds(partly) == Bounds(min(totals), max(totals))
