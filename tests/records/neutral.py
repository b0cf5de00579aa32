"""Records that say the same again: the answer must stay what it was.

Everything is drawn from a Random that is handed in. Each change is made in place on a copy of the prefetch.
"""

import marshal
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Final

from tests.records.codes import FACT
from tests.records.facts import Json
from tests.records.record import SERVER, Resource

Prefetch = dict[str, Json]
OTHER: Final = "somebody-else"


def copied(value: Json) -> Json:
    """A copy of plain JSON; ten times faster than copy.deepcopy."""
    same: Json = marshal.loads(marshal.dumps(value))  # noqa: S302 -- made on the line, of our own records
    return same


# ---- finding things ------------------------------------------------------------------------------


def bundles(prefetch: Prefetch) -> list[Json]:
    """The answers that hold resources."""
    return [each for each in prefetch.values() if isinstance(each, dict) and resources(each)]


def resources(answer: Json) -> list[Resource]:
    found = [each["resource"] for each in answer.get("entry", ()) if "resource" in each]
    return [each for each in found if each["resourceType"] != "OperationOutcome"]


def lists(value: Json, names: frozenset[str]) -> Iterator[list[Json]]:
    """The lists of these names, wherever they are."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in names and isinstance(inner, list):
                yield inner
            yield from lists(inner, names)
    elif isinstance(value, list):
        for each in value:
            yield from lists(each, names)


# ---- the same again ------------------------------------------------------------------------------

CODINGS: Final = frozenset({"coding"})
PARTS: Final = frozenset({"component", "result", "conclusionCode", "contained", "item", "category", "identifier"})


def permute_entries(prefetch: Prefetch, rng: Random) -> Prefetch:
    for bundle in bundles(prefetch):
        rng.shuffle(bundle["entry"])
    names = list(prefetch)
    rng.shuffle(names)
    return {name: prefetch[name] for name in names}


def permute_codings(prefetch: Prefetch, rng: Random) -> Prefetch:
    for codings in lists(prefetch, CODINGS):
        rng.shuffle(codings)
    return prefetch


def permute_parts(prefetch: Prefetch, rng: Random) -> Prefetch:
    for parts in lists(prefetch, PARTS):
        rng.shuffle(parts)
    return prefetch


def permute_members(prefetch: Prefetch, rng: Random) -> Prefetch:
    """JSON objects have no order."""
    changed: Prefetch = _shuffled(prefetch, rng)
    return changed


def _shuffled(value: Json, rng: Random) -> Json:
    if isinstance(value, list):
        return [_shuffled(each, rng) for each in value]
    if not isinstance(value, dict):
        return value
    names = list(value)
    rng.shuffle(names)
    return {name: _shuffled(value[name], rng) for name in names}


def duplicate_entry(prefetch: Prefetch, rng: Random) -> Prefetch:
    """The same resource once more, in its answer or in another that asks for the same type."""
    bundle = _any_bundle(prefetch, rng)
    if bundle:
        twin = copied(rng.choice(bundle["entry"]))
        is_detail = twin.get("search", {}).get("mode") == "include"
        home = bundle if is_detail else rng.choice(_bundles_of(prefetch, twin["resource"]["resourceType"]))
        home["entry"].insert(rng.randrange(len(home["entry"]) + 1), twin)
    return prefetch


def _bundles_of(prefetch: Prefetch, kind: str) -> list[Json]:
    """The answers to the queries that ask for this type."""
    return [
        bundle
        for bundle in bundles(prefetch)
        if any(
            each["resource"]["resourceType"] == kind and each.get("search", {}).get("mode") != "include"
            for each in bundle["entry"]
        )
    ]


def _any_bundle(prefetch: Prefetch, rng: Random) -> Json:
    found = bundles(prefetch)
    return rng.choice(found) if found else {}


def duplicate_under_another_id(prefetch: Prefetch, rng: Random) -> Prefetch:
    """The same content as another resource: a result sent twice, a diagnosis on two lists."""
    bundle = _any_bundle(prefetch, rng)
    if bundle:
        twin = copied(rng.choice(bundle["entry"]))
        twin["resource"]["id"] = f"twin-{rng.randrange(10**6)}"
        twin.pop("fullUrl", None)
        bundle["entry"].insert(rng.randrange(len(bundle["entry"]) + 1), twin)
        _count(bundle)
    return prefetch


def _count(bundle: Json) -> None:
    """`total` counts what matches, and what comes twice once."""
    matches = [each["resource"] for each in bundle["entry"] if each.get("search", {}).get("mode") != "include"]
    bundle["total"] = len({(each["resourceType"], each["id"]) for each in matches})


def duplicate_coding(prefetch: Prefetch, rng: Random) -> Prefetch:
    found = [each for each in lists(prefetch, CODINGS) if each]
    if found:
        codings = rng.choice(found)
        codings.insert(rng.randrange(len(codings) + 1), copied(rng.choice(codings)))
    return prefetch


def duplicate_part(prefetch: Prefetch, rng: Random) -> Prefetch:
    """A component, a conclusion or a reference once more."""
    found = [each for each in lists(prefetch, frozenset({"component", "result", "conclusionCode"})) if each]
    if found:
        parts = rng.choice(found)
        parts.insert(rng.randrange(len(parts) + 1), copied(rng.choice(parts)))
    return prefetch


def add_a_foreign_one(prefetch: Prefetch, rng: Random) -> Prefetch:
    """A resource of another patient, like one that is there, of another day and another value, mostly of its own id."""
    bundle = _any_bundle(prefetch, rng)
    if bundle:
        foreign = copied(rng.choice(bundle["entry"]))
        resource = foreign["resource"]
        about = "patient" if "patient" in resource else "subject"
        addresses = (f"Patient/{OTHER}", f"Patient/{OTHER}/_history/1", f"{SERVER}/Patient/{OTHER}", "Group/g-1")
        resource[about] = {"reference": rng.choice(addresses)}
        _distort(resource, rng)
        if rng.random() < 3 / 4:
            resource["id"] = f"foreign-{rng.randrange(10**6)}"
            foreign.pop("fullUrl", None)
        bundle["entry"].insert(rng.randrange(len(bundle["entry"]) + 1), foreign)
    return prefetch


def _distort(resource: Resource, rng: Random) -> None:
    """Other news: another day, another value."""
    for name in ("effectiveDateTime", "authored", "recordedDate", "performedDateTime", "authoredOn"):
        if name in resource and rng.random() < 1 / 2:
            resource[name] = rng.choice(("2023-01-01", "2026-09-01", "2030-01-01"))
    if "valueBoolean" in resource:
        resource["valueBoolean"] = not resource["valueBoolean"]
    for coding in (each for codings in lists(resource, CODINGS) for each in codings):
        if coding.get("code") in _OPPOSITE:
            coding["code"] = _OPPOSITE[coding["code"]]


_OPPOSITE: Final = {
    "resolved": "worsening",
    "worsening": "resolved",
    "left": "right",
    "right": "left",
    "complete_duplex": "pocus",
    "373140001": "373142009",
    "negative": "acute_dvt",
    "acute_dvt": "negative",
}

LOINC: Final = "http://loinc.org"
SNOMED: Final = "http://snomed.info/sct"
ICD_10_CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"


def _coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


HEART_RATE, CREATININE = _coded(LOINC, "8867-4"), _coded(LOINC, "2160-0")
CHEST, GRAFT_MAPPING = _coded(LOINC, "36643-5"), _coded(LOINC, "42461-4")
UNNAMED: Final = {
    "code": _coded(FACT, "exam.result"),
    "valueCodeableConcept": _coded("urn:dvt-next-step:value", "acute_dvt"),
}
"""A detail of a study that no report names."""

IRRELEVANT: Final[Sequence[tuple[str, str, Json]]] = (
    ("exam_observations", "Observation", {"status": "final", "code": HEART_RATE, "valueQuantity": {"value": 80}}),
    ("laboratory_observations", "Observation", {"status": "preliminary", "code": CREATININE, "valueString": "pending"}),
    ("survey_observations", "Observation", {"status": "final", "code": {"text": "Wells score"}, "valueInteger": 9}),
    ("survey_observations", "Observation", {"status": "final", **UNNAMED}),
    (
        "reports",
        "DiagnosticReport",
        {"status": "final", "code": CHEST, "conclusionCode": [_coded(SNOMED, "373142009")]},
    ),
    ("reports", "DiagnosticReport", {"status": "final", "code": GRAFT_MAPPING}),
    ("conditions", "Condition", {"code": _coded(ICD_10_CM, "E11.9")}),
    ("conditions", "Condition", {"code": {"text": "Deep vein thrombosis of the leg"}}),
    ("imaging_studies", "ImagingStudy", {"status": "cancelled", "started": "2026-01-01"}),
    ("service_requests", "ServiceRequest", {"status": "active", "intent": "order", "code": CHEST}),
    ("encounters", "Encounter", {"status": "finished", "class": {"code": "AMB"}}),
    (
        "medication_requests",
        "MedicationRequest",
        {"status": "active", "intent": "order", "medicationCodeableConcept": {"text": "apixaban"}},
    ),
)


def add_an_irrelevant_one(prefetch: Prefetch, rng: Random) -> Prefetch:
    """A resource about the patient that has nothing to do with the leg, or says it in words only."""
    query, kind, made = rng.choice(IRRELEVANT)
    about = {"subject": {"reference": f"Patient/{prefetch['patient']['id']}"}}
    resource = {"resourceType": kind, "id": f"other-{rng.randrange(10**6)}", **about, **copied(made)}
    answer = prefetch[query]
    if not isinstance(answer, dict) or not resources(answer):
        prefetch[query] = answer = {"resourceType": "Bundle", "type": "searchset", "total": 0, "entry": []}
    answer["entry"].insert(rng.randrange(len(answer["entry"]) + 1), {"resource": resource})
    _count(answer)
    return prefetch


# In this order: a copy of a resource is made of its last content, since two contents would be two versions.
NEUTRAL: Final[Mapping[str, Callable[[Prefetch, Random], Prefetch]]] = {
    "duplicated coding": duplicate_coding,
    "duplicated part": duplicate_part,
    "duplicated entry": duplicate_entry,
    "duplicated resource": duplicate_under_another_id,
    "foreign resource": add_a_foreign_one,
    "irrelevant resource": add_an_irrelevant_one,
    "permuted entries": permute_entries,
    "permuted codings": permute_codings,
    "permuted parts": permute_parts,
    "permuted members": permute_members,
}
