"""From a call whose data could not all be read to its card: what is said, and what is not concluded (H21 to H23)."""

import json
from typing import Any

import httpx
import pytest

from tests.faults import patients
from tests.front_door import SERVICE, Ehr, ask, assert_error, call, make_service

Json = dict[str, Any]

DECISION = "org.dvt-next-step.decision"
FAILED: Json = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
BASE = "http://127.0.0.1:8080/fhir"


def granted(**members: object) -> Json:
    authorization = {"access_token": "secret-1", "token_type": "Bearer", **members}
    return {"fhirServer": BASE, "fhirAuthorization": authorization}


async def card_on(prefetch: Json) -> Json:
    response = await ask("POST", SERVICE, json=call(prefetch))
    assert response.status_code == 200, response.text
    (card,) = response.json()["cards"]
    found: Json = card
    return found


def ids(card: Json) -> list[str]:
    return [each["id"] for each in card["extension"][DECISION]["recommendations"]]


async def test_a_whole_record_ends_imaging_and_names_nothing_unread() -> None:
    card = await card_on(patients.answers("settled"))

    assert ids(card)[0] == "NO-FURTHER-IMAGING"
    assert "Could not be read" not in card["detail"]
    assert "unread" not in card["extension"][DECISION]


@pytest.mark.parametrize("query", ["imaging_observations", "exam_observations", "survey_observations"])
@pytest.mark.parametrize("state", ["failed", "not sent", "cut"])
async def test_h23_imaging_does_not_end_on_what_could_not_be_read(query: str, state: str) -> None:
    prefetch = patients.answers("settled")
    match state:
        case "failed":
            prefetch[query] = FAILED
        case "not sent":
            del prefetch[query]
        case _:
            prefetch[query]["link"] = [{"relation": "next", "url": "https://elsewhere.example/"}]

    assert not patients.REASSURING & set(ids(await card_on(prefetch)))


async def test_the_card_says_in_words_what_could_not_be_read() -> None:
    card = await card_on({**patients.answers("settled"), "laboratory_observations": FAILED})
    why = patients.declared()[0]["laboratory_observations"]["why"]

    assert f"**Could not be read:**\n- {why}" in card["detail"]
    assert card["extension"][DECISION]["unread"] == [why]


async def test_what_was_not_sent_is_named_only_where_it_was_needed() -> None:
    needed, idle = patients.answers("settled"), patients.answers("worse")
    del needed["survey_observations"], idle["survey_observations"]
    why = patients.declared()[0]["survey_observations"]["why"]

    assert why in (await card_on(needed))["detail"]
    assert why not in (await card_on(idle))["detail"]


async def test_a_card_with_other_gaps_is_another_card() -> None:
    one = await card_on({**patients.answers("worse"), "devices": FAILED})
    other = await card_on({**patients.answers("worse"), "allergies": FAILED})

    assert one["uuid"] != other["uuid"]


# ---- B6: the token -------------------------------------------------------------------------------


def server(asked: list[str]) -> Ehr:
    known = {patients.templates()[key]: answer for key, answer in patients.answers("settled").items()}

    def ehr(request: httpx.Request) -> httpx.Response:
        query = str(request.url).removeprefix(f"{BASE}/")
        asked.append(query)
        content = json.dumps(known[query]).encode()
        return httpx.Response(200, headers={"content-type": "application/fhir+json"}, stream=httpx.ByteStream(content))

    return ehr


@pytest.mark.parametrize(
    "members", [{"expires_in": 300}, {"expires_in": None}, {"scope": "patient/*.read"}, {}], ids=str
)
async def test_b6_a_good_token_brings_the_record(members: Json) -> None:
    asked: list[str] = []
    response = await ask("POST", SERVICE, server(asked), json=call({}, **granted(**members)))

    assert ids(response.json()["cards"][0])[0] == "NO-FURTHER-IMAGING"
    assert sorted(asked) == sorted(patients.templates().values())


@pytest.mark.parametrize("expires_in", [0, -1, 1])
async def test_b6_an_expired_token_is_never_sent(expires_in: int) -> None:
    asked: list[str] = []
    response = await ask("POST", SERVICE, server(asked), json=call({}, **granted(expires_in=expires_in)))

    assert_error(response, 412, "prefetch-missing", "prefetch.patient", "prefetch.reports")
    assert asked == []


async def test_b6_what_the_scope_leaves_out_is_not_asked_and_not_known() -> None:
    asked: list[str] = []
    scope = "patient/Patient.read patient/DiagnosticReport.read patient/ImagingStudy.read"
    response = await ask("POST", SERVICE, server(asked), json=call({}, **granted(scope=scope)))

    assert not any(query.startswith("Observation") for query in asked)
    assert not patients.REASSURING & set(ids(response.json()["cards"][0]))


@pytest.mark.parametrize("expires_in", ["300", True, [], {}, "soon"], ids=str)
async def test_b6_an_end_that_is_no_number_is_refused(expires_in: object) -> None:
    response = await ask("POST", SERVICE, json=call({}, **granted(expires_in=expires_in)))

    assert_error(response, 400, "invalid-member", "fhirAuthorization.expires_in")


@pytest.mark.parametrize("scope", [5, [], ["patient/*.read"], {}], ids=str)
async def test_b6_a_scope_that_is_no_text_is_refused(scope: object) -> None:
    response = await ask("POST", SERVICE, json=call({}, **granted(scope=scope)))

    assert_error(response, 400, "invalid-member", "fhirAuthorization.scope")


# ---- I1: the breaker is the service's, not the call's ----------------------------------------------


async def test_i1_a_server_that_is_down_is_left_alone_after_five_calls() -> None:
    asked: list[str] = []

    def down(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(500)

    app = make_service(down)
    for _ in range(7):
        response = await ask("POST", SERVICE, app=app, json=call({}, **granted()))
        assert response.status_code == 412

    assert len(asked) == 5 * len(patients.templates())
