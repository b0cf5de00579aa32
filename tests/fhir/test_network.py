"""Threat model B2 to B5: where a connection may go, whatever a name says."""

import asyncio
import inspect
import json
import ssl
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import httpcore
import httpx
import pytest

from app.fhir import network
from app.fhir.access import FhirAccess
from app.fhir.client import FetchFailure, Limits, Why, fetch_missing
from app.fhir.network import (
    AddressRefused,
    Reach,
    VettedBackend,
    VettedTransport,
    outbound_client,
    system_resolver,
    tls_context,
)

PUBLIC = "93.184.216.34"
HOST = "ehr.example.org"
BODY = json.dumps({"resourceType": "Bundle", "type": "searchset"}).encode()


# ---- which addresses -----------------------------------------------------------------------------


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1::1", "64:ff9b::5db8:d822", "::ffff:93.184.216.34"])
def test_b2_a_public_address_may_be_asked(address: str) -> None:
    assert Reach().allows(address)


INSIDE = [
    "127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
    "0.0.0.0", "::", "0.1.2.3",  # noqa: S104  # to be refused
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "fd00:ec2::254",
    "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:5db8:d822::1", "2001:0:5db8:d822::1", "::127.0.0.1", "::a9fe:a9fe",
    "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "ff02::1", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1",
    "168.63.129.16", "2001:db8::1", "100::1", "93.184.216.34%eth0", "", "localhost", "1", "0x7f000001", "127.1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_b2_any_other_may_not(address: str) -> None:
    assert not Reach().allows(address)


def test_b2_a_listed_network_may_be_asked_and_nothing_beside_it() -> None:
    reach = Reach((ip_network("10.2.0.0/16"), ip_network("fd12::/32")))

    assert [reach.allows(each) for each in ("10.2.3.4", "::ffff:10.2.3.4", "fd12::1")] == [True] * 3
    assert [reach.allows(each) for each in ("10.3.0.1", "127.0.0.1", "fd13::1")] == [False] * 3


def test_b2_loopback_may_be_asked_in_development_only_and_no_list_opens_it() -> None:
    everything = (ip_network("0.0.0.0/0"), ip_network("::/0"))

    assert Reach(allow_loopback=True).allows("127.0.0.1")
    assert Reach(allow_loopback=True).allows("::1")
    assert not Reach(allow_loopback=True).allows("10.0.0.1")
    assert not any(Reach(everything).allows(each) for each in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "::"))


# ---- where a name leads --------------------------------------------------------------------------


class Names:
    """A name server of a test: the answers in turn, the last one for good."""

    def __init__(self, *answers: Sequence[str] | Exception) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        answer = self.answers[min(self.asked, len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Wire(httpcore.AsyncNetworkBackend):
    """A network of a test: which addresses were connected to. Those of `dead` refuse."""

    def __init__(self, dead: Iterable[str] = ()) -> None:
        self.connected: list[str] = []
        self.dead = set(dead)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's name
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.connected.append(host)
        if host in self.dead:
            raise httpcore.ConnectError
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nSet-Cookie: s=1\r\n"
        return Recorded([head + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY])

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Recorded(httpcore.AsyncMockStream):
    """A connection that answers and remembers what was written and whom TLS asked for."""

    written: list[bytes] = []  # noqa: RUF012  # all of one test
    server_names: list[str | None] = []  # noqa: RUF012

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self.written.append(buffer)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        self.server_names.append(server_hostname)
        return self


@pytest.fixture(autouse=True)
def _forget() -> None:
    Recorded.written.clear()
    Recorded.server_names.clear()


async def get(names: Names, wire: Wire | None = None, reach: Reach | None = None, times: int = 1) -> list[str]:
    """Ask the EHR by its name so often, each time over a new connection; where the connections went."""
    wire = wire or Wire()
    for _ in range(times):
        transport = VettedTransport(VettedBackend(reach or Reach(), names, wire), ssl.create_default_context())
        async with httpx.AsyncClient(transport=transport, trust_env=False) as http:
            response = await http.get(f"https://{HOST}/fhir/Patient/p1")
            assert response.status_code == 200
    return wire.connected


async def test_b2_the_connection_goes_to_the_vetted_address_and_tls_asks_for_the_name() -> None:
    names = Names([PUBLIC])

    assert await get(names) == [PUBLIC]
    assert names.asked == 1
    assert Recorded.server_names == [HOST]
    assert b"Host: ehr.example.org" in b"".join(Recorded.written)


async def test_b2_a_name_that_changes_its_mind_is_asked_once_for_each_connection() -> None:
    """DNS rebinding: between judging and connecting nobody asks again."""
    names, wire = Names([PUBLIC], ["127.0.0.1"]), Wire()
    await get(names, wire)
    with pytest.raises(AddressRefused):
        await get(names, wire)

    assert wire.connected == [PUBLIC]


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        [PUBLIC, "127.0.0.1"],
        [PUBLIC, "::1"],
        ["2606:2800:220:1::1", "10.0.0.1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        [PUBLIC, "fe80::1%eth0"],
        [],
    ],
    ids=str,
)
async def test_b2_one_address_that_may_not_be_asked_refuses_the_name(addresses: list[str]) -> None:
    wire = Wire()
    with pytest.raises(AddressRefused):
        await get(Names(addresses), wire)

    assert wire.connected == []


async def test_b2_no_canary_on_loopback_is_ever_connected_to() -> None:
    """Real listeners on three loopback addresses, a real backend under the vetting one."""
    visits: list[str] = []
    async with listening(visits) as port:
        for addresses in (["127.0.0.1"], ["127.0.0.2"], ["127.8.8.8"], [PUBLIC, "127.0.0.1"], ["::ffff:127.0.0.1"]):
            backend = VettedBackend(Reach(), Names(addresses))
            async with httpx.AsyncClient(transport=VettedTransport(backend), trust_env=False) as http:
                access = FhirAccess(f"https://{HOST}:{port}/fhir", "t")
                limits = Limits((f"https://{HOST}:{port}/fhir",))
                answers = await fetch_missing(http, access, {"q": "Patient/p1"}, limits=limits)
            assert answers == {"q": FetchFailure(Why.ADDRESS_REFUSED)}

    assert visits == []


@asynccontextmanager
async def listening(visits: list[str]) -> AsyncIterator[int]:
    async def visit(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append(str(writer.get_extra_info("sockname")))
        writer.close()

    first = await asyncio.start_server(visit, "127.0.0.1", 0)
    port = int(first.sockets[0].getsockname()[1])
    others = [await asyncio.start_server(visit, host, port) for host in ("127.0.0.2", "127.8.8.8")]
    yield port
    for each in (first, *others):
        each.close()


async def test_the_canary_sings_when_it_is_visited() -> None:
    """Without this the test above would prove nothing."""
    visits: list[str] = []
    async with listening(visits) as port:
        _, writer = await asyncio.open_connection("127.8.8.8", port)
        await asyncio.sleep(0.01)
        writer.close()

    assert len(visits) == 1


async def test_an_address_as_host_is_judged_too_and_no_name_server_asked() -> None:
    names, wire = Names([PUBLIC]), Wire()
    transport = VettedTransport(VettedBackend(Reach(), names, wire))
    async with httpx.AsyncClient(transport=transport, trust_env=False) as http:
        with pytest.raises(AddressRefused):
            await http.get("http://169.254.169.254/latest")

    assert (names.asked, wire.connected) == (0, [])


async def test_the_next_address_is_tried_when_one_is_dead() -> None:
    assert await get(Names([PUBLIC, "93.184.216.35"]), Wire({PUBLIC})) == [PUBLIC, "93.184.216.35"]


async def test_when_all_addresses_are_dead_it_is_no_connection() -> None:
    with pytest.raises(httpx.NetworkError):
        await get(Names([PUBLIC, "93.184.216.35"]), Wire({PUBLIC, "93.184.216.35"}))


@pytest.mark.parametrize("error", [OSError("no such name"), UnicodeError("label too long")])
async def test_a_name_that_nobody_knows_is_no_connection(error: Exception) -> None:
    with pytest.raises(httpx.NetworkError):
        await get(Names(error))


async def test_a_name_server_that_hangs_ends_with_the_time_to_connect() -> None:
    async def hung(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return [PUBLIC]

    transport = VettedTransport(VettedBackend(Reach(), hung, Wire()))
    async with httpx.AsyncClient(transport=transport, trust_env=False, timeout=0.05) as http:
        with pytest.raises(httpx.TimeoutException):
            await http.get(f"http://{HOST}/")


async def test_the_system_knows_this_machine() -> None:
    assert set(await system_resolver("localhost", 80)) <= {"127.0.0.1", "::1"}


async def test_waiting_is_left_to_the_network_below() -> None:
    await VettedBackend(Reach(), Names([]), Wire()).sleep(0)


# ---- B3, B4, B5: nothing from the environment, nothing kept ---------------------------------------


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"])
async def test_b4_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    visits: list[str] = []
    async with listening(visits) as port:
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        async with outbound_client(Reach(), Names(["10.0.0.1"])) as http:
            for scheme in ("http", "https"):
                with pytest.raises(AddressRefused):
                    await http.get(f"{scheme}://{HOST}/fhir/Patient/p1")

    assert visits == []


def test_b4_the_keys_of_tls_are_not_written_down(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    context = tls_context()

    assert not context.keylog_filename
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


async def test_b3_the_outbound_client_follows_no_redirect_and_trusts_no_environment() -> None:
    async with outbound_client(Reach()) as http:
        assert not http.follow_redirects
        assert not http.trust_env


async def test_b5_a_cookie_of_the_server_is_not_sent_back() -> None:
    transport = VettedTransport(VettedBackend(Reach(), Names([PUBLIC]), Wire()), ssl.create_default_context())
    limits = Limits((f"https://{HOST}/fhir",))
    async with httpx.AsyncClient(transport=transport, trust_env=False) as http:
        for _ in range(2):
            await fetch_missing(http, FhirAccess(f"https://{HOST}/fhir", "t"), {"q": "Patient/p1"}, limits=limits)

    assert b"".join(Recorded.written).count(b"GET /fhir/Patient/p1") > 1
    assert b"cookie" not in b"".join(Recorded.written).lower()


# ---- errors --------------------------------------------------------------------------------------


def errors() -> list[type[Exception]]:
    found = [each for _, each in inspect.getmembers(httpcore, inspect.isclass) if issubclass(each, Exception)]
    assert len(found) > 10
    return found


@pytest.mark.parametrize("error", errors(), ids=lambda each: each.__name__)
def test_every_error_below_is_said_as_httpx_says_it_without_its_text(error: type[Exception]) -> None:
    with pytest.raises(httpx.TransportError) as raised, network._translated():  # noqa: SLF001  # the border itself
        raise error("secret")

    assert "secret" not in str(raised.value)
    assert raised.value.__suppress_context__
