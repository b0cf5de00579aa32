"""Links as conformance.md demands them: LINK-*. Today there is no page to link to, so no card has any."""

import json
import re
from typing import Any

import pytest
from pydantic import ValidationError

from tests.cds_hooks.answers import cards
from tests.cds_hooks.response_model import Link

LINK = {"label": "Why this advice", "url": "https://dvt.example/why", "type": "absolute"}


@pytest.mark.row("CARD-12", "LINK-01", "LINK-02", "LINK-03", "LINK-04", "LINK-05")
@pytest.mark.parametrize("name", sorted(cards()))
def test_a_card_links_nowhere_and_says_so_by_silence(name: str) -> None:
    """The member is left out, not empty; once links come, they have to pass as `Link` (below)."""
    card = cards()[name]

    assert [Link.model_validate(link) for link in card.get("links", [])] == []
    assert "links" not in card


@pytest.mark.row("CARD-13", "LINK-02")
@pytest.mark.parametrize("name", sorted(cards()))
def test_no_address_is_hidden_in_the_text(name: str) -> None:
    """What is not in `links` cannot be checked by the client's list of allowed ones (LINK-06)."""
    card = cards()[name]
    said = json.dumps([card["summary"], card["detail"], card["source"]["label"]])

    assert not re.search(r"https?://|www\.|\]\(", said)


@pytest.mark.row("LINK-01", "LINK-02", "LINK-03", "LINK-04", "LINK-05")
@pytest.mark.parametrize(
    "fault",
    [
        {"label": ""},
        {"url": "/why"},
        {"url": ""},
        {"type": "relative"},
        {"appContext": "x"},
        {"autolaunchable": "yes"},
        {"extra": 1},
    ],
    ids=str,
)
def test_the_judge_of_links_knows_a_wrong_one(fault: dict[str, Any]) -> None:
    Link.model_validate(LINK)
    Link.model_validate({**LINK, "type": "smart", "appContext": "x", "autolaunchable": True})
    with pytest.raises(ValidationError):
        Link.model_validate({**LINK, **fault})
