"""Product, oracle and invariants on many fact sets: what fired, what led, and every disagreement."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random

from tests.oracle.answers import Answer, ask_oracle
from tests.oracle.comparison import differences, unsettled
from tests.oracle.fact_sets import FactSet, numbered
from tests.oracle.invariants import broken, broken_relations

Ask = Callable[[FactSet], Sequence[Answer]]
EVERY = 10  # the relations ask seven times more, so they see one fact set in ten

RULES = [
    "G-AGE",
    "RF-PE",
    "RF-LIMB",
    "RF-INFECTION",
    "G-POS",
    "PB-STENT",
    "PB-URGENT",
    "PB-POSTPROC",
    "PB-DISTAL",
    "PB-REFER",
    "PB-EXTENT",
    "PB-NOROUTINE",
    "RU-STALE",
    "G-RESULT",
    "G-SIDE",
    "IC-WHOLELEG",
    "IC-CFV",
    "IC-PREG",
    "IC-BILAT",
    "IC-CHRONIC",
    "IC-ILIAC",
    "IC-SECONDNEG",
    "IC-CANCER",
    "IC-NONDIAG",
    "RU-PREG",
    "RU-RECUR",
    "RU-TECH-PROX",
    "RU-TECH",
    "RU-LIM",
    "RU-SYM-W",
    "RU-SYM-P",
    "RU-HIGH",
    "DD-EXCL",
    "DD-EXCL2",
    "DD-ORDER",
    "AC-ONAC",
    "AC-INTERIM",
    "AC-CLARIFY",
    "AC-EMPIRIC",
    "AC-CONTRA",
    "ALT-SVT-SFJ",
    "ALT-SVT-MEASURE",
    "ALT-SVT-LONG",
    "ALT-SVT-SHORT",
    "ALT-BAKER",
    "ALT-MSK",
    "ALT-CELLULITIS",
    "ALT-CVI",
    "ALT-LYMPH",
    "ALT-HEMATOMA",
    "ALT-ARTERIAL",
    "ALT-SYSTEMIC",
    "ALT-EVAL",
    "NFI",
    "SY-UNKNOWN",
    "NEG-REASSURE",
    "HR-FOLLOWUP",
]
MISSING = [
    "RESULT",
    "DATE",
    "PROTOCOL",
    "SIDE",
    "WELLS",
    "DDIMER",
    "RENAL",
    "MRI",
    "PREG",
    "BLEED",
    "ANTICOAG",
    "CANCER",
    "SETTING",
]


@dataclass(slots=True)
class Tally:
    """Counts, and for each disagreement the number of the first fact set that shows it."""

    seen: int = 0
    led: Counter[str] = field(default_factory=Counter)
    fired: Counter[str] = field(default_factory=Counter)
    open: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    first: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        """Join what another process counted."""
        self.seen += other.seen
        self.led.update(other.led)
        self.fired.update(other.fired)
        self.open.update(other.open)
        self.wrong.update(other.wrong)
        for name, number in other.first.items():
            self.first[name] = min(number, self.first.get(name, number))

    def note(self, counter: Counter[str], names: Iterable[str], number: int) -> None:
        for name in names:
            counter[name] += 1
            self.first.setdefault(name, number)

    def never_fired(self, at_least: int) -> list[str]:
        """The rules of the table that fired less often, and the facts asked for less often."""
        wanted = [*RULES, *(f"DATA-{name}" for name in MISSING)]
        return [name for name in wanted if self.fired[name] < at_least]


def run(seed: int, numbers: Iterable[int], ask: Ask) -> Tally:
    """Judge the fact sets of these numbers."""
    tally = Tally()
    for number in numbers:
        patient = numbered(seed, number)
        product, expected = ask(patient), ask_oracle(patient)
        tally.seen += 1
        tally.led[expected[0]["id"] if expected else "(silence)"] += 1
        tally.fired.update({rule for each in expected for rule in each["rules"]})
        tally.fired.update({each["id"] for each in expected if each["id"].startswith("DATA-")})
        wrong, met = unsettled(patient, expected, differences(product, expected))
        tally.note(tally.open, met, number)
        tally.note(tally.wrong, wrong + broken(patient, product), number)
        if number % EVERY in (0, 1):
            tally.note(tally.wrong, broken_relations(patient, product, ask, relation_rng(seed, number)), number)
    return tally


def relation_rng(seed: int, number: int) -> Random:
    """The randomness of the relations, the same when a fact set is looked at again."""
    return Random(f"relations/{seed}/{number}")  # noqa: S311 -- reproducible on purpose, nothing secret
