"""Two versions of the pathways, asked about the same made-up patients: who is decided differently, and how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from random import Random
from typing import Final

from app.clinical.evaluate import Evaluation, decide_all
from app.clinical.patients import limits_of, patient
from app.clinical.vocabulary import parse_facts
from app.pathway.decide import Recommendation
from app.pathway.load import Pathway

NOTHING: Final = "nothing to say"

Advised = tuple[object, ...]
"""A recommendation without its rules, the timing first."""


@dataclass(frozen=True, slots=True)
class Example:
    """A patient who is decided differently: the facts as of POST /evaluate, and both decisions."""

    facts: Mapping[str, object]
    old: Evaluation
    new: Evaluation


@dataclass(frozen=True, slots=True)
class Shift:
    """What leads in the old version and in the new one, for how many patients, and the simplest of them."""

    before: str
    after: str
    count: int
    example: Example


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many patients were tried, and the shifts, the most frequent first."""

    samples: int
    shifts: tuple[Shift, ...]

    @property
    def differing(self) -> int:
        """Patients who are decided differently."""
        return sum(shift.count for shift in self.shifts)


def compare(old: Sequence[Pathway], new: Sequence[Pathway], *, samples: int, random: Random, today: date) -> Comparison:
    """Ask both versions about the same `samples` patients. Numbers and dates crowd around the limits of both."""
    asked = (each for each in (*old, *new) if not each.advises_on_orders)
    limits = limits_of(chain.from_iterable(each.parameters.values() for each in asked))
    groups: dict[tuple[str, str], tuple[int, Example]] = {}
    for _ in range(samples):
        made = patient(random, limits, today)
        facts = parse_facts(made)
        example = Example(made, decide_all(old, facts, today), decide_all(new, facts, today))
        said = _shift(example.old, example.new)
        if said:
            count, simplest = groups.get(said, (0, example))
            groups[said] = count + 1, min(simplest, example, key=_size)
    ordered = sorted(groups.items(), key=lambda group: (-group[1][0], group[0]))
    return Comparison(samples, tuple(Shift(*said, count, example) for said, (count, example) in ordered))


def _size(example: Example) -> int:
    return len(str(example.facts))


def _shift(old: Evaluation, new: Evaluation) -> tuple[str, str] | None:
    """What leads before and after, in a few words; None when both decide the same. Rule names are not the decision."""
    before, after = _lead(old), _lead(new)
    if before != after:
        return before, after
    was, becomes = ({made.id: _advice(made) for made in each.recommendations} for each in (old, new))
    if was == becomes:
        return None
    more = [f"now also {name}" for name in becomes if name not in was]
    less = [f"no longer {name}" for name in was if name not in becomes]
    other = [f"{name} {_how(was[name], becomes[name])}" for name in was if becomes.get(name, was[name]) != was[name]]
    return before, f"the same lead; {', '.join((*more, *less, *other))}"


def _how(before: Advised, after: Advised) -> str:
    return "at other dates" if before[0] != after[0] and before[1:] == after[1:] else "otherwise"


def _lead(evaluation: Evaluation) -> str:
    lead = evaluation.lead
    if lead is None:
        return NOTHING
    timing = "" if lead.timing.kind == "none" else f", {lead.timing.kind}"
    return f"{lead.id} ({lead.indicator}{timing})"


def _advice(made: Recommendation) -> Advised:
    return made.timing, made.indicator, dict(made.attributes), made.already_ordered, made.order
