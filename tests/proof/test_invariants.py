"""`invariants.yaml` is read as strictly as the pathway itself, and a wrong one is told by file and line."""

import re
from pathlib import Path

import pytest

from app.__main__ import load_from
from app.clinical.situation import DATES
from app.errors import AuthorError
from app.proof.invariants import Invariants, load_invariants
from tests.proof.judged import FOLDER, NEGATIVE, pathways, planted

FILE = f"{NEGATIVE}/invariants.yaml"
WHEN = "when: {fired: G-NONE}"

WRONG = {
    "an unknown key": ("silences:", "silence:", "silence"),
    "an unknown rule": (WHEN, "when: {fired: G-NON}", "did you mean G-NONE"),
    "an unknown fact": (WHEN, "when: {latest_agee: none}", "did you mean latest_age"),
    "a value that a fact does not have": (WHEN, "when: {latest_age: ancient}", "ancient is not declared"),
    "an unknown recommendation": ("when: {recommended: NO-FURTHER-IMAGING}", "when: {now: NO-IMAGING}", "NO-IMAGING"),
    "an unknown stage": (
        "when: {reached: repeat, excluded",
        "when: {reached: repeats, excluded",
        "did you mean repeat",
    ),
    "a name twice": ("id: too-old", "id: no-study", "no-study is the name of two claims"),
    "no claim": ("    always: [{now: SCAN-SYMPTOMATIC-LEG}]\n", "", "say exactly one of always, never"),
    "no source": ("    source: decision table 13.2, 5.1\n", "", "source"),
    "a level without conditions": ("level: act-now, any: ", "level: act-now}\n    - {level: x, any: ", "the last one"),
    "no such level": ("reassuring_from: reassured-or-silent", "reassuring_from: calm", "one of the levels"),
    "a comparison of nothing": ("name: ddimer_assay", "name: ddimer_essay", "did you mean ddimer_assay"),
    "nothing that moves so": ("moves: [recorded_status, as_of]", "moves: [recorded_status, as_off]", "as_of"),
    "an exception for nobody": ("- when: {latest_age: stale}", "- when: {latest_age: stael}", "did you mean stale"),
    "a raised value that is none": ('name: red_flag_pe, to: "yes"', "name: red_flag_pe, to: maybe", "maybe"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_told_by_line(name: str, tmp_path: Path) -> None:
    old, new, says = WRONG[name]
    copy = planted(tmp_path, FILE, old, new)

    with pytest.raises(AuthorError) as refused:
        load_invariants(copy, pathways()[NEGATIVE], DATES)
    assert re.match(rf"{FILE}:\d+: ", str(refused.value))
    assert says in str(refused.value)


def test_comparisons_need_a_scale(tmp_path: Path) -> None:
    copy = tmp_path / NEGATIVE
    copy.mkdir()
    (copy / "invariants.yaml").write_text('raising: [{name: red_flag_pe, to: "yes", because: A red flag.}]', "utf-8")

    with pytest.raises(AuthorError, match="comparisons need a scale"):
        load_invariants(tmp_path, pathways()[NEGATIVE], DATES)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(AuthorError, match=rf"{FILE}: the file is missing"):
        load_invariants(tmp_path, pathways()[NEGATIVE], DATES)


def test_without_a_scale_there_are_no_levels() -> None:
    nothing = Invariants()

    assert (nothing.levels, nothing.first_reassuring) == ((), 0)


def test_the_invariants_do_not_change_the_content_hash(tmp_path: Path) -> None:
    copy = planted(tmp_path, FILE, "silences:", "# a remark\nsilences:")

    hashes = {pathway.id: pathway.content_hash for pathway in load_from(copy)}
    assert hashes == {name: pathway.content_hash for name, pathway in pathways().items()}


def test_every_safety_invariant_of_the_decision_table_is_named() -> None:
    """13.10 is P2, 13.11 is P6; the others stand in the files."""
    text = "".join((FOLDER / name / "invariants.yaml").read_text("utf-8") for name in pathways())

    named = {int(number) for number in re.findall(r"13\.(\d+)", text)}
    assert named >= set(range(1, 11)) | {12, 13}
