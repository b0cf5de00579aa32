"""What holds for random orders of random patients: how often and in which order they come does not matter, and what is
not known is never safer than what is.
"""

import os
from dataclasses import replace
from random import Random

import pytest

from app.clinical.evaluate import Evaluation, decide_all
from app.clinical.ordering import DraftOrder, OrderAdvice, OrderKind
from app.clinical.vocabulary import UNKNOWN, Answer
from app.pathway.content import Indicator
from tests.front_door import pathways
from tests.ordering.orders import DrawnOrder, advised, asked, drawn_order
from tests.proof.drawn import seeded

DRAWN = int(os.environ.get("ORDER_DRAWS", "150"))
SAFETY = {"ORDER-CONTRAST-RISK", "ORDER-ANTICOAGULANT-CONTRAINDICATED"}


def several(seed: int, count: int = DRAWN) -> list[DrawnOrder]:
    chance = seeded(seed)
    return [drawn_order(chance) for _ in range(count)]


def said(advice: OrderAdvice) -> list[tuple[object, ...]]:
    return [(made.id, made.indicator, made.rules, made.timing, made.order) for made in advice.recommendations]


def about_each(advice: OrderAdvice) -> set[tuple[object, ...]]:
    return {
        (each.draft, each.disposition, each.replacement, each.window, tuple(made.id for made in each.recommendations))
        for each in advice.drafts
    }


def test_the_order_of_drafts_does_not_matter() -> None:
    chance = seeded(1)
    for drawn in several(2):
        shuffled = chance.sample(drawn.drafts, len(drawn.drafts))
        one, other = advised(drawn.evaluation, *drawn.drafts), advised(drawn.evaluation, *shuffled)

        assert said(one) == said(other)
        assert about_each(one) == about_each(other)


def test_a_draft_sent_twice_says_no_more() -> None:
    for drawn in several(3):
        one = advised(drawn.evaluation, *drawn.drafts)
        other = advised(drawn.evaluation, *drawn.drafts, *drawn.drafts)
        named = advised(drawn.evaluation, *drawn.drafts, *(replace(each, reference="twin") for each in drawn.drafts))

        assert said(one) == said(other) == said(named)
        assert about_each(one) == about_each(other)


def test_a_draft_that_does_not_concern_us_changes_nothing() -> None:
    for drawn in several(4):
        one, other = (advised(drawn.evaluation, *drawn.drafts, *more) for more in ((), (DraftOrder(),)))

        assert (said(one), about_each(one)) == (said(other), about_each(other))


def loudest(advice: OrderAdvice, ids: set[str]) -> Indicator | None:
    found = [made.indicator for made in advice.recommendations if made.id in ids]
    return max(found, key=list(Indicator).index) if found else None


def test_what_a_draft_does_not_say_never_silences_a_warning_about_safety() -> None:
    warned = 0
    for drawn in several(5, 3 * DRAWN):
        first, *others = drawn.drafts
        known = replace(first, contrast="with")
        one, other = (advised(drawn.evaluation, draft, *others) for draft in (known, replace(known, contrast=UNKNOWN)))
        if loudest(one, SAFETY):
            warned += 1
            assert other.recommendations, drawn

    assert warned > 20


# What the decision table asks for when it is unknown (2.5, DATA-RENAL, DATA-MRI, DATA-BLEED; reactions: "ask on the
# order"). Acute kidney injury and dialysis are taken for absent (2.4), so they are not among these.
ASKED_FOR = {
    "egfr": None, "iodinated_reaction": UNKNOWN, "gad_reaction": UNKNOWN, "mri": UNKNOWN, "bleeding": UNKNOWN,
}  # fmt: skip


def without(evaluation: Evaluation, fact: str) -> Evaluation:
    facts = evaluation.facts
    if fact == "bleeding":
        facts = replace(facts, risk=replace(facts.risk, bleeding=UNKNOWN))
    else:
        facts = replace(facts, **{fact: ASKED_FOR[fact]})  # type: ignore[arg-type]  # the member is chosen by name
    return decide_all(pathways(), facts, evaluation.today)


@pytest.mark.parametrize("fact", sorted(ASKED_FOR))
def test_what_the_record_does_not_say_never_silences_a_warning_about_safety(fact: str) -> None:
    warned = 0
    for drawn in several(6, 3 * DRAWN):
        if is_another_question(drawn.evaluation) or drawn.drafts[0].contrast == "without":
            continue
        one = advised(drawn.evaluation, drawn.drafts[0])
        if loudest(one, SAFETY):
            warned += 1
            assert advised(without(drawn.evaluation, fact), drawn.drafts[0]).recommendations, drawn

    assert warned > 5


def is_another_question(evaluation: Evaluation) -> bool:
    """After a positive study, or with a treated vein, only recorded risks are spoken of (invariants.yaml)."""
    names = evaluation.decisions[-1].situation.names
    return "yes" in (names["positive_study"], names["stent"], names["intervention"])


def test_what_the_decision_advises_is_never_called_needless() -> None:
    needless = 0
    for drawn in several(7, 6 * DRAWN):
        made = {each.id for each in drawn.evaluation.recommendations}
        for each in advised(drawn.evaluation, *drawn.drafts).drafts:
            if "ORDER-NOT-NEEDED" in {said.id for said in each.recommendations}:
                needless += 1
                assert made & {"NO-FURTHER-IMAGING", "DVT-EXCLUDED-PTP"}
                assert not made & {"REPEAT-CDUS", "VENOGRAPHY", "SCAN-SYMPTOMATIC-LEG"}

    assert needless > 3


def test_a_drug_order_is_never_touched() -> None:
    for drawn in several(8):
        for each in advised(drawn.evaluation, *drawn.drafts).drafts:
            is_drug = each.draft.kind is OrderKind.ANTICOAGULANT
            assert not is_drug or (each.disposition, each.replacement) == ("keep", None)


def test_a_red_flag_is_the_only_thing_that_is_said() -> None:
    flagged = 0
    for drawn in several(9, 4 * DRAWN):
        flags = drawn.evaluation.facts.red_flags
        if Answer.YES in (flags.pe, flags.limb, flags.infection):
            flagged += 1
            assert {each[0] for each in said(advised(drawn.evaluation, *drawn.drafts))} <= {"ORDER-EMERGENCY-FIRST"}

    assert flagged > 10


def test_an_empty_record_says_nothing_against_an_order() -> None:
    """Nothing is known, so nothing is wrong; what is asked for before contrast is asked for."""
    nobody = asked({}, several(10, 1)[0].evaluation.today)
    for kind in OrderKind:
        found = {each[0] for each in said(advised(nobody, DraftOrder(kind)))}

        assert found <= {"ORDER-CONTRAST-CHECK", "ORDER-ANTICOAGULANT-CHECK"}


def test_the_patients_are_many_and_the_advice_is_various() -> None:
    """Otherwise the tests above would say little."""
    found = {each[0] for drawn in several(11, 10 * DRAWN) for each in said(advised(drawn.evaluation, *drawn.drafts))}

    assert len(found) > 20


def test_the_same_seed_makes_the_same_orders() -> None:
    assert several(12, 5) == several(12, 5)
    assert isinstance(seeded(1), Random)
