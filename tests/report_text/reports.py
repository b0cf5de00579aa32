"""The invented reports and what each of them says, typed; a label outside the vocabulary is refused.

A label is a tuple of readings that are right, the meant one first. Each reading is a set of words, and the empty set
says that nothing is to be read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, combinations
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

HERE: Final = Path(__file__).parent
FILES: Final = {"dev": HERE / "corpus.yaml", "held out": HERE / "corpus_held_out.yaml"}
LEGS: Final = ("left", "right", "unsided")
REASSURING: Final = frozenset({"negative", "svt_only"})
"""Results that a later rule may take for a study without deep vein thrombosis."""

VOCABULARY: Final[Mapping[str, frozenset[str]]] = {
    "result": REASSURING | {"acute_dvt", "equivocal", "nondiagnostic", "chronic_change", "conflict", "none"},
    "location": frozenset({"distal", "proximal", "iliofemoral", "iliocaval"}),
    "protocol": frozenset({"proximal", "whole_leg"}),
    "cfv": frozenset({"normal", "monophasic", "continuous", "asymmetric", "absent", "pulsatile", "not_assessed"}),
    "iliac": frozenset({"not_imaged", "inadequate", "adequate_negative", "positive"}),
    "unseen": frozenset({"cfv", "femoral", "popliteal", "peroneal", "posterior_tibial", "iliac"}),
    "alternative": frozenset({"bakers_cyst", "hematoma", "lymph_nodes"}),
}
TRUTHS: Final = ("limited", "repeat_advised")
LENGTHS: Final = ("svt_length_cm", "svt_junction_cm")
SETS: Final = ("unseen", "alternative")
TARGETS: Final = (
    "result",
    "location",
    "protocol",
    "limited",
    "unseen",
    "cfv",
    "iliac",
    "repeat_advised",
    "alternative",
    "svt_length_cm",
    "svt_junction_cm",
)
OTHER_STUDIES: Final = frozenset({"arm", "arterial", "mapping", "reflux", "access", "abdomen", "chest"})

Words = frozenset[str]
Label = tuple[Words, ...]
NOTHING: Final[Words] = frozenset()


class Form(StrEnum):
    """What the body of the report is written in."""

    TEXT = "text"
    HTML = "html"
    RTF = "rtf"


@dataclass(frozen=True, slots=True)
class Report:
    """One invented report, and what it says of each leg."""

    id: str
    text: str
    form: Form
    split: str
    danger: bool
    seen: bool
    legs: Mapping[str, Mapping[str, Label]]
    other_study: str
    why: str

    def accepts(self, leg: str, result: str) -> bool:
        """Whether that result is a right reading of the leg."""
        return frozenset({result}) in self.legs[leg]["result"]

    def dangerous_legs(self) -> Iterator[str]:
        """The legs of which nothing reassuring may be read."""
        for leg in self.legs:
            if self.danger and not any(self.accepts(leg, result) for result in REASSURING):
                yield leg


def one_of(value: object) -> tuple[object, ...]:
    """What is accepted, whether one thing or a list of them is written."""
    return tuple(value) if isinstance(value, list) else (value,)


def words_of(value: object) -> Words:
    """A written list as a set."""
    return frozenset(str(each) for each in one_of(value))


def checked(target: str, words: Words) -> Words:
    if strange := words - VOCABULARY[target]:
        raise ValueError(f"{target}: {', '.join(sorted(strange))} is not one of {sorted(VOCABULARY[target])}")
    return words


def with_any_of(needed: Words, optional: Words) -> Label:
    """All sets that hold what is needed and any part of what is optional, the fullest first."""
    extra = sorted(optional)
    parts = chain.from_iterable(combinations(extra, size) for size in range(len(extra), -1, -1))
    return tuple(needed | frozenset(part) for part in parts)


def label(target: str, value: object, optional: Words) -> Label:
    """The accepted readings of one written label; `optional` words of a set may be read or not."""
    if target in TRUTHS:
        return tuple(frozenset({"true"}) if each is True else NOTHING for each in one_of(value))
    if target in LENGTHS:
        return (frozenset({f"{float(str(value)):g}"}),)
    if target in SETS:
        return with_any_of(checked(target, words_of(value)) - optional, optional)
    return tuple(checked(target, frozenset({str(each)})) for each in one_of(value))


def labels(written: Mapping[str, Any]) -> dict[str, Label]:
    """What is said of one leg. Iliac veins that were not seen may also be read as an unseen segment."""
    if unknown := written.keys() - {*TARGETS, "unseen_may"}:
        raise ValueError(f"{', '.join(sorted(unknown))} is not a target")
    if "result" not in written:
        raise ValueError("each leg needs a result")
    optional = checked("unseen", frozenset(written.get("unseen_may", ())))
    if {"inadequate", "not_imaged"} & {*one_of(written.get("iliac", ""))}:
        optional |= {"iliac"}
    return {
        target: label(target, value, optional if target == "unseen" else NOTHING)
        for target, value in written.items()
        if target != "unseen_may"
    }


def report(written: Mapping[str, Any], split: str) -> Report:
    """One entry of a corpus file; ValueError when it says what the vocabulary does not know."""
    expect = written["expect"]
    if unknown := (expect.keys() - {*LEGS, "other_study"}) | (
        written.keys() - {"id", "text", "format", "danger", "seen", "expect", "why"}
    ):
        raise ValueError(f"{written['id']}: {', '.join(sorted(unknown))} is not known")
    other_study = expect.get("other_study", "")
    if other_study and other_study not in OTHER_STUDIES:
        raise ValueError(f"{written['id']}: {other_study} is not one of {sorted(OTHER_STUDIES)}")
    return Report(
        id=written["id"],
        text=written["text"],
        form=Form(written.get("format", "text")),
        split=split,
        danger=written.get("danger", False),
        seen=written.get("seen", False),
        legs={leg: labels(expect[leg]) for leg in LEGS if leg in expect},
        other_study=other_study,
        why=written.get("why", ""),
    )


def read_corpus(split: str) -> tuple[Report, ...]:
    """All reports of one split: `dev` or `held out`."""
    written = YAML(typ="safe").load(FILES[split].read_text(encoding="utf-8"))
    return tuple(report(each, split) for each in written["reports"])
