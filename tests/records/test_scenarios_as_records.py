"""Every scenario of the pathways, as a FHIR record through `POST /cds-services/...`: the same advice as by facts.

A scenario whose patient no record can describe is listed with its reason; its record gets the advice on what it says.
"""

from dataclasses import replace
from datetime import date
from functools import cache
from random import Random
from typing import Any

import pytest
from fastapi import FastAPI

from app.clinical.evaluate import configure
from tests.clinical.scenario_files import FILES, Scenario, ids, scenarios, wrong
from tests.front_door import SERVICE, calling, clients, make_service
from tests.records.dialects import DIALECTS, record_of
from tests.records.epic import as_epic
from tests.records.facts import Known, known
from tests.records.limits import REASONS, expressible
from tests.records.local import as_local
from tests.records.product import advice_on_facts
from tests.records.record import SERVER, Written
from tests.records.site import site

DECISION = "org.dvt-next-step.decision"
SCENARIOS = [each for each in scenarios(*FILES) if "drafts" not in each]  # an order is judged by another hook
DRESSES = (None, as_epic, as_local)

BOOKED = "orders.venography unknown beside a day to come"

LISTED = {
    **dict.fromkeys(("B211", "B212", "B215", "B216", "B219", "B220", "G170", "P178"), BOOKED),
    "B147": "inpatient_hours not whole",
    "U038": "ddimer.assay without a usable value and its day",
}
"""Scenario -> why no record can describe its patient: a limit of limits.py. The others are asked whole."""


def patient_of(scenario: Scenario) -> tuple[Known, list[str]]:
    return expressible(known(scenario["facts"], date.fromisoformat(scenario["today"])))


def written_for(scenario: Scenario, patient: Known) -> Written:
    rng = Random(scenario["id"])  # noqa: S311 -- reproducible on purpose
    return record_of(patient, rng, rng.choice((DIALECTS, *((each,) for each in DIALECTS))), dress=rng.choice(DRESSES))


@cache
def service(settings: tuple[tuple[str, Any], ...], *, is_local: bool) -> FastAPI:
    """The service with the settings of a scenario."""
    client = site() if is_local else clients().default
    return make_service(client=replace(client, pathways=configure(client.pathways, dict(settings))))


async def asked(scenario: Scenario, written: Written) -> list[dict[str, Any]]:
    """The recommendations that ride on the card; none when there is no card."""
    call = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "fhirServer": SERVER,
        "context": {"userId": "Practitioner/p1", "patientId": written.patient["id"]},
        "prefetch": written.prefetch(),
        "extension": {"org.dvt-next-step.today": scenario["today"]},
    }
    app = service(tuple(sorted(scenario.get("config", {}).items())), is_local=written.is_local)
    async with calling(app) as client:
        response = await client.post(SERVICE, json=call)
    assert response.status_code == 200
    cards = response.json()["cards"]
    found: list[dict[str, Any]] = cards[0]["extension"][DECISION]["recommendations"] if cards else []
    return found


@pytest.mark.parametrize("scenario", SCENARIOS, ids=ids(SCENARIOS))
async def test_a_record_gets_the_advice_that_the_facts_get(scenario: Scenario) -> None:
    patient, left_out = patient_of(scenario)
    is_listed = scenario["id"] in LISTED
    made = await asked(scenario, written_for(scenario, patient))
    facts = patient.as_json() if is_listed else scenario["facts"]

    assert made == list(advice_on_facts(facts, patient.today, scenario.get("config", {})))
    assert not is_listed or LISTED[scenario["id"]] in left_out
    assert is_listed or wrong(scenario, {each["id"]: each for each in made}) == []


@pytest.mark.parametrize("name", sorted(LISTED))
def test_a_listed_scenario_needs_its_reason(name: str) -> None:
    scenario = next(each for each in SCENARIOS if each["id"] == name)
    patient, _ = patient_of(scenario)
    config = scenario.get("config", {})

    assert LISTED[name] in REASONS
    assert advice_on_facts(patient.as_json(), patient.today, config) != advice_on_facts(
        scenario["facts"], patient.today, config
    )
