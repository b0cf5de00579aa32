"""In what two answers to one fact set differ, as short names that can be counted.

Everything is compared: which recommendations, each attribute, the rules in their order, and which one leads. Of DATA-*
only the presence: the table does not say which rule asks for a fact, nor in which order the missing facts are named.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.oracle.answers import Answer
from tests.oracle.fact_sets import FactSet

EXAMPLE_DAY = date(2026, 3, 5)


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A difference that has been reported and not yet settled; delete it here when product or table has changed.

    `names`: the differences it explains, in the fact sets for which it `holds`. `example`: facts, on EXAMPLE_DAY.
    """

    title: str
    names: frozenset[str]
    holds: Callable[[FactSet, Sequence[Answer]], bool]
    example: dict[str, Any]


def differences(product: Sequence[Answer], expected: Sequence[Answer]) -> list[str]:
    """`extra ID`, `missing ID`, `ID.attribute`, `order`; empty when the answers agree."""
    got, wanted = ({each["id"]: each for each in answer} for answer in (product, expected))
    names = [f"extra {name}" for name in got if name not in wanted]
    names += [f"missing {name}" for name in wanted if name not in got]
    for name in (name for name in wanted if name in got and not name.startswith("DATA-")):
        attributes = sorted({*got[name], *wanted[name]})
        names += [f"{name}.{each}" for each in attributes if got[name].get(each) != wanted[name].get(each)]
    return names or (["order"] if _headlines(got) != _headlines(wanted) else [])


def _headlines(answer: dict[str, Answer]) -> list[str]:
    return [name for name in answer if not name.startswith("DATA-")]


def unsettled(patient: FactSet, expected: Sequence[Answer], names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The differences that no open question explains, and the titles of the open questions met."""
    met = [each for each in OPEN_QUESTIONS if each.holds(patient, expected) and not each.names.isdisjoint(names)]
    return [name for name in names if not any(name in each.names for each in met)], [each.title for each in met]


def _always(*_: object) -> bool:
    return True


OPEN_QUESTIONS = (
    OpenQuestion(
        "No DATA-DDIMER for an assay not stated when the value is positive; 2.3, column U, asks whatever the value",
        frozenset({"missing DATA-DDIMER"}),
        _always,
        {"exams": [{"result": "negative"}], "ddimer": {"value": 501, "unit": "ng/mL FEU"}},
    ),
)
