"""What became of the mutants: the figures, the survivors with their reasons, and what is wrong with a run."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol, TypeVar

from ruamel.yaml import YAML

REASONS = Path(__file__).with_name("survivors.yaml")
ALL = 100  # percent
LOWEST_SCORE = 98.0
SAME = "the same"
"""In place of a judge: the mutant is proven to decide every situation as the original does. It does not count."""


class Mutation(Protocol):
    """What a pathway mutant and a source mutant have in common."""

    @property
    def id(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def sentence(self) -> str: ...


Some = TypeVar("Some", bound=Mutation)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant. `killed_by`: the judge that noticed it, SAME or None; `how`: what showed it.

    `differs`: for a survivor the number of the first fact set that it answers differently, if there is one.
    """

    id: str
    kind: str
    sentence: str
    killed_by: str | None
    how: str = ""
    differs: int | None = None


def verdict_on(mutant: Mutation, killed_by: str | None, how: str = "", differs: int | None = None) -> Verdict:
    return Verdict(mutant.id, mutant.kind, mutant.sentence, killed_by, how, differs)


def reasons(file: Path = REASONS) -> dict[str, str]:
    """Mutant id -> why it may survive."""
    groups = YAML(typ="safe", pure=True).load(file)["survivors"]
    return {mutant: group["because"] for group in groups for mutant in group["mutants"]}


def part_of(mutants: Sequence[Some], percent: int, seed: int) -> Sequence[Some]:
    """So much of them, drawn with the seed; at least one."""
    if percent >= ALL or not mutants:
        return mutants
    count = max(len(mutants) * percent // ALL, 1)
    return Random(seed).sample(mutants, count)  # noqa: S311 -- reproducible on purpose, nothing secret


def score(found: Sequence[Verdict]) -> float:
    """Killed, in percent of those that can be noticed at all; an explained survivor is no kill."""
    counted = [each for each in found if each.killed_by != SAME]
    return ALL * sum(each.killed_by is not None for each in counted) / len(counted) if counted else 0.0


def faults(found: Sequence[Verdict], because: Mapping[str, str], known: Collection[str]) -> list[str]:
    """What is wrong with a run: survivors without a reason, reasons out of date, too low a score."""
    survived = [each for each in found if each.killed_by is None]
    unexplained = [f"no reason: {each.id}: {each.sentence}" for each in survived if each.id not in because]
    killed = {each.id for each in found if each.killed_by is not None}
    stale = [f"survivors.yaml: {name} needs no reason now: take it out" for name in because if name in killed]
    gone = [f"survivors.yaml: {name} is no mutant" for name in because if name not in known]
    low = [f"score {score(found):.2f} % is below {LOWEST_SCORE:.0f} %"] if score(found) < LOWEST_SCORE else []
    return [*unexplained, *stale, *gone, *low]


def report(found: Sequence[Verdict], judges: Sequence[str], because: Mapping[str, str]) -> str:
    """The figures by kind and judge, and each survivor."""
    columns = [*judges, None]
    kinds = Counter((each.kind, each.killed_by) for each in found)
    totals = Counter(each.killed_by for each in found)
    lines = [
        _line("kind", [judge or "survived" for judge in columns]),
        *(_line(kind, [kinds[kind, judge] for judge in columns]) for kind in sorted({each.kind for each in found})),
        _line(f"all {len(found)}", [totals[judge] for judge in columns]),
        "",
        f"killed: {score(found):.2f} %; of those that load: {score(_loaded(found)):.2f} %",
    ]
    survived = [each for each in found if each.killed_by is None]
    told = sum(each.differs is not None for each in survived)
    lines.append(
        f"survivors: {len(survived)}, of which {told} change a result that a pinned table of results would show"
    )
    for each in survived:
        shown = "no result differs" if each.differs is None else f"fact set {each.differs} differs"
        lines += [f"  {each.id}", f"      {each.sentence} ({each.how or shown}) {because.get(each.id, 'NO REASON')}"]
    return "\n".join(lines)


def _line(name: str, cells: Sequence[object]) -> str:
    return f"{name:<22}" + "".join(f"{cell!s:>12}" for cell in cells)


def _loaded(found: Sequence[Verdict]) -> list[Verdict]:
    return [each for each in found if each.killed_by != "loader"]
