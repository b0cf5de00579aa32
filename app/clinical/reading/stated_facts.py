"""The facts that a clinician or a form states in our own code system: `urn:dvt-next-step:fact`, one statement each.

Names and values are those of the public vocabulary. How long a statement holds and which statuses count is declared in
the pathway's facts.yaml (the sources `stated_*`); here is the form of each value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from app.clinical import vocabulary as words
from app.clinical.reading.declared import STATED
from app.clinical.reading.findings import Findings, Found, NotFound
from app.clinical.reading.said import Said, Sayings
from app.clinical.reading.statements import (
    ReadValue,
    Statement,
    Value,
    amount,
    choice,
    day,
    settle,
    statement,
    whole_number,
    yes_no,
)
from app.fhir.codings import codes_of
from app.fhir.resources import Observation
from app.fhir.sources import Source
from app.fhir.value_sets import ValueSets


@dataclass(frozen=True, slots=True)
class Rule:
    """How one fact is read. `ages` adds the time since the statement: hours per day for hours, 1 for days.

    `units`: UCUM, those that the fact may have; its source declares them (a test holds them together).
    """

    read_value: ReadValue
    is_alarm: bool = False
    ages: int = 0
    units: tuple[str, ...] = ()


def _one_of(allowed: Sequence[str]) -> Rule:
    return Rule(choice(allowed))


def _asked(names: Sequence[str], *, is_alarm: bool = False) -> dict[str, Rule]:
    return {name: Rule(yes_no, is_alarm=is_alarm) for name in names}


def _whole(*units: str, lowest: int = 0, ages: int = 0) -> Rule:
    return Rule(whole_number(units, lowest), ages=ages, units=units)


_DAYS_SINCE: Final = _whole("d", ages=1)
_LENGTH: Final = Rule(amount(("cm",)), units=("cm",))

RULES: Final[dict[str, Rule]] = {
    "setting": _one_of(words.SETTING),
    "inpatient_hours": _whole("h", ages=24),
    "suspicion": _one_of(words.SUSPICION),
    "anticoag": _one_of(words.ANTICOAG),
    "anticoag_indication": _one_of(words.ANTICOAG_INDICATION),
    "postpartum_days": _DAYS_SINCE,
    "symptoms.side": _one_of(words.SIDE),
    "symptoms.severity": _one_of(words.SEVERITY),
    "symptoms.onset_days": _DAYS_SINCE,
    "wells.score": _whole("{score}", "{points}", "1", lowest=-2),
    "risk.surgery_days": _DAYS_SINCE,
    "risk.discharge_days": _DAYS_SINCE,
    "risk.trauma_days": _DAYS_SINCE,
    "risk.bleeding": _one_of(words.BLEEDING),
    "risk.functional_status": _one_of(words.FUNCTIONAL_STATUS),
    "alt.svt.length_cm": _LENGTH,
    "alt.svt.sfj_cm": _LENGTH,
    "dialysis": _one_of(words.DIALYSIS),
    "iodinated_reaction": _one_of(words.REACTION),
    "gad_reaction": _one_of(words.REACTION),
    "mri": _one_of(words.MRI),
    **_asked([f"red_flags.{flag}" for flag in ("pe", "limb", "infection")], is_alarm=True),
    **_asked(
        [
            f"symptoms.{name}"
            for name in ("whole_leg", "flank_pain", "systemic_explanation", "erythema", "palpable_cord")
        ]
    ),
    **_asked([f"wells.items.{item}" for item in words.WELLS_ITEMS]),
    **_asked(["risk.active_cancer", "risk.immobilised", "alt.explains", "aki", "intervention_considered"]),
    **_asked(["risk.prior_dvt"]),
}


def stated_facts(sayings: Sayings, value_sets: ValueSets, *, today: date, zone: ZoneInfo) -> dict[str, Findings]:
    """Fact -> what the record states of it; a fact that nobody states is left out."""
    found: dict[str, Findings] = {}
    for name in STATED:
        source = value_sets.sources[name]
        for fact in sorted(source.facts & sayings.by_fact.keys()):
            found[fact] = _stated(fact, sayings.of(fact), source, value_sets, today=today, zone=zone)
    return found


def _stated(
    fact: str, said: Sequence[Said], source: Source, value_sets: ValueSets, *, today: date, zone: ZoneInfo
) -> Findings:
    match fact:
        case "alt.confirmed":
            return _listed(fact, choice(words.ALTERNATIVE), said, source, today=today, zone=zone)
        case "procedure.surveillance_done":
            return _listed(fact, day(zone), said, source, today=today, zone=zone)
        case "procedure.stent_date" | "procedure.intervention_date":
            rule = Rule(day(zone))
        case "symptoms.status":
            rule = Rule(_course(value_sets, source))
        case _ if fact not in RULES:
            return Findings()  # symptoms.as_of is the day of the status, never stated by itself
        case _:
            rule = RULES[fact]
    return settled(fact, rule, said, source, today=today, zone=zone)


def settled(fact: str, rule: Rule, said: Sequence[Said], source: Source, *, today: date, zone: ZoneInfo) -> Findings:
    """One fact from its statements, for the modules that read a fact in more than one form."""
    return _single(fact, rule, _read(said, rule.read_value, source, zone), source, today)


def _course(value_sets: ValueSets, source: Source) -> ReadValue:
    """A symptom status, in our own words or as a course of the source's value sets.

    "Condition improved" and the like count only here: elsewhere they may be about anything (threat model H20).
    """
    own_words = choice(words.STATUS)

    def read_course(observation: Observation) -> Value:
        codes = codes_of(observation.value_codeable_concept)
        found = set(value_sets.said_by(source, codes))
        own = own_words(observation)
        if not found:
            return own
        if len(found) > 1 or own.value not in (None, *found):
            return Value(None, why_not="conflict: different codes in one value")
        return Value(found.pop(), "valueCodeableConcept")

    return read_course


def _read(said: Sequence[Said], read_value: ReadValue, source: Source, zone: ZoneInfo) -> list[Statement]:
    made = (statement(each, read_value, zone, source) for each in said)
    return [each for each in made if each is not None]


def _single(name: str, rule: Rule, statements: Sequence[Statement], source: Source, today: date) -> Findings:
    result = settle(statements, today=today, look_back=source.look_back_days, is_alarm=rule.is_alarm)
    not_found = tuple(NotFound(name, reason) for reason in result.reasons)
    holds = result.statement
    if holds is None:
        return Findings((), not_found)
    value = holds.value.value
    if rule.ages and isinstance(value, int):
        if holds.day is None:
            return Findings((), (*not_found, NotFound(name, "the day it was stated is not certain")))
        value += rule.ages * (today - holds.day).days
    date_text = holds.day.isoformat() if holds.day else None
    found = [Found(name, value, holds.resource, holds.value.element, date_text)]
    if name == "symptoms.status" and date_text:
        found.append(Found("symptoms.as_of", date_text, holds.resource, holds.date_element, date_text))
    return Findings(tuple(found), not_found)


def _listed(
    name: str, read_value: ReadValue, said: Sequence[Said], source: Source, *, today: date, zone: ZoneInfo
) -> Findings:
    """A fact that is a list: one statement each, all that hold."""
    found: dict[object, Found] = {}
    missed: list[NotFound] = []
    for each in _read(said, read_value, source, zone):
        result = settle([each], today=today, look_back=source.look_back_days)
        missed += [NotFound(name, reason) for reason in result.reasons]
        if result.statement:
            value = each.value.value
            date_text = each.day.isoformat() if each.day else None
            found.setdefault(value, Found("", value, each.resource, each.value.element, date_text))
    ordered = sorted(found.values(), key=lambda one: str(one.value))
    numbered = tuple(replace(one, fact=f"{name}[{place}]") for place, one in enumerate(ordered))
    return Findings(numbered, tuple(missed))
