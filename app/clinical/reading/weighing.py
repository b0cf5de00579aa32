"""A statement in our own codes against what the rest of the record proves of the same fact.

Two that agree are one. Two that differ are never averaged: which of them holds, or that neither does, is said for each
fact, so that the outcome is never the less safe one (threat model R-1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.clinical.reading.findings import Findings, Found, NotFound

CONFLICT: Final = "conflict: a statement and the record differ"


class Contradiction(StrEnum):
    """What holds when a statement and the record differ."""

    NEITHER = "neither"  # unknown: for a fact whose unknown is the cautious reading
    DOCUMENTED = "documented"  # what the record documents
    LATER_OR_NEITHER = "later-or-neither"  # the statement if it was made on the day of the record or later
    LATER_OR_DOCUMENTED = "later-or-documented"  # the same, else what the record documents


@dataclass(frozen=True, slots=True)
class Proofs:
    """What resources other than statements prove of one fact, and why others of them do not."""

    found: tuple[Found, ...] = ()
    missed: tuple[NotFound, ...] = ()


def weighed(fact: str, stated: Findings, proofs: Proofs, contradiction: Contradiction) -> Findings:
    """One fact from a statement and from proofs, each of which may be missing."""
    missed = (*stated.not_found, *proofs.missed)
    if len({repr(found.value) for found in proofs.found}) > 1:
        return Findings((), (*missed, NotFound(fact, "conflict: different values in the record")))
    proof = max(proofs.found, key=_recency, default=None)
    said = next((found for found in stated.found if found.fact == fact), None)
    if proof is None:
        return Findings(stated.found, missed)
    if said is None or said.value == proof.value:
        return Findings((proof,) if said is None else stated.found, missed)
    holds = _of_two(said, proof, contradiction)
    return Findings((holds,) if holds else (), (*missed, NotFound(fact, CONFLICT)))


def _of_two(said: Found, proof: Found, contradiction: Contradiction) -> Found | None:
    is_later = said.date is not None and proof.date is not None and said.date >= proof.date
    match contradiction:
        case Contradiction.NEITHER:
            return None
        case Contradiction.LATER_OR_NEITHER:
            return said if is_later else None
        case Contradiction.LATER_OR_DOCUMENTED if is_later:
            return said
        case _:
            return proof


def worst(fact: str, order: Sequence[str], stated: Findings, proofs: Proofs) -> Findings:
    """The worst of everything that is known, for a fact whose values have an order. It holds against any other."""
    missed = (*stated.not_found, *proofs.missed)
    known = [found for found in (*stated.found, *proofs.found) if found.value in order]
    if not known:
        return Findings((), missed)
    holds = max(known, key=lambda found: (order.index(str(found.value)), _recency(found)))
    differs = len({found.value for found in known}) > 1
    return Findings((holds,), (*missed, NotFound(fact, CONFLICT)) if differs else missed)


def _recency(found: Found) -> tuple[str, str]:
    return (found.date or "", found.resource)
