"""Draft orders: at most one ServiceRequest for a recommendation, as a CDS Hooks suggestion with one create action.

Only drafts and only proposals (threat model D4); never a drug. The resource is built and checked by fhir.resources
(R4B; identical to R4 for ServiceRequest). One action per suggestion, because some EHRs take no more (vendors, 7.3).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

from fhir.resources.R4B.servicerequest import ServiceRequest

from app.cards import wording
from app.clients.manner import PLAIN, Manner
from app.clinical.evaluate import Evaluation
from app.clinical.examinations import LEGS
from app.clinical.reading import RecordFacts
from app.clinical.vocabulary import Exam
from app.pathway.content import Order
from app.pathway.decide import Recommendation
from app.pathway.timing import Timing

REPORT: Final = re.compile(r"DiagnosticReport/[A-Za-z0-9\-.]{1,64}", re.ASCII)
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
    """Whose chart the card is for. Ids without the resource type. `rests_on`: the reports of the record that the advice
    is made of, as references.
    """

    patient_id: str
    encounter_id: str | None
    rests_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order to draft: its id and content, when, for which leg, why, and what it says of itself."""

    name: str
    order: Order
    timing: Timing
    side: str | None
    reason: str
    note: str = ""


def suggestions(
    evaluation: Evaluation, chart: Chart, card_id: UUID, note: str = "", manner: Manner = PLAIN
) -> list[dict[str, object]]:
    """The suggestions of a card, in the order of its recommendations; empty when there is nothing to order. `note`:
    what every draft says of what it rests on.
    """
    made_and_drafted = (
        (made, create_action(wanted, chart, uuid5(card_id, made.id), manner))
        for made, wanted in _orders(evaluation, note)
    )
    return [
        suggestion(f"Order {evaluation.home_of(made).orders[made.order or ''].title}", uuid5(card_id, made.id), action)
        for made, action in made_and_drafted
        if action
    ]


def suggestion(label: str, suggestion_id: UUID, *actions: Mapping[str, object]) -> dict[str, object]:
    """A suggestion that does all of these actions (SUG-01 to SUG-04)."""
    return {"label": label, "uuid": str(suggestion_id), "actions": list(actions)}


def create_action(wanted: Wanted, chart: Chart, draft_id: UUID, manner: Manner) -> dict[str, object] | None:
    """The creation of a draft order; None where this EHR has no code for it."""
    codes = manner.order_codes.of(wanted.name, wanted.order, manner.speech.order_systems)
    if not codes:
        return None
    legs = f", {wording.SIDES[wanted.side]}" if wanted.side else ""
    days = wording.advised_days(wanted.timing)
    return {
        "type": "create",
        "description": f"Create a draft order: {wanted.order.title}{legs}{f', {days}' if days else ''}.",
        "resource": _service_request(wanted, chart, draft_id, codes),
    }


def _orders(evaluation: Evaluation, note: str) -> Iterator[tuple[Recommendation, Wanted]]:
    for made in evaluation.recommendations:
        if made.order and not made.already_ordered:
            home = evaluation.home_of(made)
            order = home.orders[made.order]
            side = leg_to_examine(evaluation, order, only_missed=made.id == "SCAN-SYMPTOMATIC-LEG")
            yield made, Wanted(made.order, order, made.timing, side, home.because[made.rules[0]], note)


def _service_request(
    wanted: Wanted, chart: Chart, draft_id: UUID, codes: Sequence[Mapping[str, str]]
) -> dict[str, object]:
    notes = [{"text": text} for text in (wanted.order.note, wanted.note) if text]
    draft = {
        "resourceType": "ServiceRequest",
        "id": str(draft_id),  # HL7's validator wants an id on a created resource (ACT-03)
        "status": "draft",
        "intent": "proposal",
        "code": {"coding": list(codes), "text": wanted.order.title},
        "subject": {"reference": f"Patient/{chart.patient_id}"},
        **({"encounter": {"reference": f"Encounter/{chart.encounter_id}"}} if chart.encounter_id else {}),
        **occurrence(wanted.timing),
        **(
            {"bodySite": [{"coding": [LEG, SIDE[wanted.side]], "text": wording.SIDES[wanted.side]}]}
            if wanted.side
            else {}
        ),
        "reasonCode": [{"text": wanted.reason}],
        **({"supportingInfo": [{"reference": each} for each in chart.rests_on]} if chart.rests_on else {}),
        **({"note": notes} if notes else {}),
    }
    # exclude_none: a member without a value is left out (GEN-03)
    checked: dict[str, object] = ServiceRequest.model_validate(draft).model_dump(mode="json", exclude_none=True)
    return checked


def occurrence(timing: Timing) -> dict[str, object]:
    """The advised days as occurrencePeriod; empty when there are none."""
    if timing.earliest is None or timing.latest is None:
        return {}
    return {"occurrencePeriod": {"start": timing.earliest.isoformat(), "end": timing.latest.isoformat()}}


def leg_to_examine(evaluation: Evaluation, order: Order, *, only_missed: bool) -> str | None:
    """The leg to examine: the symptomatic one if known, else the scanned one; None when neither is, or the order has no
    side. `only_missed`: of the symptomatic legs the one that was not scanned.
    """
    if order.side != "examined":
        return None
    symptomatic = evaluation.facts.symptoms.side
    latest = next((item.latest for item in evaluation.decisions if item.latest), None)
    scanned = latest.side if latest else "unknown"
    if only_missed and symptomatic in LEGS and scanned in LEGS:
        missed = LEGS[symptomatic] - LEGS[scanned]
        return next(iter(missed)) if len(missed) == 1 else symptomatic
    return next((side for side in (symptomatic, scanned) if side != "unknown"), None)


def rests_on(record: RecordFacts, latest: Exam | None) -> tuple[str, ...]:
    """The reports of the record that say what the latest study found, as references."""
    if latest is None or latest.date is None:
        return ()
    day = latest.date.isoformat()
    named = (found.resource for found in record.found if found.fact.startswith("exams[") and found.date == day)
    return tuple(sorted({each for each in named if REPORT.fullmatch(each)}))
