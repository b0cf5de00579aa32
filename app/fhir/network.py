"""Connecting only to vetted addresses: a name is resolved once, every answer is judged, and the connection goes to an
address that was judged, so that the name cannot lead elsewhere a moment later (DNS rebinding, threat model B2).
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import httpcore
import httpx

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host name and port -> addresses as text."""

# Global by `ipaddress`, and yet no address of a FHIR server: relays and translators that lead anywhere, and the one
# metadata service of a cloud provider that stands on a public address (the others are link-local or private).
_NEVER: Final[Sequence[Network]] = [
    ip_network("192.0.0.0/24"),  # protocol assignments, RFC 6890; some versions of Python call parts of it global
    ip_network("192.88.99.0/24"),  # 6to4 relays, RFC 7526
    ip_network("168.63.129.16/32"),
    ip_network("2001::/23"),  # Teredo and other protocol assignments, RFC 2928
    ip_network("2002::/16"),  # 6to4, RFC 3056
    ip_network("64:ff9b:1::/48"),  # translation inside a network, RFC 8215
    ip_network("::/96"),  # IPv4-compatible, RFC 4291: deprecated
    ip_network("fec0::/10"),  # site-local, RFC 3879: deprecated
]
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are the IPv4 address


class AddressRefused(httpx.ConnectError):
    """A name leads to an address that may not be asked. No connection was tried."""


class _Refused(httpcore.ConnectError):
    """The same, on its way through the connection pool."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which addresses may be connected to: public ones, and those of `networks`; loopback in development only."""

    networks: tuple[Network, ...] = ()
    allow_loopback: bool = False

    def allows(self, text: str) -> bool:
        """Whether this address may be connected to. One with a zone (`fe80::1%eth0`) never."""
        try:
            address = _inner(ip_address(text))
        except ValueError:
            return False
        if "%" in text or address.is_unspecified or address.is_multicast:
            return False
        if address.is_loopback:
            return self.allow_loopback
        return any(address in network for network in self.networks) or _is_public(address)


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv4-mapped or NAT64 address stands for."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else address


def _is_public(address: Address) -> bool:
    is_special = address.is_reserved or address.is_link_local or any(address in network for network in _NEVER)
    return address.is_global and not is_special


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """The addresses that the operating system knows for a name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class VettedBackend(httpcore.AsyncNetworkBackend):
    """The network under the connection pool. TLS still checks the certificate against the name that was asked."""

    def __init__(
        self,
        reach: Reach,
        resolver: Resolver = system_resolver,
        inner: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._reach, self._resolver = reach, resolver
        self._inner = inner or httpcore.AnyIOBackend()

    async def connect_tcp(  # the member names are httpcore's
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, judge all addresses, connect to the first that answers. `timeout` (seconds) covers all of it."""
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._vetted(host, port)
                return await self._first(addresses, port, local_address, socket_options)
        except TimeoutError:
            raise httpcore.ConnectTimeout from None

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._inner.sleep(seconds)

    async def _vetted(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = [str(ip_address(host))]
        except ValueError:
            try:
                addresses = list(await self._resolver(host, port))
            except (OSError, UnicodeError):
                raise httpcore.ConnectError from None
        if not addresses or not all(self._reach.allows(each) for each in addresses):
            raise _Refused
        return addresses

    async def _first(
        self,
        addresses: Sequence[str],
        port: int,
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.AsyncNetworkStream:
        for address in addresses[:-1]:
            try:
                return await self._inner.connect_tcp(address, port, None, local_address, socket_options)
            except httpcore.ConnectError:
                continue
        return await self._inner.connect_tcp(addresses[-1], port, None, local_address, socket_options)


class VettedTransport(httpx.AsyncBaseTransport):
    """httpx over a connection pool of vetted connections: no proxy, no redirect, nothing from the environment."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend, context: ssl.SSLContext | None = None) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context or tls_context(),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=backend,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Raises httpx errors only."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        with _translated():
            response = await self._pool.handle_async_request(
                httpcore.Request(
                    method=request.method, url=url, headers=request.headers.raw, extensions=request.extensions
                )
            )
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    """A body as it comes, its errors translated."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _translated():
            async for part in self._response.aiter_stream():
                yield part

    async def aclose(self) -> None:
        with _translated():
            await self._response.aclose()


@contextmanager
def _translated() -> Iterator[None]:
    """What httpcore raises as what httpx raises, without the text."""
    try:
        yield
    except _Refused:
        raise AddressRefused("address refused") from None
    except httpcore.TimeoutException:
        raise httpx.TimeoutException("timeout") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ConnectionNotAvailable, ssl.SSLError):
        raise httpx.NetworkError("network") from None
    except (httpcore.UnsupportedProtocol, httpcore.ProxyError):
        raise httpx.UnsupportedProtocol("protocol") from None


def tls_context() -> ssl.SSLContext:
    """Certificates are checked, against certifi's list; SSLKEYLOGFILE, which tells the keys, is not heeded (B4)."""
    context = httpx.create_ssl_context(trust_env=False)
    context.keylog_filename = None  # type: ignore[assignment]  # None ends the logging; typeshed knows of names only
    return context


def outbound_client(reach: Reach, resolver: Resolver = system_resolver) -> httpx.AsyncClient:
    """The client that asks FHIR servers."""
    return httpx.AsyncClient(
        transport=VettedTransport(VettedBackend(reach, resolver)), trust_env=False, follow_redirects=False
    )
