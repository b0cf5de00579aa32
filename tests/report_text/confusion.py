"""Judges a reader of reports by the labels: per-target counts, dangerous errors, the confusion table as Markdown.

The reader is handed in. Nothing here knows how it reads.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from tests.report_text.reports import NOTHING, REASSURING, TARGETS, Report, Words

RESULTS: Final = (
    *("acute_dvt", "equivocal", "conflict", "nondiagnostic", "chronic_change", "svt_only", "negative", "none"),
)
"""Worst first: of several results read for one leg, the first counts."""
SIDE: Final = "side"
OTHER_STUDY: Final = "other_study"


class Read(Protocol):
    """One fact read from a text."""

    @property
    def fact(self) -> str: ...
    @property
    def value(self) -> object: ...


class Reading(Protocol):
    """What a reader found, under `left`, `right` and `unsided`."""

    @property
    def legs(self) -> Mapping[str, Sequence[Read]]: ...
    @property
    def other_study(self) -> str: ...


Reader = Callable[[Report], Reading]


@dataclass
class Count:
    """How one target was read. `unlabelled`: a value read where the label says nothing of it, right or not."""

    labelled: int = 0
    right: int = 0
    wrong: int = 0
    missed: int = 0
    unlabelled: int = 0


@dataclass
class Errors:
    """Reports, by name and leg, of which something reassuring was read and should not have been."""

    positive: list[str] = field(default_factory=list)
    superficial: list[str] = field(default_factory=list)
    nondiagnostic: list[str] = field(default_factory=list)
    no_result: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)


@dataclass
class Judgement:
    """How a reader did over some reports."""

    reports: int = 0
    dangerous: int = 0
    table: Counter[tuple[str, str]] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    targets: dict[str, Count] = field(default_factory=lambda: {each: Count() for each in (*TARGETS, SIDE, OTHER_STUDY)})
    errors: Errors = field(default_factory=Errors)
    differences: list[str] = field(default_factory=list)


# -- what was read ---------------------------------------------------------------------------------------------------


def words(value: object) -> Words:
    """A read value as the labels write it; unknown, false and empty are nothing."""
    if value is None or value is False or value in {"", "unknown"}:
        return NOTHING
    if value is True:
        return frozenset({"true"})
    if isinstance(value, int | float):
        return frozenset({f"{value:g}"})
    if isinstance(value, str):
        return frozenset({str(value)})
    if isinstance(value, Iterable):
        return frozenset(str(each) for each in value)
    raise TypeError(f"{type(value).__name__} is no value of a fact")


def values(reading: Reading, leg: str, fact: str) -> Words:
    """All values of a fact under exactly that leg."""
    return NOTHING.union(*(words(read.value) for read in reading.legs.get(leg, ()) if read.fact == fact))


def worst(results: Words) -> str:
    return min(results or {"none"}, key=RESULTS.index)


def result_of(reading: Reading, leg: str) -> str:
    """The leg's own result, or else what is said without a side; without a side, the worst of what is said at all."""
    own = values(reading, leg, "result")
    if own or leg != "unsided":
        return worst(own or values(reading, "unsided", "result"))
    return worst(values(reading, "left", "result") | values(reading, "right", "result"))


def limited(reading: Reading, leg: str) -> Words:
    """Limited is what says so, what left a segment unseen, and what gave no answer."""
    said = values(reading, leg, "quality") - {"adequate"}
    return frozenset({"true"}) if said or values(reading, leg, "unseen") else NOTHING


def fact_of(reading: Reading, leg: str, target: str) -> Words:
    """What counts as read of that leg; a fact without a side is said of each, and a leg's own comes first."""
    if target == "result":
        return frozenset({result_of(reading, leg)})
    for each in (leg, "unsided") if leg != "unsided" else ("unsided", "left", "right"):
        if found := limited(reading, each) if target == "limited" else values(reading, each, target):
            return found
    if target == "limited" and result_of(reading, leg) == "nondiagnostic":
        return frozenset({"true"})
    return NOTHING


# -- judging ---------------------------------------------------------------------------------------------------------


def count_target(count: Count, accepted: Sequence[Words], read: Words) -> bool:
    """Whether what was read is right; notes it either way."""
    if not accepted or accepted[0] == NOTHING:
        count.unlabelled += bool(read)
        return True
    count.labelled += 1
    if read in accepted:
        count.right += 1
        return True
    if read:
        count.wrong += 1
    else:
        count.missed += 1
    return False


def count_side(count: Count, reading: Reading, leg: str) -> None:
    """A leg named in the report holds its own result."""
    if leg != "unsided":
        count.labelled += 1
        if values(reading, leg, "result"):
            count.right += 1
        else:
            count.missed += 1


def note_error(errors: Errors, report: Report, leg: str, read: str) -> None:
    """The list that a reassuring reading belongs in, when it is not an accepted one."""
    if read not in REASSURING or report.accepts(leg, read):
        return
    meant = next(iter(report.legs[leg]["result"][0]))
    by_meaning = {
        "svt_only": errors.superficial,
        "nondiagnostic": errors.nondiagnostic,
        "none": errors.no_result,
    }
    if leg in report.dangerous_legs():
        errors.positive.append(f"{report.id} {leg}")
    elif meant in by_meaning:
        by_meaning[meant].append(f"{report.id} {leg}")


def note_invented(errors: Errors, report: Report, reading: Reading) -> None:
    """A leg of which the report says nothing, read as reassuring."""
    if "unsided" not in report.legs:
        for leg in {"left", "right"} - report.legs.keys():
            if worst(values(reading, leg, "result")) in REASSURING:
                errors.invented.append(f"{report.id} {leg}")


def judge_leg(judgement: Judgement, report: Report, reading: Reading, leg: str) -> None:
    labels = report.legs[leg]
    meant, read = next(iter(labels["result"][0])), result_of(reading, leg)
    judgement.table[meant, read] += 1
    judgement.accepted[meant] += report.accepts(leg, read)
    for target in TARGETS:
        found = fact_of(reading, leg, target)
        if not count_target(judgement.targets[target], labels.get(target, ()), found):
            judgement.differences.append(f"{report.id} {leg} {target}: {sorted(labels[target][0])} / {sorted(found)}")
    count_side(judgement.targets[SIDE], reading, leg)
    note_error(judgement.errors, report, leg, read)


def judge(reports: Iterable[Report], read: Reader) -> Judgement:
    """Every leg of every report, read and compared with its label."""
    judgement = Judgement()
    for report in reports:
        reading = read(report)
        judgement.reports += 1
        judgement.dangerous += report.danger
        for leg in report.legs:
            judge_leg(judgement, report, reading, leg)
        # Which word names another study is not judged, only that it was seen to be one.
        seen_as = frozenset({"yes"}) if reading.other_study else NOTHING
        expected = (frozenset({"yes"}),) if report.other_study else ()
        if not count_target(judgement.targets[OTHER_STUDY], expected, seen_as):
            judgement.differences.append(f"{report.id} other_study: {report.other_study} / nothing")
        note_invented(judgement.errors, report, reading)
    return judgement


# -- saying it -------------------------------------------------------------------------------------------------------


def row(cells: Iterable[object]) -> str:
    return f"| {' | '.join(str(each) for each in cells)} |"


def result_rows(judgement: Judgement) -> Iterator[str]:
    """Labelled results down, read results across."""
    yield row(["the report says", *RESULTS, "accepted"])
    yield row(["---", *("--:" for _ in RESULTS), "--:"])
    for meant in RESULTS:
        cells = [judgement.table[meant, read] for read in RESULTS]
        yield row([meant, *(cell or "" for cell in cells), f"{judgement.accepted[meant]} of {sum(cells)}"])


def target_rows(judgement: Judgement) -> Iterator[str]:
    yield row(["target", "labelled", "right", "wrong", "missed", "read without a label"])
    yield row(["---", *("--:" for _ in range(5))])
    for target, count in judgement.targets.items():
        yield row([target, count.labelled, count.right, count.wrong, count.missed, count.unlabelled])


def error_rows(errors: Errors) -> Iterator[str]:
    yield row(["read as reassuring although", "legs"])
    yield row(["---", "--:"])
    yield row(["deep vein thrombosis present, chronic, uncertain or contradicted", len(errors.positive)])
    yield row(["superficial thrombosis, read as negative", len(errors.superficial)])
    yield row(["the study was nondiagnostic", len(errors.nondiagnostic)])
    yield row(["the text holds no result for a leg, or is of another study", len(errors.no_result)])
    yield row(["the text says nothing of that leg", len(errors.invented)])


def section(title: str, judgement: Judgement) -> str:
    """One split as Markdown."""
    legs = sum(judgement.table.values())
    said = f"{judgement.reports} reports, {legs} legs, {judgement.dangerous} reports dangerous to read as negative."
    parts = [error_rows(judgement.errors), result_rows(judgement), target_rows(judgement)]
    return "\n\n".join([f"### {title}", said, *("\n".join(part) for part in parts)])


def markdown(reports: Sequence[Report], read: Reader) -> str:
    """The tables of the splits, held-out texts that a rule has seen counted with the others."""
    held_out = [each for each in reports if each.split == "held out" and not each.seen]
    seen = sum(each.seen for each in reports)
    dev = [each for each in reports if each.split == "dev" or each.seen]
    return "\n\n".join(
        [
            section("Held out: never shown to who wrote the rules", judge(held_out, read)),
            section(f"Seen while the rules were written ({seen} of them once held out)", judge(dev, read)),
        ]
    )
