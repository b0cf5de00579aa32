"""Tables for people: cells in columns, the last one wrapped."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

WIDTH: Final = 120
NARROWEST: Final = 30
"""The last column keeps this much, however wide the others are."""


def table(rows: Sequence[Sequence[str]], indent: str = "  ") -> Iterator[str]:
    """Lines with two spaces between the columns. Every row has the same number of cells."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    start = indent + "".join(" " * (width + 2) for width in widths)
    room = max(WIDTH - len(start), NARROWEST)
    for *cells, last in rows:
        first = indent + "".join(cell.ljust(width + 2) for cell, width in zip(cells, widths, strict=True))
        lines = textwrap.wrap(last, room, break_long_words=False, break_on_hyphens=False) or [""]
        yield f"{first}{lines[0]}".rstrip()
        yield from (f"{start}{line}" for line in lines[1:])
