"""Our reader as the judges want it: a text in any form, read, with its values in the words of the labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from app.clinical.report_text import Read, ReportReading, ReportWords, load_words, plain_text, read_report
from tests.report_text.confusion import Reading
from tests.report_text.reports import LENGTHS, Form, Report

WORDS: Final = Path(__file__).parents[2] / "pathways" / "negative-dvt-ultrasound" / "report_words.yaml"
TYPES: Final = {Form.HTML: "text/html", Form.RTF: "application/rtf"}
SAME: Final = {"proximal_only": "proximal", "yes": "true"}
"""Our reader's word for what the labels call otherwise."""


@dataclass(frozen=True, slots=True)
class Value:
    """A fact in the words of the labels."""

    fact: str
    value: str


@dataclass(frozen=True, slots=True)
class InLabels:
    """A reading in the words of the labels."""

    legs: Mapping[str, Sequence[Value]]
    other_study: str


@cache
def our_words() -> ReportWords:
    return load_words(WORDS)


def in_labels(read: Read) -> Value:
    value = f"{float(read.value):g}" if read.fact in LENGTHS else SAME.get(read.value, read.value)
    return Value(read.fact, value)


def read_body(text: str, form: Form) -> ReportReading:
    """What our reader finds in the body of a report; nothing when it is not what its type says."""
    body = plain_text(text.encode(), TYPES[form]) if form in TYPES else text
    return read_report(body or "", our_words())


def read_form(text: str, form: Form) -> Reading:
    """The same in the words of the labels."""
    reading = read_body(text, form)
    legs = {leg: tuple(in_labels(each) for each in reads) for leg, reads in reading.legs.items()}
    return InLabels(legs, reading.other_study)


def read_labelled(report: Report) -> Reading:
    return read_form(report.text, report.form)
