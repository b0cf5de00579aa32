"""The pathways' scenario files as tests read them, and how an answer is held against an expectation."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

PATHWAYS = Path(__file__).parents[2] / "pathways"
OF_ORDERS = sorted(PATHWAYS.glob("order-advice/scenarios/*.yaml"))
"""Patients with draft orders: what is expected is the advice on those (tests/ordering)."""
FILES = sorted(set(PATHWAYS.glob("*/scenarios/*.yaml")) - set(OF_ORDERS))

Scenario = Mapping[str, Any]


def iso(value: Any) -> Any:  # noqa: ANN401 -- YAML holds anything
    """Facts come as JSON: a YAML date is the day as written."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: iso(item) for key, item in value.items()}
    return [iso(item) for item in value] if isinstance(value, list) else value


@cache
def document(file: Path) -> dict[str, Any]:
    """A scenario file as it stands."""
    found: dict[str, Any] = iso(YAML(typ="safe", pure=True).load(file.read_text("utf-8")))
    return found


def scenarios(*files: Path) -> list[Scenario]:
    """The scenarios of these files, in order."""
    return [scenario for file in files for scenario in document(file)["scenarios"]]


def ids(found: list[Scenario]) -> list[str]:
    """Names for parametrized tests."""
    return [scenario["id"] for scenario in found]


def wrong(scenario: Scenario, got: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What differs, by the comparison rule at the head of golden.yaml. `got`: recommendation id -> its JSON."""
    expected = {each["id"]: each for each in scenario["expect"]}
    said = {name for name in got if not name.startswith("DATA-")}
    lacking = [f"{name} is lacking" for name in expected if name not in got]
    extra = [f"{name} is not expected" for name in sorted(said - expected.keys())]
    barred = [f"{name} must not be" for name in scenario.get("must_not", []) if name in got]
    return [*lacking, *extra, *barred, *_wrong_members(got, expected)]


def _wrong_members(got: Mapping[str, Mapping[str, Any]], expected: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name in expected.keys() & got.keys():
        for path, value in leaves(expected[name]).items():
            has = leaves(got[name]).get(path)
            if has != value:
                yield f"{name}: {path} is {has}, expected {value}"


def leaves(value: object, path: str = "") -> dict[str, object]:
    """Every single value by its path. A list of words is one value; a list of objects is walked."""
    if isinstance(value, Mapping):
        parts = {f"{path}.{key}" if path else str(key): item for key, item in value.items()}
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        parts = {f"{path}.{index}": item for index, item in enumerate(value)}
    else:
        return {path: value}
    return {name: leaf for part, item in parts.items() for name, leaf in leaves(item, part).items()}
