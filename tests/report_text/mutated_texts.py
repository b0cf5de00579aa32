"""Changes that leave a report's meaning to a human reader: case, spacing, line breaks, headings, noise, order.

Pure and seeded. Also plants a sentence that says a thrombus is there among the sentences of any report.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.report_text.reports import Form, Report

PLACES: Final = (
    *("common femoral vein", "femoral vein", "superficial femoral vein", "popliteal vein", "external iliac vein"),
    *("posterior tibial veins", "peroneal veins", "soleal vein", "gastrocnemius veins"),
)
POSITIVES: Final = (
    "Acute thrombus in the {leg} {place}.",
    "There is occlusive thrombus in the {leg} {place}.",
    "Nonocclusive thrombus is seen in the {leg} {place}.",
    "The {leg} {place} is noncompressible and contains echogenic material.",
    "Acute DVT of the {leg} {place}.",
    "Positive for DVT in the {leg} {place}.",
    "The {leg} {place} appears thrombosed.",
    "Deep vein thrombosis is present in the {leg} {place}.",
    "Chronic thrombus in the {leg} {place}.",
    "Possible thrombus in the {leg} {place}.",
    "Thrombus in the {leg} {place} cannot be excluded.",
    "A clot fills the {leg} {place}.",
    "The {leg} {place} does not compress.",
)
SIDES: Final = {"left": "left", "right": "right", "unsided": ""}

HEADINGS: Final = (
    *("impressions?", "conclusions?", "conslusions", "findings", "findings/impression", "opinion", "comment", "report"),
    *("result", "interpretation", "indications?", "history", "comparison", "technique", "procedure", "exam"),
    *("examination", "information", "details", "question", "reason for (?:exam|study)"),
)
HEADING: Final = re.compile(
    rf"(?:^[ \t*]*|(?<=\. ))(?P<heading>(?:(?:final|original|clinical) )?(?:{'|'.join(HEADINGS)}))[ \t]*(?::|$)",
    re.IGNORECASE | re.MULTILINE,
)
BACKGROUND: Final = re.compile(
    r"indication|history|comparison|clinical|information|details|question|reason|technique|procedure|exam",
    re.IGNORECASE,
)
"""Under such a heading a thrombus may be one that was asked for, or an old one."""

VARIANTS: Final[Mapping[str, Sequence[str]]] = {
    "impression": ("CONCLUSION:", "Impressions:", "*** IMPRESSION ***", "Impression -", "INTERPRETATION:", "Opinion:"),
    "conclusion": ("IMPRESSION:", "Conclusions:", "SUMMARY:", "CONCLUSION -"),
    "findings": ("FINDINGS", "Findings -", "REPORT:", "Description:"),
}
SENTENCE_END: Final = re.compile(r"(?<=[.;!?])[ \t]+(?=[A-Z0-9*-])|(?<=[.;:!?])\s*\n+|\n+(?=[^a-z\s])|\n{2,}")
"""Not where a line is only wrapped: half a sentence on another line says something else."""
LINE_END: Final = re.compile(r"(?<=[.;:!?])\s*\n+|\n+(?=[^a-z\s])|\n{2,}")
NOISE: Final = (
    *("*", "_", "~", "|", "#", "\u2022", "\ufffd", "''"),
    *("\u200b", "\u00ad", "\ufeff", "\u00a0", "\x0b", "\x07"),  # zero-width, soft hyphen, byte order mark, controls
)


@dataclass(frozen=True, slots=True)
class Mutated:
    """A changed text, what was done to it, and the leg a thrombus was planted in (empty: none was)."""

    report: Report
    text: str
    changes: tuple[str, ...]
    planted: str = ""


# -- changes that keep the order -------------------------------------------------------------------------------------


def case(text: str, chance: random.Random) -> str:
    return chance.choice((str.upper, str.lower, str.title))(text)


def spacing(text: str, chance: random.Random) -> str:
    spaces = ("  ", "\t", " \t ", "\u00a0", "\u2003", " " * 12)
    return re.sub(" ", lambda space: chance.choice(spaces) if chance.random() < 0.3 else " ", text)


def line_breaks(text: str, chance: random.Random) -> str:
    """Broken in mid-sentence, with one of the line ends in use."""
    end = chance.choice(("\n", "\r\n", "\r", "\n\n", "\n  "))
    return re.sub(" ", lambda space: end if chance.random() < 0.2 else " ", text)


def noise(text: str, chance: random.Random) -> str:
    """Stray signs between words, as copies and conversions leave them."""
    return re.sub(" ", lambda space: f" {chance.choice(NOISE)} " if chance.random() < 0.1 else " ", text)


def other_headings(text: str, chance: random.Random) -> str:
    def other(found: re.Match[str]) -> str:
        for name, variants in VARIANTS.items():
            if found["heading"].lower().startswith(name):
                return chance.choice(variants)
        return found[0]

    return HEADING.sub(other, text)


def repeated(text: str, chance: random.Random) -> str:
    """The same report twice, as an amended one is often sent."""
    return f"{text}\n{chance.choice(('', '---', '=' * 40))}\n{text}"


KEEP_ORDER: Final[Mapping[str, Callable[[str, random.Random], str]]] = {
    "case": case,
    "spacing": spacing,
    "line breaks": line_breaks,
    "noise": noise,
    "other headings": other_headings,
    "repeated": repeated,
}


# -- changes of order ------------------------------------------------------------------------------------------------


def without_headings(text: str) -> str:
    return HEADING.sub("", text)


def sentences(text: str) -> list[str]:
    return [each for each in SENTENCE_END.split(text) if each.strip()]


def closed(sentence: str) -> str:
    """With a sign at its end, so that what follows is another sentence."""
    stripped = sentence.strip()
    return stripped if stripped.endswith((".", ";", "!", "?", ":")) else f"{stripped}."


def permuted(text: str, chance: random.Random) -> str:
    """The sentences in another order, each on its line."""
    parts = [closed(each) for each in sentences(without_headings(text))]
    chance.shuffle(parts)
    return "\n".join(parts)


def positive_sentence(leg: str, chance: random.Random) -> str:
    said = chance.choice(POSITIVES).format(leg=SIDES[leg], place=chance.choice(PLACES))
    return re.sub(" +", " ", said)


def in_background(lines: Sequence[str]) -> bool:
    """Whether what follows these lines stands under a heading of the background."""
    headings = HEADING.findall("\n".join(lines))
    return bool(headings) and bool(BACKGROUND.search(headings[-1]))


def planted(text: str, sentence: str, chance: random.Random) -> str:
    """With that sentence on a line of its own, anywhere but under a heading of the background."""
    parts = [closed(each) for each in re.split(r"\n+", text) if each.strip()]
    parts.insert(
        chance.choice([place for place in range(len(parts) + 1) if not in_background(parts[:place])]), sentence
    )
    return "\n".join(parts)


# -- a stream of them ------------------------------------------------------------------------------------------------


def some_changes(text: str, chance: random.Random) -> tuple[str, tuple[str, ...]]:
    names = chance.sample(list(KEEP_ORDER), chance.randint(0, 3))
    for name in names:
        text = KEEP_ORDER[name](text, chance)
    return text, tuple(names)


def mutated(report: Report, chance: random.Random) -> Mutated:
    """One report, changed; in two of three a thrombus is planted."""
    text, changes, leg = report.text, [], ""
    if report.form is Form.TEXT:
        kind = chance.choice(("as it is", "headings lost", "permuted"))
        if kind == "headings lost":
            text = without_headings(text)
        if kind == "permuted":
            text = permuted(text, chance)
        if chance.random() < 0.67:
            leg = chance.choice(list(SIDES))
            text = planted(text, positive_sentence(leg, chance), chance)
        changes.append(kind)
    text, others = some_changes(text, chance)
    return Mutated(report, text, (*changes, *others), leg)


def mutated_texts(reports: Sequence[Report], count: int, seed: int) -> list[Mutated]:
    """`count` changed reports; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311  # a test's chance
    return [mutated(chance.choice(reports), chance) for _ in range(count)]
