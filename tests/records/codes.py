"""The codes that a record may use, read from the pathways' data files as a specification. Imports nothing from `app`.

A code is taken only where it says one thing to every source that reads its kind of resource.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

Code = tuple[str, str]  # its system and the code

PATHWAYS: Final = Path(__file__).parents[2] / "pathways"
FACT: Final = "urn:dvt-next-step:fact"
VALUE: Final = "urn:dvt-next-step:value"
UCUM: Final = "http://unitsofmeasure.org"
LOINC: Final = "http://loinc.org"
SNOMED: Final = "http://snomed.info/sct"
ICD_10_CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"


@dataclass(frozen=True)
class Codes:
    """The declared sources of every pathway, and which codes play which role."""

    sources: Mapping[str, Mapping[str, Any]]
    queries: Mapping[str, Mapping[str, Any]]
    roles: Mapping[str, frozenset[Code]]
    below: Mapping[str, tuple[str, ...]]
    _made: dict[Any, tuple[Code, ...]] = field(default_factory=dict, compare=False)

    def roles_of(self, code: Code) -> frozenset[str]:
        """Every role that a code plays, as one that is listed or as one below a listed one."""
        listed = {role for role, codes in self.roles.items() if code in codes}
        is_icd = code[0] == ICD_10_CM
        below = {role for role, parents in self.below.items() if is_icd and code[1].startswith(parents)}
        return frozenset(listed | below)

    def says(self, resource: str, code: Code) -> frozenset[tuple[str, str]]:
        """What a code says to each source that reads this kind of resource."""
        roles = self.roles_of(code)
        return frozenset(
            (name, says)
            for name, source in self.sources.items()
            if source["resource"] == resource
            for role, says in source.get("codes", {}).items()
            if role in roles
        )

    def saying(self, resource: str, *wanted: tuple[str, str]) -> tuple[Code, ...]:
        """The codes that say this, and nothing else, to the sources of one kind of resource."""
        key = (resource, wanted)
        if key not in self._made:
            self._made[key] = tuple(
                code for code in self._all if (said := self.says(resource, code)) and said <= frozenset(wanted)
            )
        return self._made[key]

    def playing(self, wanted: frozenset[str], resource: str) -> tuple[Code, ...]:
        """The codes that play exactly these roles among those that sources of this kind of resource know."""
        key = (wanted, resource)
        if key not in self._made:
            known = {
                role
                for source in self.sources.values()
                if source["resource"] == resource
                for role in source.get("codes", {})
            }
            self._made[key] = tuple(code for code in self._all if self.roles_of(code) & known == wanted)
        return self._made[key]

    @cached_property
    def _all(self) -> tuple[Code, ...]:
        listed = {code for codes in self.roles.values() for code in codes}
        deeper = {
            (ICD_10_CM, f"{parent}9" if "." in parent else f"{parent}.9")
            for parents in self.below.values()
            for parent in parents
        }
        return tuple(sorted(listed | deeper))

    @cached_property
    def stated(self) -> Mapping[str, str]:
        """The facts that are stated in our own codes -> the source that declares them."""
        names = [name for name in self.sources if name.startswith("stated_")]
        return {fact: name for name in names for fact in _listed(self.sources[name]["facts"])}

    def days(self, source: str) -> int | None:
        """The look-back of a source in days; None: it holds for ever."""
        days: int | None = self.sources[source].get("look_back_days")
        return days

    def asked_by(self, source: str) -> tuple[str, ...]:
        """The queries that bring a source."""
        return tuple(_listed(self.sources[source]["queries"]))


def _listed(value: Any) -> list[str]:  # noqa: ANN401 -- a word or a list of words, as YAML has it
    return [value] if isinstance(value, str) else list(value)


@cache
def codes() -> Codes:
    """The data files of this checkout."""
    files = [_yaml(file) for file in sorted(PATHWAYS.glob("[!._]*/facts.yaml"))]
    roles: dict[str, frozenset[Code]] = {}
    below: dict[str, tuple[str, ...]] = {}
    for file in sorted(PATHWAYS.glob("*/valuesets/*.json")):
        includes = json.loads(file.read_text("utf-8"))["compose"]["include"]
        roles[file.stem] = frozenset(
            (each["system"], one["code"]) for each in includes for one in each.get("concept", ())
        )
        parents = tuple(one["value"] for each in includes for one in each.get("filter", ()))
        if parents:
            below[file.stem] = parents
    return Codes(
        sources={name: each for file in files for name, each in file.get("reading", {}).items()},
        queries={name: each for file in files for name, each in file.get("queries", {}).items()},
        roles=roles,
        below=below,
    )


def _yaml(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(file.read_text("utf-8"))
    return found
