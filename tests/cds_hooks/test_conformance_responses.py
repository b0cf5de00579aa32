"""Answers as conformance.md demands them: RESP-*, and what holds for every byte we send."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.cds_hooks.answers import answers, requests
from tests.cds_hooks.response_model import CdsResponse, empties
from tests.front_door import SERVICE, ask, call, limited_scan, searchset

Json = dict[str, Any]


@pytest.mark.row("RESP-01", "GEN-02", "GEN-03")
@pytest.mark.parametrize("name", sorted(answers()))
def test_every_answer_is_one_of_2_0_1(name: str) -> None:
    """Judged by a model of the specification that shares nothing with the service."""
    answer = answers()[name]

    CdsResponse.model_validate(answer)
    assert set(answer) == {"cards"}
    assert set(empties(answer)) <= {"/cards"}


def test_the_examples_have_cards_of_every_loudness_and_silence() -> None:
    """So that the tests above and below try something."""
    said = [answer["cards"] for answer in answers().values()]

    assert {card["indicator"] for cards in said for card in cards} == {"info", "warning", "critical"}
    assert [] in said


@pytest.mark.row("RESP-02")
@pytest.mark.parametrize(
    "prefetch",
    [
        {"patient": None, "reports": None},
        {**limited_scan(), "reports": searchset()},
        {**limited_scan(), "patient": {**limited_scan()["patient"], "deceasedBoolean": True}},
    ],
    ids=["nothing known", "no ultrasound", "died"],
)
async def test_nothing_to_say_is_200_with_an_empty_list(prefetch: Json) -> None:
    response = await ask("POST", SERVICE, json=call(prefetch))

    assert response.status_code == 200
    assert response.content == b'{"cards":[]}'


REFUSED: Mapping[str, tuple[int, Json]] = {
    "not JSON": (400, {"content": b"{"}),
    "not an object": (400, {"json": []}),
    "no hook": (400, {"json": {"context": {"patientId": "p-1"}, "hookInstance": "x"}}),
    "no instance": (400, {"json": {"hook": "patient-view", "context": {"patientId": "p-1"}}}),
    "another hook": (400, {"json": call() | {"hook": "order-sign"}}),
    "no context": (400, {"json": {"hook": "patient-view", "hookInstance": "x"}}),
    "another patient": (400, {"json": call({**limited_scan(), "patient": {"resourceType": "Patient", "id": "p-2"}})}),
    "an unknown service": (404, {"json": call()}),
    "a required key missing": (412, {"json": call({"patient": None})}),
    "a long body": (413, {"content": b" " * 5_242_881}),
    "another media type": (415, {"content": b"{}", "headers": {"content-type": "text/xml"}}),
}


@pytest.mark.row("RESP-03", "RESP-04", "RESP-05", "RESP-06")
@pytest.mark.parametrize("name", REFUSED)
async def test_a_refusal_has_the_status_of_the_table_and_an_operation_outcome(name: str) -> None:
    """Section 4: never 204, and never the 422 that the framework would send. Codes are FHIR's IssueType."""
    status, request = REFUSED[name]
    response = await ask("POST", "/cds-services/other" if status == 404 else SERVICE, **request)
    body = response.json()

    assert response.status_code == status
    assert body["resourceType"] == "OperationOutcome"
    assert body["issue"][0]["severity"] == "error"
    assert body["issue"][0]["code"] in {"invalid", "not-found", "required", "too-long", "not-supported"}
    assert body["issue"][0]["diagnostics"]
    assert not list(empties(body))


@pytest.mark.row("RESP-08")
async def test_a_client_can_tell_our_card_from_others_and_from_its_repetition() -> None:
    """One card, with our name and a fixed topic; the same id for the same call, another for another."""
    first, again = [(await ask("POST", SERVICE, json=call())).json()["cards"] for _ in range(2)]
    (other,) = (await ask("POST", SERVICE, json=call(hookInstance="another"))).json()["cards"]

    assert first == again
    assert len(first) == 1
    assert first[0]["source"]["label"].startswith("dvt-next-step")
    assert first[0]["source"]["topic"] == other["source"]["topic"]
    assert first[0]["uuid"] != other["uuid"]


@pytest.mark.row("GEN-09", "SUG-06", "SYS-01", "SYS-02")
@pytest.mark.parametrize("name", sorted(requests()))
async def test_nothing_is_sent_that_a_client_has_to_be_known_for(name: str) -> None:
    """No `actionSelectionBehavior` (3.0) and no system actions, which would bypass a person's judgment."""
    text = (await ask("POST", SERVICE, json=requests()[name])).text

    assert "actionSelectionBehavior" not in text
    assert "systemActions" not in text
