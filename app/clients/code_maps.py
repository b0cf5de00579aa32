"""What a client's local codes mean: FHIR R4 ConceptMaps beside its file, put into its value sets at start.

A mapping recognises a code only where reading the target in its place is true of every patient: FHIR's `equal` and
`equivalent`, and `wider` and `subsumes`, in which the target is the broader of the two, so that whatever is the local
code is also the target. In the other directions the target says more than was sent, or something else
(hl7.org/fhir/R4/valueset-concept-map-equivalence.html).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from app.clients.faults import faults_of
from app.clients.json_lines import read_json
from app.clinical.reading.our_codes import FACTS, SAYING_WELL, VALUES, opposites_among
from app.clinical.reading.said import FACT
from app.clinical.reading.statements import VALUE
from app.errors import AuthorError
from app.fhir.check_digits import has_valid_check_digit
from app.fhir.value_sets import ValueSets
from app.pathway.content import CODE, SYSTEM, did_you_mean
from app.pathway.yaml_lines import Lines, Location, line_of

Pair = tuple[str, str]
OURS: Final[Mapping[str, frozenset[str]]] = {FACT: FACTS, VALUE: VALUES}

SAME: Final = frozenset({"equal", "equivalent"})
BROADER: Final = frozenset({"wider", "subsumes"})
NO_MAPPING: Final = frozenset({"unmatched", "disjoint"})
"""They say that there is nothing to recognise, and nothing is."""

MISLEADING: Final[Mapping[str, str]] = {
    "narrower": "the target says more than the local code",
    "specializes": "the target says more than the local code",
    "inexact": "the target says something else as well",
    "relatedto": "it is not said how the two are related",
}
"""Refused, so that nobody believes that they work; equivalence -> why."""


def _listed(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


_Code = Annotated[str, StringConstraints(pattern=CODE, max_length=200)]
_System = Annotated[str, StringConstraints(pattern=SYSTEM, max_length=500)]
_Many = BeforeValidator(_listed)


class _Part(BaseModel):
    """A part of the map whose every member is understood or refused: dependsOn, product and unmapped are conditions."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel)

    id: object = None
    extension: object = None


class _Target(_Part):
    code: _Code | None = None
    display: object = None
    comment: object = None
    equivalence: Literal[
        "relatedto", "equivalent", "equal", "wider", "subsumes", "narrower", "specializes", "inexact", "unmatched",
        "disjoint",
    ]  # fmt: skip


class _Element(_Part):
    code: _Code
    display: object = None
    target: Annotated[tuple[_Target, ...], _Many] = ()


class _Group(_Part):
    source: _System
    source_version: object = None
    target: _System | None = None
    target_version: object = None
    element: Annotated[tuple[_Element, ...], _Many, Field(min_length=1)]


class _ConceptMap(BaseModel):
    """The map. What only describes it (title, publisher, text ...) is not read."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, alias_generator=to_camel)

    resource_type: Literal["ConceptMap"]
    status: Literal["draft", "active", "unknown"]
    implicit_rules: None = None
    modifier_extension: None = None
    group: Annotated[tuple[_Group, ...], _Many, Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Mapped:
    """One line of a map: the local code, what it means, how exactly, and where that is said."""

    source: Pair
    target: Pair
    equivalence: str
    file: str
    line: int | None

    def fault(self, reason: str) -> AuthorError:
        """What is wrong with it."""
        return AuthorError(self.file, self.line, reason)


@dataclass(slots=True)
class CodeMap:
    """A map that was read: its mappings, and what is wrong with the file."""

    mapped: list[Mapped] = field(default_factory=list)
    faults: list[AuthorError] = field(default_factory=list)


def read_code_map(file: Path, shown_as: str) -> CodeMap:
    """The mappings of a FHIR R4 ConceptMap in JSON."""
    try:
        plain, lines = read_json(file, shown_as)
    except AuthorError as error:
        return CodeMap(faults=[error])
    try:
        concept_map = _ConceptMap.model_validate(plain)
    except ValidationError as error:
        return CodeMap(faults=faults_of(error, _ConceptMap, shown_as, lines))
    read = CodeMap()
    for group_place, group in enumerate(concept_map.group):
        for place, element in enumerate(group.element):
            _read_element(element, group, ("group", group_place, "element", place), lines, shown_as, read)
    return read


def _read_element(element: _Element, group: _Group, at: Location, lines: Lines, shown_as: str, read: CodeMap) -> None:
    for place, target in enumerate(element.target):
        line = line_of((*at, "target", place, "code"), lines)
        if target.equivalence in NO_MAPPING:
            continue
        if why := MISLEADING.get(target.equivalence):
            reason = f"{target.equivalence}: {why}; only equal, equivalent, wider and subsumes recognise a code"
            read.faults.append(AuthorError(shown_as, line, reason))
        elif target.code is None or group.target is None:
            missing = "code" if target.code is None else "group.target, the system of the target codes,"
            read.faults.append(AuthorError(shown_as, line, f"the {missing} is missing"))
        else:
            source, meant = (group.source, element.code), (group.target, target.code)
            read.mapped.append(Mapped(source, meant, target.equivalence, shown_as, line))


def with_local_codes(value_sets: ValueSets, mapped: Sequence[Mapped], faults: list[AuthorError]) -> ValueSets:
    """The value sets in which these codes mean what they are mapped to. What is wrong is added to `faults`."""
    known = _Known(value_sets)
    by_source: dict[Pair, list[Mapped]] = {}
    for each in mapped:
        wrong = _fault(each, known) or _repeated(each, by_source.get(each.source, ()))
        if wrong:
            faults.append(each.fault(wrong))
        else:
            by_source.setdefault(each.source, []).append(each)
    for source, meant in by_source.items():
        if wrong := _contradiction(source, meant, known):
            faults.append(meant[-1].fault(wrong))
    roles = {source: known.roles_of_all(meant) for source, meant in by_source.items()}
    own = {each.source: each.target for each in mapped if each.target[0] in OURS}
    return value_sets.with_codes(roles, own)


class _Known:
    """The roles that codes play without any map."""

    def __init__(self, value_sets: ValueSets) -> None:
        self.roles_of = cache(value_sets.roles_of)

    def roles_of_all(self, mapped: Sequence[Mapped]) -> frozenset[str]:
        """Every role that the targets of one code play."""
        return frozenset(role for each in mapped for role in self.roles_of(*each.target))


def _fault(each: Mapped, known: _Known) -> str:
    """What is wrong with one mapping by itself, or nothing."""
    (system, code), (target_system, target) = each.source, each.target
    for named, of_system in ((code, system), (target, target_system)):
        if not has_valid_check_digit(of_system, named):
            return f"{named} is no {of_system} code: its check digit is wrong"
    if system in OURS:
        return f"{code} is a code of ours: it means what it means; map local codes to it"
    return _fault_of_our_code(each) if target_system in OURS else _fault_of_role(each, known)


def _fault_of_our_code(each: Mapped) -> str:
    system, code = each.target
    if code not in OURS[system]:
        return f"{code} is no code of {system}{did_you_mean(code, OURS[system])}"
    return "" if each.equivalence in SAME else f"a code of ours means one thing: equivalent, not {each.equivalence}"


def _fault_of_role(each: Mapped, known: _Known) -> str:
    roles = known.roles_of(*each.target)
    if not roles:
        return f"{each.target[1]} is in no value set of the pathways: nothing would be recognised by it"
    if each.equivalence in BROADER and (well := roles & SAYING_WELL):
        return f"{each.equivalence}: what says less than {min(well)} must not be read as it: equivalent, or no mapping"
    return ""


def _repeated(each: Mapped, before: Sequence[Mapped]) -> str:
    first = next((one for one in before if one.target == each.target), None)
    return f"{each.source[1]} is mapped to {each.target[1]} already, in {first.file}:{first.line}" if first else ""


def _contradiction(source: Pair, meant: Sequence[Mapped], known: _Known) -> str:
    """Why the meanings of one code do not go together, or nothing."""
    code, ours = source[1], [each for each in meant if each.target[0] in OURS]
    if ours and len(meant) > 1:
        names = ", ".join(each.target[1] for each in meant)
        return f"{code} is mapped to {names}: a code that is mapped to one of ours means nothing else"
    roles, already = known.roles_of_all(meant), known.roles_of(*source)
    if already and (ours or roles - already):
        return f"{code} is a standard code that is read as {_listing(already)} already: it cannot mean something else"
    if opposites := opposites_among(roles):
        return f"{code} is mapped to opposites: {_listing(opposites)}"
    return ""


def _listing(roles: Collection[str]) -> str:
    return ", ".join(sorted(roles))
