"""The description: every address with its examples and errors, the same bytes every time."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.openapi import read_examples, recorded, written
from tests.front_door import SERVICE, ask, call, make_service, pathways

HOOKS = (
    "patient-view", "order-select", "order-sign", "appointment-book", "encounter-discharge", "order-dispatch",
)  # fmt: skip
CALLED = {"200", "400", "405", "412", "413", "415", "500"}
ADDRESSES = {
    **{("post", f"/cds-services/dvt-next-step-{hook}"): CALLED for hook in HOOKS},
    ("get", "/cds-services"): {"200", "405", "500"},
    ("post", "/evaluate"): {"200", "400", "405", "413", "415", "500"},
    ("get", "/pathways"): {"200", "405", "500"},
    ("get", "/pathways/{pathway_id}"): {"200", "304", "404", "405", "500"},
    ("get", "/pathways/{pathway_id}/diagram.svg"): {"200", "304", "404", "405", "500"},
    ("post", "/pathways/{pathway_id}/evaluate"): {"200", "400", "404", "405", "413", "415", "500"},
    ("get", "/health"): {"200", "405", "500"},
}
ONE_PATHWAY = "pathways/negative-dvt-ultrasound/evaluate"


async def described(examples: Path | None = None) -> dict[str, Any]:
    app = make_service(examples=examples) if examples else make_service()
    document: dict[str, Any] = (await ask("GET", "/openapi.json", app=app)).json()
    return document


async def test_every_address_is_described_with_its_errors() -> None:
    """Never FastAPI's 422."""
    paths = (await described())["paths"]

    assert {
        (method, path): set(operation["responses"])
        for path, operations in paths.items()
        for method, operation in operations.items()
    } == ADDRESSES


async def test_every_shape_that_is_named_is_described() -> None:
    document = await described()
    text = json.dumps(document)

    for name in document["components"]["schemas"]:
        assert f"#/components/schemas/{name}" in text
    assert "HTTPValidationError" not in text


async def test_an_error_is_described_as_an_operation_outcome() -> None:
    document = await described()
    refused = document["paths"]["/evaluate"]["post"]["responses"]["400"]

    assert refused["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/OperationOutcome"}


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """A folder with one call, one refused call, two questions and a list; answers not yet recorded."""
    (tmp_path / "evaluate").mkdir()
    (tmp_path / ONE_PATHWAY).mkdir(parents=True)
    for name, request in {
        "limited-scan": call(),
        "no-reports": call({}),
        "evaluate/no-facts": {"today": "2026-03-12", "facts": {}},
        "pathways/list": None,
        f"{ONE_PATHWAY}/no-facts-for-one": {"today": "2026-03-12", "facts": {}},
    }.items():
        (tmp_path / f"{name}.json").write_text(json.dumps({"request": request}), encoding="utf-8")
    return tmp_path


async def test_examples_are_recorded_and_shown(examples: Path) -> None:
    files = await recorded(make_service(), examples)
    for file, text in files.items():
        file.write_text(text, encoding="utf-8")
    paths = (await described(examples))["paths"]
    calls, questions = paths[SERVICE]["post"], paths["/evaluate"]["post"]

    assert {file.relative_to(examples).as_posix() for file in files} == {
        "limited-scan.json",
        "no-reports.json",
        "evaluate/no-facts.json",
        "pathways/list.json",
        f"{ONE_PATHWAY}/no-facts-for-one.json",
    }
    assert json.loads(files[examples / "limited-scan.json"])["response"]["cards"]
    assert json.loads(files[examples / "no-reports.json"])["response"]["resourceType"] == "OperationOutcome"
    assert list(shown(calls["requestBody"])) == ["limited-scan", "no-reports"]
    assert list(shown(calls["responses"]["200"])) == ["limited-scan"]
    assert shown(questions["requestBody"])["no-facts"]["summary"] == "No facts"
    assert shown(questions["responses"]["200"])["no-facts"]["value"]["recommendations"] == []
    assert len(shown(paths["/pathways"]["get"]["responses"]["200"])["list"]["value"]["pathways"]) == len(pathways())
    alone = paths["/pathways/{pathway_id}/evaluate"]["post"]["responses"]["200"]
    assert len(shown(alone)["no-facts-for-one"]["value"]["pathways"]) == 1


def shown(part: dict[str, Any]) -> dict[str, Any]:
    named: dict[str, Any] = part["content"]["application/json"]["examples"]
    return named


async def test_recording_twice_changes_nothing(examples: Path) -> None:
    first = await recorded(make_service(), examples)
    for file, text in first.items():
        file.write_text(text, encoding="utf-8")

    assert await recorded(make_service(), examples) == first


def test_the_description_is_the_same_bytes_every_time(examples: Path) -> None:
    one, other = (make_service(examples=examples).openapi() for _ in range(2))

    assert written(one) == written(other)


def test_the_description_is_made_once() -> None:
    app = make_service()

    assert app.openapi() is app.openapi()


def test_without_a_folder_there_are_no_examples(tmp_path: Path) -> None:
    assert read_examples(tmp_path / "nowhere") == {}
