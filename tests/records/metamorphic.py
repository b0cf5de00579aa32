"""Records changed at random by number: what was changed, what broke, and how often."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Final

from tests.oracle.fact_sets import numbered
from tests.records.dialects import DIALECTS, record_of
from tests.records.epic import as_epic
from tests.records.facts import Json, Known, known
from tests.records.judging import Answered, broken, broken_by_the_same, is_ordered, reassurance
from tests.records.limits import expressible
from tests.records.neutral import NEUTRAL, Prefetch, copied
from tests.records.record import Written
from tests.records.spoiling import TARGETS, spoilt

Ask = Callable[[Prefetch, Known], Answered]
"""The service, asked about a record; of the known facts only the day is for it."""

FROM_EACH: Final = 20
"""Mutated records made of one record."""

SETTLED: Final = 0.4
THINNED: Final = 0.75
"""Shares of the patients: those whose leg is settled, and those of whom little else is known."""


@dataclass
class Tally:
    """What a run met."""

    seen: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    first: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        """Join what another process counted."""
        self.seen += other.seen
        for mine, theirs in ((self.kinds, other.kinds), (self.counted, other.counted), (self.wrong, other.wrong)):
            mine.update(theirs)
        for name, number in other.first.items():
            self.first[name] = min(number, self.first.get(name, number))


@dataclass(frozen=True)
class Judged:
    """One mutated record: what was done, what broke, and what was said before and after."""

    kind: str
    prefetch: Prefetch
    broken: tuple[str, ...]
    before: Answered
    after: Answered


def patient_of(seed: int, number: int) -> tuple[Known, Written, Random]:
    """The patient of that name, the record written for them and the chance that changes it."""
    rng = Random(f"metamorphic/{seed}/{number}")  # noqa: S311 -- reproducible on purpose, nothing secret
    asked = numbered(seed, number)
    facts = known(asked.facts, asked.today)
    facts = _settled(facts, rng) if rng.random() < SETTLED else facts
    patient, _ = expressible(_thinned(facts, rng) if rng.random() < THINNED else facts)
    written = record_of(patient, rng, DIALECTS, dress=as_epic if rng.random() < 1 / 4 else None)
    return patient, written, rng


def _settled(patient: Known, rng: Random) -> Known:
    """The same with a last study and a leg that reassure: those have most to lose."""
    studied = patient.today - timedelta(days=rng.choice((1, 3, 6, 7, 8, 20)))
    side = rng.choice(("left", "right", "bilateral"))
    study = {"modality": "US", "report_status": "final", "result": "negative", "protocol": "complete_duplex"}
    study |= {"date": str(studied), "side": side, "quality": "adequate"}
    leg = {"status": rng.choice(("resolved", "improving")), "as_of": str(patient.today), "side": side}
    quiet = {f"symptoms.{name}": value for name, value in leg.items()} | {"wells.score": rng.choice((0, 1))}
    kept = {name: value for name, value in patient.facts.items() if not name.startswith(LOUD)}
    earlier = [exam for exam in patient.exams if exam.get("date", str(studied)) < str(studied)]
    return Known(kept | quiet, (*(earlier[:1] if rng.random() < 1 / 3 else ()), study), patient.today)


LOUD: Final = ("red_flags", "symptoms", "wells", "procedure", "alt.svt")
NEEDED: Final = ("age", "sex", "symptoms.", "ddimer", "wells.score", "pregnant", "setting", "anticoag", "risk.active")


def _thinned(patient: Known, rng: Random) -> Known:
    """The same with half of the other facts unknown: a shorter record is read faster."""
    facts = {name: value for name, value in patient.facts.items() if name.startswith(NEEDED) or rng.random() < 1 / 3}
    return Known(facts, patient.exams, patient.today)


def judged(seed: int, number: int, ask: Ask) -> Iterator[Judged]:
    """The mutated records of one patient, each judged. Half say the same again, half have something made unusable."""
    patient, written, rng = patient_of(seed, number)
    whole = written.prefetch()
    before = ask(whole, patient)
    for turn in range(FROM_EACH):
        target = rng.choice(list(TARGETS))
        made = spoilt(written, patient, rng, target) if turn % 2 and is_ordered(patient.exams) else None
        if made is None:
            names = rng.choices(list(NEUTRAL), k=rng.choice((1, 1, 2, 3)))
            changed = copied(whole)
            for name in sorted(names, key=list(NEUTRAL).index):
                changed = NEUTRAL[name](changed, rng)
            after = ask(changed, patient)
            yield Judged(" + ".join(sorted(names)), changed, tuple(broken_by_the_same(before, after)), before, after)
        else:
            after = ask(made.prefetch, patient)
            names_broken = tuple(broken(patient, made, before, after))
            yield Judged(f"{made.target}: {made.kind}", made.prefetch, names_broken, before, after)


def run(seed: int, numbers: Iterable[int], ask: Ask) -> Tally:
    """Judge the mutated records of the patients of these numbers."""
    tally = Tally()
    for number in numbers:
        for each in judged(seed, number, ask):
            tally.seen += 1
            tally.kinds.update(each.kind.split(" + "))
            tally.counted.update(_events(each))
            for name in each.broken:
                label = f"{name} ({each.kind})"
                tally.wrong[label] += 1
                tally.first.setdefault(label, number)
    return tally


def _events(each: Judged) -> Iterator[str]:
    if reassurance(each.before.advice):
        yield "reassured before"
    if reassurance(each.before.advice) - reassurance(each.after.advice):
        yield "reassurance taken back"
    if each.after.is_refused:
        yield "refused"
    if each.before.advice and not each.after.advice and not each.after.is_refused:
        yield "silent after"


def example(seed: int, number: int, label: str, ask: Ask) -> Json:
    """The first mutated record of a patient that shows a break, for a person to look at."""
    patient, written, _ = patient_of(seed, number)
    for each in judged(seed, number, ask):
        if any(f"{name} ({each.kind})" == label for name in each.broken):
            return {
                "facts": patient.as_json(),
                "today": str(patient.today),
                "before": each.before.advice,
                "after": each.after.advice,
                "record": each.prefetch,
                "original": written.prefetch(),
            }
    return None
