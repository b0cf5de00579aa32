"""The words of reports and what each of them means: one file beside the pathway, loaded and checked like it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.clinical.report_text.kinds import Kind, Section
from app.clinical.report_text.tokens import SPOKEN, phrase
from app.errors import AuthorError
from app.pathway.content import ReportWordsFile, did_you_mean
from app.pathway.yaml_lines import Location, line_of, read_yaml

SHORTEST_MISSPELT: Final = 7
LONGEST_MISSPELT: Final = 24
SUSPECT_FROM: Final = 3


@dataclass(slots=True)
class Branch:
    """What the phrase so far means, if it is one, and the words by which it goes on."""

    kind: Kind | None = None
    longer: dict[str, "Branch"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class ReportWords:
    """The word lists, ready for reading. Equal to nothing but itself.

    `phrases`: first word -> the tree of the phrases that begin with it. `headings`: the words of a heading -> its
    section, and whether it needs a start. `known`: the words that are read as they stand. `misspelt`: a word with one
    letter left out -> the word.
    """

    phrases: Mapping[str, Branch]
    headings: Mapping[tuple[str, ...], tuple[Section, bool]]
    suspect: tuple[str, ...]
    known: frozenset[str]
    misspelt: Mapping[str, str]

    def meant(self, word: str) -> str:
        """The listed word that an unknown one is a misspelling of, or the word as it is."""
        if not SHORTEST_MISSPELT - 1 <= len(word) <= LONGEST_MISSPELT or not word.isalpha():
            return word
        if word in self.misspelt:
            return self.misspelt[word]
        for shorter in _one_letter_left_out(word):
            if shorter in self.known and len(shorter) >= SHORTEST_MISSPELT:
                return shorter
            if shorter in self.misspelt:
                return self.misspelt[shorter]
        return word

    def kind_of_unknown(self, word: str) -> Kind:
        """Unknown, or a clot when the word holds a suspicious part."""
        return Kind.CLOT if any(part in word for part in self.suspect) else Kind.UNKNOWN


def load_words(file: Path) -> ReportWords:
    """The word lists of a file. Raises AuthorError, with the line, for the first thing that is wrong."""
    content = _File(file)
    words = content.words()
    content.check_examples(words)
    return words


class _File:
    """report_words.yaml with its lines."""

    def __init__(self, file: Path) -> None:
        self.shown = f"{file.parent.name}/{file.name}"
        plain, self.lines = read_yaml(file, self.shown)
        try:
            self.content = ReportWordsFile.model_validate(plain)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the file"
            raise self._error(tuple(first["loc"]), f"{where}: {_in_words(first)}") from None
        self._refuse_other_names("headings", self.content.headings, [each.value for each in Section if each])
        self._refuse_other_names("lists", self.content.lists, [each.value for each in Kind if each.is_listed])

    def _error(self, where: Location, reason: str) -> AuthorError:
        return AuthorError(self.shown, line_of(where, self.lines), reason)

    def _refuse_other_names(self, member: str, named: Mapping[str, object], names: Sequence[str]) -> None:
        for name in named:
            if name not in names:
                raise self._error((member, name), f"{name} is read by no rule{did_you_mean(name, names)}")
        for name in names:
            if name not in named:
                raise self._error((member,), f"{name} is missing: a rule needs it")

    def words(self) -> ReportWords:
        phrases = self._phrases()
        known = frozenset(word for parts in phrases for word in parts) - SPOKEN
        return ReportWords(_tree(phrases), self._headings(), self._suspect(), known, _misspellings(phrases))

    def _phrases(self) -> dict[tuple[str, ...], Kind]:
        found: dict[tuple[str, ...], Kind] = {}
        for name, each in self.content.lists.items():
            for index, text in enumerate(each.words):
                parts = self._parts(text, ("lists", name, "words", index))
                if parts in found:
                    where = ("lists", name, "words", index)
                    raise self._error(where, f"{text}: stands in {found[parts]} already: one phrase, one meaning")
                found[parts] = Kind(name)
        return found

    def _headings(self) -> dict[tuple[str, ...], tuple[Section, bool]]:
        found: dict[tuple[str, ...], tuple[Section, bool]] = {}
        for name, group in self.content.headings.items():
            for member, texts in (("anywhere", group.anywhere), ("at_a_start", group.at_a_start)):
                for index, text in enumerate(texts):
                    where = ("headings", name, member, index)
                    parts = self._parts(text, where)
                    if parts in found:
                        raise self._error(where, f"{text}: is a heading already: one heading, one section")
                    found[parts] = Section(name), member == "at_a_start"
        return found

    def _suspect(self) -> tuple[str, ...]:
        for index, part in enumerate(self.content.suspect):
            if len(part) < SUSPECT_FROM or not part.isalpha():
                raise self._error(("suspect", index), f"{part}: three or more letters")
        return self.content.suspect

    def _parts(self, text: str, where: Location) -> tuple[str, ...]:
        parts = phrase(text)
        if " ".join(parts) != text:
            raise self._error(where, f"{text}: write it in small letters, without hyphens and signs")
        return parts

    def check_examples(self, words: ReportWords) -> None:
        """Each list is found in the sentences that it says it reads, and in none of the others."""
        for name, each in self.content.lists.items():
            for member, texts, wanted in (("reads", each.reads, True), ("does_not_read", each.does_not_read, False)):
                for index, text in enumerate(texts):
                    if (name in kinds_in(text, words)) is not wanted:
                        said = "is not found" if wanted else "is found"
                        raise self._error(("lists", name, member, index), f"{text}: {name} {said} in it")


def kinds_in(text: str, words: ReportWords) -> frozenset[str]:
    """The lists that are found in a text."""
    return frozenset(kind.value for kind in matched(phrase(text), words)[0])


def matched(tokens: Sequence[str], words: ReportWords) -> tuple[list[Kind], list[tuple[int, int]]]:
    """Each listed phrase, number, sign or unknown word, in order: its meaning, and where it begins and ends.

    The longest phrase wins. Signs are kinds of their own.
    """
    phrases, at, end = words.phrases, 0, len(tokens)
    kinds: list[Kind] = []
    places: list[tuple[int, int]] = []
    while at < end:
        word, to = tokens[at], at + 1
        branch = phrases.get(word)
        kind = branch.kind if branch else None
        further = to
        while branch and further < end:
            branch = branch.longer.get(tokens[further])
            further += 1
            if branch and branch.kind:
                kind, to = branch.kind, further
        kinds.append(kind or _SIGNS.get(word) or _unlisted(word, words))
        places.append((at, to))
        at = to
    return kinds, places


def _unlisted(word: str, words: ReportWords) -> Kind:
    return Kind.NUMBER if word[0].isdigit() else words.kind_of_unknown(word)


_SIGNS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys([".", ";", "!", "?", "\n"], Kind.STOP),
    **dict.fromkeys([":", "-", "="], Kind.COLON),
    ",": Kind.COMMA,
    "(": Kind.OPEN,
    ")": Kind.CLOSE,
    "/": Kind.JOINING,
    "+": Kind.WORRYING,
    "??": Kind.ASKED,  # stands before what is doubted (sentences.py)
}


def _tree(phrases: Mapping[tuple[str, ...], Kind]) -> Mapping[str, Branch]:
    root = Branch()
    for parts, kind in phrases.items():
        branch = root
        for word in parts:
            branch = branch.longer.setdefault(word, Branch())
        branch.kind = kind
    return root.longer


def _misspellings(phrases: Mapping[tuple[str, ...], Kind]) -> dict[str, str]:
    """Each longer word with one letter left out, and the word. Where two words meet, the worrying one is meant."""
    known = {word for parts in phrases for word in parts}
    found: dict[str, str] = {}
    in_order = sorted(phrases.items(), key=lambda each: not each[1].is_target)
    for parts, _ in in_order:
        for word in parts:
            if len(word) >= SHORTEST_MISSPELT and word.isalpha():
                for shorter in _one_letter_left_out(word):
                    if shorter not in known:
                        found.setdefault(shorter, word)
    return found


def _one_letter_left_out(word: str) -> Iterator[str]:
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]


def _in_words(error: ErrorDetails) -> str:
    """What is wrong, without the traces of the library that found it."""
    kinds: dict[str, str] = {
        "missing": "is missing",
        "string_type": "must be text: put it in quotes",
        "too_short": "must not be empty",
        "string_too_short": "must not be empty",
        "tuple_type": "must be a list",
        "dict_type": "must hold keys and values",
        "model_type": "must hold keys and values",
    }
    message: Any = kinds.get(error["type"], error["msg"])
    return str(message).removeprefix("Value error, ")
