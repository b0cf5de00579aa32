"""Facts -> record -> facts is the identity, in every dialect and in every mixture of them.

`make identity COUNT=100000 SEED=1` runs as many as wanted; this slice keeps every change honest.
"""

import ast
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.oracle.fact_sets import numbered
from tests.records import identity, product
from tests.records.facts import EXAM, FACTS, Known, known
from tests.records.identity import Tally, case, run
from tests.records.limits import REASONS, expressible
from tests.records.record import Written

SEED = 20261123
COUNT = 600
MAY_IMPORT_APP = {"product.py", "site.py"}


@pytest.fixture(scope="module")
def tally() -> Tally:
    return run(SEED, range(COUNT), product.read)


def test_what_was_written_is_read(tally: Tally) -> None:
    assert {name: f"{SEED}/{tally.first[name]}" for name in tally.wrong} == {}


def test_the_slice_writes_every_fact(tally: Tally) -> None:
    assert set(tally.facts) == {*FACTS, *(f"exams.{name}" for name in EXAM), "ddimer", "alt.svt"}


def test_every_limit_is_met_by_some_fact_set_and_has_its_reason() -> None:
    met = set()
    for number in range(6000):
        asked = numbered(SEED, number)
        met |= set(expressible(known(asked.facts, asked.today))[1])

    assert met == set(REASONS)


def test_the_generator_shares_no_code_with_the_reader() -> None:
    for file in sorted(Path(__file__).parent.glob("*.py")):
        imported = {
            name
            for node in ast.walk(ast.parse(file.read_text("utf-8")))
            for name in ([node.module] if isinstance(node, ast.ImportFrom) else [])
            + ([each.name for each in node.names] if isinstance(node, ast.Import) else [])
            if name and name.split(".")[0] == "app"
        }
        is_judge = file.name in MAY_IMPORT_APP or file.name.startswith("test_")

        assert is_judge or not imported, file.name


# ---- a reader with a fault is caught -------------------------------------------------------------


def _forgets(name: str) -> Callable[[Known], Known]:
    def fault(found: Known) -> Known:
        return replace(found, facts={fact: value for fact, value in found.facts.items() if fact != name})

    return fault


def _takes_preliminary_for_final(found: Known) -> Known:
    exams = tuple(
        {**exam, "report_status": "final"} if exam["report_status"] == "preliminary" else exam for exam in found.exams
    )
    return replace(found, exams=exams)


def _takes_the_other_leg(found: Known) -> Known:
    other = {"left": "right", "right": "left", "bilateral": "bilateral"}
    return replace(found, exams=tuple({**exam, **_side(exam.get("side"), other)} for exam in found.exams))


def _side(side: str | None, other: dict[str, str]) -> dict[str, str]:
    return {} if side is None else {"side": other[side]}


def _misses_a_unit(found: Known) -> Known:
    facts = {
        name: value / 1000 if name == "ddimer.value" and "/mL" not in found.facts["ddimer.unit"] else value
        for name, value in found.facts.items()
    }
    return replace(found, facts=facts)


def _loses_a_day(found: Known) -> Known:
    exams = tuple({**exam, **({"date": "2020-01-01"} if "date" in exam else {})} for exam in found.exams)
    return replace(found, exams=exams)


FAULTS: list[tuple[Callable[[Known], Known], str]] = [
    (_forgets("wells.items.calf_gt_3cm"), "wells.items.calf_gt_3cm"),
    (_forgets("symptoms.status"), "symptoms.status"),
    (_takes_preliminary_for_final, "exams"),
    (_takes_the_other_leg, "exams"),
    (_misses_a_unit, "ddimer.value"),
    (_loses_a_day, "exams"),
]


@pytest.mark.parametrize(("fault", "name"), FAULTS, ids=[f"{number}-{name}" for number, (_, name) in enumerate(FAULTS)])
def test_a_reader_with_a_fault_is_caught(fault: Callable[[Known], Known], name: str) -> None:
    def read(written: Written, patient: Known, *, is_bundle: bool) -> Known:
        return fault(patient)

    def right(written: Written, patient: Known, *, is_bundle: bool) -> Known:
        return patient

    assert set(run(SEED, range(60), read).wrong) == {name}
    assert not run(SEED, range(60), right).wrong


def test_the_same_number_is_the_same_case() -> None:
    one, other = case(SEED, 3), case(SEED, 3)

    assert one == other
    assert identity.shown(one) != identity.shown(case(SEED, 4))
