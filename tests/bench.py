"""How fast the program starts, how much memory it takes, and what a hook call costs beside a bare Starlette app.

`make bench` prints the table. Start and memory have bounds (issue 2): exit status 1 when one is missed. Latency and CPU
are ratios to an application that does the least possible (parse the body, answer a constant card), measured in the same
minutes on one connection each, round by round in turn, so that other work on the machine touches both alike.
CPU and memory are read from /proc: Linux only.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

ROOT: Final = Path(__file__).parents[1]
EXAMPLE: Final = ROOT / "openapi" / "examples" / "limited-study.json"
SERVICE: Final = "/cds-services/dvt-next-step-patient-view"

STARTS: Final = 5
START_BOUND: Final = 2.0  # seconds, median
MEMORY_BOUND: Final = 100.0  # MB of resident memory after 1,000 calls
MEMORY_AFTER: Final = (1_000, 10_000)
ROUNDS: Final = 20
CALLS_A_ROUND: Final = {5_700: 50, 59_000: 25, 984_000: 5}  # body size in bytes -> calls
LONGEST_IMPRESSION: Final = 400  # characters
LONG_REPORT: Final = 5_000
IMPRESSION_BOUND: Final = 1.0  # ms (issue 5)
LONG_REPORT_BOUND: Final = 5.0
PATIENCE: Final = 30  # seconds for a server to answer at all


# ---- the bodies ----------------------------------------------------------------------------------

LABORATORY: Final = (
    ("718-7", "g/dL", 13.1),
    ("2823-3", "mmol/L", 4.2),
    ("2160-0", "mg/dL", 0.9),
    ("6690-2", "10*3/uL", 7.7),
)


def padded(example: dict[str, Any], size: int) -> bytes:
    """The call with more of what a record holds, until its body has `size` bytes; a note takes up the rest."""
    call = json.loads(json.dumps(example))
    bundles = [call["prefetch"][key] for key in ("laboratory_observations", "survey_observations", "service_requests")]
    written, number = len(_written(call)), 0
    while written < size - 1_000:
        bundle, resource = bundles[number % 3], _filler(number)
        bundle["entry"].append({"resource": resource})
        bundle["total"] = len(bundle["entry"])
        written += len(_written(resource)) + 16
        number += 1
    call["extension"]["org.example.note"] = ""
    call["extension"]["org.example.note"] = "n" * max(0, size - len(_written(call)))
    return _written(call)


def _filler(number: int) -> dict[str, Any]:
    """A laboratory result, an answer of a form, an order: real in shape, and nothing a pathway reads."""
    about = {"id": f"f-{number}", "subject": {"reference": "Patient/example-1"}}
    day = f"2026-0{1 + number % 2}-{1 + number % 28:02}T08:{number % 60:02}:00+01:00"
    code, unit, value = LABORATORY[number % len(LABORATORY)]
    quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    coded = {"coding": [{"system": "http://loinc.org", "code": code, "display": "as named in LOINC"}]}
    match number % 3:
        case 0:
            return {
                "resourceType": "Observation", **about, "status": "final", "code": coded, "effectiveDateTime": day,
                "valueQuantity": quantity, "referenceRange": [{"low": {**quantity, "value": 0.5}, "high": quantity}],
            }  # fmt: skip
        case 1:
            return {
                "resourceType": "Observation", **about, "status": "final", "code": coded, "effectiveDateTime": day,
                "valueString": "answered in a form, in a few words", "performer": [{"reference": "Practitioner/1"}],
            }  # fmt: skip
        case _:
            return {
                "resourceType": "ServiceRequest", **about, "status": "completed", "intent": "order", "code": coded,
                "authoredOn": day, "requester": {"reference": "Practitioner/1"},
            }  # fmt: skip


def _written(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


# ---- the servers ---------------------------------------------------------------------------------


def serve_bare(port: int) -> None:
    """The least a hook service can do, under the same server."""
    import uvicorn  # noqa: PLC0415 -- only in the process that serves
    from starlette.applications import Starlette  # noqa: PLC0415
    from starlette.requests import Request  # noqa: PLC0415
    from starlette.responses import Response  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    card = _written(json.loads(EXAMPLE.read_text("utf-8"))["response"])

    async def answer(request: Request) -> Response:
        msgspec.json.decode(await request.body())
        return Response(card, media_type="application/json")

    async def health(_: Request) -> Response:
        return Response(b"{}", media_type="application/json")

    app = Starlette(routes=[Route("/health", health), Route(SERVICE, answer, methods=["POST"])])
    settings = uvicorn.Config(
        app, host="127.0.0.1", port=port, access_log=False, log_level="warning", timeout_keep_alive=75
    )
    uvicorn.Server(settings).run()


@dataclass(slots=True)
class Connection:
    """One HTTP/1.1 connection that stays open; as little client as possible."""

    port: int
    link: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        """Connect."""
        self.link = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def post(self, body: bytes) -> bytes:
        """The body of the answer. Raises RuntimeError when it is not 200."""
        head = f"POST {SERVICE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        return self._answer(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def is_healthy(self) -> bool:
        """Whether /health answers."""
        return bool(self._answer(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"))

    def _answer(self, request: bytes) -> bytes:
        self.link.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._read()
        head, _, body = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode("latin-1").splitlines()[0])
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        while len(body) < length:
            body += self._read()
        return body

    def _read(self) -> bytes:
        part = self.link.recv(1 << 16)
        if not part:
            raise ConnectionError("the server closed the connection")
        return part

    def close(self) -> None:
        """Disconnect."""
        self.link.close()


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `seconds`: from the start of the program to its first answer."""

    process: subprocess.Popen[bytes]
    port: int
    seconds: float

    def megabytes(self) -> float:
        """Resident memory (10^6 bytes)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024 / 1e6

    def cpu_seconds(self) -> float:
        """User and system time so far (proc(5): fields 14 and 15, in clock ticks)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(*arguments: str) -> Iterator[Server]:
    """A server as a process of its own, ended at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    started = time.perf_counter()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DVT_")}
    command = [sys.executable, *arguments, str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 -- ours
    try:
        _wait(process, port)
        yield Server(process, port, time.perf_counter() - started)
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()


OURS: Final = ("-m", "app", "serve", "--port")
BARE: Final = ("-m", "tests.bench", "--bare")


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.perf_counter() + PATIENCE
    while time.perf_counter() < deadline and process.poll() is None:
        try:
            connection = Connection(port)
        except ConnectionRefusedError:
            time.sleep(0.002)
            continue
        if connection.is_healthy():
            connection.close()
            return
    raise RuntimeError("the server does not answer")


# ---- what is measured ----------------------------------------------------------------------------


def starts() -> tuple[list[float], list[float]]:
    """Seconds, and CPU seconds, from the start of the program to its first answer, several times."""
    seconds, cpu = [], []
    for _ in range(STARTS):
        with running(*OURS) as server:
            seconds.append(server.seconds)
            cpu.append(server.cpu_seconds())
    return seconds, cpu


def memory(body: bytes) -> dict[int, float]:
    """Number of calls -> MB of resident memory after them."""
    after: dict[int, float] = {}
    with running(*OURS) as server:
        connection = Connection(server.port)
        after[0] = server.megabytes()
        for number in range(1, max(MEMORY_AFTER) + 1):
            connection.post(body)
            if number in MEMORY_AFTER:
                after[number] = server.megabytes()
        connection.close()
    return after


@dataclass(slots=True)
class Sample:
    """What the calls to one server took: seconds of each, and CPU seconds of all."""

    seconds: list[float] = field(default_factory=list)
    cpu: float = 0.0

    def call(self, server: Server, connection: Connection, body: bytes, number: int) -> None:
        """`number` calls, one after the other."""
        before = server.cpu_seconds()
        for _ in range(number):
            began = time.perf_counter()
            connection.post(body)
            self.seconds.append(time.perf_counter() - began)
        self.cpu += server.cpu_seconds() - before

    def percentile(self, percent: int) -> float:
        """In milliseconds."""
        return 1_000 * statistics.quantiles(self.seconds, n=100, method="inclusive")[percent - 1]

    def cpu_a_call(self) -> float:
        """In milliseconds."""
        return 1_000 * self.cpu / len(self.seconds)


def compare(ours: Server, bare: Server, body: bytes, number: int) -> tuple[Sample, Sample]:
    """Interleaved rounds of `number` calls, after one round to warm up."""
    samples = {ours.port: Sample(), bare.port: Sample()}
    connections = {server.port: Connection(server.port) for server in (ours, bare)}
    for place in range(ROUNDS + 1):
        for server in (ours, bare) if place % 2 else (bare, ours):
            sample = Sample() if place == 0 else samples[server.port]
            sample.call(server, connections[server.port], body, number)
    for connection in connections.values():
        connection.close()
    return samples[ours.port], samples[bare.port]


def milliseconds_of_silence(number: int) -> float:
    """The best mean of several rounds: how long it takes to see that none of these drafts concerns this service."""
    # imported here, so that the bare application stays bare
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    from app.cds_hooks.contexts import question  # noqa: PLC0415
    from app.cds_hooks.messages import read_call  # noqa: PLC0415
    from app.clinical.reading.drafts import Reader  # noqa: PLC0415
    from app.fhir.subject import Subject  # noqa: PLC0415
    from tests.cds_hooks.orders import CHEST_X_RAY, order, sign  # noqa: PLC0415
    from tests.front_door import value_sets  # noqa: PLC0415

    drafts = (order(CHEST_X_RAY, id=f"x-{place}") for place in range(number))
    call = read_call(json.dumps(sign(*drafts)).encode(), "order-sign", may_set_today=False)
    reader = Reader(value_sets(), ZoneInfo("UTC"), Subject("p-1"))
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(100):
            question(call, reader)
        rounds.append(time.perf_counter() - began)
    return 10 * min(rounds)


def milliseconds_of_reading() -> tuple[float, float, float]:
    """CPU to read report texts of the corpus: an impression (at most 400 characters) in the mean, the longest report
    repeated up to 5,000 characters, and as many characters of different short reports, which is denser than any
    report. Each is the best of several rounds.
    """
    from app.clinical.report_text import read_report  # noqa: PLC0415
    from tests.report_text.our_reader import our_words  # noqa: PLC0415
    from tests.report_text.reports import read_corpus  # noqa: PLC0415

    words = our_words()

    def cost(text: str) -> float:
        rounds = []
        for _ in range(3):
            began = time.process_time()
            read_report(text, words)
            rounds.append(time.process_time() - began)
        return 1000 * min(rounds)

    texts = [report.text for report in read_corpus("dev")]
    short = [cost(text) for text in texts if len(text) <= LONGEST_IMPRESSION]
    longest = max(texts, key=len)
    repeated = f"{longest}\n" * (LONG_REPORT // len(longest) + 1)
    return statistics.mean(short), cost(repeated[:LONG_REPORT]), cost("\n\n".join(texts)[:LONG_REPORT])


# ---- the table -----------------------------------------------------------------------------------


def main(arguments: Sequence[str]) -> int:
    """Measure and print. 1 when a bound is missed."""
    if arguments[:1] == ["--bare"]:
        serve_bare(int(arguments[1]))
        return 0
    example = json.loads(EXAMPLE.read_text("utf-8"))["request"]
    print(f"{os.cpu_count()} CPUs, load {_load()} before, Python {sys.version.split()[0]}")
    seconds, cpu = starts()
    met = [_bound("start to first answer, median of 5", statistics.median(seconds), START_BOUND, "s")]
    print(f"  {'':38} from {min(seconds):.2f} to {max(seconds):.2f} s; {statistics.median(cpu):.2f} s of CPU")
    after = memory(padded(example, min(CALLS_A_ROUND)))
    print(f"  {'memory before the first call':38} {after[0]:8.1f} MB")
    met.append(_bound("memory after 1,000 calls", after[MEMORY_AFTER[0]], MEMORY_BOUND, "MB"))
    print(f"  {'memory after 10,000 calls':38} {after[MEMORY_AFTER[1]]:8.1f} MB")
    _print_comparison(example)
    for number in (1, 5, 20):
        print(f"  {number:2} draft orders that concern nobody here: told in {milliseconds_of_silence(number):.3f} ms")
    impression, report, dense = milliseconds_of_reading()
    met.append(_bound("reading an impression, mean", impression, IMPRESSION_BOUND, "ms"))
    met.append(_bound("reading a report of 5,000 characters", report, LONG_REPORT_BOUND, "ms"))
    print(f"  {'the same of many short reports':38} {dense:8.2f} ms")
    print(f"load {_load()} after")
    return 0 if all(met) else 1


def _print_comparison(example: dict[str, Any]) -> None:
    print("hook call, one connection: ours in ms, and how many times a bare Starlette app that parses the body")
    print(f"  {'body':>10} {'calls':>6}   {'p50':>8} {'ratio':>6}   {'p99':>8} {'ratio':>6}   {'CPU':>8} {'ratio':>6}")
    with running(*OURS) as ours, running(*BARE) as bare:
        for size, number in CALLS_A_ROUND.items():
            body = padded(example, size)
            mine, least = compare(ours, bare, body, number)
            figures = [(mine.percentile(each), least.percentile(each)) for each in (50, 99)]
            figures.append((mine.cpu_a_call(), least.cpu_a_call()))
            columns = "   ".join(f"{ms:8.2f} {ms / floor if floor else float('nan'):6.1f}" for ms, floor in figures)
            print(f"  {len(body) / 1_000:7.1f} kB {len(mine.seconds):6}   {columns}")


def _bound(name: str, value: float, bound: float, unit: str) -> bool:
    is_met = value < bound
    print(f"  {name:38} {value:8.2f} {unit:2}  bound {bound:g} {unit}: {'met' if is_met else 'NOT MET'}")
    return is_met


def _load() -> str:
    return " ".join(f"{each:.2f}" for each in os.getloadavg())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
