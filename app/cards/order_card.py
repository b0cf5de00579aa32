"""Advice on orders as one CDS Hooks card: the advice heads it, the decision it rests on follows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from json import dumps
from uuid import uuid5

from app.cards import wording
from app.cards.length import Room, first, fitted
from app.cards.machine_readable import evaluation_json, provenance_json
from app.cards.order_advice import order_advice_json
from app.cards.order_suggestions import Card, order_suggestions
from app.cards.render import (
    CARD_IDS,
    DECISION,
    OVERRIDE_REASONS,
    UNAPPROVED,
    evidence,
    facts_in_words,
    footer,
    line,
    links,
    listing,
    missing_data,
    modality_in_words,
    not_known,
    source_of,
    summary,
    why,
)
from app.cards.report_words import NOTE, confirmation, is_read_from_words, lines, words_of_studies
from app.cards.suggestions import Chart, rests_on
from app.clients.manner import PLAIN, Manner
from app.clinical.evaluate import Evaluation
from app.clinical.ordering import DraftAdvice, DraftOrder, OrderAdvice, OrderKind
from app.clinical.reading import RecordFacts
from app.clinical.reading.drafts import Carried
from app.clinical.vocabulary import UNKNOWN
from app.clinical.what_if import what_would_change
from app.pathway.decide import LOUDNESS, Recommendation
from app.pathway.load import Pathway, fill

MOST_ORDERS = 3
MOST_DECIDED = 2

KINDS = {
    OrderKind.LEG_ULTRASOUND: "leg-vein ultrasound",
    OrderKind.CT_VENOGRAPHY: "CT venography",
    OrderKind.MR_VENOGRAPHY: "MR venography",
    OrderKind.ARTERIAL_RUN_OFF: "CT angiography of the legs",
    OrderKind.D_DIMER: "D-dimer",
    OrderKind.ANTICOAGULANT: "anticoagulant",
    OrderKind.DISCHARGE: "discharge",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the card is made of: the decision, the advice on the orders, and what could not be read, in words."""

    evaluation: Evaluation
    record: RecordFacts
    advice: OrderAdvice
    unread: Sequence[str] = ()


def render_order_card(
    told: Told,
    drafts: Mapping[str | None, Carried],
    *,
    patient_id: str,
    encounter_id: str | None,
    hook_instance: str,
    service_id: str,
    manner: Manner = PLAIN,
) -> dict[str, object] | None:
    """The card, or None when the orders fit. `drafts`: what the call carried, by the reference of each draft."""
    made = told.advice.recommendations
    if not made:
        return None
    lead, of_lead = made[0], _advice_with(told.advice, made[0])
    decided = of_lead.decided
    members = {
        "order_advice": order_advice_json(told.advice),
        **evaluation_json(told.evaluation),
        **provenance_json(told.record),
        "unread": list(told.unread),
    }
    said = {name: value for name, value in members.items() if value}  # GEN-02: nothing on the wire is empty
    card_id = uuid5(CARD_IDS, dumps([hook_instance, service_id, said], sort_keys=True))
    words = words_of_studies(told.record, decided.latest)
    note = NOTE if any(each.counted for each in words) else ""
    chart = Chart(patient_id, encounter_id, rests_on(told.record, decided.latest))
    suggested = order_suggestions(told.evaluation, told.advice, drafts, Card(chart, card_id, note, manner))
    return {
        "uuid": str(card_id),
        "summary": summary(lead, decided, is_read=is_read_from_words(words, decided.latest)),
        "detail": fitted(_Detail(told, lead, of_lead).paragraphs),
        "indicator": max((each.indicator for each in made), key=LOUDNESS.__getitem__).value,
        "source": source_of(lead, decided.pathway),
        **({"suggestions": suggested, "selectionBehavior": "any"} if suggested else {}),
        "overrideReasons": list(OVERRIDE_REASONS),
        **links(lead, decided.pathway, manner),
        "extension": {**dict(manner.speech.card_extension), DECISION: said},
    }


def _advice_with(advice: OrderAdvice, lead: Recommendation) -> DraftAdvice:
    return next(each for each in advice.drafts if any(made.id == lead.id for made in each.recommendations))


class _Detail:
    """The detail of a card, in as much room as there is."""

    def __init__(self, told: Told, lead: Recommendation, of_lead: DraftAdvice) -> None:
        self.told, self.lead, self.decided = told, lead, of_lead.decided
        words = words_of_studies(told.record, self.decided.latest)
        self.orders = [f"Ordered: {order_in_words(each.draft)}" for each in _spoken_of(told.advice)]
        self.facts = list(facts_in_words(told.evaluation.facts, self.decided))
        self.quotes = list(lines(words))
        self.confirm = confirmation(told.record, words, schedules=lead.timing.earliest is not None)
        self.missing = missing_data(told.evaluation, what_would_change(told.evaluation))

    def paragraphs(self, room: Room) -> Iterator[str]:
        """The paragraphs, the most important first."""
        lead, pathway, evaluation = self.lead, self.decided.pathway, self.told.evaluation
        if not pathway.approved:
            yield UNAPPROVED
        yield fill(pathway.recommendations[lead.id].text, pathway.days)
        yield why(lead, pathway, room.rules)
        advised = [line(evaluation, made) for made in evaluation.recommendations if not made.id.startswith("DATA-")]
        if advised:
            yield f"**Advised:** {'; '.join(advised[:MOST_DECIDED])}."
        facts = [*first(self.orders, MOST_ORDERS), *first(self.facts, room.facts), *self.quotes[: room.quotes]]
        if facts:
            yield listing("Facts", facts)
        if self.confirm:
            yield f"**{self.confirm}**"
        if lead.attributes.get("modality"):
            yield modality_in_words(lead.attributes["modality"])
        others = [_headline(pathway, made) for made in self.told.advice.recommendations[1:]]
        if others[: room.also]:
            yield listing("Also", first(others, room.also))
        yield from not_known(self.missing, self.told.unread, room)
        yield evidence(lead, pathway, room.sources)
        yield from footer(pathway, room)


def _spoken_of(advice: OrderAdvice) -> list[DraftAdvice]:
    return [each for each in advice.drafts if each.recommendations and each.draft.kind is not OrderKind.DISCHARGE]


def _headline(pathway: Pathway, made: Recommendation) -> str:
    when = wording.timing(made.timing)
    headline = pathway.recommendations[made.id].headline
    return f"{headline}: {when}" if when else headline


def order_in_words(draft: DraftOrder) -> str:
    """What a draft orders: only names of our own lists, numbers and days."""
    said = [KINDS[draft.kind]]
    if draft.side in wording.SIDES:
        said.append(wording.SIDES[draft.side])
    if draft.extent != UNKNOWN:
        said.append(draft.extent)
    if draft.contrast != UNKNOWN:
        said.append(f"{draft.contrast} contrast")
    if draft.day_earliest and draft.day_latest:
        said.append(wording.days(draft.day_earliest, draft.day_latest))
    elif draft.day_earliest:
        said.append(f"from {wording.day(draft.day_earliest)}")
    elif draft.day_latest:
        said.append(f"until {wording.day(draft.day_latest)}")
    return ", ".join(said)
