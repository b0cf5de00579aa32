"""The local dialect: the same record in a site's own codes, and the ConceptMap that says what they mean.

A dress, like Epic's. Only a service whose client brings the map can read such a record. Answers in our own form keep
our codes: the form is ours.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from random import Random
from typing import Final

from tests.oracle import raw_facts
from tests.records.codes import FACT, VALUE, Code, codes
from tests.records.facts import EXAM, FACTS, Json
from tests.records.record import Entry, Resource, Written

SITE: Final = "urn:oid:2.999.1.2"
"""An object identifier of the arc that is kept for examples."""

_WORDS: Final = (
    *(raw_facts.RESULTS, raw_facts.LOCATIONS, raw_facts.PROTOCOLS, raw_facts.QUALITIES, raw_facts.SEGMENTS),
    *(raw_facts.SIDES, raw_facts.FLOWS, raw_facts.ILIACS, raw_facts.STATUSES, raw_facts.ALTERNATIVES),
    *(
        raw_facts.REACTIONS,
        frozenset({"true", "false", "ed", "outpatient", "inpatient", "low", "high", "good", "poor"}),
    ),
    frozenset({"prophylactic", "therapeutic", "established", "interim_this_suspicion", "contraindicated", "other"}),
    frozenset({"high_sensitivity", "anuric", "residual", "ok", "conditional"}),
)
MOSTLY: Final = 0.8
NOT_CODED: Final = frozenset({"age", "sex", "symptoms.as_of"})


@cache
def local_codes() -> Mapping[Code, Code]:
    """Standard code or code of ours -> the site's code."""
    standard = sorted({code for listed in codes().roles.values() for code in listed})
    stated = {name for name in FACTS if name in codes().stated or name in ("egfr", "ddimer.assay")} - NOT_CODED
    exam = {f"exam.{name}" for name in EXAM if name not in ("modality", "date", "report_status")}
    facts = [(FACT, name) for name in sorted(stated | exam)]
    values = [(VALUE, word) for word in sorted({word for words in _WORDS for word in words})]
    return {code: (SITE, f"L{number:05}") for number, code in enumerate([*standard, *facts, *values])}


def concept_map() -> Json:
    """The site's codes as a FHIR R4 ConceptMap."""
    groups: dict[str, list[Json]] = {}
    for (system, code), (_, local) in local_codes().items():
        target = {"code": code, "equivalence": "equal"}
        groups.setdefault(system, []).append({"code": local, "target": [target]})
    made = [{"source": SITE, "target": system, "element": elements} for system, elements in groups.items()]
    return {"resourceType": "ConceptMap", "status": "active", "group": made}


def as_local(written: Written, rng: Random) -> Written:
    """The record in the site's codes, most of them."""
    return replace(written, entries=tuple(_entry(each, rng) for each in written.entries), is_local=True)


def _entry(entry: Entry, rng: Random) -> Entry:
    if entry.resource["resourceType"] == "QuestionnaireResponse":
        return entry
    local: Resource = _tree(entry.resource, rng)
    return replace(entry, resource=local)


def _tree(value: Json, rng: Random) -> Json:
    if isinstance(value, list):
        return [_tree(each, rng) for each in value]
    if not isinstance(value, dict):
        return value
    made = {name: _tree(each, rng) for name, each in value.items() if name != "coding"}
    if "coding" in value:
        made["coding"] = [each for coding in value["coding"] for each in _codings(coding, rng)]
    if "class" in value:
        made["class"] = next(_codings(value["class"], rng))
    return made


def _codings(coding: Json, rng: Random) -> Iterator[Json]:
    """The site's code alone, beside the other, or not at all."""
    local = local_codes().get((coding["system"], coding["code"]))
    if local is not None and rng.random() < MOSTLY:
        yield {"system": local[0], "code": local[1]}
        if rng.random() < 1 / 5:
            yield coding
    else:
        yield coding
