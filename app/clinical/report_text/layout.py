"""Where a sentence speaks of: which veins and which leg each of its words is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from app.clinical.report_text.kinds import TARGETS, Kind
from app.clinical.report_text.sentences import Sentence

DISTAL: Final = frozenset({Kind.CALF, Kind.PERONEAL, Kind.POSTERIOR_TIBIAL, Kind.CALF_MUSCLE})
PROXIMAL: Final = frozenset({Kind.CFV, Kind.FEMORAL, Kind.POPLITEAL, Kind.PROXIMAL})
CENTRAL: Final = frozenset({Kind.ILIAC, Kind.CAVA})
NAMED_DEEP: Final = DISTAL | PROXIMAL | CENTRAL
VEINS: Final = NAMED_DEEP | {Kind.DEEP_VEINS, Kind.SUPERFICIAL}
SIDES: Final = {
    Kind.LEFT: frozenset({"left"}),
    Kind.RIGHT: frozenset({"right"}),
    Kind.BOTH: frozenset({"left", "right"}),
}
REGIONS: Final = {
    Kind.REGION_GROIN: Kind.CFV,
    Kind.REGION_THIGH: Kind.FEMORAL,
    Kind.REGION_KNEE: Kind.POPLITEAL,
    Kind.REGION_CALF: Kind.CALF,
    Kind.REGION_ABOVE_KNEE: Kind.PROXIMAL,
}
DOWNWARDS: Final = (Kind.CAVA, Kind.ILIAC, Kind.CFV, Kind.FEMORAL, Kind.POPLITEAL, Kind.CALF)
"""The deep veins in the order in which a range runs through them."""

CALM: Final = frozenset({Kind.CALM_STUDY, Kind.CALM_VEIN})
OTHER_THINGS: Final = frozenset({Kind.BAKERS_CYST, Kind.HEMATOMA, Kind.LYMPH_NODES, Kind.OBSTRUCTION})
THINGS: Final = TARGETS | OTHER_THINGS
LIMITS: Final = frozenset({Kind.NOT_SEEN, Kind.NOT_SCANNED, Kind.NONDIAGNOSTIC, Kind.LIMITED})
FLOWS: Final = frozenset(
    {Kind.FLOW_NORMAL, Kind.FLOW_MONOPHASIC, Kind.FLOW_CONTINUOUS, Kind.FLOW_ASYMMETRIC, Kind.FLOW_PULSATILE,
     Kind.FLOW_ABSENT}
)  # fmt: skip
POLAR: Final = THINGS | CALM | LIMITS | FLOWS | {Kind.STOPPED, Kind.UNSETTLED}
"""What a part of a sentence is about; a part without any belongs to its neighbour."""

PASSED: Final = (
    VEINS
    | SIDES.keys()
    | {
        Kind.PLAIN, Kind.STUDY, Kind.ACUTE, Kind.CHRONIC, Kind.NOT_GONE, Kind.PRESENT, Kind.DOUBT, Kind.EARLIER,
        Kind.JUNCTION, Kind.OTHER_LEG, Kind.RESTRICTING, Kind.AWAY, Kind.UPPER_END,
    }
)  # fmt: skip
"""What a negation or a doubt reaches past."""

TURNS: Final = frozenset({Kind.TURNING, Kind.EXCEPTION})
PARTING: Final = TURNS | {Kind.COMMA, Kind.LINKING, Kind.NOT_EXTENDING, Kind.OPEN}
MEASURING: Final = frozenset({Kind.NOT_EXTENDING, Kind.AWAY, Kind.UPPER_END})
LENGTHS: Final = frozenset({Kind.CENTIMETRE, Kind.MILLIMETRE})
RANGE: Final = frozenset({"to", "through", "thru"})
FARTHEST_MEASURE: Final = 8
BOTH_LEGS: Final = frozenset({"left", "right"})
NO_LEG_KNOWN: Final = frozenset({"other"})
"""The other leg, when it is not known which one was spoken of."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A sentence laid out. `parts`: the part that each mark stands in. `label`: the veins before a first colon.

    `groups`: where legs are named. `sticky`: the legs of the heading above. `vein_places`: part -> its veins.
    """

    sentence: Sentence
    parts: list[int]
    label: frozenset[Kind]
    groups: list[tuple[int, frozenset[str]]]
    sticky: frozenset[str]
    vein_places: Mapping[int, list[int]]
    has_measures: bool
    has_ranges: bool

    def part(self, at: int) -> list[Kind]:
        """The kinds of words in the part of a mark."""
        return [kind for index, kind in enumerate(self.sentence.kinds) if self.parts[index] == self.parts[at]]

    def veins(self, at: int) -> frozenset[Kind]:
        """The veins that a mark speaks of: those of its part, or else those of the label."""
        kinds, places = self.sentence.kinds, self.vein_places.get(self.parts[at], ())
        own = {kinds[each] for each in places if not (self.has_measures and self._is_only_a_measure(each, at))}
        if self.has_ranges:
            for upper, lower in pairwise(places):
                own |= self._between(upper, lower)
        return frozenset(own) or self.label

    def _between(self, upper: int, lower: int) -> frozenset[Kind]:
        """The veins of a range: "from the common femoral to the calf veins"."""
        kinds = self.sentence.kinds
        between = range(upper + 1, lower)
        is_range = any(word_at(self.sentence, at) in RANGE for at in between)
        if not (
            is_range and {kinds[upper], kinds[lower]} <= {*DOWNWARDS} and all(kinds[at] in PASSED for at in between)
        ):
            return frozenset()
        first, last = sorted((DOWNWARDS.index(kinds[upper]), DOWNWARDS.index(kinds[lower])))
        return frozenset(DOWNWARDS[first : last + 1])

    def _is_only_a_measure(self, vein: int, at: int) -> bool:
        """Whether a vein is only where a distance is measured from, or what a thrombus does not reach."""
        kinds = self.sentence.kinds
        for back in range(vein - 1, max(vein - FARTHEST_MEASURE, at), -1):
            if kinds[back] is Kind.NOT_EXTENDING:
                return True
            if word_at(self.sentence, back) == "into":
                return Kind.NO_EXTENSION_OF in kinds[:back]
            if kinds[back] in MEASURING:
                return kinds[back] is Kind.AWAY and not LENGTHS.isdisjoint(kinds[max(0, back - 2) : back])
        return False

    def legs(self, at: int) -> frozenset[str]:
        """The legs that a mark speaks of: named in its part, before or after it; else in the sentence; else the
        heading's. Empty when none is named.
        """
        own_before = own_after = before = after = None
        for place, legs in self.groups:
            is_own = self.parts[place] == self.parts[at]
            if place < at:
                before, own_before = legs, legs if is_own else own_before
            else:
                after, own_after = after or legs, own_after or (legs if is_own else None)
        return own_before or own_after or before or after or self.sticky


def laid_out(sentence: Sentence, sticky: frozenset[str]) -> Layout:
    """The sentence with its regions named as veins, or as plain words beside superficial veins."""
    kinds = sentence.kinds
    if not REGIONS.keys().isdisjoint(kinds):
        is_superficial = Kind.SUPERFICIAL in kinds or Kind.SUPERFICIAL_CLOT in kinds
        kinds[:] = [Kind.PLAIN if is_superficial and kind in REGIONS else REGIONS.get(kind, kind) for kind in kinds]
    head = kinds[: kinds.index(Kind.COLON)] if Kind.COLON in kinds else []
    label = VEINS.intersection(head) if POLAR.isdisjoint(head) else frozenset[Kind]()
    parts = part_numbers(kinds)
    places: dict[int, list[int]] = {}
    for at, kind in enumerate(kinds):
        if kind in VEINS:
            places.setdefault(parts[at], []).append(at)
    has_measures = not MEASURING.isdisjoint(kinds) or "into" in sentence.words
    has_ranges = not RANGE.isdisjoint(sentence.words)
    return Layout(sentence, parts, label, _leg_groups(kinds, sticky), sticky, places, has_measures, has_ranges)


def part_numbers(kinds: list[Kind]) -> list[int]:
    """The part of the sentence that each mark stands in. Commas and joining words divide it into parts.

    A part that says nothing by itself belongs to the next one, or to the one before when that ends in a list of veins.
    What follows "but" or "except" always stands by itself.
    """
    numbers = [0] * len(kinds)
    number, done, ends_in_veins = -1, 0, False
    for first, last in _pieces(kinds):
        polar = next((at for at in range(last - 1, first - 1, -1) if kinds[at] in POLAR), None)
        if polar is not None or kinds[first] in TURNS:
            number += 1
            ends_in_veins = polar is not None and not VEINS.isdisjoint(kinds[polar:last])
        elif not (ends_in_veins and done == first):
            continue  # it waits for the next
        numbers[done:last] = [max(number, 0)] * (last - done)
        done = last
    numbers[done:] = [max(number, 0)] * (len(kinds) - done)
    return numbers


def _pieces(kinds: list[Kind]) -> list[tuple[int, int]]:
    cuts = [0, *(at for at, kind in enumerate(kinds) if kind in PARTING and at), len(kinds)]
    return list(pairwise(cuts))


def _leg_groups(kinds: list[Kind], sticky: frozenset[str]) -> list[tuple[int, frozenset[str]]]:
    """Where legs are named; "right and left" is one place."""
    groups: list[tuple[int, frozenset[str]]] = []
    for at, kind in enumerate(kinds):
        if kind is Kind.OTHER_LEG:
            spoken_of = groups[-1][1] if groups else sticky
            groups.append((at, BOTH_LEGS - spoken_of if len(spoken_of) == 1 else NO_LEG_KNOWN))
        elif kind in SIDES:
            legs = SIDES[kind]
            if at > 1 and groups and groups[-1][0] == at - 2 and kinds[at - 1] in {Kind.JOINING, Kind.LINKING}:
                legs |= groups.pop()[1]
            groups.append((at, legs))
    return groups


def word_at(sentence: Sentence, at: int) -> str:
    """The word of a mark; empty for a phrase of several."""
    start, end = sentence.places[at]
    return sentence.words[start] if end - start == 1 else ""
