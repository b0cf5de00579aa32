"""A pathway as a picture: one SVG, made from the rows that run, with nothing but text, lines and boxes.

A stage is a box with its question; a row says when it fires on the left and what it advises on the right; an arrow to
the right ends the walk. Colour never stands alone: every indicator is also written. Coordinates are pixels.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from app.pathway.content import Advice, BookedOrder, Indicator, Row, Stage
from app.pathway.load import Pathway, fill
from app.pathway.text_width import text_width, wrapped
from app.pathway.words import (
    BULLET,
    booking_in_words,
    conclusions_in_words,
    conditions_in_words,
    indicator_in_words,
    reading_in_words,
    row_in_words,
    skipping_in_words,
    stop_in_words,
    timings_in_words,
)

WIDTH: Final = 1120
LEFT: Final = 20
BOX: Final = 1010
RAIL: Final = LEFT + BOX + 50
ADVICE: Final = LEFT + 590
PAD: Final = 12
GAP: Final = 34
LINE_HEIGHT: Final = 1.4
FONTS: Final = "Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', sans-serif"

INK: Final = "#1a1a1a"
FAINT: Final = "#4a4a4a"
BORDER: Final = "#5f6b7a"
BAND: Final = "#22374f"
STRIPES: Final = ("#ffffff", "#f3f6f9")
# With white text each has a contrast of at least 5.9:1 (WCAG 2.2 AA asks for 4.5).
CHIPS: Final = {Indicator.INFO: "#1d4f91", Indicator.WARNING: "#8a4300", Indicator.CRITICAL: "#a3001b"}
ARROW_TIP: Final = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    f'<path d="M0 0 8 4 0 8Z" fill="{INK}"/></marker></defs>'
)


@dataclass(frozen=True, slots=True)
class _Style:
    size: int
    colour: str = INK
    bold: bool = False


TITLE: Final = _Style(22, bold=True)
NAME: Final = _Style(14, bold=True)
SAID: Final = _Style(14)
SMALL: Final = _Style(13, FAINT)
CHIP: Final = _Style(12, "#ffffff", bold=True)
ON_BAND: Final = _Style(16, "#ffffff", bold=True)
SMALL_ON_BAND: Final = _Style(13, "#ffffff")


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of text; a chip stands before it."""

    text: str
    style: _Style
    indent: float = 0
    chip: Indicator | None = None

    @property
    def height(self) -> float:
        return round(max(self.style.size, CHIP.size + 4 if self.chip else 0) * LINE_HEIGHT, 1)


SPACE: Final = _Line("", _Style(6))


@dataclass(slots=True)
class _Sheet:
    """The picture so far, and how far down it reaches."""

    down: float = 0
    parts: list[str] = field(default_factory=list)

    def rectangle(self, y: float, height: float, colour: str, *, border: bool = False, dotted: bool = False) -> None:
        line = f' stroke="{BORDER}"' if border else ""
        line += ' stroke-dasharray="5 4"' if dotted else ""
        self.parts.append(f'<rect x="{LEFT}" y="{y:g}" width="{BOX}" height="{height:g}" fill="{colour}"{line}/>')

    def line(self, x1: float, y1: float, x2: float, y2: float, *, arrow: bool = True) -> None:
        end = ' marker-end="url(#tip)"' if arrow else ""
        self.parts.append(
            f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{INK}" stroke-width="1.5"{end}/>'
        )

    def lines(self, lines: Iterable[_Line], x: float, y: float) -> None:
        for line in lines:
            baseline = round(y + line.height / 2 + line.style.size * 0.36, 1)
            start = x + line.indent
            if line.chip:
                start += self._chip(line.chip, start, y, line.height)
            if line.text:
                self._text(line.text, line.style, start, baseline)
            y = round(y + line.height, 1)

    def _chip(self, indicator: Indicator, x: float, y: float, height: float) -> float:
        """Draws it; its width with the space behind it."""
        width = _chip_width(indicator)
        top, tall = round(y + (height - 18) / 2, 1), 18
        self.parts.append(f'<g><rect x="{x:g}" y="{top:g}" width="{width - 8:g}" height="{tall}" rx="4"')
        self.parts[-1] += f' fill="{CHIPS[indicator]}"/>'
        self._text(indicator.value, CHIP, x + 6, round(top + 13, 1))
        self.parts.append("</g>")
        return width

    def _text(self, text: str, style: _Style, x: float, y: float) -> None:
        weight = ' font-weight="bold"' if style.bold else ""
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{style.size}" fill="{style.colour}"{weight}>{escape(text)}</text>'
        )


def draw(pathway: Pathway) -> str:
    """The SVG document. The same pathway gives the same bytes; it refers to nothing outside itself."""
    sheet = _Sheet()
    _head(sheet, pathway)
    entries = []
    for number, stage in enumerate(pathway.stages, 1):
        entries += _stage(sheet, stage, number, pathway)
    _end(sheet, entries)
    return _document(pathway, sheet)


def _head(sheet: _Sheet, pathway: Pathway) -> None:
    status = "clinically approved" if pathway.approved else "draft, not clinically approved"
    lines = [
        *_said(pathway.title, TITLE, BOX),
        *_said(pathway.question, SAID, BOX),
        *_said(f"For: {fill(pathway.population, pathway.days)}.", SAID, BOX),
        *_said(f"{pathway.id} {pathway.version}, content {pathway.content_hash[:12]}, {status}.", SMALL, BOX),
        *_said(
            "Read from top to bottom. Left: when a row fires, and why. Right: what it advises, how loud and when."
            " An arrow to the right ends the walk. A value that is not named does not match; unknown is a value."
            " A project choice is decided here and not by a published source alone: a clinician has to sign it.",
            SMALL,
            BOX,
        ),
    ]
    sheet.lines(lines, LEFT, 20)
    sheet.down = 20 + _height(lines) + PAD


def _stage(sheet: _Sheet, stage: Stage, number: int, pathway: Pathway) -> list[float]:
    """Draws the stage; the heights at which a row of it leaves for the end."""
    sheet.line(LEFT + 30, sheet.down, LEFT + 30, sheet.down + GAP - 2)
    top = sheet.down + GAP
    inner = BOX - 2 * PAD
    band = [
        *_said(f"{number}. {stage.question}", ON_BAND, inner),
        *_said(f"{stage.stage}. {reading_in_words(stage)}", SMALL_ON_BAND, inner),
        *(line for said in skipping_in_words(stage) for line in _bulleted(said, SMALL_ON_BAND, inner)),
    ]
    sheet.parts.append('<g class="stage">')
    y = _framed(sheet, top, BAND, ((LEFT + PAD, band),))
    leaving = []
    for index, row in enumerate(stage.rows):
        middle = y
        y = _framed(sheet, y, STRIPES[index % 2], ((LEFT + PAD, _when(row, pathway)), (ADVICE, _then(row, pathway))))
        if row.stop:
            leaving.append(round((middle + y) / 2, 1))
            sheet.line(LEFT + BOX, leaving[-1], RAIL - 3, leaving[-1])
    for index, booked in enumerate(stage.booked_orders, len(stage.rows)):
        y = _framed(sheet, y, STRIPES[index % 2], ((LEFT + PAD, _booked(booked)), (ADVICE, _information())))
    sheet.parts.append("</g>")
    sheet.down = y
    return leaving


def _framed(sheet: _Sheet, y: float, colour: str, columns: Sequence[tuple[float, list[_Line]]]) -> float:
    """A box with its columns of lines; the height of its lower edge."""
    height = round(max(_height(lines) for _, lines in columns) + 2 * PAD - 4, 1)
    sheet.parts.append("<g>")
    sheet.rectangle(y, height, colour, border=True)
    for x, lines in columns:
        sheet.lines(lines, x, y + PAD - 2)
    sheet.parts.append("</g>")
    return round(y + height, 1)


def _when(row: Row, pathway: Pathway) -> list[_Line]:
    width = ADVICE - LEFT - 2 * PAD - 8
    choice = " (project choice)" if row.project_choice else ""
    return [
        *_said(row.rule + choice, NAME, width),
        *_said(pathway.because[row.rule], SAID, width),
        *(line for said in row_in_words(row) for line in _bulleted(said, SMALL, width)),
    ]


def _then(row: Row, pathway: Pathway) -> list[_Line]:
    width = LEFT + BOX - ADVICE - PAD
    lines: list[_Line] = []
    for advice in row.advise:
        lines += [SPACE, *_advice(advice, pathway, width)] if lines else _advice(advice, pathway, width)
    for conclusion in conclusions_in_words(row):
        lines += _said(f"Concludes {conclusion}", SAID, width)
    return lines + _said(stop_in_words(row), NAME, width)


def _advice(advice: Advice, pathway: Pathway, width: float) -> Iterator[_Line]:
    cases = advice.indicator
    first = cases[0].then if len(cases) == 1 else None
    yield from _said(advice.recommend, NAME, width, chip=first)
    yield from _said(fill(pathway.recommendations[advice.recommend].headline, pathway.days), SAID, width)
    if advice.when:
        yield from _said(f"only if {conditions_in_words(advice.when)}", SMALL, width)
    for index, case in enumerate(cases):
        said = indicator_in_words(case, is_last=index == len(cases) - 1, is_only=len(cases) == 1)
        if said:
            yield from _said(said, SMALL, width, chip=case.then)
    timings = timings_in_words([(case.when, case.then) for case in advice.timing], pathway.days)
    for said in timings:
        yield from _bulleted(f"{BULLET}{said}" if len(timings) > 1 else f"When: {said}", SMALL, width)


def _booked(booked: BookedOrder) -> list[_Line]:
    width = ADVICE - LEFT - 2 * PAD - 8
    said = [line for each in booking_in_words(booked) for line in _said(each, SMALL, width)]
    return [*_said(booked.order, NAME, width), *_said(booked.because, SAID, width), *said]


def _information() -> list[_Line]:
    return _said("already ordered: the advice becomes information", SAID, 330, chip=Indicator.INFO)


def _said(text: str, style: _Style, width: float, chip: Indicator | None = None) -> list[_Line]:
    indent = _chip_width(chip) if chip else 0
    lines = wrapped(text, width - indent, style.size, bold=style.bold)
    return [
        _Line(line, style, 0 if number == 0 else indent, chip if number == 0 else None)
        for number, line in enumerate(lines)
    ]


def _bulleted(text: str, style: _Style, width: float) -> list[_Line]:
    """A line that starts with BULLET hangs behind it."""
    if not text.startswith(BULLET):
        return _said(text, style, width)
    lines = wrapped(text.removeprefix(BULLET), width - 14, style.size)
    return [
        _Line(f"– {line}" if number == 0 else line, style, 0 if number == 0 else 14)
        for number, line in enumerate(lines)
    ]


def _chip_width(indicator: Indicator) -> float:
    return round(text_width(indicator.value, CHIP.size, bold=True) + 20)


def _height(lines: Iterable[_Line]) -> float:
    return sum(line.height for line in lines)


def _end(sheet: _Sheet, entries: Sequence[float]) -> None:
    sheet.line(LEFT + 30, sheet.down, LEFT + 30, sheet.down + GAP - 2)
    top = sheet.down + GAP
    said = _said(
        "End. Advice of the same name is joined: all rules, the louder indicator, the more urgent time."
        " The most urgent step leads the card.",
        SAID,
        BOX - 2 * PAD,
    )
    bottom = _framed(sheet, top, "#ffffff", ((LEFT + PAD, said),))
    if entries:
        middle = round((top + bottom) / 2, 1)
        sheet.line(RAIL, entries[0], RAIL, middle, arrow=False)
        sheet.line(RAIL, middle, LEFT + BOX + 2, middle)
    sheet.down = bottom


def _document(pathway: Pathway, sheet: _Sheet) -> str:
    height = round(sheet.down + 20)
    title, described = f"{pathway.id}-title", f"{pathway.id}-description"
    stages = " ".join(f"{number}. {stage.question}" for number, stage in enumerate(pathway.stages, 1))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{title} {described}"'
        f' viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" font-family={quoteattr(FONTS)}>'
    )
    text = f"Stages read from top to bottom, each with its rows and what they advise: {stages}"
    return "\n".join(
        (
            head,
            f'<title id="{title}">{escape(pathway.title)}</title>',
            f'<desc id="{described}">{escape(text)}</desc>',
            ARROW_TIP,
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            *sheet.parts,
            "</svg>\n",
        )
    )
