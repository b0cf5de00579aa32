"""A pathway as formulas: for every situation at once, which rows fire, what is advised, how loud and when.

Written from the decision table and the format, not from `app/pathway/decide.py`, which it must never import: a fault of
the interpreter would otherwise be proven right. Facts, policies and findings are finite; days are small bit vectors,
counted from today; a parameter that a site may move is a variable between its bounds. The walk is one pass over the
stages, so there are no loops and the formulas are exact.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, TypeAlias

import z3

from app.clinical.ordering import ORDER_DOMAINS
from app.clinical.situation import DATES, DOMAINS
from app.pathway.content import Advice, BookedOrder, Conditions, IndicatorCase, Row, Stage, TimingCase, TimingSpec
from app.pathway.load import Pathway

Formula: TypeAlias = Any  # z3.BoolRef; z3 carries no types
Number: TypeAlias = Any  # z3.BitVecRef

BITS = 12
FARTHEST = 900
"""Days from today beyond which no rule can tell one date from another: every parameter and sum of two is smaller."""

KINDS = ("now", "overdue", "due", "window", "lapsed", "unknown", "none")
"""Timing kinds, most urgent first (decision table, section 4)."""
DATED = ("now", "overdue", "due", "window")
KIND_BITS = 3


def all_of(formulas: Iterable[Formula]) -> Formula:
    """True if every formula is; true of none."""
    return z3.And(*formulas)


def one_of(formulas: Iterable[Formula]) -> Formula:
    """True if a formula is; false of none."""
    return z3.Or(*formulas)


def number(days: int) -> Number:
    """A count of days as the formulas see it."""
    return z3.BitVecVal(days, BITS)


def kind_of(name: str) -> Number:
    """A timing kind as the formulas see it: smaller is more urgent."""
    return z3.BitVecVal(KINDS.index(name), KIND_BITS)


@dataclass(frozen=True, slots=True)
class Day:
    """A date of the situation: is it known, and how many days ahead of today (past: negative)."""

    known: Formula
    ahead: Number


class Patient:
    """Any situation: one variable for each name, date and movable setting. `rules` is what makes it one situation.

    `copy` keeps two patients apart in one question.
    """

    def __init__(self, pathway: Pathway, copy: str = "") -> None:
        self.pathway = pathway
        self.rules: list[Formula] = []
        policies = {name: policy.values for name, policy in pathway.policies.items()}
        of_orders = ORDER_DOMAINS if pathway.advises_on_orders else {}
        self.domains: Mapping[str, Sequence[str]] = {**policies, **DOMAINS, **of_orders}
        self.names = {name: self._values(copy + name, values) for name, values in self.domains.items()}
        self.dates = {name: self._day(copy + name) for name in DATES}
        self._parameters: dict[str, Number] = {}
        self._copy = copy

    def parameter(self, name: str) -> Number:
        """A number of days: fixed, or anything inside the bounds if a site may move it."""
        if name not in self._parameters:
            said = self.pathway.parameters[name]
            if said.site_may_change:
                variable = z3.BitVec(f"{self._copy}parameter.{name}", BITS)
                self.rules.append(z3.And(variable >= said.minimum, variable <= said.maximum))
                self._parameters[name] = variable
            else:
                self._parameters[name] = number(said.value)
        return self._parameters[name]

    @property
    def settings(self) -> Mapping[str, Number]:
        """The parameters that formulas have used so far."""
        return self._parameters

    def is_one_of(self, name: str, values: Iterable[str]) -> Formula:
        """The name has one of these values."""
        return one_of(self.names[name][value] for value in values)

    def _values(self, name: str, values: Sequence[str]) -> dict[str, Formula]:
        """One variable a value, of which exactly one is true; two values need one variable."""
        if len(values) == 2:  # noqa: PLR2004 -- yes and no
            first = z3.Bool(f"{name}={values[0]}")
            return {values[0]: first, values[1]: z3.Not(first)}
        variables = {value: z3.Bool(f"{name}={value}") for value in values}
        self.rules.append(one_of(variables.values()))
        self.rules += [z3.Not(z3.And(one, other)) for one, other in combinations(variables.values(), 2)]
        return variables

    def _day(self, name: str) -> Day:
        day = Day(z3.Bool(f"{name} known"), z3.BitVec(f"{name} ahead", BITS))
        self.rules.append(z3.And(day.ahead >= -FARTHEST, day.ahead <= FARTHEST))
        return day


@dataclass(frozen=True, slots=True)
class When:
    """A timing: its kind and its first and last day ahead of today; without dates, `latest` is the farthest day."""

    kind: Number
    earliest: Number
    latest: Number

    def before(self, other: "When") -> Formula:
        """More urgent: by kind, then by the earlier last day."""
        sooner = z3.And(self.kind == other.kind, self.latest < other.latest)
        return z3.Or(z3.ULT(self.kind, other.kind), sooner)

    def has_kind(self, kinds: Iterable[str]) -> Formula:
        """The kind is one of these."""
        return one_of(self.kind == kind_of(kind) for kind in kinds)


NEVER = number(2 * FARTHEST)


def undated(kind: str) -> When:
    """A timing without dates."""
    return When(kind_of(kind), number(0), NEVER)


def dated(kind: str, earliest: Number, latest: Number) -> When:
    """A timing with its first and last day."""
    return When(kind_of(kind), earliest, latest)


def choose(condition: Formula, then: When, otherwise: When) -> When:
    """One of two timings."""
    return When(
        z3.If(condition, then.kind, otherwise.kind),
        z3.If(condition, then.earliest, otherwise.earliest),
        z3.If(condition, then.latest, otherwise.latest),
    )


@dataclass(frozen=True, slots=True)
class Made:
    """A recommendation: is it made, how loud, when, and is its order booked already."""

    present: Formula
    warning: Formula
    critical: Formula
    when: When
    already_ordered: Formula


@dataclass(frozen=True, slots=True)
class Line:
    """A part of a pathway that has to matter somewhere: `where` it stands, and when it is the part that decides."""

    stage: str
    where: str
    decides: Formula


@dataclass
class Walk:
    """A pathway walked over a patient. `definitions` belong to the patient's rules.

    `before`: the walk whose decision this one begins with. `stages`: those of the patient's pathway, unless given.
    """

    patient: Patient
    fired: dict[str, Formula] = field(default_factory=dict)
    reached: dict[str, Formula] = field(default_factory=dict)
    nearly: dict[str, Formula] = field(default_factory=dict)
    made: dict[str, Made] = field(default_factory=dict)
    booked: dict[str, Formula] = field(default_factory=dict)
    findings: dict[str, dict[str, Formula]] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    copy: str = ""
    before: "Walk | None" = None
    stages: Sequence[Stage] | None = None

    def __post_init__(self) -> None:
        pathway = self.patient.pathway
        self.findings = {name: _first_of(finding.values) for name, finding in pathway.declared_findings.items()}
        if self.before:
            self.fired, self.made = dict(self.before.fired), dict(self.before.made)
            self.findings |= self.before.findings
        alive: Formula = z3.BoolVal(val=True)
        for stage in self.stages or pathway.stages:
            alive = z3.And(alive, z3.Not(self._read(stage, alive)))
        self._draft_orders()

    @property
    def own(self) -> Mapping[str, Made]:
        """What this walk advises, without what was advised before it."""
        known = self.before.made if self.before else {}
        return {name: made for name, made in self.made.items() if name not in known}

    def holds(self, conditions: Conditions) -> Formula:
        """Every condition holds, as of this point of the walk."""
        return all_of(self._one(name, values) for name, values in conditions.items())

    def recommended(self, ids: Iterable[str]) -> Formula:
        """One of these recommendations is made, as of this point of the walk."""
        return one_of(self.made[name].present for name in ids if name in self.made)

    def value(self, name: str, value: str) -> Formula:
        """The fact, policy or finding has this value, as of this point of the walk."""
        return (self.findings.get(name) or self.patient.names[name])[value]

    def _one(self, name: str, values: Sequence[str]) -> Formula:
        match name:
            case "fired":
                return one_of(self.fired[rule] for rule in values if rule in self.fired)
            case "not_fired":
                return z3.Not(self._one("fired", values))
            case "recommended":
                return self.recommended(values)
            case "not_recommended":
                return z3.Not(self.recommended(values))
            case "pending":
                made = [self.made[each] for each in values if each in self.made]
                return one_of(z3.And(each.present, z3.Not(each.when.has_kind(["lapsed"]))) for each in made)
            case _:
                return one_of(self.value(name, value) for value in values)

    def _read(self, stage: Stage, alive: Formula) -> Formula:
        """Read one stage; the formula that it stops the walk."""
        skipped = [self.holds(conditions) for conditions in stage.unless]
        self._only_one_decides(stage, "unless", skipped, alive)
        reached = self._named(f"{stage.stage} reached", z3.And(alive, z3.Not(one_of(skipped))))
        self.reached[stage.stage] = reached
        unread, stops = reached, []
        for row in stage.rows:
            fires = self._row(row, stage, unread)
            stops.append(z3.And(fires, self._stops(row, stage, fires)))
            if stage.pick == "first":
                unread = z3.And(unread, z3.Not(fires))
        for booked in stage.booked_orders:
            self._book(booked, stage, reached)
        return one_of(stops)

    def _row(self, row: Row, stage: Stage, unread: Formula) -> Formula:
        parts = [self._one(name, values) for name, values in row.when.items()]
        when = z3.And(unread, all_of(parts))
        either = [self.holds(conditions) for conditions in row.any]
        barred = [self.holds(conditions) for conditions in row.unless]
        allowed = z3.And(when, one_of(either)) if row.any else when
        parts += [one_of(either)] if row.any else []
        parts += [z3.Not(each) for each in barred]
        self.nearly[row.rule] = z3.And(unread, _all_but_one(parts))
        fires = self._named(f"{row.rule} fires", z3.And(allowed, z3.Not(one_of(barred))))
        self._line(stage, row.rule, fires)
        self._only_one_decides(stage, f"{row.rule} any", either, z3.And(when, z3.Not(one_of(barred))))
        self._only_one_decides(stage, f"{row.rule} unless", barred, allowed)
        self._named_values(row, stage, fires)
        for advice in row.advise:
            self._advise(advice, row, stage, fires)
        for name, value in row.conclude.items():
            before = self.findings[name]
            self.findings[name] = {
                each: self._named(f"{row.rule} {name}={each}", z3.If(fires, z3.BoolVal(val=each == value), formula))
                for each, formula in before.items()
            }
        self.fired[row.rule] = fires
        return fires

    def _stops(self, row: Row, stage: Stage, fires: Formula) -> Formula:
        if isinstance(row.stop, bool):
            return z3.BoolVal(val=row.stop)
        holds = self.holds(row.stop)
        self._line(stage, f"{row.rule} stop", z3.And(fires, holds))
        return holds

    def _advise(self, advice: Advice, row: Row, stage: Stage, fires: Formula) -> None:
        where = f"{row.rule} {advice.recommend}"
        given = z3.And(fires, self.holds(advice.when))
        if advice.when:
            self._line(stage, where, given)
        warning = critical = z3.BoolVal(val=False)
        indicators = self._cases(stage, f"{where} indicator", given, advice.indicator)
        for case, chosen in zip(advice.indicator, indicators, strict=True):
            if case.then != "info":
                warning = z3.Or(warning, chosen)
            if case.then == "critical":
                critical = z3.Or(critical, chosen)
        when = undated("none")
        timings = self._cases(stage, f"{where} timing", given, advice.timing)
        for timed, chosen in zip(advice.timing, timings, strict=True):
            when = choose(chosen, self._when(timed.then), when)
        self._merge(advice.recommend, Made(given, warning, critical, when, z3.BoolVal(val=False)), row.rule)

    def _cases(
        self, stage: Stage, where: str, given: Formula, cases: Sequence[IndicatorCase | TimingCase]
    ) -> list[Formula]:
        """For each line of a first-match list, that it is the one that holds."""
        chosen, left = [], given
        for index, case in enumerate(cases):
            holds = self.holds(case.when)
            chosen.append(z3.And(left, holds))
            left = z3.And(left, z3.Not(holds))
            if len(cases) > 1:
                self._line(stage, f"{where} line {index + 1}", chosen[-1])
        return chosen

    def _merge(self, name: str, new: Made, rule: str) -> None:
        """One recommendation of two rows: the louder indicator, the more urgent timing (ties: the first)."""
        old = self.made.get(name)
        if old is not None:
            first = z3.And(new.present, z3.Or(z3.Not(old.present), new.when.before(old.when)))
            new = Made(
                z3.Or(old.present, new.present),
                z3.Or(old.warning, new.warning),
                z3.Or(old.critical, new.critical),
                choose(first, new.when, old.when),
                old.already_ordered,
            )
        self.made[name] = self._settled(name, new, rule)

    def _settled(self, name: str, made: Made, by: str) -> Made:
        """The same with a variable for each part: the formulas stay small, and a model can be read."""
        at = f"{self.copy}{by} {name}"
        kind, first, last = (
            z3.BitVec(f"{at} kind", KIND_BITS),
            z3.BitVec(f"{at} from", BITS),
            z3.BitVec(f"{at} to", BITS),
        )
        parts = ((kind, made.when.kind), (first, made.when.earliest), (last, made.when.latest))
        self.patient.rules += [variable == formula for variable, formula in parts]
        return Made(
            self._named(f"{by} {name} made", made.present),
            self._named(f"{by} {name} warning", made.warning),
            self._named(f"{by} {name} critical", made.critical),
            When(kind, first, last),
            self._named(f"{by} {name} ordered", made.already_ordered),
        )

    def _when(self, spec: TimingSpec) -> When:
        today, tomorrow, parameter = number(0), number(1), self.patient.parameter
        if spec.now or spec.overdue:
            return dated("now" if spec.now else "overdue", today, tomorrow)
        if spec.within:
            return dated("window", today, parameter(spec.within))
        if spec.window:
            return self._window(parameter(spec.window[0]), parameter(spec.window[1]))
        if spec.target and spec.late:
            return self._target([(aim.after, aim.days) for aim in spec.target], parameter(spec.late))
        if spec.same_as:
            return self._most_urgent(self.made[name] for name in spec.same_as if name in self.made)
        return undated("lapsed" if spec.lapsed else "none")

    def _most_urgent(self, made: Iterable[Made]) -> When:
        when, found = undated("none"), z3.BoolVal(val=False)
        for each in made:
            first = z3.And(each.present, z3.Or(z3.Not(found), each.when.before(when)))
            when, found = choose(first, each.when, when), z3.Or(found, each.present)
        return when

    def _window(self, first_day: Number, last_day: Number) -> When:
        anchor = self.patient.dates["anchor"]
        first, last = anchor.ahead + first_day, anchor.ahead + last_day
        begun = choose(last >= 0, dated("due", number(0), last), dated("overdue", number(0), number(1)))
        known = choose(first > 0, dated("window", first, last), begun)
        return choose(anchor.known, known, undated("unknown"))

    def _target(self, aims: Sequence[tuple[str, str]], late: Number) -> When:
        dates, parameter = self.patient.dates, self.patient.parameter
        days = [dates[after].ahead + parameter(plus) for after, plus in aims]
        day = days[0]
        for other in days[1:]:
            day = z3.If(other > day, other, day)
        missed = choose(day == 0, dated("due", day, day), dated("overdue", number(0), late))
        known = choose(day > 0, dated("window", day, day), missed)
        return choose(all_of(dates[after].known for after, _ in aims), known, undated("unknown"))

    def _book(self, booked: BookedOrder, stage: Stage, reached: Formula) -> None:
        made = self.made[booked.for_recommendation]
        day = self.patient.dates[booked.booked_on]
        inside = z3.And(made.when.has_kind(DATED), made.when.earliest <= day.ahead, day.ahead <= made.when.latest)
        in_time = z3.And(day.known, z3.Or(inside, z3.And(made.when.has_kind(["none"]), day.ahead >= 0)))
        undated_order = (
            z3.And(z3.Not(day.known), self.holds(booked.or_when)) if booked.or_when else z3.BoolVal(val=False)
        )
        kind = made.when.has_kind(booked.kinds) if booked.kinds else z3.BoolVal(val=True)
        is_booked = self._named(booked.order, z3.And(reached, made.present, kind, z3.Or(in_time, undated_order)))
        self._line(stage, booked.order, is_booked)
        self.booked[booked.order] = is_booked
        quiet = z3.Not(is_booked)
        self.made[booked.for_recommendation] = Made(
            made.present,
            z3.And(made.warning, quiet),
            z3.And(made.critical, quiet),
            made.when,
            z3.Or(made.already_ordered, is_booked),
        )

    def _draft_orders(self) -> None:
        """First-match lists, read when the walk is over."""
        for name, text in self.patient.pathway.recommendations.items():
            if name not in self.own:
                continue
            left: Formula = self.recommended([name])
            for choice in text.orders:
                holds = self.holds(choice.when)
                self.lines.append(Line("", f"{name} orders {choice.order}", z3.And(left, holds)))
                left = z3.And(left, z3.Not(holds))

    def _line(self, stage: Stage, where: str, decides: Formula) -> None:
        self.lines.append(Line(stage.stage, where, decides))

    def _only_one_decides(self, stage: Stage, where: str, alternatives: list[Formula], given: Formula) -> None:
        """Each alternative can be the only one that holds: else it says nothing."""
        for index, alternative in enumerate(alternatives):
            others = one_of(alternatives[:index] + alternatives[index + 1 :])
            self._line(stage, f"{where} {index + 1}", z3.And(given, alternative, z3.Not(others)))

    def _named_values(self, row: Row, stage: Stage, fires: Formula) -> None:
        """Each value or id that `when` lists can be the one that lets the row fire."""
        for name, values in row.when.items():
            if name in ("not_fired", "not_recommended") or len(values) == 1:
                continue
            for value in values:
                self._line(stage, f"{row.rule} {name}: {value}", z3.And(fires, self._one(name, [value])))

    def _named(self, name: str, formula: Formula) -> Formula:
        variable = z3.Bool(f"{self.copy}{name}")
        self.patient.rules.append(variable == formula)
        return variable


def _all_but_one(parts: list[Formula]) -> Formula:
    return one_of(all_of([*parts[:at], z3.Not(part), *parts[at + 1 :]]) for at, part in enumerate(parts))


def _first_of(values: Sequence[str]) -> dict[str, Formula]:
    """A finding as it begins: its first value."""
    return {value: z3.BoolVal(val=value == values[0]) for value in values}
