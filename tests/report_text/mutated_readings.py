"""Judges what was read from changed texts: a positive sentence anywhere never ends in a reassuring reading."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.report_text.confusion import Reading, result_of, values, worst
from tests.report_text.mutated_texts import Mutated
from tests.report_text.reports import LEGS, NOTHING, REASSURING, Form

MutatedReader = Callable[[str, Form], Reading]


@dataclass
class Tally:
    """What a run met."""

    texts: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    planted: int = 0
    reassuring: int = 0
    broken: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        changes = "\n".join(f"  {count:>8}  {name}" for name, count in self.changes.most_common())
        said = (
            f"{self.planted} with a planted thrombus, {self.reassuring} read as reassuring, {len(self.broken)} broken"
        )
        return f"{self.texts} changed texts\n{changes}\n{said}"


def worst_of_all(reading: Reading) -> str:
    return worst(NOTHING.union(*(values(reading, leg, "result") for leg in LEGS)))


def falsely_reassuring(case: Mutated, reading: Reading) -> str:
    """The leg that a thrombus was named for and that is read as reassuring; empty when there is none."""
    overall = worst_of_all(reading) in REASSURING
    if case.planted and (overall if case.planted == "unsided" else result_of(reading, case.planted) in REASSURING):
        return f"planted {case.planted}"
    reassured = [leg for leg in case.report.dangerous_legs() if result_of(reading, leg) in REASSURING]
    if {"permuted", "headings lost"} & {*case.changes} and not overall:
        return ""  # a sentence may have lost the heading that named its leg: it must be read, of whichever leg
    return reassured[0] if reassured else ""


def shown(case: Mutated) -> str:
    """The text, but not of a held-out report: who writes rules may run these tests."""
    return "" if case.report.split == "held out" and not case.report.seen else f": {case.text!r}"


def judge_mutated(cases: Iterable[Mutated], read: MutatedReader) -> Tally:
    """All changed texts read; an exception of the reader is not caught."""
    tally = Tally()
    for case in cases:
        reading = read(case.text, case.report.form)
        tally.texts += 1
        tally.changes.update(case.changes)
        tally.planted += bool(case.planted)
        tally.reassuring += worst_of_all(reading) in REASSURING
        if leg := falsely_reassuring(case, reading):
            tally.broken.append(f"{case.report.id} {leg} {', '.join(case.changes)}{shown(case)}")
    return tally
