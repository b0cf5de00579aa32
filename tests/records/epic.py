"""The Epic dialect: the same record as Epic sends it (vendors.md section 2). A dress, which changes no fact.

Long ids, absolute addresses, display texts, identifiers, categories, extensions, local codes beside the standard ones,
`null` here and there, and for a query without results a searchset with one OperationOutcome.
"""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Final

from tests.records.facts import Json
from tests.records.record import SERVER, Entry, Resource, Written

LOCAL: Final = "urn:oid:1.2.840.114350.1.13.861.1.7.2.696580"
CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-."

NO_RESULTS: Final[Json] = {
    "resourceType": "Bundle",
    "type": "searchset",
    "total": 0,
    "link": [{"relation": "self", "url": f"{SERVER}/Observation?patient=e1"}],
    "entry": [
        {
            "search": {"mode": "outcome"},
            "resource": {
                "resourceType": "OperationOutcome",
                "issue": [
                    {
                        "severity": "warning",
                        "code": "processing",
                        "details": {
                            "coding": [
                                {
                                    "system": "urn:oid:1.2.840.114350.1.13.861.1.7.2.657369",
                                    "code": "4101",
                                    "display": "Resource request returns no results.",
                                }
                            ],
                            "text": "Resource request returns no results.",
                        },
                    }
                ],
            },
        }
    ],
}


def as_epic(written: Written, rng: Random) -> Written:
    """The record in Epic's dress."""
    names: dict[str, str] = {}

    def renamed(address: str) -> str:
        kind, _, rest = address.partition("/")
        identifier, slash, version = rest.partition("/")
        return f"{kind}/{names.setdefault(identifier, _long_id(rng))}{slash}{version}"

    patient = _dressed(written.patient, renamed, rng)
    entries = tuple(_entry(each, renamed, rng) for each in written.entries)
    links = ({"relation": "self", "url": f"{SERVER}/DiagnosticReport?_count=50"},)
    return replace(written, patient=patient, entries=entries, empty=NO_RESULTS, links=links)


def _long_id(rng: Random) -> str:
    return "e" + "".join(rng.choices(ALPHABET, k=rng.choice((22, 44)))) + "3"


def _entry(entry: Entry, renamed: Callable[[str], str], rng: Random) -> Entry:
    return replace(entry, resource=_dressed(entry.resource, renamed, rng))


def _dressed(resource: Resource, renamed: Callable[[str], str], rng: Random) -> Resource:
    made: Resource = _tree(resource, renamed, rng)
    kind = resource["resourceType"]
    made["id"] = renamed(f"{kind}/{resource['id']}").partition("/")[2]
    for name in ("subject", "patient"):
        if name in made:
            made[name] |= {"display": "Testpatient, Erika"}
    made["identifier"] = [{"use": "usual", "system": LOCAL, "value": str(rng.randrange(10**7))}]
    made["meta"] = {"versionId": "1", "lastUpdated": "2023-01-01T00:00:00Z"} if rng.random() < 1 / 2 else None
    made["extension"] = [{"url": "http://open.epic.com/FHIR/StructureDefinition/extension/x", "valueString": "x"}]
    if kind == "Observation":
        made["category"] = [{"coding": [{"system": CATEGORY, "code": "exam", "display": "Exam"}], "text": "Exam"}]
    for name in ("encounter", "performer", "note", "implicitRules", "modifierExtension", "interpretation"):
        if rng.random() < 1 / 6:
            made[name] = None
    return made


def _tree(value: Json, renamed: Callable[[str], str], rng: Random) -> Json:
    """Every concept with a text and a local coding, every reference renamed, some of them absolute."""
    if isinstance(value, list):
        return [_tree(each, renamed, rng) for each in value]
    if not isinstance(value, dict):
        return value
    made = {name: _tree(each, renamed, rng) for name, each in value.items()}
    if "resourceType" in made and "id" in made and value is not made:
        return made
    if "coding" in made:
        _speak(made, rng)
    if isinstance(made.get("reference"), str):
        made["reference"] = _address(made["reference"], renamed, rng)
    return made


def _speak(concept: Json, rng: Random) -> None:
    concept["coding"] = [{**each, "display": "As our site calls it"} for each in concept["coding"]]
    local = {"system": LOCAL, "code": str(rng.randrange(1000)), "display": "Site's own name", "userSelected": True}
    if rng.random() < 2 / 3:
        concept["coding"].insert(rng.randrange(len(concept["coding"]) + 1), local)
    if rng.random() < 1 / 5:
        concept["coding"].append({"code": None, "display": "no system"})
    concept["text"] = "As our site calls it"


def _address(address: str, renamed: Callable[[str], str], rng: Random) -> str:
    if address.startswith("#"):
        return address  # contained resources keep their ids
    new = renamed(address)
    return f"{SERVER}/{new}" if rng.random() < 1 / 4 else new
