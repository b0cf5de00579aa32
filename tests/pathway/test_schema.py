"""The schemas for editors: every pathway file fits, wrong ones do not, and the loader agrees."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has no types of its own

from app.clinical.ordering import ORDER_DOMAINS
from app.clinical.situation import DOMAINS
from app.pathway.schema import schema_for, schemas
from app.pathway.yaml_lines import read_yaml
from app.settings import Settings

PATHWAYS = Settings().pathways_dir
SCHEMAS = schemas({**DOMAINS, **ORDER_DOMAINS})
FILES = sorted(
    file.relative_to(PATHWAYS).as_posix()
    for file in PATHWAYS.glob("[!._]*/**/*.yaml")
    if file.parent.name != "scenarios" and schema_for(f"{file.parent.name}/{file.name}") in SCHEMAS
)


def faults(schema: str, content: object) -> list[str]:
    """Where the content does not fit its schema."""
    validator = Draft202012Validator(SCHEMAS[schema])
    return ["/".join(map(str, error.absolute_path)) for error in validator.iter_errors(content)]


def content_of(file: str) -> Any:  # noqa: ANN401 -- YAML holds anything
    return json.loads(json.dumps(read_yaml(PATHWAYS / file, file)[0]))


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize("file", FILES)
def test_every_file_of_the_pathways_fits_its_schema(file: str) -> None:
    assert faults(schema_for(file.partition("/")[2]), content_of(file)) == []


def test_every_kind_of_file_has_a_schema_and_is_tried() -> None:
    assert {schema_for(file.partition("/")[2]) for file in FILES} == set(SCHEMAS)


ROW: dict[str, Any] = {
    "rule": "R-1",
    "because": "It shows the form.",
    "when": {"status": "persistent"},
    "advise": [{"recommend": "X", "indicator": "info", "timing": {"now": "today"}}],
    "project_choice": True,
}


def stage(**row: object) -> dict[str, Any]:
    return {"stage": "s", "question": "What is asked?", "rows": [{**ROW, **row}]}


def test_a_right_row_fits() -> None:
    assert faults("stage.schema.json", stage()) == []


@pytest.mark.parametrize(
    "row",
    [
        {"wehn": {}},
        {"because": 7},
        {"rule": "1-starts-with-a-digit"},
        {"when": {"status": "persistant"}},
        {"when": {"status": ["persistent", "never"]}},
        {"when": {"status": []}},
        {"when": {"status": True}},
        {"any": {"status": "new"}},
        {"advise": [{"recommend": "X", "indicator": "loud", "timing": {"now": "today"}}]},
        {"advise": [{"recommend": "X", "indicator": "info"}]},
        {"advise": [{"recommend": "X", "indicator": "info", "timing": {"window": ["only_one"]}}]},
        {"advise": [{"recommend": "X", "indicator": [], "timing": {"now": "today"}}]},
        {"stop": "yes"},
        {"strength": "huge"},
    ],
    ids=json.dumps,
)
def test_a_wrong_row_does_not_fit(row: dict[str, Any]) -> None:
    assert faults("stage.schema.json", stage(**row))


@pytest.mark.parametrize(
    ("schema", "content"),
    [
        ("pathway.schema.json", {"id": "x"}),
        ("facts.schema.json", {"facts": {"status": {"values": []}}}),
        ("recommendations.schema.json", {"recommendations": {"X": {"step": 11, "headline": "abc", "text": "abc"}}}),
        ("references.schema.json", {"x": {"short": "No more than that"}}),
        ("reviews.schema.json", {"reviews": [{"by": "Somebody"}]}),
        ("reviews.schema.json", {}),
    ],
    ids=["pathway", "facts", "recommendations", "references", "reviews", "no reviews"],
)
def test_another_wrong_file_does_not_fit(schema: str, content: object) -> None:
    assert faults(schema, content)


def test_a_scenario_folder_needs_no_schema() -> None:
    assert schema_for("scenarios/golden.yaml") not in SCHEMAS


def test_the_committed_schemas_are_these() -> None:
    committed = {file.name: json.loads(file.read_text("utf-8")) for file in Path(PATHWAYS / "_schema").iterdir()}

    assert committed == SCHEMAS
