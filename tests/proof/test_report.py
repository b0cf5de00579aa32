"""`check`: the table for people, the JSON for machines, one line a fault, and how it ends."""

import json
import sys
from pathlib import Path

import pytest

from app.proof.patient import Example
from app.proof.properties import Fault, Report
from app.proof.report import Verdict, as_json, in_words
from app.proof.scenarios import Failure, Rehearsal
from tests.proof.judged import NEGATIVE, planted
from tests.test_commands import run

PATIENT = Example(
    ("side is unknown (Was every symptomatic leg scanned)",),
    ("NFI: Why.",),
    ("NO-FURTHER-IMAGING (info, none)",),
    {"side": "unknown"},
)
SILENT = Example(("side is matched (Was every symptomatic leg scanned)",), (), (), {"side": "matched"})
BROKEN = Fault("some-pathway", "P4", "side unknown", "An unknown leg is never the scanned one.", (PATIENT, SILENT))


def verdict(*faults: Fault, failures: tuple[Failure, ...] = (), unfired: tuple[str, ...] = ()) -> Verdict:
    report = Report("some-pathway", {f"P{number}": 7 for number in range(1, 7)}, list(faults))
    return Verdict((report,), Rehearsal(3, list(failures), list(unfired), list(unfired)))


def test_a_fault_is_one_line_and_a_patient() -> None:
    text = "\n".join(in_words(verdict(BROKEN)))

    assert "P4  unknown is never more reassuring" in text
    assert "7 shown, 1 BROKEN" in text
    assert "    - side is unknown (Was every symptomatic leg scanned)" in text
    assert "The same patient, but:\n    - side is matched" in text
    assert "    - nothing" in text
    assert verdict(BROKEN).faults(strict_scenarios=False) == [
        "some-pathway: P4 side unknown: An unknown leg is never the scanned one."
    ]


def test_a_fault_without_a_patient_is_one_line() -> None:
    lines = list(in_words(verdict(Fault("some-pathway", "P1", "ROW", "ROW: nobody is decided by it"))))

    assert lines[-1] == "some-pathway: P1 ROW: ROW: nobody is decided by it"


def test_a_rule_without_its_scenarios_is_a_fault_only_if_asked_for() -> None:
    judged = verdict(unfired=("ROW",))

    assert judged.faults(strict_scenarios=False) == []
    assert judged.faults(strict_scenarios=True) == [
        "1 rules fire in no scenario: ROW",
        "1 rules are nearly missed in no scenario: ROW",
    ]


def test_a_scenario_that_does_not_come_out_is_a_fault() -> None:
    judged = verdict(failures=(Failure("a/scenarios/b.yaml", 7, "S1", "expects X, which is not advised"),))

    assert judged.faults(strict_scenarios=False) == ["a/scenarios/b.yaml:7: S1: expects X, which is not advised"]


def test_machines_read_everything() -> None:
    said = json.loads(json.dumps(as_json(verdict(BROKEN, unfired=("ROW",)))))

    assert said["pathways"][0]["faults"][0]["patients"][0]["raw"] == {"side": "unknown"}
    assert said["scenarios"]["rulesWithoutNearMiss"] == ["ROW"]


def test_check_without_the_proof_runs_the_scenarios(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--no-proof", "--json") == 0

    said = json.loads(capsys.readouterr().out)
    assert said["pathways"] == []
    assert said["scenarios"]["passed"] > 150


def test_a_fault_ends_check_with_1_and_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = planted(
        tmp_path,
        f"{NEGATIVE}/scenarios/golden.yaml",
        "indicator: info, rules: [NFI]",
        "indicator: warning, rules: [NFI]",
    )
    for file in copy.glob("*/scenarios/*.yaml"):
        if file.name != "golden.yaml":
            file.unlink()
    monkeypatch.setenv("DVT_PATHWAYS_DIR", str(copy))

    assert run("check", "--no-proof", "--no-strict-scenarios") == 1
    assert capsys.readouterr().err.splitlines() == [
        f"{NEGATIVE}/scenarios/golden.yaml:9: G001: NO-FURTHER-IMAGING: indicator is info, expected warning"
    ]


def test_without_the_solver_check_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "z3", None)  # how Python is told that there is no such module

    assert run("check") == 1
    assert capsys.readouterr().err == ("check: the proof needs z3-solver (the extra `proof`); without it: --no-proof\n")


def test_the_pathways_as_they_are_are_proven(capsys: pytest.CaptureFixture[str]) -> None:
    run("check", "--json")

    said = json.loads(capsys.readouterr().out)
    assert [fault for pathway in said["pathways"] for fault in pathway["faults"]] == []
    assert said["scenarios"]["failures"] == []
    assert said["scenarios"]["rulesWithoutFiring"] == []
    assert said["scenarios"]["rulesWithoutNearMiss"] == []
    assert sum(number for pathway in said["pathways"] for number in pathway["asked"].values()) > 700
