"""Where the words of a report are: its conclusion, its attachments, and what its Observations say in words.

An attachment is read when its data came with it; no address is ever followed. The narrative (`text.div`) is never
read: it says in a layout for people what the elements say. What is not read has its reason.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from app.clinical.reading.reports import Detail, speaks_for_study, states_fact
from app.clinical.report_text import plain_text
from app.fhir.record import name_of
from app.fhir.resources import Annotation, Attachment, DiagnosticReport, Observation, read_each
from app.fhir.value_sets import ValueSets

LONGEST_DATA: Final = 400_000
"""Characters of base64 that are decoded: 300 kB. A report in words has a few; a picture of one has more."""

MOST_TEXTS: Final = 20
"""Texts of one report that are read."""

WHOLE_BUDGET: Final = 100_000
"""Characters that are read for one patient, newest report first: reading takes about a microsecond for each."""

NO_TEXT: Final = "is not text"
TOO_LONG: Final = "is too long to be read"
TOO_MUCH: Final = "was not read: there is too much text"


@dataclass(frozen=True, slots=True)
class Text:
    """Words of a report and where they stand. `is_whole`: they speak for the study, not for one vein or remark."""

    words: str
    resource: str
    element: str
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Unread:
    """Words that came and were not read, and why, in our words."""

    element: str
    reason: str


@dataclass(slots=True)
class Budget:
    """Characters that may still be read for this patient."""

    left: int = WHOLE_BUDGET

    def covers(self, text: Text) -> bool:
        """Whether this text is still within it; if so, it is spent."""
        if len(text.words) > self.left:
            return False
        self.left -= len(text.words)
        return True


@dataclass(slots=True)
class Texts:
    """The texts of one report, and what was not read."""

    read: list[Text] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


def texts_of(report: DiagnosticReport, details: Sequence[Detail], value_sets: ValueSets, budget: Budget) -> Texts:
    """Everything a report says in words, in the order of the report, each wording once."""
    texts = Texts()
    seen: set[str] = set()
    for found in _all(report, details, value_sets):
        if isinstance(found, Unread):
            texts.unread.append(found)
        elif found.words.strip() and found.words not in seen:
            seen.add(found.words)
            if len(texts.read) < MOST_TEXTS and budget.covers(found):
                texts.read.append(found)
            else:
                texts.unread.append(Unread(found.element, TOO_MUCH))
    return texts


def _all(report: DiagnosticReport, details: Sequence[Detail], value_sets: ValueSets) -> Iterator[Text | Unread]:
    name = name_of(report)
    if isinstance(report.conclusion, str):
        yield Text(report.conclusion, name, "conclusion", is_whole=True)
    elif report.conclusion is not None:
        yield Unread("conclusion", NO_TEXT)
    for place, attachment in enumerate(read_each(report.presented_form, Attachment)):
        yield from _attached(attachment, name, f"presentedForm[{place}]")
    for detail in details:
        yield from _of_observation(detail, value_sets)


def _attached(attachment: Attachment | None, resource: str, element: str) -> Iterator[Text | Unread]:
    if attachment is None:
        yield Unread(element, NO_TEXT)
    elif attachment.data is None:
        yield Unread(element, "is elsewhere and is not fetched")
    elif len(attachment.data) > LONGEST_DATA:
        yield Unread(element, TOO_LONG)
    elif (words := _decoded(attachment.data, attachment.content_type or "")) is None:
        yield Unread(element, NO_TEXT)
    else:
        yield Text(words, resource, f"{element}.data", is_whole=True)


def _decoded(data: str, content_type: str) -> str | None:
    try:
        decoded = b64decode("".join(data.split()), validate=True)
    except ValueError:  # not base64, or not even ASCII
        return None
    return plain_text(decoded, content_type)


def _of_observation(detail: Detail, value_sets: ValueSets) -> Iterator[Text | Unread]:
    """A value and notes in words. What states a fact in our own codes has said it; what is absent says nothing."""
    observation: Observation = detail.observation
    if detail.trouble or observation.data_absent_reason or states_fact(observation):
        return
    is_whole = speaks_for_study(observation, value_sets)
    if isinstance(observation.value_string, str):
        yield Text(observation.value_string, detail.resource, f"{detail.prefix}valueString", is_whole)
    for place, note in enumerate(read_each(observation.note, Annotation)):
        element = f"{detail.prefix}note[{place}].text"
        if note is None:
            yield Unread(element, NO_TEXT)
        elif note.text is not None:
            yield Text(note.text, detail.resource, element, is_whole)
