"""`make identity COUNT=100000 SEED=1` and `make metamorphic COUNT=1000000 SEED=1`, on two processes.

Prints the rate, what was met and every disagreement with an example; leaves with 1 when there is one.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Final

from tests.records import identity, metamorphic, product

CHUNK: Final = 500
say = partial(print, flush=True)


def identity_chunk(seed: int, start: int, stop: int) -> identity.Tally:
    return identity.run(seed, range(start, stop), product.read)


def metamorphic_chunk(seed: int, start: int, stop: int) -> metamorphic.Tally:
    return metamorphic.run(seed, range(start, stop), product.ask)


def chunks(first: int, count: int) -> Iterator[tuple[int, int]]:
    for start in range(first, first + count, CHUNK):
        yield start, min(start + CHUNK, first + count)


def table(title: str, counted: Counter[str]) -> str:
    return "\n".join([title, *(f"  {number:>9}  {name}" for name, number in counted.most_common())])


def run_identity(chosen: argparse.Namespace) -> int:
    tally, started = identity.Tally(), time.perf_counter()
    with ProcessPoolExecutor(chosen.processes) as pool:
        asked = [(chosen.seed, *each) for each in chunks(chosen.first, chosen.count)]
        for part in pool.map(identity_chunk, *zip(*asked, strict=True)):
            tally.add(part)
            sys.stderr.write(f"{tally.seen} written and read, {tally.wrong.total()} differ\n")
    say(f"{tally.seen} fact sets (seed {chosen.seed}): {_rate(tally.seen, started)}")
    say(table("\nLeft out, because no record can say it", tally.left_out))
    say(table("\nFacts written", tally.facts))
    say(table("\nRead otherwise than written", tally.wrong))
    for name in tally.wrong:
        say(f"\n  {name}\n{json.dumps(identity.shown(identity.case(chosen.seed, tally.first[name])))}")
    return 1 if tally.wrong else 0


def run_metamorphic(chosen: argparse.Namespace) -> int:
    tally, started = metamorphic.Tally(), time.perf_counter()
    patients = -(-chosen.count // metamorphic.FROM_EACH)
    with ProcessPoolExecutor(chosen.processes) as pool:
        asked = [(chosen.seed, *each) for each in chunks(chosen.first, patients)]
        for part in pool.map(metamorphic_chunk, *zip(*asked, strict=True)):
            tally.add(part)
            sys.stderr.write(f"{tally.seen} changed records, {tally.wrong.total()} breaks\n")
    say(
        f"{tally.seen} changed records (seed {chosen.seed}, patients from {chosen.first}): {_rate(tally.seen, started)}"
    )
    say(table("\nWhat was changed", tally.kinds))
    say(table("\nWhat was met", tally.counted))
    say(table("\nBroken", tally.wrong))
    for label in tally.wrong:
        found = metamorphic.example(chosen.seed, tally.first[label], label, product.ask)
        say(f"\n  {label}, patient {tally.first[label]}\n{json.dumps(found)}")
    return 1 if tally.wrong else 0


def _rate(seen: int, started: float) -> str:
    seconds = time.perf_counter() - started
    return f"{seconds:.0f} s, {seen / seconds:.0f} per second"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.records", description=__doc__)
    parser.add_argument("what", choices=("identity", "metamorphic"))
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first patient, to go on where a run ended")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    return {"identity": run_identity, "metamorphic": run_metamorphic}[chosen.what](chosen)


if __name__ == "__main__":
    sys.exit(main())
