"""Two FHIR servers that others wrote, filled with golden patients: a call that brings everything, a call that brings
nothing but a token, and the decision table all say the same (docs/real-servers.md).
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.clinical.scenario_files import Scenario, wrong
from tests.faults import patients as excluded_patients
from tests.faults.patients import declared, is_calmer
from tests.real.golden_records import CATEGORY, golden, patient_id, resources
from tests.real.programs import TOKEN, Program, hapi, our_service, patient_clients, sekmet

pytestmark = pytest.mark.real

Json = dict[str, Any]

SERVICE: Final = "/cds-services/dvt-next-step-patient-view"
DECISION: Final = "org.dvt-next-step.decision"
NOW: Final = "2026-03-12"
PATIENT: Final = "{{context.patientId}}"

UNSUPPORTED: Final[Mapping[str, Mapping[str, set[str]]]] = {
    "sekmet": {"questionnaire_responses": {"patient", "_sort"}},
    "hapi": {},
}
"""Server -> query -> the parameters of R4 that this server does not know."""

EVERY: Final = 5
"""Every fifth golden patient: a call that reads everything takes the servers a quarter of a second and a second."""

PATIENCE: Final = 5
"""How often a slow machine may fail to answer in time. Only the last answer has to be whole; none may be calmer."""

BUDGET: Final = 1.2
SLACK: Final = 0.5
"""Seconds: a client on the same two processors waits for its turn too."""


@dataclass(frozen=True)
class Server:
    """A FHIR server with patients in it, and our service, which has time for slow answers."""

    name: str
    program: Program
    ours: Program
    http: httpx.Client

    @property
    def base(self) -> str:
        return self.program.base

    def load(self, *loaded: Json) -> None:
        """Put them all, in one transaction."""
        entries = [
            {"resource": each, "request": {"method": "PUT", "url": f"{each['resourceType']}/{each['id']}"}}
            for each in loaded
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        self.http.post(self.base, json=bundle).raise_for_status()

    def search(self, query: str, patient: str, **headers: str) -> httpx.Response:
        address = f"{self.base}/{templates()[query].replace(PATIENT, patient)}"
        return self.http.get(address, headers=headers)

    def prefetch(self, patient: str) -> Json:
        """What an EHR that fills every template would send: the server's own answers, first pages only."""
        found = {query: self.search(query, patient).json() for query in templates()}
        return found | self.known_elsewhere(patient)

    def known_elsewhere(self, patient: str) -> Json:
        """The answers that the server cannot find: the EHR has them from somewhere else and sends them."""
        types = {query: declared()[0][query]["resource"] for query in UNSUPPORTED[self.name]}
        return {query: searchset(*kept(patient, type_)) for query, type_ in types.items()}


def filled(name: str, program: Program, ours: Program) -> Server:
    http = httpx.Client(trust_env=False, timeout=120, headers={"Authorization": f"Bearer {TOKEN}"})
    server = Server(name, program, ours, http)
    for scenario in chosen():
        server.load(*resources(scenario))
    server.load(*crowd("many", 220))
    server.load(*crowd("flood", 600))
    return server


@pytest.fixture(scope="module", params=["sekmet", "hapi"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = sekmet(tmp_path_factory.mktemp("sekmet")) if request.param == "sekmet" else hapi()
    clients = patient_clients(tmp_path_factory.mktemp("clients"))
    with started as program, our_service(clients) as ours:
        made = filled(request.param, program, ours)
        yield made
        made.http.close()


# ---- who is in it


@cache
def chosen() -> tuple[Scenario, ...]:
    """Golden patients at even distances, and the first of each kind of resource."""
    seen: set[str] = set()
    found = []
    for place, scenario in enumerate(golden()):
        kinds = {kind(each) for each in resources(scenario)}
        if place % EVERY == 0 or not kinds <= seen:
            found.append(scenario)
        seen |= kinds
    return tuple(found)


def kind(resource: Json) -> str:
    categories = [coding["code"] for each in resource.get("category", []) for coding in each["coding"]]
    return " ".join([resource["resourceType"], *categories])


@cache
def kept(patient: str, resource_type: str) -> tuple[Json, ...]:
    """What we gave the server of this patient and type."""
    found = [each for scenario in golden() if patient_id(scenario) == patient for each in resources(scenario)]
    return tuple(each for each in found if each["resourceType"] == resource_type)


def crowd(patient: str, others: int) -> list[Json]:
    """A patient whose D-dimer excludes a thrombosis and is older than so many other laboratory values."""
    text = json.dumps(excluded_patients.answers("excluded")).replace("Patient/p-1", f"Patient/{patient}")
    answers = json.loads(text.replace("Observation/", f"Observation/{patient}-"))
    own = answers.pop("patient") | {"id": patient}
    loaded = [
        entry["resource"] | {"id": f"{patient}-{entry['resource']['id']}".replace(".", "-")} | categories(query)
        for query, answer in answers.items()
        for entry in answer["entry"]
    ]
    for each in loaded:
        each.pop("result", None) if each["resourceType"] != "DiagnosticReport" else dotless(each)
    reports_last = sorted(loaded, key=lambda each: each["resourceType"] == "DiagnosticReport")
    return [own, *(haemoglobin(patient, number) for number in range(others)), *reports_last]


def dotless(report: Json) -> None:
    for each in report["result"]:
        each["reference"] = each["reference"].replace(".", "-")


def categories(query: str) -> Json:
    if not query.endswith("_observations"):
        return {}
    name = query.removesuffix("_observations").replace("_", "-")
    return {"category": [{"coding": [{"system": CATEGORY, "code": name}]}]}


def haemoglobin(patient: str, number: int) -> Json:
    return {
        "resourceType": "Observation",
        "id": f"{patient}-hb-{number}",
        "status": "final",
        "subject": {"reference": f"Patient/{patient}"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
        "effectiveDateTime": f"2026-03-{4 + number % 9:02}",
        "valueQuantity": {"value": 13.5, "unit": "g/dL"},
    } | categories("laboratory_observations")


def searchset(*found: Json) -> Json:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in found]}


# ---- calls


def templates() -> dict[str, str]:
    return {query: each["template"] for query, each in declared()[0].items()}


def call(patient: str, today: str, prefetch: Json, base: str | None = None) -> Json:
    """A patient-view call; with `base`, it may ask that server."""
    access = {"access_token": TOKEN, "token_type": "Bearer", "scope": "patient/*.rs", "expires_in": 300}
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/p1", "patientId": patient},
        "prefetch": prefetch,
        "extension": {"org.dvt-next-step.today": today},
        **({"fhirServer": base, "fhirAuthorization": access} if base else {}),
    }


def answer(ours: Program, body: Json) -> list[Json]:
    """The cards."""
    response = httpx.post(f"{ours.base}{SERVICE}", json=body, trust_env=False, timeout=60)
    cards: list[Json] = response.raise_for_status().json()["cards"]
    return cards


def advice(cards: list[Json]) -> list[Json]:
    return [each for card in cards for each in card["extension"][DECISION]["recommendations"]]


def by_id(cards: list[Json]) -> dict[str, Json]:
    return {each["id"]: each for each in advice(cards)}


def settled(server: Server, body: Json, whole: list[Json]) -> list[Json]:
    """The cards of a call that reads the server, asked again while the machine was too slow to read it all."""
    cards: list[Json] = []
    for _ in range(PATIENCE):
        cards = answer(server.ours, body)
        assert not is_calmer(advice(cards), advice(whole)), "less was read, and the advice is calmer"
        if cards == whole:
            break
    return cards


# ---- the same three times


def test_with_and_without_prefetch_the_golden_patients_get_their_advice(server: Server) -> None:
    faults = {}
    brought: set[str] = set()
    for scenario in chosen():
        patient, today = patient_id(scenario), scenario["today"]
        prefetch = server.prefetch(patient)
        brought |= {query for query, found in prefetch.items() if found.get("entry") or query == "patient"}
        whole = answer(server.ours, call(patient, today, prefetch))
        fetched = settled(server, call(patient, today, server.known_elsewhere(patient), server.base), whole)
        if differences := wrong(scenario, by_id(whole)):
            faults[patient] = differences
        elif fetched != whole:
            faults[patient] = ["another card without prefetch"]

    assert len(chosen()) >= 12
    assert faults == {}
    assert brought == set(templates()), "a query that never brought anything shows nothing"


def test_a_wrong_record_on_the_server_would_be_noticed(server: Server) -> None:
    """The comparison above can fail: one patient's advice held against another patient's expectation."""
    one, other = (
        next(each for each in chosen() if each["expect"][0]["id"] == name)
        for name in ("NO-FURTHER-IMAGING", "REPEAT-CDUS")
    )
    cards = answer(server.ours, call(patient_id(one), one["today"], server.prefetch(patient_id(one))))

    assert wrong(one, by_id(cards)) == []
    assert wrong(other, by_id(cards)) != []


# ---- our searches


def test_every_template_is_accepted_to_the_letter(server: Server) -> None:
    """With `Prefer: handling=strict` a server refuses what it would otherwise ignore (FHIR R4, 3.1.1.5)."""
    refused = {}
    for query in templates():
        response = server.search(query, "many", Prefer="handling=strict")
        if response.status_code != httpx.codes.OK:
            refused[query] = response.status_code

    assert refused == dict.fromkeys(UNSUPPORTED[server.name], 400)


def test_a_parameter_that_nobody_knows_is_refused(server: Server) -> None:
    """The check above can fail."""
    address = f"{server.base}/Observation?patient=many&no-such-parameter=1"

    assert server.http.get(address, headers={"Prefer": "handling=strict"}).status_code == 400


def test_no_parameter_of_a_template_is_ignored(server: Server) -> None:
    """The self link says what the server took into account, and no outcome says that it left something out."""
    ignored: dict[str, set[str]] = {}
    for query, template in templates().items():
        found = server.search(query, "many").json()
        if found["resourceType"] != "Bundle":
            continue  # a read has no parameters
        links = {link["relation"]: link["url"] for link in found["link"]}
        lacking = set(dict(parse_qsl(urlsplit(template).query))) - set(dict(parse_qsl(urlsplit(links["self"]).query)))
        outcomes = [each for each in found.get("entry", []) if each["resource"]["resourceType"] == "OperationOutcome"]
        if lacking or outcomes:
            ignored[query] = lacking

    assert set(ignored) == set(UNSUPPORTED[server.name])
    assert all(lacking <= UNSUPPORTED[server.name][query] for query, lacking in ignored.items())


def test_the_server_states_the_parameters_that_we_use(server: Server) -> None:
    """Its CapabilityStatement. A sort key is a search parameter of the same type."""
    stated = {
        each["type"]: {parameter["name"] for parameter in each.get("searchParam", [])}
        for each in server.http.get(f"{server.base}/metadata").json()["rest"][0]["resource"]
    }
    lacking = {
        (query, name)
        for query, template in templates().items()
        for name in parameters_of(template)
        if name not in stated.get(template.split("?")[0].split("/")[0], set())
    }

    assert {query for query, _ in lacking} == set(UNSUPPORTED[server.name])


def parameters_of(template: str) -> set[str]:
    given = dict(parse_qsl(urlsplit(template).query))
    sorted_by = {given["_sort"].removeprefix("-")} if "_sort" in given else set()
    return {name for name in given if not name.startswith("_")} | sorted_by


def test_a_search_brings_the_category_asked_for_the_newest_first(server: Server) -> None:
    found = server.search("laboratory_observations", "many").json()
    each = [entry["resource"] for entry in found["entry"]]
    days = [observation["effectiveDateTime"] for observation in each]

    assert {kind(observation) for observation in each} == {"Observation laboratory"}
    assert {observation["subject"]["reference"] for observation in each} == {"Patient/many"}
    assert days == sorted(days, reverse=True)
    assert len(set(days)) > 1


def test_an_order_that_is_done_is_not_brought(server: Server) -> None:
    done = {
        "resourceType": "ServiceRequest",
        "id": "many-done",
        "status": "completed",
        "intent": "order",
        "subject": {"reference": "Patient/many"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "39432-0"}]},
    }
    server.load(done, done | {"id": "many-open", "status": "active"})
    fresh = {"Cache-Control": "no-cache"}  # HAPI FHIR answers a search of the last minute from its memory
    found = server.search("service_requests", "many", **fresh).json()

    assert [entry["resource"]["id"] for entry in found["entry"]] == ["many-open"]


# ---- pages


def test_what_stands_on_the_last_page_counts(server: Server) -> None:
    """The D-dimer that excludes is the oldest of 222 laboratory values: three pages here, five there."""
    prefetch = {query: found for query, found in server.prefetch("many").items() if query != "laboratory_observations"}
    first_page = server.search("laboratory_observations", "many").json()
    whole = without_open_order(prefetch) | {"laboratory_observations": searchset(*every_page(server, first_page))}
    cards = answer(server.ours, call("many", NOW, whole))
    asked = call("many", NOW, without_open_order(prefetch), server.base)
    begun = asked | {"prefetch": asked["prefetch"] | {"laboratory_observations": first_page}}

    assert "DVT-EXCLUDED-PTP" in by_id(cards)
    assert settled(server, asked, cards) == cards
    assert settled(server, begun, cards) == cards


def test_a_first_page_alone_excludes_nothing(server: Server) -> None:
    """Nobody may follow the link: the D-dimer is not there, and nothing says that there is none."""
    cards = answer(server.ours, call("many", NOW, server.prefetch("many")))

    assert cards
    assert "DVT-EXCLUDED-PTP" not in by_id(cards)


def test_more_pages_than_we_read_exclude_nothing(server: Server) -> None:
    cards = answer(server.ours, call("flood", NOW, server.known_elsewhere("flood"), server.base))

    assert cards
    assert "DVT-EXCLUDED-PTP" not in by_id(cards)
    assert "Could not be read" in cards[0]["detail"]


def without_open_order(prefetch: Json) -> Json:
    """Another test's order plays no part here."""
    return prefetch | {"service_requests": searchset()}


def every_page(server: Server, page: Json) -> Iterator[Json]:
    while True:
        yield from (entry["resource"] for entry in page["entry"])
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        if not following:
            return
        page = server.http.get(following[0]).json()


# ---- other patients


def test_a_neighbour_with_a_thrombosis_changes_nothing(server: Server) -> None:
    """The neighbour's report also names our patient's findings, as a mixed-up interface does."""
    scenario = next(each for each in chosen() if each["expect"][0]["id"] == "NO-FURTHER-IMAGING")
    patient, today = patient_id(scenario), scenario["today"]
    before = answer(server.ours, call(patient, today, server.prefetch(patient)))
    reports = kept(patient, "DiagnosticReport")
    sick = {"code": "acute_dvt", "system": "urn:dvt-next-step:value"}
    finding = kept(patient, "Observation")[0] | {
        "id": "neighbour-finding",
        "subject": {"reference": "Patient/neighbour"},
        "code": {"coding": [{"system": "urn:dvt-next-step:fact", "code": "exam.result"}]},
        "valueCodeableConcept": {"coding": [sick]},
    }
    named = [*reports[0].get("result", []), {"reference": "Observation/neighbour-finding"}]
    report = reports[0] | {"id": "neighbour-report", "subject": {"reference": "Patient/neighbour"}, "result": named}
    server.load(
        {"resourceType": "Patient", "id": "neighbour", "birthDate": "1960-01-01", "gender": "male"},
        finding,
        {name: value for name, value in report.items() if name != "conclusionCode"},
    )
    body = call(patient, today, server.known_elsewhere(patient), server.base)

    assert settled(server, body, before) == before
    assert "ROUTE-POSITIVE" in by_id(answer(server.ours, call("neighbour", today, server.prefetch("neighbour"))))


def test_a_server_that_ignores_our_patient_brings_nothing_calm(server: Server) -> None:
    """A parameter that is ignored brings everybody's answers: they are set aside, and the query counts as not whole."""
    if not UNSUPPORTED[server.name]:
        return
    for scenario in chosen()[:12]:
        patient, today = patient_id(scenario), scenario["today"]
        whole = answer(server.ours, call(patient, today, server.prefetch(patient)))
        cards = answer(server.ours, call(patient, today, {}, server.base))

        assert not is_calmer(advice(cards), advice(whole))


# ---- a server that stops


@contextmanager
def freezing(program: Program, after: float) -> Iterator[None]:
    """The program stops so many seconds from now, and goes on at the end."""
    timer = threading.Timer(after, program.freeze)
    timer.start()
    try:
        yield
    finally:
        timer.join()
        program.thaw()


@pytest.fixture(scope="module")
def hurried() -> Iterator[Program]:
    """Our service with the time that it gives a FHIR server by itself."""
    with our_service() as ours:
        yield ours


@pytest.mark.parametrize("after", [0.0, 0.005, 0.02, 0.08, 0.3])
def test_a_server_that_stops_in_the_middle_gets_a_calm_answer_in_time(
    server: Server, hurried: Program, after: float
) -> None:
    scenario = next(each for each in chosen() if each["expect"][0]["id"] == "NO-FURTHER-IMAGING")
    patient, today = patient_id(scenario), scenario["today"]
    prefetch = server.prefetch(patient)
    whole = answer(hurried, call(patient, today, prefetch))
    body = call(patient, today, {key: prefetch[key] for key in ("patient", "reports")}, server.base)
    with freezing(server.program, after):
        started = time.monotonic()
        cards = answer(hurried, body)
        seconds = time.monotonic() - started

    assert seconds <= BUDGET + SLACK
    assert not is_calmer(advice(cards), advice(whole))


def test_a_server_that_is_gone_gets_a_calm_answer_in_time(hurried: Program, tmp_path: Path) -> None:
    scenario = next(each for each in golden() if each["expect"][0]["id"] == "NO-FURTHER-IMAGING")
    patient, today = patient_id(scenario), scenario["today"]
    with sekmet(tmp_path) as program, httpx.Client(trust_env=False, timeout=60) as http:
        http.headers["Authorization"] = f"Bearer {TOKEN}"
        server = Server("sekmet", program, hurried, http)
        server.load(*resources(scenario))
        prefetch = server.prefetch(patient)
        whole = answer(hurried, call(patient, today, prefetch))
    started = time.monotonic()
    body = call(patient, today, {key: prefetch[key] for key in ("patient", "reports")}, program.base)
    cards = answer(hurried, body)
    seconds = time.monotonic() - started

    assert seconds <= BUDGET + SLACK
    assert not is_calmer(advice(cards), advice(whole))
    assert "NO-FURTHER-IMAGING" in by_id(whole)
    assert "NO-FURTHER-IMAGING" not in by_id(cards)
