"""The card about orders: what it says of them, what it rests on, and what was read from words."""

from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import pytest

from app.cards.order_card import order_in_words
from app.cards.order_suggestions import rescheduled
from app.clinical.ordering import DraftOrder, OrderKind
from app.pathway.timing import NO_TIMING, Timing, TimingKind
from tests.cards.cards import asked
from tests.cards.reachable import order_card
from tests.cds_hooks.orders import RIGHT, cards_of, hook_call, order, sign
from tests.clinical.patients import exam, symptoms
from tests.front_door import limited_scan

DAY = date(2026, 3, 9)
LIMITED = exam(protocol="proximal_duplex")
WRONG_LEG = DraftOrder(OrderKind.LEG_ULTRASOUND, side="right", reference="0")
WINDOW = Timing(TimingKind.WINDOW, DAY, DAY)


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        (DraftOrder(OrderKind.D_DIMER), "D-dimer"),
        (
            DraftOrder(OrderKind.LEG_ULTRASOUND, "limited", "left", DAY, DAY),
            "leg-vein ultrasound, left leg, limited, 9 Mar 2026",
        ),
        (
            DraftOrder(OrderKind.CT_VENOGRAPHY, contrast="with", day_earliest=DAY),
            "CT venography, with contrast, from 9 Mar 2026",
        ),
        (DraftOrder(OrderKind.MR_VENOGRAPHY, day_latest=DAY), "MR venography, until 9 Mar 2026"),
    ],
)
def test_an_order_is_said_in_words_of_our_own(draft: DraftOrder, words: str) -> None:
    assert order_in_words(draft) == words


def test_the_advice_heads_the_card_and_the_decision_follows() -> None:
    card = order_card(asked(LIMITED, symptoms=symptoms()), WRONG_LEG)

    assert card
    assert card["summary"].startswith("This ultrasound leaves out a leg to be examined")
    paragraphs = card["detail"].split("\n\n")
    assert [each.partition(":")[0] for each in paragraphs[2:5]] == ["**Why", "**Advised", "**Facts"]
    assert card["source"]["topic"]["code"] == "ORDERWRONGLEG"
    assert card["extension"]["org.dvt-next-step.decision"]["order_advice"]["orders"][0]["disposition"] == "replace"


def test_the_same_advice_has_the_same_id_and_other_advice_another() -> None:
    evaluation = asked(LIMITED, symptoms=symptoms())
    limited = replace(WRONG_LEG, side="bilateral", extent="limited")
    one, same, other = (order_card(evaluation, draft) for draft in (WRONG_LEG, WRONG_LEG, limited))

    assert one
    assert same
    assert other
    assert one["uuid"] == same["uuid"] != other["uuid"]


async def test_what_was_read_from_words_is_quoted_and_to_be_confirmed() -> None:
    prefetch = limited_scan()
    report = prefetch["reports"]["entry"][0]["resource"]
    del report["conclusionCode"]
    report["conclusion"] = "No evidence of deep vein thrombosis in the left leg."
    (made,) = await cards_of(sign(order(bodySite=[RIGHT]), prefetch=prefetch))

    assert "confirm" in made["detail"]
    assert "`No evidence of deep vein thrombosis in the left leg`" in made["detail"]


async def test_what_could_not_be_read_is_said() -> None:
    prefetch: dict[str, Any] = {**limited_scan(), "allergies": {"resourceType": "OperationOutcome", "issue": [
        {"severity": "error", "code": "exception"}]}}  # fmt: skip
    (made,) = await cards_of(hook_call("encounter-discharge", prefetch))

    assert "**Could not be read:**\n- Reactions to contrast" in made["detail"]


@pytest.mark.parametrize(
    ("resource", "window"),
    [
        (b'{"resourceType": "ServiceRequest", "id": "x"}', NO_TIMING),
        (b'{"resourceType": "ProcedureRequest", "id": "x"}', WINDOW),
        (b'{"resourceType": "ServiceRequest", "id": "x"}', WINDOW),
    ],
    ids=["no days", "of an earlier version", "no valid R4"],
)
def test_what_cannot_be_moved_is_left(resource: bytes, window: Timing) -> None:
    assert rescheduled(msgspec.Raw(resource), window) is None
