"""One import rule that neither ruff nor import-linter can say: of fhir.resources, only R4B."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(path for room in ("app", "tests") for path in (ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_fhir_resources_is_imported_as_r4b(path: Path) -> None:
    assert not [name for name in imported(path.read_text("utf-8")) if is_r5(name)]


@pytest.mark.parametrize(
    "line",
    [
        "import fhir.resources",
        "import fhir.resources.patient",
        "from fhir import resources",
        "from fhir.resources import get_fhir_model_class",
        "from fhir.resources.patient import Patient",
        "from fhir.resources.R5.patient import Patient",
    ],
)
def test_an_r5_import_is_noticed(line: str) -> None:
    assert any(is_r5(name) for name in imported(line))


def is_r5(name: str) -> bool:
    """R5 is what the bare package means, and it rejects half of the official R4 examples."""
    return f"{name}.".startswith("fhir.resources.") and not f"{name}.".startswith("fhir.resources.R4B.")


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(module=str(module)):
                yield from (f"{module}.{alias.name}" for alias in node.names)
            case _:
                pass
