"""The facts that a clinician or a form states in our own code system: `urn:dvt-next-step:fact`, one Observation each.

Names and values are those of the public vocabulary. How long a statement holds is said here for each; issue 4 moves
these numbers to the pathway's facts.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from app.clinical import vocabulary as words
from app.clinical.reading.findings import Findings, Found, NotFound, together
from app.clinical.reading.statements import (
    FACT,
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
from app.fhir.record import Record
from app.fhir.resources import Observation
from app.fhir.value_sets import ValueSets

Stated = Mapping[str, Sequence[Observation]]

RED_FLAG_LOOK_BACK: Final = 3
"""Days. "Recorded <= 72 h ago" (decision table 2.2), counted in calendar days: today and the three days before it,
because every comparison is between calendar days (section 1) and an alarm is rather kept too long than too short."""

CURRENT_LOOK_BACK: Final = 7
"""Days. What is true "at the time of evaluation" (decision table 2.4: treatment, setting) is asked again after the
repeat window of 5-7 days [C]."""

EPISODE_LOOK_BACK: Final = 30
"""Days. Symptoms and judgements belong to the episode (decision table section 1) [C]."""

FOR_EVER: Final = None
"""History does not expire: an earlier DVT, a reaction, an implant, a procedure."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one fact is read. `ages` adds the time since the statement: hours per day for hours, 1 for days."""

    read_value: ReadValue
    look_back: int | None
    is_alarm: bool = False
    ages: int = 0


def _one_of(allowed: Sequence[str], look_back: int | None) -> Rule:
    return Rule(choice(allowed), look_back)


def _asked(names: Sequence[str], look_back: int | None, *, is_alarm: bool = False) -> dict[str, Rule]:
    return {name: Rule(yes_no, look_back, is_alarm=is_alarm) for name in names}


_DAYS_SINCE: Final = Rule(whole_number(("d",), 0), EPISODE_LOOK_BACK, ages=1)

RULES: Final[dict[str, Rule]] = {
    "setting": _one_of(words.SETTING, CURRENT_LOOK_BACK),
    "inpatient_hours": Rule(whole_number(("h",), 0), CURRENT_LOOK_BACK, ages=24),
    "suspicion": _one_of(words.SUSPICION, EPISODE_LOOK_BACK),
    "anticoag": _one_of(words.ANTICOAG, CURRENT_LOOK_BACK),
    "anticoag_indication": _one_of(words.ANTICOAG_INDICATION, CURRENT_LOOK_BACK),
    "postpartum_days": _DAYS_SINCE,
    "symptoms.side": _one_of(words.SIDE, EPISODE_LOOK_BACK),
    "symptoms.severity": _one_of(words.SEVERITY, EPISODE_LOOK_BACK),
    "symptoms.onset_days": _DAYS_SINCE,
    "wells.score": Rule(whole_number(("{score}", "{points}", "1"), -2), EPISODE_LOOK_BACK),
    "risk.surgery_days": _DAYS_SINCE,
    "risk.discharge_days": _DAYS_SINCE,
    "risk.trauma_days": _DAYS_SINCE,
    "risk.bleeding": _one_of(words.BLEEDING, CURRENT_LOOK_BACK),
    "risk.functional_status": _one_of(words.FUNCTIONAL_STATUS, EPISODE_LOOK_BACK),
    "alt.svt.length_cm": Rule(amount(("cm",)), EPISODE_LOOK_BACK),
    "alt.svt.sfj_cm": Rule(amount(("cm",)), EPISODE_LOOK_BACK),
    "dialysis": _one_of(words.DIALYSIS, EPISODE_LOOK_BACK),
    "iodinated_reaction": _one_of(words.REACTION, FOR_EVER),
    "gad_reaction": _one_of(words.REACTION, FOR_EVER),
    "mri": _one_of(words.MRI, FOR_EVER),
    **_asked([f"red_flags.{flag}" for flag in ("pe", "limb", "infection")], RED_FLAG_LOOK_BACK, is_alarm=True),
    **_asked(
        [
            f"symptoms.{name}"
            for name in ("whole_leg", "flank_pain", "systemic_explanation", "erythema", "palpable_cord")
        ],
        EPISODE_LOOK_BACK,
    ),
    **_asked([f"wells.items.{item}" for item in words.WELLS_ITEMS], EPISODE_LOOK_BACK),
    **_asked(["risk.active_cancer", "risk.immobilised", "alt.explains", "aki"], EPISODE_LOOK_BACK),
    **_asked(["intervention_considered"], EPISODE_LOOK_BACK),
    **_asked(["risk.prior_dvt"], FOR_EVER),
}

COURSES: Final = {
    "course-resolved": "resolved",
    "course-improving": "improving",
    "course-unchanged": "persistent",
    "course-worse": "worsening",
}
"""Value sets whose codes may be the value of a symptom status. "Condition improved" and the like count only there:
elsewhere they may be about anything (threat model H20)."""

ROLES: Final = frozenset(COURSES)


def stated_facts(record: Record, value_sets: ValueSets, *, today: date, zone: ZoneInfo) -> Findings:
    """Every fact of this module that the record states."""
    stated = statements_of(record)
    single = (
        _single(name, rule, _read(stated.get(name, ()), rule.read_value, zone), today)
        for name, rule in _rules(value_sets, zone).items()
    )
    return together([*single, _alternatives(stated, today, zone), _surveillance(stated, today, zone)])


def statements_of(record: Record) -> dict[str, tuple[Observation, ...]]:
    """The record's Observations by the fact they state. One that names several facts states none of them."""
    stated: dict[str, tuple[Observation, ...]] = {}
    for observation in record.observations:
        names = {code.code for code in codes_of(observation.code) if code.system == FACT}
        if len(names) == 1:
            name = names.pop()
            stated[name] = (*stated.get(name, ()), observation)
    return stated


def settled(name: str, rule: Rule, observations: Sequence[Observation], *, today: date, zone: ZoneInfo) -> Findings:
    """One fact from its statements, for the modules that read a fact in more than one form."""
    return _single(name, rule, _read(observations, rule.read_value, zone), today)


def _rules(value_sets: ValueSets, zone: ZoneInfo) -> dict[str, Rule]:
    a_day = Rule(day(zone), FOR_EVER)
    return {
        **RULES,
        # The engine itself asks whether the status was recorded after the study (decision table 2.2).
        "symptoms.status": Rule(_course(value_sets), FOR_EVER),
        "procedure.stent_date": a_day,
        "procedure.intervention_date": a_day,
    }


def _course(value_sets: ValueSets) -> ReadValue:
    """A symptom status, in our own words or as a SNOMED CT course."""
    own_words = choice(words.STATUS)

    def read_course(observation: Observation) -> Value:
        codes = codes_of(observation.value_codeable_concept)
        found = {status for role, status in COURSES.items() if value_sets.has(role, codes)}
        own = own_words(observation)
        if not found:
            return own
        if len(found) > 1 or own.value not in (None, *found):
            return Value(None, why_not="conflict: different codes in one value")
        return Value(found.pop(), "valueCodeableConcept")

    return read_course


def _read(observations: Sequence[Observation], read_value: ReadValue, zone: ZoneInfo) -> list[Statement]:
    made = (statement(observation, read_value, zone) for observation in observations)
    return [each for each in made if each is not None]


def _single(name: str, rule: Rule, statements: Sequence[Statement], today: date) -> Findings:
    result = settle(statements, today=today, look_back=rule.look_back, is_alarm=rule.is_alarm)
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


def _alternatives(stated: Stated, today: date, zone: ZoneInfo) -> Findings:
    """Confirmed alternative diagnoses: one statement each, all that were made in the episode."""
    return _listed("alt.confirmed", choice(words.ALTERNATIVE), stated, EPISODE_LOOK_BACK, today, zone)


def _surveillance(stated: Stated, today: date, zone: ZoneInfo) -> Findings:
    """Days on which a stent was looked at: one statement each."""
    return _listed("procedure.surveillance_done", day(zone), stated, FOR_EVER, today, zone)


def _listed(
    name: str, read_value: ReadValue, stated: Stated, look_back: int | None, today: date, zone: ZoneInfo
) -> Findings:
    found: dict[object, Found] = {}
    missed: list[NotFound] = []
    for each in _read(stated.get(name, ()), read_value, zone):
        result = settle([each], today=today, look_back=look_back)
        missed += [NotFound(name, reason) for reason in result.reasons]
        if result.statement:
            value = each.value.value
            date_text = each.day.isoformat() if each.day else None
            found.setdefault(value, Found("", value, each.resource, each.value.element, date_text))
    ordered = sorted(found.values(), key=lambda one: str(one.value))
    numbered = tuple(replace(one, fact=f"{name}[{place}]") for place, one in enumerate(ordered))
    return Findings(numbered, tuple(missed))
