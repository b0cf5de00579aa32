"""A handful of faults in real time: what the fault matrix shows in virtual time holds on a real clock."""

import asyncio
import time

import pytest

from tests.faults import patients
from tests.faults.fault_server import BlackHole, Fault, FaultServer, serving
from tests.faults.test_fault_matrix import BUDGET, SLACK, call_with, make_app

pytestmark = pytest.mark.real

FAULTS = [Fault("hung"), Fault("dribble", 0.05), Fault("slow", 1), Fault("endless")]


async def seconds_of(fault: Fault, queries: set[str]) -> float:
    """One call of which these queries meet this fault. A call before it pays for what is paid once."""
    known = patients.answers("settled")
    templates = patients.templates()
    script = {templates[key]: fault for key in queries}
    async with serving(FaultServer({templates[key]: known[key] for key in known}, script)) as server:
        app = make_app()
        await call_with(app, server.base, known)
        started = time.monotonic()
        response, _ = await call_with(app, server.base, {})
        elapsed = time.monotonic() - started
    assert response.status_code == 200
    return elapsed


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_every_query_may_fail_at_once_and_the_answer_is_in_time(fault: Fault) -> None:
    optional = set(patients.templates()) - patients.required()

    assert asyncio.run(seconds_of(fault, optional)) <= BUDGET + SLACK


def test_a_gigabyte_is_cut_short() -> None:
    """One query only: server and service share a processor here, and it is the service that is measured."""
    assert asyncio.run(seconds_of(Fault("huge", 10**9), {"laboratory_observations"})) <= BUDGET + SLACK


async def seconds_in_a_black_hole() -> float:
    hole = BlackHole()
    app = make_app()
    await call_with(app, f"http://127.0.0.1:{hole.port}/fhir", patients.answers("settled"))
    started = time.monotonic()
    response, _ = await call_with(app, f"http://127.0.0.1:{hole.port}/fhir", {})
    elapsed = time.monotonic() - started
    hole.close()
    assert response.status_code == 412
    return elapsed


def test_a_server_that_takes_no_connection_costs_the_time_to_connect() -> None:
    assert asyncio.run(seconds_in_a_black_hole()) <= 0.3 + SLACK
