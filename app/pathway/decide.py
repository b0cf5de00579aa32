"""Walking a pathway: named facts in, a decision out.

The stages are read in order. A row fires when its conditions hold; a value that a row does not name, `unknown`
included, does not match. A stage in which a row stops ends the walk. Recommendations of the same id are merged
(decision table section 4).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from app.pathway import timing as when
from app.pathway.content import Advice, Alternatives, BookedOrder, Conditions, Indicator, Row, Stage, TimingSpec
from app.pathway.timing import Timing, TimingKind

if TYPE_CHECKING:
    from app.pathway.load import Pathway

LOUDNESS = {indicator: rank for rank, indicator in enumerate(Indicator)}


@dataclass(frozen=True, slots=True)
class Situation:
    """A patient as the rows see one: finite named facts, a few dates, and today.

    `so_far`: what another pathway has decided before the first row here is read.
    """

    names: Mapping[str, str]
    dates: Mapping[str, date | None]
    today: date
    so_far: "Decision | None" = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One merged recommendation. `attributes` are strings such as modality and bleeding."""

    id: str
    indicator: Indicator
    rules: tuple[str, ...]
    timing: Timing
    attributes: Mapping[str, str] = field(default_factory=dict)
    already_ordered: bool = False
    order: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One row that fired: its stage, rule and why, what it advised, concluded, and whether it stopped the walk."""

    stage: str
    rule: str
    because: str
    advised: tuple[str, ...]
    concluded: Mapping[str, str]
    stopped: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What a pathway says of a situation: its recommendations in the order they arose, and the steps taken."""

    recommendations: tuple[Recommendation, ...]
    trace: tuple[Step, ...]
    findings: Mapping[str, str]


def decide(pathway: "Pathway", situation: Situation) -> Decision:
    """Walk the pathway's stages over the situation. Pure; the same input gives the same decision."""
    walk = _Walk(pathway, situation)
    for stage in pathway.stages:
        if walk.read(stage):
            break
    return walk.decision()


class _Walk:
    """The state of one walk: names known so far, rules fired, recommendations made."""

    def __init__(self, pathway: "Pathway", situation: Situation) -> None:
        self.pathway = pathway
        self.situation = situation
        so_far = situation.so_far or Decision((), (), {})
        self.names = {**pathway.findings, **so_far.findings, **situation.names}
        self.fired = {step.rule for step in so_far.trace}
        self.made = {made.id: made for made in so_far.recommendations}
        self.made_before = frozenset(self.made)
        self.trace: list[Step] = []

    def read(self, stage: Stage) -> bool:
        """Read one stage; True if a row of it stops the walk (after the whole stage has been read)."""
        stop = False
        if not self._any(stage.unless):
            for row in stage.rows:
                if self._fires(row):
                    stop = self._apply(row, stage) or stop
                    if stage.pick == "first":
                        break
            for order in stage.booked_orders:
                self._note_booking(order, stage)
        return stop

    def decision(self) -> Decision:
        """The finished decision; attributes and draft orders are settled here, when every finding is known."""
        texts = self.pathway.recommendations
        finished = []
        for made in (each for each in self.made.values() if each.id not in self.made_before):
            text = texts[made.id]
            attributes = {name: self.names[source] for name, source in text.attributes.items()}
            order = next((choice.order for choice in text.orders if self._holds(choice.when)), None)
            finished.append(replace(made, attributes=attributes, order=order))
        found = {name: self.names[name] for name in self.pathway.findings}
        return Decision(tuple(finished), tuple(self.trace), found)

    def _fires(self, row: Row) -> bool:
        return self._holds(row.when) and (not row.any or self._any(row.any)) and not self._any(row.unless)

    def _any(self, alternatives: Alternatives) -> bool:
        return any(self._holds(conditions) for conditions in alternatives)

    def _holds(self, conditions: Conditions) -> bool:
        names = self.names
        for name, values in conditions.items():
            known = names.get(name)
            if known is not None:
                if known not in values:
                    return False
            elif not self._so_far(name, values):
                return False
        return True

    def _so_far(self, word: str, ids: Iterable[str]) -> bool:
        match word:
            case "fired":
                return not self.fired.isdisjoint(ids)
            case "not_fired":
                return self.fired.isdisjoint(ids)
            case "recommended":
                return any(name in self.made for name in ids)
            case "not_recommended":
                return not any(name in self.made for name in ids)
            case "pending":
                return any(name in self.made and self.made[name].timing.kind is not TimingKind.LAPSED for name in ids)
            case _:
                pass
        raise KeyError(word)  # unreachable: the loader refuses unknown names

    def _apply(self, row: Row, stage: Stage) -> bool:
        advised = [advice.recommend for advice in row.advise if self._holds(advice.when) and self._make(advice, row)]
        self.names.update(row.conclude)
        self.fired.add(row.rule)
        stop = row.stop if isinstance(row.stop, bool) else self._holds(row.stop)
        because = self.pathway.because[row.rule]
        self.trace.append(Step(stage.stage, row.rule, because, tuple(advised), row.conclude, stop))
        return stop

    def _make(self, advice: Advice, row: Row) -> bool:
        indicator = next(case.then for case in advice.indicator if self._holds(case.when))
        timing = self._timing(next(case.then for case in advice.timing if self._holds(case.when)))
        made = Recommendation(advice.recommend, indicator, (row.rule,), timing)
        before = self.made.get(made.id)
        self.made[made.id] = merged(before, made) if before else made
        return True

    def _timing(self, spec: TimingSpec) -> Timing:
        days, dates, today = self.pathway.days, self.situation.dates, self.situation.today
        if spec.now or spec.overdue:
            return when.now(today) if spec.now else when.overdue(today)
        if spec.within:
            return when.within(today, days[spec.within])
        if spec.window:
            first, last = spec.window
            return when.window(dates["anchor"], days[first], days[last], today)
        if spec.target and spec.late:
            aims = [(dates[aim.after], days[aim.days]) for aim in spec.target]
            known = [when.add_days(start, plus) for start, plus in aims if start is not None]
            return when.target(max(known) if len(known) == len(aims) else None, days[spec.late], today)
        if spec.same_as:
            made = (self.made[name].timing for name in spec.same_as if name in self.made)
            return min(made, key=lambda timing: timing.urgency, default=when.NO_TIMING)
        return when.LAPSED if spec.lapsed else when.NO_TIMING

    def _note_booking(self, booked: BookedOrder, stage: Stage) -> None:
        made = self.made.get(booked.for_recommendation)
        if made is None or (booked.kinds and made.timing.kind.value not in booked.kinds):
            return
        day = self.situation.dates[booked.booked_on]
        if self._in_time(day, made.timing) if day else bool(booked.or_when) and self._holds(booked.or_when):
            self.made[made.id] = replace(made, indicator=Indicator.INFO, already_ordered=True)
            self.trace.append(Step(stage.stage, booked.order, booked.because, (made.id,), {}, stopped=False))

    def _in_time(self, day: date, timing: Timing) -> bool:
        if timing.earliest is None or timing.latest is None:
            return timing.kind is TimingKind.NONE and day >= self.situation.today
        return timing.earliest <= day <= timing.latest


def merged(one: Recommendation, other: Recommendation) -> Recommendation:
    """One recommendation of two: all rules, the louder indicator, the more urgent timing (ties: the first)."""
    return replace(
        one,
        rules=(*one.rules, *(rule for rule in other.rules if rule not in one.rules)),
        indicator=max(one.indicator, other.indicator, key=LOUDNESS.__getitem__),
        timing=min(one.timing, other.timing, key=lambda timing: timing.urgency),
    )


def ranked(
    recommendations: Sequence[Recommendation], steps: Mapping[str, tuple[int, int | None]]
) -> tuple[Recommendation, ...]:
    """In the order of decision table section 16: step, louder indicator, earlier timing, id. The first one leads.

    `steps`: recommendation id -> (step, step when its timing is now).
    """

    def place(made: Recommendation) -> tuple[int, int, date, str]:
        step, step_when_now = steps[made.id]
        if step_when_now is not None and made.timing.kind is TimingKind.NOW:
            step = step_when_now
        return step, -LOUDNESS[made.indicator], made.timing.earliest or date.max, made.id

    return tuple(sorted(recommendations, key=place))
