"""The drill: a clinician moves the repeat window from 5-7 to 6-8 days and the D-dimer cut-off, in YAML only.

What then differs is named: the scenarios one by one, the situations with their counts. No Python is opened.
"""

import json
import re
import shutil
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from app.__main__ import load_from
from app.clinical.evaluate import Evaluation, evaluate
from app.clinical.vocabulary import parse_facts
from app.pathway.load import Pathway
from app.settings import Settings
from tests.front_door import pathways
from tests.test_commands import run

PATHWAYS = Settings().pathways_dir
FILE = "negative-dvt-ultrasound/pathway.yaml"
CHANGES = {
    "repeat_min_day: {value: 5,": "repeat_min_day: {value: 6,",
    "repeat_max_day: {value: 7,": "repeat_max_day: {value: 8,",
    "ddimer_cut_off: {value: 500, unit: ng/mL FEU, minimum: 500, maximum: 500,": (
        "ddimer_cut_off: {value: 600, unit: ng/mL FEU, minimum: 500, maximum: 600,"
    ),
}
STUDY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pathways after the clinician's three edits, with the golden scenarios only: a thousand others take longer."""
    folder = Path(shutil.copytree(PATHWAYS, tmp_path_factory.mktemp("clinician") / "pathways"))
    for file in folder.glob("*/scenarios/*.yaml"):
        if file.name != "golden.yaml":
            file.unlink()
    text = (folder / FILE).read_text("utf-8")
    for old, new in CHANGES.items():
        assert text.count(old) == 1

        text = text.replace(old, new)
    (folder / FILE).write_text(text, encoding="utf-8")
    return folder


def test_check_names_the_scenarios_that_now_differ(
    changed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those before, at and after the limits; a patient without a window or a D-dimer near 500 is not among them."""
    monkeypatch.setenv("DVT_PATHWAYS_DIR", str(changed))

    assert run("check", "--no-proof") == 1

    told = re.findall(r"^[a-z-]+/scenarios/golden\.yaml:[0-9]+: (.*)$", capsys.readouterr().err, re.MULTILINE)
    named = {line.partition(": ")[0] for line in told}
    assert {"G003", "G006", "G007", "G008", "G009"} <= named  # the window: before, first day, last day, after
    assert any("DVT-EXCLUDED-PTP is advised and not expected" in line for line in told)  # the cut-off
    assert "G001" not in named
    assert 10 < len(named) < 120


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        (4, "window", "window"),
        (5, "due", "window"),
        (6, "due", "due"),
        (7, "due", "due"),
        (8, "overdue", "due"),
        (9, "overdue", "overdue"),
    ],
)
def test_the_window_moves_by_exactly_one_day(day: int, before: str, after: str, changed: Path) -> None:
    assert timing_on(day, pathways()) == before
    assert timing_on(day, load_from(changed)) == after


def timing_on(day: int, version: Sequence[Pathway]) -> str:
    """The timing of the repeat, so many days after a limited study of a leg that is improving."""
    today = STUDY + timedelta(day)
    made = asked(version, today).recommendations
    return next(each.timing.kind.value for each in made if each.id == "REPEAT-CDUS")


def asked(version: Sequence[Pathway], today: date) -> Evaluation:
    exam = {"date": STUDY.isoformat(), "protocol": "proximal_duplex", "result": "negative", "side": "left"}
    symptoms = {"status": "improving", "side": "left", "as_of": today.isoformat()}
    return evaluate(version, parse_facts({"age": 54, "exams": [exam], "symptoms": symptoms}), today=today, config={})


def test_what_the_rows_say_moves_with_the_numbers(changed: Path) -> None:
    """No second copy of a number: the reason names the new days."""
    (after,) = [each for each in load_from(changed) if each.id == "negative-dvt-ultrasound"]

    assert "6-8 days" in after.because["RU-LIM"]


def test_diff_shows_the_affected_situations_with_counts(changed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("diff", str(PATHWAYS), str(changed), "--samples", "2000", "--json") == 1

    found = json.loads(capsys.readouterr().out)
    texts = {(each["entry"].rpartition(" ")[2], each["part"]) for each in found["texts"]}
    shifts = {(each["before"], each["after"]): each["count"] for each in found["situations"]}
    assert texts == {
        ("repeat_min_day", "value"),
        ("repeat_max_day", "value"),
        ("ddimer_cut_off", "value"),
        ("ddimer_cut_off", "maximum"),
    }
    assert shifts["REPEAT-CDUS (warning, due)", "REPEAT-CDUS (warning, window)"] >= 3
    assert shifts["REPEAT-CDUS (warning, overdue)", "REPEAT-CDUS (warning, due)"] >= 3
    assert any("DVT-EXCLUDED-PTP" in after for _, after in shifts)
    assert 0 < found["differing"] == sum(shifts.values()) < 2000
