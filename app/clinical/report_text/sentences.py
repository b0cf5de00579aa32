"""A report as sentences that know their section. Line ends mean little: a report may be wrapped anywhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from app.clinical.report_text.kinds import Kind, Section
from app.clinical.report_text.tokens import ABBREVIATIONS, GO_ON, MEASURES, SENTENCE_ENDS, Tokens
from app.clinical.report_text.words import ReportWords, matched

LONGEST_HEADING: Final = 5
LONGEST_LABEL: Final = 6
LONGEST_LABELLED: Final = 40
LONGEST_SENTENCE: Final = 120
"""Words. What goes on longer is cut: a negation before the cut does not reach past it."""

NEW_BEGINS: Final = SENTENCE_ENDS | {":"}
DANGLING: Final = frozenset(
    {"not", "no", "non", "without", "to", "of", "the", "in", "and", "or", "does", "do", "did", "cannot", "nor", "any"}
)
"""After one of these a line goes on, whatever it begins with."""
ANSWERS: Final = frozenset({"no", "none", "yes", "not", "negative", "positive", "absent", "present"})


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence as marks: what each of its phrases means, and which of `words` it is.

    `start` and `end` are its place in the cleaned text. `is_first`: the first of its section.
    """

    section: Section
    is_first: bool
    is_asked: bool
    kinds: list[Kind]
    places: list[tuple[int, int]]
    words: list[str]
    start: int
    end: int
    starts: list[int]


@dataclass(frozen=True, slots=True)
class _Lines:
    words: list[str]
    starts: list[int]
    size: int


def sentences_of(tokens: Tokens, words: ReportWords) -> Iterator[Sentence]:
    """The sentences in order, headings left out."""
    lines = _without_line_ends(tokens, words)
    section, is_first, start = Section.BODY, True, 0
    for at, word in enumerate(lines.words):
        if word.isalpha() and at - start < LONGEST_SENTENCE:
            continue
        heading = None
        if word in SENTENCE_ENDS or at - start >= LONGEST_SENTENCE:
            sentence = _sentence(lines, start, at, section, words, is_first=is_first)
            start = at + 1 if word in SENTENCE_ENDS else at
        elif word in {":", "-"} and (heading := _heading(lines.words, start, at, words)):
            sentence = _sentence(lines, start, at - heading[0], section, words, is_first=is_first)
            start = at + 1
        else:
            continue
        if sentence:
            yield sentence
            is_first = False
        if heading:
            section, is_first = heading[1], True
    if sentence := _sentence(lines, start, len(lines.words), section, words, is_first=is_first):
        yield sentence


def _sentence(
    lines: _Lines, start: int, end: int, section: Section, words: ReportWords, *, is_first: bool
) -> Sentence | None:
    own = lines.words[start:end]
    if not own:
        return None
    kinds, places = matched(own, words)
    is_asked = end < len(lines.words) and lines.words[end] == "?"
    return Sentence(
        section,
        is_first,
        is_asked,
        kinds,
        places,
        own,
        lines.starts[start],
        lines.starts[end] if end < len(lines.starts) else lines.size,
        lines.starts[start:end],
    )


def _heading(tokens: list[str], start: int, colon: int, words: ReportWords) -> tuple[int, Section] | None:
    """The heading that ends at this colon: how many words it has, and its section."""
    is_dash = tokens[colon] == "-"
    for length in range(min(LONGEST_HEADING, colon - start), 0, -1):
        found = words.headings.get(tuple(tokens[colon - length : colon]))
        if found:
            section, needs_start = found
            if colon - length == start or not (needs_start or is_dash):
                return length, section
    return None


def _without_line_ends(tokens: Tokens, words: ReportWords) -> _Lines:
    """The tokens without line ends. A stop is put before a line that begins anew: a heading, a label, a number."""
    out = _Lines([], [], len(tokens.text))
    at, end, begins, known = 0, len(tokens.words), True, words.known
    while at < end:
        word = tokens.words[at]
        if not begins and word in known:
            out.words.append(word)
            out.starts.append(tokens.starts[at])
            at += 1
            continue
        if word == "\n":
            begins = True
            at += 1
            continue
        if begins:
            begins = False
            length = _heading_alone(tokens.words, at, words, begins=not out.words or out.words[-1] in NEW_BEGINS)
            if length or (_is_label(tokens.words, at) and _ends_a_label(out.words)):
                _put(out, ".", tokens.starts[at])
            if length:
                for each in range(at, at + length):
                    _put(out, tokens.words[each], tokens.starts[each])
                at += length
                _put(out, ":", tokens.starts[at - 1])
                continue
            if _is_number_of_list(tokens.words, at):
                _put(out, ".", tokens.starts[at])
                at += 2
                continue
        at += _put_word(out, tokens, at, words)
    return out


def _put_word(out: _Lines, tokens: Tokens, at: int, words: ReportWords) -> int:
    """Puts one token, as it is meant; how many were used."""
    word, following = tokens.words[at], tokens.words[at + 1] if at + 1 < len(tokens.words) else ""
    if word == "comma":
        word = ","  # dictated
    elif word == "full" and following == "stop":
        _put(out, ".", tokens.starts[at])
        return 2
    elif word == "." and out.words and _goes_on(out.words[-1], following):
        return 1
    elif word == "?":
        word = _question(tokens, at, following)
    elif word == "/" and out.words and out.words[-1] == "and":
        out.words[-1] = "or"  # and/or
        return 1 + (following == "or")
    elif word not in words.known:
        word = words.meant(word)
    _put(out, word, tokens.starts[at])
    return 1


def _goes_on(before: str, following: str) -> bool:
    """Whether a full stop only ends an abbreviation."""
    return (before in ABBREVIATIONS and following not in {"", "\n"}) or (before in MEASURES and following in GO_ON)


def _question(tokens: Tokens, at: int, following: str) -> str:
    """A question mark ends a sentence, is answered at once, or stands before what is doubted."""
    if following in ANSWERS:
        return ":"
    start = tokens.starts[at]
    stands_before = start == 0 or not tokens.text[start - 1].isalnum()
    return "??" if stands_before and following not in {"", "?", "\n"} else "?"


def _put(out: _Lines, word: str, start: int) -> None:
    out.words.append(word)
    out.starts.append(start)


def _heading_alone(tokens: list[str], at: int, words: ReportWords, *, begins: bool) -> int:
    """How many words of a heading stand alone on this line. `begins`: what stood before was ended."""
    for length in range(1, LONGEST_HEADING + 1):
        if at + length == len(tokens) or tokens[at + length] == "\n":
            found = words.headings.get(tuple(tokens[at : at + length]))
            return length if found and (begins or not found[1]) else 0
    return 0


def _is_label(tokens: list[str], at: int) -> bool:
    """Whether the line begins with a few words and a colon."""
    for word in tokens[at + 1 : at + 1 + LONGEST_LABEL]:
        if word in {":", "-"}:
            return True
        if word == "\n" or word in SENTENCE_ENDS:
            return False
    return False


def _ends_a_label(words: list[str]) -> bool:
    """Whether what stands before is a labelled line: then the next label begins anew."""
    if words and words[-1] in DANGLING:
        return False
    for word in words[: -LONGEST_LABELLED - 1 : -1]:
        if word in {":", "-"}:
            return True
        if word in SENTENCE_ENDS:
            return False
    return False


def _is_number_of_list(tokens: list[str], at: int) -> bool:
    return tokens[at].isdecimal() and at + 1 < len(tokens) and tokens[at + 1] in {".", ")"}
