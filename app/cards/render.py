"""One decision as one card (decision table section 16): the leading recommendation heads it, the others are lines."""

from collections.abc import Iterator, Mapping, Sequence
from json import dumps
from uuid import UUID, uuid5

from app.cards import wording
from app.cards.length import MANY, Room, first, fitted
from app.cards.machine_readable import evaluation_json, provenance_json
from app.cards.report_words import (
    NOTE,
    WordsOfStudy,
    confirmation,
    is_read_from_words,
    lines,
    words_of_studies,
)
from app.cards.suggestions import Chart, rests_on, suggestions
from app.clients.manner import PLAIN, Manner
from app.clinical.evaluate import Evaluation, PathwayDecision
from app.clinical.reading import RecordFacts
from app.clinical.vocabulary import COMPARATOR, UNKNOWN, Exam, Facts, Symptoms
from app.clinical.what_if import Change, what_would_change
from app.pathway.content import Reference, Strength
from app.pathway.decide import LOUDNESS, Recommendation
from app.pathway.load import Pathway, fill
from app.pathway.timing import TimingKind

CARD_IDS = UUID("6d1c5a3e-2f5b-5f0e-9d55-0d1f6a6d2c11")
"""The namespace of card ids. The same call gives the same card with the same id (repeats are told apart by nobody)."""

TOPIC = "urn:dvt-next-step:topic"
DECISION = "org.dvt-next-step.decision"
SUMMARY_LENGTH = 139
DRAFT = "draft, not clinically approved"
DOI_HOST = "doi.org"
MOST_LINKS = 3

OVERRIDE_REASONS = tuple(
    {"system": "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes", "code": code, "display": display}
    for code, display in (
        ("cds-not-applicable", "Does not apply to this patient"),
        ("action-completed", "Already done"),
        ("need-more-info", "More information is needed first"),
        ("recipient-disagrees-evidence", "I disagree with the evidence"),
        ("patient-refuses", "The patient declines"),
        ("service-not-available", "Not available here"),
    )
)


def render_card(
    evaluation: Evaluation,
    record: RecordFacts,
    *,
    patient_id: str,
    encounter_id: str | None,
    hook_instance: str,
    service_id: str,
    unread: Sequence[str] = (),
    manner: Manner = PLAIN,
) -> dict[str, object] | None:
    """The card, or None when there is nothing to say. Members and order are CDS Hooks 2.0.1 (conformance CARD-*).

    `unread`: in words, which data could not be read. `manner`: how the EHR speaks.
    """
    lead = evaluation.lead
    if lead is None:
        return None
    decided = evaluation.decided(lead)
    members = {**evaluation_json(evaluation), **provenance_json(record), "unread": list(unread)}
    said = {name: value for name, value in members.items() if value}  # GEN-02: nothing on the wire is empty
    # over the whole answer, so that changed advice never carries the id of a card that was already answered
    card_id = uuid5(CARD_IDS, dumps([hook_instance, service_id, said], sort_keys=True))
    words = words_of_studies(record, decided.latest)
    note = NOTE if any(each.counted for each in words) else ""
    chart = Chart(patient_id, encounter_id, rests_on(record, decided.latest))
    drafts = suggestions(evaluation, chart, card_id, note, manner)
    confirm = confirmation(record, words, schedules=lead.order is not None)
    return {
        "uuid": str(card_id),
        "summary": summary(lead, decided, is_read=is_read_from_words(words, decided.latest)),
        "detail": fitted(_Detail(evaluation, lead, decided, unread, words, confirm).paragraphs),
        "indicator": max((made.indicator for made in evaluation.recommendations), key=LOUDNESS.__getitem__).value,
        "source": source_of(lead, decided.pathway),
        **({"suggestions": drafts, "selectionBehavior": "any"} if drafts else {}),
        "overrideReasons": list(OVERRIDE_REASONS),
        **links(lead, decided.pathway, manner),
        "extension": {**dict(manner.speech.card_extension), DECISION: said},
    }


def links(lead: Recommendation, pathway: Pathway, manner: Manner) -> dict[str, object]:
    """Links to the sources that were read, where the EHR may be given them (threat model D3): never from a record."""
    if DOI_HOST not in manner.link_hosts:
        return {}
    keys = dict.fromkeys(key for rule in lead.rules if rule in pathway.rows for key in pathway.rows[rule].sources)
    read = (pathway.references[key] for key in keys)
    made = [
        {"label": f"Source: {each.short}", "url": f"https://{DOI_HOST}/{each.doi}", "type": "absolute"}
        for each in read
        if each.doi and each.seen != "no"
    ]
    return {"links": made[:MOST_LINKS]} if made else {}


def summary(lead: Recommendation, decided: PathwayDecision, *, is_read: bool = False) -> str:
    """The disposition, its dates and the examination's date, in fewer than 140 characters (CARD-02). `is_read`: the
    examination's result was read from words.
    """
    headline = decided.pathway.recommendations[lead.id].headline
    when = "already ordered" if lead.already_ordered else wording.timing(lead.timing)
    if lead.indicator == "critical":
        when = ""  # "now" is in the headline; a date behind an emergency only distracts
    study = wording.study(decided.latest, decided.situation.names, is_read=is_read) if decided.latest else ""
    whole = " - ".join(part for part in (f"{headline}: {when}" if when else headline, study) if part)
    return whole if len(whole) <= SUMMARY_LENGTH else f"{headline}: {when}" if when else headline


def source_of(lead: Recommendation, pathway: Pathway) -> dict[str, object]:
    """Who says so, and the topic of the leading recommendation."""
    status = "" if pathway.approved else f" ({DRAFT})"
    # alphanumeric and the same for every card of this advice: an EHR ties "do not show again" to it (vendors, 2)
    topic = {"system": TOPIC, "code": lead.id.replace("-", ""), "display": lead.id}
    return {"label": f"dvt-next-step: {pathway.title}, version {pathway.version}{status}", "topic": topic}


class _Detail:
    """The detail of a card, in as much room as there is."""

    def __init__(
        self,
        evaluation: Evaluation,
        lead: Recommendation,
        decided: PathwayDecision,
        unread: Sequence[str],
        words: Sequence[WordsOfStudy],
        confirm: str,
    ) -> None:
        self.evaluation, self.lead, self.decided = evaluation, lead, decided
        self.unread, self.confirm = unread, confirm
        self.facts = list(facts_in_words(evaluation.facts, decided))
        self.quotes = list(lines(words))
        self.changes = what_would_change(evaluation)
        self.missing = missing_data(evaluation, self.changes)

    def paragraphs(self, room: Room) -> Iterator[str]:
        """The paragraphs, the most important first."""
        lead, pathway = self.lead, self.decided.pathway
        if not pathway.approved:
            yield UNAPPROVED
        yield fill(pathway.recommendations[lead.id].text, pathway.days)
        yield why(lead, pathway, room.rules)
        facts = [*first(self.facts, room.facts), *self.quotes[: room.quotes]]
        if facts:
            yield listing("Facts", facts)
        if self.confirm:
            yield f"**{self.confirm}**"
        if lead.attributes.get("modality"):
            yield modality_in_words(lead.attributes["modality"])
        made = self.evaluation.recommendations[1:]
        others = [line(self.evaluation, each) for each in made if not each.id.startswith("DATA-")]
        if others[: room.also]:
            yield listing("Also", first(others, room.also))
        yield from not_known(self.missing, self.unread, room)
        if self.changes:
            yield listing(
                "Would change this", [_change(self.evaluation, each) for each in self.changes[: room.changes]]
            )
        yield evidence(lead, pathway, room.sources)
        yield from footer(pathway, room)


UNAPPROVED = f"**{DRAFT[0].upper()}{DRAFT[1:]}.**"


def listing(title: str, items: Sequence[str]) -> str:
    """A paragraph with one line for each item."""
    return f"**{title}:**\n" + "\n".join(f"- {item}" for item in items)


def why(lead: Recommendation, pathway: Pathway, most: int = MANY) -> str:
    """Why the leading recommendation was made, rule by rule."""
    return "**Why:** " + " ".join([pathway.because[rule] for rule in lead.rules if rule in pathway.because][:most])


def not_known(missing: Sequence[str], unread: Sequence[str], room: Room) -> Iterator[str]:
    """What is unknown and matters, and what could not be read."""
    if missing:
        yield f"**Not known:** {wording.listed(first(missing, room.missing))}."
    if unread:
        yield listing("Could not be read", first(unread, room.unread))


def footer(pathway: Pathway, room: Room) -> Iterator[str]:
    """Which content says so, what it is for, and when to return."""
    version = f"{pathway.id} {pathway.version}, content {pathway.content_hash[:12]}. " if room.footer else ""
    yield f"{version}{pathway.scope_note}"
    yield pathway.return_precautions


def facts_in_words(facts: Facts, decided: PathwayDecision) -> Iterator[str]:
    """The facts the advice rests on, with values, units and dates."""
    names = decided.situation.names
    if decided.latest:
        yield _study_in_words(decided.latest, names)
    yield from _symptoms_in_words(facts.symptoms, names)
    yield from _probability_in_words(facts, names)
    yield from _patient_in_words(facts, names)


def _symptoms_in_words(symptoms: Symptoms, names: Mapping[str, str]) -> Iterator[str]:
    if names["status"] != UNKNOWN and symptoms.as_of:
        yield f"Symptoms {wording.said(names['status'])} ({wording.day(symptoms.as_of)}){_of_leg(symptoms.side)}"
    if names["whole_leg"] == "yes":
        yield "Whole leg swollen"
    for flag, danger in wording.RED_FLAGS.items():
        if names[flag] == "yes":
            yield f"Signs of {danger} recorded"


def _probability_in_words(facts: Facts, names: Mapping[str, str]) -> Iterator[str]:
    if names["wells_class"] in ("likely", "unlikely"):
        score = f" {facts.wells.score}" if facts.wells.score is not None else ""
        yield f"Wells{score}: DVT {names['wells_class']}"
    if facts.ddimer and facts.ddimer.value is not None and facts.ddimer.unit != UNKNOWN:
        taken = f" ({wording.day(facts.ddimer.collected)})" if facts.ddimer.collected else ""
        limit = f"{facts.ddimer.comparator} " if facts.ddimer.comparator in COMPARATOR else ""
        yield f"D-dimer {limit}{wording.number(facts.ddimer.value)} {facts.ddimer.unit}{taken}: {names['ddimer']}"


def _patient_in_words(facts: Facts, names: Mapping[str, str]) -> Iterator[str]:
    if facts.egfr is not None:
        yield f"eGFR {wording.number(facts.egfr)} mL/min/1.73 m2"
    if names["pregnant"] == "yes":
        yield "Pregnant"
    if names["active_cancer"] == "yes":
        yield "Active cancer"
    if names["anticoag"] not in (UNKNOWN, "none"):
        yield f"Anticoagulation: {wording.said(names['anticoag'])}"


def _study_in_words(exam: Exam, names: Mapping[str, str]) -> str:
    when = wording.day(exam.date) if exam.date else "undated"
    protocol = "protocol not known" if exam.protocol == UNKNOWN else wording.said(exam.protocol)
    parts = [wording.verdict(names), protocol]
    if exam.side != UNKNOWN:
        parts.append(wording.SIDES[exam.side])
    if exam.unseen:
        parts.append(f"not seen: {wording.listed([wording.said(vein) for vein in sorted(exam.unseen)])}")
    if names["cfv"] not in (UNKNOWN, "normal", "not_assessed"):
        parts.append(f"common femoral flow {wording.said(names['cfv'])}")
    return f"Ultrasound {when}: {', '.join(parts)}"


def _of_leg(side: str) -> str:
    return "" if side == UNKNOWN else f", {wording.SIDES[side]}"


def modality_in_words(modality: str) -> str:
    """Which venography, and which one instead."""
    return f"**Modality:** {wording.said(modality)}; alternative: {wording.ALTERNATIVE_MODALITY[modality]}."


def line(evaluation: Evaluation, made: Recommendation) -> str:
    """A recommendation in one line."""
    when = "already ordered" if made.already_ordered else wording.timing(made.timing)
    headline = evaluation.home_of(made).recommendations[made.id].headline
    return f"{headline}: {when}" if when else headline


def missing_data(evaluation: Evaluation, changes: Sequence[Change]) -> list[str]:
    """What is unknown and matters: the DATA recommendations, and the questions whose answer would change the lead."""
    made = (each for each in evaluation.recommendations if each.id.startswith("DATA-"))
    asked = [evaluation.home_of(each).recommendations[each.id].asks_for for each in made]
    return list(dict.fromkeys([*filter(None, asked), *(change.label for change in changes)]))


def _change(evaluation: Evaluation, change: Change) -> str:
    if change.leads_to is None:
        return f"If {change.phrase}: nothing to advise"
    pathway = next(each for each in evaluation.pathways if change.leads_to.id in each.recommendations)
    headline = pathway.recommendations[change.leads_to.id].headline
    urgent = " now" if change.leads_to.timing.kind is TimingKind.NOW and "now" not in headline else ""
    return f"If {change.phrase}: {headline[0].lower()}{headline[1:]}{urgent}"


def evidence(lead: Recommendation, pathway: Pathway, most: int = MANY) -> str:
    """Strength and sources (at most `most`) of the leading recommendation. A source that was not read is never shown as
    support.
    """
    rows = [pathway.rows[rule] for rule in lead.rules if rule in pathway.rows]
    strength = next((row.strength for row in rows if row.strength is not Strength.NONE), None)
    parts = [f"**Strength:** {strength.value}." if strength else ""]
    for label, keys in (
        ("Source", dict.fromkeys(key for row in rows for key in row.sources)),
        ("Against", dict.fromkeys(key for row in rows for key in row.against)),
    ):
        read = [_cited(pathway.references[key]) for key in keys if pathway.references[key].seen != "no"]
        if read:
            parts.append(f"**{label}:** {'; '.join(first(read, most))}.")
    if any(row.project_choice for row in rows):
        parts.append("Contains a choice of this project that a clinician has to sign.")
    return " ".join(filter(None, parts))


def _cited(reference: Reference) -> str:
    return reference.short if reference.seen == "primary" else f"{reference.short} (as described elsewhere)"
