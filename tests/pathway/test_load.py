"""A pathway folder is loaded whole, or refused with one line: file, line, what is wrong and what would be right."""

import hashlib
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from app.__main__ import main
from app.errors import AuthorError
from app.settings import Settings
from tests.pathway.small import change, load, small, write

PATHWAYS = Settings().pathways_dir


def test_a_pathway_is_its_folder(tmp_path: Path) -> None:
    pathway = small(tmp_path)

    assert (pathway.id, pathway.version) == ("small", "1.0.0")
    assert [stage.stage for stage in pathway.stages] == ["meaning", "advice"]
    assert pathway.days == {"first_day": 5, "last_day": 7}
    assert pathway.findings == {"concern": "low"}
    assert pathway.population == "Adults with a study in the last 7 days"
    assert pathway.because["R-REPEAT"] == "The calf is to be seen on days 5-7."
    assert pathway.steps == {"WAIT": (2, None), "REPEAT": (1, None)}
    assert set(pathway.queries) == {"reports"}
    assert [question.fact for question in pathway.questions] == ["symptoms.status"]


def test_a_review_approves_exactly_the_content_it_names(tmp_path: Path) -> None:
    draft = small(tmp_path)
    change(tmp_path / "small" / "reviews.yaml", "0" * 64, draft.content_hash)
    (approved,) = load(tmp_path)
    change(tmp_path / "small" / "recommendations.yaml", "Nothing to do", "Nothing at all")
    (changed,) = load(tmp_path)

    assert [draft.approved, approved.approved, changed.approved] == [False, True, False]
    assert approved.content_hash == draft.content_hash != changed.content_hash


def test_the_hash_is_over_what_decides_and_speaks(tmp_path: Path) -> None:
    before = small(tmp_path).content_hash
    home = tmp_path / "small"
    (home / "CHANGELOG.md").write_text("Nothing changed.")
    (home / "scenarios").mkdir()
    (home / "scenarios" / "golden.yaml").write_text("scenarios: []")

    assert load(tmp_path)[0].content_hash == before

    (home / "valuesets").mkdir()
    (home / "valuesets" / "role.json").write_text("{}")

    assert load(tmp_path)[0].content_hash != before


def test_the_words_a_report_is_read_with_are_content(tmp_path: Path) -> None:
    before = small(tmp_path).content_hash
    (tmp_path / "small" / "report_words.yaml").write_text("lists: {}")

    assert load(tmp_path)[0].content_hash != before


def test_a_row_may_speak_of_what_happened_above(tmp_path: Path) -> None:
    edits = [
        ("rules/advice.yaml", "repeated?\n", "repeated?\nunless: [{status: improving}]\n"),
        ("rules/advice.yaml", "{fired: M-WORSE}", "{not_fired: M-WORSE, not_recommended: WAIT, concern: high}"),
    ]

    assert small(tmp_path, *edits).stages[1].unless == ({"status": ("improving",)},)


def test_line_endings_do_not_change_the_hash(tmp_path: Path) -> None:
    before = small(tmp_path).content_hash
    for file in (tmp_path / "small").rglob("*.yaml"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))

    assert load(tmp_path)[0].content_hash == before


def test_a_mark_at_the_beginning_of_a_file_is_no_content(tmp_path: Path) -> None:
    write(tmp_path)
    file = tmp_path / "small" / "pathway.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())

    assert load(tmp_path)[0].id == "small"


def test_the_hash_is_sha_256(tmp_path: Path) -> None:
    assert len(small(tmp_path).content_hash) == len(hashlib.sha256().hexdigest())


def test_hidden_folders_are_no_pathways(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "README.md").write_text("x")

    assert len(load(tmp_path)) == 1


# ---------------------------------------------------------------------------------------------------- wrong content


@dataclass(frozen=True)
class Wrong:
    """One fault: where `old` stands, `new` is written. The error names the first line that holds `at`."""

    fault: str
    file: str
    old: str
    new: str
    at: str
    reason: str


WRONG = [Wrong(**each) for each in YAML(typ="safe", pure=True).load(Path(__file__).parent / "wrong_content.yaml")]


def run(*arguments: str) -> int:
    """The exit status of `dvt-next-step` with these arguments."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["dvt-next-step", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    return int(ended.value.code or 0)


def refusal(folder: Path) -> str:
    """What the author of the pathways in this folder is told."""
    with pytest.raises(AuthorError) as refused:
        load(folder)
    return str(refused.value)


def place_of(wrong: Wrong, folder: Path) -> str:
    """The file and the first line that holds the fault."""
    text = (folder / "small" / wrong.file).read_text("utf-8")
    return f"small/{wrong.file}:{text[: text.index(wrong.at)].count(chr(10)) + 1}: "


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.fault)
def test_a_wrong_file_is_refused_with_its_line(wrong: Wrong, tmp_path: Path) -> None:
    said = refusal(write(tmp_path, (wrong.file, wrong.old, wrong.new)))

    assert said.startswith(place_of(wrong, tmp_path))
    assert wrong.reason in said
    assert "\n" not in said


@pytest.mark.parametrize("file", ["pathway.yaml", "facts.yaml", "rules/advice.yaml", "references.yaml", "reviews.yaml"])
def test_an_empty_file_is_told(file: str, tmp_path: Path) -> None:
    (write(tmp_path) / "small" / file).write_text("# nothing yet\n")

    assert refusal(tmp_path) == f"small/{file}:1: the file is empty"


@pytest.mark.parametrize("file", ["pathway.yaml", "facts.yaml", "recommendations.yaml", "rules/advice.yaml"])
def test_a_file_that_is_a_list_is_told(file: str, tmp_path: Path) -> None:
    (write(tmp_path) / "small" / file).write_text("- a\n")

    assert refusal(tmp_path) == f"small/{file}:1: the file: must hold keys and values"


def test_references_are_a_mapping(tmp_path: Path) -> None:
    (write(tmp_path) / "small" / "references.yaml").write_text("- a\n")

    assert refusal(tmp_path) == "small/references.yaml:1: expected a mapping: key -> citation"


@pytest.mark.parametrize(
    "file", ["pathway.yaml", "facts.yaml", "recommendations.yaml", "references.yaml", "reviews.yaml"]
)
def test_a_missing_file_is_told(file: str, tmp_path: Path) -> None:
    (write(tmp_path) / "small" / file).unlink()

    assert refusal(tmp_path) == f"small/{file}: the file is missing or cannot be read"


def test_a_folder_without_a_pathway_is_not_passed_over(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "pathway.yml").write_text("id: second")

    assert refusal(tmp_path).startswith("second/pathway.yaml: the file is missing")


def test_no_pathway_at_all_is_told(tmp_path: Path) -> None:
    assert "no pathway here: expected <id>/pathway.yaml" in refusal(tmp_path)


def test_a_file_that_is_not_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    file = write(tmp_path) / "small" / "pathway.yaml"
    file.write_bytes(file.read_bytes().replace(b"A small", b"A sm\xe4ll"))

    assert refusal(tmp_path) == "small/pathway.yaml:2: the file is not UTF-8"


def test_a_file_without_bottom_is_told(tmp_path: Path) -> None:
    (write(tmp_path) / "small" / "facts.yaml").write_text("[" * 10_000)

    assert refusal(tmp_path) == "small/facts.yaml: the file is nested too deeply"


def test_yaml_1_1_cannot_turn_no_into_false(tmp_path: Path) -> None:
    """In YAML 1.1 `no` is false; a file may ask to be read so."""
    edits = [("references.yaml", "guide:\n", "%YAML 1.1\n---\nguide:\n"), ("references.yaml", '"no"', "no")]

    assert refusal(write(tmp_path, *edits)).startswith("small/references.yaml:17: no: put it in quotes")


def test_in_yaml_1_2_no_is_a_word(tmp_path: Path) -> None:
    assert small(tmp_path, ("references.yaml", '"no"', "no")).references["rumour"].seen == "no"


def test_a_row_behind_a_stop_is_dead(tmp_path: Path) -> None:
    late = "  - {rule: M-LATE, because: Too late., when: {status: resolved}, stop: true, sources: guide}\n"
    edits = [
        ("pathway.yaml", "  - meaning\n  - advice", "  - advice\n  - meaning"),
        ("rules/advice.yaml", "      - {fired: M-WORSE}\n", ""),
        ("rules/advice.yaml", '    unless:\n      - {pregnant: "yes", concern: low}\n', ""),
        ("rules/advice.yaml", "{concern: high}", "{pregnant: unknown}"),
    ]
    write(tmp_path, *edits)

    assert load(tmp_path)

    change(tmp_path / "small" / "rules" / "meaning.yaml", "rows:\n", f"rows:\n{late}")
    assert "meaning.yaml:5: M-LATE never fires: R-WELL has stopped the walk" in refusal(tmp_path)


# ------------------------------------------------------------------------------------------ a pathway that uses another


USER = {
    "pathway.yaml": """\
id: user
title: A pathway that uses another
version: 1.0.0
question: What else?
population: The same patients
uses: small
stages: [small/meaning, more]
""",
    "facts.yaml": """\
facts:
  side:
    values: [matched, partly_scanned, not_scanned, unknown]
    meaning: Was the leg scanned
    if_unknown: Ask
""",
    "rules/more.yaml": """\
stage: more
question: Is there more to do?
rows:
  - rule: MORE
    because: The concern is high.
    when: {concern: high, side: matched}
    advise: [{recommend: MORE, indicator: info, timing: {within: last_day}}]
    sources: guide
""",
    "recommendations.yaml": """\
recommendations:
  MORE: {step: 3, headline: Do more, text: Do more., orders: [{order: duplex}]}
""",
    "reviews.yaml": "reviews: []\n",
}


def write_user(folder: Path, *edits: tuple[str, str, str]) -> Path:
    """The small pathway and one that uses it."""
    write(folder)
    (folder / "user" / "rules").mkdir(parents=True)
    for name, text in USER.items():
        (folder / "user" / name).write_text(text, encoding="utf-8")
    for name, old, new in edits:
        change(folder / "user" / name, old, new)
    return folder


def test_a_pathway_may_use_the_stages_and_words_of_another(tmp_path: Path) -> None:
    used, user = load(write_user(tmp_path))

    assert [stage.stage for stage in user.stages] == ["meaning", "more"]
    assert user.return_precautions == used.return_precautions
    assert user.days == used.days
    assert user.questions == ()


def test_it_changes_when_the_other_changes(tmp_path: Path) -> None:
    before = [each.content_hash for each in load(write_user(tmp_path))]
    change(tmp_path / "small" / "recommendations.yaml", "Nothing to do", "Nothing at all")

    assert not {each.content_hash for each in load(tmp_path)} & set(before)


def test_its_own_references_join_those_it_uses(tmp_path: Path) -> None:
    write_user(tmp_path, ("rules/more.yaml", "guide", "[guide, more]"))
    (tmp_path / "user" / "references.yaml").write_text(
        "more: {short: More, authors: AB, title: More, journal: A journal, verified: true, seen: primary}\n"
    )

    assert set(load(tmp_path)[1].references) == {"guide", "rumour", "more"}


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("facts.yaml", "  side:", "  status:", "facts.yaml:2: status is declared in small already: one name, one home"),
        (
            "pathway.yaml",
            "small/me",
            "other/me",
            "pathway.yaml:7: other/meaning belongs to a pathway that is not used here",
        ),
        ("pathway.yaml", "meaning", "meanings", "pathway.yaml:7: there is no small/rules/meanings.yaml"),
        (
            "pathway.yaml",
            "uses: small",
            "uses: user",
            "pathway.yaml:6: uses: user is no pathway here that stands alone",
        ),
        (
            "rules/more.yaml",
            "last_day",
            "lastday",
            "rules/more.yaml:7: lastday is not declared; did you mean last_day?",
        ),
    ],
    ids=["declared twice", "another's stage", "no such stage", "itself", "unknown parameter"],
)
def test_a_wrong_use_is_refused_with_its_line(file: str, old: str, new: str, said: str, tmp_path: Path) -> None:
    assert refusal(write_user(tmp_path, (file, old, new))) == f"user/{said}"


# ------------------------------------------------------------------------------------- the program refuses to start


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the pathways of the repository, which the program reads."""
    folder = tmp_path / "pathways"
    shutil.copytree(PATHWAYS, folder)
    monkeypatch.setenv("DVT_PATHWAYS_DIR", str(folder))
    return folder


def emptied(file: Path) -> None:
    file.write_text("")


def not_utf8(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\n# \xe4\n")


def tabbed(file: Path) -> None:
    file.write_text(file.read_text("utf-8") + "\n\tlate: 1\n", encoding="utf-8")


def misspelt(file: Path) -> None:
    file.write_text("misspelt: 1\n" + file.read_text("utf-8"), encoding="utf-8")


@pytest.mark.parametrize("command", [("check",), ("serve", "--port", "0")], ids=["check", "serve"])
@pytest.mark.parametrize(
    ("file", "broken", "reason"),
    [
        ("pathway.yaml", emptied, ":1: the file is empty"),
        ("facts.yaml", not_utf8, ": the file is not UTF-8"),
        ("recommendations.yaml", tabbed, ": found character '\\t' that cannot start any token: indent with spaces"),
        ("rules/scope.yaml", misspelt, ":1: misspelt: is no key here"),
        ("reviews.yaml", Path.unlink, ": the file is missing or cannot be read"),
        ("valuesets/result-negative.json", emptied, ":1: Not JSON"),
    ],
    ids=["empty", "not UTF-8", "tab", "misspelt key", "missing", "empty value set"],
)
def test_neither_check_nor_the_service_starts_on_wrong_content(
    file: str,
    broken: Callable[[Path], None],
    reason: str,
    command: tuple[str, ...],
    copied: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line that names the file, and no place on the machine."""
    broken(copied / "negative-dvt-ultrasound" / file)

    assert run(*command) == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert f"{file}:" in said.err
    assert reason in said.err
    assert str(copied) not in said.err
