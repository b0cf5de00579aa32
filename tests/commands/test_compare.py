"""`diff`: what two versions say differently, and whom they decide differently."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings
from tests.test_commands import run

PATHWAYS = Settings().pathways_dir
ID = "negative-dvt-ultrasound"
SAMPLES = ("--samples", "200")

Edit = Callable[[str, str, str], None]


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A copy of the pathways that may be changed."""
    return Path(shutil.copytree(PATHWAYS, tmp_path / "pathways"))


@pytest.fixture
def edit(changed: Path) -> Edit:
    """Replaces a text that stands once in a file of the copy."""

    def replaced(file: str, old: str, new: str) -> None:
        path = changed / ID / file
        text = path.read_text("utf-8")

        assert text.count(old) == 1, f"{old} stands {text.count(old)} times"
        path.write_text(text.replace(old, new), encoding="utf-8")

    return replaced


def diff(capsys: pytest.CaptureFixture[str], *arguments: object, status: int = 1) -> str:
    assert run("diff", *map(str, arguments)) == status

    return capsys.readouterr().out


def as_json(capsys: pytest.CaptureFixture[str], *arguments: object, status: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(diff(capsys, *arguments, *SAMPLES, "--json", status=status))
    return found


def test_the_same_content_differs_in_nothing(changed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = diff(capsys, PATHWAYS, changed, *SAMPLES, status=0)

    assert said == "Nothing differs, and 200 made-up patients are decided alike.\n"


def test_a_moved_window_is_told_with_the_patients_it_moves(
    changed: Path, edit: Edit, capsys: pytest.CaptureFixture[str]
) -> None:
    edit("pathway.yaml", "repeat_max_day: {value: 7,", "repeat_max_day: {value: 8,")
    said = diff(capsys, PATHWAYS, changed, *SAMPLES)

    assert f"changed  {ID}: parameters repeat_max_day  value: 7 -> 8" in said
    assert said.count("parameters repeat_max_day") == 1  # the pathway that uses it does not say it again
    assert "of 200 made-up patients" in said
    assert "-> the same lead; REPEAT-CDUS at other dates" in said
    assert "For example on 15 Jun 2026: " in said


def test_the_same_seed_finds_the_same_patients(changed: Path, edit: Edit, capsys: pytest.CaptureFixture[str]) -> None:
    edit("pathway.yaml", "repeat_max_day: {value: 7,", "repeat_max_day: {value: 8,")
    one = as_json(capsys, PATHWAYS, changed)

    assert as_json(capsys, PATHWAYS, changed) == one
    assert as_json(capsys, PATHWAYS, changed, "--seed", "2")["situations"] != one["situations"]


def test_a_limit_is_tried_on_both_sides_wherever_it_moves(
    changed: Path, edit: Edit, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cut-off of 501 instead of 500 changes patients with exactly 500 or a bound there, and nobody else."""
    edit("pathway.yaml", "ddimer_cut_off: {value: 500, unit: ng/mL FEU, minimum: 500, maximum: 500",
         "ddimer_cut_off: {value: 501, unit: ng/mL FEU, minimum: 500, maximum: 501")  # fmt: skip
    found = json.loads(diff(capsys, PATHWAYS, changed, "--samples", "1500", "--json"))

    assert found["situations"]
    for situation in found["situations"]:
        sample = situation["example"]["facts"]["ddimer"]
        nanograms = float(sample["value"]) * (1000 if sample["unit"].startswith(("mg", "ug/mL")) else 1)
        in_feu = nanograms * (2 if sample["unit"].endswith("DDU") else 1)
        assert in_feu == 500 or ("comparator" in sample and 500 <= in_feu <= 502)


def test_situations_are_counted_and_shown_with_a_patient_that_explain_reads(
    changed: Path, edit: Edit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit("rules/repeat.yaml", "when: {status: [worsening, new]}", "when: {status: [worsening]}")
    found = as_json(capsys, PATHWAYS, changed)
    (first, *_) = found["situations"]
    patient = tmp_path / "patient.json"
    patient.write_text(json.dumps(first["example"]), encoding="utf-8")

    assert found["differing"] == sum(each["count"] for each in found["situations"])
    assert [each["count"] for each in found["situations"]] == sorted(
        (each["count"] for each in found["situations"]), reverse=True
    )
    assert run("explain", str(patient), "--json") == 0
    assert json.loads(capsys.readouterr().out)["recommendations"] == first["example"]["before"]


def test_one_pathway_can_be_compared_alone(changed: Path, edit: Edit, capsys: pytest.CaptureFixture[str]) -> None:
    edit("rules/leg.yaml", "indicator: warning", "indicator: info")
    found = as_json(capsys, PATHWAYS / ID, changed / ID)

    assert [each["entry"] for each in found["texts"]] == [f"{ID}: rows G-SIDE"]
    assert found["situations"][0]["before"].startswith("SCAN-SYMPTOMATIC-LEG (warning")
    assert found["situations"][0]["after"].startswith("SCAN-SYMPTOMATIC-LEG (info")


def test_added_removed_and_moved_rows_are_told(changed: Path, edit: Edit, capsys: pytest.CaptureFixture[str]) -> None:
    edit("rules/alternatives.yaml", "rule: ALT-BAKER,", "rule: ALT-BAKER-2,")
    file = changed / ID / "rules" / "alternatives.yaml"
    lines = file.read_text("utf-8").splitlines(keepends=True)
    lines[4], lines[5] = lines[5], lines[4]
    file.write_text("".join(lines), encoding="utf-8")
    found = as_json(capsys, PATHWAYS / ID, changed / ID)

    assert {(each["what"], each["entry"].removeprefix(f"{ID}: "), each.get("part")) for each in found["texts"]} == {
        ("added", "rows ALT-BAKER-2", None),
        ("removed", "rows ALT-BAKER", None),
        ("changed", "rows", "order"),
    }
    assert found["situations"] == []  # another name and order decide nothing


def test_a_text_only_change_differs_too(changed: Path, edit: Edit, capsys: pytest.CaptureFixture[str]) -> None:
    edit("facts.yaml", "as_of: Date of the symptom status", 'as_of: "Day of the symptom status"')  # fmt: skip
    said = diff(capsys, PATHWAYS, changed, *SAMPLES)

    assert "dates as_of  Date of the symptom status -> Day of the symptom status" in said
    assert "Decided differently: 0 of 200 made-up patients (0.0 %)" in said


def test_a_part_that_was_not_said_before_is_told(changed: Path, edit: Edit, capsys: pytest.CaptureFixture[str]) -> None:
    edit("rules/leg.yaml", "    strength: strong\n", "    strength: strong\n    against: [sru2018]\n")

    assert 'rows G-SIDE  against: not said -> ["sru2018"]' in diff(capsys, PATHWAYS / ID, changed / ID, *SAMPLES)


def test_a_comment_changes_the_content_and_is_told(changed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The hash that a clinician signs covers it."""
    with (changed / ID / "facts.yaml").open("a", encoding="utf-8") as file:
        file.write("# a remark\n")

    assert "comments, layout or value sets" in diff(capsys, PATHWAYS / ID, changed / ID, *SAMPLES)


def test_a_pathway_that_comes_or_goes_is_told(changed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(changed / "dvt-imaging")
    less, more = as_json(capsys, PATHWAYS, changed), as_json(capsys, changed, PATHWAYS)

    assert less["texts"] == [{"what": "removed", "entry": "pathway dvt-imaging"}]
    assert more["texts"] == [{"what": "added", "entry": "pathway dvt-imaging"}]
    assert any("now also PB-" in each["after"] or each["after"].startswith("PB-") for each in more["situations"])
    assert any("no longer PB-" in each["after"] or each["before"].startswith("PB-") for each in less["situations"])


def test_only_the_most_frequent_situations_are_printed(
    changed: Path, edit: Edit, capsys: pytest.CaptureFixture[str]
) -> None:
    edit("pathway.yaml", "repeat_max_day: {value: 7,", "repeat_max_day: {value: 10,")
    said = diff(capsys, PATHWAYS, changed, "--samples", "1500")

    assert said.count("For example") == 20
    assert "rarer kinds; --json shows all" in said


@pytest.mark.parametrize("wrong", ["nowhere", "broken"])
def test_a_version_that_cannot_be_loaded_ends_with_2(
    wrong: str, changed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (changed / ID / "facts.yaml").write_text("facts: 1\n", encoding="utf-8")
    folder = changed if wrong == "broken" else tmp_path / "nowhere"

    assert run("diff", str(PATHWAYS), str(folder)) == 2
    assert capsys.readouterr().err.count("\n") == 1
