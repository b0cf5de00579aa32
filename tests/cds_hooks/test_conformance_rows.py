"""Every duty of a service in conformance.md is tried by a test that names it, or waits for the issue that builds it."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
CHECKLIST = Path(__file__).parents[3] / "shared" / "cds-hooks" / "conformance.md"

# The issue of what is not built yet. A row that a test names has to leave this list.
LATER: Mapping[str, int] = {
    # feedback
    "FB-01": 7,
    "FB-08": 7,
    "FB-11": 7,
    # transport, authentication, audit
    "SEC-01": 7,
    "SEC-03": 7,
    "SEC-05": 7,
    "SEC-06": 7,
    "SEC-16": 7,
    "SEC-21": 7,
}

ROW = re.compile(r"^\| ([A-Z]+-[0-9]{2}) \|[^|]*\| (S|C|S\+C) \|", re.MULTILINE)


def rows(text: str) -> dict[str, str]:
    """The id of each row of the checklist, and whose duty it is."""
    return dict(ROW.findall(text))


def named_in(source: str) -> Iterator[str]:
    """The rows that the marks of test functions name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.row":
                    yield from (str(ast.literal_eval(argument)) for argument in mark.args)


def named() -> set[str]:
    return {row for file in TESTS.rglob("test_*.py") for row in named_in(file.read_text(encoding="utf-8"))}


def uncovered(checklist: Mapping[str, str], named_rows: Iterable[str], later: Iterable[str]) -> set[str]:
    duties = {row for row, who in checklist.items() if who in {"S", "S+C"}}
    return duties - set(named_rows) - set(later)


@pytest.fixture
def checklist() -> dict[str, str]:
    if not CHECKLIST.exists():
        pytest.skip("conformance.md is not beside the project")
    return rows(CHECKLIST.read_text(encoding="utf-8"))


def test_every_duty_is_tried_or_waits_for_its_issue(checklist: dict[str, str]) -> None:
    assert len(checklist) > 160
    assert uncovered(checklist, named(), LATER) == set()


def test_every_row_that_is_named_exists(checklist: dict[str, str]) -> None:
    assert named() | set(LATER) <= set(checklist)


def test_what_is_tried_no_longer_waits() -> None:
    assert named() & set(LATER) == set()


def test_a_duty_that_nobody_tries_is_found() -> None:
    """The tester tested: a hole is found, a client's duty is none, a mark on a helper does not count."""
    text = (
        "| A-01 | MUST | S | x |\n| A-02 | MAY | S+C | y |\n| A-03 | MUST | C | z |\n| A-04 | MUST; if sent | S | w |\n"
    )
    source = '@pytest.mark.row("A-01")\ndef test_it(): ...\n@pytest.mark.row("A-02")\ndef helper(): ...\n'

    assert list(named_in(source)) == ["A-01"]
    assert uncovered(rows(text), named_in(source), ["A-04"]) == {"A-02"}
