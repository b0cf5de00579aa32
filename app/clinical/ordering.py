"""Advice on a draft order: what is being ordered and how it fits the decision, as named values for the order pathway.

No second reading of the medicine: the rows begin with what the decision said, and this file only compares days, legs
and bookings with it. `ORDER_DOMAINS` lists every name of an order and its values.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final

from app.clinical.evaluate import Evaluation, PathwayDecision
from app.clinical.examinations import LEGS
from app.clinical.vocabulary import SIDE, UNKNOWN, parse_day
from app.errors import AuthorError
from app.pathway.decide import LOUDNESS, Recommendation, Situation, decide, merged, ranked
from app.pathway.load import Pathway
from app.pathway.timing import NO_TIMING, Timing, TimingKind


class OrderKind(StrEnum):
    """What is being ordered. `discharge`: nothing is; the patient leaves. `other`: nothing this service speaks of."""

    LEG_ULTRASOUND = "leg_ultrasound"
    CT_VENOGRAPHY = "ct_venography"
    MR_VENOGRAPHY = "mr_venography"
    ARTERIAL_RUN_OFF = "arterial_run_off"
    D_DIMER = "d_dimer"
    ANTICOAGULANT = "anticoagulant"
    DISCHARGE = "discharge"
    OTHER = "other"


class OrderForm(StrEnum):
    """`new`: an order being placed. `placed`: one that stands in the record and is changed or sent. `booking`: an
    appointment.
    """

    NEW = "new"
    PLACED = "placed"
    BOOKING = "booking"


class Disposition(StrEnum):
    """What to do with the draft."""

    KEEP = "keep"
    RESCHEDULE = "reschedule"
    REPLACE = "replace"
    REMOVE = "remove"


EXTENT: Final = ("complete", "limited")
CONTRAST: Final = ("with", "without")
VENOGRAPHIES: Final = (OrderKind.CT_VENOGRAPHY, OrderKind.MR_VENOGRAPHY)
ULTRASOUND_ADVICE: Final = ("SCAN-SYMPTOMATIC-LEG", "REPEAT-CDUS")
VENOGRAPHY_ADVICE: Final = ("VENOGRAPHY",)
FINDING: Final = "order_disposition"

_WEIGHT: Final = ("none", "info", "warning")
_ARRANGED: Final = ("not_due", "none", "outside", "inside")

ORDER_DOMAINS: Mapping[str, tuple[str, ...]] = {
    "order_kind": tuple(kind.value for kind in OrderKind if kind is not OrderKind.OTHER),
    "order_form": tuple(form.value for form in OrderForm),
    "order_extent": (*EXTENT, UNKNOWN),
    "order_side": ("covers", "partly", "misses", UNKNOWN, "not_applicable"),
    "order_contrast": (*CONTRAST, UNKNOWN),
    "order_timing": ("before", "inside", "after", "straddles", "undated_early", "undated", "no_window"),
    "ultrasound_weight": _WEIGHT,
    "venography_weight": _WEIGHT,
    "ultrasound_arranged": _ARRANGED,
    "venography_arranged": _ARRANGED,
    "treated_vein": ("yes", "no"),
}
"""Beside the names of a patient; the order pathway declares them, and the loader compares."""


@dataclass(frozen=True, slots=True)
class DraftOrder:
    """A draft order, a booking or a discharge. Days are the first and the last day it may be done on; None: not said.

    `reference` is the caller's name of it; it decides nothing.
    """

    kind: OrderKind = OrderKind.OTHER
    extent: str = UNKNOWN
    side: str = UNKNOWN
    day_earliest: date | None = None
    day_latest: date | None = None
    contrast: str = UNKNOWN
    form: OrderForm = OrderForm.NEW
    reference: str | None = None

    @property
    def is_relevant(self) -> bool:
        """This service can speak of it."""
        return self.kind is not OrderKind.OTHER


@dataclass(frozen=True, slots=True)
class DraftAdvice:
    """What is said of one draft, the leading recommendation first; none: it fits, or nothing is known against it.

    `window`: when the advised examination is due. `replacement`: a name under `orders` of the pathway, where
    `disposition` is replace.
    """

    draft: DraftOrder
    decided: PathwayDecision
    recommendations: tuple[Recommendation, ...]
    disposition: Disposition
    window: Timing
    replacement: str | None


@dataclass(frozen=True, slots=True)
class OrderAdvice:
    """What is said of all drafts. `recommendations`: each once, the leading one first."""

    drafts: tuple[DraftAdvice, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()


SILENT: Final = OrderAdvice()


def advise_on_orders(evaluation: Evaluation, drafts: Sequence[DraftOrder], pathway: Pathway) -> OrderAdvice:
    """The advice of the order pathway on these drafts, with the same settings as the evaluation. Silent at once when no
    draft concerns it.
    """
    relevant = tuple(dict.fromkeys(draft for draft in drafts if draft.is_relevant))
    if not relevant:
        return SILENT
    advised = tuple(_advise(evaluation, draft, pathway, relevant) for draft in relevant)
    made: dict[str, Recommendation] = {}
    for each in (each for item in advised for each in item.recommendations):
        made[each.id] = merged(made[each.id], each) if each.id in made else each
    place = {rule: index for index, rule in enumerate(pathway.rows)}
    in_order = (replace(each, rules=tuple(sorted(each.rules, key=place.__getitem__))) for each in made.values())
    return OrderAdvice(advised, ranked(tuple(in_order), pathway.steps))


def advice_about(advice: OrderAdvice, references: Collection[str]) -> OrderAdvice:
    """What of the advice is about these drafts. The others stay what they were: placed together with them."""
    drafts = tuple(each for each in advice.drafts if each.draft.reference in references)
    made = {made.id for each in drafts for made in each.recommendations}
    return OrderAdvice(drafts, tuple(each for each in advice.recommendations if each.id in made))


def _advise(evaluation: Evaluation, draft: DraftOrder, pathway: Pathway, drafts: Sequence[DraftOrder]) -> DraftAdvice:
    before = decided_by(evaluation, pathway)
    found = order_situation(evaluation, draft, pathway, drafts)
    decision = decide(pathway, found)
    said = ranked(decision.recommendations, pathway.steps)
    disposition = Disposition(decision.findings[FINDING])
    replacement = next((made.order for made in said if made.order), None)
    if disposition is Disposition.REPLACE and replacement is None:
        disposition = Disposition.KEEP  # nothing to put in its place: the text says what to consider
    return DraftAdvice(
        draft,
        PathwayDecision(pathway, found, decision, before.latest),
        said,
        disposition,
        most_urgent(before, advice_for(draft.kind)),
        replacement if disposition is Disposition.REPLACE else None,
    )


def order_pathway(pathways: Iterable[Pathway]) -> Pathway | None:
    """The pathway that advises on orders; None if there is none."""
    return next((pathway for pathway in pathways if pathway.advises_on_orders), None)


def check_order_pathways(pathways: Sequence[Pathway]) -> None:
    """Raise AuthorError for a pathway that advises on orders without what this file reads from it, or for a second."""
    found = [pathway for pathway in pathways if pathway.advises_on_orders]
    for pathway in found:
        file = f"{pathway.id}/pathway.yaml"
        if pathway is not found[0]:
            raise AuthorError(file, None, f"{found[0].id} advises on orders already: one order gets one advice")
        finding = pathway.declared_findings.get(FINDING)
        if finding is None or set(finding.values) != set(Disposition):
            reason = f"findings: {FINDING} is needed, with the values {', '.join(Disposition)}"
            raise AuthorError(file, None, reason)
        for name in (*ULTRASOUND_ADVICE, *VENOGRAPHY_ADVICE):
            if name not in pathway.recommendations:
                raise AuthorError(file, None, f"{pathway.uses} does not recommend {name}, which orders are held to")


def decided_by(evaluation: Evaluation, pathway: Pathway) -> PathwayDecision:
    """The decision that the order pathway begins with."""
    return next(item for item in evaluation.decisions if item.pathway.id == pathway.uses)


def order_situation(
    evaluation: Evaluation, draft: DraftOrder, pathway: Pathway, drafts: Sequence[DraftOrder] = ()
) -> Situation:
    """The patient's situation with the names of this draft. `drafts`: all that are placed together, this one too."""
    before = decided_by(evaluation, pathway)
    is_venography = draft.kind in VENOGRAPHIES
    is_ultrasound = draft.kind is OrderKind.LEG_ULTRASOUND
    names = {
        "order_kind": draft.kind.value,
        "order_form": draft.form.value if draft.kind is not OrderKind.DISCHARGE else OrderForm.NEW.value,
        "order_extent": draft.extent if is_ultrasound else UNKNOWN,
        "order_side": _side(evaluation, before, draft, drafts) if is_ultrasound else "not_applicable",
        "order_contrast": draft.contrast if is_venography else UNKNOWN,
        "order_timing": _timing(draft, _timings(before, advice_for(draft.kind)), evaluation.today),
        "ultrasound_weight": _weight(before, ULTRASOUND_ADVICE),
        "venography_weight": _weight(before, VENOGRAPHY_ADVICE),
        "ultrasound_arranged": _arranged(evaluation, before, ULTRASOUND_ADVICE, _others(draft, drafts)),
        "venography_arranged": _arranged(evaluation, before, VENOGRAPHY_ADVICE, _others(draft, drafts)),
        "treated_vein": "yes" if "yes" in map(before.situation.names.get, ("stent", "intervention")) else "no",
    }
    return replace(before.situation, names={**before.situation.names, **names}, so_far=before.decision)


def advice_for(kind: OrderKind) -> tuple[str, ...]:
    """The recommendations that a draft of this kind could carry out."""
    match kind:
        case OrderKind.LEG_ULTRASOUND:
            return ULTRASOUND_ADVICE
        case OrderKind.CT_VENOGRAPHY | OrderKind.MR_VENOGRAPHY:
            return VENOGRAPHY_ADVICE
        case OrderKind.DISCHARGE:
            return (*ULTRASOUND_ADVICE, *VENOGRAPHY_ADVICE)
        case _:
            return ()


def most_urgent(before: PathwayDecision, ids: Sequence[str]) -> Timing:
    """The most urgent time of these recommendations; none of them made: no time."""
    return min(_timings(before, ids), key=lambda timing: timing.urgency, default=NO_TIMING)


def _made(before: PathwayDecision, ids: Iterable[str]) -> list[Recommendation]:
    return [made for made in before.decision.recommendations if made.id in ids]


def _timings(before: PathwayDecision, ids: Sequence[str]) -> list[Timing]:
    return [made.timing for made in _made(before, ids)]


def _weight(before: PathwayDecision, ids: Sequence[str]) -> str:
    """How loud the decision advises it."""
    indicators = [made.indicator for made in _made(before, ids)]
    return max(indicators, key=LOUDNESS.__getitem__).value if indicators else "none"


def _side(evaluation: Evaluation, before: PathwayDecision, draft: DraftOrder, drafts: Sequence[DraftOrder]) -> str:
    """Whether the draft, together with the other ultrasounds placed with it, covers the symptomatic legs; the scanned
    ones, if nobody knows which leg has symptoms.
    """
    scanned = before.latest.side if before.latest else UNKNOWN
    wanted = next((LEGS[side] for side in (evaluation.facts.symptoms.side, scanned) if side in LEGS), None)
    if wanted is None:
        return "not_applicable"
    if draft.side not in LEGS:
        return UNKNOWN
    ultrasounds = (draft, *(other for other in drafts if other.kind is OrderKind.LEG_ULTRASOUND))
    covered = frozenset[str]().union(*(LEGS.get(each.side, frozenset()) for each in ultrasounds))
    if wanted <= covered:
        return "covers"
    return "misses" if wanted.isdisjoint(LEGS[draft.side]) else "partly"


def _timing(draft: DraftOrder, timings: Sequence[Timing], today: date) -> str:
    """Where the draft's days lie against the advised ones. Days that are past, or end before they begin, are none."""
    windows = [(each.earliest, each.latest) for each in timings if each.earliest and each.latest]
    if draft.kind is OrderKind.DISCHARGE or not windows:
        return "no_window"
    first, last = max(draft.day_earliest or today, today), draft.day_latest or date.max
    if (draft.day_earliest is None and draft.day_latest is None) or last < first:
        return "undated" if any(earliest <= today for earliest, _ in windows) else "undated_early"
    if any(earliest <= first and last <= latest for earliest, latest in windows):
        return "inside"
    lead = min((each for each in timings if each.earliest), key=lambda timing: timing.urgency)
    if lead.earliest and last < lead.earliest:
        return "before"
    return "after" if lead.latest and first > lead.latest else "straddles"


def _others(draft: DraftOrder, drafts: Sequence[DraftOrder]) -> list[DraftOrder]:
    """What is placed together with this draft and answers another question than it does."""
    return [other for other in drafts if advice_for(other.kind) != advice_for(draft.kind)]


def _arranged(evaluation: Evaluation, before: PathwayDecision, ids: Sequence[str], others: Sequence[DraftOrder]) -> str:
    """Whether the advised examination is booked in the record, or placed together with this draft."""
    timings = _timings(before, ids)
    if not timings:
        return "not_due"
    orders = evaluation.facts.orders
    if ids == VENOGRAPHY_ADVICE:
        day, is_open = orders.venography_date, orders.venography == "active"
    else:
        day, is_open = orders.repeat_us_date, False
    drafted = [other for other in others if advice_for(other.kind) == ids]
    fits = [_timing(other, timings, evaluation.today) not in ("before", "after") for other in drafted]
    if any(fits) or (any(_fits(day, each, evaluation.today) for each in timings) if day else is_open):
        return "inside"
    if all(each.kind in (TimingKind.LAPSED, TimingKind.NONE) for each in timings):
        return "not_due"
    return "outside" if day or drafted else "none"


def _fits(day: date, timing: Timing, today: date) -> bool:
    if timing.earliest is None or timing.latest is None:
        return day >= today
    return timing.earliest <= day <= timing.latest


# ------------------------------------------------------------------------------------------- the public vocabulary


def parse_drafts(value: object) -> tuple[DraftOrder, ...]:
    """Draft orders from JSON-like data. Total: an entry that is not understood is an order of another kind, and a
    member that is not understood is unknown.
    """
    entries = value if isinstance(value, list | tuple) else ()
    return tuple(_draft(entry if isinstance(entry, Mapping) else {}) for entry in entries)


def _draft(at: Mapping[str, object]) -> DraftOrder:
    day = parse_day(at.get("day"))
    return DraftOrder(
        kind=OrderKind(_named(at.get("kind"), list(OrderKind), OrderKind.OTHER)),
        extent=_named(at.get("extent"), EXTENT, UNKNOWN),
        side=_named(at.get("side"), SIDE, UNKNOWN),
        day_earliest=day or parse_day(at.get("earliest")),
        day_latest=day or parse_day(at.get("latest")),
        contrast=_named(at.get("contrast"), CONTRAST, UNKNOWN),
        form=OrderForm(_named(at.get("form"), list(OrderForm), OrderForm.NEW)),
    )


def _named(value: object, allowed: Sequence[str], otherwise: str) -> str:
    return value if isinstance(value, str) and value in allowed else otherwise
