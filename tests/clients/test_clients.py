"""What a client's file changes, seen from the front door: the card of a CDS Hooks call."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import anyio
import httpx
import msgspec
import pytest

from app.clients.load import Client, Clients
from app.fhir.answers import QueryState
from app.fhir.record import read_prefetch
from app.main import clock_of
from app.settings import Settings
from tests.clients.folders import DEFAULT, LOCAL, Dialect, client_of
from tests.front_door import (
    SERVICE,
    about_leg,
    ask,
    call,
    clients,
    limited_scan,
    make_service,
    pathways,
    searchset,
    stated,
)

Json = dict[str, Any]

STUDY, LATER = "2026-03-02", "2026-03-12"


async def answer(client: Client, prefetch: Json | None = None, **members: object) -> Json:
    response = await ask("POST", SERVICE, app=make_service(client=client), json=call(prefetch, **members))
    assert response.status_code == 200
    body: Json = response.json()
    return body


def recommended(body: Json) -> list[str]:
    decision = body["cards"][0]["extension"]["org.dvt-next-step.decision"] if body["cards"] else {}
    return [each["id"] for each in decision.get("recommendations", ())]


def well(key_left_out: str | None = None) -> Json:
    """A complete negative study, symptoms resolved since, every query answered (all but one)."""
    asked = {key: None for pathway in pathways() for key in pathway.queries if key != key_left_out}
    complete = {
        "imaging_observations": searchset(
            stated("exam.protocol", "complete_duplex", STUDY), stated("exam.quality", "adequate", STUDY)
        ),
        "exam_observations": searchset(
            stated("symptoms.status", "resolved", LATER), stated("symptoms.side", "left", LATER)
        ),
    }
    return asked | limited_scan() | complete


# ------------------------------------------------------------------------------------------------------ code maps


async def test_local_codes_with_their_map_give_the_same_card(tmp_path: Path) -> None:
    """H20: study, result, facts and values, all local; the proofs name the same elements."""
    dialect = Dialect()
    prefetch = dialect.spoken(limited_scan())
    mapped = client_of(tmp_path, f"{DEFAULT}code_maps: [codes.json]\n", codes=dialect.map())

    assert len(dialect.local) == 8
    assert await answer(mapped, prefetch) == await answer(clients().default)


async def test_local_codes_without_a_map_give_no_card() -> None:
    """H20."""
    assert (await answer(clients().default, Dialect().spoken(limited_scan()))) == {"cards": []}


async def test_a_display_is_never_a_code(tmp_path: Path) -> None:
    """H20: the map knows the code; the record has its display only, or another system."""
    dialect = Dialect()
    prefetch = dialect.spoken(limited_scan())
    mapped = client_of(tmp_path, f"{DEFAULT}code_maps: [codes.json]\n", codes=dialect.map())
    for coding in codings(prefetch):
        coding["system"] = "https://another.example/codes"

    assert await answer(mapped, prefetch) == {"cards": []}


def codings(value: object) -> list[Json]:
    if isinstance(value, dict):
        own = [value] if value.get("system") == LOCAL else []
        return own + [each for inner in value.values() for each in codings(inner)]
    return [each for inner in value for each in codings(inner)] if isinstance(value, list) else []


async def test_evaluate_and_its_pathways_use_the_same_codes(tmp_path: Path) -> None:
    dialect = Dialect()
    entries = [{"resource": each} for each in resources(dialect.spoken(limited_scan()))]
    body = {"today": LATER, "record": {"resourceType": "Bundle", "entry": entries}}
    mapped = client_of(tmp_path, f"{DEFAULT}code_maps: [codes.json]\n", codes=dialect.map())

    for address in ("/evaluate", "/pathways/negative-dvt-ultrasound/evaluate"):
        with_map = await ask("POST", address, app=make_service(client=mapped), json=body)
        without = await ask("POST", address, json=body)

        assert with_map.json()["recommendations"][0]["id"] == "REPEAT-CDUS"
        assert without.json()["recommendations"] == []


def resources(prefetch: Json) -> list[Json]:
    bundles = [each["entry"] for each in prefetch.values() if each["resourceType"] == "Bundle"]
    return [prefetch["patient"], *(entry["resource"] for entries in bundles for entry in entries)]


# ------------------------------------------------------------------------------------------------- prefetch keys


async def test_a_key_may_come_under_another_name(tmp_path: Path) -> None:
    renamed = client_of(tmp_path, f"{DEFAULT}prefetch_aliases: {{reports: dvt.reports, exam_observations: reports}}\n")
    sent = limited_scan()
    sent["dvt.reports"] = sent.pop("reports")
    sent["reports"] = sent.pop("exam_observations")

    assert await answer(renamed, sent) == await answer(clients().default)


async def test_what_comes_under_our_key_is_not_read_when_there_is_an_alias(tmp_path: Path) -> None:
    """It is the EHR's own query of that name: nobody knows what it asks. The error names the EHR's name."""
    renamed = client_of(tmp_path, f"{DEFAULT}prefetch_aliases: {{reports: dvt-reports}}\n")
    response = await ask("POST", SERVICE, app=make_service(client=renamed), json=call())

    assert response.status_code == 412
    assert response.json()["issue"][0]["expression"] == ["prefetch.dvt-reports"]


FORM = "questionnaire_responses"


async def test_a_query_that_was_not_sent_bars_reassurance_unless_there_is_no_such_data(tmp_path: Path) -> None:
    """decisions/0021."""
    without_forms = client_of(tmp_path, f"{DEFAULT}no_such_data: [{FORM}]\n")

    assert "NO-FURTHER-IMAGING" in recommended(await answer(clients().default, well()))
    assert "NO-FURTHER-IMAGING" not in recommended(await answer(clients().default, well(FORM)))
    assert "NO-FURTHER-IMAGING" in recommended(await answer(without_forms, well(FORM)))


def state(client: Client, sent: object) -> QueryState:
    """What becomes of the query for forms when this is sent for it; ... for nothing."""
    prefetch = {} if sent is ... else {FORM: msgspec.Raw(msgspec.json.encode(sent))}
    return read_prefetch(client.received(prefetch), {FORM: "QuestionnaireResponse"}, "p-1", None).queries[FORM]


NOT_READABLE = {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}
CUT = searchset(about_leg(resourceType="QuestionnaireResponse", id="q1", status="completed")) | {"total": 5}


@pytest.mark.parametrize(
    ("sent", "by_itself", "where_there_is_none"),
    [
        (..., QueryState.NOT_SENT, QueryState.EMPTY),
        ({}, QueryState.NOT_SENT, QueryState.EMPTY),
        (None, QueryState.EMPTY, QueryState.EMPTY),
        (searchset() | {"total": 0}, QueryState.EMPTY, QueryState.EMPTY),
        (NOT_READABLE, QueryState.FAILED, QueryState.FAILED),
        (CUT, QueryState.INCOMPLETE, QueryState.INCOMPLETE),
        (CUT | {"total": 1}, QueryState.ANSWERED, QueryState.ANSWERED),
    ],
)
def test_only_silence_is_read_anew(
    sent: object, by_itself: QueryState, where_there_is_none: QueryState, tmp_path: Path
) -> None:
    """H21: an answer that came, failed or was cut stays what it is, whatever the file says."""
    none = client_of(tmp_path, f"{DEFAULT}no_such_data: [{FORM}]\n")

    assert state(clients().default, sent) is by_itself
    assert state(none, sent) is where_there_is_none


async def test_what_there_is_none_of_is_not_asked_for(tmp_path: Path) -> None:
    asked: list[str] = []

    def ehr(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path.rpartition("/")[2])
        return httpx.Response(200, json={"resourceType": "Bundle", "total": 0})

    none = client_of(tmp_path, f"{DEFAULT}no_such_data: [devices, imaging_studies]\n")
    access = {"access_token": "t", "token_type": "Bearer"}
    body = call(fhirServer="http://127.0.0.1:9/fhir", fhirAuthorization=access)
    await ask("POST", SERVICE, app=make_service(ehr, client=none), json=body)

    assert {"Condition", "Procedure"} <= set(asked)
    assert not {"Device", "ImagingStudy"} & set(asked)


# ------------------------------------------------------------------------------------------ time zone, time, bases


@pytest.mark.parametrize(("zone", "day"), [("America/New_York", "2026-03-02"), ("Europe/Vienna", "2026-03-03")])
async def test_the_time_zone_decides_the_day_of_a_study(zone: str, day: str, tmp_path: Path) -> None:
    prefetch = limited_scan()
    prefetch["reports"]["entry"][0]["resource"]["effectiveDateTime"] = "2026-03-03T02:30:00Z"
    facts = (await answer(client_of(tmp_path, DEFAULT.replace("Europe/Vienna", zone)), prefetch))["cards"][0][
        "extension"
    ]

    assert facts["org.dvt-next-step.decision"]["facts"]["exams"][0]["date"] == day


def test_the_clock_is_the_clients() -> None:
    """The two zones are 25 hours apart."""
    days = {clock_of(Settings(), ZoneInfo(zone))() for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago")}

    assert len(days) == 2


@pytest.mark.parametrize(
    ("host", "listed", "may"),
    [("127.0.0.1", (), True), ("127.0.0.1", ("https://a.example/fhir",), False), ("10.0.0.1", (), False)],
)
def test_loopback_servers_are_asked_in_the_development_default_only(
    host: str, listed: tuple[str, ...], *, may: bool
) -> None:
    """One client with a listed base is enough: then this is no development."""
    other = replace(clients().default, id="other", fhir_bases=listed)
    both = Clients({"default": clients().default, "other": other})

    assert both.may_ask_loopback(on_loopback=Settings(host=host).on_loopback) is may


async def test_a_listed_base_is_asked_and_another_is_not(tmp_path: Path) -> None:
    asked: list[str] = []

    def ehr(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(200, json={"resourceType": "Bundle", "total": 0})

    listed = client_of(tmp_path, f"{DEFAULT}fhir_bases: [https://ehr.example/fhir]\n")
    access = {"access_token": "t", "token_type": "Bearer"}
    for base in ("https://ehr.example/fhir/R4", "https://evil.example/fhir", "http://127.0.0.1:8080/fhir"):
        body = call(fhirServer=base, fhirAuthorization=access)
        await ask("POST", SERVICE, app=make_service(ehr, client=listed), json=body)

    assert set(asked) == {"ehr.example"}


async def test_the_budget_is_the_clients(tmp_path: Path) -> None:
    """A server that would answer after ten seconds costs the client's 100 ms."""

    async def hung(request: httpx.Request) -> httpx.Response:
        await anyio.sleep(10)
        raise AssertionError("waited too long")

    quick = client_of(tmp_path, f"{DEFAULT}fhir_budget_ms: 100\n")
    app = make_service(client=quick, http=httpx.AsyncClient(transport=httpx.MockTransport(hung)))
    body = call(fhirServer="http://127.0.0.1:9/fhir", fhirAuthorization={"access_token": "t", "token_type": "Bearer"})
    with anyio.fail_after(5):
        response = await ask("POST", SERVICE, app=app, json=body)

    assert response.json()["cards"]


# ------------------------------------------------------------------------------------------------------- settings


WIDE = f"{DEFAULT}settings: {{repeat_min_day: 3, repeat_max_day: 10}}\n"
FACTS = {"exams": [{"date": STUDY, "protocol": "proximal_duplex", "result": "negative", "side": "left"}]}


async def test_settings_move_the_window_on_the_card(tmp_path: Path) -> None:
    early = call(extension={"org.dvt-next-step.today": "2026-03-03"})
    prefetch = limited_scan() | {"exam_observations": searchset(stated("symptoms.status", "persistent", "2026-03-03"))}
    body = early | {"prefetch": prefetch}
    usual, wide = [
        (await ask("POST", SERVICE, app=make_service(client=client), json=body)).json()["cards"][0]["summary"]
        for client in (clients().default, client_of(tmp_path, WIDE))
    ]

    assert "7-9 Mar 2026" in usual
    assert "5-12 Mar 2026" in wide


async def test_evaluate_begins_with_the_clients_settings_and_config_is_on_top(tmp_path: Path) -> None:
    app = make_service(client=client_of(tmp_path, WIDE))

    async def window(**members: object) -> list[str]:
        body = {"today": "2026-03-03", "facts": FACTS, **members}
        first = (await ask("POST", "/evaluate", app=app, json=body)).json()["recommendations"][0]
        return [first["timing"]["earliest"], first["timing"]["latest"]]

    assert await window() == ["2026-03-05", "2026-03-12"]
    assert await window(config={"repeat_max_day": 8}) == ["2026-03-05", "2026-03-10"]


async def test_a_policy_silences_a_pathway(tmp_path: Path) -> None:
    off = client_of(tmp_path, f"{DEFAULT}settings: {{dvt_imaging: off}}\n")

    assert off.settings == {"dvt_imaging": "off"}
    assert {each.policies["dvt_imaging"].value for each in off.pathways if "dvt_imaging" in each.policies} == {"off"}


async def test_pathways_are_shown_as_they_are_written(tmp_path: Path) -> None:
    """Their ETag is the content's hash, which a setting does not change."""
    app = make_service(client=client_of(tmp_path, f"{WIDE}  \n"))

    shown = await ask("GET", "/pathways/negative-dvt-ultrasound", app=app)
    usual = await ask("GET", "/pathways/negative-dvt-ultrasound")

    assert shown.content == usual.content


def test_what_words_may_do_is_held_for_the_reading(tmp_path: Path) -> None:
    trusting = client_of(tmp_path, f"{DEFAULT}report_text: trust-for-scheduling\n")

    assert (clients().default.report_text, trusting.report_text) == ("suggest", "trust-for-scheduling")
