"""What the words of one report say about its study, all its texts taken together.

A worry counts from any text and for any leg. A negative is believed only of the leg it was said of, and only from
words that speak for the whole study (threat model H16).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from app.clinical.reading.report_texts import TOO_LONG, TOO_MUCH, Text, Texts
from app.clinical.report_text import ReportWords, read_report

LEGS: Final = frozenset({"left", "right"})
UNSIDED: Final = "unsided"
CONFLICT: Final = "conflict"
REASSURING: Final = ("chronic_change", "svt_only", "negative")
"""Results of a study that can be satisfactory, the most worrying first."""

WORRYING: Final = ("acute_dvt", "equivocal", "nondiagnostic")
LOCATIONS: Final = ("iliocaval", "iliofemoral", "proximal", "distal")
"""The most central first: it leads."""


@dataclass(frozen=True, slots=True)
class Spoke:
    """One thing that words say: the reader's own name and value, the leg, and the sentence."""

    fact: str
    value: str
    leg: str
    quote: str
    text: Text


@dataclass(frozen=True, slots=True)
class Spoken:
    """Everything that the texts of one report say. `other_study`: of which other study a text seems to be, if any;
    `is_cut`: not all of the words were read.
    """

    said: tuple[Spoke, ...] = ()
    other_study: str = ""
    is_cut: bool = False

    def of(self, fact: str) -> tuple[Spoke, ...]:
        """What is said of one fact."""
        return tuple(each for each in self.said if each.fact == fact)

    def first(self, fact: str, values: Collection[str]) -> Spoke | None:
        """The first that is said of one fact, in the order of the values."""
        return next((each for value in values for each in self.of(fact) if each.value == value), None)

    @property
    def legs(self) -> frozenset[str]:
        """The legs that are named with a result; empty when a result is said without a leg."""
        named = {each.leg for each in self.of("result")}
        return frozenset() if UNSIDED in named else frozenset(named)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the words say of the result: one of the public values or "conflict", None when they say nothing usable;
    `said` is the proof.
    """

    result: str | None = None
    said: Spoke | None = None
    why_not: str = ""


def spoken(texts: Texts, words: ReportWords) -> Spoken:
    """What the texts of one report say."""
    readings = [(text, read_report(text.words, words)) for text in texts.read]
    is_cut = any(unread.reason in (TOO_LONG, TOO_MUCH) for unread in texts.unread)
    return Spoken(
        said=tuple(
            Spoke(read.fact, read.value, leg, read.quote, text)
            for text, reading in readings
            for leg in sorted(reading.legs)
            for read in reading.legs[leg]
        ),
        other_study=next((reading.other_study for _, reading in readings if reading.other_study), ""),
        is_cut=is_cut or any(reading.is_cut for _, reading in readings),
    )


def verdict(said: Spoken, legs_that_count: frozenset[str]) -> Verdict:
    """What the words say of the study's result. `legs_that_count`: each of them must be spoken of to reassure."""
    results = said.of("result")
    if conflict := _conflict(results):
        return Verdict(CONFLICT, conflict)
    positive = said.first("iliac", ["positive"])
    for result in WORRYING:
        if found := said.first("result", [result]) or (positive if result == "acute_dvt" else None):
            return Verdict(result, found)
    return _reassuring(results, legs_that_count)


def _conflict(results: Sequence[Spoke]) -> Spoke | None:
    """A text that contradicts itself, or thrombus in one text and a negative about the same leg in another."""
    within = next((each for each in results if each.value == CONFLICT), None)
    positive = (each for each in results if each.value == "acute_dvt")
    negative = [each for each in results if each.value == "negative"]
    between = (one for one in positive for other in negative if one.text is not other.text and _same_leg(one, other))
    return within or next(between, None)


def _same_leg(one: Spoke, other: Spoke) -> bool:
    return one.leg == other.leg or UNSIDED in (one.leg, other.leg)


def _reassuring(results: Sequence[Spoke], legs_that_count: frozenset[str]) -> Verdict:
    whole = [each for each in results if each.text.is_whole]
    if not results:
        return Verdict()
    if not whole:
        return Verdict(why_not="its words speak for a part of the study")
    named = {each.leg for each in whole}
    if UNSIDED not in named and not legs_that_count <= named:
        return Verdict(why_not="its words do not speak of every leg that counts")
    in_parts = [each for each in results if each.value != "negative"]  # a remark on one vein may add a worry
    said = (each for value in REASSURING for each in (*in_parts, *whole) if each.value == value)
    return next((Verdict(each.value, each) for each in said), Verdict())
