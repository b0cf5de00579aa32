"""No calm on words alone: what a report says only in prose never makes the advice more reassuring (threat model H16).

Advice is given twice, with a fact that was read from words and without it. If it is calmer with it, the fact does not
count, and the card asks a person to confirm it (docs/decisions/0022-report-text.md).
"""

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Final

from app.clinical.degradation import is_calmer
from app.clinical.evaluate import Evaluation
from app.clinical.reading.findings import Found, NotCounted, NotFound, ReadFrom, RecordFacts, facts_of
from app.clinical.vocabulary import Facts, parse_facts

Decide = Callable[[Facts], Evaluation]
Unit = tuple[str, str]
"""What is believed or not as one: the study (`exams[0]`), and `result`, `unseen` or another of its facts."""

IMAGING: Final = frozenset({"REPEAT-CDUS", "VENOGRAPHY", "SCAN-SYMPTOMATIC-LEG"})
"""Decision table section 4: an imaging card."""

STOPS_TREATMENT: Final = "AC-INTERIM-REVIEW"
"""A negative study may end an anticoagulant that was started for this suspicion: never one read from words."""

UNREADABLE_RESULT: Final = "DATA-RESULT"

MOST_ROUNDS: Final = 4
"""After so many, nothing that was read from words counts, so that the time of a call has a bound."""

ALONE: Final = "read from the report's words only: the advice would be calmer for it"

POSITIVE: Final = frozenset({("result", "acute_dvt"), ("iliac", "positive")})
"""A thrombus is never taken back: that one was read never reassures."""

_PLACE: Final = re.compile(r"(exams\[[0-9]+\])\.([a-z_]+)", re.ASCII)


def without_calm_on_words_alone(record: RecordFacts, decide: Decide) -> RecordFacts:
    """The facts of a record, without those that were read from words and would calm the advice."""
    units = _units(record)
    for _ in range(MOST_ROUNDS):
        relied = _relied(record, units, decide)
        if not relied:
            return record
        record = _without(record, relied)
        units = units - relied
    return _without(record, units)


def _relied(record: RecordFacts, units: frozenset[Unit], decide: Decide) -> frozenset[Unit]:
    """What calms by itself, or else everything if it calms together."""
    if not units:
        return units
    now = decide(parse_facts(record.facts))
    alone = frozenset(unit for unit in units if _calms(now, decide(_facts_without(record, {unit}))))
    if alone or not _calms(now, decide(_facts_without(record, units))):
        return alone
    return units


def _calms(now: Evaluation, otherwise: Evaluation) -> bool:
    """Whether advice is calmer, lets a treatment be reviewed, or stops asking for the result without asking for a scan.

    Words may schedule a repeat; short of that, what they read has to be confirmed.
    """
    says, says_instead = ({made.id for made in each.recommendations} for each in (now, otherwise))
    asks_no_more = UNREADABLE_RESULT in says_instead - says and not says & IMAGING and not is_calmer(otherwise, now)
    return is_calmer(now, otherwise) or STOPS_TREATMENT in says - says_instead or asks_no_more


def _units(record: RecordFacts) -> frozenset[Unit]:
    read = (found for found in record.found if found.read_from is ReadFrom.TEXT)
    return frozenset(_unit(found) for found in read if (_unit(found)[1], found.value) not in POSITIVE)


def _unit(found: Found) -> Unit:
    """A place without its result means nothing: the two go together."""
    match = _PLACE.match(found.fact)
    study, fact = match.groups() if match else (found.fact, "")
    return study, "result" if fact == "location" else fact


def _facts_without(record: RecordFacts, units: Collection[Unit]) -> Facts:
    return parse_facts(facts_of(found for found in record.found if not _belongs(found, units)))


def _belongs(found: Found, units: Collection[Unit]) -> bool:
    return found.read_from is ReadFrom.TEXT and _unit(found) in units and not _is_thrombus(found)


def _is_thrombus(found: Found) -> bool:
    return (_unit(found)[1], found.value) in POSITIVE


def _without(record: RecordFacts, units: Collection[Unit]) -> RecordFacts:
    gone = tuple(found for found in record.found if _belongs(found, units))
    kept = tuple(found for found in record.found if not _belongs(found, units))
    return replace(
        record,
        facts=facts_of(kept),
        found=kept,
        not_found=(*record.not_found, *(NotFound(found.fact, ALONE) for found in gone)),
        not_counted=(*record.not_counted, *(_not_counted(found) for found in gone)),
    )


def _not_counted(found: Found) -> NotCounted:
    return NotCounted(found.fact, str(found.value), found.resource, found.element, found.date, found.quote, ALONE)
