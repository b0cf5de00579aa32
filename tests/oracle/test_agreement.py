"""The product says what the decision table says: compared with the oracle, whole answers, on a seeded slice.

`make oracle COUNT=1000000` compares at scale; this slice keeps every change honest.
"""

import pytest

from tests.oracle.answers import Answer
from tests.oracle.fact_sets import FactSet
from tests.oracle.product import ask_product, pathways
from tests.oracle.run import Tally, run

SEED = 20260302
COUNT = 3000
PATHWAYS = pathways()


def ask(patient: FactSet) -> list[Answer]:
    return ask_product(PATHWAYS, patient)


@pytest.fixture(scope="module")
def tally() -> Tally:
    return run(SEED, range(COUNT), ask)


def test_product_and_oracle_give_the_same_advice_and_no_invariant_breaks(tally: Tally) -> None:
    assert {name: f"{SEED}/{tally.first[name]}" for name in tally.wrong} == {}


def test_the_slice_fires_every_rule_of_the_table(tally: Tally) -> None:
    assert tally.never_fired(1) == []


def test_the_slice_sees_every_kind_of_ending(tally: Tally) -> None:
    assert {"(silence)", "OUT-OF-SCOPE", "ROUTE-POSITIVE", "NO-FURTHER-IMAGING", "DATA-RESULT"} <= set(tally.led)
