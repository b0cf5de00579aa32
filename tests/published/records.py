"""Published files as records: the resources in them, whose they are, and the shapes in which an EHR would send them.

Shares no code with the service.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.faults.patients import declared

Json = dict[str, Any]

ABOUT: Final = ("subject", "patient", "beneficiary", "individual", "for")
FALLBACK_DAY: Final = "2026-03-12"
DAYS: Final = (
    "effectiveDateTime", "issued", "recordedDate", "performedDateTime", "authoredOn", "authored", "started", "date",
)  # fmt: skip
URN: Final = ("urn:uuid:", "urn:oid:")


@dataclass(frozen=True)
class PublishedRecord:
    """One patient and what one source says of them."""

    patient: Json
    others: tuple[Json, ...]

    @property
    def today(self) -> str:
        """The day on which the newest entry was made: nothing is outdated for being an example."""
        days = [str(each[name])[:10] for each in self.others for name in DAYS if isinstance(each.get(name), str)]
        whole = [day for day in days if len(day) == len(FALLBACK_DAY) and "1990" <= day <= "2099"]
        return max(whole, default=FALLBACK_DAY)

    def bundle(self) -> Json:
        """The record as POST /evaluate takes it."""
        return collection([self.patient, *self.others])

    def prefetch(self) -> Json:
        """The record as an EHR's searches would bring it, sorted by our templates."""
        found: dict[str, list[Json]] = {query: [] for query in queries() if query != "patient"}
        for each in self.others:
            for query in asked_by(each):
                found[query].append(each)
        return {"patient": self.patient, **{query: searchset(each) for query, each in found.items()}}

    def with_a_scan(self) -> "PublishedRecord":
        """The same patient, ten days after a limited negative scan of the leg, which hurts still."""
        today = date.fromisoformat(self.today)
        scanned, subject = (today - timedelta(days=10)).isoformat(), {"reference": f"Patient/{self.patient['id']}"}
        details = [
            stated("exam.protocol", "proximal_duplex", scanned, "imaging"),
            stated("exam.quality", "adequate", scanned, "imaging"),
        ]
        report = {
            "resourceType": "DiagnosticReport",
            "id": "added-report",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "39432-0"}]},
            "effectiveDateTime": scanned,
            "conclusionCode": [{"coding": [{"system": "http://snomed.info/sct", "code": "373140001"}]}],
            "result": [{"reference": f"Observation/{each['id']}"} for each in details],
        }
        added = [
            report,
            *details,
            stated("symptoms.status", "persistent", self.today, "exam"),
            stated("symptoms.side", "left", self.today, "exam"),
        ]
        return replace(self, others=(*self.others, *(each | {"subject": subject} for each in added)))

    def call(self) -> Json:
        """A patient-view call with that prefetch, on that day."""
        return {
            "hook": "patient-view",
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "context": {"userId": "Practitioner/p1", "patientId": self.patient["id"]},
            "prefetch": self.prefetch(),
            "extension": {"org.dvt-next-step.today": self.today},
        }


def stated(fact: str, value: str, day: str, category: str) -> Json:
    """A fact in our own codes."""
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {
        "resourceType": "Observation",
        "id": f"added-{fact.replace('.', '-')}",
        "status": "final",
        "category": [{"coding": [{"system": system, "code": category}]}],
        "code": {"coding": [{"system": "urn:dvt-next-step:fact", "code": fact}]},
        "valueCodeableConcept": {"coding": [{"system": "urn:dvt-next-step:value", "code": value}]},
        "effectiveDateTime": day,
    }


def collection(found: Sequence[Json]) -> Json:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in found]}


def searchset(found: Sequence[Json]) -> Json:
    return collection(found) | {"type": "searchset"}


@cache
def queries() -> Mapping[str, tuple[str, Mapping[str, str]]]:
    """Prefetch key -> the type it asks for and the tokens it filters by, as the template says."""
    found = {}
    for query, each in declared()[0].items():
        _, _, search = each["template"].partition("?")
        given = dict(part.split("=", 1) for part in search.split("&")) if search else {}
        found[query] = each["resource"], {name: given[name] for name in ("category", "status") if name in given}
    return found


def asked_by(resource: Json) -> list[str]:
    """The queries that would bring the resource."""
    return [
        query
        for query, (type_, tokens) in queries().items()
        if query != "patient"
        and type_ == resource.get("resourceType")
        and all(value in tokens_of(resource, name) for name, value in tokens.items())
    ]


def tokens_of(resource: Json, name: str) -> set[str]:
    value = resource.get(name)
    concepts = value if isinstance(value, list) else []
    codes = {
        str(coding.get("code"))
        for concept in concepts
        if isinstance(concept, dict)
        for coding in concept.get("coding") or []
        if isinstance(coding, dict)
    }
    return codes | ({value} if isinstance(value, str) else set())


# ---- what a file holds


def contents(file: Path) -> list[Any]:
    """The JSON values of a file: one, or one a line. None stands for text that is no JSON."""
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    lines = text.splitlines() if file.suffix == ".ndjson" else [text]
    return [_json(line) for line in lines if line.strip()]


def _json(text: str) -> Any:  # noqa: ANN401 -- any JSON
    try:
        return json.loads(text)
    except ValueError:
        return None


def bundles_of(value: Any) -> Iterator[Json]:  # noqa: ANN401 -- any JSON
    """The Bundles in a file or in a CDS Hooks message, whole."""
    if isinstance(value, dict) and value.get("resourceType") == "Bundle":
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from bundles_of(each)


def resources_of(value: Any) -> Iterator[Json]:  # noqa: ANN401 -- any JSON
    """Every resource in it but those contained in another, with the ids that a server gives to a transaction."""
    if isinstance(value, dict) and value.get("resourceType") == "Bundle":
        entries = [each for each in value.get("entry") or [] if isinstance(each, dict)]
        minted = dict(filter(None, map(_minted, entries)))
        for entry in entries:
            resource = entry.get("resource")
            full_url = entry.get("fullUrl")
            if isinstance(resource, dict) and full_url in minted:
                resource = resource | {"id": minted[full_url].rsplit("/", 1)[-1]}
            yield from map(lambda each: _replaced(each, minted), resources_of(resource))  # noqa: C417 -- reads better
    elif isinstance(value, dict) and isinstance(value.get("resourceType"), str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from resources_of(each)


def _minted(entry: Json) -> tuple[str, str] | None:
    """The entry's fullUrl and its `Type/id`, where the fullUrl is no address."""
    full_url, resource = entry.get("fullUrl"), entry.get("resource")
    if not isinstance(full_url, str) or not full_url.startswith(URN) or not isinstance(resource, dict):
        return None
    return full_url, f"{resource.get('resourceType')}/{resource.get('id') or full_url.rsplit(':', 1)[-1]}"


def _replaced(value: Any, minted: Mapping[str, str]) -> Any:  # noqa: ANN401 -- any JSON
    """The value with every reference to an entry by its fullUrl made a reference by type and id."""
    if isinstance(value, dict):
        return {
            name: minted.get(each, each) if name == "reference" and isinstance(each, str) else _replaced(each, minted)
            for name, each in value.items()
        }
    return [_replaced(each, minted) for each in value] if isinstance(value, list) else value


# ---- whose it is


def by_patient(found: Iterable[Json]) -> list[PublishedRecord]:
    """The resources of one place, sorted by the patient they are about. What is about nobody here is left out."""
    patients: dict[str, Json] = {}
    about: dict[str, list[Json]] = defaultdict(list)
    for each in found:
        if each["resourceType"] == "Patient" and isinstance(each.get("id"), str):
            patients.setdefault(each["id"], each)
        for patient in _subjects(each):
            about[patient].append(each)
    return [PublishedRecord(patient, tuple(about[id_])) for id_, patient in patients.items()]


def _subjects(resource: Json) -> set[str]:
    references = (resource.get(name) for name in ABOUT)
    said = [each.get("reference") for each in references if isinstance(each, dict)]
    parts = [each.split("/_history/")[0].split("/") for each in said if isinstance(each, str)]
    return {part[-1] for part in parts if len(part) > 1 and part[-2] == "Patient"}
