"""What advice on an order may say: short, sourced, never critical, never a dose, a drug to order or a product."""

import re

import pytest

from app.pathway.content import Indicator
from tests.ordering.orders import order_advice

PATHWAY = order_advice()
OWN = sorted({advice.recommend for row in PATHWAY.rows.values() for advice in row.advise})
DOSE = re.compile(r"\b\d+([.,]\d+)?\s*(mg|g|iu|units?|ml|mcg|ug)\b|\b(once|twice)\s+(a\s+day|daily)\b", re.IGNORECASE)
DRUG = re.compile(r"\b(\w*parin|\w*xaban|\w*gatran|warfarin|\w*coumon|fondaparinux)\b", re.IGNORECASE)


@pytest.mark.parametrize("name", OWN)
def test_a_headline_fits_a_card_and_a_text_names_no_drug_and_no_dose(name: str) -> None:
    text = PATHWAY.recommendations[name]

    assert len(text.headline) < 140
    assert not DOSE.search(f"{text.headline} {text.text}")
    assert not DRUG.search(f"{text.headline} {text.text}")


def test_a_dose_and_a_drug_would_be_noticed() -> None:
    assert DOSE.search("Give 40 mg")
    assert DOSE.search("twice daily")
    assert DRUG.search("Enoxaparin")


@pytest.mark.parametrize("rule", sorted(PATHWAY.rows))
def test_a_row_is_never_critical_and_rests_on_something_read_or_is_to_be_signed(rule: str) -> None:
    row = PATHWAY.rows[rule]
    indicators = {case.then for advice in row.advise for case in advice.indicator}

    assert Indicator.CRITICAL not in indicators
    assert row.project_choice or all(PATHWAY.references[key].seen != "no" for key in row.sources)


def test_an_order_it_offers_is_one_of_the_pathway_it_follows_and_no_drug() -> None:
    assert PATHWAY.follows is not None
    offered = {choice.order for name in OWN for choice in PATHWAY.recommendations[name].orders}

    assert offered <= PATHWAY.follows.orders.keys()
    assert offered == {"repeat-duplex", "duplex-symptomatic-leg", "ct-venography", "mr-venography"}
