"""`diff`: what two versions say differently, and which patients they decide differently."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Final

from app.cards import wording
from app.cards.machine_readable import recommendation_json
from app.cards.render import facts_in_words
from app.clinical.comparison import Comparison, Example, Shift, compare
from app.clinical.evaluate import Evaluation
from app.commands.table import table
from app.errors import AuthorError
from app.pathway.decide import Recommendation
from app.pathway.differences import Difference, differences
from app.pathway.load import Pathway
from app.pathway.words import plain

DAY: Final = date(2026, 6, 15)
"""The day all made-up patients are seen on; their dates are counted from it, so any day would do."""
MOST_SHIFTS: Final = 20
LONGEST_TEXT: Final = 300

Versions = tuple[Sequence[Pathway], Sequence[Pathway]]


@dataclass(frozen=True, slots=True)
class Report:
    """What differs between two versions."""

    texts: tuple[Difference, ...]
    comparison: Comparison
    seed: int

    @property
    def is_empty(self) -> bool:
        """Nothing differs."""
        return not self.texts and not self.comparison.shifts


def report(versions: Versions, *, samples: int, seed: int) -> Report:
    """Compare two versions on `samples` patients made with `seed`; the same seed gives the same patients."""
    old, new = versions
    comparison = compare(old, new, samples=samples, random=Random(seed), today=DAY)  # noqa: S311 -- no secret
    return Report(tuple(_texts(old, new)), comparison, seed)


def chosen(folder: Path, loaded: Sequence[Pathway]) -> Sequence[Pathway]:
    """The pathways a folder means: all below it, or the one it is. Raises AuthorError for a folder without any."""
    return [each for each in loaded if each.id == folder.name] if is_pathway(folder) else loaded


def parent(folder: Path) -> Path:
    """Where to load from: a pathway is loaded with its neighbours, of which it may use one."""
    if not folder.is_dir():
        raise AuthorError(str(folder), None, "there is no such folder")
    return folder.resolve().parent if is_pathway(folder) else folder


def is_pathway(folder: Path) -> bool:
    """True for one pathway, False for a folder of several."""
    return (folder / "pathway.yaml").exists()


def in_words(said: Report) -> Iterator[str]:
    """The report for people."""
    if said.is_empty:
        yield f"Nothing differs, and {said.comparison.samples} made-up patients are decided alike."
        return
    yield "What the files say differently"
    rows = [(each.what, each.entry, _change(each)) for each in said.texts]
    yield from table(rows or [("nothing",)])
    yield ""
    comparison = said.comparison
    share = f"{100 * comparison.differing / comparison.samples:.1f} %"
    yield f"Decided differently: {comparison.differing} of {comparison.samples} made-up patients ({share})"
    for shift in comparison.shifts[:MOST_SHIFTS]:
        yield ""
        yield f"{shift.count:6} {shift.before} -> {shift.after}"
        yield from table([(_example(shift),)], indent=" " * 7)
    if len(comparison.shifts) > MOST_SHIFTS:
        yield f"\n  and {len(comparison.shifts) - MOST_SHIFTS} rarer kinds; --json shows all"


def as_json(said: Report) -> str:
    """The report for machines."""
    comparison = said.comparison
    return json.dumps(
        {
            "texts": [{name: part for name, part in asdict(each).items() if part} for each in said.texts],
            "samples": comparison.samples,
            "seed": said.seed,
            "differing": comparison.differing,
            "situations": [_shift_json(shift) for shift in comparison.shifts],
        },
        indent=2,
        ensure_ascii=False,
    )


def _texts(old: Sequence[Pathway], new: Sequence[Pathway]) -> Iterator[Difference]:
    """A pathway that uses another has its words too: what changed there is said there, once."""
    was, becomes = ({each.id: each for each in version} for version in (old, new))
    yield from (Difference("added", f"pathway {name}") for name in becomes if name not in was)
    yield from (Difference("removed", f"pathway {name}") for name in was if name not in becomes)
    said: set[Difference] = set()
    for name in sorted(was.keys() & becomes.keys(), key=lambda name: (was[name].uses or "", name)):
        found = [each for each in differences(was[name], becomes[name]) if each not in said]
        said.update(found)
        yield from (replace(each, entry=f"{name}: {each.entry}") for each in found)


def _change(difference: Difference) -> str:
    if not difference.before and not difference.after:
        return difference.part
    said = f"{_short(difference.before)} -> {_short(difference.after)}"
    return f"{difference.part}: {said}" if difference.part else said


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}..."


def _example(shift: Shift) -> str:
    evaluation = shift.example.new
    lead = evaluation.lead or shift.example.old.lead
    spoken = (item for item in evaluation.decisions if lead and lead.id in item.pathway.recommendations)
    home = next(spoken, evaluation.decisions[-1])
    age = f"aged {evaluation.facts.age}; " if evaluation.facts.age is not None else ""
    facts = "; ".join(facts_in_words(evaluation.facts, home)) or "nothing else known"
    return f"For example on {wording.day(DAY)}: {age}{facts}. {'; '.join(_changed(shift.example))}"


def _changed(example: Example) -> Iterator[str]:
    """Each recommendation that differs: before -> after."""
    was, becomes = (_advice(each) for each in (example.old, example.new))
    for name in dict.fromkeys((*was, *becomes)):
        if was.get(name) != becomes.get(name):
            yield f"{name}: {was.get(name, 'not advised')} -> {becomes.get(name, 'not advised')}"


def _advice(evaluation: Evaluation) -> dict[str, str]:
    return {made.id: _in_words(made) for made in evaluation.recommendations}


def _in_words(made: Recommendation) -> str:
    attributes = [f"{plain(name)} {wording.said(value)}" for name, value in made.attributes.items()]
    parts = [
        made.indicator.value,
        wording.timing(made.timing),
        *attributes,
        f"draft {made.order}" if made.order else "",
    ]
    return ", ".join(filter(None, [*parts, "already ordered" if made.already_ordered else ""]))


def _shift_json(shift: Shift) -> Mapping[str, object]:
    return {
        "before": shift.before,
        "after": shift.after,
        "count": shift.count,
        "example": {
            "today": DAY.isoformat(),
            "facts": shift.example.facts,
            "before": [recommendation_json(made) for made in shift.example.old.recommendations],
            "after": [recommendation_json(made) for made in shift.example.new.recommendations],
        },
    }
