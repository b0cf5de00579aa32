"""The cards that can be reached, and what may be wrong with one; imports the judge of the wire, not the code judged.

`python -m tests.cards.reachable --cards 20000` makes that many different cards (golden patients first, then made-up
ones, each with every kind of order) and ends with 1 if one is wrong.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from itertools import product
from random import Random
from typing import Any

from fhir.resources.R4B.servicerequest import ServiceRequest
from pydantic import ValidationError

from app.cards.order_card import Told, render_order_card
from app.clinical.evaluate import Evaluation, decide_all
from app.clinical.ordering import DraftOrder, OrderForm, OrderKind, advise_on_orders
from app.clinical.patients import limits_of, patient
from app.clinical.vocabulary import parse_facts
from app.pathway.load import Pathway
from tests.cards.cards import HOOK, NO_RECORD, golden, rendered
from tests.cds_hooks.response_model import CdsResponse
from tests.front_door import pathways

Card = dict[str, Any]

TODAY = date(2026, 6, 15)
LONGEST_DETAIL = 1200
LONGEST_SUMMARY = 140

# Plain text and the Markdown of emphasis and lists: no table, picture, HTML, heading or link. `D-dimer < 190` is text.
READABLE = re.compile(r"(?:[^<>|#\[\]\\_]|[<>]=? (?=[0-9]))*")
PARTS = ("**Why:** ", "Return or call at once ")


@cache
def order_pathway() -> Pathway:
    return next(pathway for pathway in pathways() if pathway.advises_on_orders)


def drafts(today: date) -> Iterator[DraftOrder]:
    """Every kind of order, on every kind of day."""
    days = (None, today, today + timedelta(6), today + timedelta(60))
    for side, extent, day in product(("left", "right", "bilateral", "unknown"), ("limited", "unknown"), days):
        yield DraftOrder(OrderKind.LEG_ULTRASOUND, extent, side, day, day, reference="0")
    for kind, contrast, day in product(
        (OrderKind.CT_VENOGRAPHY, OrderKind.MR_VENOGRAPHY), ("with", "without", "unknown"), days
    ):
        yield DraftOrder(kind, contrast=contrast, day_earliest=day, day_latest=day, reference="0")
    for kind in (OrderKind.ARTERIAL_RUN_OFF, OrderKind.D_DIMER, OrderKind.ANTICOAGULANT, OrderKind.DISCHARGE):
        yield DraftOrder(kind, reference="0")
    yield DraftOrder(
        OrderKind.LEG_ULTRASOUND, day_earliest=today, day_latest=today, form=OrderForm.BOOKING, reference="0"
    )


def order_card(evaluation: Evaluation, *orders: DraftOrder) -> Card | None:
    advice = advise_on_orders(evaluation, orders, order_pathway())
    told = Told(evaluation, NO_RECORD, advice)
    return render_order_card(
        told, {}, patient_id="p-1", encounter_id="e-1", hook_instance=HOOK, service_id="dvt-next-step-order-sign"
    )


def evaluations(seed: int) -> Iterator[Evaluation]:
    """The golden patients, then made-up ones without end."""
    yield from (evaluation for evaluation, _ in golden().values())
    random = Random(seed)  # noqa: S311 -- no secret
    limits = limits_of(parameter for pathway in pathways() for parameter in pathway.parameters.values())
    while True:
        yield decide_all(pathways(), parse_facts(patient(random, limits, TODAY)), TODAY)


def reachable(seed: int = 1, *, orders_each: int | None = None) -> Iterator[Card]:
    """Cards without end: of each patient the chart's card, and one for orders of every kind (or some of them)."""
    random = Random(seed)  # noqa: S311 -- no secret
    for evaluation in evaluations(seed):
        found = [rendered(evaluation)]
        every = list(drafts(evaluation.today))
        chosen = every if orders_each is None else random.sample(every, orders_each)
        found += [order_card(evaluation, draft) for draft in chosen]
        yield from (card for card in found if card)


def faults(card: Card) -> Iterator[str]:
    """What is wrong with a card."""
    if len(card["summary"]) >= LONGEST_SUMMARY:
        yield f"summary of {len(card['summary'])} characters"
    if len(card["detail"]) >= LONGEST_DETAIL:
        yield f"detail of {len(card['detail'])} characters"
    if not READABLE.fullmatch(card["detail"]) or not READABLE.fullmatch(card["summary"]):
        yield "not readable as plain text"
    yield from (f"lacks {part.strip()}" for part in PARTS if part not in card["detail"])
    if "links" in card:
        yield "a link that no client allows"
    try:
        CdsResponse.model_validate({"cards": [card]})
    except ValidationError as error:
        yield f"not CDS Hooks 2.0.1: {error.errors()[0]['msg']}"
    for suggestion in card.get("suggestions", ()):
        yield from (wrong for action in suggestion["actions"] for wrong in faults_of_action(action))


def faults_of_action(action: Card) -> Iterator[str]:
    resource = action.get("resource", {})
    if (action["type"], resource.get("status"), resource.get("intent")) != ("create", "draft", "proposal"):
        yield "no draft to create"
    try:
        ServiceRequest.model_validate(resource)
    except ValidationError:
        yield "no R4B ServiceRequest"


def main(arguments: list[str]) -> int:
    """Make and judge the cards. 1 when one is wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cards", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    seen: dict[str, int] = {}
    wrong: Counter[str] = Counter()
    for card in reachable(given.seed, orders_each=8):
        said = json.dumps([card["summary"], card["detail"], card["indicator"]])
        if said not in seen:
            seen[said] = len(card["detail"])
            wrong.update(faults(card))
        if len(seen) >= given.cards:
            break
    longest = max(seen.values())
    sys.stdout.write(f"{len(seen)} different cards, longest detail {longest}; wrong: {dict(wrong) or 'none'}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
