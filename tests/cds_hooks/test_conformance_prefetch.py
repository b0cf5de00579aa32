"""Prefetch as conformance.md section 5 reads it: absent, null, empty, failed and cut off are five things."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.cds_hooks.answers import requests
from tests.front_door import (
    SERVICE,
    Ehr,
    ask,
    assert_error,
    call,
    clients,
    limited_scan,
    make_service,
    no_ehr,
    pathways,
    searchset,
    stated,
)

Json = dict[str, Any]

BASE = "http://127.0.0.1:8080/fhir"
GRANTED = {"fhirServer": BASE, "fhirAuthorization": {"access_token": "t-1", "token_type": "Bearer"}}
WARNING = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "suppressed"}]}
ERROR = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
NO_RESULTS = {
    "resourceType": "OperationOutcome",
    "issue": [
        {
            "severity": "warning",
            "code": "processing",
            "details": {"coding": [{"system": "urn:oid:1.2.840.114350.1.13.0.1.7.2.657369", "code": "4101"}]},
        }
    ],
}
REASSURED = "No further DVT imaging needed now"


def reassured() -> Json:
    """The call of a patient who needs no further imaging: a complete study, and symptoms that have resolved."""
    body: Json = copy.deepcopy(requests()["complete-study-resolved"])
    body["prefetch"] = {name: value for name, value in body["prefetch"].items() if value != searchset()}
    return body


async def lead(body: Json, ehr: Ehr = no_ehr) -> str | None:
    """What the card says first; None for silence."""
    response = await ask("POST", SERVICE, ehr, json=body)

    assert response.status_code == 200, response.text
    return next((card["summary"] for card in response.json()["cards"]), None)


def with_answer(key: str, answer: object) -> Json:
    body = reassured()
    body["prefetch"] = {**body["prefetch"], key: answer}
    return body


def without(key: str) -> Json:
    body = reassured()
    del body["prefetch"][key]
    return body


def with_outcome(bundle: Json, outcome: Json) -> Json:
    return {**bundle, "entry": [*bundle["entry"], {"resource": outcome, "search": {"mode": "outcome"}}]}


async def test_the_patient_of_these_tests_is_reassured() -> None:
    assert (await lead(reassured()) or "").startswith(REASSURED)


@pytest.mark.row("PF-11")
async def test_an_absent_key_is_unknown_and_never_none() -> None:
    """Without the symptoms nobody is told that no further imaging is needed."""
    said = await lead(without("exam_observations"))

    assert said
    assert REASSURED not in said


@pytest.mark.row("PF-07", "PF-09")
@pytest.mark.parametrize("key", ["exam_observations", "imaging_observations"])
@pytest.mark.parametrize("failed", [ERROR, searchset(ERROR)], ids=["bare", "in a Bundle"])
async def test_an_operation_outcome_is_never_read_as_data(key: str, failed: Json) -> None:
    said = await lead(with_answer(key, failed))

    assert said
    assert REASSURED not in said


@pytest.mark.row("PF-09")
@pytest.mark.parametrize("outcome", [WARNING, ERROR], ids=["warning", "error"])
@pytest.mark.parametrize("key", ["exam_observations", "reports"])
async def test_data_with_an_outcome_beside_it_do_not_reassure(key: str, outcome: Json) -> None:
    """A warning says that something was left out; an error in the required key is a 412."""
    body = reassured()
    body["prefetch"][key] = with_outcome(body["prefetch"][key], outcome)
    response = await ask("POST", SERVICE, json=body)

    if outcome is ERROR and key == "reports":
        assert_error(response, 412, "prefetch-missing", "prefetch.reports")
    else:
        assert response.json()["cards"]
        assert REASSURED not in response.text


@pytest.mark.row("PF-09", "PF-10")
@pytest.mark.parametrize(
    "nothing",
    [None, searchset(), {**searchset(), "total": 0}, with_outcome(searchset(), NO_RESULTS)],
    ids=["null", "empty", "total 0", "Epic 4101"],
)
async def test_every_way_to_say_none_means_none(nothing: Json | None) -> None:
    """No report: not a patient of ours, and no 412 (PF-14)."""
    assert await lead(with_answer("reports", nothing)) is None


@pytest.mark.row("PF-13", "RESP-03")
@pytest.mark.parametrize("key", ["patient", "reports"])
@pytest.mark.parametrize("state", ["absent", "failed"])
async def test_required_data_that_cannot_be_had_is_412(key: str, state: str) -> None:
    body = without(key) if state == "absent" else with_answer(key, ERROR)

    assert_error(await ask("POST", SERVICE, json=body), 412, "prefetch-missing", f"prefetch.{key}")


@pytest.mark.row("PF-14")
async def test_a_record_that_lacks_the_content_is_no_error() -> None:
    """A report about something else, and a patient of whom nothing but the id is known."""
    chest = {**limited_scan()["reports"]["entry"][0]["resource"], "code": {"text": "Chest X-ray"}, "conclusionCode": []}
    bare = {"resourceType": "Patient", "id": "p-1"}

    assert await lead(call({"patient": bare, "reports": searchset(chest)})) is None


def ehr_of(answers: Mapping[str, Json], asked: list[str]) -> Ehr:
    """An EHR that knows these addresses below its base."""

    def ehr(request: httpx.Request) -> httpx.Response:
        address = str(request.url).removeprefix(BASE).removeprefix("/")
        asked.append(address)
        found = answers.get(address)
        return httpx.Response(
            404 if found is None else 200, json=found or {}, headers={"content-type": "application/fhir+json"}
        )

    return ehr


async def queries_of(patient_id: str) -> dict[str, str]:
    service, *_ = (await ask("GET", "/cds-services")).json()["services"]
    return {key: query.replace("{{context.patientId}}", patient_id) for key, query in service["prefetch"].items()}


@pytest.mark.row("PF-12", "PF-15")
@pytest.mark.parametrize("name", sorted(requests()))
async def test_the_same_data_give_the_same_card_prefetched_or_fetched(name: str) -> None:
    """By prefetch alone, by own calls alone. A `null` reads as an empty Bundle on a server."""
    body: Json = copy.deepcopy(requests()[name])
    if not {"patient", "reports"} <= set(body["prefetch"]):
        return  # the example of missing data
    queries = await queries_of(body["context"]["patientId"])
    whole = {key: body["prefetch"].get(key) for key in queries}
    server = {queries[key]: answer or searchset() for key, answer in whole.items()}
    asked: list[str] = []

    prefetched = await ask("POST", SERVICE, json={**body, "prefetch": whole})
    fetched = await ask("POST", SERVICE, ehr_of(server, asked), json={**body, **GRANTED, "prefetch": {}})

    assert fetched.json() == prefetched.json()
    assert sorted(asked) == sorted(queries.values())


@pytest.mark.row("PF-12", "PF-13")
@pytest.mark.parametrize("granted", [{}, {"fhirServer": BASE}], ids=["nothing", "server without token"])
async def test_without_a_token_nothing_is_fetched(granted: Json) -> None:
    response = await ask("POST", SERVICE, json={**without("reports"), **granted})

    assert_error(response, 412, "prefetch-missing", "prefetch.reports")


@pytest.mark.row("PF-07", "PF-12")
async def test_a_query_that_failed_is_not_tried_again() -> None:
    """Section 5: do not retry blindly. The EHR of this test fails when it is asked."""
    whole = {**dict.fromkeys(await queries_of("x")), **reassured()["prefetch"], "reports": ERROR}
    response = await ask("POST", SERVICE, json={**reassured(), **GRANTED, "prefetch": whole})

    assert_error(response, 412, "prefetch-missing", "prefetch.reports")


# ---- PF-05: pages --------------------------------------------------------------------------------

WORSE = "worsening"


def paged(address: str, relation: str = "next") -> Json:
    """A call with every key, whose page of symptoms says `resolved` and names another page."""
    body = call({key: None for pathway in pathways() for key in pathway.queries})
    body["prefetch"] |= limited_scan()
    first = searchset(stated("symptoms.status", "resolved", "2026-03-10"))
    body["prefetch"]["exam_observations"] = {**first, "link": [{"relation": relation, "url": address}]}
    return body


def facts_of(response: httpx.Response) -> Json:
    assert response.status_code == 200, response.text
    (card,) = response.json()["cards"]
    facts: Json = card["extension"]["org.dvt-next-step.decision"]["facts"]
    return facts


def next_page(**members: object) -> Json:
    """The page behind the first: the symptoms are worse since."""
    return {**searchset(stated("symptoms.status", WORSE, "2026-03-12") | {"id": "later"}), **members}


@pytest.mark.row("PF-05")
async def test_the_next_page_is_read_with_the_calls_token() -> None:
    asked: list[str] = []
    ehr = ehr_of({"?page=2": next_page()}, asked)
    response = await ask("POST", SERVICE, ehr, json=paged(f"{BASE}?page=2") | GRANTED)

    assert asked == ["?page=2"]
    assert facts_of(response)["symptoms"]["status"] == WORSE


@pytest.mark.row("PF-05")
async def test_pages_are_followed_to_the_last() -> None:
    asked: list[str] = []
    middle = {**searchset(), "link": [{"relation": "next", "url": f"{BASE}?page=3"}]}
    ehr = ehr_of({"?page=2": middle, "?page=3": next_page()}, asked)
    response = await ask("POST", SERVICE, ehr, json=paged(f"{BASE}?page=2") | GRANTED)

    assert asked == ["?page=2", "?page=3"]
    assert facts_of(response)["symptoms"]["status"] == WORSE


@pytest.mark.row("PF-05")
async def test_all_pages_together_are_a_complete_answer() -> None:
    """What is known to be resolved stays so when the last page came."""
    asked: list[str] = []
    response = await ask(
        "POST", SERVICE, ehr_of({"?page=2": searchset()}, asked), json=paged(f"{BASE}?page=2") | GRANTED
    )

    assert asked == ["?page=2"]
    assert facts_of(response)["symptoms"]["status"] == "resolved"


@pytest.mark.row("PF-05")
async def test_a_page_and_an_absent_key_are_fetched_in_one_go() -> None:
    asked: list[str] = []
    body = paged(f"{BASE}?page=2") | GRANTED
    del body["prefetch"]["service_requests"]
    query = (await queries_of("p-1"))["service_requests"]
    response = await ask("POST", SERVICE, ehr_of({"?page=2": next_page(), query: searchset()}, asked), json=body)

    assert sorted(asked) == sorted(["?page=2", query])
    assert facts_of(response)["symptoms"]["status"] == WORSE


@pytest.mark.row("PF-05")
@pytest.mark.parametrize("granted", [{}, {"fhirServer": BASE}], ids=["nothing", "server without token"])
async def test_a_page_without_a_token_makes_the_answer_incomplete(granted: Json) -> None:
    """The page that did not come may hold a later course: what reassures is not known."""
    response = await ask("POST", SERVICE, json=paged(f"{BASE}?page=2") | granted)

    assert "status" not in facts_of(response).get("symptoms", {})


@pytest.mark.row("PF-05")
@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8080/other?page=2",
        "http://127.0.0.1:9090/fhir?page=2",
        "https://evil.example/fhir?page=2",
        "http://127.0.0.1:8080/fhir/../admin?page=2",
        "?page=2",
        "",
    ],
)
async def test_a_page_elsewhere_is_never_asked_for(address: str) -> None:
    """Threat B7: the EHR of this test fails when it is asked."""
    response = await ask("POST", SERVICE, json=paged(address) | GRANTED)

    assert "status" not in facts_of(response).get("symptoms", {})


@pytest.mark.row("PF-05")
async def test_a_page_of_an_unlisted_server_is_never_asked_for() -> None:
    """Threat B1."""
    app = make_service(client=replace(clients().default, fhir_bases=("https://ehr.example/fhir",)))
    response = await ask("POST", SERVICE, app=app, json=paged(f"{BASE}?page=2") | GRANTED)

    assert "status" not in facts_of(response).get("symptoms", {})


@pytest.mark.row("PF-05")
async def test_a_page_that_fails_makes_the_answer_incomplete() -> None:
    asked: list[str] = []
    response = await ask("POST", SERVICE, ehr_of({}, asked), json=paged(f"{BASE}?page=2") | GRANTED)

    assert asked == ["?page=2"]
    assert "status" not in facts_of(response).get("symptoms", {})


@pytest.mark.row("PF-05")
async def test_a_page_about_another_patient_proves_nothing() -> None:
    """Threat H2."""
    stranger = stated("symptoms.status", WORSE, "2026-03-12") | {"subject": {"reference": "Patient/p-2"}, "id": "x"}
    asked: list[str] = []
    ehr = ehr_of({"?page=2": searchset(stranger)}, asked)
    response = await ask("POST", SERVICE, ehr, json=paged(f"{BASE}?page=2") | GRANTED)

    assert facts_of(response)["symptoms"]["status"] != WORSE


async def test_other_links_are_not_followed() -> None:
    response = await ask("POST", SERVICE, json=paged(f"{BASE}?page=1", "self") | GRANTED)

    assert facts_of(response)["symptoms"]["status"] == "resolved"
