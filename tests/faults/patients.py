"""Patients as lists of single statements: each one is a FHIR resource of one query and, in the public vocabulary, a
fact. What is left when a query fails is therefore known without asking the service.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

Json = dict[str, Any]

PATHWAYS = Path(__file__).parents[2] / "pathways"
STUDY, NOW = "2026-03-02", "2026-03-12"
WELL = ("resolved", "improving")
UNREAD_STUDY = {"report_status": "registered"}
REASSURING = {"NO-FURTHER-IMAGING", "NEG-REASSURE", "DVT-EXCLUDED-PTP"}
LOUD = ("info", "warning", "critical")


@dataclass(frozen=True)
class Said:
    """One statement. `code` is the fact in our own code system, `fact` its place in the public facts."""

    query: str
    code: str
    value: Any
    fact: str
    day: str = NOW


def scan(protocol: str) -> list[Said]:
    return [
        Said("imaging_observations", "exam.protocol", protocol, "exams.protocol", STUDY),
        Said("imaging_observations", "exam.quality", "adequate", "exams.quality", STUDY),
    ]


def course(status: str) -> list[Said]:
    return [
        Said("exam_observations", "symptoms.status", status, "symptoms.status"),
        Said("exam_observations", "symptoms.side", "left", "symptoms.side"),
    ]


UNLIKELY = [
    Said("survey_observations", "wells.score", 0, "wells.score"),
    Said("survey_observations", "anticoag", "none", "anticoag"),
    Said("survey_observations", "setting", "outpatient", "setting"),
    Said("survey_observations", "risk.active_cancer", value=False, fact="risk.active_cancer"),
]

PATIENTS: dict[str, list[Said]] = {
    "settled": [*scan("complete_duplex"), *course("resolved")],
    "excluded": [*scan("proximal_duplex"), *course("persistent"), *UNLIKELY],
    "worse": [*scan("complete_duplex"), *course("worsening")],
}

D_DIMER = {"value": 200, "unit": "ng/mL FEU", "assay": "high_sensitivity", "collected": STUDY}


# ---- as FHIR


def answers(name: str) -> dict[str, Json]:
    """What the FHIR server knows of this patient: query -> resource."""
    said = PATIENTS[name]
    found: dict[str, list[Json]] = {}
    for each in said:
        found.setdefault(each.query, []).append(observation(each.code, each.value, each.day))
    if name == "excluded":
        found["laboratory_observations"] = [d_dimer(), observation("ddimer.assay", "high_sensitivity", STUDY)]
    details = [{"reference": f"Observation/{each['id']}"} for each in found["imaging_observations"]]
    found["reports"] = [report(details)]
    whole = {key: searchset(found.get(key, [])) for key in templates()}
    return {**whole, "patient": {"resourceType": "Patient", "id": "p-1", "birthDate": "1970-01-01", "gender": "male"}}


def searchset(resources: list[Json]) -> Json:
    entries = [{"resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


def observation(code: str, value: object, day: str) -> Json:
    match value:
        case bool():
            said: Json = {"valueBoolean": value}
        case int():
            said = {"valueInteger": value}
        case _:
            said = {"valueCodeableConcept": {"coding": [{"system": "urn:dvt-next-step:value", "code": value}]}}
    return {
        "resourceType": "Observation",
        "id": code.replace("_", "-"),
        "status": "final",
        "subject": {"reference": "Patient/p-1"},
        "code": {"coding": [{"system": "urn:dvt-next-step:fact", "code": code}]},
        "effectiveDateTime": day,
        **said,
    }


def d_dimer() -> Json:
    return {
        "resourceType": "Observation",
        "id": "dd",
        "status": "final",
        "subject": {"reference": "Patient/p-1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "48065-7"}]},
        "effectiveDateTime": STUDY,
        "valueQuantity": {"value": 200, "system": "http://unitsofmeasure.org", "code": "ng/mL", "unit": "ng/mL"},
    }


def report(details: list[Json]) -> Json:
    return {
        "resourceType": "DiagnosticReport",
        "id": "r1",
        "status": "final",
        "subject": {"reference": "Patient/p-1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "39432-0"}]},  # duplex of the left leg
        "effectiveDateTime": STUDY,
        "conclusionCode": [{"coding": [{"system": "http://snomed.info/sct", "code": "373140001"}]}],
        "result": details,
    }


# ---- as facts


def facts(name: str, lost: Iterable[str] = ()) -> Json:
    """The public facts of a patient, without those that the lost queries brought."""
    gone = set(lost)
    exam: Json = {"modality": "US", "date": STUDY, "report_status": "final", "result": "negative", "side": "left"}
    known: Json = {"age": 56, "sex": "male", "exams": [exam]}
    for each in PATIENTS[name]:
        if each.query not in gone:
            place, _, member = each.fact.rpartition(".")
            at = exam if place == "exams" else known.setdefault(place, {}) if place else known
            at[member] = each.value
            if each.fact == "symptoms.status":
                at["as_of"] = each.day
    if name == "excluded" and "laboratory_observations" not in gone:
        known["ddimer"] = dict(D_DIMER)
    return known


def without_conclusions(known: Json, queries: Iterable[str], *, is_partial: bool) -> Json:
    """What nobody may conclude from an answer that did not come, or came in part (threat model H21, H22)."""
    may = {fact for query in queries for fact in brings()[query]}
    known = deepcopy(known)
    if "ddimer.value" in may:
        known.setdefault("ddimer", {})
    if is_partial and "exams.date" in may:
        known["exams"].append(UNREAD_STUDY)
    if is_partial and "symptoms.status" in may and known.get("symptoms", {}).get("status") in WELL:
        del known["symptoms"]["status"]
    return known


def blank(known: Json, queries: Iterable[str]) -> Json:
    """The facts with all of them unknown that these queries can bring."""
    known = deepcopy(known)
    for fact in sorted({fact for query in queries for fact in brings()[query]}):
        place, _, member = fact.rpartition(".")
        if fact in ("exams.date", "exams.modality", "exams.report_status"):
            known["exams"] = [each for each in known["exams"] if each != UNREAD_STUDY] + [UNREAD_STUDY]
        elif place == "exams":
            for exam in known["exams"]:
                exam.pop(member, None)
        elif place == "ddimer":
            known["ddimer"] = {}
        elif not fact.startswith("alt.svt"):
            at = known
            for part in filter(None, place.split(".")):
                at = at.get(part, {})
            at.pop(member, None)
    return known


def is_calmer(one: list[Json], other: list[Json]) -> bool:
    """Whether the first advice reassures as the second does not, is silent where it is not, or is less urgent."""
    said, instead = ({each["id"] for each in made} for made in (one, other))
    return bool(REASSURING & said - instead) or (not said and bool(instead)) or urgency(one) < urgency(other)


def urgency(made: list[Json]) -> tuple[int, bool]:
    loudest = max((LOUD.index(each["indicator"]) for each in made), default=-1)
    return loudest, any(each["timing"]["kind"] == "now" for each in made)


# ---- what the pathways declare


@cache
def declared() -> tuple[Mapping[str, Json], Mapping[str, Json]]:
    """The queries and the sources (`reading`) of all pathways, as the files say them."""
    queries: dict[str, Json] = {}
    sources: dict[str, Json] = {}
    for file in sorted(PATHWAYS.glob("*/facts.yaml")):
        content = YAML(typ="safe", pure=True).load(file.read_text("utf-8"))
        queries |= content.get("queries", {})
        sources |= content.get("reading", {})
    return queries, sources


def templates() -> dict[str, str]:
    """Prefetch key -> query about the patient of these tests."""
    return {key: each["template"].replace("{{context.patientId}}", "p-1") for key, each in declared()[0].items()}


def required() -> set[str]:
    return {key for key, each in declared()[0].items() if each.get("required")}


@cache
def brings() -> Mapping[str, frozenset[str]]:
    """Prefetch key -> the public facts it can bring."""
    queries, sources = declared()
    found: dict[str, set[str]] = {key: set() for key in queries}
    for each in sources.values():
        facts_of = names(each.get("facts"))
        facts_of += [fact for other in names(each.get("same_facts_as")) for fact in names(sources[other].get("facts"))]
        for key in names(each["queries"]):
            found[key].update(facts_of)
    return {key: frozenset(each) for key, each in found.items()}


def names(value: object) -> list[str]:
    return [value] if isinstance(value, str) else list(value) if isinstance(value, list) else []
