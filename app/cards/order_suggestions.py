"""What a card offers for the drafts a call carried: another order, other days, or taking a draft back.

Only a draft or a proposed appointment that the call carried is changed or removed, and never a drug (threat model D4).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

import msgspec
from fhir.resources.R4B.appointment import Appointment
from fhir.resources.R4B.servicerequest import ServiceRequest
from fhir_core.fhirabstractmodel import FHIRAbstractModel
from pydantic import ValidationError

from app.cards import wording
from app.cards.suggestions import Chart, Wanted, create_action, leg_to_examine, occurrence, suggestion
from app.clients.manner import PLAIN, Manner
from app.clinical.evaluate import Evaluation
from app.clinical.ordering import Disposition, DraftAdvice, OrderAdvice, OrderKind
from app.clinical.reading.drafts import Carried
from app.pathway.decide import Recommendation
from app.pathway.timing import Timing

NO_ACTION: Final = frozenset({OrderKind.ANTICOAGULANT})
"""Never a drug, not even to take it back."""

MISSED_LEG: Final = "duplex-symptomatic-leg"
"""The order that examines only the leg nobody has examined yet."""

WHEN: Final[Mapping[str, frozenset[str]]] = {
    "ServiceRequest": frozenset({"occurrenceDateTime", "occurrencePeriod", "occurrenceTiming"}),
    "Appointment": frozenset({"start", "end", "slot", "requestedPeriod"}),
}
"""What says when, with the extensions of primitives; a slot is a certain time of a certain calendar."""

CHECKED_BY: Final[Mapping[str, type[FHIRAbstractModel]]] = {
    "ServiceRequest": ServiceRequest,
    "Appointment": Appointment,
}


@dataclass(frozen=True, slots=True)
class Card:
    """The card that the suggestions are for. `note`: what every draft says of what it rests on."""

    chart: Chart
    id: UUID
    note: str = ""
    manner: Manner = PLAIN


def order_suggestions(
    evaluation: Evaluation, advice: OrderAdvice, drafts: Mapping[str | None, Carried], card: Card
) -> list[dict[str, object]]:
    """The suggestions, in the order of the drafts; empty when there is nothing to offer."""
    suggested: list[dict[str, object]] = []
    placed: set[str] = set()
    for each in advice.drafts:
        carried = drafts.get(each.draft.reference)
        if each.draft.kind is OrderKind.DISCHARGE:
            suggested += _arranged(evaluation, each, card)
        elif each.recommendations and carried and carried.may_change and each.draft.kind not in NO_ACTION:
            suggested += _changed(evaluation, each, carried, card, placed)
    return list({str(each["uuid"]): each for each in suggested}.values())


def _arranged(evaluation: Evaluation, advice: DraftAdvice, card: Card) -> Iterator[dict[str, object]]:
    """What the patient leaves without, as draft orders."""
    for made in advice.recommendations:
        if made.order:
            action = _create(evaluation, advice, made, made.order, card)
            if action:
                yield suggestion(f"Order {_title(advice, made.order)}", uuid5(card.id, made.id), action)


def _changed(
    evaluation: Evaluation, advice: DraftAdvice, carried: Carried, card: Card, placed: set[str]
) -> Iterator[dict[str, object]]:
    """`placed`: what is offered in the place of an earlier draft; once is enough."""
    match advice.disposition:
        case Disposition.RESCHEDULE:
            yield from _rescheduled(advice, carried, card)
        case Disposition.REPLACE if advice.replacement in placed and not _is_booking(carried):
            yield _taken_back(carried, card)
        case Disposition.REPLACE if advice.replacement and not _is_booking(carried):
            replaced = list(_replaced(evaluation, advice, advice.replacement, carried, card))
            placed.update([advice.replacement] if replaced else [])
            yield from replaced
        case Disposition.REMOVE if not _is_booking(carried):
            yield _taken_back(carried, card)
        case _:
            return


def _rescheduled(advice: DraftAdvice, carried: Carried, card: Card) -> Iterator[dict[str, object]]:
    moved = rescheduled(carried.resource, advice.window) if card.manner.speech.may_update else None
    if moved:
        days = wording.advised_days(advice.window)
        thing = "appointment" if _is_booking(carried) else "order"
        action = {"type": "update", "description": f"Move the {thing} to {days}.", "resource": moved}
        yield suggestion(f"Move to {days}", _id(card, carried, "update"), action)


def _replaced(
    evaluation: Evaluation, advice: DraftAdvice, replacement: str, carried: Carried, card: Card
) -> Iterator[dict[str, object]]:
    """Both in one suggestion, or one each where the EHR takes one action at a time (vendors.md, 2)."""
    made = next(each for each in advice.recommendations if each.order == replacement)
    create = _create(evaluation, advice, made, replacement, card)
    if create is None:
        return
    title = _title(advice, replacement)
    if card.manner.speech.several_actions:
        label = f"Order {title} instead"
        yield suggestion(label, _id(card, carried, made.id), _delete(carried), create)
    else:
        yield suggestion(f"Order {title}", _id(card, carried, made.id), create)
        yield _taken_back(carried, card)


def _taken_back(carried: Carried, card: Card) -> dict[str, object]:
    return suggestion("Take this order back", _id(card, carried, "delete"), _delete(carried))


def _create(
    evaluation: Evaluation, advice: DraftAdvice, made: Recommendation, name: str, card: Card
) -> dict[str, object] | None:
    pathway = advice.decided.pathway
    order = pathway.orders[name]
    timing = made.timing if made.timing.earliest else advice.window
    side = leg_to_examine(evaluation, order, only_missed=name == MISSED_LEG)
    wanted = Wanted(name, order, timing, side, pathway.because[made.rules[0]], card.note)
    return create_action(wanted, card.chart, uuid5(card.id, f"{name} {advice.draft.reference}"), card.manner)


def _delete(carried: Carried) -> dict[str, object]:
    return {"type": "delete", "description": "Remove the draft order of this call.", "resourceId": carried.name}


def _title(advice: DraftAdvice, name: str) -> str:
    return advice.decided.pathway.orders[name].title


def _is_booking(carried: Carried) -> bool:
    return bool(carried.name) and str(carried.name).startswith("Appointment/")


def _id(card: Card, carried: Carried, what: str) -> UUID:
    return uuid5(card.id, f"{what} {carried.name}")


def rescheduled(resource: msgspec.Raw, window: Timing) -> dict[str, object] | None:
    """The whole resource on the advised days, every other element as it came (ACT-04); None when there are no days, or
    when what came is no valid R4 that could be given back.
    """
    period = occurrence(window)
    members = msgspec.json.decode(resource, type=dict[str, msgspec.Raw])
    kind = msgspec.json.decode(members["resourceType"], type=str)
    if not period or kind not in WHEN:
        return None
    kept = {name: raw for name, raw in members.items() if name.removeprefix("_") not in WHEN[kind]}
    on = period if kind == "ServiceRequest" else {"requestedPeriod": [period["occurrencePeriod"]]}
    moved: dict[str, object] = {**kept, **on}
    return moved if _is_valid(kind, moved) else None


def _is_valid(kind: str, resource: Mapping[str, object]) -> bool:
    plain = msgspec.json.decode(msgspec.json.encode(resource))
    if _has_nothing(plain):
        return False  # GEN-02
    try:
        CHECKED_BY[kind].model_validate(plain)
    except ValidationError:
        return False
    return True


def _has_nothing(value: object) -> bool:
    """Whether a null, an empty text, list or object is anywhere in it."""
    if value is None or value in ("", [], {}):
        return True
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_has_nothing(each) for each in members)
