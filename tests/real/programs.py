"""Programs of this machine that a test runs and ends: our service, and two FHIR servers of other people's."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest

ROOT: Final = Path(__file__).parents[2]
SERVERS: Final = ROOT / ".fhir-servers"
TOKEN: Final = "token-of-this-test"  # noqa: S105  # opens only a server that this test started
PAGE: Final = 50
"""The most entries that HAPI FHIR puts on one page here: less than our templates ask for."""

STOP_SECONDS: Final = 20

SEKMET_SETTINGS: Final = """
base_url: http://127.0.0.1:{port}/fhir
host: 127.0.0.1
port: {port}
data_dir: {folder}
own_private_key_path: {folder}/key.pem
simulator: {{enabled: false}}
server_auth: {{types: [bearer], tokens: [{token}]}}
log_inbound: false
"""

DEFAULT_CLIENT: Final = ROOT / "deploy" / "clients" / "default.yaml"


@dataclass(frozen=True)
class Program:
    """A running program and its address."""

    base: str
    process: subprocess.Popen[bytes]

    def freeze(self) -> None:
        """It takes connections (the kernel does) and never answers."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], base: str, ready: str, *, within: float, env: Mapping[str, str]) -> Iterator[Program]:
    """The program, from its first answer at `ready` (after `within` seconds at most) to its end."""
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    program = Program(base, process)
    try:
        _wait_for(ready, process, within)
        yield program
    finally:
        program.thaw()
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(address: str, process: subprocess.Popen[bytes], within: float) -> None:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        assert process.poll() is None, f"it ended with status {process.returncode}"
        try:
            httpx.get(address, trust_env=False, timeout=5).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"no answer from {address} within {within} s")


@contextmanager
def our_service(clients: Path | None = None) -> Iterator[Program]:
    """Our own service, with the clients of this folder. What the environment sets for another one plays no part."""
    port = free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith("DVT_")}
    if clients:
        env["DVT_CLIENTS_DIR"] = str(clients)
    command = [sys.executable, "-m", "app", "serve", "--port", str(port)]
    base = f"http://127.0.0.1:{port}"
    with running(command, base, f"{base}/health", within=120, env=env) as program:
        yield program


def patient_clients(folder: Path) -> Path:
    """The clients of a service that gives a FHIR server all the time that a client's file may."""
    default = DEFAULT_CLIENT.read_text(encoding="utf-8")
    (folder / "default.yaml").write_text(f"{default}fhir_budget_ms: 10000\n", encoding="utf-8")
    return folder


@contextmanager
def sekmet(folder: Path) -> Iterator[Program]:
    """sekmet-fhir with an empty store in this folder. Refuses whoever does not bring the token."""
    assert (SERVERS / "sekmet").is_dir(), "not installed: .ci/install-fhir-servers"
    port = free_port()
    settings = folder / "settings.yaml"
    settings.write_text(SEKMET_SETTINGS.format(port=port, folder=folder, token=TOKEN), encoding="utf-8")
    command = [str(SERVERS / "sekmet" / "bin" / "sekmet"), "serve", "--config", str(settings)]
    base = f"http://127.0.0.1:{port}/fhir"
    with running(command, base, f"{base}/metadata", within=60, env=dict(os.environ)) as program:
        yield program


@contextmanager
def hapi() -> Iterator[Program]:
    """HAPI FHIR's JPA server with an empty database in memory. Knows no tokens."""
    assert (SERVERS / "hapi").is_dir(), "not installed: .ci/install-fhir-servers"
    port = free_port()
    # C1 alone: it starts in half the time, and lives a few minutes.
    options = ["-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    path = f"{SERVERS}/hapi/classes{os.pathsep}{SERVERS}/hapi/jars/*"
    command = ["java", *options, "-cp", path, "FhirServer", str(port), str(PAGE)]
    base = f"http://127.0.0.1:{port}/fhir"
    with running(command, base, f"{base}/metadata", within=240, env=dict(os.environ)) as program:
        yield program
