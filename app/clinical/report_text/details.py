"""What a sentence says beside thrombi: how well was seen, which protocol, flow, other findings, measures, advice."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.clinical.report_text.kinds import Kind, Section
from app.clinical.report_text.layout import CENTRAL, DISTAL, THINGS, VEINS, Layout
from app.clinical.report_text.reach import Status
from app.clinical.report_text.sentences import Sentence

SEGMENTS: Final = {
    Kind.CFV: ("cfv",),
    Kind.FEMORAL: ("femoral",),
    Kind.POPLITEAL: ("popliteal",),
    Kind.PERONEAL: ("peroneal",),
    Kind.POSTERIOR_TIBIAL: ("posterior_tibial",),
    Kind.CALF: ("peroneal", "posterior_tibial"),
    Kind.PROXIMAL: ("cfv", "femoral", "popliteal"),
}
OTHER_FINDINGS: Final = {
    Kind.BAKERS_CYST: "bakers_cyst",
    Kind.HEMATOMA: "hematoma",
    Kind.LYMPH_NODES: "lymph_nodes",
}
FLOW: Final = {
    Kind.FLOW_ABSENT: "absent",
    Kind.FLOW_CONTINUOUS: "continuous",
    Kind.FLOW_MONOPHASIC: "monophasic",
    Kind.FLOW_ASYMMETRIC: "asymmetric",
    Kind.FLOW_PULSATILE: "pulsatile",
    Kind.FLOW_NORMAL: "normal",
}
PROTOCOL_WORDS: Final = frozenset({"protocol", "routine", "routinely"})
LENGTH_WORDS: Final = frozenset({"long", "length", "over", "segment", "measuring", "extending", "extends", "extent"})
MOST_CM: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Detail:
    """One fact of a sentence, for these legs."""

    fact: str
    value: str
    legs: frozenset[str]
    sentence: Sentence
    place: int


_SAYS_MORE: Final = (
    FLOW.keys()
    | OTHER_FINDINGS.keys()
    | {
        Kind.NOT_SEEN, Kind.NOT_SCANNED, Kind.NOT, Kind.NONDIAGNOSTIC, Kind.UNSETTLED, Kind.LIMITED, Kind.STOPPED,
        Kind.NOT_COMPRESSED, Kind.WHOLE_LEG, Kind.PROXIMAL_ONLY, Kind.CALM_VEIN, Kind.FLOW, Kind.OBSTRUCTION,
        Kind.REPEAT, Kind.CENTIMETRE, Kind.MILLIMETRE,
    }
)  # fmt: skip


def details_of(layout: Layout, found: dict[int, Status]) -> Iterator[Detail]:
    """Everything beside thrombi. Nothing of it is taken from the indication or from an earlier study."""
    sentence = layout.sentence
    if sentence.section in {Section.INDICATION, Section.COMPARISON}:
        return
    for at, kind in enumerate(sentence.kinds):
        if kind not in _SAYS_MORE:
            continue
        for fact, value in _of_mark(layout, at, kind, found):
            yield Detail(fact, value, layout.legs(at), sentence, at)


def _of_mark(layout: Layout, at: int, kind: Kind, found: dict[int, Status]) -> Iterator[tuple[str, str]]:  # noqa: C901, PLR0912 -- one case for each kind
    kinds = layout.sentence.kinds
    match kind:
        case Kind.NOT_SEEN | Kind.NOT_SCANNED:
            yield from _not_seen(layout, at, kind)
        case Kind.NOT if _is_short_for_not_seen(layout, at):
            yield "quality", "limited"
            yield from (("unseen", segment) for segment in SEGMENTS.get(kinds[at - 1], ()))
        case Kind.NONDIAGNOSTIC | Kind.UNSETTLED:
            yield from _without_answer(layout, at)
        case Kind.LIMITED if not _is_denied(kinds, at):
            yield "quality", "limited"
            veins = layout.veins(at) & (DISTAL - {Kind.CALF_MUSCLE})
            yield from (("unseen", segment) for vein in veins for segment in SEGMENTS[vein])
        case Kind.STOPPED if not _is_denied(kinds, at):
            yield "quality", "incomplete"
        case Kind.NOT_COMPRESSED:
            yield "quality", "limited"
        case Kind.WHOLE_LEG:
            yield "protocol", "whole_leg"
        case Kind.PROXIMAL_ONLY:
            yield "protocol", "proximal_only"
        case _ if kind in FLOW:
            yield from _flow(layout, at, kind)
        case Kind.CALM_VEIN | Kind.FLOW:
            yield from _normal_flow(layout, at, kind)
        case _ if kind in OTHER_FINDINGS:
            if found[at] in {Status.AFFIRMED, Status.CHRONIC, Status.DOUBTED} and not _calm_beside(layout, at):
                yield "alternative", OTHER_FINDINGS[kind]
        case Kind.OBSTRUCTION:
            if found[at] is Status.DOUBTED and layout.veins(at) & CENTRAL:
                yield "iliac", "inadequate"
        case Kind.REPEAT:
            if _is_advised(layout.sentence):
                yield "repeat_advised", "yes"
        case Kind.CENTIMETRE | Kind.MILLIMETRE:
            yield from _measure(layout, at, kind)
        case _:
            pass


def _is_denied(kinds: list[Kind], at: int) -> bool:
    return Kind.NEGATION in kinds[max(0, at - 3) : at] or Kind.NOT in kinds[max(0, at - 2) : at]


def _not_seen(layout: Layout, at: int, kind: Kind) -> Iterator[tuple[str, str]]:
    kinds, words = layout.sentence.kinds, layout.sentence.words
    veins = layout.veins(at)
    if any(each in THINGS and layout.parts[index] == layout.parts[at] for index, each in enumerate(kinds[:at])):
        veins = frozenset(each for index, each in enumerate(kinds[:at]) if each in VEINS and _near(layout, index, at))
        if not veins:
            return
    if veins & CENTRAL:
        yield "iliac", "not_imaged" if kind is Kind.NOT_SCANNED else "inadequate"
    if kind is Kind.NOT_SCANNED and Kind.CFV in veins and (Kind.FLOW in kinds or Kind.STUDY in kinds):
        yield "cfv", "not_assessed"
        return
    if kind is Kind.NOT_SCANNED and veins & DISTAL and not PROTOCOL_WORDS.isdisjoint(words):
        yield "protocol", "proximal_only"
        return
    segments = [segment for vein in veins if vein in SEGMENTS for segment in SEGMENTS[vein]]
    yield from (("unseen", segment) for segment in segments)
    if segments or (kind is Kind.NOT_SEEN and not veins & (CENTRAL | {Kind.SUPERFICIAL})):
        yield "quality", "limited"
    if kind is Kind.NOT_SCANNED and veins == {Kind.DEEP_VEINS}:
        yield "result", "nondiagnostic"


def _near(layout: Layout, vein: int, at: int) -> bool:
    """Whether only plain words stand between a vein and "not seen"."""
    kinds = layout.sentence.kinds
    return all(
        each in VEINS or each is Kind.PLAIN or each in {Kind.LEFT, Kind.RIGHT, Kind.BOTH} for each in kinds[vein:at]
    )


def _is_short_for_not_seen(layout: Layout, at: int) -> bool:
    """As in "PTV seen, peroneals not": the verb is left out."""
    kinds, words = layout.sentence.kinds, layout.sentence.words
    start, end = layout.sentence.places[at]
    ends = at + 1 == len(kinds) or kinds[at + 1] is Kind.COMMA
    return ends and words[start:end] == ["not"] and at > 0 and kinds[at - 1] in VEINS and "seen" in words[:start]


def _without_answer(layout: Layout, at: int) -> Iterator[tuple[str, str]]:
    veins = layout.veins(at)
    if any(
        kind in THINGS and layout.parts[index] == layout.parts[at] for index, kind in enumerate(layout.sentence.kinds)
    ):
        return  # the doubt is about that thing
    yield "quality", "limited"
    segments = [segment for vein in veins if vein in SEGMENTS for segment in SEGMENTS[vein]]
    yield from (("unseen", segment) for segment in segments)
    if not veins & (DISTAL | CENTRAL | {Kind.SUPERFICIAL}):
        yield "result", "nondiagnostic"


_SAID_OF_FLOW_ONLY: Final = frozenset({Kind.FLOW_PULSATILE, Kind.FLOW_ASYMMETRIC, Kind.FLOW_ABSENT})


def _flow(layout: Layout, at: int, kind: Kind) -> Iterator[tuple[str, str]]:
    """Flow in the common femoral vein. Where no vein is named, only a word that speaks of flow by itself counts."""
    kinds, veins = layout.sentence.kinds, layout.veins(at)
    start, end = layout.sentence.places[at]
    speaks_of_flow = end - start > 1 or (Kind.FLOW in kinds and kind in _SAID_OF_FLOW_ONLY)
    is_elsewhere = kind is Kind.FLOW_NORMAL or not veins.isdisjoint({Kind.POPLITEAL, Kind.SUPERFICIAL})
    if not _is_denied(kinds, at) and (Kind.CFV in veins or (speaks_of_flow and not is_elsewhere)):
        yield "cfv", FLOW[kind]


def _normal_flow(layout: Layout, at: int, kind: Kind) -> Iterator[tuple[str, str]]:
    """As in "Normal common femoral waveforms", "phasic CFV"."""
    kinds, words = layout.sentence.kinds, layout.sentence.words
    own = [each for index, each in enumerate(kinds) if layout.parts[index] == layout.parts[at]]
    if Kind.CFV not in layout.veins(at) or Kind.NOT in own or Kind.NEGATION in own or not FLOW.keys().isdisjoint(own):
        return
    start = layout.sentence.places[at][0]
    is_phasic = kind is Kind.FLOW and words[start] == "phasic"
    if is_phasic or (kind is Kind.CALM_VEIN and words[start] == "normal" and Kind.FLOW in own):
        yield "cfv", "normal"


def _calm_beside(layout: Layout, at: int) -> bool:
    return any(
        kind is Kind.CALM_VEIN and layout.sentence.words[layout.sentence.places[index][0]] == "normal"
        for index, kind in enumerate(layout.sentence.kinds)
        if layout.parts[index] == layout.parts[at] and index == at - 1
    )


def _is_advised(sentence: Sentence) -> bool:
    kinds, words = sentence.kinds, sentence.words
    if Kind.NOT_ADVISED in kinds:
        return False
    return Kind.ADVISED in kinds or Kind.DAY in kinds or not {"suggest", "suggests"}.isdisjoint(words)


def _measure(layout: Layout, at: int, kind: Kind) -> Iterator[tuple[str, str]]:
    """A length in a sentence about superficial veins: of the thrombus, or its distance to the junction."""
    sentence = layout.sentence
    kinds, words = sentence.kinds, sentence.words
    if not (at and kinds[at - 1] is Kind.NUMBER) or not {Kind.SUPERFICIAL, Kind.SUPERFICIAL_CLOT} & set(kinds):
        return
    value = _centimetres(words[sentence.places[at - 1][0]], kind)
    if value is None:
        return
    place = sentence.places[at][1]
    if Kind.JUNCTION in kinds[at + 1 : at + 5] or kinds[max(0, at - 3) : at - 1][:1] == [Kind.JUNCTION]:
        yield "svt_junction_cm", value
    elif not LENGTH_WORDS.isdisjoint(words[max(0, place - 6) : place + 4]):
        yield "svt_length_cm", value


def _centimetres(number: str, kind: Kind) -> str | None:
    value = Decimal(number.replace(",", "."))
    if kind is Kind.MILLIMETRE:
        value /= 10
    return f"{value.normalize():f}" if value <= MOST_CM else None
