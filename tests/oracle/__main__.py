"""`make oracle COUNT=1000000 SEED=1`: the big comparison on two processes, with a minimal example of each disagreement.

Leaves with 1 when product and oracle disagree, an invariant breaks, or a rule fired fewer than AT_LEAST times.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial

from app.pathway.load import Pathway
from tests.oracle.answers import Answer, ask_oracle
from tests.oracle.comparison import differences, unsettled
from tests.oracle.fact_sets import FactSet, numbered
from tests.oracle.invariants import broken, broken_relations
from tests.oracle.product import ask_product, pathways
from tests.oracle.run import Tally, relation_rng, run
from tests.oracle.shrink import shrink

CHUNK = 5_000


@cache
def loaded() -> Sequence[Pathway]:
    return pathways()


def ask(patient: FactSet) -> list[Answer]:
    return ask_product(loaded(), patient)


def run_chunk(seed: int, start: int, stop: int) -> Tally:
    return run(seed, range(start, stop), ask)


def chunks(count: int) -> Iterator[tuple[int, int]]:
    for start in range(0, count, CHUNK):
        yield start, min(start + CHUNK, count)


def shows(name: str, seed: int, number: int) -> Callable[[FactSet], bool]:
    """Whether a fact set shows the disagreement of that name."""

    def still(patient: FactSet) -> bool:
        product, expected = ask(patient), ask_oracle(patient)
        wrong, met = unsettled(patient, expected, differences(product, expected))
        if name in [*wrong, *met, *broken(patient, product)]:
            return True
        return name in broken_relations(patient, product, ask, relation_rng(seed, number))

    return still


def minimal_example(name: str, seed: int, number: int) -> str:
    patient = shrink(numbered(seed, number), shows(name, seed, number))
    lines = [f"    fact set {seed}/{number}, today {patient.today}, config {json.dumps(patient.config)}"]
    lines += [f"    facts    {json.dumps(patient.facts)}"]
    answers = {"product": ask(patient), "oracle ": ask_oracle(patient)}
    return "\n".join(
        [*lines, *(f"    {who}  {json.dumps(each)}" for who, answer in answers.items() for each in answer)]
    )


def table(title: str, counted: Counter[str]) -> str:
    return "\n".join([title, *(f"  {number:>9}  {name}" for name, number in counted.most_common())])


def report(tally: Tally, seed: int, seconds: float, at_least: int) -> int:
    say = partial(print, flush=True)
    say(f"{tally.seen} fact sets (seed {seed}) in {seconds:.0f} s: {tally.seen / seconds:.0f} per second")
    say(table("\nLeading recommendation", tally.led))
    say(table("\nRules fired", tally.fired))
    rare = tally.never_fired(at_least)
    say(f"\nFired fewer than {at_least} times: {', '.join(rare) or 'none'}")
    for title, counted in (("Open questions", tally.open), ("Disagreements", tally.wrong)):
        say(table(f"\n{title}", counted))
        for name in counted:
            say(f"\n  {name}\n{minimal_example(name, seed, tally.first[name])}")
    return 1 if tally.wrong or rare else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-least", type=int, default=20)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    loaded()  # before the processes part, so that all judge the same pathways
    started, tally = time.perf_counter(), Tally()
    with ProcessPoolExecutor(chosen.processes) as pool:
        for part in pool.map(run_chunk, *zip(*((chosen.seed, *each) for each in chunks(chosen.count)), strict=True)):
            tally.add(part)
            sys.stderr.write(f"{tally.seen} seen, {tally.wrong.total()} disagreements\n")
    return report(tally, chosen.seed, time.perf_counter() - started, chosen.at_least)


if __name__ == "__main__":
    sys.exit(main())
