"""What one query brought: the resources in its answer and how far the answer can be trusted.

Follows CDS Hooks 2.0.1 as read in conformance.md section 5, row by row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from app.fhir.codings import codes_of
from app.fhir.resources import RESOURCES, UNREADABLE, Bundle, Entry, Header, OperationOutcome, read

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_KIND: Final = re.compile(r"[A-Z][A-Za-z]{1,63}", re.ASCII)

# Epic's "Resource request returns no results." (vendors.md section 2); the last arcs of the system differ by site.
_EPIC_SYSTEM: Final = "urn:oid:1.2.840.114350."
_EPIC_NO_RESULTS: Final = "4101"


class QueryState(StrEnum):
    """What became of one query; never merge two of them: only EMPTY says that there is nothing."""

    ANSWERED = "answered"  # data came
    EMPTY = "empty"  # asked, nothing there
    INCOMPLETE = "incomplete"  # data came but not all of it, or not all could be used
    FAILED = "failed"  # the server said so, or the answer has the wrong shape
    NOT_SENT = "not-sent"  # the key is absent


class Reason(StrEnum):
    """Why a resource is not used. Our own words; nothing of the resource is repeated."""

    ANOTHER_PATIENT = "about another patient"
    NO_SUBJECT = "not provably about this patient"
    UNREADABLE = "cannot be read"
    MODIFIED = "carries a modifier extension or implicit rules that we do not know"
    CONTRADICTS = "comes in versions that contradict each other"
    OLDER = "replaced by a newer version"
    IN_ERROR = "entered in error"
    REFUTED = "refuted"
    OTHER_TYPE = "not the resource type that was asked for"
    PARTLY_FAILED = "says that the query failed, although data came with it"


@dataclass(frozen=True, slots=True, order=True)
class SetAside:
    """A resource that was not used: `Observation/o1` (`Observation/?` without a usable id), its query, the reason."""

    resource: str
    query: str
    reason: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """One resource as it came. An included one is a detail of another, never a finding of its own."""

    query: str
    raw: msgspec.Raw
    header: Header
    full_url: str | None = None
    is_included: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What one query brought."""

    state: QueryState
    arrivals: tuple[Arrival, ...] = ()
    set_aside: tuple[SetAside, ...] = ()


def answer_of(query: str, raw: msgspec.Raw | None, kind: str) -> Answer:
    """Read the value of one prefetch key whose query asks for resources of type `kind`."""
    if raw is None:
        return Answer(QueryState.NOT_SENT)
    if bytes(raw).strip() == b"null":
        return Answer(QueryState.EMPTY)
    header = header_of(raw)
    match header.resource_type:
        case "Bundle":
            return answer_of_bundle(query, read(raw, Bundle), kind)
        case None:
            return Answer(_state_of_nothing(raw))
        case found if found == kind:
            return _answer_of_one(Arrival(query, raw, header))
    aside = SetAside(shown_name(header.resource_type, header.id), query, Reason.OTHER_TYPE)
    return Answer(QueryState.FAILED, (), (aside,))


def _answer_of_one(arrival: Arrival) -> Answer:
    """A read brings the resource itself. One bare resource as the answer to a search may not be all of it."""
    is_read = arrival.header.resource_type == "Patient"
    return Answer(QueryState.ANSWERED if is_read else QueryState.INCOMPLETE, (arrival,))


def _state_of_nothing(raw: msgspec.Raw) -> QueryState:
    """`{}` and the pre-1.0 wrapper {"response", "resource"} count as absent; anything else has the wrong shape."""
    try:
        members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except UNREADABLE:
        return QueryState.FAILED
    is_wrapper = not members or "response" in members or "resource" in members
    return QueryState.NOT_SENT if is_wrapper else QueryState.FAILED


def answer_of_bundle(query: str, bundle: Bundle | None, kind: str | None) -> Answer:
    """Sort a Bundle's entries. `kind` is the type that was asked for; None takes every type we know."""
    if bundle is None or bundle.is_modified:
        return Answer(QueryState.FAILED)
    outcomes: list[OperationOutcome | None] = []
    arrivals: list[Arrival] = []
    set_aside: list[SetAside] = []
    has_gap = False
    for raw in bundle.entry:
        entry = read(raw, Entry)
        if entry is None or not bytes(entry.resource) or entry.modifier_extension:
            has_gap = has_gap or bytes(raw) != b"null"
            continue
        arrival = _arrival(query, entry, kind)
        found = arrival.header.resource_type
        if found == "OperationOutcome":
            outcomes.append(read(entry.resource, OperationOutcome))
        elif found is None:
            set_aside.append(SetAside(shown_name(None, None), query, Reason.UNREADABLE))
            has_gap = True
        elif _is_wanted(arrival, kind):
            arrivals.append(arrival)
        elif (kind is not None and not arrival.is_included) or found == "Bundle":
            has_gap = has_gap or found == "Bundle"  # answers inside an answer: nothing of them is read
            set_aside.append(SetAside(shown_name(found, arrival.header.id), query, Reason.OTHER_TYPE))
    state = _state_of_bundle(bundle, arrivals, outcomes, has_gap=has_gap)
    if state is QueryState.FAILED and arrivals:
        set_aside.append(SetAside(shown_name("OperationOutcome", None), query, Reason.PARTLY_FAILED))
    return Answer(state, tuple(arrivals), tuple(set_aside))


def _arrival(query: str, entry: Entry, kind: str | None) -> Arrival:
    header = header_of(entry.resource)
    is_included = entry.search is not None and entry.search.mode == "include"
    if kind is None and header.resource_type == "Patient":
        is_included = False  # a whole record is about its Patient, however the search that made it brought it along
    return Arrival(query, entry.resource, header, entry.full_url, is_included)


def _is_wanted(arrival: Arrival, kind: str | None) -> bool:
    """The type asked for; in a whole record every type we know; as an included detail only Observations."""
    found = arrival.header.resource_type
    if arrival.is_included:
        return found == "Observation"
    return found in RESOURCES if kind is None else found == kind


def _state_of_bundle(
    bundle: Bundle,
    arrivals: Sequence[Arrival],
    outcomes: Sequence[OperationOutcome | None],
    *,
    has_gap: bool,
) -> QueryState:
    matches = {identity_of(arrival) for arrival in arrivals if not arrival.is_included}
    has_more = any(link.relation == "next" for link in bundle.link)
    if any(_reports_failure(outcome) for outcome in outcomes):
        return QueryState.FAILED
    if has_gap or has_more or (bundle.total or 0) > len(matches):
        return QueryState.INCOMPLETE
    if matches:
        return QueryState.INCOMPLETE if outcomes else QueryState.ANSWERED
    says_none = bundle.total == 0 or all(_says_no_results(outcome) for outcome in outcomes)
    return QueryState.EMPTY if says_none else QueryState.FAILED


def _reports_failure(outcome: OperationOutcome | None) -> bool:
    return outcome is None or any(issue.severity in ("error", "fatal") for issue in outcome.issue)


def _says_no_results(outcome: OperationOutcome | None) -> bool:
    issues = outcome.issue if outcome else ()
    codes = [code for issue in issues for code in codes_of(issue.details)]
    return any(code.code == _EPIC_NO_RESULTS and code.system.startswith(_EPIC_SYSTEM) for code in codes)


def identity_of(arrival: Arrival) -> tuple[str, str]:
    """What makes two arrivals the same resource: type and id, else fullUrl, else every byte."""
    known = arrival.header.id or arrival.full_url
    return (arrival.header.resource_type or "", known or bytes(arrival.raw).decode("utf-8", "replace"))


def header_of(raw: bytes | msgspec.Raw) -> Header:
    """The header of JSON of any shape; empty when it has none."""
    return read(raw, Header) or Header()


def shown_name(kind: str | None, identifier: str | None) -> str:
    """`Observation/o1`, built only from what has the form of a FHIR type and id: no other text passes through."""
    shown_kind = kind if kind and _KIND.fullmatch(kind) else "Resource"
    return f"{shown_kind}/{identifier}" if identifier and _ID.fullmatch(identifier) else f"{shown_kind}/?"
