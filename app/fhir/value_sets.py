"""Which codes play which role: one FHIR ValueSet file is one role, pathways/<id>/valuesets/<role>.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from app.errors import AuthorError
from app.fhir.check_digits import has_valid_check_digit
from app.fhir.codings import Code

_Text = Annotated[str, msgspec.Meta(min_length=1)]


class _Concept(msgspec.Struct, forbid_unknown_fields=True):
    code: _Text
    display: _Text | None = None


class _Include(msgspec.Struct, forbid_unknown_fields=True):
    """Codes of one system, listed. A filter or a nested value set is refused: nothing here could expand it."""

    system: _Text
    concept: Annotated[list[_Concept], msgspec.Meta(min_length=1)]


class _Compose(msgspec.Struct, forbid_unknown_fields=True):
    include: Annotated[list[_Include], msgspec.Meta(min_length=1)]


class _ValueSet(msgspec.Struct, rename="camel"):
    resource_type: Literal["ValueSet"]
    url: _Text
    compose: _Compose


URL_PREFIX: Final = "urn:dvt-next-step:valueset:"


@dataclass(frozen=True, slots=True)
class ValueSets:
    """Role -> the (system, code) pairs that play it. A code matches exactly or not at all."""

    roles: Mapping[str, frozenset[tuple[str, str]]]

    def has(self, role: str, codes: Iterable[Code]) -> bool:
        """Whether any of the codes plays the role."""
        return self.find(role, codes) is not None

    def find(self, role: str, codes: Iterable[Code]) -> Code | None:
        """The first of the codes that plays the role, or None. KeyError for a role that has no file."""
        members = self.roles[role]
        return next((code for code in codes if (code.system, code.code) in members), None)

    def require(self, roles: Iterable[str], folder: str) -> None:
        """Refuse to start when a role that the program reads has no file in `folder`."""
        for role in sorted(roles):
            if role not in self.roles:
                raise AuthorError(f"{folder}/{role}.json", None, "The reader needs this value set.")


def load_value_sets(pathways: Path) -> ValueSets:
    """Load every pathway's value sets. AuthorError names the file, and the line where it can be told."""
    roles: dict[str, frozenset[tuple[str, str]]] = {}
    for file in sorted(pathways.glob("*/valuesets/*.json")):
        if file.stem in roles:
            raise AuthorError(_shown(file), None, f"The role {file.stem} is defined twice; keep one file.")
        roles[file.stem] = _load(file)
    return ValueSets(roles)


def _shown(file: Path) -> str:
    """The file from the pathways' folder on: no line of ours tells where on a machine it lies."""
    return "/".join(file.parts[-3:])


def _load(file: Path) -> frozenset[tuple[str, str]]:
    text = _text_of(file)
    try:
        value_set = msgspec.json.decode(text, type=_ValueSet)
    except msgspec.MsgspecError as error:
        raise AuthorError(_shown(file), None, f"Not a value set that can be read: {error}") from None
    if value_set.url != URL_PREFIX + file.stem:
        line = _line_of(text, value_set.url)
        raise AuthorError(_shown(file), line, f"The url must be {URL_PREFIX}{file.stem}.")
    return _pairs(file, text, value_set)


def _text_of(file: Path) -> str:
    """The file's text, when it is JSON: only Python's parser tells the line of a syntax error."""
    try:
        text = file.read_text(encoding="utf-8")
        json.loads(text)
    except json.JSONDecodeError as error:
        raise AuthorError(_shown(file), error.lineno, f"Not JSON: {error.msg}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise AuthorError(_shown(file), None, f"Cannot be read: {type(error).__name__}") from None
    return text


def _pairs(file: Path, text: str, value_set: _ValueSet) -> frozenset[tuple[str, str]]:
    pairs: set[tuple[str, str]] = set()
    for include in value_set.compose.include:
        for concept in include.concept:
            pair = (include.system, concept.code)
            if pair in pairs:
                raise AuthorError(_shown(file), _line_of(text, concept.code), f"{concept.code} is listed twice.")
            if not has_valid_check_digit(*pair):
                reason = f"{concept.code} is no {include.system} code: its check digit is wrong."
                raise AuthorError(_shown(file), _line_of(text, concept.code), reason)
            pairs.add(pair)
    return frozenset(pairs)


def _line_of(text: str, quoted: str) -> int | None:
    """The last line that holds this JSON string, counted from 1."""
    place = text.rfind(json.dumps(quoted))
    return text.count("\n", 0, place) + 1 if place >= 0 else None
