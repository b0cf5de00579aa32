"""What the pathways declare about reading a record (`reading` in facts.yaml), held against what the code reads.

A source that no code reads, a fact that no source brings, a value set or a query that does not exist: each stops the
start with file and line, so that declaration and code cannot drift.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final, get_type_hints

from pydantic import ValidationError

from app.clinical import vocabulary
from app.clinical.reading.drafts import OF_ORDERS
from app.clinical.vocabulary import WELLS_ITEMS, Facts
from app.errors import AuthorError
from app.fhir.resources import RESOURCES
from app.fhir.sources import Source
from app.fhir.value_sets import ValueSets
from app.pathway.content import FactsFile, RecordSource, did_you_mean
from app.pathway.yaml_lines import line_of, read_yaml

# The sources that the code reads, and the value sets it knows by name in each. A source that is not listed with names
# takes its value sets and what they say from the declaration alone.
FREE: Final = None
READ: Final[Mapping[str, frozenset[str] | None]] = {
    "demographics": frozenset(),
    "exam_reports": frozenset(
        {
            "us-le-vein-specific", "ctv-specific", "mrv-specific",
            "exclude-lookalikes", "us-le-vessel-confirm-by-text", "us-generic", "venography-unspecific",
            "exam-side-left", "exam-side-right", "exam-side-bilateral", "us-limited",
            "result-possible-thrombus", "result-thrombus", "dvt-iliocaval", "dvt-iliofemoral", "dvt-proximal",
            "dvt-distal", "dvt-leg-level-unspecified", "dvt-site-unspecified", "dvt-chronic", "svt",
            "result-negative", "result-equivocal", "result-abnormal", "other-finding",
        }
    ),
    "exam_findings": frozenset({"report-impression", "superficial-vein-site"}),
    "exam_words": frozenset(),
    "exam_pictures": frozenset(
        {
            "us-le-vein-specific", "ctv-specific", "mrv-specific",
            "exam-side-left", "exam-side-right", "exam-side-bilateral",
        }
    ),
    "stated_alarms": frozenset(),
    "stated_now": frozenset(),
    "stated_in_episode": frozenset(),
    "stated_for_good": frozenset(),
    "stated_course": FREE,
    "form": frozenset(),
    "d_dimer": frozenset({"ddimer-feu-mass", "ddimer-ddu-mass", "ddimer-not-comparable"}),
    "d_dimer_assay": frozenset(),
    "kidney_function": FREE,
    "kidney_function_inpatient": FREE,
    "acute_kidney_injury": FREE,
    "dialysis_dependence": FREE,
    "stated_pregnancy": frozenset({"pregnancy-status", "pregnant"}),
    "stated_no_pregnancy": frozenset({"pregnancy-status", "pregnant"}),
    "pregnancy_diagnosis": FREE,
    "delivery": FREE,
    "cancer_diagnosis": FREE,
    "cancer_treatment": FREE,
    "cancer_treatment_encounter": FREE,
    "earlier_dvt_history": FREE,
    "earlier_dvt": FREE,
    "immobilisation": FREE,
    "leg_trauma": FREE,
    "major_surgery": FREE,
    "hospital_discharge": FREE,
    "hospital_stay": FREE,
    "visit": FREE,
    "intracranial_bleed": FREE,
    "platelets": FREE,
    "anticoagulant_orders": FREE,
    "anticoagulant_statements": FREE,
    "anticoagulant_note": FREE,
    "acute_alternatives": FREE,
    "chronic_alternatives": FREE,
    "superficial_thrombosis": FREE,
    "limb_threat": FREE,
    "contrast_reactions": FREE,
    "implants": FREE,
    "implant_diagnoses": FREE,
    "imaging_orders": FREE,
    "vein_stent": FREE,
    "vein_intervention": FREE,
    "stent_surveillance": FREE,
}  # fmt: skip

STATED: Final = ("stated_alarms", "stated_now", "stated_in_episode", "stated_for_good", "stated_course")
"""The sources whose facts are stated in our own code system, one Observation or answer each."""


def with_sources(value_sets: ValueSets, pathways: Path) -> ValueSets:
    """The value sets together with the sources that the pathways under this folder declare.

    Raises AuthorError for a declaration that the code does not read, or that it needs and does not find.
    """
    declared: dict[str, tuple[_File, RecordSource]] = {}
    files = [_File(file) for file in sorted(pathways.glob("[!._]*/facts.yaml"))]
    for file in files:
        for name, source in file.content.reading.items():
            if name in declared:
                raise file.error(name, "is declared by another pathway already: one name, one home")
            file.check(name, source, value_sets)
            declared[name] = file, source
    _refuse_gaps({name: source for name, (_, source) in declared.items()})
    for file in files:
        file.refuse_idle_queries()
    _refuse_idle_value_sets(value_sets, (source for _, source in declared.values()))
    sources = {name: _source(source, {other: each for other, (_, each) in declared.items()})
               for name, (_, source) in declared.items()}  # fmt: skip
    return replace(value_sets, sources=sources)


def facts_by_query(pathways: Path) -> Mapping[str, frozenset[str]]:
    """Prefetch key -> the public facts that it can bring."""
    brings: dict[str, set[str]] = {}
    for file in sorted(pathways.glob("[!._]*/facts.yaml")):
        content = _File(file).content
        for query in content.queries:
            brings.setdefault(query, set())
        for source in content.reading.values():
            for query in source.queries:
                brings.setdefault(query, set()).update(_facts_of(source, content.reading))
    return {query: frozenset(facts) for query, facts in brings.items()}


@cache
def public_facts() -> frozenset[str]:
    """The name of every public fact; those of an examination without its place in the list (`exams.result`)."""
    wells = {f"wells.items.{item}" for item in WELLS_ITEMS}
    return frozenset({*_leaves(Facts, ""), *wells, "alt.svt"} - {"wells.items"})


def _leaves(kind: type, prefix: str) -> Iterator[str]:
    forms = get_type_hints(kind, vars(vocabulary))
    for each in fields(kind):
        inner = next((part for part in _parts(forms[each.name]) if is_dataclass(part)), None)
        if isinstance(inner, type):
            yield from _leaves(inner, f"{prefix}{each.name}.")
        else:
            yield f"{prefix}{each.name}"


def _parts(form: object) -> Iterator[object]:
    yield form
    for part in getattr(form, "__args__", ()):
        yield from _parts(part)


class _File:
    """One facts.yaml, with its lines."""

    def __init__(self, file: Path) -> None:
        self.shown = f"{file.parent.name}/{file.name}"
        plain, self.lines = read_yaml(file, self.shown)
        try:
            self.content = FactsFile.model_validate(plain)
        except ValidationError:
            # The loader of the pathways says what is wrong, better than could be said here.
            self.content = FactsFile(facts={})

    def error(self, name: str, reason: str, *at: str) -> AuthorError:
        return AuthorError(self.shown, line_of(("reading", name, *at), self.lines), f"{name}: {reason}")

    def check(self, name: str, source: RecordSource, value_sets: ValueSets) -> None:
        if name not in READ:
            raise self.error(name, f"is a source that no code reads{did_you_mean(name, READ)}")
        self._check_names(name, source, value_sets)
        known = READ[name]
        if known is not FREE and set(source.codes) != known:
            wanted = ", ".join(sorted(known)) or "none"
            raise self.error(name, f"the code reads these value sets here: {wanted}", "codes")

    def _check_names(self, name: str, source: RecordSource, value_sets: ValueSets) -> None:
        places: Sequence[tuple[str, Iterable[str], Iterable[str], str]] = (
            ("resource", [source.resource], RESOURCES, "is no resource that is read"),
            ("facts", source.facts, public_facts(), "is no public fact"),
            ("same_facts_as", source.same_facts_as, self.content.reading, "is no source"),
            ("queries", source.queries, self.content.queries, "is no query"),
            ("codes", source.codes, value_sets.roles, "is no value set: there is no such file in valuesets/"),
        )
        for member, named, names, wrong in places:
            known = frozenset(names)
            for each in named:
                if each not in known:
                    raise self.error(name, f"{each} {wrong}{did_you_mean(each, known)}", member)
        for query in source.queries:
            asked = self.content.queries[query]
            if asked.resource != source.resource:
                raise self.error(name, f"{query} asks for {asked.resource}, not {source.resource}", "queries")
            filtered = _filtered(asked.template)
            if filtered is not None and set(source.statuses) != {filtered}:
                raise self.error(name, f"{query} asks for status {filtered} only: statuses says the same", "statuses")

    def refuse_idle_queries(self) -> None:
        named = {query for source in self.content.reading.values() for query in source.queries}
        for query in self.content.queries:
            if query not in named and self.content.reading:
                line = line_of(("queries", query), self.lines)
                raise AuthorError(self.shown, line, f"{query}: no source under reading needs this query")


def _filtered(template: str) -> str | None:
    """The one status that a query asks for."""
    given = [
        part.removeprefix("status=") for part in template.partition("?")[2].split("&") if part.startswith("status=")
    ]
    return given[0] if given else None


def _refuse_gaps(declared: Mapping[str, RecordSource]) -> None:
    if not declared:
        raise AuthorError("*/facts.yaml", None, "no pathway declares how a record is read (reading)")
    for name in READ:
        if name not in declared:
            raise AuthorError("*/facts.yaml", None, f"reading: {name} is missing; the code reads it")
    brought = {fact for source in declared.values() for fact in source.facts}
    for fact in sorted(public_facts() - brought):
        raise AuthorError("*/facts.yaml", None, f"reading: no source brings the fact {fact}")


def _refuse_idle_value_sets(value_sets: ValueSets, sources: Iterable[RecordSource]) -> None:
    named = {role for source in sources for role in source.codes} | OF_ORDERS
    for role in sorted(set(value_sets.roles) - named):
        raise AuthorError(f"*/valuesets/{role}.json", None, "no source under reading names this value set")


def _source(source: RecordSource, declared: Mapping[str, RecordSource]) -> Source:
    return Source(
        resource=source.resource,
        facts=frozenset(_facts_of(source, declared)),
        codes=dict(source.codes),
        statuses=frozenset(source.statuses),
        verification=frozenset(source.verification),
        intents=frozenset(source.intents),
        units=source.units,
        look_back_days=source.look_back_days,
        older_than_days=source.older_than_days,
    )


def _facts_of(source: RecordSource, declared: Mapping[str, RecordSource]) -> Iterator[str]:
    yield from source.facts
    for other in source.same_facts_as:
        yield from declared[other].facts
