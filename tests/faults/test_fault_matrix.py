"""Every fault of a FHIR server x every query: the answer comes inside the budget and is the one that the facts alone
give when those of that query are unknown (test plan T6, threat model H21 to H23).

Real sockets, real HTTP, virtual time: an answer after a minute is tried in a millisecond. `python -m
tests.faults.test_fault_matrix` prints the table.
"""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from app.fhir.network import Reach, VettedBackend, VettedTransport, tls_context
from tests.faults import patients
from tests.faults.fault_server import BlackHole, Fault, FaultServer, canary, closed_port, serving
from tests.faults.virtual_time import run
from tests.front_door import SERVICE, call, calling, make_service

pytestmark = pytest.mark.real  # a server on a socket, and a minute and a half

Json = dict[str, Any]

BUDGET = 1.2
SLACK = 0.1
TOKEN = "token-of-this-call"  # noqa: S105  # a mark to search for
GIGABYTE = 10**9
OUTCOME = json.dumps({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]})
CANARY = "CANARY"  # stands for the address of a port that nobody may connect to

FAILED = [
    Fault("hung"), Fault("slow", 1), Fault("slow", 5), Fault("slow", 60), Fault("dribble", 0.05), Fault("stalled"),
    Fault("slow_head", 0.1), Fault("truncated"), Fault("too_short"), Fault("too_long"), Fault("closed"),
    Fault("reset"), Fault("no_http"), Fault("html"), Fault("html_as_json"), Fault("xml"),
    Fault("body", text="null"), Fault("body", text="[]"), Fault("body", text="{}"), Fault("body", text='"text"'),
    Fault("body", text='{"resourceType": "Medication"}'), Fault("body", text=OUTCOME),
    Fault("bomb", GIGABYTE), Fault("hidden_bomb", GIGABYTE), Fault("huge", GIGABYTE),
    *(Fault("status", status) for status in (400, 401, 403, 404, 410, 418, 429, 500, 502, 503, 504)),
    Fault("status", 429, "60"), Fault("status", 503, "60"), Fault("status", 500, times=1),
    *(Fault("redirect", status) for status in (301, 302, 303, 307, 308)),
    *(Fault("redirect", status, CANARY) for status in (301, 302, 303, 307, 308)),
]  # fmt: skip
PARTIAL = [Fault("endless"), Fault("loop"), Fault("elsewhere", text=CANARY), Fault("lost_page", 500)]
HEALED = [
    Fault("slow", 0.1), Fault("slow", 0.7), Fault("reset", times=1), Fault("closed", times=1),
    Fault("no_http", times=1), *(Fault("status", status, times=1) for status in (502, 503, 504)),
    Fault("status", 429, "1", times=1), Fault("status", 503, "1", times=1),
]  # fmt: skip
CONNECTIONS = ["refused", "black hole", "TLS to a server without", "TLS that never answers"]


@dataclass(frozen=True)
class Cell:
    """What came of one call: how long it took, how often the query was asked, and what is wrong with the answer."""

    query: str
    patient: str
    seconds: float
    asked: int
    wrong: str


def paginates(query: str) -> bool:
    return query != "patient"


async def call_with(app: Any, base: str, prefetch: Json) -> tuple[httpx.Response, float]:  # noqa: ANN401
    """Call the service; how long it took on the loop's clock."""
    body = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/p1", "patientId": "p-1"},
        "prefetch": prefetch,
        "fhirServer": base,
        "fhirAuthorization": {
            "access_token": TOKEN,
            "token_type": "Bearer",
            "scope": "patient/*.rs",
            "expires_in": 300,
        },
    }
    clock = asyncio.get_running_loop().time
    started = clock()
    async with calling(app) as client:
        response = await client.post(SERVICE, json=body)
    return response, clock() - started


async def advice_on(app: Any, known: Json) -> list[Json]:  # noqa: ANN401
    """What the facts alone give."""
    async with calling(app) as client:
        made: list[Json] = (await client.post("/evaluate", json={"facts": known})).json()["recommendations"]
    return made


RIGHT: dict[tuple[str, str, str], list[Json] | None] = {}
"""Patient, query, outcome -> the right advice: asked for once, it is the same for every fault."""


async def expected(app: Any, patient: str, query: str, outcome: str) -> list[Json] | None:  # noqa: ANN401
    key = (patient, query, outcome)
    if key not in RIGHT:
        RIGHT[key] = await right_advice(app, patient, query, outcome)
    return RIGHT[key]


async def right_advice(app: Any, patient: str, query: str, outcome: str) -> list[Json] | None:  # noqa: ANN401
    """The advice that is right when this query failed, came in part or came after all. None: 412."""
    if outcome == "healed":
        return await advice_on(app, patients.facts(patient))
    if outcome == "failed" and query in patients.required():
        return None
    is_partial = outcome == "partial"
    known = patients.facts(patient, [] if is_partial else [query])
    known = patients.without_conclusions(known, [query], is_partial=is_partial)
    as_found, unknown = await advice_on(app, known), await advice_on(app, patients.blank(known, [query]))
    return unknown if patients.is_calmer(as_found, unknown) else as_found


def advised(response: httpx.Response) -> list[Json]:
    cards = response.json()["cards"]
    if not cards:
        return []
    made: list[Json] = cards[0]["extension"]["org.dvt-next-step.decision"]["recommendations"]
    return made


def what_is_wrong(response: httpx.Response, right: list[Json] | None, seconds: float) -> str:
    if seconds > BUDGET + SLACK:
        return f"took {seconds:.3f} s"
    if TOKEN in response.text:
        return "the token came back"
    if right is None:
        return "" if response.status_code == 412 else f"status {response.status_code} instead of 412"
    if response.status_code != 200:
        return f"status {response.status_code}"
    got = advised(response)
    return "" if got == right else f"{[each['id'] for each in got]} instead of {[each['id'] for each in right]}"


def make_app() -> Any:  # noqa: ANN401
    http = httpx.AsyncClient(transport=VettedTransport(VettedBackend(Reach(allow_loopback=True)), TLS), trust_env=False)
    return make_service(http=http)


TLS = tls_context()


async def cells_of(fault: Fault, outcome: str) -> list[Cell]:
    """This fault on every query of every patient, the other queries answered: half of them in the prefetch."""
    app, cells = make_app(), []
    async with canary() as (port, visits):
        for patient in patients.PATIENTS:
            known = patients.answers(patient)
            for query, template in patients.templates().items():
                if outcome == "partial" and not paginates(query):
                    continue
                text = f"http://127.0.0.1:{port}/fhir/{template}" if fault.text == CANARY else fault.text
                script = {template: Fault(fault.kind, fault.number, text, fault.times)}
                by_template = {patients.templates()[key]: answer for key, answer in known.items()}
                async with serving(FaultServer(by_template, script)) as server:
                    # The first patient is fetched whole; of the others only the faulty query is fetched.
                    prefetch = {} if patient == "settled" else {key: known[key] for key in known if key != query}
                    response, seconds = await call_with(app, server.base, prefetch)
                right = await expected(app, patient, query, outcome)
                wrong = what_is_wrong(response, right, seconds)
                if visits:
                    wrong = "another host was asked"
                cells.append(Cell(query, patient, seconds, server.seen.get(template, 0), wrong))
    return cells


async def cells_of_connection(kind: str) -> list[Cell]:
    """A server that cannot be connected to: only the one query is asked of it, the others are in the prefetch."""
    app, cells = make_app(), []
    for patient in patients.PATIENTS:
        known = patients.answers(patient)
        for query in patients.templates():
            prefetch = {key: known[key] for key in known if key != query}
            async with unreachable(kind) as base:
                response, seconds = await call_with(app, base, prefetch)
            right = await expected(app, patient, query, "failed")
            cells.append(Cell(query, patient, seconds, 0, what_is_wrong(response, right, seconds)))
    return cells


class unreachable:  # noqa: N801 -- reads as a context
    """A base at which no FHIR server answers."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.closing: list[Any] = []

    async def __aenter__(self) -> str:
        match self.kind:
            case "refused":
                return f"http://127.0.0.1:{closed_port()}/fhir"
            case "black hole":
                hole = BlackHole()
                self.closing.append(hole)
                return f"http://127.0.0.1:{hole.port}/fhir"
            case "TLS to a server without":
                greeting = b"220 ready\r\n"
            case _:
                greeting = b""

        async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(greeting)
            self.closing.append(writer.transport)

        listening = await asyncio.start_server(greet, "127.0.0.1", 0)
        self.closing.append(listening)
        return f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/fhir"

    async def __aexit__(self, *_: object) -> None:
        for each in self.closing:
            each.close()


def wrong_cells(cells: list[Cell]) -> list[str]:
    return [f"{cell.patient}, {cell.query}: {cell.wrong}" for cell in cells if cell.wrong]


@pytest.mark.parametrize("fault", FAILED, ids=str)
def test_a_query_that_failed_counts_as_not_known(fault: Fault) -> None:
    cells = run(cells_of(fault, "failed"))

    assert wrong_cells(cells) == []
    assert max(cell.asked for cell in cells) <= 2


@pytest.mark.parametrize("fault", PARTIAL, ids=str)
def test_an_answer_that_is_not_whole_never_reassures(fault: Fault) -> None:
    cells = run(cells_of(fault, "partial"))

    assert wrong_cells(cells) == []
    assert max(cell.asked for cell in cells) <= 5


@pytest.mark.parametrize("fault", HEALED, ids=str)
def test_a_passing_fault_changes_nothing(fault: Fault) -> None:
    cells = run(cells_of(fault, "healed"))

    assert wrong_cells(cells) == []
    assert max(cell.asked for cell in cells) <= 2


@pytest.mark.parametrize("kind", CONNECTIONS)
def test_a_server_that_cannot_be_reached_costs_its_query_only(kind: str) -> None:
    assert wrong_cells(run(cells_of_connection(kind))) == []


async def whole(patient: str) -> tuple[list[Json], list[Json]]:
    app = make_app()
    async with calling(app) as client:
        response = await client.post(SERVICE, json=call(patients.answers(patient)))
    return advised(response), await advice_on(app, patients.facts(patient))


@pytest.mark.parametrize(
    ("patient", "leads"),
    [("settled", "NO-FURTHER-IMAGING"), ("excluded", "REPEAT-CDUS"), ("worse", "REPEAT-CDUS")],
)
def test_without_a_fault_the_record_says_what_the_facts_say(patient: str, leads: str) -> None:
    """The patients are what their names say, as records and as facts: without this the matrix would prove nothing."""
    by_record, by_facts = run(whole(patient))

    assert by_record == by_facts
    assert by_record[0]["id"] == leads
    assert ("DVT-EXCLUDED-PTP" in {each["id"] for each in by_record}) == (patient == "excluded")


def table() -> Iterator[str]:
    """One line for each fault, and the longest time over the budget."""
    slowest = total = wrong = 0.0
    for outcome, faults in (("failed", FAILED), ("partial", PARTIAL), ("healed", HEALED), ("connection", CONNECTIONS)):
        for fault in faults:
            work = cells_of_connection(fault) if isinstance(fault, str) else cells_of(fault, outcome)
            cells = run(work)
            seconds = max(cell.seconds for cell in cells)
            faulty = len(wrong_cells(cells))
            slowest, total, wrong = max(slowest, seconds), total + len(cells), wrong + faulty
            asked = max(cell.asked for cell in cells)
            yield f"| {str(fault)[:40]:40} | {outcome:10} | {len(cells):4} | {seconds:6.3f} | {asked:2} | {faulty:3} |"
    yield f"{total:.0f} calls, {wrong:.0f} wrong, slowest {slowest:.3f} s, over the budget by {slowest - BUDGET:+.3f} s"


if __name__ == "__main__":
    for line in table():
        print(line)  # noqa: T201
