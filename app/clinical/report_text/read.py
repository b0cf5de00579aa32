"""A report's prose, read: what it says of each leg, with the sentence that says so.

Whatever is not understood makes the reading less calm, never calmer: a word for a thrombus that no rule accounts for,
two statements that contradict, a text that is too long. Negative needs an explicit statement about the deep veins.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from app.clinical.report_text.details import Detail, details_of
from app.clinical.report_text.kinds import Kind, Section
from app.clinical.report_text.layout import CENTRAL, DISTAL, NAMED_DEEP, POLAR, SIDES, VEINS, Layout, laid_out
from app.clinical.report_text.reach import Status, statuses
from app.clinical.report_text.sentences import Sentence, sentences_of
from app.clinical.report_text.statements import Statement, statements_of
from app.clinical.report_text.tokens import cleaned, quoted, tokens_of
from app.clinical.report_text.words import ReportWords

UNSIDED: Final = "unsided"
LEGS: Final = ("left", "right", UNSIDED)
CALM_RESULTS: Final = frozenset({"negative", "svt_only"})
OTHER_STUDIES: Final = (
    (Kind.ARM, "arm"),
    (Kind.ARTERIAL_STUDY, "arterial"),
    (Kind.ABDOMEN_STUDY, "abdomen"),
    (Kind.MAPPING_STUDY, "mapping"),
    (Kind.REFLUX_STUDY, "reflux"),
)
OF_LEGS: Final = frozenset({"mapping", "reflux"})
"""Other studies that do look at leg veins: what sounds like a thrombus counts, a calm word does not."""
FLOW_ORDER: Final = ("absent", "continuous", "monophasic", "asymmetric", "pulsatile", "normal", "not_assessed")
ILIAC_ORDER: Final = ("positive", "inadequate", "not_imaged", "adequate_negative")
QUALITY_ORDER: Final = ("incomplete", "limited")


@dataclass(frozen=True, slots=True)
class Read:
    """One fact read. `quote`: the sentence relied on, on one line, at most 200 characters, nothing invisible in it."""

    fact: str
    value: str
    quote: str


@dataclass(frozen=True, slots=True)
class ReportReading:
    """What a report says. `legs`: left, right, unsided -> the facts read. `other_study`: "" or which it is.

    `is_cut`: the text was too long; then nothing is read as calm.
    """

    legs: Mapping[str, tuple[Read, ...]] = field(default_factory=dict)
    other_study: str = ""
    is_cut: bool = False


def read_report(text: str, words: ReportWords) -> ReportReading:
    """What the plain text of a report says. Total: any text gives a reading, in time linear in its length."""
    clean, is_cut = cleaned(text)
    tokens = tokens_of(clean)
    report = _Report(tokens.text)
    for sentence in sentences_of(tokens, words):
        report.add(sentence)
    other = report.other_study()
    legs = {leg: reads for leg, reads in report.legs(other, is_cut=is_cut).items() if reads}
    return ReportReading(legs, other, is_cut)


_WORTH_READING: Final = POLAR | SIDES.keys() | VEINS | {
    Kind.REPEAT, Kind.WHOLE_LEG, Kind.PROXIMAL_ONLY, Kind.CENTIMETRE, Kind.MILLIMETRE, Kind.FLOW, Kind.NOT,
    Kind.EXCEPTION,
    *(kind for kind, _ in OTHER_STUDIES),
}  # fmt: skip
_OF_A_HEADING: Final = SIDES.keys() | VEINS | {
    Kind.PLAIN, Kind.STUDY, Kind.COLON, Kind.WHOLE_LEG, Kind.PROXIMAL_ONLY, Kind.UNKNOWN, Kind.NO_RESULT, Kind.LIMITED,
    Kind.LINKING, Kind.COMMA, Kind.NUMBER, Kind.OPEN, Kind.CLOSE,
}  # fmt: skip
LONGEST_TITLE: Final = 12


@dataclass(slots=True)
class _Report:
    """The statements of a report while its sentences are read."""

    text: str
    statements: list[Statement] = field(default_factory=list)
    details: list[Detail] = field(default_factory=list)
    seen: set[Kind] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    named_legs: set[frozenset[str]] = field(default_factory=set)
    sticky: frozenset[str] = frozenset()
    nearby: frozenset[str] = frozenset()
    section: Section = Section.BODY

    def add(self, sentence: Sentence) -> None:
        if sentence.section is not self.section:
            self.section, self.sticky, self.nearby = sentence.section, frozenset(), frozenset()
        if _WORTH_READING.isdisjoint(sentence.kinds):
            return
        layout = laid_out(sentence, self.sticky)
        if sentence.section not in {Section.INDICATION, Section.COMPARISON}:
            self.seen.update(sentence.kinds)
            self.words.update(sentence.words)
            self.named_legs.update(legs for _, legs in layout.groups)
        found = statuses(sentence)
        if not _is_of_another_part(sentence):
            said = statements_of(layout, found)
            self.statements.extend(replace(each, nearby=self.nearby) if self.nearby else each for each in said)
            self.details.extend(details_of(layout, found))
        if layout.groups:
            self.nearby = layout.groups[-1][1]
        self._keep_side(layout)

    def _keep_side(self, layout: Layout) -> None:
        """A leg before a colon, or alone in a sentence, is a heading: what follows is about it."""
        if not layout.groups or self.section is Section.INDICATION:
            return
        kinds = layout.sentence.kinds
        head = kinds[: kinds.index(Kind.COLON)] if Kind.COLON in kinds else kinds
        legs = frozenset[str]().union(*(legs for at, legs in layout.groups if at < len(head)))
        if legs and len(head) <= LONGEST_TITLE and _OF_A_HEADING.issuperset(head):
            self.sticky = legs

    def other_study(self) -> str:
        """Which other study it is, when nothing says that deep leg veins were looked at."""
        for kind, name in OTHER_STUDIES:
            if kind in self.seen:
                if name in OF_LEGS:
                    return name
                is_of_leg = bool(self.seen & NAMED_DEEP) and name != "arterial"
                is_of_veins = not {"vein", "veins", "venous"}.isdisjoint(self.words) or Kind.DEEP_CLOT in self.seen
                if not is_of_leg and not (name == "arterial" and self.seen & NAMED_DEEP and is_of_veins):
                    return name
        return ""

    # -- legs -------------------------------------------------------------------------------------------------------

    def legs(self, other: str, *, is_cut: bool) -> dict[str, tuple[Read, ...]]:
        """The facts of each leg."""
        said: dict[str, _Leg] = {leg: _Leg() for leg in LEGS}
        for statement in self.statements:
            for leg in self._legs_of(statement.legs, is_calm=statement.status in _CALMING):
                said[leg].statements.append(statement)
        for detail in self.details:
            for leg in self._legs_of(detail.legs, is_calm=False):
                said[leg].details.append(detail)
        results = _results(said)
        return {
            leg: self._reads(said[leg], _allowed(results[leg], other, is_cut=is_cut), is_of_leg=other in {"", *OF_LEGS})
            for leg in LEGS
        }

    def _legs_of(self, legs: frozenset[str], *, is_calm: bool) -> Sequence[str]:
        """The legs that something counts for. Where the report names one leg only, everything is about that one."""
        if legs:
            known = legs & {"left", "right"}
            return sorted(known) if known else () if is_calm else (UNSIDED,)
        named = frozenset[str]().union(*self.named_legs)
        if len(named) == 1 and named < {"left", "right"}:
            return tuple(named)
        if self.named_legs == {frozenset({"left", "right"})}:
            return ("left", "right")
        return (UNSIDED,)

    def _reads(self, leg: "_Leg", result: "_Result | None", *, is_of_leg: bool) -> tuple[Read, ...]:
        reads: dict[tuple[str, str], Read] = {}

        def put(fact: str, value: str, sentence: Sentence, place: int) -> None:
            if (fact, value) not in reads:
                near = sentence.starts[sentence.places[place][0]]
                quote = quoted(self.text, sentence.start, sentence.end, near)
                reads[fact, value] = Read(fact, value, quote)

        if result:
            put("result", result.value, result.because.sentence, result.because.place)
            if result.location and result.located:
                put("location", result.location, result.located.sentence, result.located.place)
        if is_of_leg:
            for fact, value, said in leg.facts(result):
                put(fact, value, said.sentence, said.place)
        return tuple(reads.values())


_CALMING: Final = frozenset({Status.NEGATED, Status.CALM})
_Said = Statement | Detail


@dataclass(frozen=True, slots=True)
class _Result:
    value: str
    because: _Said
    location: str = ""
    located: _Said | None = None


def _allowed(result: "_Result | None", other: str, *, is_cut: bool) -> "_Result | None":
    """Nothing calm is read of a text that was cut or is of another study, and no thrombus that is not in a leg."""
    if result is None or (other and other not in OF_LEGS):
        return None
    return None if result.value in CALM_RESULTS and (other or is_cut) else result


@dataclass(slots=True)
class _Leg:
    """What is said of one leg."""

    statements: list[Statement] = field(default_factory=list)
    details: list[Detail] = field(default_factory=list)

    def clots(self, *statuses: Status) -> list[Statement]:
        """Deep thrombi of these statuses."""
        return [
            each
            for each in self.statements
            if each.status in statuses and is_deep(each) and each.kind is not Kind.WORRYING
        ]

    def acute(self) -> list[Statement]:
        return self.clots(Status.AFFIRMED)

    def unsure(self) -> list[Statement]:
        """What keeps the leg from being calm without being a thrombus: doubted, implied, earlier and not gone."""
        return [
            each
            for each in self.statements
            if is_deep(each)
            and (
                each.status in {Status.DOUBTED, Status.IMPLIED}
                or (each.status is Status.EARLIER and each.veins & NAMED_DEEP)
                or (each.kind is Kind.WORRYING and each.status in {Status.AFFIRMED, Status.CHRONIC, Status.EARLIER})
            )
        ]

    def superficial(self) -> list[Statement]:
        return [
            each
            for each in self.statements
            if not is_deep(each) and each.status in {Status.AFFIRMED, Status.CHRONIC, Status.DOUBTED, Status.IMPLIED}
        ]

    def denials(self) -> list[Statement]:
        """Statements that the deep veins of the leg, as a whole, hold no thrombus."""
        whole = [each for each in self.statements if _is_denial(each)]
        if whole:
            return whole
        calm = [each for each in self.statements if each.status in _CALMING and is_deep(each)]
        veins = frozenset[Kind]().union(*(each.veins for each in calm))
        return calm if _covers_thigh(veins) else []

    def facts(self, result: _Result | None) -> Iterator[tuple[str, str, _Said]]:
        """The facts beside the result; of those that have one value only, the most worrying."""
        found: dict[str, list[Detail]] = {}
        for detail in self.details:
            found.setdefault(detail.fact, []).append(detail)
        yield from self._protocol(found, result)
        for fact, order in (("quality", QUALITY_ORDER), ("cfv", FLOW_ORDER)):
            if fact in found:
                worst = min(found[fact], key=lambda each: order.index(each.value))
                yield fact, worst.value, worst
        yield from self._iliac(found)
        for fact in ("unseen", "alternative", "repeat_advised"):
            for detail in found.get(fact, ()):
                yield fact, detail.value, detail
        for fact in ("svt_length_cm", "svt_junction_cm"):
            if fact in found and self.superficial():
                yield fact, found[fact][0].value, found[fact][0]

    def _protocol(self, found: Mapping[str, list[Detail]], result: _Result | None) -> Iterator[tuple[str, str, _Said]]:
        said = found.get("protocol", [])
        proximal = [each for each in said if each.value == "proximal_only"]
        if proximal or said:
            chosen = (proximal or said)[0]
            yield "protocol", chosen.value, chosen
        elif result and result.value == "negative" and "unseen" not in found:
            calm = [each for each in self.statements if each.status in _CALMING and is_deep(each)]
            veins = frozenset[Kind]().union(*(each.veins for each in calm))
            below = Kind.CALF in veins or {Kind.PERONEAL, Kind.POSTERIOR_TIBIAL} <= veins
            if below and (_covers_thigh(veins) or Kind.DEEP_VEINS in veins):
                yield "protocol", "whole_leg", next(each for each in calm if each.veins & DISTAL)

    def _iliac(self, found: Mapping[str, list[Detail]]) -> Iterator[tuple[str, str, _Said]]:
        said: list[tuple[str, _Said]] = [(each.value, each) for each in found.get("iliac", ())]
        for each in self.statements:
            if each.veins & CENTRAL and each.kind is not Kind.WORRYING and is_deep(each):
                if each.status is Status.AFFIRMED:
                    said.append(("positive", each))
                elif each.status in _CALMING and Kind.ILIAC in each.veins:
                    said.append(("adequate_negative", each))
        if said:
            value, because = min(said, key=lambda each: ILIAC_ORDER.index(each[0]))
            yield "iliac", value, because


def is_deep(statement: Statement) -> bool:
    """Whether a statement is about deep veins; what names no vein is."""
    if statement.kind is Kind.DEEP_CLOT or statement.veins & NAMED_DEEP:
        return True
    if statement.kind is Kind.SUPERFICIAL_CLOT:
        return False
    return Kind.DEEP_VEINS in statement.veins or Kind.SUPERFICIAL not in statement.veins


def _is_denial(statement: Statement) -> bool:
    """A denial of thrombus in the whole leg, or in the deep veins of the thigh at least."""
    if statement.kind is Kind.WORRYING or not is_deep(statement):
        return False
    if statement.status is Status.CALM:
        return statement.is_study or Kind.DEEP_VEINS in statement.veins or _covers_thigh(statement.veins)
    if statement.status is not Status.NEGATED or statement.kind in {Kind.CHRONIC_CLOT, Kind.NOT_COMPRESSED}:
        return False
    named = statement.veins & NAMED_DEEP
    return not named or _covers_thigh(named) or (Kind.DEEP_VEINS in statement.veins and not named)


def _covers_thigh(veins: frozenset[Kind]) -> bool:
    return Kind.PROXIMAL in veins or (Kind.POPLITEAL in veins and bool(veins & {Kind.CFV, Kind.FEMORAL}))


# -- one leg and both ---------------------------------------------------------------------------------------------


def _results(said: Mapping[str, _Leg]) -> dict[str, _Result | None]:
    """The result of each leg. What is said without a side bears on both legs when it worries; a calm word does not."""
    unsided = said[UNSIDED]
    worries = {leg: _worries(said[leg]) for leg in ("left", "right")}
    open_worry = _unexplained(_worries(unsided), worries)
    results = {leg: _result(said[leg]) for leg in LEGS}
    general = [each for each in unsided.denials() if not each.is_restricted and each.status is not Status.CALM]
    for leg in ("left", "right"):
        result = results[leg]
        if result and result.value in CALM_RESULTS and open_worry:
            results[leg] = _Result("conflict", open_worry[0])
        if result and result.value == "acute_dvt" and any(not each.veins & NAMED_DEEP for each in general):
            results[leg] = _Result("conflict", result.because, result.location, result.located)
    result = results[UNSIDED]
    if result and any(worries.values()) and (result.value in CALM_RESULTS or not open_worry):
        results[UNSIDED] = None
    return results


def _worries(leg: _Leg) -> list[Statement]:
    return [*leg.acute(), *leg.clots(Status.CHRONIC), *leg.unsure()]


def _unexplained(unsided: Sequence[Statement], sided: Mapping[str, Sequence[Statement]]) -> list[Statement]:
    """The thrombi without a side that are not reported for a leg as well: in the same vein, or summed up.

    When one leg was named just before, it has to be that leg.
    """
    named = {
        (leg, status): frozenset[Kind]().union(*(each.veins & NAMED_DEEP for each in worries if each.status is status))
        for leg, worries in sided.items()
        for status in Status
    }
    left = []
    for each in unsided:
        legs = [leg for leg in sided if sided[leg] and leg in (each.nearby or sided)]
        if not any(_sums_up(each) or each.veins & named[leg, each.status] for leg in legs):
            left.append(each)
    return left


def _sums_up(statement: Statement) -> bool:
    return not statement.veins & NAMED_DEEP and statement.sentence.section in {Section.IMPRESSION, Section.ADDENDUM}


def _result(leg: _Leg) -> _Result | None:
    """The result of a leg by itself, the worst that is said of it."""
    acute, unsure, chronic, denials = leg.acute(), leg.unsure(), leg.clots(Status.CHRONIC), leg.denials()
    location, located = _location(acute or unsure)
    if acute:
        value = "conflict" if _contradicts(leg, acute) else "acute_dvt"
        return _Result(value, acute[0], location, located)
    implied_only = all(each.status in {Status.IMPLIED, Status.EARLIER} for each in unsure)
    if unsure and not (chronic and implied_only):
        return _Result("equivocal", unsure[0], location, located)
    if chronic:
        return _Result("chronic_change", chronic[0])
    without_answer = [each for each in leg.details if each.fact == "result"]
    if without_answer:
        return _Result("nondiagnostic", without_answer[0])
    superficial = leg.superficial()
    if denials:
        return _Result("svt_only", superficial[0]) if superficial else _Result("negative", denials[0])
    stopped = [each for each in leg.details if each.fact == "quality" and each.value == "incomplete"]
    return _Result("nondiagnostic", stopped[0]) if stopped else None


def _contradicts(leg: _Leg, acute: Sequence[Statement]) -> bool:
    """Whether a thrombus is also denied: in general, or in one of its own veins."""
    clotted = frozenset[Kind]().union(*(each.veins & NAMED_DEEP for each in acute))
    for each in leg.statements:
        if each.status not in _CALMING or not is_deep(each) or each.is_restricted or each.kind is Kind.WORRYING:
            continue
        named = each.veins & NAMED_DEEP
        if each.status is Status.CALM and (not each.is_study or each.veins):
            continue
        if named & clotted or (not named and _is_denial(each)):
            return True
    return False


def _location(clots: Sequence[Statement]) -> tuple[str, Statement | None]:
    """The uppermost place that is named."""
    for veins, name in (
        (frozenset({Kind.CAVA}), "iliocaval"),
        (frozenset({Kind.ILIAC}), "iliofemoral"),
        (NAMED_DEEP - DISTAL - CENTRAL, "proximal"),
        (DISTAL, "distal"),
    ):
        for each in clots:
            if each.veins & veins:
                return name, each
    return "", None


def _is_of_another_part(sentence: Sentence) -> bool:
    """A sentence about an arm or the abdomen says nothing of a leg."""
    kinds = frozenset(sentence.kinds)
    return (
        bool(kinds & {Kind.ARM, Kind.ABDOMEN_STUDY}) and not kinds & NAMED_DEEP and not kinds & {Kind.SUPERFICIAL_CLOT}
    )
