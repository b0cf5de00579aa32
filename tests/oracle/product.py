"""The product's answer to a fact set, through its public door. The only file here, tests aside, that imports `app`."""

from collections.abc import Sequence

from app.__main__ import load
from app.cards.machine_readable import recommendation_json
from app.clinical.evaluate import evaluate
from app.clinical.vocabulary import parse_facts
from app.pathway.load import Pathway
from app.settings import Settings
from tests.oracle.answers import Answer
from tests.oracle.fact_sets import FactSet


def pathways() -> Sequence[Pathway]:
    """Every pathway of the checkout."""
    return load(Settings())


def ask_product(asked: Sequence[Pathway], patient: FactSet) -> list[Answer]:
    """All recommendations, the leading one first, as `POST /evaluate` would write them."""
    made = evaluate(asked, parse_facts(patient.facts), today=patient.today, config=patient.config)
    return [recommendation_json(each) for each in made.recommendations]
