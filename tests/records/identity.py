"""Facts -> record -> facts: that what was written is what is read, over numbered cases."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Final, Protocol

from tests.oracle.fact_sets import numbered
from tests.records.dialects import DIALECTS, Dress, record_of
from tests.records.epic import as_epic
from tests.records.facts import Json, Known, differences, known
from tests.records.limits import expressible
from tests.records.local import as_local
from tests.records.record import Written


class Read(Protocol):
    """A reader: of the patient the record was written for, only the day is for it."""

    def __call__(self, written: Written, patient: Known, *, is_bundle: bool) -> Known:
        """What is known by the record."""


DRESSES: Final[tuple[Dress | None, ...]] = (None, None, as_epic, as_local)
MIXTURES: Final = (*((each,) for each in DIALECTS), DIALECTS, DIALECTS, DIALECTS)


@dataclass(frozen=True)
class Case:
    """One patient and the record written for them."""

    patient: Known
    written: Written
    is_bundle: bool
    mixture: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass
class Tally:
    """What a run met."""

    seen: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    facts: Counter[str] = field(default_factory=Counter)
    first: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        """Join what another process counted."""
        self.seen += other.seen
        for mine, theirs in ((self.wrong, other.wrong), (self.left_out, other.left_out), (self.facts, other.facts)):
            mine.update(theirs)
        for name, number in other.first.items():
            self.first[name] = min(number, self.first.get(name, number))


def case(seed: int, number: int) -> Case:
    """The case of that name."""
    rng = Random(f"records/{seed}/{number}")  # noqa: S311 -- reproducible on purpose, nothing secret
    asked = numbered(seed, number)
    patient, left_out = expressible(known(asked.facts, asked.today))
    mixture = rng.choice(MIXTURES)
    written = record_of(patient, rng, mixture, dress=rng.choice(DRESSES))
    return Case(patient, written, rng.random() < 1 / 3, mixture, tuple(left_out))


def run(seed: int, numbers: Iterable[int], read: Read) -> Tally:
    """Write and read the cases of these numbers."""
    tally = Tally()
    for number in numbers:
        made = case(seed, number)
        wrong = differences(made.patient, read(made.written, made.patient, is_bundle=made.is_bundle))
        tally.seen += 1
        tally.left_out.update(made.left_out)
        tally.facts.update(made.patient.facts.keys())
        tally.facts.update(f"exams.{name}" for exam in made.patient.exams for name in exam)
        for name in wrong:
            tally.wrong[name] += 1
            tally.first.setdefault(name, number)
    return tally


def shown(made: Case) -> Json:
    """A case for a person to look at."""
    return {"facts": made.patient.as_json(), "today": str(made.patient.today), "record": made.written.prefetch()}
