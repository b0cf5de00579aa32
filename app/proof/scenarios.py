"""A pathway's own scenarios: each passes, each rule fires in one, and each rule only just does not fire in another.

A near miss of a row: the row is read (its stage is, and no row above it has been picked) and exactly one of its parts
fails. The parts are each line of `when`, `any` as a whole, and each line of `unless`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from app.clinical.evaluate import Evaluation, PathwayDecision, configure, evaluate
from app.clinical.ordering import Disposition, advise_on_orders, order_pathway, parse_drafts
from app.clinical.vocabulary import parse_facts
from app.errors import AuthorError, CallerError
from app.pathway.content import Conditions, Row, Stage
from app.pathway.decide import Decision, Recommendation, decide
from app.pathway.load import Pathway
from app.pathway.timing import TimingKind


class Scenario(BaseModel):
    """A patient on a day, and the advice that must and must not come. DATA-* that are not listed are tolerated.

    `drafts`: the orders being placed together, in the public vocabulary; then the advice on them is meant, and
    `disposition` is what is to be done with the first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    today: date
    facts: dict[str, Any]
    drafts: tuple[dict[str, Any], ...] = ()
    disposition: Disposition | None = None
    expect: tuple[dict[str, Any], ...]
    must_not: tuple[str, ...] = ()
    config: dict[str, Any] = {}
    rationale: str
    source: Annotated[tuple[str, ...], BeforeValidator(lambda said: (said,) if isinstance(said, str) else said)]


@dataclass(frozen=True, slots=True)
class Failure:
    """A scenario that does not come out: where it stands, and what differs."""

    file: str
    line: int | None
    scenario: str
    reason: str

    def __str__(self) -> str:
        """`file:line: reason`, as every author's error."""
        return str(AuthorError(self.file, self.line, f"{self.scenario}: {self.reason}"))


@dataclass
class Rehearsal:
    """What the scenarios showed. `unfired` and `unmissed`: rules without a scenario that fires or only just misses."""

    passed: int = 0
    failures: list[Failure] = field(default_factory=list)
    unfired: list[str] = field(default_factory=list)
    unmissed: list[str] = field(default_factory=list)


def rehearse(folder: Path, pathways: Sequence[Pathway], impossible: Collection[str] = ()) -> Rehearsal:
    """Run every scenario of every pathway. `impossible`: rules that the proof shows nobody can nearly miss."""
    found = Rehearsal()
    missing = {rule for pathway in pathways for rule in pathway.rows}
    unmissed = {rule for pathway in pathways for rule, row in pathway.rows.items() if _parts(row)} - set(impossible)
    for file in _files(folder):
        found.passed += _run(file, pathways, found, missing, unmissed)
    found.unfired, found.unmissed = sorted(missing), sorted(unmissed)
    return found


def _run(file: "_File", pathways: Sequence[Pathway], found: Rehearsal, missing: set[str], unmissed: set[str]) -> int:
    """Run one file's scenarios; how many passed. Takes the rules seen out of `missing` and `unmissed`."""
    passed = 0
    for scenario in file.scenarios:
        try:
            asked, disposition = _ask(scenario, pathways)
        except CallerError as error:
            found.failures.append(file.failure(scenario, str(error)))
            continue
        wrong = [*_differences(scenario, asked, file.mentioned), *_wrong_disposition(scenario, disposition)]
        found.failures += [file.failure(scenario, reason) for reason in wrong]
        passed += not wrong
        for item in asked.decisions:
            missing -= {step.rule for step in item.decision.trace}
            unmissed -= set(near_misses(item, unmissed))
    return passed


def _ask(scenario: Scenario, pathways: Sequence[Pathway]) -> tuple[Evaluation, Disposition | None]:
    """The answer to the patient. For a scenario with orders the answer to those, a decision for each, and what is to be
    done with the first of them that is spoken of.
    """
    asked = evaluate(pathways, parse_facts(scenario.facts), today=scenario.today, config=scenario.config)
    of_orders = order_pathway(configure(pathways, scenario.config))
    if not scenario.drafts or of_orders is None:
        return asked, None
    advice = advise_on_orders(asked, parse_drafts(scenario.drafts), of_orders)
    decisions = tuple(each.decided for each in advice.drafts)
    disposition = advice.drafts[0].disposition if advice.drafts else None
    return replace(asked, decisions=decisions, recommendations=advice.recommendations), disposition


def _wrong_disposition(scenario: Scenario, disposition: Disposition | None) -> Iterator[str]:
    if scenario.disposition not in (None, disposition):
        yield f"the first order is to {disposition}, expected {scenario.disposition}"


@dataclass(frozen=True, slots=True)
class _File:
    """A scenario file: `shown` as errors name it, its text, and what stands in it."""

    shown: str
    text: str
    scenarios: tuple[Scenario, ...]

    @property
    def mentioned(self) -> set[str]:
        """The file's own pathway, and every recommendation it speaks of: other pathways may say what they like."""
        said = {
            name for each in self.scenarios for name in (*each.must_not, *(str(one.get("id")) for one in each.expect))
        }
        return {*said, self.shown.partition("/")[0]}

    def failure(self, scenario: Scenario, reason: str) -> Failure:
        """A scenario of this file that does not come out."""
        return Failure(self.shown, _line(self.text, scenario.id), scenario.id, reason)


def _files(folder: Path) -> Iterator[_File]:
    for file in sorted(folder.glob("[!._]*/scenarios/*.yaml")):
        shown = file.relative_to(folder).as_posix()
        try:
            text = file.read_text("utf-8")
            plain = YAML(typ="safe", pure=True).load(text)
        except (OSError, UnicodeDecodeError, YAMLError):
            raise AuthorError(shown, None, "the file cannot be read as YAML") from None
        if not isinstance(plain, dict) or not isinstance(plain.get("scenarios"), list):
            raise AuthorError(shown, None, "expected the key 'scenarios' with a list")
        entries = tuple(_scenario(shown, text, index, entry) for index, entry in enumerate(plain["scenarios"]))
        yield _File(shown, text, entries)


def _scenario(shown: str, text: str, index: int, entry: object) -> Scenario:
    try:
        return Scenario.model_validate(_as_json(entry))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(entry.get("id", index)) if isinstance(entry, dict) else str(index)
        reason = f"scenario {name}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise AuthorError(shown, _line(text, name), reason) from None


def _as_json(value: object) -> object:
    """Facts come as JSON: a YAML date is the day as written."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _as_json(item) for key, item in value.items()}
    return [_as_json(item) for item in value] if isinstance(value, list) else value


def _line(text: str, name: str) -> int | None:
    """The line on which the scenario's id stands."""
    lines = (number for number, line in enumerate(text.splitlines(), 1) if line.strip(" -{").startswith(f"id: {name}"))
    return next(lines, None)


def _differences(scenario: Scenario, asked: Evaluation, mentioned: set[str]) -> Iterator[str]:
    counted = {
        made.id
        for item in asked.decisions
        if item.pathway.id in mentioned or not mentioned.isdisjoint(_own(item.pathway, asked.pathways))
        for made in item.decision.recommendations
    }
    got = {made.id: made for made in asked.recommendations if made.id in counted}
    expected = {str(each.get("id")): each for each in scenario.expect}
    for name, members in expected.items():
        if name in got:
            yield from _wrong_members(got[name], members)
        else:
            speaks = any(name in pathway.recommendations for pathway in asked.pathways)
            yield f"expects {name}, which {'is not advised' if speaks else 'no pathway recommends'}"
    for name in got:
        if name not in expected and not name.startswith("DATA-"):
            yield f"{name} is advised and not expected"
    for name in scenario.must_not:
        if name in got:
            yield f"{name} is advised and must not be"


def _own(pathway: Pathway, pathways: Sequence[Pathway]) -> set[str]:
    """The recommendations that only this pathway declares, those of the one it uses left out."""
    used = {name for other in pathways if other.id == pathway.uses for name in other.recommendations}
    return set(pathway.recommendations) - used


def _wrong_members(got: Recommendation, expected: Mapping[str, Any]) -> Iterator[str]:
    timing = got.timing
    members: Mapping[str, object] = {
        **got.attributes,
        "id": got.id,
        "indicator": got.indicator.value,
        "rules": list(got.rules),
        "already_ordered": got.already_ordered,
        "timing": {
            "kind": timing.kind.value,
            "earliest": timing.earliest.isoformat() if timing.earliest else None,
            "latest": timing.latest.isoformat() if timing.latest else None,
        },
    }
    for name, value in expected.items():
        has = members.get(name)
        if isinstance(value, dict) and isinstance(has, dict):
            has = {key: has.get(key) for key in value}
        if has != value:
            yield f"{got.id}: {name} is {has}, expected {value}"


def near_misses(item: PathwayDecision, wanted: Collection[str]) -> Iterator[str]:
    """The wanted rules whose rows were read and missed by exactly one of their parts."""
    fired = {step.rule for step in item.decision.trace}
    if not any(rule in wanted and rule not in fired for rule in item.pathway.rows):
        return
    done: tuple[Stage, ...] = ()
    for stage in item.pathway.stages:
        if any(row.rule in wanted for row in stage.rows):
            begun = _walked(item, (*done, _first_rows(stage, 0)))
            if begun is None:
                return
            if not any(begun.holds(conditions) for conditions in stage.unless):
                yield from _missed_rows(item, stage, done, wanted)
        done = (*done, stage)


def _missed_rows(
    item: PathwayDecision, stage: Stage, done: tuple[Stage, ...], wanted: Collection[str]
) -> Iterator[str]:
    fired = {step.rule for step in item.decision.trace}
    for index, row in enumerate(stage.rows):
        if row.rule in fired and stage.pick == "first":
            return
        if row.rule in wanted and row.rule not in fired:
            before = _walked(item, (*done, _first_rows(stage, index)))
            if before and before.failed(row) == 1:
                yield row.rule


def _first_rows(stage: Stage, count: int) -> Stage:
    """The stage as far as its first rows, before its orders are noted."""
    return stage.model_copy(update={"rows": stage.rows[:count], "booked_orders": ()})


@dataclass(frozen=True, slots=True)
class _Moment:
    """What is known when a row is read."""

    names: Mapping[str, str]
    decision: Decision
    so_far: Decision | None = None

    def holds(self, conditions: Conditions) -> bool:
        return all(self._one(name, values) for name, values in conditions.items())

    def failed(self, row: Row) -> int:
        """How many parts of the row fail."""
        either = [any(self.holds(each) for each in row.any)] if row.any else []
        parts = [
            *(self._one(*part) for part in row.when.items()),
            *either,
            *(not self.holds(each) for each in row.unless),
        ]
        return parts.count(False)

    def _one(self, name: str, values: Sequence[str]) -> bool:
        before = self.so_far or Decision((), (), {})
        fired = {step.rule for step in (*before.trace, *self.decision.trace)}
        made = {each.id: each.timing.kind for each in (*before.recommendations, *self.decision.recommendations)}
        match name:
            case "fired":
                return not fired.isdisjoint(values)
            case "not_fired":
                return fired.isdisjoint(values)
            case "recommended":
                return not made.keys().isdisjoint(values)
            case "not_recommended":
                return made.keys().isdisjoint(values)
            case "pending":
                return any(value in made and made[value] is not TimingKind.LAPSED for value in values)
            case _:
                return self.names[name] in values


def _walked(item: PathwayDecision, stages: tuple[Stage, ...]) -> _Moment | None:
    """The walk up to the end of these stages; None if it stopped before the last of them."""
    cut = replace(item.pathway, stages=stages)
    decision = decide(cut, item.situation)
    if any(step.stopped and step.stage != stages[-1].stage for step in decision.trace):
        return None
    return _Moment({**item.situation.names, **decision.findings}, decision, item.situation.so_far)


def _parts(row: Row) -> bool:
    return bool(row.when or row.any or row.unless)
