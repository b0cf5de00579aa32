"""Every small change of a pathway's rules that an author could make by mistake: one mutant each.

A mutant replaces, or takes away, one value of one YAML file as it was read. Its id says where and what, and stays the
same while that place stays; its sentence says it to a person.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

Json = Any  # a YAML file's plain values
Files = Mapping[str, Json]
"""`<pathway>/<file>` -> its plain values."""


class Gone(Enum):
    """No value: the place is taken away."""

    GONE = "gone"


GONE: Final = Gone.GONE
SO_FAR = {
    "fired": "not_fired",
    "not_fired": "fired",
    "recommended": "not_recommended",
    "not_recommended": "recommended",
    "pending": "recommended",
}
"""The words that speak of what happened so far, and the one each is easily mistaken for."""
INDICATORS = ("info", "warning", "critical")
OTHER_TIMINGS = {"now": "today", "none": "no-dates", "overdue": "today", "lapsed": "no-dates"}
MOST_STEPS = 10


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change. `about`: the rule or recommendation it is made to; `now`: the new value, or GONE."""

    id: str
    kind: str
    sentence: str
    file: str
    about: str
    at: tuple[str | int, ...]
    now: Json

    def applied(self, files: Files) -> Files:
        """The files with this change; the given ones stay as they are."""
        changed = deepcopy(files[self.file])
        holder = changed
        for step in self.at[:-1]:
            holder = holder[step]
        if self.now is GONE:
            del holder[self.at[-1]]
        else:
            holder[self.at[-1]] = deepcopy(self.now)
        return {**files, self.file: changed}


@dataclass(frozen=True, slots=True)
class Words:
    """The words rows may use: fact, policy or finding -> its values; dates; the parameters that count days."""

    values: Mapping[str, Sequence[str]]
    dates: Sequence[str]
    days: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in a file, and how a person would name it."""

    file: str
    about: str
    path: tuple[str | int, ...]
    name: str

    def __truediv__(self, step: str | int) -> "_Place":
        return replace(self, path=(*self.path, step), name=f"{self.name}.{step}")

    def mutant(self, kind: str, detail: object, sentence: str, now: Json = GONE) -> Mutant:
        """The mutant that puts `now` here."""
        said = f":{detail}" if detail != "" else ""
        return Mutant(f"{self.name}:{kind}{said}", kind, sentence, self.file, self.about, self.path, now)


def pathway_mutants(files: Files, words: Words) -> list[Mutant]:
    """All mutants of these files, in a fixed order."""
    found: list[Mutant] = []
    for file, plain in sorted(files.items()):
        folder, _, name = file.partition("/")
        place = _Place(file, folder, (), f"{folder}:{name.removesuffix('.yaml').removeprefix('rules/')}")
        if name.startswith("rules/"):
            found += _stage(place, plain, words)
        elif name == "pathway.yaml":
            found += _head(place, plain)
        elif name == "recommendations.yaml":
            found += _texts(place, plain, words)
    return found


# ------------------------------------------------------------------------------------------------------------- rules/*


def _stage(place: _Place, stage: Json, words: Words) -> Iterator[Mutant]:
    rows, booked = stage.get("rows", []), stage.get("booked_orders", [])
    if "pick" in stage:
        yield (place / "pick").mutant("pick-flipped", "", "Every row is read, not the first that fires.", "all")
    elif len(rows) > 1:
        yield (place / "pick").mutant("pick-flipped", "", "Only the first row that fires is read.", "first")
    yield from _alternatives(place, stage, "unless", words)
    yield from _removals(place / "rows", rows, "row-dropped", [row["rule"] for row in rows])
    yield from _removals(place / "booked_orders", booked, "row-dropped", [each["order"] for each in booked])
    if stage.get("pick") == "first":
        yield from _swaps(place / "rows", rows, "rows-swapped", [row["rule"] for row in rows])
    for index, row in enumerate(rows):
        yield from _row(_Place(place.file, row["rule"], ("rows", index), f"{place.name}:{row['rule']}"), row, words)
    for index, each in enumerate(booked):
        path = ("booked_orders", index)
        yield from _booked(_Place(place.file, each["order"], path, f"{place.name}:{each['order']}"), each, words)


def _row(place: _Place, row: Json, words: Words) -> Iterator[Mutant]:
    if "when" in row:
        yield from _conditions(place / "when", row["when"], words)
    yield from _alternatives(place, row, "any", words)
    yield from _alternatives(place, row, "unless", words)
    advise = row.get("advise", [])
    yield from _removals(place / "advise", advise, "advice-dropped", [each["recommend"] for each in advise])
    for index, advice in enumerate(advise):
        here = place / "advise" / index
        yield from _advice(replace(here, name=f"{place.name}.{advice['recommend']}"), advice, words)
    yield from _conclusions(place, row.get("conclude", {}), words)
    yield from _stop(place / "stop", row.get("stop", False), words)


def _stop(place: _Place, stop: Json, words: Words) -> Iterator[Mutant]:
    rule = place.about
    if stop is False:
        yield place.mutant("stop-flipped", "", f"{rule} stops the walk.", now=True)
        return
    yield place.mutant("stop-dropped", "", f"{rule} does not stop the walk.")
    if isinstance(stop, dict):
        yield place.mutant("stop-flipped", "", f"{rule} always stops the walk.", now=True)
        yield from _conditions(place, stop, words)


def _conclusions(place: _Place, conclude: Json, words: Words) -> Iterator[Mutant]:
    for name, value in conclude.items():
        here = place / "conclude" / name
        yield here.mutant("conclude-dropped", "", f"{place.about} no longer concludes {name}.")
        for other in words.values[name]:
            if other != value:
                sentence = f"{place.about} concludes that {name} is {other}, not {value}."
                yield here.mutant("conclude-changed", other, sentence, other)


def _advice(place: _Place, advice: Json, words: Words) -> Iterator[Mutant]:
    if "when" in advice:
        yield from _conditions(place / "when", advice["when"], words)
    yield from _cases(place / "indicator", advice["indicator"], words)
    yield from _cases(place / "timing", advice["timing"], words)


def _cases(place: _Place, cases: Json, words: Words) -> Iterator[Mutant]:
    """One answer, or a first-match list of them."""
    if not isinstance(cases, list):
        yield from _answers(place, cases, words)
        return
    names = [f"line {number}" for number in range(1, len(cases) + 1)]
    yield from _removals(place, cases, "case-dropped", names)
    yield from _swaps(place, cases, "cases-swapped", names)
    for index, case in enumerate(cases):
        if "when" in case:
            yield from _conditions(place / index / "when", case["when"], words)
        yield from _answers(place / index / "then", case["then"], words)


def _answers(place: _Place, answer: Json, words: Words) -> Iterator[Mutant]:
    return _indicator(place, answer) if isinstance(answer, str) else _timing(place, answer, words)


def _indicator(place: _Place, indicator: str) -> Iterator[Mutant]:
    rank = INDICATORS.index(indicator)
    for other in INDICATORS[max(rank - 1, 0) : rank + 2]:
        if other != indicator:
            kind = "indicator-up" if INDICATORS.index(other) > rank else "indicator-down"
            yield place.mutant(kind, other, f"{place.about} says it as {other}, not {indicator}.", other)


def _timing(place: _Place, spec: Json, words: Words) -> Iterator[Mutant]:
    (kind,) = (name for name in spec if name != "late")
    for other_kind, said in OTHER_TIMINGS.items():
        if other_kind != kind:
            sentence = f"{place.about} is timed {other_kind}, not {kind}."
            yield place.mutant("timing-kind", other_kind, sentence, {other_kind: said})
    for path, name in _day_counts(spec):
        here = place
        for step in path:
            here = here / step
        for other in _other_days(name, words.days):
            yield here.mutant("timing-parameter", other, f"{place.about} counts {other}, not {name}.", other)
    for index, aim in enumerate(spec.get("target", [])):
        for other in words.dates:
            if other != aim["after"]:
                here = place / "target" / index / "after"
                yield here.mutant("timing-date", other, f"{place.about} counts from {other}.", other)
    yield from _fewer(place, spec)


def _fewer(place: _Place, spec: Json) -> Iterator[Mutant]:
    """One of several aims, or of several recommendations whose time it is, left out."""
    target, same_as = spec.get("target", []), spec.get("same_as", "")
    if len(target) > 1:
        yield from _removals(place / "target", target, "timing-date", [aim["after"] for aim in target])
    if isinstance(same_as, list):
        yield from _removals(place / "same_as", same_as, "timing-same-as", same_as)


def _day_counts(spec: Json) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every parameter a timing names, with its place in it."""
    for index, name in enumerate(spec.get("window", [])):
        yield ("window", index), name
    for index, aim in enumerate(spec.get("target", [])):
        yield ("target", index, "days"), aim["days"]
    for word in ("within", "late"):
        if word in spec:
            yield (word,), spec[word]


def _other_days(name: str, days: Mapping[str, int]) -> Iterator[str]:
    """The parameters with the next smaller and the next larger number of days."""
    smaller = [other for other, number in days.items() if number < days[name]]
    larger = [other for other, number in days.items() if number > days[name]]
    yield from ([max(smaller, key=lambda other: (days[other], other))] if smaller else [])
    yield from ([min(larger, key=lambda other: (days[other], other))] if larger else [])


def _booked(place: _Place, booked: Json, words: Words) -> Iterator[Mutant]:
    yield from _values(place / "kinds", booked.get("kinds", []), ("now", "overdue", "due", "window", "lapsed", "none"))
    for other in words.dates:
        if other != booked["booked_on"]:
            sentence = f"{place.about} looks at the day of {other}."
            yield (place / "booked_on").mutant("booked-on", other, sentence, other)
    if "or_when" in booked:
        yield (place / "or_when").mutant("condition-dropped", "", f"{place.about} needs a booked day.")
        yield from _conditions(place / "or_when", booked["or_when"], words)


# ---------------------------------------------------------------------------------------------------------- conditions


def _alternatives(place: _Place, holder: Json, word: str, words: Words) -> Iterator[Mutant]:
    """Each line of `any` or `unless`: left out, and changed."""
    lines = holder.get(word, [])
    names = [f"line {number}" for number in range(1, len(lines) + 1)]
    if len(lines) == 1:
        yield (place / word).mutant("alternative-dropped", names[0], f"{place.about} has no {word}.")
    else:
        yield from _removals(place / word, lines, "alternative-dropped", names)
    for index, conditions in enumerate(lines):
        yield from _conditions(place / word / index, conditions, words)


def _conditions(place: _Place, conditions: Json, words: Words) -> Iterator[Mutant]:
    for name, wanted in conditions.items():
        here, values = place / name, wanted if isinstance(wanted, list) else [wanted]
        yield here.mutant("condition-dropped", "", f"{place.about} ({place.name}) no longer asks for {name}.")
        if name in SO_FAR:
            other = {key if key != name else SO_FAR[name]: value for key, value in conditions.items()}
            if len(other) == len(conditions):
                sentence = f"{place.about} ({place.name}) says {SO_FAR[name]} for {name}."
                yield place.mutant("word-flipped", name, sentence, other)
            yield from _values(here, values, ())
        else:
            yield from _values(here, values, words.values[name])


def _values(place: _Place, values: list[str], known: Sequence[str]) -> Iterator[Mutant]:
    for value in values if len(values) > 1 else []:
        rest = [other for other in values if other != value]
        yield place.mutant("value-dropped", value, f"{place.about} ({place.name}) no longer names {value}.", rest)
    for value in known:
        if value not in values:
            sentence = f"{place.about} ({place.name}) also names {value}."
            yield place.mutant("value-added", value, sentence, [*values, value])


def _removals(place: _Place, entries: list[Json], kind: str, names: Sequence[str]) -> Iterator[Mutant]:
    for index, name in enumerate(names):
        about = replace(place, about=name) if kind == "row-dropped" else place
        rest = entries[:index] + entries[index + 1 :]
        yield about.mutant(kind, name, f"{place.about} ({place.name}) lacks {name}.", rest)


def _swaps(place: _Place, entries: list[Json], kind: str, names: Sequence[str]) -> Iterator[Mutant]:
    for index in range(len(entries) - 1):
        swapped = [*entries[:index], entries[index + 1], entries[index], *entries[index + 2 :]]
        sentence = f"In {place.name}, {names[index + 1]} stands before {names[index]}."
        about = replace(place, about=names[index]) if kind == "rows-swapped" else place
        yield about.mutant(kind, f"{names[index]} and {names[index + 1]}", sentence, swapped)


# --------------------------------------------------------------------------------- pathway.yaml, recommendations.yaml


def _head(place: _Place, head: Json) -> Iterator[Mutant]:
    stages = head["stages"]
    yield from _removals(place / "stages", stages, "stage-dropped", stages)
    yield from _swaps(place / "stages", stages, "stages-swapped", stages)
    for name, parameter in head.get("parameters", {}).items():
        for by in (-1, 1):
            value = parameter["value"] + by
            bounds = {"minimum": min(parameter["minimum"], value), "maximum": max(parameter["maximum"], value)}
            changed = {**parameter, "value": value, **bounds}
            here = place / "parameters" / name
            yield here.mutant("parameter", f"{by:+}", f"{name} is {value}, not {parameter['value']}.", changed)
    for name, policy in head.get("policies", {}).items():
        for value in policy["values"]:
            if value != policy["value"]:
                here = place / "policies" / name / "value"
                yield here.mutant("policy-default", value, f"The default of {name} is {value}.", value)
    for name, finding in head.get("findings", {}).items():
        for value in finding["values"][1:]:
            values = [value, *(other for other in finding["values"] if other != value)]
            here = place / "findings" / name / "values"
            yield here.mutant("first-value", value, f"{name} is {value} until a row says otherwise.", values)


def _texts(place: _Place, texts: Json, words: Words) -> Iterator[Mutant]:
    orders = list(texts.get("orders", {}))
    for name, text in texts["recommendations"].items():
        here = _Place(place.file, name, ("recommendations", name), f"{place.name}:{name}")
        yield from _steps(here, text)
        for attribute in text.get("attributes", {}):
            sentence = f"{name} no longer carries {attribute}."
            yield (here / "attributes" / attribute).mutant("attribute-dropped", "", sentence)
        yield from _order_choices(here, text.get("orders", []), orders, words)


def _steps(place: _Place, text: Json) -> Iterator[Mutant]:
    for member in ("step", "step_when_now"):
        for by in (-1, 1) if member in text else ():
            step = text[member] + by
            if 1 <= step <= MOST_STEPS:
                yield (place / member).mutant("step", f"{by:+}", f"{place.about} has {member} {step}.", step)
    if "step_when_now" in text:
        yield (place / "step_when_now").mutant("step", "dropped", f"{place.about} has one step, also when due now.")


def _order_choices(place: _Place, choices: list[Json], orders: list[str], words: Words) -> Iterator[Mutant]:
    here = place / "orders"
    names = [choice["order"] for choice in choices]
    if not choices and orders:
        yield here.mutant("order-added", orders[0], f"{place.about} offers {orders[0]}.", [{"order": orders[0]}])
    yield from _removals(here, choices, "order-dropped", names)
    for index, choice in enumerate(choices):
        if "when" in choice:
            yield from _conditions(here / index / "when", choice["when"], words)
        for order in orders:
            if order != choice["order"]:
                sentence = f"{place.about} offers {order}, not {choice['order']}."
                yield (here / index / "order").mutant("order-changed", order, sentence, order)
