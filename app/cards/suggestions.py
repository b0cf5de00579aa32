"""Draft orders: at most one ServiceRequest for a recommendation, as a CDS Hooks suggestion with one create action.

Only drafts and only proposals (threat model D4); never a drug. The resource is built and checked by fhir.resources
(R4B; identical to R4 for ServiceRequest). One action per suggestion, because some EHRs take no more (vendors, 7.3).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid5

from fhir.resources.R4B.servicerequest import ServiceRequest

from app.cards import wording
from app.clinical.evaluate import Evaluation
from app.clinical.examinations import LEGS
from app.pathway.content import Order
from app.pathway.decide import Recommendation

SNOMED = "http://snomed.info/sct"
# SNOMED CT has no code of its own in our value sets for the left or the right leg: the region is coded, and the side as
# a qualifier beside it.
LEG = {"system": SNOMED, "code": "61685007", "display": "Lower limb structure"}
SIDE = {
    "left": {"system": SNOMED, "code": "7771000", "display": "Left"},
    "right": {"system": SNOMED, "code": "24028007", "display": "Right"},
    "bilateral": {"system": SNOMED, "code": "51440002", "display": "Right and left"},
}


@dataclass(frozen=True, slots=True)
class Chart:
    """Whose chart the card is for. Ids without the resource type."""

    patient_id: str
    encounter_id: str | None


def suggestions(evaluation: Evaluation, chart: Chart, card_id: UUID) -> list[dict[str, object]]:
    """The suggestions of a card, in the order of its recommendations; empty when there is nothing to order."""
    return [_suggestion(evaluation, made, order, chart, card_id) for made, order in _orders(evaluation)]


def _orders(evaluation: Evaluation) -> Iterator[tuple[Recommendation, Order]]:
    for made in evaluation.recommendations:
        if made.order and not made.already_ordered:
            yield made, evaluation.home_of(made).orders[made.order]


def _suggestion(
    evaluation: Evaluation, made: Recommendation, order: Order, chart: Chart, card_id: UUID
) -> dict[str, object]:
    suggestion_id = uuid5(card_id, made.id)
    side = _side(evaluation, made) if order.side == "examined" else None
    legs = f", {wording.SIDES[side]}" if side else ""
    days = wording.advised_days(made.timing)
    sentence = f"Create a draft order: {order.title}{legs}{f', {days}' if days else ''}."
    return {
        "label": f"Order {order.title}",
        "uuid": str(suggestion_id),
        "actions": [
            {
                "type": "create",
                "description": sentence,
                "resource": _service_request(evaluation, made, order, chart, suggestion_id, side),
            }
        ],
    }


def _service_request(
    evaluation: Evaluation, made: Recommendation, order: Order, chart: Chart, suggestion_id: UUID, side: str | None
) -> dict[str, object]:
    draft = {
        "resourceType": "ServiceRequest",
        "id": str(suggestion_id),  # HL7's validator wants an id on a created resource (ACT-03)
        "status": "draft",
        "intent": "proposal",
        "code": {"coding": [code.model_dump() for code in order.codes], "text": order.title},
        "subject": {"reference": f"Patient/{chart.patient_id}"},
        **({"encounter": {"reference": f"Encounter/{chart.encounter_id}"}} if chart.encounter_id else {}),
        **_occurrence(made.timing.earliest, made.timing.latest),
        **({"bodySite": [{"coding": [LEG, SIDE[side]], "text": wording.SIDES[side]}]} if side else {}),
        "reasonCode": [{"text": _reason(evaluation, made)}],
        **({"note": [{"text": order.note}]} if order.note else {}),
    }
    # exclude_none: a member without a value is left out (GEN-03)
    checked: dict[str, object] = ServiceRequest.model_validate(draft).model_dump(mode="json", exclude_none=True)
    return checked


def _occurrence(earliest: date | None, latest: date | None) -> dict[str, object]:
    if earliest is None or latest is None:
        return {}
    return {"occurrencePeriod": {"start": earliest.isoformat(), "end": latest.isoformat()}}


def _reason(evaluation: Evaluation, made: Recommendation) -> str:
    return evaluation.home_of(made).because[made.rules[0]]


def _side(evaluation: Evaluation, made: Recommendation) -> str | None:
    """The leg to examine: the symptomatic one if known, else the scanned one; None when neither is."""
    symptomatic = evaluation.facts.symptoms.side
    latest = next((item.latest for item in evaluation.decisions if item.latest), None)
    scanned = latest.side if latest else "unknown"
    if made.id == "SCAN-SYMPTOMATIC-LEG":
        missed = LEGS[symptomatic] - LEGS[scanned]
        return next(iter(missed)) if len(missed) == 1 else symptomatic
    return next((side for side in (symptomatic, scanned) if side != "unknown"), None)
