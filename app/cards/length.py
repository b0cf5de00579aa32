"""How much a card says: its detail stays under 1,200 characters, because some EHRs show it in a narrow side bar.

What matters least goes first (`ROOMS`, in order): the version line, which the card's source and extension repeat; then
further advice, other answers that would change the advice, further unknowns, quotations, facts, data, sources, reasons.
What stays in any card: what to do, the first reason, the first facts, the first unknown and what would change the
advice, the sources, and when to return. All of it is always in the card's extension.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

LONGEST_DETAIL: Final = 1199
MANY: Final = 99


@dataclass(frozen=True, slots=True)
class Room:
    """How many of each a card says. `quotes`: lines of a report's words; `footer`: pathway, version and content;
    `rules`: reasons.
    """

    footer: bool = True
    also: int = MANY
    changes: int = 3
    missing: int = MANY
    quotes: int = MANY
    facts: int = MANY
    unread: int = MANY
    sources: int = MANY
    rules: int = MANY


ROOMS: Final = (
    Room(),
    Room(footer=False),
    Room(footer=False, also=2),
    Room(footer=False, also=2, changes=2, missing=5),
    Room(footer=False, also=1, changes=2, missing=3, quotes=2),
    Room(footer=False, also=1, changes=1, missing=3, quotes=2, facts=6, unread=4),
    Room(footer=False, also=1, changes=1, missing=2, quotes=1, facts=4, unread=3, sources=2),
    Room(footer=False, also=1, changes=1, missing=1, quotes=1, facts=3, unread=2, sources=1),
    Room(footer=False, also=0, changes=1, missing=1, quotes=1, facts=2, unread=1, sources=1, rules=2),
    Room(footer=False, also=0, changes=1, missing=1, quotes=1, facts=2, unread=1, sources=1, rules=1),
)


def fitted(paragraphs: Callable[[Room], Iterable[str]]) -> str:
    """The paragraphs in the most generous room that is short enough."""
    text = ""
    for room in ROOMS:
        text = "\n\n".join(paragraphs(room))
        if len(text) <= LONGEST_DETAIL:
            break
    return text


def first(items: Sequence[str], number: int) -> list[str]:
    """The first of them, and how many more there are."""
    more = len(items) - number
    return [*items[:number], *([f"{more} more"] if more > 0 and number > 0 else [])]
