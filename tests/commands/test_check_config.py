"""`check-config`: what a start would refuse, all at once; and what is in force."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.test_load import CLIENT, written
from tests.test_commands import run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of clients that the environment names."""
    folder = written(tmp_path)
    monkeypatch.setenv("DVT_CLIENTS_DIR", str(folder))
    return folder


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    return value


def test_what_ships_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check-config") == 0

    said = capsys.readouterr()
    assert said.err == ""
    assert "settings: DVT_HOST 127.0.0.1, DVT_PORT 8000" in said.out
    assert "client default: Any EHR that reaches this service\n  time_zone: UTC\n" in said.out
    assert "in development: no client lists a FHIR base" in said.out


def test_what_is_in_force_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check-config") == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == [
        "client default: Example Hospital",
        "  time_zone: Europe/Vienna",
        "  fhir_bases: https://ehr.example/fhir",
        "  fhir_budget_ms: 900",
        "  local_codes: 3",
        "  prefetch_aliases: reports dvt-reports, conditions problems",
        "  report_text: suggest",
        "  no_such_data: devices",
        "  settings: repeat_min_day 4, persistent_policy staged",
    ]


def test_it_is_said_for_machines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check-config", "--json") == 0

    said = told(capsys)
    assert (said["ok"], said["faults"]) == (True, [])
    assert said["settings"]["DVT_CLIENTS_DIR"] == "clients"
    assert said["clients"][0]["settings"] == {"repeat_min_day": 4, "persistent_policy": "staged"}


def test_all_that_is_wrong_is_told_with_its_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "default.yaml").write_text(CLIENT.replace("devices", "device").replace("Vienna", "Atlantis"))
    (folder / "other.yaml").write_text("id: another\ntitle: Other\ntime_zone: UTC\n")

    assert run("check-config") == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert [line.partition(": ")[0] for line in said.err.splitlines()] == [
        "clients/default.yaml:3",
        "clients/other.yaml:1",
    ]


def test_the_files_are_looked_at_although_a_setting_is_wrong(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DVT_PORT", "http")
    (folder / "default.yaml").write_text(CLIENT.replace("devices", "device"))

    assert run("check-config", "--json") == 1

    said = told(capsys)
    assert said["ok"] is False
    assert [(each["file"], each["line"]) for each in said["faults"]] == [
        ("DVT_PORT", None),
        ("clients/default.yaml", 13),
    ]
    assert (said["settings"], said["clients"]) == ({}, [])


def test_a_wrong_setting_alone_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DVT_TIME_ZONE", "Europe/Vienna")

    assert run("check-config") == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "DVT_TIME_ZONE: is now the key time_zone of each file in DVT_CLIENTS_DIR; take it out here\n"


def test_a_wrong_pathway_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DVT_PATHWAYS_DIR", str(tmp_path))

    assert run("check-config") == 1
    assert "no pathway here" in capsys.readouterr().err
