"""Everything `check` shows of the pathways: the proof and the rehearsal of the scenarios, in words and as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from app.clinical.situation import DATES
from app.pathway.load import Pathway
from app.proof.invariants import load_invariants
from app.proof.patient import Example
from app.proof.properties import PROPERTIES, Fault, Report, prove
from app.proof.scenarios import Rehearsal, rehearse


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of `check`. Without the proof, `reports` is empty."""

    reports: tuple[Report, ...]
    rehearsal: Rehearsal

    def faults(self, *, strict_scenarios: bool) -> list[str]:
        """One line a fault; none: all is well. `strict_scenarios`: a rule without its two scenarios is one, too."""
        lines = [_in_one_line(fault) for report in self.reports for fault in report.faults]
        lines += [str(failure) for failure in self.rehearsal.failures]
        return lines + (list(_missing(self.rehearsal)) if strict_scenarios else [])


def judge(folder: Path, pathways: Sequence[Pathway], *, proof: bool) -> Verdict:
    """Prove the pathways (if asked to) and run their scenarios. Raises AuthorError for a file that is wrong.

    Near misses are asked for only beside the proof, which tells the rules that nobody can nearly miss.
    """
    reports = prove([(pathway, load_invariants(folder, pathway, DATES)) for pathway in pathways]) if proof else []
    missable = {rule for report in reports for rule in report.missable}
    rules = {rule for pathway in pathways for rule in pathway.rows}
    return Verdict(tuple(reports), rehearse(folder, pathways, rules - missable))


def in_words(verdict: Verdict) -> Iterator[str]:
    """A table for people, with each fault as a patient in words."""
    for report in verdict.reports:
        yield f"  {report.pathway}"
        for name, says in PROPERTIES.items():
            broken = sum(fault.property == name for fault in report.faults)
            yield f"    {name}  {says:<48} {report.asked[name]:>4} shown" + (f", {broken} BROKEN" if broken else "")
    rehearsal = verdict.rehearsal
    yield f"  scenarios: {rehearsal.passed} pass, {len(rehearsal.failures)} differences"
    yield from (f"    {line}" for line in _missing(rehearsal))
    for report in verdict.reports:
        for fault in report.faults:
            yield ""
            yield from _told(fault)


def as_json(verdict: Verdict) -> dict[str, object]:
    """The same for machines."""
    rehearsal = verdict.rehearsal
    return {
        "pathways": [
            {"pathway": each.pathway, "asked": each.asked, "faults": [asdict(fault) for fault in each.faults]}
            for each in verdict.reports
        ],
        "scenarios": {
            "passed": rehearsal.passed,
            "failures": [asdict(failure) for failure in rehearsal.failures],
            "rulesWithoutFiring": rehearsal.unfired,
            "rulesWithoutNearMiss": rehearsal.unmissed,
        },
    }


def _in_one_line(fault: Fault) -> str:
    return f"{fault.pathway}: {fault.property} {fault.about}: {fault.says}"


def _missing(rehearsal: Rehearsal) -> Iterator[str]:
    if rehearsal.unfired:
        yield f"{len(rehearsal.unfired)} rules fire in no scenario: {', '.join(rehearsal.unfired)}"
    if rehearsal.unmissed:
        yield f"{len(rehearsal.unmissed)} rules are nearly missed in no scenario: {', '.join(rehearsal.unmissed)}"


def _told(fault: Fault) -> Iterator[str]:
    yield _in_one_line(fault)
    if not fault.patients:
        return
    first, *others = fault.patients
    yield from _patient("  A patient of whom this is known (anything else may be as it likes):", first)
    for other in others:
        yield from _patient("  The same patient, but:", other)


def _patient(begin: str, example: Example) -> Iterator[str]:
    yield begin
    yield from (f"    - {fact}" for fact in example.facts)
    yield "  The rows that fire:"
    yield from (f"    - {row}" for row in example.fired or ("none",))
    yield "  What is advised:"
    yield from (f"    - {advice}" for advice in example.advised or ("nothing",))
