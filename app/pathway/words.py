"""A row as a person reads it: conditions, advice and timing in words, made from the very data that run.

There is no second copy of a condition: change the row, and the drawing and the page change with it.
"""

from collections.abc import Iterator, Mapping, Sequence

from app.pathway.content import Alternatives, BookedOrder, Conditions, IndicatorCase, Row, Stage, TimingSpec

BULLET = "- "
"""Starts a line that is one of several."""

MOST_IN_A_LINE = 3

DATES: Mapping[str, str] = {
    "anchor": "the anchor examination",
    "latest": "the latest study",
    "positive": "the positive study",
    "stent": "the stent",
}

SHORT_FORMS: Mapping[str, str] = {
    "ddimer": "D-dimer",
    "egfr": "eGFR",
    "gad": "gadolinium",
    "us": "ultrasound",
    **{short: short.upper() for short in ("aki", "cfv", "ctv", "dvt", "ed", "mri", "mrv", "pe", "pocus", "svt")},
}


def plain(name: str) -> str:
    """A name of ours as words."""
    return " ".join(SHORT_FORMS.get(word, word) for word in name.split("_"))


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
            return _none(values, "did not fire", "fired")
        case "recommended":
            return f"{either(values)} is advised"
        case "not_recommended":
            return _none(values, "is not advised", "is advised")
        case "pending":
            return f"{either(values)} is advised and has not lapsed"
        case _:
            return f"{plain(name)}: {either([plain(value) for value in values])}"


def _none(values: Sequence[str], one: str, many: str) -> str:
    return f"{values[0]} {one}" if len(values) == 1 else f"none of {', '.join(values)} {many}"


def row_in_words(row: Row) -> list[str]:
    """When the row fires, a line for each part; alternatives start with BULLET."""
    lines = _all_of(row.when)
    lines += _one_of("and" if row.when else "if", "at least one of", row.any)
    lines += _one_of("but not if", "any of", row.unless)
    return lines or ["always"]


def _all_of(conditions: Conditions) -> list[str]:
    """A few conditions read well in one line, more in a list."""
    if len(conditions) <= MOST_IN_A_LINE:
        return [f"if {conditions_in_words(conditions)}"] if conditions else []
    return ["if all of:", *(f"{BULLET}{_condition(name, values)}" for name, values in conditions.items())]


def skipping_in_words(stage: Stage) -> list[str]:
    """When the whole stage is not read; empty when it always is."""
    return _one_of("skipped if", "any of", stage.unless)


def _one_of(said: str, of_many: str, alternatives: Alternatives) -> list[str]:
    if len(alternatives) == 1:
        return [f"{said} {conditions_in_words(alternatives[0])}"]
    bullets = [f"{BULLET}{conditions_in_words(each)}" for each in alternatives]
    return [f"{said} {of_many}:", *bullets] if bullets else []


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
        f"{f'if {conditions_in_words(when)}' if when else 'otherwise'} → {timing_in_words(spec, days) or 'no time'}"
        for when, spec in cases
    ]


def timing_in_words(spec: TimingSpec, days: Mapping[str, int]) -> str:
    """When to act, with the parameters' numbers filled in; empty for advice without a time."""
    if spec.now or spec.overdue:
        return "now" if spec.now else "overdue: today, tomorrow at the latest"
    if spec.within:
        return f"within {_days(days[spec.within])}"
    if spec.window:
        first, last = (days[name] for name in spec.window)
        return f"day {first} to {last} after the anchor examination"
    if spec.target and spec.late:
        aims = [f"{_days(days[aim.days])} after {DATES.get(aim.after, plain(aim.after))}" for aim in spec.target]
        return f"{' and at least '.join(aims)}; if missed, within {_days(days[spec.late])}"
    if spec.same_as:
        return f"when {either(spec.same_as)} is due"
    return "no dates: the window has lapsed" if spec.lapsed else ""


def _days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"


def conclusions_in_words(row: Row) -> Iterator[str]:
    """What later rows may use."""
    for name, value in row.conclude.items():
        yield f"{plain(name)}: {plain(value)}"


def stop_in_words(row: Row) -> str:
    """Whether the walk ends, once the whole stage is read; empty when it goes on."""
    if isinstance(row.stop, bool):
        return "The walk ends with this stage" if row.stop else ""
    return f"The walk ends with this stage if {conditions_in_words(row.stop)}"


def booking_in_words(booked: BookedOrder) -> list[str]:
    """When a booked order turns advice into information."""
    kinds = f" ({either(booked.kinds)})" if booked.kinds else ""
    lines = [f"{booked.for_recommendation} is advised{kinds}; {plain(booked.booked_on)} is inside its advised dates"]
    return [*lines, f"or it has no date and {conditions_in_words(booked.or_when)}"] if booked.or_when else lines
