"""A FHIR server that fails on purpose. What it does is data: which query meets which fault, with its numbers.

asyncio and sockets only; it knows nothing of the service. Pauses are those of the event loop, so that an hour of
virtual time costs nothing.
"""

import asyncio
import gzip
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]
FHIR = "application/fhir+json"
LONG = 10**9


@dataclass(frozen=True)
class Fault:
    """What happens to one query. `number`: a status, seconds or bytes; `times`: how often, then all is well."""

    kind: str
    number: float = 0
    text: str = ""
    times: int = 10**6

    def __str__(self) -> str:
        """Its name in the table."""
        parts = [self.kind, f"{self.number:g}" if self.number else "", self.text]
        once = "" if self.times > 1000 else f"x{self.times}"
        return " ".join(filter(None, [*parts, once]))


@dataclass
class Request:
    """One request as it came."""

    target: str
    headers: Mapping[str, str]
    at: float


@dataclass
class FaultServer:
    """`answers`: query -> resource; `script`: query -> fault. `requests`: all that came."""

    answers: Mapping[str, Json]
    script: Mapping[str, Fault] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    port: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    connections: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def base(self) -> str:
        """The FHIR base."""
        return f"http://127.0.0.1:{self.port}/fhir"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request."""
        task = asyncio.current_task()
        if task is not None:
            self.connections.add(task)
        try:
            while (request := await self._read(reader)) is not None:
                self.requests.append(request)
                if not await self._answer(request, writer):
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client went away, or the test is over
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Request | None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        return Request(head[0].split(" ")[1], headers, asyncio.get_running_loop().time())

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Answer one request. True: the connection goes on."""
        query = request.target.removeprefix("/fhir/")
        original = query.partition("&fault-page=")[0]
        fault = self.script.get(original)
        self.seen[original] = self.seen.get(original, 0) + 1
        if fault is None or self.seen[original] > fault.times:
            return await self._send(writer, self._body(query))
        if fault.kind == "status":
            headers = {"Retry-After": fault.text} if fault.text else {}
            return await self._send(writer, b"{}", int(fault.number), headers)
        return await FAULTS[fault.kind](self, fault, original, writer)

    def _body(self, query: str) -> bytes:
        return json.dumps(self.answers.get(query, {"resourceType": "Bundle", "type": "searchset"})).encode()

    async def _send(
        self,
        writer: asyncio.StreamWriter,
        body: bytes,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        content_type: str = FHIR,
    ) -> bool:
        given = {"Content-Type": content_type, "Content-Length": str(len(body)), **(headers or {})}
        await self._raw(writer, _head(status, given) + body)
        return True

    async def _raw(self, writer: asyncio.StreamWriter, content: bytes) -> None:
        writer.write(content)
        await writer.drain()

    # ---- the faults; each gives True when the connection goes on

    async def hung(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """Nothing comes, ever."""
        await asyncio.sleep(LONG)
        return False

    async def slow(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """The whole answer, after `number` seconds."""
        await asyncio.sleep(fault.number)
        return await self._send(writer, self._body(query))

    async def dribble(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """The answer byte by byte, `number` seconds between two."""
        body = self._body(query)
        await self._raw(writer, _head(200, {"Content-Type": FHIR, "Content-Length": str(len(body))}))
        for each in body:
            await asyncio.sleep(fault.number)
            await self._raw(writer, bytes([each]))
        return True

    async def slow_head(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """Headers without end, one each `number` seconds."""
        await self._raw(writer, b"HTTP/1.1 200 OK\r\n")
        while True:
            await asyncio.sleep(fault.number)
            await self._raw(writer, b"X-More: x\r\n")

    async def stalled(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """Half of the answer, and nothing more."""
        body = self._body(query)
        await self._raw(
            writer, _head(200, {"Content-Type": FHIR, "Content-Length": str(len(body))}) + body[: len(body) // 2]
        )
        await asyncio.sleep(LONG)
        return False

    async def truncated(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """Half of the JSON, declared as all of it."""
        body = self._body(query)
        return await self._send(writer, body[: len(body) // 2])

    async def too_short(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """Content-Length promises more than comes before the end."""
        body = self._body(query)
        await self._raw(writer, _head(200, {"Content-Type": FHIR, "Content-Length": str(len(body) + 100)}) + body)
        return False

    async def too_long(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """Content-Length promises less than comes."""
        body = self._body(query)
        await self._raw(writer, _head(200, {"Content-Type": FHIR, "Content-Length": str(len(body) // 2)}) + body)
        return False

    async def closed(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """The connection ends without a word."""
        return False

    async def reset(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """RST instead of an answer."""
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        return False

    async def no_http(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """Something that is not HTTP."""
        await self._raw(writer, b"SSH-2.0-server\r\n")
        return False

    async def html(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """A page for people, with 200."""
        return await self._send(writer, b"<html>Log in</html>", content_type="text/html")

    async def html_as_json(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """A page for people that says it is JSON."""
        return await self._send(writer, b"<html>Log in</html>")

    async def xml(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """FHIR, but as XML."""
        return await self._send(writer, b'<Bundle xmlns="http://hl7.org/fhir"/>', content_type="application/fhir+xml")

    async def body(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """This JSON with 200, whatever was asked."""
        return await self._send(writer, fault.text.encode())

    async def bomb(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """`number` bytes, packed into a thousandth."""
        return await self._send(writer, packed(int(fault.number)), headers={"Content-Encoding": "gzip"})

    async def hidden_bomb(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """The same, not declared."""
        return await self._send(writer, packed(int(fault.number)))

    async def huge(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """`number` bytes of JSON."""
        length = int(fault.number)
        await self._raw(writer, _head(200, {"Content-Type": FHIR, "Content-Length": str(length)}) + b'{"x": "')
        piece = b"x" * 65536
        for _ in range(length // len(piece)):
            await self._raw(writer, piece)
        return False

    async def redirect(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """`number` with a Location: `text` or, without one, the right answer on this server."""
        location = fault.text or f"{self.base}/{query}&fault-page=moved"
        return await self._send(writer, b"{}", int(fault.number), {"Location": location})

    async def endless(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """The first answer again and again, each with another next page."""
        return await self._page(writer, query, f"{self.base}/{query}&fault-page={self.seen[query]}")

    async def loop(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """A next page that names itself."""
        return await self._page(writer, query, f"{self.base}/{query}&fault-page=1")

    async def elsewhere(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """A next page at `text`."""
        return await self._page(writer, query, fault.text)

    async def lost_page(self, fault: Fault, query: str, writer: asyncio.StreamWriter) -> bool:
        """A next page that fails with `number`."""
        if self.seen[query] > 1:
            return await self._send(writer, b"{}", int(fault.number))
        return await self._page(writer, query, f"{self.base}/{query}&fault-page=1")

    async def _page(self, writer: asyncio.StreamWriter, query: str, following: str) -> bool:
        answer = json.loads(self._body(query))
        return await self._send(
            writer, json.dumps({**answer, "link": [{"relation": "next", "url": following}]}).encode()
        )


@cache
def packed(length: int) -> bytes:
    """That many blanks as gzip: a small file of small files."""
    piece = gzip.compress(b" " * 10**6)
    return piece * (length // 10**6)


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


Play = Callable[[FaultServer, Fault, str, asyncio.StreamWriter], Awaitable[bool]]

FAULTS: dict[str, Play] = {
    name: getattr(FaultServer, name)
    for name in (
        "hung", "slow", "dribble", "slow_head", "stalled", "truncated", "too_short", "too_long", "closed", "reset",
        "no_http", "html", "html_as_json", "xml", "body", "bomb", "hidden_bomb", "huge", "redirect", "endless", "loop",
        "elsewhere", "lost_page",
    )
}  # fmt: skip


@asynccontextmanager
async def serving(server: FaultServer) -> AsyncIterator[FaultServer]:
    """The server on a free port of loopback, and gone at the end."""
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for connection in server.connections:
            connection.cancel()
        await asyncio.gather(*server.connections)


@asynccontextmanager
async def canary() -> AsyncIterator[tuple[int, list[int]]]:
    """A port that nobody may connect to, and the connections it got."""
    got: list[int] = []

    async def count(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(1)
        writer.close()

    listening = await asyncio.start_server(count, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1], got
    finally:
        listening.close()


def closed_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(urlsplit(f"//{taken.getsockname()[0]}:{taken.getsockname()[1]}").port or 0)


class BlackHole:
    """A port of loopback that takes no connection and refuses none: its queue is full."""

    def __init__(self) -> None:
        self._listening = socket.socket()
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen(0)
        self.port = int(self._listening.getsockname()[1])
        self._waiting = [socket.socket() for _ in range(4)]
        for each in self._waiting:
            each.setblocking(False)  # noqa: FBT003 -- socket's own argument
            each.connect_ex(("127.0.0.1", self.port))

    def close(self) -> None:
        """Let go."""
        for each in (*self._waiting, self._listening):
            each.close()
