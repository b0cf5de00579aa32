"""One call becomes one card, or silence: the steps 2 to 6 of docs/architecture.md, read top to bottom in `answer`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import httpx
import msgspec

from app.cards.order_card import Told, render_order_card
from app.cards.render import render_card
from app.cds_hooks.contexts import Asked, question, question_without_orders, with_orders_of_record
from app.cds_hooks.discovery import Service, offered, record_queries
from app.cds_hooks.messages import Call
from app.clients.load import Client
from app.clinical.degradation import Believed, Hidden, believed, facts_of_queries
from app.clinical.evaluate import Evaluation, decide_all
from app.clinical.ordering import OrderAdvice, advice_about, advise_on_orders
from app.clinical.reading import RecordFacts, facts_from_record
from app.clinical.reading.drafts import Reader
from app.clinical.report_text import ReportWords
from app.clinical.vocabulary import Facts, parse_facts
from app.clinical.words_alone import without_calm_on_words_alone
from app.errors import PrefetchMissing, WorldError, operation_outcome
from app.fhir.access import FhirAccess
from app.fhir.answers import QueryState, Reason
from app.fhir.breakers import Breakers
from app.fhir.client import Limits, fetch_missing
from app.fhir.drafts import address_of, entries
from app.fhir.record import Record, read_prefetch
from app.fhir.resources import Entry
from app.fhir.subject import Subject
from app.pathway.content import RecordQuery
from app.pathway.load import Pathway
from app.settings import Settings

PATIENT: Final = "{{context.patientId}}"
TREATED: Final = frozenset({"stent_date", "intervention_date"})
FAILED: Final = msgspec.json.encode(operation_outcome(WorldError()))

ORDERS: Final = ("ServiceRequest", "MedicationRequest")

# PF-13, PF-14: an empty answer is an answer; only what nobody asked or what failed is missing.
UNANSWERED: Final = frozenset({QueryState.NOT_SENT, QueryState.FAILED})

# Only these say what is not there (H21).
WHOLE: Final = frozenset({QueryState.ANSWERED, QueryState.EMPTY})


@dataclass(frozen=True, slots=True)
class Desk:
    """What answering a call needs, handed in once."""

    settings: Settings
    client: Client
    http: httpx.AsyncClient
    clock: Callable[[], date]
    ask_loopback: bool = False
    breakers: Breakers = field(default_factory=Breakers)
    report_words: ReportWords | None = None

    @property
    def services(self) -> tuple[Service, ...]:
        """What this client is offered."""
        return offered(self.client.hooks)

    @property
    def speaking(self) -> Sequence[Pathway]:
        """The pathways whose cards are shown: all, or only those that a clinician has signed."""
        silent = self.settings.unapproved_pathways == "silent"
        return [pathway for pathway in self.client.pathways if pathway.approved or not silent]


@dataclass(frozen=True, slots=True)
class Decided:
    """What is known of the patient, and what the pathways say of it."""

    evaluation: Evaluation
    found: RecordFacts
    unread: Sequence[str]


async def answer(call: Call, service: Service, desk: Desk, *, arrived: float | None = None) -> dict[str, object] | None:
    """The card for a call, or None when there is nothing to say. Raises CallerError 400 and 412.

    `arrived`: when the call came in, on the event loop's clock (default now).
    """
    reader = Reader(desk.client.value_sets, desk.client.zone, Subject(call.patient_id, call.fhir_server))
    advisor = _advisor(desk)
    asked = question(call, reader) if advisor else question_without_orders(call)
    if asked.asked is Asked.NOTHING:
        return None  # before the record is read: nothing of it would matter
    record, came = await _record(call, desk.client.received(call.prefetch), desk, arrived)
    decided = _decided(record, call.today or desk.clock(), desk)
    if decided is None:
        return None
    if asked.asked is Asked.CHART or advisor is None:
        return render_card(
            decided.evaluation,
            decided.found,
            unread=decided.unread,
            patient_id=call.patient_id,
            encounter_id=call.encounter_id,
            hook_instance=call.hook_instance,
            service_id=service.id,
            manner=desk.client.manner,
        )
    orders = await _orders(asked.references, call, record, came, desk, arrived)
    asked = with_orders_of_record(asked, record, reader, orders)
    advice = advise_on_orders(decided.evaluation, [each.order for each in asked.drafts], advisor)
    return render_order_card(
        Told(decided.evaluation, decided.found, _about(advice, asked.about), decided.unread),
        {each.order.reference: each for each in asked.drafts},
        patient_id=call.patient_id,
        encounter_id=call.encounter_id,
        hook_instance=call.hook_instance,
        service_id=service.id,
        manner=desk.client.manner,
    )


def _about(advice: OrderAdvice, references: frozenset[str] | None) -> OrderAdvice:
    return advice if references is None else advice_about(advice, references)


def _advisor(desk: Desk) -> Pathway | None:
    """The pathway that advises on orders, if it may be shown, and so may the one whose decision it begins with."""
    speaking = {pathway.id for pathway in desk.speaking}
    return next((each for each in desk.speaking if each.advises_on_orders and each.uses in speaking), None)


def _decided(record: Record, today: date, desk: Desk) -> Decided | None:
    """What is decided for the patient of this record; None when it is nobody to advise on."""
    patient = record.patient
    if patient is None or patient.is_deceased or patient.is_replaced:
        return None  # H3: no advice without the Patient (PF-14: no error), nor for one who died or was merged away
    found = facts_from_record(
        record,
        desk.client.value_sets,
        today=today,
        zone=desk.client.zone,
        report_text=desk.client.report_text,
        report_words=desk.report_words,
    )
    if not _is_ours(found.facts):
        return None
    missing = hidden(record, facts_of_queries(desk.speaking))

    def told(facts: Facts) -> Believed:
        return believed(desk.speaking, facts, missing, today)

    found = without_calm_on_words_alone(found, lambda facts: decide_all(desk.speaking, told(facts).facts, today))
    relied_on = told(parse_facts(found.facts))
    evaluation = decide_all(desk.speaking, relied_on.facts, today)
    return Decided(evaluation, found, unread(record, record_queries(desk.speaking), relied_on.withheld))


def _is_ours(facts: Mapping[str, object]) -> bool:
    """Whether the pathways are for this patient: who had a leg-vein examination, or a vein treated with or without one
    (decision table section 1).
    """
    procedure = facts.get("procedure")
    is_treated = isinstance(procedure, Mapping) and not TREATED.isdisjoint(procedure)
    return bool(facts.get("exams")) or is_treated


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


async def _record(
    call: Call, received: Mapping[str, msgspec.Raw], desk: Desk, arrived: float | None
) -> tuple[Record, Mapping[str, msgspec.Raw]]:
    """The patient's record from what came and, where that is allowed, from what could be fetched (PF-12); and all that
    came or was fetched, as it is.
    """
    queries = record_queries(desk.speaking)
    expected = {key: query.resource for key, query in queries.items()}
    record = read_prefetch(received, expected, call.patient_id, call.fhir_server)
    if call.access:
        not_sent, cut_off = (_in_state(record, state) for state in (QueryState.NOT_SENT, QueryState.INCOMPLETE))
        urls = {key: queries[key].template.replace(PATIENT, call.patient_id) for key in not_sent}
        first_pages = {key: bytes(received[key]) for key in cut_off}
        if urls or first_pages:
            received = {**received, **await _fetched(call.access, urls, first_pages, desk, arrived)}
            record = read_prefetch(received, expected, call.patient_id, call.fhir_server)
    missing = [key for key, query in queries.items() if query.required and record.queries[key] in UNANSWERED]
    if missing:
        raise PrefetchMissing([desk.client.aliases.get(key, key) for key in missing])
    return record, received


async def _orders(
    references: Sequence[str],
    call: Call,
    record: Record,
    came: Mapping[str, msgspec.Raw],
    desk: Desk,
    arrived: float | None,
) -> list[Entry]:
    """The orders at these references, from what came; what is not there is fetched, where that is allowed."""
    in_record = [reference for reference in references if record.resolve(reference)]
    entries_of = (entries(came[key]) for kind in ORDERS for key in record.queries_for(kind) if key in came)
    found = [entry for each in entries_of for entry in each if address_of(entry) in in_record]
    missing = {reference: reference for reference in references if reference not in in_record}
    if missing and call.access:
        fetched = await _fetched(call.access, missing, {}, desk, arrived)
        found += [Entry(resource=raw) for raw in fetched.values()]
    return found


def _in_state(record: Record, wanted: QueryState) -> list[str]:
    return [key for key, state in record.queries.items() if state is wanted]


async def _fetched(
    access: FhirAccess, urls: Mapping[str, str], first_pages: Mapping[str, bytes], desk: Desk, arrived: float | None
) -> dict[str, msgspec.Raw]:
    """What the EHR's server answers, key by key: what was not sent, and the pages behind a first one (PF-05, PF-12).
    A query that fails reads as one the client says failed (PF-07).
    """
    client = desk.client
    answers = await fetch_missing(
        desk.http,
        access,
        urls,
        limits=Limits(client.fhir_bases, desk.ask_loopback, client.fhir_budget_ms / 1000),
        first_pages=first_pages,
        arrived=arrived,
        breakers=desk.breakers,
    )
    return {key: msgspec.Raw(answer if isinstance(answer, bytes) else FAILED) for key, answer in answers.items()}
