"""The smallest fact set that still shows something: members and list items are dropped while it remains."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from tests.oracle.fact_sets import FactSet, places


def shrink(found: FactSet, still: Callable[[FactSet], bool]) -> FactSet:
    """Drop what is not needed, outermost first, until no single drop keeps `still` true. `found` must satisfy it."""
    smaller = next((each for each in smaller_ones(found) if still(each)), None)
    return found if smaller is None else shrink(smaller, still)


def smaller_ones(found: FactSet) -> Iterator[FactSet]:
    """Every fact set with one member, list item or setting less."""
    for number in range(len(places(found.facts))):
        facts: dict[str, Any] = copy.deepcopy(found.facts)
        holder, name = places(facts)[number]
        del holder[name]
        yield FactSet(facts, found.today, found.config)
    for name in found.config:
        yield FactSet(found.facts, found.today, {key: value for key, value in found.config.items() if key != name})
