"""A report's text as words: cleaned of what no reader sees, cut into lower-case tokens that know their place."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

MOST_CHARACTERS: Final = 50_000
LONGEST_QUOTE: Final = 200

# Read as line ends; then what is invisible or turns the direction of writing; lone halves of surrogate pairs.
LINE_ENDS: Final = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
SAME: Final = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "\u2010": "-", "\u2011": "-",
     "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2015": "-", "\u2212": "-", "\u2044": "/", "\u00d7": "x"}
)  # fmt: skip
SPLIT_WORD: Final = re.compile(r"(?<=[^\W\d_])-[ \t]*\n[ \t]*(?=[^\W\d_])")

# Most tokens are words of several letters, so they are tried first. Then 2.5, r/o, d.v.t., dots that lead to a column.
TOKEN: Final = re.compile(
    r"[^\W\d_]{2,}(?:'[^\W\d_]+)*|[.,;:?!()/+\n](?!\.)|\d+(?:[.,]\d+)?(?![\d/])|(?<![^\W_])[a-z]/[a-z](?![^\W_])"
    r"|(?<![^\W_])[a-z](?:\.[a-z])+(?![^\W_])\.?|[^\W\d_]|\d+|\.{2,}|[,;:?!()/+\n]|(?<=\s)-+(?=\s)|=+"
)
SPOKEN: Final = frozenset({"comma", "full"})
"""Signs that were dictated; "full" goes with "stop"."""
SENTENCE_ENDS: Final = frozenset(".;!?")
# Followed by a full stop, these end no sentence; measures do, unless they go on.
ABBREVIATIONS: Final = frozenset({"vs", "dr", "approx", "eg", "ie", "cf", "incl", "ext", "v", "vv"})
MEASURES: Final = frozenset({"cm", "mm"})
GO_ON: Final = frozenset(
    {"from", "long", "in", "below", "above", "distal", "proximal", "away", "of", "x", "thick", "wide"}
)


def cleaned(text: str) -> tuple[str, bool]:
    """The text without what no reader sees, and whether it was too long and cut."""
    is_cut = len(text) > MOST_CHARACTERS
    text = text[:MOST_CHARACTERS]
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.encode("utf-8", "ignore").decode()).translate(SAME)
        text = "".join(each for each in text if not unicodedata.combining(each))
    text = INVISIBLE.sub("", LINE_ENDS.sub("\n", text))
    if len(text) > MOST_CHARACTERS:  # a letter may stand for many
        text, is_cut = text[:MOST_CHARACTERS], True
    return SPLIT_WORD.sub("", text), is_cut


@dataclass(frozen=True, slots=True)
class Tokens:
    """Words and signs in small letters, and where each begins in the cleaned text."""

    text: str
    words: list[str]
    starts: list[int]


def tokens_of(text: str) -> Tokens:
    """The words and signs of a cleaned text. Line ends are tokens; other spaces are not."""
    small = text.lower()  # as long as the text: the one letter that grows, U+0130, is taken apart in `cleaned`
    words: list[str] = []
    starts: list[int] = []
    for found in TOKEN.finditer(small):
        word = found[0]
        words.append(word if word.isalpha() or len(word) == 1 else _as_word(word))
        starts.append(found.start())
    return Tokens(text, words, starts)


def _as_word(token: str) -> str:
    """A token of several signs: dots that lead to a column are a colon, letters with stops are a word."""
    if token[0] == ".":
        return ":"
    if token[0] == "-":
        return "-"
    if token[0].isdigit() or "/" in token:
        return token
    return token.replace("'", "").replace(".", "")


def phrase(text: str) -> tuple[str, ...]:
    """A phrase of the word lists as tokens."""
    return tuple(tokens_of(text).words)


def quoted(text: str, start: int, end: int, near: int) -> str:
    """The sentence on one line, at most 200 characters of it around `near`."""
    start, end = max(start, near - LONGEST_QUOTE), min(end, near + LONGEST_QUOTE * 2)
    words = "".join(each for each in " ".join(text[start:end].split()) if each.isprintable())
    before = len(" ".join(text[start:near].split()))
    at = max(0, min(before - LONGEST_QUOTE // 4, len(words) - LONGEST_QUOTE))
    return words[at : at + LONGEST_QUOTE].strip()
