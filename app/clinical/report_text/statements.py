"""What one sentence says of thrombi and of calm veins, each statement with its status, its veins and its legs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from app.clinical.report_text.kinds import BACKGROUND, TARGETS, Kind, Section
from app.clinical.report_text.layout import CALM, FLOWS, LIMITS, NAMED_DEEP, PASSED, SIDES, THINGS, TURNS, VEINS, Layout
from app.clinical.report_text.reach import Status
from app.clinical.report_text.sentences import Sentence

SEEN: Final = frozenset({"seen", "identified", "noted", "visualized", "visualised", "occlusive", "nonocclusive"})


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing said, of these veins and legs. No legs: the sentence names none.

    `nearby`: the legs that were named last before. `is_restricted`: said of the rest only. `is_study`: said of the
    study as a whole.
    """

    kind: Kind
    status: Status
    veins: frozenset[Kind]
    legs: frozenset[str]
    sentence: Sentence
    place: int
    is_restricted: bool = False
    is_study: bool = False
    nearby: frozenset[str] = frozenset()


def statements_of(layout: Layout, found: dict[int, Status]) -> Iterator[Statement]:
    """What the sentence says of thrombi and calm veins. `found`: the status of each thing in it."""
    sentence, kinds = layout.sentence, layout.sentence.kinds
    is_restricted = Kind.RESTRICTING in kinds or Kind.EXCEPTION in kinds
    for at, kind in enumerate(kinds):
        if kind in TARGETS:
            veins = layout.veins(at)
            if veins or kind is Kind.DEEP_CLOT or Kind.ARTERY not in layout.part(at):
                status = _in_section(sentence, kind, found[at], veins)
                yield Statement(kind, status, veins, layout.legs(at), sentence, at, is_restricted)
        elif kind in CALM and sentence.section not in BACKGROUND:
            yield from _calm(layout, at, is_restricted=is_restricted)
    if not TURNS.isdisjoint(kinds) and sentence.section not in BACKGROUND:
        yield from _exception(layout)


def _in_section(sentence: Sentence, kind: Kind, status: Status, veins: frozenset[Kind]) -> Status:
    """Under a heading of the background a thrombus is asked for or an old one, unless it is said to be seen."""
    if sentence.section not in BACKGROUND:
        return status
    if status in {Status.NEGATED, Status.SET_ASIDE, Status.EARLIER}:
        return Status.SET_ASIDE
    is_seen = Kind.PRESENT in sentence.kinds or not SEEN.isdisjoint(sentence.words)
    if sentence.is_first and (sentence.section is Section.COMPARISON or not is_seen):
        return Status.SET_ASIDE
    is_strong = is_seen or bool(veins & NAMED_DEEP) or kind in {Kind.NOT_COMPRESSING, Kind.CHRONIC_CLOT}
    return Status.DOUBTED if is_strong else Status.SET_ASIDE


# -- calm -------------------------------------------------------------------------------------------------------------

_NOT_SAID_NOW: Final = frozenset(
    {Kind.DOUBT, Kind.EARLIER, Kind.PRIOR_STUDY, Kind.HISTORY, Kind.HISTORY_AFTER, Kind.QUESTION, Kind.ARTERY,
     Kind.BOILERPLATE}
)  # fmt: skip
_DENIES_BEFORE: Final = frozenset(
    {Kind.NOT, Kind.NEGATION, Kind.FALSE_NEGATION, Kind.CANNOT_EXCLUDE, Kind.NOT_SEEN, Kind.STOPPED, Kind.UNPROVEN}
)
_DENIES_AFTER: Final = frozenset({Kind.NOT, Kind.NEGATED_AFTER, Kind.UNPROVEN})
_OF_A_STUDY: Final = (
    CALM
    | SIDES.keys()
    | {
        Kind.PLAIN, Kind.STUDY, Kind.DEEP_VEINS, Kind.RESTRICTING, Kind.LIMITED, Kind.COLON, Kind.COMMA, Kind.TURNING,
        Kind.JOINING, Kind.LINKING, Kind.PROXIMAL_ONLY, Kind.WHOLE_LEG, Kind.NO_RESULT, Kind.PROXIMAL, Kind.ADVISED,
        Kind.OTHER_LEG, Kind.ACUTE, Kind.PRESENT,
    }
)  # fmt: skip
_SAYS_ALL: Final = frozenset({"normal", "unremarkable", "within", "wnl"})
_NEAR: Final = 8


def _calm(layout: Layout, at: int, *, is_restricted: bool) -> Iterator[Statement]:
    """A calm word: taken at its word, or as a doubt when it is denied."""
    sentence = layout.sentence
    legs, veins, part = layout.legs(at), layout.veins(at), layout.part(at)
    if _is_denied(layout, at):
        yield Statement(Kind.NOT_COMPRESSING, Status.DOUBTED, veins, legs, sentence, at)
    elif _NOT_SAID_NOW.isdisjoint(part):
        is_study = _OF_A_STUDY.issuperset(part) and _is_of_all(sentence, at, part, veins)
        if is_study or veins - {Kind.SUPERFICIAL}:
            yield Statement(sentence.kinds[at], Status.CALM, veins, legs, sentence, at, is_restricted, is_study)


def _is_denied(layout: Layout, at: int) -> bool:
    """As in "Not compressible", "compresses poorly", "compressible: no": a calm word that is not meant."""
    kinds = layout.sentence.kinds
    for back in range(at - 1, -1, -1):
        if layout.parts[back] != layout.parts[at] or kinds[back] in THINGS | CALM:
            break
        if kinds[back] in _DENIES_BEFORE:
            return True
    for kind in kinds[at + 1 : at + _NEAR]:
        if kind in _DENIES_AFTER:
            return True
        if kind not in PASSED:
            break
    return kinds[at + 1 : at + 2] == [Kind.COLON] and kinds[at + 2 : at + 3] in (
        [Kind.NEGATION], [Kind.NEGATED_AFTER], [Kind.NOT],
    )  # fmt: skip


def _is_of_all(sentence: Sentence, at: int, part: list[Kind], veins: frozenset[Kind]) -> bool:
    """Whether a calm word is said of the whole study or leg: no vein is named, or all of them together."""
    if sentence.kinds[at] is Kind.CALM_STUDY:
        return not veins - {Kind.DEEP_VEINS, Kind.PROXIMAL}
    if veins - {Kind.DEEP_VEINS}:
        return False
    sums_up = sentence.section is Section.IMPRESSION and sentence.words[sentence.places[at][0]] in _SAYS_ALL
    return sums_up or bool(veins) or Kind.STUDY in part or not SIDES.keys().isdisjoint(part)


def _exception(layout: Layout) -> Iterator[Statement]:
    """As in "All veins compress except the femoral vein" or "not in the femoral but seen in the popliteal vein": what
    follows is not calm, even when no word says what it is.
    """
    sentence, kinds = layout.sentence, layout.sentence.kinds
    at = next(index for index, kind in enumerate(kinds) if kind in TURNS)
    rest = kinds[at:]
    says_something = not (THINGS | LIMITS | CALM | FLOWS).isdisjoint(rest)
    if says_something or (CALM | THINGS).isdisjoint(kinds[:at]):
        return
    is_seen = Kind.PRESENT in rest or not SEEN.isdisjoint(sentence.words[sentence.places[at][0] :])
    veins = VEINS.intersection(rest) - {Kind.SUPERFICIAL}
    if veins and (is_seen or kinds[at] is Kind.EXCEPTION):
        yield Statement(Kind.NOT_COMPRESSING, Status.AFFIRMED, veins, layout.legs(at), sentence, at)
