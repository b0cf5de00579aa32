"""Schemathesis reads the document of the running service and asks whether the service keeps it.

Phases and checks: schemathesis.toml. Longer: `make schemathesis SEED=2 EXAMPLES=500`.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

pytestmark = pytest.mark.real

ROOT: Final = Path(__file__).parents[2]
SETTINGS: Final = "tests/contract/schemathesis.toml"
SEED: Final = os.environ.get("SEED", "1")
EXAMPLES: Final = os.environ.get("EXAMPLES", "50")
PHASES: Final = {"examples", "coverage", "fuzzing", "stateful"}
HOOKS: Final = (
    "patient-view", "order-select", "order-sign", "appointment-book", "encounter-discharge", "order-dispatch",
)  # fmt: skip
SERVICE: Final = "/cds-services/dvt-next-step-patient-view"
OPERATIONS: Final = {
    "GET /cds-services",
    "GET /health",
    "GET /pathways",
    "GET /pathways/{pathway_id}",
    "GET /pathways/{pathway_id}/diagram.svg",
    *(f"POST /cds-services/dvt-next-step-{hook}" for hook in HOOKS),
    "POST /evaluate",
    "POST /pathways/{pathway_id}/evaluate",
}
PLANTED: Final = {
    ("ServerError", "POST /evaluate"),
    ("JsonSchemaError", "GET /health"),
    ("UndefinedContentType", "GET /pathways"),
    ("UndefinedStatusCode", "GET /pathways/{pathway_id}/diagram.svg"),
    ("MissingHeaders", "GET /pathways/{pathway_id}"),
    ("AcceptedNegativeData", "POST /pathways/{pathway_id}/evaluate"),
    ("RejectedPositiveData", f"POST {SERVICE}"),
    ("UnsupportedMethodResponse", "TRACE /cds-services"),
    ("AllowHeaderMismatch", f"OPTIONS {SERVICE}"),
}
START_SECONDS: Final = 60
STOP_SECONDS: Final = 25


def test_the_service_keeps_its_document(tmp_path: Path) -> None:
    """Every address was asked in every phase, and each answered some calls as asked."""
    with running("-m", "app", "serve") as address:
        judged = report_on(address, tmp_path, "--max-examples", EXAMPLES)

    assert judged["failures"] == []
    assert judged["errors"] == []
    assert {name for name, phase in judged["phases"].items() if phase["status"] == "success"} == PHASES
    assert {name for name, rates in judged["valid_rates"].items() if was_answered(rates)} == OPERATIONS
    assert judged["exit_code"] == 0


def test_planted_faults_are_found(tmp_path: Path) -> None:
    """One at least for each check that is on (tests/contract/faulty.py)."""
    with running("-m", "uvicorn", "--log-level", "error", "--factory", "tests.contract.faulty:faulty") as address:
        judged = report_on(address, tmp_path, "--phases", "coverage")

    found = {(kind["type"], operation) for kind in judged["failures"] for operation in kind["operations"]}
    assert found >= PLANTED
    assert judged["exit_code"] == 1


def was_answered(rates: dict[str, dict[str, int]]) -> bool:
    return any(counted["accepted"] for counted in rates.values())


def report_on(address: str, folder: Path, *arguments: str) -> dict[str, Any]:
    """What Schemathesis says of the service at this address, with its exit status."""
    report = folder / "report.json"
    asked = ["run", f"{address}/openapi.json", "--seed", SEED, "--report", "json", "--report-json-path", str(report)]
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", SETTINGS, *asked, *arguments]
    around_proxies = {**os.environ, "NO_PROXY": "127.0.0.1"}
    subprocess.run(command, cwd=ROOT, env=around_proxies, check=False)  # noqa: S603 -- our own arguments
    judged: dict[str, Any] = json.loads(report.read_text("utf-8"))
    return judged


@contextmanager
def running(*arguments: str) -> Iterator[str]:
    """The address of a server that this Python starts. What the environment sets for another one plays no part."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DVT_")}
    process = subprocess.Popen([sys.executable, *arguments, "--port", str(port)], cwd=ROOT, env=environment)  # noqa: S603
    try:
        wait_until_answering(f"http://127.0.0.1:{port}/openapi.json", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        finally:
            process.kill()


def wait_until_answering(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server ended with status {process.returncode}"
        try:
            httpx.get(url, trust_env=False, timeout=10).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"no answer from {url} within {START_SECONDS} s")
