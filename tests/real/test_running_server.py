"""The program as a newcomer starts and calls it: over real HTTP, with the commands of the README."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.clinical.scenario_files import FILES, scenarios, wrong

pytestmark = pytest.mark.real

ROOT: Final = Path(__file__).parents[2]
EXAMPLES: Final = ROOT / "openapi" / "examples"
SERVICE: Final = "/cds-services/dvt-next-step-patient-view"
CALLS: Final = [(SERVICE, file) for file in sorted(EXAMPLES.glob("*.json"))]
QUESTIONS: Final = [("/evaluate", file) for file in sorted((EXAMPLES / "evaluate").glob("*.json"))]
START_SECONDS: Final = 30
STOP_SECONDS: Final = 25
CURL_SECONDS: Final = 20


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of the running program. What the environment sets for another one plays no part."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DVT_")}
    command = [sys.executable, "-m", "app", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        wait_until_answering(f"http://127.0.0.1:{port}/health", process)
        yield f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS) == 0, "an ordered stop is no failure"
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(("address", "file"), [*CALLS, *QUESTIONS], ids=lambda part: getattr(part, "stem", part))
def test_an_example_is_answered_as_recorded(server: str, address: str, file: Path) -> None:
    example = json.loads(file.read_text("utf-8"))

    response = httpx.post(f"{server}{address}", json=example["request"], trust_env=False)

    assert response.json() == example["response"]


def test_every_scenario_of_the_pathways_gets_its_advice(server: str) -> None:
    """The golden patients among them: ids, indicators, rules, timing, modality."""
    found = {}
    with httpx.Client(base_url=server, trust_env=False) as client:
        for scenario in scenarios(*FILES):
            asked = {"today": scenario["today"], "facts": scenario["facts"], "config": scenario.get("config", {})}
            made = client.post("/evaluate", json=asked).raise_for_status().json()["recommendations"]
            if faults := wrong(scenario, {each["id"]: each for each in made}):
                found[scenario["id"]] = faults

    assert found == {}


def test_the_readme_asks_for_an_evaluation(server: str) -> None:
    (command,) = commands_to("/evaluate")

    assert answer_to(command, server)["recommendations"][0]["id"] == "REPEAT-CDUS"


def test_the_readme_calls_as_an_ehr_does(server: str) -> None:
    """One card: the two dates, the facts it rests on, its source and a draft order."""
    (command,) = commands_to(SERVICE)

    (card,) = answer_to(command, server)["cards"]
    lead = card["extension"]["org.dvt-next-step.decision"]["recommendations"][0]
    (action,) = card["suggestions"][0]["actions"]
    order = action["resource"]

    assert lead["id"] == "REPEAT-CDUS"
    assert lead["timing"] == {"kind": "window", "earliest": "2026-03-07", "latest": "2026-03-09"}
    assert card["summary"].startswith("Repeat complete duplex ultrasound: 7-9 Mar 2026")
    assert "ultrasound of 2 Mar 2026: negative, limited" in card["summary"]
    assert "proximal veins only, left leg" in card["detail"]
    assert "**Source:**" in card["detail"]
    assert (order["resourceType"], order["status"]) == ("ServiceRequest", "draft")
    assert order["subject"] == {"reference": "Patient/p1"}
    assert order["occurrencePeriod"] == {"start": "2026-03-07", "end": "2026-03-09"}


def test_every_command_of_the_readme_is_tried() -> None:
    assert len(commands()) == len(commands_to("/evaluate")) + len(commands_to(SERVICE)) == 2


def commands() -> list[str]:
    """Every indented block of the README that starts with curl, without its indent."""
    readme = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"(?:^ {4}.*\n)+", readme, re.MULTILINE)
    return [re.sub(r"^ {4}", "", block, flags=re.MULTILINE) for block in blocks if block.startswith("    curl ")]


def commands_to(address: str) -> list[str]:
    return [command for command in commands() if f"http://127.0.0.1:8000{address} " in command]


def answer_to(command: str, server: str) -> dict[str, Any]:
    """What a shell prints for the command, with only the port changed."""
    here = command.replace("http://127.0.0.1:8000", server)
    done = subprocess.run(["bash", "-c", here], check=True, capture_output=True, timeout=CURL_SECONDS)  # noqa: S607
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def wait_until_answering(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server ended with status {process.returncode}"
        try:
            httpx.get(url, trust_env=False, timeout=2).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"no answer from {url} within {START_SECONDS} s")
