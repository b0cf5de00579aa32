"""How wide a text may become in a sans-serif font that we do not choose, and where to break it.

The widths are those of the widest common face (DejaVu Sans; Arial, Helvetica and Liberation Sans are narrower), rounded
up, so that a drawing made with them fits whichever font its reader has.
"""

from collections.abc import Iterator
from typing import Final

_PLAIN: Final = {
    0.3: "'IJijl",
    0.35: " ,./:;\\|",
    0.4: "()-[]ft",
    0.45: "!r",
    0.5: '"*_`',
    0.55: "?csz",
    0.6: "FLkvxy",
    0.65: "$0123456789EPSTYabdeghnopqu{}",
    0.7: "ABCKRVXZ",
    0.75: "NU",
    0.8: "&DGHOQ",
    0.85: "#+<=>^w~",
    0.9: "M",
}
_WIDTHS: Final = {character: width for width, characters in _PLAIN.items() for character in characters}
_WIDEST: Final = 1.0
_BOLD: Final = 1.27  # the bold face's widest growth of one character, I


def text_width(text: str, size: int, *, bold: bool = False) -> float:
    """The most pixels a text takes at a font size in pixels; a character that is not listed counts as the widest."""
    return sum(_WIDTHS.get(character, _WIDEST) for character in text) * size * (_BOLD if bold else 1)


def wrapped(text: str, width: float, size: int, *, bold: bool = False) -> list[str]:
    """The text in lines of at most `width` pixels, broken at spaces, and inside a word only when it is too long."""
    lines: list[str] = []
    line = ""
    for word in _pieces(text, width, size, bold=bold):
        longer = f"{line} {word}" if line else word
        if line and text_width(longer, size, bold=bold) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line] if line else lines


def _pieces(text: str, width: float, size: int, *, bold: bool) -> Iterator[str]:
    """The words; one that is wider than a line in pieces that are not."""
    for word in text.split():
        rest = word
        while len(rest) > 1 and text_width(rest, size, bold=bold) > width:
            fits = max(n for n in range(1, len(rest)) if n == 1 or text_width(rest[:n], size, bold=bold) <= width)
            yield rest[:fits]
            rest = rest[fits:]
        yield rest
