"""What a hook asks, read from its context: the drafts it brings, and which of them it is about.

Every member is read tolerantly: an odd draft harms only itself, and what no draft says is asked of nobody. Names and
spellings: conformance.md section 6, fixtures/hooks.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from app.cds_hooks.messages import Call, member_list, member_object, text_or_none
from app.clinical.ordering import DraftOrder, OrderKind
from app.clinical.reading.drafts import Carried, Reader
from app.fhir.codings import codes_of
from app.fhir.drafts import entries
from app.fhir.record import Record, name_of
from app.fhir.resources import Entry
from app.fhir.subject import without_version

DISPATCHED: Final = ("dispatchedOrders", "dispatched-orders")
ORDER_1_0: Final = "order"
"""The one order that order-dispatch 1.0 dispatched."""

TRIGGERS: Final[Mapping[str, str]] = {"18": "order-sign", "23": "order-sign", "27": "encounter-discharge"}
"""Epic's own moments, sent as patient-view: enter order, sign orders, inpatient discharge (vendors.md, 2)."""

_ORDER: Final = re.compile(r"(ServiceRequest|MedicationRequest)/[A-Za-z0-9\-.]{1,64}", re.ASCII)


class Asked(StrEnum):
    """What a call wants to know."""

    CHART = "chart"
    ORDERS = "orders"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Question:
    """What a call wants to know. `drafts`: all that concern this service; `about`: the references of those to speak
    of, None for all. `references`: orders that are sent off, to be looked up in the record. `entries`: appointments
    that say what they are for by an order of the record.
    """

    asked: Asked
    drafts: tuple[Carried, ...] = ()
    about: frozenset[str] | None = None
    references: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()


NOTHING: Final = Question(Asked.NOTHING)
CHART: Final = Question(Asked.CHART)
LEAVES: Final = Carried(None, frozenset(), DraftOrder(OrderKind.DISCHARGE), may_change=False, resource=msgspec.Raw())


def question(call: Call, reader: Reader) -> Question:
    """What the call asks, before anything of the record is read."""
    match _moment(call):
        case "order-sign":
            return _of(reader.carried(_entries(call, "draftOrders")))
        case "order-select":
            return _selected(call, reader)
        case "appointment-book":
            return _booked(_entries(call, "appointments"), reader)
        case "encounter-discharge":
            return _of((LEAVES,))
        case "order-dispatch":
            references = tuple(_dispatched(call))
            return Question(Asked.ORDERS, references=references) if references else NOTHING
        case _:
            return CHART


def question_without_orders(call: Call) -> Question:
    """The same where nothing is said of orders."""
    return CHART if _moment(call) == "patient-view" else NOTHING


def with_orders_of_record(asked: Question, record: Record, reader: Reader, found: Sequence[Entry]) -> Question:
    """The question with what only the record says. `found`: the orders that came, as entries of a Bundle."""
    if asked.references:
        sent = [each for each in reader.carried(found) if not each.addresses.isdisjoint(asked.references)]
        return _of(tuple({each.name: each for each in sent}.values()))
    if asked.entries:
        orders = {name_of(each): reader.imaging(codes_of(each.code), ()) for each in record.service_requests}
        return _of(reader.carried(asked.entries, orders))
    return asked


def _of(drafts: tuple[Carried, ...]) -> Question:
    return Question(Asked.ORDERS, drafts) if drafts else NOTHING


def _moment(call: Call) -> str:
    """The hook, or the one that the EHR means by its own trigger. An order is only being placed if there are drafts."""
    if call.hook != "patient-view":
        return call.hook
    meant = TRIGGERS.get(call.trigger or "", call.hook)
    return call.hook if meant == "order-sign" and member_object(call.context, "draftOrders") is None else meant


def _entries(call: Call, name: str) -> list[Entry]:
    bundle = member_object(call.context, name)
    return [] if bundle is None else entries(bundle)


def _selected(call: Call, reader: Reader) -> Question:
    """Only what was selected now is spoken of; what lies beside it is known (a second leg, the other study)."""
    selections = {without_version(each) for each in _texts(member_list(call.context, "selections"))}
    drafts = reader.carried(_entries(call, "draftOrders")) if selections else ()
    about = frozenset(each.order.reference or "" for each in drafts if not selections.isdisjoint(each.addresses))
    return Question(Asked.ORDERS, drafts, about) if about else NOTHING


def _booked(found: list[Entry], reader: Reader) -> Question:
    if reader.rests_on_an_order(found):
        return Question(Asked.ORDERS, entries=tuple(found))
    return _of(reader.carried(found))


def _dispatched(call: Call) -> Iterable[str]:
    """The orders that are sent off, as local references."""
    lists = (member_list(call.context, name) for name in DISPATCHED)
    raw = [*(each for sent in lists for each in sent), call.context.get(ORDER_1_0, msgspec.Raw(b"null"))]
    base = f"{(call.fhir_server or '').rstrip('/')}/"
    local = (without_version(each).removeprefix(base) for each in _texts(raw))
    return dict.fromkeys(each for each in local if _ORDER.fullmatch(each))


def _texts(raw: Iterable[msgspec.Raw]) -> list[str]:
    return [text for text in map(text_or_none, raw) if text]
