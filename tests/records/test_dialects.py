"""The table of dialects says what the generator does, and docs/records.md shows that table."""

import json
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.oracle.fact_sets import numbered
from tests.records.codes import FACT, VALUE, codes
from tests.records.dialects import CODED, DIALECTS, FORM, PANEL, STATED, record_of, ways
from tests.records.epic import as_epic
from tests.records.facts import known
from tests.records.limits import REASONS, expressible
from tests.records.local import SITE, as_local, concept_map, local_codes
from tests.records.record import Entry, Written

SEED = 20261123
COUNT = 1000
DOCS = Path(__file__).parents[2] / "docs" / "records.md"
Json = Any


def written(number: int) -> Written:
    rng = Random(f"dialects/{number}")  # noqa: S311 -- reproducible on purpose
    asked = numbered(SEED, number)
    patient, _ = expressible(known(asked.facts, asked.today))
    return record_of(patient, rng, DIALECTS)


@cache
def seen() -> dict[str, set[str]]:
    """Fact -> the dialects in which it was written."""
    found: dict[str, set[str]] = defaultdict(set)
    for number in range(COUNT):
        made = written(number)
        if "birthDate" in made.patient:
            found["age"].add(CODED)
        if made.patient.get("gender") in ("male", "female"):
            found["sex"].add(CODED)
        for entry in made.entries:
            for name, dialect in spoken(entry):
                found[name].add(dialect)
    return found


def spoken(entry: Entry) -> Iterator[tuple[str, str]]:
    """The facts of an entry, each with the dialect it is said in."""
    parts = [entry.resource, *entry.resource.get("contained", ())]
    by_name = {name: dialect for part in parts for name, dialect in _spoken(part)}
    for said in entry.says:
        name = f"exams.{said.split('.', 1)[1]}" if said.startswith("exams[") else said
        own_name = name.replace("exams.", "exam.")
        yield name, by_name.get(own_name, PANEL if "component" in entry.resource else CODED)


def _spoken(part: Json) -> Iterator[tuple[str, str]]:
    if part["resourceType"] == "QuestionnaireResponse":
        yield from ((item["linkId"], FORM) for item in _items(part["item"]))
    for component in part.get("component", ()):
        yield component["code"]["coding"][0]["code"], PANEL
    for coding in part.get("code", {}).get("coding", ()):
        if coding["system"] == FACT:
            systems = {each["system"] for each in part.get("valueCodeableConcept", {}).get("coding", ())}
            yield coding["code"], STATED if systems <= {VALUE} else CODED


def _items(items: list[Json]) -> Iterator[Json]:
    for item in items:
        yield item
        yield from _items(item.get("item", []))


def test_the_generator_speaks_as_the_table_says() -> None:
    said = {fact: set(by_dialect) for fact, by_dialect in ways().items()}
    # The day of the status is told apart from nothing: it is the day of the resource.
    said["symptoms.as_of"] = {CODED}

    assert {fact: sorted(each) for fact, each in sorted(seen().items())} == {
        fact: sorted(each) for fact, each in sorted(said.items())
    }


def test_every_fact_can_be_said_in_some_dialect() -> None:
    assert [fact for fact, by_dialect in ways().items() if not by_dialect] == []


def table() -> str:
    """The table as docs/records.md shows it."""
    head = f"| fact | {' | '.join(DIALECTS)} |\n|---|{'---|' * len(DIALECTS)}"
    rows = [
        f"| `{fact}` | {' | '.join(by_dialect.get(dialect, '–') for dialect in DIALECTS)} |"
        for fact, by_dialect in ways().items()
    ]
    return "\n".join([head, *rows])


def limits() -> str:
    """What no record can say, as docs/records.md shows it."""
    return "\n".join(["| what | why |", "|---|---|", *(f"| {name} | {why} |" for name, why in REASONS.items())])


@pytest.mark.parametrize("part", [table, limits], ids=["dialects", "limits"])
def test_the_page_shows_the_table(part: Any) -> None:  # noqa: ANN401 -- one of the two above
    assert part() in DOCS.read_text("utf-8")


# ---- the dresses ---------------------------------------------------------------------------------


def test_epic_sends_what_vendors_md_says() -> None:
    made = as_epic(written(4), Random(1))  # noqa: S311 -- reproducible on purpose
    text = json.dumps(made.prefetch())
    empty = made.prefetch()["devices"]

    assert made.patient["id"].startswith("e")
    assert empty["total"] == 0
    assert empty["entry"][0]["resource"]["issue"][0]["details"]["coding"][0]["code"] == "4101"
    for shape in ('"display": ', ": null", '"category": [', '"extension": [', '"userSelected": true'):
        assert shape in text


def test_a_site_has_one_code_for_each_code_that_may_be_used() -> None:
    assert len(set(local_codes().values())) == len(local_codes())
    assert {code for listed in codes().roles.values() for code in listed} <= local_codes().keys()
    assert sum(len(group["element"]) for group in concept_map()["group"]) == len(local_codes())


def test_the_local_dialect_uses_the_sites_codes() -> None:
    made = as_local(written(4), Random(1))  # noqa: S311 -- reproducible on purpose

    assert SITE in json.dumps(made.prefetch())
    assert made.is_local
