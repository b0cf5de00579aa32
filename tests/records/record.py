"""A FHIR R4 record being written: each resource with the query that brings it and the facts that it carries."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final, TypeVar

from tests.records.codes import FACT, VALUE, Code, Codes
from tests.records.facts import Json, Known

T = TypeVar("T")

Resource = dict[str, Json]

SERVER: Final = "https://ehr.example.org/fhir"
PATIENT: Final = "patient"


@dataclass(frozen=True)
class Entry:
    """One resource. `says`: the facts it carries, `exams[0].result` by the place in the fact set's studies.

    An included one comes with another's search, as a detail of it.
    """

    query: str
    resource: Resource
    says: tuple[str, ...]
    is_included: bool = False

    @property
    def address(self) -> str:
        return f"{self.resource['resourceType']}/{self.resource['id']}"


@dataclass(frozen=True)
class Written:
    """The record of one patient. `patient` is a Patient; `empty` is what a query without resources answers; `is_local`:
    in the codes of a site whose client has to bring the map.
    """

    patient: Resource
    entries: tuple[Entry, ...]
    queries: tuple[str, ...]
    empty: Json = None
    links: tuple[Json, ...] = ()
    is_local: bool = False

    def prefetch(self) -> dict[str, Json]:
        """The answers by prefetch key, as a CDS client sends them."""
        answers: dict[str, Json] = {PATIENT: self.patient}
        for query in self.queries:
            if query != PATIENT:
                found = [each for each in self.entries if each.query == query]
                answers[query] = self._searchset(found) if found else self.empty
        return answers

    def bundle(self) -> Json:
        """The whole record as one Bundle."""
        patient = {"fullUrl": f"{SERVER}/Patient/{self.patient['id']}", "resource": self.patient}
        return {"resourceType": "Bundle", "type": "collection", "entry": [patient, *map(_in_bundle, self.entries)]}

    def _searchset(self, entries: Sequence[Entry]) -> Json:
        total = sum(not each.is_included for each in entries)
        head = {"resourceType": "Bundle", "type": "searchset", "total": total}
        return {**head, **({"link": list(self.links)} if self.links else {}), "entry": [*map(_in_bundle, entries)]}

    def text(self) -> str:
        """For a report of a disagreement."""
        return json.dumps(self.prefetch())


def _in_bundle(entry: Entry) -> Json:
    mode = "include" if entry.is_included else "match"
    return {"fullUrl": f"{SERVER}/{entry.address}", "resource": entry.resource, "search": {"mode": mode}}


class Pen:
    """What every writer needs: chance, the patient, the codes, and names for new resources."""

    def __init__(self, rng: Random, patient: Known, codes: Codes) -> None:
        self.rng = rng
        self.facts: Mapping[str, Json] = patient.facts
        self.today = patient.today
        self.codes = codes
        self.patient_id = f"p-{rng.randrange(10**6)}"
        self._number = 0

    def one_of(self, values: Sequence[T]) -> T:
        return self.rng.choice(values)

    def maybe(self, chance: float) -> bool:
        return self.rng.random() < chance

    def ago(self, days: int) -> date:
        return self.today - timedelta(days=days)

    def some_day(self, most: int | None) -> date:
        """A day of the look-back, both ends included; without an end, of the last three years."""
        return self.ago(self.rng.randint(0, 1000 if most is None else most))

    def dated(self, day: date) -> str:
        """A day as a FHIR dateTime: the day alone, or a time of it (the facility is in UTC)."""
        return f"{day}{self.one_of(('', '', 'T09:30:00Z', 'T00:00:00+00:00', 'T23:59:59.5Z', 'T14:00:00+02:00'))}"

    def resource(self, kind: str, **members: Json) -> Resource:
        """A resource about the patient."""
        self._number += 1
        subject = "patient" if kind in ("AllergyIntolerance", "Device") else "subject"
        about = {"reference": f"Patient/{self.patient_id}"}
        return {"resourceType": kind, "id": f"{kind.lower()[:4]}-{self._number}", subject: about, **members}


def concept(*codes: Code) -> Json:
    """A CodeableConcept."""
    return {"coding": [{"system": system, "code": code} for system, code in codes]}


def fact_code(fact: str) -> Json:
    """The code of an Observation that states a fact of ours."""
    return concept((FACT, fact))


def value_code(value: str) -> Json:
    """A value of our own code system."""
    return concept((VALUE, value))


def entries_of(parts: Iterable[Iterable[Entry]]) -> tuple[Entry, ...]:
    return tuple(entry for part in parts for entry in part)
