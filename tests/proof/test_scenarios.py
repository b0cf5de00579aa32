"""The scenarios of the pathways: what passes, what does not, and which rules have no scenario of their own."""

from pathlib import Path

import pytest

from app.errors import AuthorError
from app.proof.scenarios import Rehearsal, rehearse
from tests.proof.judged import NEGATIVE, pathways

GOOD = """
scenarios:
  - id: S1
    title: Signs of pulmonary embolism
    today: 2026-03-08
    facts: {red_flags: {pe: true}, exams: [{date: 2026-03-02, result: negative, side: left}]}
    expect: [{id: EMERG-PE, indicator: critical, rules: [RF-PE], timing: {kind: now, earliest: 2026-03-08}}]
    must_not: [NO-FURTHER-IMAGING]
    rationale: A red flag comes first.
    source: [S001]
"""


def written(folder: Path, text: str) -> Path:
    """A folder of pathways with this one scenario file."""
    file = folder / NEGATIVE / "scenarios" / "some.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    return folder


def run(folder: Path, text: str) -> Rehearsal:
    return rehearse(written(folder, text), list(pathways().values()))


def test_a_good_scenario_passes(tmp_path: Path) -> None:
    found = run(tmp_path, GOOD)

    assert (found.passed, found.failures) == (1, [])
    assert "RF-PE" not in found.unfired
    assert "RF-LIMB" in found.unfired
    assert "RF-PE" in found.unmissed
    assert "RF-LIMB" not in found.unmissed


WRONG = {
    "another indicator": ("indicator: critical", "indicator: info", "EMERG-PE: indicator is critical, expected info"),
    "another day": ("earliest: 2026-03-08", "earliest: 2026-03-09", "EMERG-PE: timing is"),
    "another rule": ("rules: [RF-PE]", "rules: [RF-LIMB]", "EMERG-PE: rules is ['RF-PE']"),
    "advice that does not come": ("expect: [", "expect: [{id: DDIMER-ORDER}, ", "DDIMER-ORDER, which is not advised"),
    "advice that nobody gives": ("expect: [", "expect: [{id: EMERGE-PE}, ", "EMERGE-PE, which no pathway recommends"),
    "advice that is not expected": (
        "expect: [{id: EMERG-PE",
        "expect: []\n    # [{id: EMERG-PE",
        "EMERG-PE is advised and",
    ),
    "advice that must not be": (
        "must_not: [NO-FURTHER-IMAGING]",
        "must_not: [EMERG-PE]",
        "EMERG-PE is advised and must",
    ),
    "a setting that is none": (
        "today:",
        "config: {repeat_min_day: 99}\n    today:",
        "repeat_min_day is outside its bounds",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_scenario_that_does_not_come_out_is_told_by_line(name: str, tmp_path: Path) -> None:
    old, new, says = WRONG[name]
    assert old in GOOD

    found = run(tmp_path, GOOD.replace(old, new))
    assert found.passed == 0
    assert any(str(each).startswith(f"{NEGATIVE}/scenarios/some.yaml:3: S1: ") for each in found.failures)
    assert any(says in each.reason for each in found.failures)


UNREADABLE = {
    "no YAML": ("scenarios: [", "cannot be read as YAML"),
    "no list": ("scenarios: {}", "expected the key 'scenarios'"),
    "an unknown key": (GOOD.replace("title:", "titel:"), "some.yaml:3: scenario S1: title: "),
    "no mapping": ("scenarios: [S1]", "scenario 0: "),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_wrong_file_is_told(name: str, tmp_path: Path) -> None:
    text, says = UNREADABLE[name]

    with pytest.raises(AuthorError) as refused:
        run(tmp_path, text)
    assert says in str(refused.value)


def test_missing_facts_are_tolerated(tmp_path: Path) -> None:
    """DATA-* that are not listed may come: here, which veins and which leg."""
    assert run(tmp_path, GOOD.replace("{pe: true}", "{pe: true, limb: false}")).failures == []


NEAR = """
scenarios:
  - id: S2
    title: A complete study with abnormal flow and two near misses
    today: 2026-03-08
    facts:
      age: 60
      sex: male
      pregnant: false
      exams: [{date: 2026-03-02, protocol: complete_duplex, result: negative, side: left, cfv: monophasic}]
      symptoms: {status: persistent, side: left, as_of: 2026-03-08, flank_pain: true}
    expect: [{id: VENOGRAPHY}, {id: ALT-EVAL}]
    rationale: One condition differs.
    source: [S002]
"""


def test_a_near_miss_is_a_row_that_was_read_and_lacks_one_part(tmp_path: Path) -> None:
    found = run(tmp_path, NEAR)

    assert found.failures == []
    # IC-PREG lacks only the pregnancy; RU-SYM-P is kept back by one of its two exceptions
    assert {"IC-PREG", "RU-SYM-P"}.isdisjoint(found.unmissed)
    # NFI's stage is not read beside imaging; IC-CANCER lacks the cancer and a compromised study
    assert {"NFI", "IC-CANCER"} <= set(found.unmissed)
    # in a stage of which one row is picked, the rows below the picked one are not read
    assert "IC-CFV" in found.unmissed
    assert "MOD-9" in found.unmissed


def test_a_rule_that_nobody_can_nearly_miss_is_not_asked_for(tmp_path: Path) -> None:
    found = rehearse(written(tmp_path, NEAR), list(pathways().values()), impossible=["NFI"])

    assert "NFI" not in found.unmissed
