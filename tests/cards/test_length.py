"""A card's detail stays under 1,200 characters, by a stated rule of what goes first."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice, pairwise

import pytest

from app.cards.length import LONGEST_DETAIL, ROOMS, Room, first, fitted
from tests.cards.cards import asked, golden_cards, rendered
from tests.cards.reachable import Card, faults, order_card, reachable
from tests.clinical.patients import exam


def test_every_golden_card_is_right() -> None:
    assert [wrong for card in golden_cards() for wrong in faults(card)] == []


def test_cards_of_made_up_patients_and_their_orders_are_right() -> None:
    """A sample; `python -m tests.cards.reachable` makes 20,000."""
    cards = list(islice(reachable(seed=7, orders_each=3), 900))

    assert [(wrong, card["detail"]) for card in cards for wrong in faults(card)] == []
    assert len({json.dumps(card["detail"]) for card in cards}) > 400
    assert len({card["source"]["topic"]["display"] for card in cards}) > 25


FAULTS: Mapping[str, Card] = {
    "a long summary": {"summary": "x" * 140},
    "a long detail": {"detail": "**Why:** x Return or call at once " + "x" * 1200},
    "a table": {"detail": "**Why:** a | b Return or call at once "},
    "no reason": {"detail": "Return or call at once for"},
    "a link": {"links": [{"label": "x", "url": "https://x.example.org", "type": "absolute"}]},
    "an invented indicator": {"indicator": "hard-stop"},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault: str) -> None:
    card: Card = {**golden_cards()[0], **FAULTS[fault]}

    assert list(faults(card))


def test_an_order_that_is_no_draft_is_found() -> None:
    card = json.loads(json.dumps(next(card for card in golden_cards() if "suggestions" in card)))
    card["suggestions"][0]["actions"][0]["resource"]["status"] = "active"

    assert list(faults(card)) == ["no draft to create"]


def test_each_room_is_no_wider_than_the_one_before() -> None:
    for wider, narrower in pairwise(ROOMS):
        assert all(getattr(narrower, name) <= getattr(wider, name) for name in Room.__slots__)
        assert narrower != wider


def test_the_most_generous_room_that_is_short_enough_is_taken() -> None:
    def paragraphs(room: Room) -> Iterator[str]:
        yield "x" * (LONGEST_DETAIL - 10)
        if room.footer:
            yield "a footer"
        if room.also > 2:
            yield "also"

    assert fitted(paragraphs).endswith("also")
    assert len(fitted(paragraphs)) <= LONGEST_DETAIL


def test_what_never_fits_is_said_in_the_narrowest_room() -> None:
    assert len(fitted(lambda room: ["x" * (2000 - room.facts)])) == 2000 - ROOMS[-1].facts


def test_the_first_few_are_said_and_how_many_more_there_are() -> None:
    assert first(["a", "b", "c"], 2) == ["a", "b", "1 more"]
    assert first(["a", "b"], 2) == ["a", "b"]
    assert first(["a"], 0) == []


def test_a_short_card_says_everything() -> None:
    made = rendered(asked(exam()))

    assert made
    assert "content " in made["detail"]
    assert " more" not in made["detail"]


def test_an_order_that_fits_has_no_card() -> None:
    assert order_card(asked(exam())) is None
