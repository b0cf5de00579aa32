"""The laws of an order's names: every random order obeys them, they leave an order for every value, and a wrong one is
noticed.
"""

import os

import pytest
import z3

from app.clinical.ordering import ORDER_DOMAINS
from app.proof.orders import order_laws
from app.proof.properties import walked
from tests.ordering.orders import drawn_order, order_advice
from tests.proof.drawn import seeded
from tests.proof.judged import NEGATIVE, Asked, pathways

DRAWN = int(os.environ.get("PROOF_DRAWS", "200"))


def unlawful(asked: Asked, count: int) -> int:
    chance = seeded(5)
    drawn = [drawn_order(chance).situation for _ in range(count)]
    return sum(not asked.lawful(found, order_advice().days) for found in drawn)


def test_every_order_is_lawful() -> None:
    assert unlawful(Asked(order_advice()), DRAWN) == 0


def test_there_is_an_order_for_every_value() -> None:
    asked = Asked(order_advice())

    assert [
        (name, value)
        for name, values in ORDER_DOMAINS.items()
        for value in values
        if not asked.solver.possible(asked.all_laws, asked.patient.names[name][value])
    ] == []


@pytest.mark.parametrize(
    ("name", "value"), [("order_side", "covers"), ("ultrasound_arranged", "not_due"), ("order_timing", "no_window")]
)
def test_a_law_that_some_orders_break_is_noticed(name: str, value: str) -> None:
    asked = Asked(order_advice())
    asked.all_laws = asked.solver.named(z3.And(asked.all_laws, asked.patient.names[name][value]))

    assert unlawful(asked, 30) > 0


def test_a_pathway_of_patients_has_no_such_laws() -> None:
    assert order_laws(walked(Asked(pathways()[NEGATIVE]).patient)) == []
