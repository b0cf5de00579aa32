"""One call becomes one card, or silence: the steps 2 to 6 of docs/architecture.md, read top to bottom in `answer`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import httpx
import msgspec

from app.cards.render import render_card
from app.cds_hooks.discovery import Service, record_queries
from app.cds_hooks.messages import Call
from app.clinical.degradation import Hidden, believed, facts_of_queries
from app.clinical.evaluate import evaluate
from app.clinical.reading import facts_from_record
from app.clinical.vocabulary import parse_facts
from app.errors import PrefetchMissing, WorldError, operation_outcome
from app.fhir.access import FhirAccess
from app.fhir.answers import QueryState, Reason
from app.fhir.breakers import Breakers
from app.fhir.client import Limits, fetch_missing
from app.fhir.record import Record, read_prefetch
from app.fhir.value_sets import ValueSets
from app.pathway.content import RecordQuery
from app.pathway.load import Pathway
from app.settings import Settings

PATIENT: Final = "{{context.patientId}}"
FAILED: Final = msgspec.json.encode(operation_outcome(WorldError()))

# PF-13, PF-14: an empty answer is an answer; only what nobody asked or what failed is missing.
UNANSWERED: Final = frozenset({QueryState.NOT_SENT, QueryState.FAILED})

# Only these say what is not there (H21).
WHOLE: Final = frozenset({QueryState.ANSWERED, QueryState.EMPTY})


@dataclass(frozen=True, slots=True)
class Desk:
    """What answering a call needs, handed in once."""

    settings: Settings
    pathways: Sequence[Pathway]
    value_sets: ValueSets
    http: httpx.AsyncClient
    clock: Callable[[], date]
    breakers: Breakers = field(default_factory=Breakers)

    @property
    def speaking(self) -> Sequence[Pathway]:
        """The pathways whose cards are shown: all, or only those that a clinician has signed."""
        silent = self.settings.unapproved_pathways == "silent"
        return [pathway for pathway in self.pathways if pathway.approved or not silent]


async def answer(call: Call, service: Service, desk: Desk, *, arrived: float | None = None) -> dict[str, object] | None:
    """The card for a call, or None when there is nothing to say. Raises CallerError 400 and 412.

    `arrived`: when the call came in, on the event loop's clock (default now).
    """
    today = call.today or desk.clock()
    queries = record_queries(desk.speaking)
    record = await _record(call, queries, desk, arrived)
    patient = record.patient
    if patient is None or patient.is_deceased or patient.is_replaced:
        return None  # H3: no advice without the Patient (PF-14: no error), nor for one who died or was merged away
    found = facts_from_record(record, desk.value_sets, today=today, zone=desk.settings.zone)
    if not found.facts.get("exams"):
        return None  # no leg-vein examination: not a patient of these pathways
    told = believed(desk.speaking, parse_facts(found.facts), hidden(record, facts_of_queries(desk.speaking)), today)
    return render_card(
        evaluate(desk.speaking, told.facts, today=today, config={}),
        found,
        unread=unread(record, queries, told.withheld),
        patient_id=call.patient_id,
        encounter_id=call.encounter_id,
        hook_instance=call.hook_instance,
        service_id=service.id,
    )


def hidden(record: Record, brings: Mapping[str, frozenset[str]]) -> list[Hidden]:
    """The queries that were not answered in full. Data beside an error are a part of the answer, too (H21, H22)."""
    came_with_error = {aside.query for aside in record.set_aside if aside.reason == Reason.PARTLY_FAILED}
    return [
        Hidden(key, brings[key], is_partial=state is QueryState.INCOMPLETE or key in came_with_error)
        for key, state in record.queries.items()
        if state not in WHOLE
    ]


def unread(record: Record, queries: Mapping[str, RecordQuery], withheld: Collection[str]) -> list[str]:
    """In words, what could not be read: what failed or was cut, and what was not sent and would have been needed."""
    return [
        queries[key].why
        for key, state in record.queries.items()
        if state in (QueryState.FAILED, QueryState.INCOMPLETE) or key in withheld
    ]


async def _record(call: Call, queries: Mapping[str, RecordQuery], desk: Desk, arrived: float | None) -> Record:
    """The patient's record from what came and, where that is allowed, from what could be fetched (PF-12)."""
    expected = {key: query.resource for key, query in queries.items()}
    record = read_prefetch(call.prefetch, expected, call.patient_id, call.fhir_server)
    if call.access:
        not_sent, cut_off = (_in_state(record, state) for state in (QueryState.NOT_SENT, QueryState.INCOMPLETE))
        urls = {key: queries[key].template.replace(PATIENT, call.patient_id) for key in not_sent}
        first_pages = {key: bytes(call.prefetch[key]) for key in cut_off}
        if urls or first_pages:
            prefetch = {**call.prefetch, **await _fetched(call.access, urls, first_pages, desk, arrived)}
            record = read_prefetch(prefetch, expected, call.patient_id, call.fhir_server)
    missing = [key for key, query in queries.items() if query.required and record.queries[key] in UNANSWERED]
    if missing:
        raise PrefetchMissing(missing)
    return record


def _in_state(record: Record, wanted: QueryState) -> list[str]:
    return [key for key, state in record.queries.items() if state is wanted]


async def _fetched(
    access: FhirAccess, urls: Mapping[str, str], first_pages: Mapping[str, bytes], desk: Desk, arrived: float | None
) -> dict[str, msgspec.Raw]:
    """What the EHR's server answers, key by key: what was not sent, and the pages behind a first one (PF-05, PF-12).
    A query that fails reads as one the client says failed (PF-07).
    """
    settings = desk.settings
    answers = await fetch_missing(
        desk.http,
        access,
        urls,
        limits=Limits(settings.fhir_allowed_bases, settings.may_ask_loopback, settings.fhir_budget_ms / 1000),
        first_pages=first_pages,
        arrived=arrived,
        breakers=desk.breakers,
    )
    return {key: msgspec.Raw(answer if isinstance(answer, bytes) else FAILED) for key, answer in answers.items()}
