"""Which codes play which role: one FHIR ValueSet file is one role, pathways/<id>/valuesets/<role>.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from app.errors import AuthorError
from app.fhir.check_digits import has_valid_check_digit
from app.fhir.codings import Code
from app.fhir.sources import Source

ICD_10_CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"

_Text = Annotated[str, msgspec.Meta(min_length=1)]


class _Concept(msgspec.Struct, forbid_unknown_fields=True):
    code: _Text
    display: _Text | None = None


class _IsA(msgspec.Struct, forbid_unknown_fields=True):
    """A code and everything below it."""

    property: Literal["concept"]
    op: Literal["is-a"]
    value: _Text


class _Include(msgspec.Struct, forbid_unknown_fields=True):
    """Codes of one system: listed, or one ICD-10-CM code with all below it, whose codes begin like their parent.

    Any other filter and a nested value set are refused: nothing here could expand them.
    """

    system: _Text
    concept: Annotated[list[_Concept], msgspec.Meta(min_length=1)] | None = None
    filter: Annotated[list[_IsA], msgspec.Meta(min_length=1, max_length=1)] | None = None


class _Compose(msgspec.Struct, forbid_unknown_fields=True):
    include: Annotated[list[_Include], msgspec.Meta(min_length=1)]


class _ValueSet(msgspec.Struct, rename="camel"):
    resource_type: Literal["ValueSet"]
    url: _Text
    compose: _Compose


URL_PREFIX: Final = "urn:dvt-next-step:valueset:"


@dataclass(frozen=True, slots=True, eq=False)
class ValueSets:
    """Role -> the (system, code) pairs that play it. A code matches exactly or not at all.

    `below` holds the ICD-10-CM codes that stand for all codes below them, too. `sources` says where in a record each
    fact is found (the pathways' facts.yaml): codes and places belong together, so they travel together. `own` are a
    client's local codes for ours, (system, code) as sent -> (system, code) to read. Equal to nothing but itself, so
    that what is worked out from it can be kept.
    """

    roles: Mapping[str, frozenset[tuple[str, str]]]
    below: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    own: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def has(self, role: str, codes: Sequence[Code]) -> bool:
        """Whether any of the codes plays the role."""
        return self.find(role, codes) is not None

    def find(self, role: str, codes: Sequence[Code]) -> Code | None:
        """The first of the codes that plays the role, or None. KeyError for a role that has no file."""
        members = self.roles[role]
        for code in codes:
            if (code.system, code.code) in members:
                return code
        if codes and role in self.below:
            begins = self.below[role]
            return next((code for code in codes if code.system == ICD_10_CM and code.code.startswith(begins)), None)
        return None

    def roles_of(self, system: str, code: str) -> frozenset[str]:
        """Every role that a code plays. For the start and for tools: it asks each role in turn."""
        coded = (Code(system, code, 0),)
        return frozenset(role for role in self.roles if self.has(role, coded))

    def with_codes(
        self, roles: Mapping[tuple[str, str], Iterable[str]], own: Mapping[tuple[str, str], tuple[str, str]]
    ) -> ValueSets:
        """These value sets for one client: its (system, code) pairs in the roles they play, and its codes for ours."""
        added: dict[str, set[tuple[str, str]]] = {}
        for pair, played in roles.items():
            for role in played:
                added.setdefault(role, set()).add(pair)
        members = {role: codes | added.get(role, frozenset()) for role, codes in self.roles.items()}
        return replace(self, roles=members, own=dict(own))

    def said_by(self, source: Source, codes: Sequence[Code]) -> frozenset[str]:
        """Everything that the codes say where this source is concerned; empty when they play none of its roles."""
        return frozenset(says for role, says in source.codes.items() if self.has(role, codes)) if codes else frozenset()

    def named_by(self, resource: str, codes: Sequence[Code]) -> frozenset[tuple[str, str]]:
        """The sources of this kind of resource that the codes play a role in, each with what they say there."""
        if not codes:
            return frozenset()
        exact, begins = _index(self, resource)
        named = {each for code in codes for each in exact.get((code.system, code.code), ())}
        for parents, each in begins:
            if any(code.system == ICD_10_CM and code.code.startswith(parents) for code in codes):
                named.add(each)
        return frozenset(named)


_Named = tuple[str, str]


@cache
def _index(
    value_sets: ValueSets, resource: str
) -> tuple[Mapping[tuple[str, str], tuple[_Named, ...]], tuple[tuple[tuple[str, ...], _Named], ...]]:
    """Code -> the sources it plays a role in and what it says there; the same for codes that begin like a parent."""
    exact: dict[tuple[str, str], tuple[_Named, ...]] = {}
    begins: list[tuple[tuple[str, ...], _Named]] = []
    for name, source in value_sets.sources.items():
        for role, says in source.codes.items() if source.resource == resource else ():
            for pair in value_sets.roles[role]:
                exact[pair] = (*exact.get(pair, ()), (name, says))
            if role in value_sets.below:
                begins.append((value_sets.below[role], (name, says)))
    return exact, tuple(begins)


def load_value_sets(pathways: Path) -> ValueSets:
    """Load every pathway's value sets. AuthorError names the file, and the line where it can be told."""
    roles: dict[str, frozenset[tuple[str, str]]] = {}
    below: dict[str, tuple[str, ...]] = {}
    for file in sorted(pathways.glob("*/valuesets/*.json")):
        if file.stem in roles:
            raise AuthorError(_shown(file), None, f"The role {file.stem} is defined twice; keep one file.")
        roles[file.stem], begins = _load(file)
        if begins:
            below[file.stem] = begins
    return ValueSets(roles, below)


def _shown(file: Path) -> str:
    """The file from the pathways' folder on: no line of ours tells where on a machine it lies."""
    return "/".join(file.parts[-3:])


def _load(file: Path) -> tuple[frozenset[tuple[str, str]], tuple[str, ...]]:
    """The codes that are listed, and those that stand for everything below them."""
    text = _text_of(file)
    try:
        value_set = msgspec.json.decode(text, type=_ValueSet)
    except msgspec.MsgspecError as error:
        raise AuthorError(_shown(file), None, f"Not a value set that can be read: {error}") from None
    if value_set.url != URL_PREFIX + file.stem:
        line = _line_of(text, value_set.url)
        raise AuthorError(_shown(file), line, f"The url must be {URL_PREFIX}{file.stem}.")
    return _pairs(file, text, value_set), tuple(sorted(_parents(file, text, value_set)))


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
        for concept in include.concept or ():
            pair = (include.system, concept.code)
            if pair in pairs:
                raise AuthorError(_shown(file), _line_of(text, concept.code), f"{concept.code} is listed twice.")
            if not has_valid_check_digit(*pair):
                reason = f"{concept.code} is no {include.system} code: its check digit is wrong."
                raise AuthorError(_shown(file), _line_of(text, concept.code), reason)
            pairs.add(pair)
    return frozenset(pairs)


def _parents(file: Path, text: str, value_set: _ValueSet) -> set[str]:
    parents: set[str] = set()
    for include in value_set.compose.include:
        if (include.concept is None) == (include.filter is None):
            reason = "Each include lists either concept or filter."
            raise AuthorError(_shown(file), None, reason)
        for parent in include.filter or ():
            line = _line_of(text, parent.value)
            if include.system != ICD_10_CM:
                raise AuthorError(_shown(file), line, "A filter is only understood for ICD-10-CM; list the codes.")
            if parent.value in parents:
                raise AuthorError(_shown(file), line, f"{parent.value} is listed twice.")
            parents.add(parent.value)
    return parents


def _line_of(text: str, quoted: str) -> int | None:
    """The last line that holds this JSON string, counted from 1."""
    place = text.rfind(json.dumps(quoted))
    return text.count("\n", 0, place) + 1 if place >= 0 else None
