"""The schema for editors: a right client fits, a wrong one does not, and what is committed is what the code makes."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has no types of its own
from ruamel.yaml import YAML

from app.clients.content import ClientFile
from app.clients.schema import client_schema
from app.pathway.yaml_lines import read_yaml
from app.settings import Settings
from tests.clients.folders import client_of
from tests.clients.test_load import CLIENT
from tests.front_door import pathways
from tests.test_commands import run

FOLDER = Settings().clients_dir
SCHEMA = client_schema(pathways())
RIGHT: dict[str, Any] = YAML(typ="safe", pure=True).load(CLIENT)


def fits(content: object) -> bool:
    return bool(Draft202012Validator(SCHEMA).is_valid(content))


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.name)
def test_every_client_that_ships_fits(file: Path) -> None:
    assert fits(json.loads(json.dumps(read_yaml(file, file.name)[0])))


def test_a_whole_client_fits() -> None:
    assert fits(RIGHT)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "Default"},
        {"title": ""},
        {"hooks": []},
        {"fhir_bases": "https://ehr.example/fhir"},
        {"fhir_budget_ms": 99},
        {"code_maps": ["../codes.json"]},
        {"prefetch_aliases": {"report": "x"}},
        {"prefetch_aliases": {"reports": "a b"}},
        {"report_text": "trust"},
        {"no_such_data": ["patient"]},
        {"settings": {"repeat_min_day": 2}},
        {"settings": {"persistent_policy": "later"}},
        {"settings": {"age_factor": 10}},
    ],
    ids=json.dumps,
)
def test_a_wrong_client_does_not_fit(change: dict[str, Any]) -> None:
    assert not fits(RIGHT | change)


@pytest.mark.parametrize("key", ["id", "title", "time_zone"])
def test_some_keys_are_needed(key: str) -> None:
    assert not fits({name: value for name, value in RIGHT.items() if name != key})


def test_every_key_says_what_it_is() -> None:
    assert SCHEMA["properties"].keys() == ClientFile.model_fields.keys()
    assert all(each["description"] for each in SCHEMA["properties"].values())


def test_the_committed_schema_is_this_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export-clients", str(FOLDER / "_schema"), "--check") == 0
    assert run("export-clients", str(tmp_path), "--check") == 1
    assert run("export-clients", str(tmp_path)) == 0
    assert json.loads((tmp_path / "client.schema.json").read_text("utf-8")) == SCHEMA
    assert "make pages" in capsys.readouterr().err


PAGE = (Path(__file__).parents[2] / "docs" / "clients.md").read_text("utf-8")


def test_the_page_names_exactly_the_keys_with_their_defaults() -> None:
    table = PAGE.partition("\n## Keys\n")[2].partition("\n## ")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| `")]

    assert sorted(row[1].strip(" `") for row in rows) == sorted(ClientFile.model_fields)
    assert {row[1].strip(" `") for row in rows if not row[3].strip()} == set(SCHEMA["required"])


def test_the_pages_example_is_right(tmp_path: Path) -> None:
    client = PAGE.partition("```yaml\n")[2].partition("```")[0]
    codes = PAGE.partition("```json\n")[2].partition("```")[0]
    loaded = client_of(tmp_path, client, **{"example-codes": codes})

    assert loaded.title == "Example Hospital"
    assert loaded.local_codes == 1
