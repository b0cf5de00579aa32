"""How each thrombus of a sentence is spoken of: there, denied, doubted, old, or only asked for.

The idea is ConText's in small: a modifier reaches forward or back over words that are understood, and over nothing
else. What no modifier reaches is meant as it stands.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from app.clinical.report_text.kinds import BACKGROUND, Kind
from app.clinical.report_text.layout import PASSED, THINGS, VEINS, word_at
from app.clinical.report_text.sentences import Sentence


class Status(StrEnum):
    """How a thing is spoken of."""

    AFFIRMED = "affirmed"
    CHRONIC = "chronic"
    DOUBTED = "doubted"
    IMPLIED = "implied"  # no other thrombus: so there is one
    EARLIER = "earlier"
    NEGATED = "negated"
    CALM = "calm"  # no negation: the vein is called normal
    SET_ASIDE = "set aside"  # history, question, disclaimer, another person


def statuses(sentence: Sentence) -> dict[int, Status]:
    """The status of each thing in the sentence, by its place among the marks."""
    if THINGS.isdisjoint(sentence.kinds):
        return {}
    found = _Walk(sentence).found()
    for at, kind in enumerate(sentence.kinds):
        if kind in _MAY_REACH_BACK:
            _reach_back(sentence, at, found)
    _set_aside_what_was_denied_then(sentence.kinds, found)
    if sentence.is_asked and sentence.section not in BACKGROUND:
        return {at: Status.DOUBTED if status in _SURE else status for at, status in found.items()}
    return found


# -- forward ----------------------------------------------------------------------------------------------------------

MODIFIERS: Final = frozenset(
    {Kind.NO_OTHER, Kind.DOUBT, Kind.ASKED, Kind.CANNOT_EXCLUDE, Kind.BOILERPLATE, Kind.QUESTION, Kind.HISTORY,
     Kind.EARLIER, Kind.OTHER_PERSON, Kind.GONE, Kind.CHRONIC, Kind.NOT_GONE, Kind.ACUTE, Kind.UNSETTLED}
)  # fmt: skip
_SETS_ASIDE: Final = frozenset({Kind.OTHER_PERSON, Kind.QUESTION, Kind.BOILERPLATE, Kind.HISTORY})
_DOUBTS: Final = frozenset({Kind.DOUBT, Kind.ASKED, Kind.CANNOT_EXCLUDE, Kind.UNSETTLED})
_TAKES_BACK: Final = frozenset({Kind.DOUBT, Kind.ASKED, Kind.CANNOT_EXCLUDE, Kind.UNPROVEN})
_KEPT: Final = frozenset({Kind.QUESTION, Kind.HISTORY, Kind.OTHER_PERSON})
"""What a negation does not end: "if no DVT", "family history negative for DVT"."""
_INERT: Final = PASSED - MODIFIERS - {Kind.PRESENT}
_SURE: Final = frozenset({Status.AFFIRMED, Status.NEGATED})
TOLD: Final = frozenset({"demonstrated", "showed", "revealed", "described", "showing", "positive", "reported"})


@dataclass(slots=True)
class _Walk:
    """A sentence walked from its first mark to its last, with the modifiers that are open.

    `has_met`: they have met their thing; only "or" takes them further. `takes_back`: the negation itself is in doubt.
    `in_prior_study`: an earlier study is spoken of.
    """

    sentence: Sentence
    open: set[Kind] = field(default_factory=set)
    has_met: bool = False
    takes_back: bool = False
    in_prior_study: bool = False
    leads: list[bool] = field(default_factory=list)
    lists: list[bool] = field(default_factory=list)

    def found(self) -> dict[int, Status]:
        """The status of each thing, as far as what stands before it goes."""
        kinds, found = self.sentence.kinds, dict[int, Status]()
        self._look_ahead()
        for at, kind in enumerate(kinds):
            if kind in THINGS:
                if self.has_met:
                    self._close()
                is_named_chronic = found.get(at - 1) is Status.CHRONIC and kinds[at - 1] is Kind.CHRONIC_CLOT
                found[at] = Status.CHRONIC if is_named_chronic else self._status(kind)
                self.has_met, self.in_prior_study = True, False
            elif self.in_prior_study and word_at(self.sentence, at) in TOLD:
                self.open.add(Kind.HISTORY)
            elif kind not in _INERT:
                _STEPS.get(kind, _Walk.meet_other)(self, at)
        return found

    def _look_ahead(self) -> None:
        """For each place: whether the next thing is reached from there, and whether an "or" with its thing is."""
        kinds = self.sentence.kinds
        leads, lists = [False] * (len(kinds) + 1), [False] * (len(kinds) + 1)
        for at in range(len(kinds) - 1, -1, -1):
            kind = kinds[at]
            is_passed = kind in PASSED
            leads[at] = kind in THINGS or (is_passed and leads[at + 1])
            if kind is Kind.JOINING:
                lists[at] = leads[at + 1]
            elif kind is Kind.COMMA or kind in THINGS or (is_passed and kind is not Kind.PRESENT):
                lists[at] = lists[at + 1]
        self.leads, self.lists = leads, lists

    def _close(self) -> None:
        self.open.clear()
        self.has_met = self.takes_back = False

    def _status(self, kind: Kind) -> Status:
        """The first that holds. A negation that is in doubt denies nothing."""
        is_open = self.open
        is_denied = Kind.NEGATION in is_open
        is_old = Kind.CHRONIC in is_open or kind is Kind.CHRONIC_CLOT
        ways: tuple[tuple[object, Status], ...] = (
            (is_open & _SETS_ASIDE, Status.SET_ASIDE),
            (is_denied and self.takes_back, Status.DOUBTED),
            (is_denied and (Kind.EARLIER in is_open or self.in_prior_study), Status.SET_ASIDE),
            (is_denied, Status.NEGATED),
            (Kind.NO_OTHER in is_open, Status.IMPLIED),
            (is_open & _DOUBTS or kind is Kind.NOT_COMPRESSED, Status.DOUBTED),
            (Kind.GONE in is_open, Status.SET_ASIDE),
            (Kind.EARLIER in is_open and Kind.NOT_GONE not in is_open, Status.EARLIER),
            (is_old and not is_open & {Kind.ACUTE, Kind.EARLIER}, Status.CHRONIC),
        )
        return next((status for holds, status in ways if holds), Status.AFFIRMED)

    # -- one step for each kind of word

    def meet_negation(self, at: int) -> None:
        if word_at(self.sentence, at) == "nor" and Kind.NEGATION in self.open:
            self.has_met = False
            return
        kept = set[Kind]() if self.has_met else self.open & _KEPT
        takes_back = not self.has_met and bool(self.open & {*_TAKES_BACK, Kind.NEGATION})
        self._close()
        self.open, self.takes_back = kept | {Kind.NEGATION}, takes_back

    def meet_calm(self, at: int) -> None:
        """As in "Negative" denies the thrombus that follows only where it begins what is said."""
        kinds, words = self.sentence.kinds, self.sentence.words
        begins = at == 0 or kinds[at - 1] in {Kind.COLON, Kind.COMMA}
        if begins and self.leads[at + 1] and words[self.sentence.places[at][0]] in {"negative", "neg"}:
            self.meet_negation(at)
        else:
            self.meet_other(at)

    def meet_modifier(self, at: int) -> None:
        if self.has_met:
            self._close()
        self.open.add(self.sentence.kinds[at])

    def meet_unproven(self, at: int) -> None:
        self._close()
        self.open.add(self.sentence.kinds[at])

    def meet_present(self, _: int) -> None:
        self.open -= {Kind.QUESTION, Kind.OTHER_PERSON, Kind.BOILERPLATE}
        if not self.in_prior_study:
            self.open.discard(Kind.HISTORY)

    def meet_joining(self, _: int) -> None:
        self.has_met = False

    def meet_linking(self, _: int) -> None:
        if self.has_met:
            self._close()

    def meet_comma(self, at: int) -> None:
        """A comma ends a modifier, unless a list that ends in "or" goes on, or adjectives do."""
        self.in_prior_study = False
        before = self.sentence.kinds[at - 1] if at else None
        if self.lists[at + 1]:
            self.has_met = False
        elif self.has_met or before not in {Kind.ACUTE, Kind.CHRONIC, Kind.PLAIN} or not self.leads[at + 1]:
            self._close()

    def meet_open(self, at: int) -> None:
        """A thing in brackets is the one before, in short."""
        kinds = self.sentence.kinds
        if kinds[at + 2 : at + 3] == [Kind.CLOSE] and kinds[at + 1] in THINGS:
            self.has_met = False
        elif self.has_met:
            self._close()

    def meet_colon(self, at: int) -> None:
        if not at or self.sentence.kinds[at - 1] not in {*MODIFIERS, Kind.NEGATION}:
            self._close()

    def meet_prior_study(self, _: int) -> None:
        self._close()
        self.in_prior_study = True

    def meet_number(self, at: int) -> None:
        if Kind.BOILERPLATE not in self.open:
            self.meet_unknown(at)

    def meet_unknown(self, _: int) -> None:
        self._close()

    def meet_close(self, _: int) -> None:
        """A closing bracket changes nothing."""

    def meet_other(self, _: int) -> None:
        self._close()
        self.in_prior_study = False


_STEPS: Final[Mapping[Kind, Callable[[_Walk, int], None]]] = {
    **dict.fromkeys(MODIFIERS, _Walk.meet_modifier),
    Kind.NEGATION: _Walk.meet_negation,
    Kind.CALM_STUDY: _Walk.meet_calm,
    Kind.UNPROVEN: _Walk.meet_unproven,
    Kind.PRESENT: _Walk.meet_present,
    Kind.JOINING: _Walk.meet_joining,
    Kind.LINKING: _Walk.meet_linking,
    Kind.COMMA: _Walk.meet_comma,
    Kind.OPEN: _Walk.meet_open,
    Kind.CLOSE: _Walk.meet_close,
    Kind.COLON: _Walk.meet_colon,
    Kind.PRIOR_STUDY: _Walk.meet_prior_study,
    Kind.NUMBER: _Walk.meet_number,
    Kind.UNKNOWN: _Walk.meet_unknown,
}

# -- back -------------------------------------------------------------------------------------------------------------

_BACK: Final = {
    Kind.NEGATED_AFTER: Status.NEGATED,
    Kind.NOT_SEEN: Status.NEGATED,
    Kind.CANNOT_EXCLUDE_AFTER: Status.DOUBTED,
    Kind.DOUBT_AFTER: Status.DOUBTED,
    Kind.UNSETTLED: Status.DOUBTED,
    Kind.UNPROVEN: Status.DOUBTED,
    Kind.GONE: Status.SET_ASIDE,
    Kind.HISTORY_AFTER: Status.SET_ASIDE,
    Kind.NOT_GONE: Status.AFFIRMED,
    Kind.CHRONIC: Status.CHRONIC,
}
_MAY_REACH_BACK: Final = _BACK.keys() | {Kind.NEGATION, Kind.CALM_STUDY}
_CALLS_OFF: Final = frozenset({Status.NEGATED, Status.SET_ASIDE})
_THEN: Final = frozenset({Kind.PRIOR_STUDY, Kind.HISTORY_AFTER, Kind.EARLIER})
_IN: Final = frozenset({"in", "within", "of", "at", "along", "on"})
_SOON: Final = 6


def _reach_back(sentence: Sentence, at: int, found: dict[int, Status]) -> None:
    """A modifier that stands behind its thing: "is not present", "cannot be excluded", "has resolved"."""
    kinds, kind = sentence.kinds, sentence.kinds[at]
    status = Status.NEGATED if _is_answer(sentence, at) else _BACK.get(kind)
    if status is None or (status in _CALLS_OFF and not _THEN.isdisjoint(kinds[at + 1 : at + _SOON])):
        return  # "was not present on the prior study": so it is new
    for thing in _things_before(sentence, at, strictly=status in _CALLS_OFF):
        found[thing] = _changed(found[thing], status, kind, is_acute=Kind.ACUTE in kinds)


def _changed(was: Status, status: Status, by: Kind, *, is_acute: bool) -> Status:
    """The status after a modifier behind the thing. What was denied or set aside comes back only in doubt."""
    match status:
        case Status.DOUBTED:
            return was if was in {Status.SET_ASIDE, Status.IMPLIED} else status
        case Status.CHRONIC:
            return status if was is Status.AFFIRMED and not is_acute else was
        case Status.AFFIRMED:
            return status if was is Status.EARLIER else was
        case _ if was is Status.EARLIER or (was is Status.CHRONIC and by is Kind.GONE):
            return Status.SET_ASIDE
        case _:
            return status if was is Status.AFFIRMED else was


def _is_answer(sentence: Sentence, at: int) -> bool:
    """Whether a "no" or "negative" is the answer to what stands before: "Thrombus: no", "DVT negative"."""
    kinds = sentence.kinds
    ends = at + 1 == len(kinds) or kinds[at + 1] in {Kind.COMMA, Kind.CLOSE, Kind.JOINING}
    if not at or not ends or sentence.words[sentence.places[at][0]] not in {"no", "negative", "neg"}:
        return False
    return kinds[at - 1] is Kind.COLON or (kinds[at] is Kind.CALM_STUDY and kinds[at - 1] in THINGS)


def _things_before(sentence: Sentence, at: int, *, strictly: bool) -> Iterator[int]:
    """The things that a modifier behind them speaks of, nearest first; several when "or" joins them.

    `strictly`: it calls them off, so a vein between must hang on a preposition ("in the popliteal vein"): one that does
    not begins something new, as in "popliteal thrombus, calf veins not seen" without its comma.
    """
    kinds = sentence.kinds
    nearest = _nearest_thing(sentence, at, strictly=strictly)
    if nearest is None:
        return
    yield nearest
    for back in range(nearest - 1, -1, -1):
        kind = kinds[back]
        if kind in THINGS:
            yield back
        elif kind in VEINS or (strictly and kind is Kind.PRESENT) or kind not in {*PASSED, Kind.JOINING}:
            return


def _nearest_thing(sentence: Sentence, at: int, *, strictly: bool) -> int | None:
    kinds, hangs = sentence.kinds, True
    passed = PASSED | {Kind.PRIOR_STUDY} if strictly else PASSED | {Kind.PRIOR_STUDY, Kind.NUMBER}
    beside = {Kind.COLON, Kind.NUMBER} if strictly else {Kind.COLON, Kind.COMMA}
    for back in range(at - 1, -1, -1):
        kind = kinds[back]
        if kind in THINGS:
            return back if hangs else None
        if strictly and (kind is Kind.PRESENT or (kind in VEINS and not hangs)):
            return None
        if kind in VEINS:
            hangs = not strictly
        elif kind is Kind.PLAIN:
            hangs = hangs or word_at(sentence, back) in _IN
        elif kind not in passed and not (back == at - 1 and kind in beside):
            return None
    return None


def _set_aside_what_was_denied_then(kinds: list[Kind], found: dict[int, Status]) -> None:
    """As in "No DVT on the prior study" is no result of this one."""
    if _THEN.isdisjoint(kinds):
        return
    for at in [at for at, status in found.items() if status is Status.NEGATED]:
        if next((kind for kind in kinds[at + 1 :] if kind in _THEN or kind not in PASSED), None) in _THEN:
            found[at] = Status.SET_ASIDE
