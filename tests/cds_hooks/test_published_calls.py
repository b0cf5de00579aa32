"""Every published CDS Hooks file, posted at our service: answered as the specification allows, whatever is in it."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from tests.cds_hooks.answers import cards
from tests.cds_hooks.response_model import CdsResponse, empties
from tests.front_door import SERVICE, ask, limited_scan

Json = dict[str, Any]

FIXTURES = Path(__file__).parents[3] / "shared" / "cds-hooks" / "fixtures"
NOT_MESSAGES = {"schemas", "outcomes"}

# FHIR type -> the prefetch key of ours whose query asks for it
OUR_KEYS = {
    "Patient": "patient",
    "DiagnosticReport": "reports",
    "Observation": "exam_observations",
    "ImagingStudy": "imaging_studies",
    "ServiceRequest": "service_requests",
}

# Published as good, and not conformant to 2.0.1 (fixtures/README.md, and SYS-01 for the first)
NOT_GOOD = {
    "pama-imaging/scenario-01-rating-response.json": "systemActions inside extension",
    "spec/response-autolaunchable.json": "no indicator",
    "pama-imaging/scenario-02-suggestion-response.json": "no selectionBehavior",
    "fhir-validator-testcases/cdshooks-response-suggestion.json": "157 characters, no selectionBehavior",
    "fhir-validator-testcases/cdshooks-response-source-link.json": "169 characters, empty link",
    "fhir-validator-testcases/cdshooks-response-empty-source.json": "empty source",
}


@cache
def files() -> Mapping[str, Any]:
    """Every published message by its name; none when they do not lie beside the project."""
    paths = [path for path in sorted(FIXTURES.rglob("*.json")) if not NOT_MESSAGES & set(path.parts)]
    return {path.relative_to(FIXTURES).as_posix(): json.loads(path.read_text(encoding="utf-8")) for path in paths}


def is_call(value: Json) -> bool:
    """Discovery entries have a hook, too, but an id instead of an instance or a context."""
    return "hook" in value and ("hookInstance" in value or isinstance(value.get("context"), dict))


@cache
def published() -> Mapping[str, Json]:
    """Every call, and every context or prefetch that is published alone, made a call."""
    calls: dict[str, Json] = {}
    for name, content in files().items():
        if not isinstance(content, dict):
            continue
        if is_call(content):
            calls[name] = content
        elif isinstance(content.get("context"), dict):
            hook = Path(name).name.partition("-context")[0]
            calls[name] = {"hook": hook, "hookInstance": name, "context": content["context"]}
        elif isinstance(content.get("prefetch"), dict):
            calls[name] = {"hook": "patient-view", "hookInstance": name, "context": {}, "prefetch": content["prefetch"]}
    return calls


def resources(value: object) -> Iterator[Json]:
    """Every resource at any depth, Bundles opened."""
    if isinstance(value, dict):
        if isinstance(value.get("resourceType"), str) and value["resourceType"] != "Bundle":
            yield value
        for member in value.values():
            yield from resources(member)
    elif isinstance(value, list):
        for member in value:
            yield from resources(member)


def patient_of(call: Json) -> str:
    """The prefetched Patient's id, else the one in the context, else any."""
    ids = [each["id"] for each in resources(call.get("prefetch")) if each["resourceType"] == "Patient" and "id" in each]
    sent = (call.get("context") or {}).get("patientId")
    return str(ids[0] if ids else sent or "p-1").removeprefix("Patient/")


def as_patient_view(call: Json) -> Json:
    """The call with our hook and a patient id that can be used; its prefetch as it is."""
    context = {"userId": "Practitioner/p1", **(call.get("context") or {}), "patientId": patient_of(call)}
    instance = call.get("hookInstance") or "none was sent"
    # its token is for a server of its own, which we may not ask; what came has to do
    asked = {"hook": "patient-view", "hookInstance": instance, "context": context, "fhirAuthorization": None}
    return {**call, **asked, "extension": without_trigger(call.get("extension"))}


def without_trigger(extension: object) -> object:
    """Epic's trigger would make an order hook of a patient-view."""
    if not isinstance(extension, dict):
        return extension
    return {name: value for name, value in extension.items() if not name.endswith("bpa-trigger-action")}


def with_our_keys(call: Json) -> Json:
    """The same, with each resource of the prefetch and the context under the key that we read it by."""
    patient = {"resourceType": "Patient", "id": patient_of(call)}
    found: dict[str, Any] = {"patient": patient, "reports": None}
    bundles: dict[str, list[Json]] = {}
    for resource in resources([call.get("prefetch"), call.get("context")]):
        key = OUR_KEYS.get(resource["resourceType"])
        if key == "patient":
            found["patient"] = {**resource, "id": resource.get("id", patient["id"])}
        elif key:
            bundles.setdefault(key, []).append({"resource": resource})
    searchsets = {
        key: {"resourceType": "Bundle", "type": "searchset", "entry": entry} for key, entry in bundles.items()
    }
    return {**as_patient_view(call), "prefetch": {**found, **searchsets}}


def assert_outcome(response: httpx.Response) -> None:
    body = response.json()

    assert 400 <= response.status_code < 500
    assert body["resourceType"] == "OperationOutcome"
    assert body["issue"][0]["severity"] == "error"
    assert body["issue"][0]["diagnostics"]
    assert not list(empties(body))


def assert_cds_answer(response: httpx.Response) -> None:
    """200 with an answer of 2.0.1, or 4xx with an OperationOutcome."""
    if response.status_code == httpx.codes.OK:
        CdsResponse.model_validate(response.json())
    else:
        assert_outcome(response)


def test_the_published_calls_are_there() -> None:
    if not FIXTURES.exists():
        pytest.skip("the published calls are not beside the project")
    folders = {name.partition("/")[0] for name in published()}

    assert len(published()) >= 35
    assert {"pama-imaging", "epic", "epic-shapes", "spec", "hooks", "inferno-crd", "davinci-crd-ri"} <= folders


@pytest.mark.row("RESP-04", "RESP-05")
@pytest.mark.parametrize("name", sorted(files()))
async def test_any_published_file_is_answered(name: str) -> None:
    """Calls, but also answers, discovery documents, keys and tokens that somebody posts here by mistake."""
    response = await ask("POST", SERVICE, json=files()[name])

    assert_cds_answer(response)
    if not isinstance(files()[name], dict) or not is_call(files()[name]):
        assert response.status_code == 400


@pytest.mark.row("REQ-02")
@pytest.mark.parametrize("name", sorted(published()))
async def test_a_published_call_as_it_is(name: str) -> None:
    """Of another hook: 400 that names the member. Of patient-view: an answer, or what is missing."""
    sent = published()[name]
    response = await ask("POST", SERVICE, json=sent)

    assert_cds_answer(response)
    if sent["hook"] == "patient-view":
        assert response.status_code in {200, 400, 412}
    else:
        assert response.status_code == 400
        assert response.json()["issue"][0]["expression"] == ["hook"]


OUR_HOOKS = {
    "patient-view", "order-select", "order-sign", "appointment-book", "encounter-discharge", "order-dispatch",
}  # fmt: skip


@pytest.mark.row("REQ-02", "REQ-11", "RESP-04", "HK-03", "HK-04")
@pytest.mark.parametrize("name", sorted(published()))
async def test_a_published_call_at_the_address_of_its_hook(name: str) -> None:
    """As it is: an answer of 2.0.1, a member that is missing, or data that are. Of other hooks: none of ours."""
    sent = published()[name]
    response = await ask("POST", f"/cds-services/dvt-next-step-{sent['hook']}", json=sent)

    assert_cds_answer(response)
    assert response.status_code in ({200, 400, 412} if sent["hook"] in OUR_HOOKS else {404})


ORDERS = {"order-select", "order-sign", "order-dispatch", "appointment-book"}


@pytest.mark.row("RESP-02", "REQ-12")
@pytest.mark.parametrize("name", sorted(name for name, sent in published().items() if sent["hook"] in ORDERS))
async def test_published_drafts_order_nothing_that_is_spoken_of(name: str) -> None:
    """Whatever else is wrong with them: no card, and no data needed."""
    sent = published()[name]
    context = {**(sent.get("context") or {}), "patientId": patient_of(sent)}
    body = {"hook": sent["hook"], "hookInstance": "1", "context": context}
    response = await ask("POST", f"/cds-services/dvt-next-step-{sent['hook']}", json=body)

    assert_cds_answer(response)
    if sent["hook"] != "order-dispatch":  # a reference alone may be of any order: the record has to say
        assert response.json() == {"cards": []}


@pytest.mark.row("PF-13", "GEN-07")
@pytest.mark.parametrize("name", sorted(published()))
async def test_a_published_call_for_our_hook_lacks_at_most_our_keys(name: str) -> None:
    response = await ask("POST", SERVICE, json=as_patient_view(published()[name]))

    assert_cds_answer(response)
    assert response.status_code == 412
    assert set(response.json()["issue"][0]["expression"]) <= {"prefetch.patient", "prefetch.reports"}


@pytest.mark.row("PF-14", "RESP-02", "PF-16")
@pytest.mark.parametrize("name", sorted(published()))
async def test_a_published_call_with_our_keys_is_read_and_needs_no_card(name: str) -> None:
    """None of these patients had a leg-vein ultrasound."""
    response = await ask("POST", SERVICE, json=with_our_keys(published()[name]))

    assert response.status_code == 200
    assert response.json() == {"cards": []}


@pytest.mark.row("GEN-07", "PF-09")
@pytest.mark.parametrize("name", sorted(published()))
async def test_what_is_published_beside_a_limited_scan_does_not_silence_the_card(name: str) -> None:
    """Another site's observations and orders are not about this patient; the scan is, and its card comes."""
    theirs = with_our_keys(published()[name])["prefetch"]
    ours = limited_scan()
    for key in ("exam_observations", "reports"):
        entries = ((theirs.get(key) or {}).get("entry")) or []
        ours[key]["entry"] += entries
    for key in ("service_requests", "imaging_studies"):
        if theirs.get(key):
            ours[key] = theirs[key]
    context = {**as_patient_view(published()[name])["context"], "patientId": "p-1"}
    body = {**as_patient_view(published()[name]), "context": context, "prefetch": ours}

    response = await ask("POST", SERVICE, json=body)

    assert_cds_answer(response)
    assert len(response.json()["cards"]) == 1


# ---- the judge itself ----------------------------------------------------------------------------


def responses() -> list[str]:
    """The published answers that are complete ones (CRD's are of a dialect of 3.0)."""
    return [
        name
        for name, content in files().items()
        if isinstance(content, dict) and "cards" in content and not name.startswith(("davinci", "inferno"))
    ]


@pytest.mark.parametrize("name", responses())
def test_the_judge_agrees_with_what_is_known_of_published_answers(name: str) -> None:
    text = json.dumps(files()[name])
    is_whole = "snipped" not in text and "..." not in text

    if name in NOT_GOOD or name.endswith("-bad.json"):
        with pytest.raises(ValidationError):
            CdsResponse.model_validate(files()[name])
    elif is_whole:
        CdsResponse.model_validate(files()[name])


FAULTS: Mapping[str, Any] = {
    "no cards": lambda answer: answer.pop("cards"),
    "cards null": lambda answer: answer.update(cards=None),
    "an unknown member": lambda answer: answer.update(status="ok"),
    "empty system actions": lambda answer: answer.update(systemActions=[]),
    "an extension list": lambda answer: answer.update(extension=[{"url": "x"}]),
    "an extension without domain": lambda answer: answer.update(extension={"decision": {"a": 1}}),
    "no summary": lambda answer: answer["cards"][0].pop("summary"),
    "140 characters": lambda answer: answer["cards"][0].update(summary="x" * 140),
    "hard-stop": lambda answer: answer["cards"][0].update(indicator="hard-stop"),
    "no indicator": lambda answer: answer["cards"][0].pop("indicator"),
    "no source": lambda answer: answer["cards"][0].pop("source"),
    "no label": lambda answer: answer["cards"][0]["source"].pop("label"),
    "a relative source": lambda answer: answer["cards"][0]["source"].update(url="/about"),
    "a topic without system": lambda answer: answer["cards"][0]["source"]["topic"].pop("system"),
    "null detail": lambda answer: answer["cards"][0].update(detail=None),
    "empty links": lambda answer: answer["cards"][0].update(links=[]),
    "empty suggestions": lambda answer: answer["cards"][0].update(suggestions=[]),
    "no selectionBehavior": lambda answer: answer["cards"][0].pop("selectionBehavior"),
    "an invented behaviour": lambda answer: answer["cards"][0].update(selectionBehavior="all"),
    "a reason without display": lambda answer: answer["cards"][0]["overrideReasons"][0].pop("display"),
    "no suggestion label": lambda answer: answer["cards"][0]["suggestions"][0].pop("label"),
    "3.0's selection": lambda answer: answer["cards"][0]["suggestions"][0].update(actionSelectionBehavior="any"),
    "recommended as text": lambda answer: answer["cards"][0]["suggestions"][0].update(isRecommended="yes"),
    "empty actions": lambda answer: answer["cards"][0]["suggestions"][0].update(actions=[]),
    "no description": lambda answer: action_of(answer).pop("description"),
    "an unknown action": lambda answer: action_of(answer).update(type="patch"),
    "no resource": lambda answer: action_of(answer).pop("resource"),
    "a resource without id": lambda answer: action_of(answer)["resource"].pop("id"),
    "a wrapped resource": lambda answer: action_of(answer).update(resource={"resource": {"id": "x"}}),
    "a delete with resource": lambda answer: action_of(answer).update(type="delete", resourceId="ServiceRequest/x"),
    "empty deep in an extension": lambda answer: answer["cards"][0]["extension"].update({"org.dvt.x": {"a": [{}]}}),
}


def action_of(answer: Json) -> Json:
    action: Json = answer["cards"][0]["suggestions"][0]["actions"][0]
    return action


@pytest.mark.parametrize("name", FAULTS)
def test_the_judge_finds_a_planted_fault(name: str) -> None:
    answer = json.loads(json.dumps({"cards": [cards()["limited-study"]]}))

    CdsResponse.model_validate(answer)
    FAULTS[name](answer)
    with pytest.raises(ValidationError):
        CdsResponse.model_validate(answer)
