"""Whether a mutant decides every possible situation as the original does: then nothing could notice it.

Asked of the solver over the formulas of `app.proof`. "The same" is believed only of a mutant that also answers every
compared fact set alike; the run fails when the two disagree.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import z3

from app.clinical.ordering import FINDING
from app.pathway.load import Pathway
from app.proof.encode import DATED, Made, Patient, Walk
from app.proof.orders import order_laws
from app.proof.properties import walked
from app.proof.situations import laws

Formula = Any  # z3.BoolRef; z3 carries no types

SECONDS = 60


class Original:
    """The unchanged pathways as formulas, made once."""

    def __init__(self, pathways: Sequence[Pathway]) -> None:
        self.walks = [walked(Patient(pathway)) for pathway in pathways]

    def decides_like(self, pathways: Sequence[Pathway]) -> bool:
        """True only if the solver shows that no situation is decided differently; what it cannot tell is False."""
        return all(
            _same(walk, walked(Patient(other), copy="mutant "))
            for walk, other in zip(self.walks, pathways, strict=True)
        )


def _same(one: Walk, other: Walk) -> bool:
    mine, its = one.patient.pathway, other.patient.pathway
    if (mine.parameters, mine.policies, mine.steps) != (its.parameters, its.policies, its.steps):
        return False  # these decide outside the rules, where the formulas do not look
    solver = z3.Solver()
    solver.set("timeout", SECONDS * 1000)
    solver.add(*laws(one.patient), *order_laws(one), *one.patient.rules, *other.patient.rules)
    solver.add(z3.Or(*_differences(one, other)))
    return bool(solver.check() == z3.unsat)


def _differences(one: Walk, other: Walk) -> Iterator[Formula]:
    """What is advised, how loud and when, by which rules, with which modality and which draft."""
    if one.made.keys() != other.made.keys():
        yield z3.BoolVal(val=True)
        return
    for name, made in one.made.items():
        yield made.present != other.made[name].present
        both = z3.And(made.present, other.made[name].present)
        yield z3.And(both, z3.Or(*_made(made, other.made[name])))
        yield z3.And(both, z3.Or(*_said(one, other, name)))
    if one.patient.pathway.advises_on_orders:
        yield z3.Or(*(formula != other.findings[FINDING][value] for value, formula in one.findings[FINDING].items()))
    for rule, row in one.patient.pathway.rows.items():
        if row.advise:
            yield one.fired[rule] != other.fired.get(rule, z3.BoolVal(val=False))


def _made(one: Made, other: Made) -> Iterator[Formula]:
    yield one.warning != other.warning
    yield one.critical != other.critical
    yield one.already_ordered != other.already_ordered
    yield one.when.kind != other.when.kind
    days = z3.Or(one.when.earliest != other.when.earliest, one.when.latest != other.when.latest)
    yield z3.And(one.when.has_kind(DATED), days)


def _said(one: Walk, other: Walk, name: str) -> Iterator[Formula]:
    """The attributes and the draft order of a recommendation."""
    attributes = [walk.patient.pathway.recommendations[name].attributes for walk in (one, other)]
    if attributes[0] != attributes[1]:
        yield z3.BoolVal(val=True)
    for source in attributes[0].values():
        if source in one.findings:
            for value, formula in one.findings[source].items():
                yield formula != other.findings[source][value]
    drafts = [dict(_drafts(walk, name)) for walk in (one, other)]
    for order in drafts[0].keys() | drafts[1].keys():
        never = z3.BoolVal(val=False)
        yield drafts[0].get(order, never) != drafts[1].get(order, never)


def _drafts(walk: Walk, name: str) -> Iterator[tuple[str, Formula]]:
    """Order -> when it is offered: the lines in which it stands, each reached only past those above it."""
    choices = walk.patient.pathway.recommendations[name].orders
    holds = [walk.holds(choice.when) for choice in choices]
    for order in {choice.order for choice in choices}:
        yield (
            order,
            z3.Or(
                *(
                    z3.And(holds[index], z3.Not(z3.Or(*holds[:index])))
                    for index, choice in enumerate(choices)
                    if choice.order == order
                )
            ),
        )
