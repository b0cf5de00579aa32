"""What reading a record yields: each fact with the resource and element that proved it, and why others stay unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

from app.clinical.report_text.policy import ReportTextPolicy
from app.fhir.answers import SetAside


class ReadFrom(StrEnum):
    """How a fact was read: from codes, numbers and dates, or from the words of a report."""

    CODE = "code"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Found:
    """A fact and its proof.

    `fact` is its public name, `exams[0].result`; `element` a path in `resource`, `conclusionCode[0].coding[0]`; `date`
    the calendar day it holds for (ISO), or None when that is not certain; `age_days` how long ago that is. What was
    read from words has the sentence as `quote`: text of the record, to be shown as a quotation and never logged.
    """

    fact: str
    value: object
    resource: str
    element: str
    date: str | None
    age_days: int | None = None
    read_from: ReadFrom = ReadFrom.CODE
    quote: str = ""


@dataclass(frozen=True, slots=True)
class NotFound:
    """Why a fact is unknown although something was there. Our own words."""

    fact: str
    reason: str


@dataclass(frozen=True, slots=True)
class NotCounted:
    """What the words of a report say and no advice rests on, and why. `value` is the reader's own: `whole_leg`."""

    fact: str
    value: str
    resource: str
    element: str
    date: str | None
    quote: str
    reason: str


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """The public facts of a record (clinical/facts_schema.yaml) and where they come from."""

    facts: Mapping[str, object]
    found: tuple[Found, ...]
    not_found: tuple[NotFound, ...]
    set_aside: tuple[SetAside, ...]
    not_counted: tuple[NotCounted, ...] = ()
    report_text: ReportTextPolicy = ReportTextPolicy.OFF


@dataclass(frozen=True, slots=True)
class Findings:
    """What one subject's module found."""

    found: tuple[Found, ...] = ()
    not_found: tuple[NotFound, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    not_counted: tuple[NotCounted, ...] = ()


def together(parts: Iterable[Findings]) -> Findings:
    """Several modules' findings as one, each reason and each set-aside resource once."""
    parts = tuple(parts)
    return Findings(
        tuple(found for part in parts for found in part.found),
        tuple(dict.fromkeys(missed for part in parts for missed in part.not_found)),
        tuple(sorted({aside for part in parts for aside in part.set_aside})),
        tuple(dict.fromkeys(said for part in parts for said in part.not_counted)),
    )


def with_age(found: Found, today: date) -> Found:
    """The same with its age. A day that lies ahead, such as a booking, has none."""
    if found.date is None or (age := (today - date.fromisoformat(found.date)).days) < 0:
        return found
    return replace(found, age_days=age)


_STEP: Final = re.compile(r"([a-z][a-z0-9_]*)|\[([0-9]+)\]", re.ASCII)


def facts_of(found: Iterable[Found]) -> dict[str, object]:
    """The facts as one nested value, made from their public names, so that facts and proofs cannot differ."""
    facts: dict[str, object] = {}
    for each in found:
        value = dict(each.value) if isinstance(each.value, dict) else each.value
        _put(facts, [int(place) if place else name for name, place in _STEP.findall(each.fact)], value)
    return facts


def _put(holder: Any, steps: list[str | int], value: object) -> None:  # noqa: ANN401  # a list or an object, by step
    step, rest = steps[0], steps[1:]
    following = value if not rest else [] if isinstance(rest[0], int) else {}
    if isinstance(holder, dict):
        holder.setdefault(step, following)
    elif step == len(holder):
        holder.append(following)
    if rest:
        _put(holder[step], rest, value)
