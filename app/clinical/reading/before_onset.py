"""A study or a D-dimer from before the symptoms began says nothing of them (threat model H13).

The study stays in the record of facts, so that a thrombosis it showed still counts and its leg is scanned again; but it
proves no extent, and so it ends nothing. A D-dimer drawn before the onset has no value.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from app.clinical.reading.findings import Findings, Found, NotFound

BEFORE: Final = "from before the symptoms began"
_DAY: Final = re.compile(r"(exams\[[0-9]+\]\.|ddimer\.)(?:date|collected)", re.ASCII)
_LOST: Final = {"exams": ("protocol",), "ddimer": ("value", "comparator", "unit")}


def without_proof_before_onset(findings: Findings, onset: Findings, today: date) -> Findings:
    """The findings without what a study or sample that is certainly earlier than the onset would prove.

    `onset` holds `symptoms.onset_days`, when it is known.
    """
    began = _day_of(onset, today)
    if began is None:
        return findings
    lost = set(_lost(findings, began))
    kept = tuple(found for found in findings.found if found.fact not in lost)
    missed = tuple(NotFound(found.fact, BEFORE) for found in findings.found if found.fact in lost)
    return replace(findings, found=kept, not_found=(*findings.not_found, *missed))


def _day_of(onset: Findings, today: date) -> date | None:
    days = next((found.value for found in onset.found), None)
    if not isinstance(days, int) or days >= (today - date.min).days:
        return None
    return today - timedelta(days=days)


def _lost(findings: Findings, began: date) -> list[str]:
    return [
        f"{place}{name}" for place in _places(findings.found, began) for name in _LOST[re.split(r"[\[.]", place)[0]]
    ]


def _places(found: tuple[Found, ...], began: date) -> list[str]:
    """`exams[0].` and `ddimer.` of what is dated before the onset."""
    dated = ((_DAY.fullmatch(each.fact), each.value) for each in found)
    return [match[1] for match, day in dated if match and isinstance(day, str) and date.fromisoformat(day) < began]
