"""What a CodeableConcept says in codes. Display and text are never read: they prove nothing (threat model H20)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.fhir.resources import CodeableConcept


@dataclass(frozen=True, slots=True)
class Code:
    """A code with its system, both as sent, and its place in the list it came from."""

    system: str
    code: str
    place: int


def codes_of(concept: CodeableConcept | None) -> tuple[Code, ...]:
    """The codings that have both a system and a code; empty when nothing was coded."""
    if concept is None:
        return ()
    return tuple(
        Code(coding.system, coding.code, place)
        for place, coding in enumerate(concept.coding)
        if coding.system and coding.code
    )


def codes_of_all(concepts: Iterable[CodeableConcept]) -> tuple[Code, ...]:
    """The codes of several concepts, one after the other."""
    return tuple(code for concept in concepts for code in codes_of(concept))
