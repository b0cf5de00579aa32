"""`invariants.yaml` beside a pathway: what must hold for every patient, in the words of a row, read and checked.

It decides nothing and is no part of the content hash: a pathway says the same with or without it.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from app.errors import AuthorError
from app.pathway.content import Alternatives, Conditions, Content, Name, Sentence, Some, did_you_mean
from app.pathway.load import Pathway
from app.pathway.yaml_lines import Lines, Location, line_of, read_yaml

FILE = "invariants.yaml"

RULES = ("fired", "not_fired")
ADVICE = ("recommended", "not_recommended", "pending", "now", "info", "warning", "critical", "only")
"""Beside the words of a row: `now` (any of these is advised with timing now), `info`, `warning`, `critical` (any of
these is advised this loud), `only` (nothing but these is advised)."""
STAGES = ("reached",)
"""`reached`: any of these stages is read."""


def _list(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class Claim(Content):
    """A named sentence with its source, and the situations it speaks of: `when`, one of `any`, none of `unless`."""

    id: Name
    says: Sentence
    source: Sentence
    when: Conditions = Field(default_factory=dict)
    any: Alternatives = ()
    unless: Alternatives = ()


class Silence(Claim):
    """Situations in which the pathway says nothing, on purpose."""


class Invariant(Claim):
    """In the situations it speaks of, one of `always` holds, or none of `never` does."""

    always: Alternatives = ()
    never: Alternatives = ()

    @model_validator(mode="after")
    def _demands_one_thing(self) -> Self:
        if bool(self.always) == bool(self.never):
            raise ValueError("say exactly one of always, never")
        return self


class Level(Content):
    """One line of the scale from the most urgent to the most reassuring: the first that holds is where a patient is."""

    level: Name
    any: Alternatives = ()


class Exempt(Content):
    """Where a comparison does not hold, and why that is right."""

    when: Conditions
    because: Sentence
    source: Sentence


class Unknown(Content):
    """With `name` unknown the advice is never more reassuring than with any value of `than` (default: every other).

    `moves`: the names and dates that differ with it; everything else about the two patients is the same.
    """

    name: Name
    unknown_is: Name = "unknown"
    than: Some = ()
    moves: Some = ()
    because: Sentence
    exempt: Annotated[tuple[Exempt, ...], BeforeValidator(_list)] = ()


class Raising(Content):
    """With `name` at `to` the advice is never less urgent than with any other value."""

    name: Name
    to: Name
    moves: Some = ()
    because: Sentence
    exempt: Annotated[tuple[Exempt, ...], BeforeValidator(_list)] = ()


class Scale(Content):
    """The levels, most urgent first; `reassuring_from` is the first one that counts as reassuring."""

    levels: Annotated[tuple[Level, ...], BeforeValidator(_list), Field(min_length=2)]
    reassuring_from: Name

    @model_validator(mode="after")
    def _ends_with_the_rest(self) -> Self:
        if self.levels[-1].any or not all(level.any for level in self.levels[:-1]):
            raise ValueError("each level but the last has conditions; the last one is what holds otherwise")
        if self.reassuring_from not in [level.level for level in self.levels]:
            raise ValueError("reassuring_from names one of the levels")
        return self


class Invariants(Content):
    """The whole file."""

    silences: Annotated[tuple[Silence, ...], BeforeValidator(_list)] = ()
    invariants: Annotated[tuple[Invariant, ...], BeforeValidator(_list)] = ()
    scale: Scale | None = None
    unknown: Annotated[tuple[Unknown, ...], BeforeValidator(_list)] = ()
    raising: Annotated[tuple[Raising, ...], BeforeValidator(_list)] = ()

    @model_validator(mode="after")
    def _scale_for_comparisons(self) -> Self:
        if (self.unknown or self.raising) and self.scale is None:
            raise ValueError("comparisons need a scale")
        return self

    @property
    def levels(self) -> tuple[Level, ...]:
        """The scale's levels, most urgent first; none without a scale."""
        return self.scale.levels if self.scale else ()

    @property
    def first_reassuring(self) -> int:
        """The place of the first level that counts as reassuring."""
        return [level.level for level in self.levels].index(self.scale.reassuring_from) if self.scale else 0


def load_invariants(folder: Path, pathway: Pathway, dates: Collection[str]) -> Invariants:
    """The invariants of one pathway. Raises AuthorError for the first thing that is wrong.

    `folder`: where the pathways are. `dates`: the dates of a situation, which `moves` may name.
    """
    shown = f"{pathway.id}/{FILE}"
    plain, lines = read_yaml(folder / pathway.id / FILE, shown)
    try:
        found = Invariants.model_validate(plain)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        at = tuple(part for part in first["loc"] if isinstance(part, str | int))  # type: ignore[redundant-expr]  # pydantic types loc wider than it is
        raise AuthorError(shown, line_of(at, lines), f"{'.'.join(map(str, at))}: {first['msg']}") from None
    _Names(shown, lines, pathway, dates).check(found)
    return found


class _Names:
    """The names of the file against those of the pathway."""

    def __init__(self, shown: str, lines: Lines, pathway: Pathway, dates: Collection[str]) -> None:
        self.shown = shown
        self.lines = lines
        self.dates = dates
        self.rules = [*pathway.rows, *(pathway.follows.rows if pathway.follows else ())]
        self.advice = [*pathway.recommendations]
        self.stages = [stage.stage for stage in pathway.stages]
        self.values: Mapping[str, Collection[str]] = {
            **{name: fact.values for name, fact in pathway.facts.facts.items()},
            **{name: policy.values for name, policy in pathway.policies.items()},
            **{name: finding.values for name, finding in pathway.declared_findings.items()},
        }

    def check(self, found: Invariants) -> None:
        ids = [claim.id for claim in (*found.silences, *found.invariants)]
        for kind, claims in (("silences", found.silences), ("invariants", found.invariants)):
            for index, claim in enumerate(claims):
                if ids.count(claim.id) > 1:
                    self._fail((kind, index, "id"), f"{claim.id} is the name of two claims")
                self._claim(claim, (kind, index))
        for index, level in enumerate(found.levels):
            self._alternatives(level.any, ("scale", "levels", index, "any"))
        for index, unknown in enumerate(found.unknown):
            self._compared(unknown.name, (unknown.unknown_is, *unknown.than), unknown, ("unknown", index))
        for index, raising in enumerate(found.raising):
            self._compared(raising.name, (raising.to,), raising, ("raising", index))

    def _claim(self, claim: Claim, at: Location) -> None:
        self._conditions(claim.when, (*at, "when"))
        for part in ("any", "unless", "always", "never"):
            self._alternatives(getattr(claim, part, ()), (*at, part))

    def _compared(self, name: str, values: Collection[str], said: Unknown | Raising, at: Location) -> None:
        self._conditions({name: tuple(values)}, (*at, "name"))
        for moved in said.moves:
            self._known(moved, [*self.values, *self.dates], (*at, "moves"))
        for index, exempt in enumerate(said.exempt):
            self._conditions(exempt.when, (*at, "exempt", index, "when"))

    def _alternatives(self, alternatives: Alternatives, at: Location) -> None:
        for index, conditions in enumerate(alternatives):
            self._conditions(conditions, (*at, index))

    def _conditions(self, conditions: Conditions, at: Location) -> None:
        for name, values in conditions.items():
            known = self._allowed(name, (*at, name))
            for value in values:
                self._known(value, known, (*at, name))

    def _allowed(self, name: str, at: Location) -> Collection[str]:
        words = {**dict.fromkeys(RULES, self.rules), **dict.fromkeys(ADVICE, self.advice), STAGES[0]: self.stages}
        if name in words:
            return words[name]
        self._known(name, [*self.values, *words], at)
        return self.values[name]

    def _known(self, name: str, known: Collection[str], at: Location) -> None:
        if name not in known:
            self._fail(at, f"{name} is not declared{did_you_mean(name, known)}")

    def _fail(self, at: Location, reason: str) -> None:
        raise AuthorError(self.shown, line_of(at, self.lines), reason)
