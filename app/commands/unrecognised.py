"""`unrecognised`: the codes of a record that no value set, no fact of ours and no code map of the client knows.

Only the elements that the reading looks at. Counts, systems and codes are printed and nothing else: no display, no
text, no name, no id. A code that is in truth free text is cleaned and cut.
"""

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from app.clients.load import Client
from app.clinical.reading.our_codes import FACTS, VALUES
from app.clinical.reading.reports import modality_of
from app.clinical.reading.said import FACT, QUESTIONNAIRE
from app.clinical.reading.statements import VALUE
from app.commands.table import table
from app.errors import AuthorError
from app.fhir.answers import header_of
from app.fhir.codings import codes_of
from app.fhir.resources import (
    RESOURCES,
    Bundle,
    CodeableConcept,
    Coding,
    Component,
    DiagnosticReport,
    Element,
    Entry,
    GivenItem,
    Medication,
    Observation,
    QuestionnaireResponse,
    Resource,
    read,
)
from app.fhir.subject import without_version
from app.fhir.value_sets import ValueSets

# FHIR type -> the elements that the reading looks at; a dot leads into a part.
LOOKED_AT: Final = {
    "DiagnosticReport": ("code", "conclusion_code"),
    "Observation": ("code", "component.code"),
    "Condition": ("code",),
    "ImagingStudy": ("procedure_code",),
    "ServiceRequest": ("code",),
    "Procedure": ("code",),
    "Encounter": ("encounter_class",),
    "MedicationRequest": ("medication_codeable_concept",),
    "MedicationStatement": ("medication_codeable_concept",),
    "Medication": ("code",),
    "AllergyIntolerance": ("code", "reaction.substance", "reaction.manifestation"),
    "Device": ("type",),
}
SHOWN: Final = {"encounter_class": "class"}  # elements whose name on the wire is a word of Python

LINES: Final = frozenset({".ndjson", ".jsonl"})
FILES: Final = LINES | {".json"}
LONGEST: Final = 64
"""Characters of a code that are printed; SNOMED CT's longest have 18."""
LONGEST_SYSTEM: Final = 120

OUR_CODES: Final = {FACT: FACTS, VALUE: VALUES}


@dataclass(slots=True)
class Counts:
    """How often each (system, code, element) came that nothing recognises. `uncoded`: element -> how often no code."""

    unknown: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    uncoded: Counter[str] = field(default_factory=Counter)
    resources: int = 0
    unreadable: int = 0

    def ranked(self) -> list[tuple[int, str, str, str]]:
        """Most frequent first."""
        return sorted(((count, *code) for code, count in self.unknown.items()), key=lambda row: (-row[0], row[1:]))


def count_unrecognised(source: Path, client: Client) -> Counts:
    """Count what nothing recognises in a Bundle, an NDJSON file, or a folder of them.

    Raises AuthorError for a path that holds nothing of the kind. Read twice: which Observations are details of a
    leg-vein study is known only when all reports were seen.
    """
    files = _files(source)
    details = {name for raw in _resources(files) for name in _named_details(raw, client.value_sets)}
    counts = Counts()
    recognised = _recogniser(client.value_sets)
    for raw in _resources(files):
        counts.resources += 1
        kind = RESOURCES.get(header_of(raw).resource_type or "")
        resource = read(raw, kind) if kind else None
        if kind and resource is None:
            counts.unreadable += 1
        for element, coded in _concepts(resource, details, recognised) if resource else ():
            _count(coded, element, recognised, counts)
    return counts


def in_words(counts: Counts, client: Client) -> Iterator[str]:
    """The counts as tables."""
    yield f"{counts.resources} resources read with the codes of client {client.id}; {counts.unreadable} cannot be read"
    if counts.unknown:
        yield ""
        yield "Not recognised"
        yield from table([(str(count), f"{system}|{code}", place) for count, system, code, place in counts.ranked()])
    if counts.uncoded:
        yield ""
        yield "Without any code"
        yield from table([(str(count), place) for place, count in counts.uncoded.most_common()])


def as_json(counts: Counts, client: Client) -> str:
    """The counts for machines."""
    names = ("count", "system", "code", "element")
    found = {
        "client": client.id,
        "resources": counts.resources,
        "unreadable": counts.unreadable,
        "unrecognised": [dict(zip(names, row, strict=True)) for row in counts.ranked()],
        "uncoded": dict(counts.uncoded.most_common()),
    }
    return json.dumps(found, indent=2, ensure_ascii=False)


# ---- what came -------------------------------------------------------------------------------------


def _files(source: Path) -> list[Path]:
    if source.is_dir():
        files = sorted(each for each in source.rglob("*") if each.suffix in FILES and each.is_file())
        if not files:
            raise AuthorError(source.name, None, "the folder holds no .json, .ndjson or .jsonl file")
        return files
    if not source.is_file():
        raise AuthorError(source.name, None, "there is no such file or folder")
    return [source]


def _resources(files: list[Path]) -> Iterator[bytes | msgspec.Raw]:
    for file in files:
        try:
            if file.suffix in LINES:
                with file.open("rb") as lines:
                    for line in lines:
                        yield from _inside(line) if line.strip() else ()
            else:
                yield from _inside(file.read_bytes())
        except OSError:
            raise AuthorError(file.name, None, "the file cannot be read") from None


def _inside(raw: bytes | msgspec.Raw) -> Iterator[bytes | msgspec.Raw]:
    """The resource, or what is in it when it is a Bundle; a Bundle in a Bundle is not read by the service either."""
    if header_of(raw).resource_type != "Bundle":
        yield raw
        return
    bundle = read(raw, Bundle)
    for each in bundle.entry if bundle else ():
        entry = read(each, Entry)
        if entry and bytes(entry.resource):
            yield entry.resource


def _named_details(raw: bytes | msgspec.Raw, value_sets: ValueSets) -> Iterator[str]:
    """The Observations that a report of a leg-vein study names as its results: their values are read."""
    if header_of(raw).resource_type == "DiagnosticReport":
        report = read(raw, DiagnosticReport)
        if report and modality_of(codes_of(report.code), value_sets):
            yield from (without_version(each.reference or "").rsplit("/", 1)[-1] for each in report.result)


# ---- what the reading looks at ---------------------------------------------------------------------

Recognises = Callable[[str, str], bool]
Coded = tuple[str, CodeableConcept | Coding]
"""An element by its path, and what it holds."""


def _recogniser(value_sets: ValueSets) -> Recognises:
    @cache
    def recognised(system: str, code: str) -> bool:
        if system in OUR_CODES:
            return code in OUR_CODES[system]
        return (system, code) in value_sets.own or bool(value_sets.roles_of(system, code))

    return recognised


def _concepts(resource: Resource, details: set[str], recognised: Recognises) -> Iterator[Coded]:
    kind = resource.kind
    yield from _looked_at(resource, kind)
    match resource:
        case Observation():
            yield from _values(resource, kind, recognised, is_detail=(resource.id or "") in details)
        case QuestionnaireResponse() if (resource.questionnaire or "").partition("|")[0] == QUESTIONNAIRE:
            yield from _answers(resource.item)
        case _:
            pass
    for raw in getattr(resource, "contained", ()):
        yield from _contained(raw, kind, recognised)


def _contained(raw: msgspec.Raw, kind: str, recognised: Recognises) -> Iterator[Coded]:
    match header_of(raw).resource_type:
        case "Observation" if detail := read(raw, Observation):
            yield from _looked_at(detail, f"{kind}.contained.Observation")
            yield from _values(detail, f"{kind}.contained.Observation", recognised, is_detail=True)
        case "Medication" if drug := read(raw, Medication):
            yield from _looked_at(drug, f"{kind}.contained.Medication")
        case _:
            pass


def _looked_at(element: Element, where: str) -> Iterator[Coded]:
    for path in LOOKED_AT.get(type(element).__name__, ()):
        name = ".".join(SHOWN.get(step) or _camel(step) for step in path.split("."))
        for concept in _at(element, path.split(".")):
            yield f"{where}.{name}", concept


def _values(
    observation: Observation, where: str, recognised: Recognises, *, is_detail: bool
) -> Iterator[tuple[str, CodeableConcept]]:
    """Values are read where the code is known, and in the details of a study whatever their code."""
    parts: list[tuple[Observation | Component, str]] = [(part, "component.") for part in observation.component]
    for said, name in [(observation, ""), *parts]:
        known = any(recognised(code.system, code.code) for code in codes_of(said.code))
        if said.value_codeable_concept is not None and (is_detail or known):
            yield f"{where}.{name}valueCodeableConcept", said.value_codeable_concept


def _answers(items: tuple[GivenItem, ...]) -> Iterator[tuple[str, Coding]]:
    for item in items:
        yield from _answers(item.item)
        for answer in item.answer:
            yield from _answers(answer.item)
            if item.link_id in FACTS and answer.value_coding is not None:
                yield "QuestionnaireResponse.item.answer.valueCoding", answer.value_coding


def _at(element: Any, steps: list[str]) -> Iterator[CodeableConcept | Coding]:  # noqa: ANN401 -- any FHIR element
    value = getattr(element, steps[0])
    for each in value if isinstance(value, tuple) else (value,):
        if each is not None and len(steps) > 1:
            yield from _at(each, steps[1:])
        elif each is not None:
            yield each


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))


# ---- what is told ----------------------------------------------------------------------------------


def _count(coded: CodeableConcept | Coding, element: str, recognised: Recognises, counts: Counts) -> None:
    """One known code is enough: the others of the same concept say the same in another system."""
    codings = coded.coding if isinstance(coded, CodeableConcept) else (coded,)
    with_code = [(coding.system or "", coding.code) for coding in codings if coding.code]
    if not with_code:
        counts.uncoded[element] += 1
    elif not any(recognised(system, code) for system, code in with_code):
        for system, code in with_code:
            counts.unknown[inert(system, LONGEST_SYSTEM) or "(no system)", inert(code, LONGEST), element] += 1


def inert(text: str, longest: int) -> str:
    """The text without anything that a terminal or a page would act on: what has no glyph becomes a question mark."""
    shown = "".join("?" if unicodedata.category(each)[0] in "CZ" and each != " " else each for each in text[:longest])
    return f"{shown}..." if len(text) > longest else shown
