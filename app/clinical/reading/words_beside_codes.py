"""What the words of a report add to what its codes say, one study at a time (docs/decisions/0022).

Of a code and a word that differ the more careful one counts, and both are shown. A result is the exception: a code
that says negative under words that say thrombus is a conflict, and then there is no result. Words prove neither a
complete protocol nor good quality, normal flow or seen iliac veins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from app.clinical.reading.spoken import CONFLICT, LEGS, LOCATIONS, REASSURING, WORRYING, Spoke, Spoken, Verdict, verdict

COMPLETE: Final = frozenset({"complete_duplex", "complete_compression"})
ABNORMAL_FLOW: Final = ("absent", "continuous", "monophasic", "asymmetric")
"""Decision table, rule IC-CFV. A pulsatile flow is no trigger."""

UNPROVEN_BY_WORDS: Final = {
    "protocol": ("whole_leg", "words do not prove a complete study"),
    "cfv": ("normal", "words do not prove a normal flow"),
    "iliac": ("adequate_negative", "words do not prove that the iliac veins were seen"),
}
"""What would reassure and is never read from words: fact -> the value and why it does not count."""

ONLY_SHOWN: Final = {
    "alternative": "another diagnosis is a clinician's to confirm",
    "svt_length_cm": "a length is a clinician's to confirm",
    "svt_junction_cm": "a distance is a clinician's to confirm",
    "repeat_advised": "the pathway decides when to repeat",
}
"""What is shown and decides nothing."""

SELF_CONTRADICTION: Final = "conflict: the report's words contradict each other"
CODE_SAYS_NEGATIVE: Final = "conflict: its codes say negative, its words acute DVT"
CODE_SAYS_THROMBUS: Final = "its codes say acute DVT, its words negative: the codes hold"
OTHER_STUDY: Final = "the report's words are about another study"
CUT: Final = "not all of the report's words were read"


@dataclass(frozen=True, slots=True)
class Coded:
    """What the codes of one study say. `says`: all that they say of the result; `trouble`: why not to trust it."""

    result: str | None
    says: frozenset[str]
    trouble: str
    location: str | None
    protocol: str | None
    quality: str | None
    unseen: frozenset[str]
    side: str | None
    may_take_side: bool
    cfv: str | None
    iliac: str | None


@dataclass(slots=True)
class Weighed:
    """What to change: facts that words say, facts to take back, and words that do not count; these two with reasons."""

    said: list[tuple[str, str, Spoke]] = field(default_factory=list)
    taken_back: list[tuple[str, str]] = field(default_factory=list)
    not_counted: list[tuple[Spoke, str]] = field(default_factory=list)

    def say(self, fact: str, value: str, proof: Spoke) -> None:
        self.said.append((fact, value, proof))

    def take_back(self, fact: str, reason: str) -> None:
        self.taken_back.append((fact, reason))


def weigh(coded: Coded, words: Spoken, *, is_ultrasound: bool, symptom_side: str) -> Weighed:
    """The facts of one study, with its words. `symptom_side`: left, right, bilateral or unknown."""
    weighed = Weighed()
    said = verdict(words, _legs_that_count(coded, words, symptom_side))
    if not is_ultrasound:
        _weigh_venography(weighed, coded, said)
    elif words.other_study:
        _weigh_other_study(weighed, coded, words)
    else:
        result = _weigh_result(weighed, coded, words, said)
        _weigh_location(weighed, coded, words, result)
        _weigh_side(weighed, coded, words)
        _weigh_extent(weighed, coded, words)
        _weigh_veins(weighed, coded, words)
        weighed.not_counted += _only_shown(words)
    return weighed


def _legs_that_count(coded: Coded, words: Spoken, symptom_side: str) -> frozenset[str]:
    """The legs that a negative must have been said of: those scanned and symptomatic, never only the other one."""
    if coded.side in LEGS:
        return frozenset({str(coded.side)})
    if coded.side == "bilateral":
        return frozenset({symptom_side}) if symptom_side in LEGS else LEGS
    return words.legs if coded.may_take_side and words.legs else LEGS


def _weigh_venography(weighed: Weighed, coded: Coded, said: Verdict) -> None:
    """Words about a venography may only raise an alarm: the rules of reading are made for ultrasound reports."""
    if said.result == "acute_dvt" and said.said:
        _say_thrombus(weighed, coded, said.said)


def _weigh_other_study(weighed: Weighed, coded: Coded, words: Spoken) -> None:
    if coded.result is None or coded.result in REASSURING:
        weighed.take_back("result", OTHER_STUDY)
    weighed.not_counted += ((each, OTHER_STUDY) for each in words.said)


def _weigh_result(weighed: Weighed, coded: Coded, words: Spoken, said: Verdict) -> str | None:
    """Say, keep or take back the result; the one that holds in the end."""
    result, proof = said.result, said.said
    if result is None or proof is None:
        if said.why_not and coded.result is None:
            weighed.take_back("result", said.why_not)
        weighed.not_counted += ((each, said.why_not) for each in words.of("result") if said.why_not)
        return coded.result
    if result == "acute_dvt":
        return _say_thrombus(weighed, coded, proof)
    if result == CONFLICT:
        return _contradict(weighed, coded, words)
    return _say_milder(weighed, coded, words, result, proof)


def _say_thrombus(weighed: Weighed, coded: Coded, proof: Spoke) -> str | None:
    if coded.result == "acute_dvt":
        return coded.result
    if "negative" in coded.says:
        weighed.take_back("result", CODE_SAYS_NEGATIVE)
        weighed.not_counted.append((proof, CODE_SAYS_NEGATIVE))
        return None
    weighed.say("result", "acute_dvt", proof)
    if proof.fact == "iliac" and coded.iliac is None:
        weighed.say("iliac", "positive", proof)
    return "acute_dvt"


def _contradict(weighed: Weighed, coded: Coded, words: Spoken) -> str | None:
    weighed.not_counted += ((each, SELF_CONTRADICTION) for each in words.of("result"))
    if coded.result in WORRYING:
        return coded.result
    weighed.take_back("result", SELF_CONTRADICTION)
    return None


def _say_milder(weighed: Weighed, coded: Coded, words: Spoken, result: str, proof: Spoke) -> str | None:
    """A result that is not acute DVT counts when the codes say nothing, or something that is less of a worry."""
    reason = _why_not_milder(coded, words, result)
    if reason is None:
        weighed.say("result", result, proof)
        return result
    if reason:
        weighed.not_counted.append((proof, reason))
    return coded.result


def _why_not_milder(coded: Coded, words: Spoken, result: str) -> str | None:
    """Why these words do not count; "" when they only repeat or fall behind the codes; None when they count."""
    if coded.result == "acute_dvt":
        return CODE_SAYS_THROMBUS if result == "negative" else ""
    if coded.result is not None:
        return None if _ORDER.index(result) < _ORDER.index(coded.result) else ""
    if coded.says:
        return coded.trouble
    if result in REASSURING and (coded.trouble or words.is_cut):
        return coded.trouble or CUT
    return None


_ORDER: Final = (*WORRYING, *REASSURING)


def _weigh_location(weighed: Weighed, coded: Coded, words: Spoken, result: str | None) -> None:
    proof = words.first("location", LOCATIONS)
    if proof is not None and coded.location is None and result in ("acute_dvt", "equivocal"):
        weighed.say("location", proof.value, proof)


def _weigh_side(weighed: Weighed, coded: Coded, words: Spoken) -> None:
    if coded.side is None and coded.may_take_side and words.legs:
        side = "bilateral" if words.legs == LEGS else next(iter(words.legs))
        proof = next(each for each in words.of("result") if each.leg in words.legs)
        weighed.say("side", side, proof)


def _weigh_extent(weighed: Weighed, coded: Coded, words: Spoken) -> None:
    """Words limit a study; they never complete it."""
    if partial := words.first("protocol", ["proximal_only"]):
        if coded.protocol in COMPLETE:
            weighed.take_back("protocol", "conflict: its codes say complete, its words proximal veins only")
            weighed.not_counted.append((partial, "conflict: its codes say complete"))
        elif coded.protocol is None:
            weighed.say("protocol", "proximal_duplex", partial)
    for place, proof in enumerate(_newly_unseen(coded, words)):
        weighed.say(f"unseen[{len(coded.unseen) + place}]", proof.value, proof)
    if limited := words.first("quality", ["incomplete", "limited"]):
        # A limitation whose veins are named is that these were not seen; one that is not named may be of any vein.
        is_named = limited.value == "limited" and bool(words.of("unseen"))
        quality = "minor_limitation" if is_named else "compromised"
        if coded.quality is None or _QUALITY.index(quality) > _QUALITY.index(coded.quality):
            weighed.say("quality", quality, limited)


_QUALITY: Final = ("adequate", "minor_limitation", "compromised")


def _newly_unseen(coded: Coded, words: Spoken) -> list[Spoke]:
    named = {each.value: each for each in reversed(words.of("unseen"))}
    return [named[segment] for segment in sorted(named) if segment not in coded.unseen]


def _weigh_veins(weighed: Weighed, coded: Coded, words: Spoken) -> None:
    if coded.cfv not in ABNORMAL_FLOW and (flow := words.first("cfv", ABNORMAL_FLOW)):
        weighed.say("cfv", flow.value, flow)
    if coded.iliac in (None, "not_imaged", "adequate_negative") and (gap := words.first("iliac", ["inadequate"])):
        weighed.say("iliac", "inadequate", gap)
    elif coded.iliac is None and (gap := words.first("iliac", ["not_imaged"])):
        weighed.say("iliac", "not_imaged", gap)


def _only_shown(words: Spoken) -> Iterator[tuple[Spoke, str]]:
    for each in words.said:
        value, reason = UNPROVEN_BY_WORDS.get(each.fact, (None, ""))
        if each.value == value:
            yield each, reason
        elif each.fact in ONLY_SHOWN:
            yield each, ONLY_SHOWN[each.fact]
