"""`make mutate`: every mutant of the pathway files and of the arithmetic meets what must notice it.

Leaves with 1 when a survivor has no reason in survivors.yaml, a reason there is out of date, or the score is too low.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from functools import partial

from tests.mutation import arithmetic, report
from tests.mutation.report import Verdict

ORDERS = "Advice on orders"
say = partial(print, flush=True)


def counted(verdicts: Iterable[Verdict], total: int) -> list[Verdict]:
    """All verdicts; says now and then how far it is."""
    started, found = time.perf_counter(), list[Verdict]()
    for verdict in verdicts:
        found.append(verdict)
        if len(found) % 100 == 0:
            sys.stderr.write(f"{len(found)} of {total} mutants in {time.perf_counter() - started:.0f} s\n")
    return found


def judge_pathways(chosen: argparse.Namespace) -> list[str]:
    """Judge the mutants of the pathway files; what is wrong with the run."""
    from tests.mutation import kill  # noqa: PLC0415 -- imports the arithmetic, which the other half changes first

    judges = kill.Judges()
    mutants = [each for each in judges.mutants() if kill.is_of_orders(each) == (chosen.what == "orders")]
    part = report.part_of([each for each in mutants if chosen.only in each.id], chosen.percent, chosen.seed)
    found = counted(kill.verdicts(judges, part, chosen.processes), len(part))
    say(f"hash of the pinned results: {judges.table_hash}")
    title = ORDERS if chosen.what == "orders" else "Pathway files"
    return summed_up(title, found, kill.JUDGES, [each.id for each in mutants])


def judge_arithmetic(chosen: argparse.Namespace) -> list[str]:
    """Judge the mutants of the arithmetic; what is wrong with the run."""
    mutants = arithmetic.mutants()
    part = report.part_of([each for each in mutants if chosen.only in each.id], chosen.percent, chosen.seed)
    found = counted(arithmetic.verdicts(part, chosen.processes), len(part))
    return summed_up("Arithmetic", found, arithmetic.JUDGES, [each.id for each in mutants])


def title_of(module: str) -> str:
    """Under which title a mutant of this module or pathway is reported."""
    return ORDERS if module == "order-advice" else "Arithmetic" if module in arithmetic.NAMES else "Pathway files"


def summed_up(title: str, found: Sequence[Verdict], judges: Sequence[str], known: Sequence[str]) -> list[str]:
    """Print the report; what is wrong with the run."""
    because = {name: why for name, why in report.reasons().items() if title_of(name.split(":")[0]) == title}
    say(f"\n{title}\n{report.report(found, judges, because)}")
    return report.faults(found, because, known)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("what", choices=("pathways", "orders", "arithmetic", "both"), nargs="?", default="both")
    parser.add_argument("--percent", type=int, default=100, help="so much of each, drawn with the seed (default: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", default="", help="mutants whose id holds this")
    chosen = parser.parse_args()
    started, wrong = time.perf_counter(), list[str]()
    if chosen.what != "arithmetic":
        wrong += judge_pathways(chosen)
    if chosen.what in ("arithmetic", "both"):
        wrong += judge_arithmetic(chosen)
    say(f"\n{time.perf_counter() - started:.0f} s")
    say("\n".join(wrong) or "every survivor has its reason")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
