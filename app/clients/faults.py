"""What pydantic found wrong in a file, as one `file:line: reason` each."""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app.clients.content import PATTERNS
from app.errors import AuthorError
from app.pathway.content import did_you_mean
from app.pathway.load import in_words, named
from app.pathway.yaml_lines import Lines, line_of

_WORDS: Final[Mapping[str, str]] = {
    "extra_forbidden": "is no key that is understood here",
    "model_type": "must be an object",
    "none_required": "changes the meaning of the rest in a way that is not understood",
    "string_too_long": "is too long",
}


def faults_of(error: ValidationError, model: type[BaseModel], shown_as: str, lines: Lines) -> list[AuthorError]:
    """Every fault of one file, in the order of its lines."""
    found = dict.fromkeys(_fault(each, model, shown_as, lines) for each in error.errors(include_url=False))
    return [AuthorError(*each) for each in sorted(found, key=lambda each: (each[1] or 0, each[2]))]


def _fault(error: ErrorDetails, model: type[BaseModel], shown_as: str, lines: Lines) -> tuple[str, int | None, str]:
    where = error["loc"]
    return shown_as, line_of(where, lines), f"{named(where)}: {_said(error, model)}"


def _said(error: ErrorDetails, model: type[BaseModel]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden" and len(error["loc"]) == 1:
        key = str(error["loc"][0])
        return f"is no key here{did_you_mean(key, model.model_fields)}; there are {', '.join(model.model_fields)}"
    if kind == "string_pattern_mismatch" and context["pattern"] in PATTERNS:
        return PATTERNS[context["pattern"]]
    return _WORDS.get(kind) or in_words(error)
