"""`explain`: one patient, and why the advice is what it is."""

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from app.api.evaluate import Desk, decided
from app.cards.explanation import explanation, explanation_json
from app.commands.table import table
from app.errors import AuthorError, CallerError

STANDARD_INPUT: Final = "-"
NOT_READABLE: Final = "neither JSON nor YAML"
QUESTION: Final = ("facts", "record")


def explain(source: str, desk: Desk, today: date | None, *, as_json: bool) -> Iterator[str]:
    """The explanation, line by line. Raises AuthorError for a file that cannot be read as a patient."""
    question = _question(_document(source))
    if today:
        question["today"] = today.isoformat()
    try:
        answered = decided(json.dumps(question).encode(), desk)
    except CallerError as error:
        raise AuthorError(_name(source), None, str(error)) from None
    if as_json:
        yield json.dumps(explanation_json(answered.evaluation, answered.record), indent=2, ensure_ascii=False)
        return
    for number, section in enumerate(explanation(answered.evaluation, answered.record)):
        yield from ("",) if number else ()
        yield section.title
        yield from table(section.rows)


def _question(document: dict[str, Any]) -> dict[str, Any]:
    """A body of POST /evaluate, from a body, a scenario, a FHIR Bundle or bare facts."""
    if document.get("resourceType") == "Bundle":
        return {"record": document}
    if any(name in document for name in QUESTION):
        return {name: document[name] for name in (*QUESTION, "today", "config") if name in document}
    return {"facts": document}


def _document(source: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if source == STANDARD_INPUT else Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise AuthorError(_name(source), None, "the file is missing, or is not text in UTF-8") from None
    document = _parsed(text, _name(source))
    if not isinstance(document, dict):
        raise AuthorError(_name(source), None, "expected facts, a FHIR Bundle or a body of POST /evaluate")
    return document


def _parsed(text: str, name: str) -> object:
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    try:
        return _with_days(YAML(typ="safe", pure=True).load(text))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise AuthorError(name, line, NOT_READABLE) from None
    except (YAMLError, RecursionError):
        raise AuthorError(name, None, NOT_READABLE) from None


def _with_days(value: object) -> object:
    """YAML reads a day as a date; facts hold it as text."""
    match value:
        case date():
            return value.isoformat()
        case dict():
            return {str(name): _with_days(inner) for name, inner in value.items()}
        case list():
            return [_with_days(inner) for inner in value]
        case _:
            return value


def _name(source: str) -> str:
    return "standard input" if source == STANDARD_INPUT else source
