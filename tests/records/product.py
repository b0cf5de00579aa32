"""The product as the judges ask it: facts from a record, and the advice on a record. Tests aside, only this file here
imports `app`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from app.cards.machine_readable import recommendation_json
from app.cds_hooks.discovery import record_queries
from app.cds_hooks.invocation import hidden
from app.clinical.degradation import Hidden, believed, facts_of_queries
from app.clinical.evaluate import evaluate
from app.clinical.reading import RecordFacts, facts_from_record
from app.clinical.vocabulary import parse_facts
from app.errors import SubjectMismatch
from app.fhir.answers import QueryState
from app.fhir.record import read_bundle, read_prefetch
from app.fhir.value_sets import ValueSets
from tests.front_door import pathways, value_sets
from tests.records.facts import Json, Known, known
from tests.records.judging import Answered
from tests.records.record import SERVER, Written
from tests.records.site import site

ZONE: Final = ZoneInfo("UTC")
REFUSED: Final = "refused"
SILENCE: Final = "silence"
_PREFETCH: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True)
class Said:
    """What the service says of a record: `refused` (an error), `silence` (no card) or nothing of both; the advice."""

    recommendations: tuple[Json, ...]
    outcome: str = ""
    facts: Json = None


@cache
def expected() -> dict[str, str]:
    """Prefetch key -> FHIR type."""
    return {key: query.resource for key, query in record_queries(pathways()).items()}


@cache
def required() -> frozenset[str]:
    return frozenset(key for key, query in record_queries(pathways()).items() if query.required)


def facts_of_prefetch(
    prefetch: dict[str, Json], patient_id: str, today: date, known_codes: ValueSets | None = None
) -> RecordFacts:
    """What the reader finds in the answers of the prefetch keys."""
    raw = _PREFETCH.decode(msgspec.json.encode(prefetch))
    record = read_prefetch(raw, expected(), patient_id, SERVER)
    return facts_from_record(record, known_codes or value_sets(), today=today, zone=ZONE)


def facts_of_bundle(bundle: Json, today: date, known_codes: ValueSets | None = None) -> RecordFacts:
    """What the reader finds in one Bundle."""
    record = read_bundle(msgspec.json.encode(bundle))
    return facts_from_record(record, known_codes or value_sets(), today=today, zone=ZONE)


def known_of(found: RecordFacts, today: date) -> Known:
    """The found facts as known facts, in the judge's own reading of the vocabulary."""
    return known(msgspec.json.decode(msgspec.json.encode(found.facts)), today)


def advice(prefetch: dict[str, Json], patient_id: str, today: date) -> Said:
    """The steps of `app.cds_hooks.invocation.answer` without the network, the card and its words."""
    raw = _PREFETCH.decode(msgspec.json.encode(prefetch))
    try:
        record = read_prefetch(raw, expected(), patient_id, SERVER)
    except SubjectMismatch:
        return Said((), REFUSED)
    if any(record.queries[key] in (QueryState.NOT_SENT, QueryState.FAILED) for key in required()):
        return Said((), REFUSED)
    if record.patient is None or record.patient.is_deceased or record.patient.is_replaced:
        return Said((), SILENCE)
    found = facts_from_record(record, value_sets(), today=today, zone=ZONE)
    if not is_ours(found.facts):
        return Said((), SILENCE, found.facts)
    unread = tuple(hidden(record, facts_of_queries(pathways())))
    made = _decided(msgspec.json.encode(found.facts), unread, today)
    return Said(made, "" if made else SILENCE, found.facts)


def is_ours(facts: Mapping[str, Json]) -> bool:
    """Decision table section 1: a study of the leg, or a treated vein without one."""
    return bool(facts.get("exams")) or not {"stent_date", "intervention_date"}.isdisjoint(facts.get("procedure", {}))


@lru_cache(maxsize=64)
def _decided(facts: bytes, unread: tuple[Hidden, ...], today: date) -> tuple[Json, ...]:
    """The advice on these facts when these queries hide something. Kept, since most changes change no fact."""
    told = believed(pathways(), parse_facts(msgspec.json.decode(facts)), unread, today)
    made = evaluate(pathways(), told.facts, today=today, config={}).recommendations
    return tuple(recommendation_json(each) for each in made)


def advice_on_facts(facts: Json, today: date, config: Mapping[str, Json] | None = None) -> tuple[Json, ...]:
    """The advice of `POST /evaluate` on facts."""
    made = evaluate(pathways(), parse_facts(facts), today=today, config=config or {}).recommendations
    return tuple(recommendation_json(each) for each in made)


def read(written: Written, patient: Known, *, is_bundle: bool) -> Known:
    """The reader, as the identity asks it."""
    known_codes, today = site().value_sets if written.is_local else None, patient.today
    if is_bundle:
        return known_of(facts_of_bundle(written.bundle(), today, known_codes), today)
    found = facts_of_prefetch(written.prefetch(), written.patient["id"], today, known_codes)
    return known_of(found, today)


def ask(prefetch: dict[str, Json], patient: Known) -> Answered:
    """The service, as the metamorphic judge asks it."""
    said = advice(prefetch, prefetch["patient"]["id"], patient.today)
    return Answered(said.recommendations, said.outcome == REFUSED)
