"""The mutators and what they meet, shown failing: with weak scenarios the same mutants survive."""

from pathlib import Path
from random import Random

import pytest

from tests.mutation.arithmetic_mutants import source_mutants
from tests.mutation.columns import drafts_are_of_the_table, indicator_and_timing_are_of_the_table
from tests.mutation.kill import Judges, broken_by, is_of_orders
from tests.mutation.pathway_mutants import GONE, Files, Mutant, Words, pathway_mutants
from tests.mutation.report import SAME, Verdict, faults, part_of, reasons, report, score
from tests.oracle.fact_sets import numbered

JUDGES = Judges(fact_sets=200)
MUTANTS = {each.id: each for each in JUDGES.mutants()}
LIMITED = "negative-dvt-ultrasound:repeat:RU-LIM.when.limited:condition-dropped"
FILES: Files = {
    "small/rules/advice.yaml": {
        "stage": "advice",
        "rows": [
            {
                "rule": "A",
                "when": {"limited": "yes", "not_fired": ["B", "C"]},
                "any": [{"status": ["new", "worse"]}, {"limited": "no"}],
                "advise": [{"recommend": "SCAN", "indicator": "info", "timing": {"now": "today"}}],
            }
        ],
    }
}
WORDS = Words({"limited": ("yes", "no"), "status": ("new", "worse", "well")}, (), {})


def of_kind(kind: str) -> list[Mutant]:
    return [each for each in pathway_mutants(FILES, WORDS) if each.kind == kind]


def test_a_mutant_changes_one_place_and_not_the_original() -> None:
    (dropped,) = (each for each in of_kind("condition-dropped") if each.at[-1] == "limited" and "when" in each.at)
    changed = dropped.applied(FILES)

    assert dropped.now is GONE
    assert changed["small/rules/advice.yaml"]["rows"][0]["when"] == {"not_fired": ["B", "C"]}
    assert FILES["small/rules/advice.yaml"]["rows"][0]["when"] == {"limited": "yes", "not_fired": ["B", "C"]}


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("value-dropped", ["B", "C", "new", "worse"]),
        ("value-added", ["no", "well", "yes"]),
        ("alternative-dropped", ["line 1", "line 2"]),
        ("word-flipped", ["not_fired"]),
        ("advice-dropped", ["SCAN"]),
        ("indicator-up", ["warning"]),
        ("timing-kind", ["none", "overdue", "lapsed"]),
        ("row-dropped", ["A"]),
        ("stop-flipped", ["stop-flipped"]),
    ],
)
def test_each_kind_of_change_is_made_wherever_it_can_be(kind: str, found: list[str]) -> None:
    assert [each.id.rpartition(":")[2] for each in of_kind(kind)] == found


def test_ids_name_one_mutant_each() -> None:
    mutants = JUDGES.mutants()

    assert len(mutants) == len(MUTANTS) > 3000


def test_every_row_of_every_pathway_has_mutants() -> None:
    rows = {rule for pathway in JUDGES.pathways for rule in pathway.rows}

    assert rows <= {each.about for each in MUTANTS.values()}


def test_the_unchanged_pathways_meet_everything() -> None:
    assert JUDGES.scenario_that_differs(JUDGES.pathways, "") is None
    assert JUDGES.broken_invariant(JUDGES.pathways) == (None, None)
    assert not any(broken_by(JUDGES.pathways, patient, said, 0) for patient, said in JUDGES.table)


def test_the_loader_kills_what_cannot_be_loaded() -> None:
    dropped = "negative-dvt-ultrasound:meaning.rows:row-dropped:M-LONG-STANDING"

    assert JUDGES.verdict(MUTANTS[dropped]).killed_by == "loader"


def test_a_scenario_kills_what_decides_otherwise() -> None:
    assert JUDGES.verdict(MUTANTS[LIMITED]).killed_by == "scenarios"


def test_an_invariant_kills_what_scenarios_do_not_see() -> None:
    order = "negative-dvt-ultrasound:recommendations:EMERG-PE.step:step:+1"

    assert JUDGES.verdict(MUTANTS[order]).killed_by == "invariants"


def test_a_mutant_that_decides_alike_is_proven_the_same() -> None:
    equal = "dvt-imaging:treated-veins:PB-STENT.when.stent:condition-dropped"  # only a stented vein has visits

    assert JUDGES.verdict(MUTANTS[equal]).killed_by == SAME


def test_no_mutant_that_a_scenario_kills_is_proven_the_same() -> None:
    drawn = Random(5).sample(JUDGES.mutants(), 12)  # noqa: S311 -- reproducible
    loaded = [(each, JUDGES.loaded(each)) for each in drawn]
    killed = [pathways for each, pathways in loaded if pathways and JUDGES.scenario_that_differs(pathways, each.about)]

    assert len(killed) > 5
    assert not any(JUDGES.formulas.decides_like(pathways) for pathways in killed)


def test_without_scenarios_mutants_survive() -> None:
    weak = Judges(files=(), fact_sets=0)
    dropped = [each for each in JUDGES.mutants() if each.kind == "value-dropped" and not is_of_orders(each)]
    drawn = Random(3).sample(dropped, 20)  # noqa: S311 -- reproducible
    strong = [JUDGES.verdict(each) for each in drawn]
    survivors = [each for each in (weak.verdict(mutant) for mutant in drawn) if each.killed_by is None]

    assert score(strong) == 100
    assert len(survivors) == sum(each.killed_by in ("scenarios", "invariants") for each in strong) > 10
    assert faults(survivors, {}, set())  # and so the run fails


@pytest.mark.parametrize(
    "change", [{"indicator": "critical"}, {"timing": {"kind": "due"}}, {"draft": ["a D-dimer", "48065-7"]}]
)
def test_the_columns_of_the_table_are_kept(change: dict[str, object]) -> None:
    patient = numbered(1, 0)
    answer = {"id": "ALT-EVAL", "indicator": "info", "rules": ["ALT-EVAL"], "timing": {"kind": "none"}, "draft": []}
    judges = (indicator_and_timing_are_of_the_table, drafts_are_of_the_table)

    assert all(judge(patient, [answer]) for judge in judges)
    assert not all(judge(patient, [{**answer, **change}]) for judge in judges)


# ------------------------------------------------------------------------------------------------------ the arithmetic

SOURCE = '''"""Says whether it is late."""
def late(day: int, limit: int = 14) -> str:
    """Strictly after the limit."""
    return "late" if day > limit and not day < 0 else "early"
'''


def test_a_source_mutant_is_the_module_with_one_thing_changed() -> None:
    found = {each.id: each.sentence for each in source_mutants("app.small", SOURCE)}

    assert found["small:late:comparison.1"] == "line 4: day > limit becomes day >= limit"
    assert found["small:late:and-or.1"].endswith("becomes day > limit or not day < 0")
    assert found["small:late:not-or-minus.1"] == "line 4: not day < 0 becomes day < 0"
    assert found["small:late:constant.1"] == "line 2: 14 becomes 15"
    assert found["small:late:word.1"] == "line 4: 'late' becomes 'late?'"
    assert not any("Strictly" in each for each in found.values())


def test_every_source_mutant_compiles_and_differs() -> None:
    found = [each.source for each in source_mutants("app.small", SOURCE)]

    assert len(set(found)) == len(found)
    assert all(compile(each, "small", "exec") for each in found)


# ---------------------------------------------------------------------------------------------------------- the report


def verdict(name: str, killed_by: str | None) -> Verdict:
    return Verdict(name, "step", f"{name} changes.", killed_by)


def test_a_survivor_needs_a_reason() -> None:
    found = [verdict(f"k{number}", "scenarios") for number in range(99)] + [verdict("s", None)]
    known = {each.id for each in found}

    assert faults(found, {}, known) == ["no reason: s: s changes."]
    assert faults(found, {"s": "It cannot happen."}, known) == []
    assert faults(found, {"s": "So.", "k1": "So."}, known) == ["survivors.yaml: k1 needs no reason now: take it out"]
    assert faults(found, {"s": "So.", "x": "So."}, known) == ["survivors.yaml: x is no mutant"]


def test_what_nothing_could_notice_does_not_count() -> None:
    found = [verdict("k", "loader"), verdict("e", SAME)]

    assert score(found) == 100
    assert faults(found, {}, {"k", "e"}) == []


def test_a_part_is_drawn_with_its_seed() -> None:
    found = [verdict(f"k{number}", "scenarios") for number in range(50)]

    assert part_of(found, 100, seed=1) == found
    assert part_of(found, 10, seed=1) == part_of(found, 10, seed=1) != part_of(found, 10, seed=2)
    assert len(part_of(found, 10, seed=1)) == 5
    assert len(part_of(found[:3], 10, seed=1)) == 1


def test_too_low_a_score_is_a_fault() -> None:
    found = [verdict("k", "loader"), verdict("s", None)]

    assert faults(found, {"s": "It cannot happen."}, {"k", "s"}) == ["score 50.00 % is below 98 %"]
    assert "all 2" in report(found, ("loader", "scenarios"), {})


def test_every_reason_is_of_a_mutant_and_says_why(tmp_path: Path) -> None:
    file = tmp_path / "survivors.yaml"
    file.write_text("survivors: [{because: It cannot happen., mutants: [a, b]}]", "utf-8")

    assert reasons(file) == {"a": "It cannot happen.", "b": "It cannot happen."}
    assert all(len(why) > 20 for why in reasons().values())
