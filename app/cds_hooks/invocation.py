"""One call becomes one card, or silence: the steps 2 to 6 of docs/architecture.md, read top to bottom in `answer`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import httpx
import msgspec

from app.cards.render import render_card
from app.cds_hooks.discovery import Service, record_queries
from app.cds_hooks.messages import Call, FhirAccess
from app.clinical.evaluate import evaluate
from app.clinical.reading import facts_from_record
from app.clinical.vocabulary import parse_facts
from app.errors import PrefetchMissing, WorldError, operation_outcome
from app.fhir.answers import QueryState, Reason
from app.fhir.client import fetch_missing
from app.fhir.record import Record, read_prefetch
from app.fhir.value_sets import ValueSets
from app.pathway.load import Pathway
from app.settings import Settings

PATIENT: Final = "{{context.patientId}}"
FAILED: Final = msgspec.json.encode(operation_outcome(WorldError()))

# PF-13, PF-14: an empty answer is an answer; only what nobody asked or what failed is missing.
UNANSWERED: Final = frozenset({QueryState.NOT_SENT, QueryState.FAILED})


@dataclass(frozen=True, slots=True)
class Desk:
    """What answering a call needs, handed in once."""

    settings: Settings
    pathways: Sequence[Pathway]
    value_sets: ValueSets
    http: httpx.AsyncClient
    clock: Callable[[], date]

    @property
    def speaking(self) -> Sequence[Pathway]:
        """The pathways whose cards are shown: all, or only those that a clinician has signed."""
        silent = self.settings.unapproved_pathways == "silent"
        return [pathway for pathway in self.pathways if pathway.approved or not silent]


async def answer(call: Call, service: Service, desk: Desk) -> dict[str, object] | None:
    """The card for a call, or None when there is nothing to say. Raises CallerError 400 and 412."""
    today = call.today or desk.clock()
    record = await _record(call, desk)
    patient = record.patient
    if patient is None or patient.is_deceased or patient.is_replaced:
        return None  # H3: no advice without the Patient (PF-14: no error), nor for one who died or was merged away
    found = facts_from_record(record, desk.value_sets, today=today, zone=desk.settings.zone)
    if not found.facts.get("exams"):
        return None  # no leg-vein examination: not a patient of these pathways
    evaluation = evaluate(desk.speaking, parse_facts(cautious(found.facts, record)), today=today, config={})
    return render_card(
        evaluation,
        found,
        patient_id=call.patient_id,
        encounter_id=call.encounter_id,
        hook_instance=call.hook_instance,
        service_id=service.id,
    )


def cautious(facts: Mapping[str, object], record: Record) -> Mapping[str, object]:
    """The facts, with what an incomplete answer may hide (H22): a page that did not come may hold a later study or a
    later course of the symptoms, so it counts as a study without a result, and a course that reassures is not known.
    Data beside an error are such a page, too; a query that brought nothing is as if it had not been asked.
    """
    hidden = {key for key, state in record.queries.items() if state is QueryState.INCOMPLETE}
    hidden |= {aside.query for aside in record.set_aside if aside.reason == Reason.PARTLY_FAILED}
    exams, symptoms = facts.get("exams"), facts.get("symptoms")
    safe = dict(facts)
    if "reports" in hidden and isinstance(exams, list | tuple):
        safe["exams"] = [*exams, {"report_status": "registered"}]
    if any(key.endswith("observations") for key in hidden) and isinstance(symptoms, Mapping):
        known = dict(symptoms)
        if known.get("status") in {"resolved", "improving"}:
            del known["status"]
        safe["symptoms"] = known
    return safe


async def _record(call: Call, desk: Desk) -> Record:
    """The patient's record from what came and, where that is allowed, from what could be fetched (PF-12)."""
    queries = record_queries(desk.speaking)
    expected = {key: query.resource for key, query in queries.items()}
    record = read_prefetch(call.prefetch, expected, call.patient_id, call.fhir_server)
    if call.access:
        not_sent, cut_off = (_in_state(record, state) for state in (QueryState.NOT_SENT, QueryState.INCOMPLETE))
        urls = {key: queries[key].template.replace(PATIENT, call.patient_id) for key in not_sent}
        first_pages = {key: bytes(call.prefetch[key]) for key in cut_off}
        if urls or first_pages:
            prefetch = {**call.prefetch, **await _fetched(call.access, urls, first_pages, desk)}
            record = read_prefetch(prefetch, expected, call.patient_id, call.fhir_server)
    missing = [key for key, query in queries.items() if query.required and record.queries[key] in UNANSWERED]
    if missing:
        raise PrefetchMissing(missing)
    return record


def _in_state(record: Record, wanted: QueryState) -> list[str]:
    return [key for key, state in record.queries.items() if state is wanted]


async def _fetched(
    access: FhirAccess, urls: Mapping[str, str], first_pages: Mapping[str, bytes], desk: Desk
) -> dict[str, msgspec.Raw]:
    """What the EHR's server answers, key by key: what was not sent, and the pages behind a first one (PF-05, PF-12).
    A query that fails reads as one the client says failed (PF-07).
    """
    allowed = desk.settings.fhir_allowed_bases
    answers = await fetch_missing(
        desk.http,
        access.base,
        access.token,
        urls,
        first_pages=first_pages,
        allowed_bases=allowed,
        allow_loopback=desk.settings.on_loopback and not allowed,
    )
    return {key: msgspec.Raw(answer if isinstance(answer, bytes) else FAILED) for key, answer in answers.items()}
