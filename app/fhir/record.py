"""One patient's usable resources, and what was set aside with its reason.

A record is the same whatever the order of its entries and however often one is repeated (threat model H17, H18).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeVar

import msgspec

from app.errors import CallerError, SubjectMismatch
from app.fhir.answers import (
    Answer,
    Arrival,
    QueryState,
    Reason,
    SetAside,
    answer_of,
    answer_of_bundle,
    header_of,
    identity_of,
    shown_name,
)
from app.fhir.resources import (
    RESOURCES,
    AllergyIntolerance,
    Bundle,
    Condition,
    Device,
    DiagnosticReport,
    Encounter,
    ImagingStudy,
    MedicationRequest,
    MedicationStatement,
    Observation,
    Patient,
    Procedure,
    QuestionnaireResponse,
    Reference,
    Resource,
    ServiceRequest,
    read,
)
from app.fhir.subject import Proof, Subject, without_version
from app.fhir.versions import Reading, Verdict, judge

__all__ = ["QueryState", "Reason", "Record", "SetAside", "name_of", "read_bundle", "read_prefetch"]

R = TypeVar("R", bound=Resource)

RECORD: Final = "record"  # the name of the one query of a record that came as a Bundle

# What leaves a hole in the answer: something was there that may have mattered. What is certainly another patient's,
# outdated or withdrawn leaves none.
_GAPS: Final = frozenset({Reason.NO_SUBJECT, Reason.UNREADABLE, Reason.MODIFIED, Reason.CONTRADICTS})


@dataclass(frozen=True, slots=True, repr=False)
class Record:
    """One patient's usable resources. Every tuple is in an order that depends on content only. No repr: it is PHI.

    `expected` is the FHIR type that each query asks for. `by_reference` finds a usable resource, included ones too, by
    any address it is known by (`Observation/o1`, absolute, urn:uuid), without version.
    """

    patient_id: str
    patient: Patient | None = None
    reports: tuple[DiagnosticReport, ...] = ()
    observations: tuple[Observation, ...] = ()
    conditions: tuple[Condition, ...] = ()
    imaging_studies: tuple[ImagingStudy, ...] = ()
    service_requests: tuple[ServiceRequest, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    encounters: tuple[Encounter, ...] = ()
    medication_requests: tuple[MedicationRequest, ...] = ()
    medication_statements: tuple[MedicationStatement, ...] = ()
    allergies: tuple[AllergyIntolerance, ...] = ()
    devices: tuple[Device, ...] = ()
    questionnaire_responses: tuple[QuestionnaireResponse, ...] = ()
    queries: Mapping[str, QueryState] = field(default_factory=dict)
    set_aside: tuple[SetAside, ...] = ()
    expected: Mapping[str, str] = field(default_factory=dict)
    by_reference: Mapping[str, Resource] = field(default_factory=dict)
    subject: Subject | None = None

    def is_about_patient(self, reference: Reference | None) -> bool:
        """Whether a reference provably means this patient."""
        subject = self.subject or Subject(self.patient_id)
        return subject.proof(reference) is Proof.OURS

    def queries_for(self, kind: str) -> tuple[str, ...]:
        """The names of the queries that ask for this resource type."""
        return tuple(query for query, asked in self.expected.items() if asked in (kind, "Bundle"))

    def resolve(self, reference: str | None) -> Resource | None:
        """The usable resource at this address, or None."""
        return None if reference is None else self.by_reference.get(without_version(reference))

    def is_complete(self, kind: str) -> bool:
        """Whether every query for this resource type was asked and answered in full, so that absence means absence."""
        states = [self.queries[query] for query in self.queries_for(kind)]
        return bool(states) and all(state in (QueryState.ANSWERED, QueryState.EMPTY) for state in states)


def name_of(resource: Resource) -> str:
    """`Observation/o1`; `Observation/?` when the id is missing or not a FHIR id, so that no text passes through."""
    return shown_name(resource.kind, resource.id)


def read_prefetch(
    prefetch: Mapping[str, msgspec.Raw] | None,
    expected: Mapping[str, str],
    patient_id: str,
    fhir_server: str | None,
) -> Record:
    """Make the record of `patient_id` from prefetched answers; `expected` maps each key to its FHIR resource type.

    Raises SubjectMismatch when the Patient that came is another one. Nothing else in the data makes it raise.
    """
    answers = {query: answer_of(query, (prefetch or {}).get(query), kind) for query, kind in expected.items()}
    _refuse_another_patient(answers, expected, patient_id)
    return _assemble(answers, expected, Subject(patient_id, fhir_server))


def read_bundle(raw: bytes | msgspec.Raw) -> Record:
    """Make a record from one Bundle that holds exactly one Patient, found by id and by fullUrl.

    Raises CallerError (400) when the Bundle cannot be read or holds no or several Patients.
    """
    bundle = read(raw, Bundle) if header_of(raw).resource_type == "Bundle" else None
    if bundle is None or bundle.is_modified:
        text = "The record is not a FHIR R4 Bundle that can be read."
        raise CallerError(400, "record-unreadable", text, _BUNDLE_HINT, ("record",))
    answer = answer_of_bundle(RECORD, bundle, None)
    patients = [arrival for arrival in answer.arrivals if arrival.header.resource_type == "Patient"]
    if len({identity_of(arrival) for arrival in patients}) != 1:
        text = "The record must hold exactly one Patient."
        raise CallerError(400, "record-needs-one-patient", text, _BUNDLE_HINT, ("record.entry",))
    return _assemble({RECORD: answer}, {RECORD: "Bundle"}, _subject_of(patients))


_BUNDLE_HINT: Final = "Send a FHIR R4 Bundle with one Patient and the resources about that patient."


def _refuse_another_patient(answers: Mapping[str, Answer], expected: Mapping[str, str], patient_id: str) -> None:
    for query, answer in answers.items():
        for arrival in answer.arrivals:
            is_patient = expected[query] == "Patient" and not arrival.is_included
            if is_patient and arrival.header.id not in (None, patient_id):
                raise SubjectMismatch


def _subject_of(patients: Sequence[Arrival]) -> Subject:
    """The one Patient of a Bundle: every copy has the same id, or none has one."""
    full_urls = frozenset(without_version(arrival.full_url) for arrival in patients if arrival.full_url)
    return Subject(patients[0].header.id or "", None, full_urls)


def _assemble(answers: Mapping[str, Answer], expected: Mapping[str, str], subject: Subject) -> Record:
    states = {query: answer.state for query, answer in answers.items()}
    set_aside = {aside for answer in answers.values() for aside in answer.set_aside}
    used: list[Verdict] = []
    for group in _groups(answers.values()):
        for verdict in judge(group, subject):
            if verdict.reason is None:
                used.append(verdict)
                continue
            for arrival in {reading.arrival.query: reading.arrival for reading in verdict.readings}.values():
                name = shown_name(arrival.header.resource_type, arrival.header.id)
                set_aside.add(SetAside(name, arrival.query, verdict.reason))
                if verdict.reason in _GAPS:
                    states[arrival.query] = _with_gap(states[arrival.query], arrival)
    matches = [verdict for verdict in used if not all(r.arrival.is_included for r in verdict.readings)]
    return Record(
        patient_id=subject.patient_id,
        patient=next(iter(_of(matches, Patient)), None),
        reports=_of(matches, DiagnosticReport),
        observations=_of(matches, Observation),
        conditions=_of(matches, Condition),
        imaging_studies=_of(matches, ImagingStudy),
        service_requests=_of(matches, ServiceRequest),
        procedures=_of(matches, Procedure),
        encounters=_of(matches, Encounter),
        medication_requests=_of(matches, MedicationRequest),
        medication_statements=_of(matches, MedicationStatement),
        allergies=_of(matches, AllergyIntolerance),
        devices=_of(matches, Device),
        questionnaire_responses=_of(matches, QuestionnaireResponse),
        queries=MappingProxyType(states),
        set_aside=tuple(sorted(set_aside)),
        expected=MappingProxyType(dict(expected)),
        by_reference=MappingProxyType(_addresses(used, subject)),
        subject=subject,
    )


def _with_gap(state: QueryState, arrival: Arrival) -> QueryState:
    """A read whose one resource cannot be used has failed; a search has lost a part."""
    if arrival.header.resource_type == "Patient":
        return QueryState.FAILED
    return QueryState.INCOMPLETE if state is QueryState.ANSWERED else state


def _groups(answers: Iterable[Answer]) -> Iterable[list[Reading]]:
    """The copies and versions of each resource together. Without an id only equal bytes are the same resource."""
    groups: dict[tuple[str, str], list[Reading]] = {}
    for answer in answers:
        for arrival in answer.arrivals:
            kind = RESOURCES[arrival.header.resource_type or ""]
            groups.setdefault(identity_of(arrival), []).append(Reading(arrival, read(arrival.raw, kind)))
    return groups.values()


def _of(verdicts: Iterable[Verdict], kind: type[R]) -> tuple[R, ...]:
    """The resources of one type, each once, ordered by id and then by content."""
    found = [(reading.resource, reading.arrival) for verdict in verdicts for reading in verdict.readings[:1]]
    chosen = [(resource, arrival) for resource, arrival in found if isinstance(resource, kind)]
    return tuple(resource for resource, _ in sorted(chosen, key=lambda pair: identity_of(pair[1])))


def _addresses(used: Iterable[Verdict], subject: Subject) -> dict[str, Resource]:
    """Every address that means exactly one usable resource."""
    addresses: dict[str, Resource] = {}
    ambiguous: set[str] = set()
    for verdict in used:
        resource = verdict.readings[0].resource
        if resource is None:  # pragma: no cover - a used resource was read
            continue
        for address in {a for reading in verdict.readings for a in _known_as(reading, subject)}:
            if addresses.setdefault(address, resource) is not resource:
                ambiguous.add(address)
    return {address: resource for address, resource in addresses.items() if address not in ambiguous}


def _known_as(reading: Reading, subject: Subject) -> Iterable[str]:
    header = reading.arrival.header
    if header.id:
        yield f"{header.resource_type}/{header.id}"
        if subject.fhir_server:
            yield f"{subject.fhir_server.rstrip('/')}/{header.resource_type}/{header.id}"
    if reading.arrival.full_url:
        yield without_version(reading.arrival.full_url)
