"""Draft orders for tests: what the product is asked with, written plainly or drawn at random for random patients."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any

from app.clinical.evaluate import Evaluation, configure, evaluate
from app.clinical.ordering import DraftOrder, OrderAdvice, advise_on_orders, order_situation, parse_drafts
from app.clinical.vocabulary import parse_facts
from app.pathway.decide import Situation
from app.pathway.load import Pathway
from tests.front_door import pathways
from tests.proof.drawn import TODAY, patient

KINDS = (
    "leg_ultrasound", "leg_ultrasound", "leg_ultrasound", "ct_venography", "mr_venography", "arterial_run_off",
    "d_dimer", "anticoagulant", "discharge", "other",
)  # fmt: skip
DAYS = (-3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 30)
WORDS = {
    "extent": ("complete", "limited", "unknown"),
    "side": ("left", "right", "bilateral", "unknown"),
    "contrast": ("with", "without", "unknown"),
    "form": ("new", "new", "placed", "booking"),
}


@cache
def order_advice() -> Pathway:
    """The pathway that advises on orders."""
    return next(each for each in pathways() if each.advises_on_orders)


def draft(kind: str, **members: object) -> DraftOrder:
    """One draft in the public vocabulary."""
    (made,) = parse_drafts([{"kind": kind, **members}])
    return made


def asked(facts: dict[str, Any], today: date, config: dict[str, Any] | None = None) -> Evaluation:
    """What is decided of this patient."""
    return evaluate(pathways(), parse_facts(facts), today=today, config=config or {})


def advised(evaluation: Evaluation, *drafts: DraftOrder, config: dict[str, Any] | None = None) -> OrderAdvice:
    """What is said of these drafts."""
    (pathway,) = (each for each in configure(pathways(), config or {}) if each.advises_on_orders)
    return advise_on_orders(evaluation, drafts, pathway)


# ------------------------------------------------------------------------------------------------------------ at random


@dataclass(frozen=True)
class DrawnOrder:
    """A patient with the orders that are placed together; `situation` is that of the first."""

    evaluation: Evaluation
    drafts: tuple[DraftOrder, ...]

    @property
    def situation(self) -> Situation:
        return order_situation(self.evaluation, self.drafts[0], order_advice(), self.drafts)


def drawn_draft(chance: Random, *, relevant: bool = False) -> dict[str, Any]:
    """One draft as a caller would write it, any member missing now and then."""
    day = TODAY + timedelta(days=chance.choice(DAYS))
    days: dict[str, Any] = chance.choice(
        (
            {},
            {"day": day.isoformat()},
            {"day": day.isoformat()},
            {"earliest": day.isoformat(), "latest": (day + timedelta(days=chance.choice((1, 2, 20)))).isoformat()},
            {"earliest": day.isoformat()},
            {"latest": day.isoformat()},
        )
    )
    kinds = KINDS[:-1] if relevant else KINDS
    return {"kind": chance.choice(kinds), **{name: chance.choice(words) for name, words in WORDS.items()}, **days}


def drawn_order(chance: Random, config: dict[str, Any] | None = None) -> DrawnOrder:
    """A random patient with one to three drafts, the first of which concerns this service."""
    drafts = [drawn_draft(chance, relevant=True), *(drawn_draft(chance) for _ in range(chance.choice((0, 0, 1, 2))))]
    return DrawnOrder(asked(patient(chance), TODAY, config), parse_drafts(drafts))
