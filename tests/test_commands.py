"""The command line: what it prints, and how it ends."""

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import uvicorn

from app.__main__ import main
from app.settings import Settings
from tests.front_door import call, pathways

PATHWAYS = Settings().pathways_dir


def run(*arguments: str) -> int:
    """The exit status of `dvt-next-step` with these arguments."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["dvt-next-step", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    return int(ended.value.code or 0)


def test_check_names_each_pathway(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--no-proof") == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines if not line.startswith(" ")] == [
        [each.id, each.version, each.content_hash[:12]] for each in pathways()
    ]


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the pathways that may be broken."""
    folder = tmp_path / "pathways"
    shutil.copytree(PATHWAYS, folder)
    monkeypatch.setenv("DVT_PATHWAYS_DIR", str(folder))
    return folder


def test_a_wrong_pathway_is_told_by_file_and_line(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = copied / "negative-dvt-ultrasound" / "facts.yaml"
    file.write_text(file.read_text("utf-8") + "\nmisspelt: {}\n", encoding="utf-8")

    assert run("check") == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "facts.yaml:" in said.err


def test_a_missing_value_set_is_told(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copied / "negative-dvt-ultrasound" / "valuesets" / "result-negative.json").unlink()

    assert run("check") == 1
    assert "result-negative is no value set: there is no such file in valuesets/" in capsys.readouterr().err


def test_wrong_settings_end_with_2_and_one_line_each(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DVT_CLOCK", "noon")

    assert run("serve", "--port", "70000") == 2
    assert [line.partition(":")[0] for line in capsys.readouterr().err.splitlines()] == ["DVT_PORT", "DVT_CLOCK"]


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("localhost", "localhost")])
def test_serving_says_where_and_that_authentication_is_off(
    host: str, shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stop_at_once(monkeypatch)

    assert run("serve", "--host", host, "--port", "0") == 0

    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"dvt-next-step serves on http://{shown}:")
    assert "(authentication is off, only this machine can call it)" in line


def test_serving_other_machines_says_so_loudly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stop_at_once(monkeypatch)

    assert run("serve", "--host", "0.0.0.0", "--port", "0") == 0  # noqa: S104 -- that is the point
    assert "OTHER MACHINES CAN CALL IT" in capsys.readouterr().out


def test_a_port_that_is_taken_is_no_greeting(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        assert run("serve", "--port", str(taken.getsockname()[1])) != 0

    assert "serves on" not in capsys.readouterr().out


def test_a_start_that_fails_is_no_greeting(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(desk: object) -> None:
        raise ValueError

    monkeypatch.setattr("app.main._warm_up", fail)

    assert run("serve", "--port", "0") != 0
    assert "serves on" not in capsys.readouterr().out


def stop_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server stop as soon as it has started."""

    async def stop(server: uvicorn.Server) -> None:
        server.should_exit = True

    monkeypatch.setattr(uvicorn.Server, "main_loop", stop)


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """A folder with one example that has no answer yet."""
    (tmp_path / "examples").mkdir()
    example = {"request": call(extension={"org.dvt-next-step.today": "2026-03-12"})}
    (tmp_path / "examples" / "limited-scan.json").write_text(json.dumps(example), encoding="utf-8")
    return tmp_path


def test_export_writes_and_then_finds_nothing_stale(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export", str(exported)) == 0

    example = json.loads((exported / "examples" / "limited-scan.json").read_text("utf-8"))
    described = json.loads((exported / "openapi.json").read_text("utf-8"))
    written = capsys.readouterr().out
    assert "limited-scan.json" in written
    assert "openapi.json" in written
    assert example["response"]["cards"]
    service = described["paths"]["/cds-services/dvt-next-step-patient-view"]["post"]
    assert example["response"] in [
        each["value"] for each in service["responses"]["200"]["content"]["application/json"]["examples"].values()
    ]
    assert run("export", str(exported), "--check") == 0
    assert capsys.readouterr().out == ""


def test_export_check_names_stale_files_and_writes_nothing(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {file: file.read_bytes() for file in exported.rglob("*.json")}

    assert run("export", str(exported), "--check") == 1

    said = capsys.readouterr()
    assert said.out.count("stale: ") == 2
    assert "make openapi" in said.err
    assert {file: file.read_bytes() for file in exported.rglob("*.json")} == before


def test_generated_files_do_not_depend_on_the_environment(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("export", str(exported))
    monkeypatch.setenv("DVT_CLOCK", "2030-01-01")
    monkeypatch.setenv("DVT_UNAPPROVED_PATHWAYS", "silent")
    monkeypatch.setenv("DVT_PORT", "1")

    assert run("export", str(exported), "--check") == 0


def test_python_m_app_is_the_same_program() -> None:
    command = [sys.executable, "-m", "app", "--help"]
    done = subprocess.run(command, cwd=PATHWAYS.parent, capture_output=True, text=True, check=True)  # noqa: S603 -- ours

    assert all(name in done.stdout for name in ("serve", "check", "export", "explain", "draw", "diff", "new-pathway"))
