"""`new-pathway`: the folder it writes works at once."""

import shutil
from pathlib import Path

import pytest

from app.settings import Settings
from tests.test_commands import run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the pathways that the commands work on; without scenarios, of which `check` would run a thousand."""
    leave_out = shutil.ignore_patterns("scenarios", "_schema")
    copy = Path(shutil.copytree(Settings().pathways_dir, tmp_path / "pathways", ignore=leave_out))
    monkeypatch.setenv("DVT_PATHWAYS_DIR", str(copy))
    return copy


def test_a_new_pathway_loads_and_passes_check_with_its_scenarios(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("new-pathway", "calf-follow-up", "--title", 'Calf: "follow up"') == 0
    assert str(folder / "calf-follow-up") in capsys.readouterr().out

    run("check", "--no-proof")

    said = capsys.readouterr()
    assert any(line.startswith("calf-follow-up 0.1.0 ") for line in said.out.splitlines())
    assert "scenarios: 2 pass, 0 differences" in said.out
    assert "CALF-FOLLOW-UP" not in said.err  # what it says is about the rules whose scenarios were left out


def test_its_scenarios_are_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong expectation in it fails the check."""
    run("new-pathway", "calf-follow-up")
    scenarios = folder / "calf-follow-up" / "scenarios" / "first.yaml"
    scenarios.write_text(scenarios.read_text("utf-8").replace("prior_dvt: true", "prior_dvt: false"), encoding="utf-8")

    assert run("check", "--no-proof") == 1
    assert "CALF-FOLLOW-UP-1: expects CALF-FOLLOW-UP-EXAMPLE, which is not advised" in capsys.readouterr().err


def test_the_words_it_uses_can_be_chosen(folder: Path) -> None:
    assert run("new-pathway", "calf-follow-up", "--uses", "negative-dvt-ultrasound") == 0
    assert "uses: negative-dvt-ultrasound" in (folder / "calf-follow-up" / "pathway.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("Calf Follow Up",), "Calf Follow Up: an id is small letters and digits"),
        (("../elsewhere",), "../elsewhere: an id is small letters and digits"),
        (("calf", "--uses", "dvt-imaging"), "dvt-imaging: is no pathway that stands alone; there are"),
        (("dvt-imaging",), "this folder exists already; nothing was written"),
    ],
    ids=["capitals", "elsewhere", "uses another", "exists"],
)
def test_what_cannot_be_written_is_said_and_nothing_is_written(
    arguments: tuple[str, ...], reason: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.rglob("*"))

    assert run("new-pathway", *arguments) == 1
    assert reason in capsys.readouterr().err
    assert sorted(folder.rglob("*")) == before
