"""What was done to a vein, and which surveillance visit after a stent comes next (decision table section 11)."""

from collections.abc import Mapping
from datetime import date

from app.clinical.vocabulary import Procedures
from app.pathway.timing import add_days

VISITS = ("first", "second", "third", "fourth")

PARAMETERS = (
    *(f"stent_visit_{number}_{part}" for number in range(1, len(VISITS) + 1) for part in ("day", "from", "to")),
    "stent_late_days",
)
"""What a pathway that speaks of stents has to declare, in days after the stent."""


def treated_veins(done: Procedures, today: date, parameters: Mapping[str, int]) -> dict[str, str]:
    """`stent`, `intervention` and `stent_visit` as names; a date after today has not happened (2.4)."""
    stent = _past(done.stent_date, today)
    return {
        "stent": "yes" if stent else "no",
        "intervention": "yes" if _past(done.intervention_date, today) else "no",
        "stent_visit": next_visit(stent, done.surveillance_done, today, parameters) if stent else "none",
    }


def next_visit(stent: date, looked: frozenset[date], today: date, parameters: Mapping[str, int]) -> str:
    """The first visit that is neither done nor past: `first` to `fourth`, or `none`.

    `looked`: days of a duplex; one after today does not count. A visit is done by a duplex from its first to its last
    day, both included, and past after its last day.
    """
    for number, visit in enumerate(VISITS, start=1):
        first = add_days(stent, parameters[f"stent_visit_{number}_from"])
        last = add_days(stent, parameters[f"stent_visit_{number}_to"])
        if today <= last and not any(first <= day <= min(last, today) for day in looked):
            return visit
    return "none"


def _past(day: date | None, today: date) -> date | None:
    return day if day is not None and day <= today else None
