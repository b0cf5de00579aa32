"""A row as a person reads it: conditions, advice and timing in words, made from the very data that run.

There is no second copy of a condition: change the row, and the drawing and the page change with it.
"""

from collections.abc import Iterator, Mapping, Sequence

from app.pathway.content import Alternatives, BookedOrder, Conditions, IndicatorCase, Row, Stage, TimingSpec

BULLET = "- "
"""Starts a line that is one of several alternatives."""


def plain(name: str) -> str:
    """A name of ours as words."""
    return name.replace("_", " ")


def either(names: Sequence[str]) -> str:
    """`a, b or c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def conditions_in_words(conditions: Conditions) -> str:
    """All of these hold: `limited: yes; status: persistent or unknown`. Empty for no condition."""
    return "; ".join(_condition(name, values) for name, values in conditions.items())


def _condition(name: str, values: Sequence[str]) -> str:
    match name:
        case "fired":
            return f"{either(values)} fired"
        case "not_fired":
            return f"{either(values)} did not fire"
        case "recommended":
            return f"{either(values)} is advised"
        case "not_recommended":
            return f"{either(values)} is not advised"
        case "pending":
            return f"{either(values)} is advised and has not lapsed"
        case _:
            return f"{plain(name)}: {either([plain(value) for value in values])}"


def row_in_words(row: Row) -> list[str]:
    """When the row fires, a line for each part; alternatives start with BULLET."""
    lines = [conditions_in_words(row.when)] if row.when else []
    if row.any:
        lines += _alternatives("at least one of" if not row.when else "and at least one of", row.any)
    lines += unless_in_words(row.unless)
    return lines or ["always"]


def unless_in_words(unless: Alternatives) -> list[str]:
    """What keeps a row from firing, or a stage from being read."""
    return _alternatives("but not if", unless) if unless else []


def _alternatives(said: str, alternatives: Alternatives) -> list[str]:
    if len(alternatives) == 1:
        said = said.replace(" at least one of", "").replace("at least one of", "")
        return [f"{said} {conditions_in_words(alternatives[0])}".strip()]
    return [f"{said}:", *(f"{BULLET}{conditions_in_words(each)}" for each in alternatives)]


def reading_in_words(stage: Stage) -> str:
    """How the rows of a stage are read together."""
    return "The first row that matches decides." if stage.pick == "first" else "Every row is read."


def indicator_in_words(case: IndicatorCase, *, is_last: bool, is_only: bool) -> str:
    """When this indicator holds; empty for the only one."""
    if is_only:
        return ""
    return "otherwise" if is_last else f"if {conditions_in_words(case.when)}"


def timings_in_words(cases: Sequence[tuple[Conditions, TimingSpec]], days: Mapping[str, int]) -> list[str]:
    """The first-match list of timings, a line each; empty when the advice has no time."""
    if len(cases) == 1:
        said = timing_in_words(cases[0][1], days)
        return [said] if said else []
    return [
        f"{timing_in_words(spec, days) or 'no time'}, {f'if {conditions_in_words(when)}' if when else 'otherwise'}"
        for when, spec in cases
    ]


def timing_in_words(spec: TimingSpec, days: Mapping[str, int]) -> str:  # noqa: PLR0911 -- one line for each kind
    """When to act, with the parameters' numbers filled in; empty for advice without a time."""
    if spec.now:
        return "now"
    if spec.overdue:
        return "overdue: today, tomorrow at the latest"
    if spec.within:
        return f"within {_days(days[spec.within])}"
    if spec.window:
        first, last = (days[name] for name in spec.window)
        return f"day {first} to {last} after the anchor examination"
    if spec.target and spec.late:
        aims = [f"{_days(days[aim.days])} after {plain(aim.after)}" for aim in spec.target]
        return f"{' and at least '.join(aims)}; if missed, within {_days(days[spec.late])}"
    return "no dates: the window has lapsed" if spec.lapsed else ""


def _days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"


def conclusions_in_words(row: Row) -> Iterator[str]:
    """What later rows may use."""
    for name, value in row.conclude.items():
        yield f"{plain(name)} is {plain(value)}"


def stop_in_words(row: Row) -> str:
    """Whether the walk ends here; empty when it never does."""
    if isinstance(row.stop, bool):
        return "Stops here" if row.stop else ""
    return f"Stops here if {conditions_in_words(row.stop)}"


def booking_in_words(booked: BookedOrder) -> str:
    """When a booked order turns advice into information."""
    kinds = f" as {either(booked.kinds)}" if booked.kinds else ""
    also = f", or {conditions_in_words(booked.or_when)}" if booked.or_when else ""
    return f"{booked.for_recommendation} is advised{kinds}; {plain(booked.booked_on)} lies in its advised days{also}"
