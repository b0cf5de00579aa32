"""`explain`: a patient from a file, and everything that led to the advice."""

import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.openapi import EXAMPLES
from tests.front_door import pathways
from tests.test_commands import run

Said = Callable[..., str]

LIMITED = """\
age: 54
sex: male
exams: [{date: 2026-03-02, protocol: proximal_duplex, result: negative, side: left}]
symptoms: {status: persistent, side: left, as_of: 2026-03-12}
"""

KNOWN = """\
age: 54
sex: male
setting: outpatient
suspicion: low
exams: [{date: 2026-03-02, protocol: complete_duplex, result: negative, quality: adequate, side: left, cfv: normal,
  iliac: adequate_negative, location: distal}]
symptoms: {status: resolved, side: left, as_of: 2026-03-08, whole_leg: false}
red_flags: {pe: false, limb: false, infection: false}
wells: {score: 0}
anticoag: none
egfr: 80
mri: ok
risk: {bleeding: low, active_cancer: false, prior_dvt: false}
alt: {explains: false}
"""


@pytest.fixture
def patient(tmp_path: Path) -> Path:
    """Facts of a patient with a limited study ten days before 2026-03-12."""
    file = tmp_path / "patient.yaml"
    file.write_text(LIMITED, encoding="utf-8")
    return file


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """Runs `explain` and gives what it printed."""

    def explained(*arguments: str, status: int = 0) -> str:
        assert run("explain", *arguments) == status

        printed = capsys.readouterr()
        return printed.err if status else printed.out

    return explained


def test_facts_rows_and_advice_are_told_in_words(patient: Path, said: Said) -> None:
    text = said(str(patient), "--today", "2026-03-12")

    assert "Facts on 12 Mar 2026" in text
    assert "exams[0].protocol  proximal_duplex" in text
    assert "RU-LIM: The calf veins were not fully examined" in text
    assert "-> advises REPEAT-CDUS" in text
    assert "REPEAT-CDUS  warning  overdue, do it 12-13 Mar 2026  Repeat complete duplex ultrasound" in text


def test_every_stage_is_named_and_what_was_not_read(tmp_path: Path, said: Said) -> None:
    child = tmp_path / "child.json"
    child.write_text('{"age": 9}', encoding="utf-8")
    text = said(str(child), "--today", "2026-03-12")

    for pathway in (each for each in pathways() if not each.advises_on_orders):
        for number, stage in enumerate(pathway.stages, 1):
            assert f"{number}. {stage.stage}" in text
    assert "ends the walk" in text
    assert "Not read: the walk had ended." in text


def test_what_is_unknown_is_told_with_what_it_could_change(patient: Path, said: Said) -> None:
    text = said(str(patient), "--today", "2026-03-12")
    could, _, could_not = text.partition("Unknown, and none of the answers would change what leads")

    assert "whole-leg swelling" in could
    assert "if the whole leg is swollen" in could
    assert "VENOGRAPHY warning, now" in could
    assert could_not.split("\n")[1:3] == ["  kidney function", "  bleeding risk"]


def test_answers_and_lists_are_said_in_words(tmp_path: Path, said: Said) -> None:
    file = tmp_path / "patient.yaml"
    file.write_text("pregnant: false\nexams: [{result: negative, unseen: [popliteal, cfv]}]\n", encoding="utf-8")
    text = said(str(file), "--today", "2026-03-12")

    assert re.search(r"pregnant +no\n", text)
    assert re.search(r"exams\[0\]\.unseen +cfv, popliteal\n", text)


def test_when_everything_asked_for_is_known_nothing_is_asked(tmp_path: Path, said: Said) -> None:
    file = tmp_path / "patient.yaml"
    file.write_text(KNOWN, encoding="utf-8")
    text = said(str(file), "--today", "2026-03-08")

    assert "NO-FURTHER-IMAGING" in text
    assert "Unknown" not in text


def test_a_record_is_told_with_the_proof_of_each_fact(tmp_path: Path, said: Said) -> None:
    file = tmp_path / "body.json"
    file.write_text(json.dumps(record_question()), encoding="utf-8")
    text = said(str(file))

    assert "Facts on 5 Mar 2026" in text
    assert "DiagnosticReport/us-1 conclusionCode[0]" in text


def test_a_bundle_alone_is_a_record_too(tmp_path: Path, said: Said) -> None:
    bundle = record_question()["record"]
    bundle["entry"].append({"resource": {"resourceType": "Observation", "id": "x", "status": "entered-in-error"}})
    file = tmp_path / "bundle.json"
    file.write_text(json.dumps(bundle), encoding="utf-8")
    text = said(str(file), "--today", "2026-03-05")

    assert "DiagnosticReport/us-1" in text
    assert "Set aside" in text
    assert "Observation/x" in text


def test_machines_get_the_answer_with_stages_and_unknowns(patient: Path, said: Said) -> None:
    answer = json.loads(said(str(patient), "--today", "2026-03-12", "--json"))

    assert answer["today"] == "2026-03-12"
    assert answer["recommendations"][0]["id"] == "REPEAT-CDUS"
    assert {stage["pathway"] for stage in answer["stages"]} == {"dvt-imaging", "negative-dvt-ultrasound"}
    assert all(stage["read"] for stage in answer["stages"])
    assert {"fact": "egfr", "label": "kidney function"} in answer["would_not_change"]
    assert answer["could_change"][0]["leads_to"]["id"] == "VENOGRAPHY"


def test_a_record_is_given_to_machines_with_its_proof(tmp_path: Path, said: Said) -> None:
    file = tmp_path / "body.json"
    file.write_text(json.dumps(record_question()), encoding="utf-8")
    answer = json.loads(said(str(file), "--json"))

    assert any(found["fact"] == "exams[0].result" for found in answer["found"])


def test_a_scenario_can_be_explained_as_it_stands(tmp_path: Path, said: Said) -> None:
    file = tmp_path / "scenario.yaml"
    indented = LIMITED.replace("\n", "\n  ")
    file.write_text(f"id: G1\ntoday: 2026-03-12\nfacts:\n  {indented}\nexpect: []\n", encoding="utf-8")

    assert "Facts on 12 Mar 2026" in said(str(file))


def test_standard_input_is_read(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("{}"))
    text = said("-", "--today", "2026-03-12")

    assert "none known" in text
    assert "nothing to say" in text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", ": neither JSON nor YAML"),
        ("- a list", ": expected facts, a FHIR Bundle or a body of POST /evaluate"),
        ('{"facts": {}, "record": {}}', ": facts or record is needed, and not both. Send either facts or record."),
        ("\x00", ": neither JSON nor YAML"),
        ("[" * 5000, ": neither JSON nor YAML"),
    ],
    ids=["broken", "list", "both", "control character", "too deep"],
)
def test_a_file_that_is_no_patient_is_refused_in_one_line(text: str, reason: str, tmp_path: Path, said: Said) -> None:
    file = tmp_path / "wrong"
    file.write_text(text, encoding="utf-8")
    error = said(str(file), status=1)

    assert error.startswith(str(file))
    assert error.endswith(f"{reason}\n")


def test_a_missing_file_is_said(said: Said) -> None:
    assert said("nowhere.yaml", status=1) == "nowhere.yaml: the file is missing, or is not text in UTF-8\n"


def record_question() -> dict[str, Any]:
    """The ready question with a record."""
    question: dict[str, Any] = json.loads((EXAMPLES / "evaluate" / "record.json").read_text("utf-8"))["request"]
    return question
