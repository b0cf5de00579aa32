"""Pre-test probability: Wells bounds with unknown items, the class and the high level (decision table 3.1)."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.clinical.vocabulary import WELLS_ITEMS, Answer, Facts, Wells

POINTS = {name: -2 if name == "alternative_dx_as_likely" else 1 for name in WELLS_ITEMS}
LOWEST, HIGHEST = -2, 9


@dataclass(frozen=True, slots=True)
class Bounds:
    """The Wells total lies in lower..upper points; equal when every item (or the total) is known."""

    lower: int
    upper: int


@dataclass(frozen=True, slots=True)
class Pretest:
    """`wells_class`: likely, unlikely, unknown or not_applicable. `contradictory`: total against its items."""

    wells_class: str
    high: bool
    contradictory: bool


def item_bounds(items: Mapping[str, Answer]) -> Bounds:
    """A true item adds its points to both bounds; an unknown one widens the bound it could move."""
    lower = upper = 0
    for name, points in POINTS.items():
        answer = items.get(name, Answer.UNKNOWN)
        if answer is Answer.YES:
            lower, upper = lower + points, upper + points
        elif answer is Answer.UNKNOWN:
            lower, upper = lower + min(points, 0), upper + max(points, 0)
    return Bounds(lower, upper)


def wells_bounds(wells: Wells) -> tuple[Bounds | None, bool]:
    """The bounds, and whether the entered total contradicts itself (outside -2..9) or the items beside it [C]."""
    from_items = item_bounds(wells.items) if wells.items else None
    if wells.score is None:
        return from_items, False
    allowed = from_items or Bounds(LOWEST, HIGHEST)
    if not max(LOWEST, allowed.lower) <= wells.score <= min(HIGHEST, allowed.upper):
        return None, True
    return Bounds(wells.score, wells.score), False


def pretest(facts: Facts, points: Mapping[str, int]) -> Pretest:
    """The class. Suspicion may raise it, never lower it; pregnancy has no Wells class (3.1).

    `points`: the parameters `likely_points` (2) and `high_points` (3).
    """
    bounds, contradictory = wells_bounds(facts.wells)
    if facts.suspicion == "high":
        return Pretest("likely", True, contradictory)  # noqa: FBT003 -- the members stand in the class above
    if facts.pregnant is Answer.YES:
        return Pretest("not_applicable", False, contradictory)  # noqa: FBT003 -- the members stand in the class above
    if bounds is None:
        return Pretest("unknown", False, contradictory)  # noqa: FBT003 -- the members stand in the class above
    if bounds.lower >= points["likely_points"]:
        return Pretest("likely", bounds.lower >= points["high_points"], contradictory)
    return Pretest("unlikely" if bounds.upper < points["likely_points"] else "unknown", False, contradictory)  # noqa: FBT003 -- the members stand in the class above
