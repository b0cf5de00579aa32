"""Reading what prefetch lacked from the EHR's own FHIR server, inside one time budget.

The outbound rules of the threat model, section B: only allow-listed bases, no redirects, the token only in memory and
only to that base, nothing read but JSON of a bounded size, pages only from the same base, one retry. Every failure of
the network ends here as a FetchFailure; no httpx error, which would carry the token in its request, leaves this file.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import httpx

from app.fhir.access import FhirAccess
from app.fhir.addresses import is_allowed, is_page_of, is_query, origin_of
from app.fhir.breakers import Breakers
from app.fhir.network import AddressRefused
from app.fhir.pages import joined, next_of, page_of
from app.fhir.resources import Bundle

LONGEST_ANSWER: Final = 2 * 1024 * 1024
"""Bytes, all pages of one query together (threat model B8)."""

MOST_PAGES: Final = 5
"""Pages of one query, the first included (threat model B7)."""

MOST_ENTRIES: Final = 500
"""Entries of one query (threat model B7)."""

TIMEOUT: Final = httpx.Timeout(connect=0.3, read=0.8, write=0.3, pool=0.3)
"""Seconds, per step; the budget of the call ends everything (threat model B8)."""

RETRY_PAUSE: Final = 0.05
"""Seconds before the one retry, when the server does not say how long."""

_JSON: Final = re.compile(r"application/([A-Za-z0-9.\-]+\+)?json", re.ASCII)
_SECONDS: Final = re.compile(r"[0-9]{1,6}", re.ASCII)
_TOO_MANY: Final = 429
_PASSING: Final = frozenset({502, 503, 504})  # a gateway or a server that is busy: the same GET may work in a moment
_SERVER_FAULT: Final = 500

NO_PAGES: Final[Mapping[str, bytes]] = MappingProxyType({})


class Why(StrEnum):
    """Why a query brought nothing."""

    NOT_ALLOWED = "the FHIR server is not on the list of allowed ones"
    ADDRESS_REFUSED = "the name of the FHIR server leads to an address that may not be asked"
    BAD_TOKEN = "the access token has a form that no header can carry"  # noqa: S105  # no token: a sentence about one
    EXPIRED = "the access token has expired, or is about to"
    OUT_OF_SCOPE = "the access token does not cover the query"
    BAD_QUERY = "the query is not a FHIR read or search"
    RESTING = "the FHIR server failed again and again and is left alone for a while"
    TIMED_OUT = "no answer in time"
    UNREACHABLE = "no connection, or it broke"
    NOT_OK = "the server answered with a status other than 200"
    NOT_JSON = "the answer is not JSON"
    TOO_LONG = "the answer is too long"


@dataclass(frozen=True, slots=True)
class FetchFailure:
    """A query that brought nothing. `status` is the HTTP status, when there was one."""

    why: Why
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What the operator allows: the bases that may be asked (in development those on loopback), and the time in all."""

    allowed_bases: tuple[str, ...] = ()
    allow_loopback: bool = False
    budget_seconds: float = 1.2


@dataclass(slots=True)
class _Server:
    """Where to ask, and with what. The token has no place in a repr. `heard`: whether each request was answered."""

    http: httpx.AsyncClient
    base: str
    token: str = field(repr=False)
    deadline: float
    usable_until: float | None = None
    heard: list[bool] = field(default_factory=list)


@dataclass(slots=True)
class _Query:
    """One query on its way: room for its answer in bytes, and whether it was already tried a second time."""

    room: int = LONGEST_ANSWER
    retried: bool = False


class _GaveUpError(Exception):
    """One request ends here; carries nothing but the reason, and the pause (seconds) after which a retry may help."""

    def __init__(self, why: Why, status: int | None = None, *, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.failure = FetchFailure(why, status)
        self.retry_after = retry_after


async def fetch_missing(
    http: httpx.AsyncClient,
    access: FhirAccess,
    urls: Mapping[str, str],
    *,
    limits: Limits,
    first_pages: Mapping[str, bytes] = NO_PAGES,
    arrived: float | None = None,
    breakers: Breakers | None = None,
) -> Mapping[str, bytes | FetchFailure]:
    """Ask every query of `urls` (prefetch key -> `Type/id` or `Type?search`) at once; each key gets JSON or a failure.

    `first_pages` are answers that came with a `next` link (PF-05): each is given back with the pages behind it, or as
    it is when they cannot be had. Takes at most `limits.budget_seconds` in all. `arrived`: when the call came in, on
    the event loop's clock (default now); a token's life counts from then. The client handed in should not trust the
    environment (`trust_env=False`); its cookies, headers and authentication are not used.
    """
    now = asyncio.get_running_loop().time()
    refusal = _refusal(access, limits, breakers)
    if refusal:
        return {**first_pages, **dict.fromkeys(urls, FetchFailure(refusal))}
    until = access.usable_until(now if arrived is None else arrived)
    server = _Server(http, access.base.rstrip("/"), access.token, now + limits.budget_seconds, until)
    asked = [_ask(server, url) if access.covers(url) else _out_of_scope() for url in urls.values()]
    continued = [_with_pages(server, first, _Query(LONGEST_ANSWER - len(first))) for first in first_pages.values()]
    answers = dict(zip((*urls, *first_pages), await asyncio.gather(*asked, *continued), strict=True))
    if breakers and server.heard:
        breakers.note(origin_of(access.base), answered=any(server.heard))
    return answers


def _refusal(access: FhirAccess, limits: Limits, breakers: Breakers | None) -> Why | None:
    if not is_allowed(access.base, limits.allowed_bases, allow_loopback=limits.allow_loopback):
        return Why.NOT_ALLOWED
    if not access.has_usable_token:
        return Why.BAD_TOKEN
    return Why.RESTING if breakers and not breakers.may_ask(origin_of(access.base)) else None


async def _out_of_scope() -> FetchFailure:
    return FetchFailure(Why.OUT_OF_SCOPE)


async def _ask(server: _Server, url: str) -> bytes | FetchFailure:
    """One query with its pages. What came before the time was up stays, marked as incomplete by its `next` link."""
    if not is_query(url):
        return FetchFailure(Why.BAD_QUERY)
    query = _Query()
    try:
        first = await _get(server, f"{server.base}/{url}", query)
    except _GaveUpError as gave_up:
        return gave_up.failure
    return await _with_pages(server, first, query)


async def _with_pages(server: _Server, first: bytes, query: _Query) -> bytes:
    bundle = page_of(first)
    if bundle is None or next_of(bundle) is None:
        return first
    pages, seen = [bundle], set[str]()
    while (url := next_of(pages[-1])) and _may_follow(server, url, pages) and url not in seen:
        seen.add(url)
        try:
            following = page_of(await _get(server, url, query))
        except _GaveUpError:
            break
        if following is None:
            break
        pages.append(following)
    return joined(pages)


def _may_follow(server: _Server, url: str, pages: Sequence[Bundle]) -> bool:
    entries = sum(len(page.entry) for page in pages)
    return is_page_of(server.base, url) and len(pages) < MOST_PAGES and entries < MOST_ENTRIES


async def _get(server: _Server, url: str, query: _Query) -> bytes:
    """One GET, and another one if the first met a passing fault and there is time. Raises _GaveUpError."""
    try:
        return await _attempt(server, url, query)
    except _GaveUpError as gave_up:
        pause = gave_up.retry_after
        is_late = pause is not None and asyncio.get_running_loop().time() + pause >= server.deadline
        if query.retried or pause is None or is_late:
            raise
    query.retried = True
    await asyncio.sleep(pause)
    return await _attempt(server, url, query)


async def _attempt(server: _Server, url: str, query: _Query) -> bytes:
    """One GET within what is left of the budget and of the token's life. Raises _GaveUpError."""
    now = asyncio.get_running_loop().time()
    if server.usable_until is not None and now > server.usable_until:
        raise _GaveUpError(Why.EXPIRED)
    failed = _GaveUpError(Why.TIMED_OUT)
    try:
        async with asyncio.timeout_at(server.deadline):
            body = await _send(server, url, query.room)
        query.room -= len(body)
    except (TimeoutError, httpx.TimeoutException):
        server.heard.append(False)
    except AddressRefused:
        failed = _GaveUpError(Why.ADDRESS_REFUSED)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, httpx.CookieConflict):
        server.heard.append(False)
        failed = _GaveUpError(Why.UNREACHABLE, retry_after=RETRY_PAUSE)
    except _GaveUpError as gave_up:
        server.heard.append((gave_up.failure.status or 0) < _SERVER_FAULT)
        raise
    else:
        server.heard.append(True)
        return body
    # Raised outside the handlers: an httpx error holds the request, and with it the token.
    raise failed


async def _send(server: _Server, url: str, room: int) -> bytes:
    # Built without the client, whose cookies and default headers stay out of it.
    request = httpx.Request(
        "GET",
        url,
        headers={
            "Accept": "application/fhir+json",
            "Accept-Encoding": "identity",
            "Authorization": f"Bearer {server.token}",
            # Some servers answer a search of the last minute from memory (docs/real-servers.md).
            "Cache-Control": "no-cache",
        },
        extensions={"timeout": TIMEOUT.as_dict()},
    )
    response = await server.http.send(request, stream=True, auth=None, follow_redirects=False)
    try:
        return await _body(response, room)
    finally:
        await response.aclose()


async def _body(response: httpx.Response, room: int) -> bytes:
    if response.status_code != httpx.codes.OK:
        raise _GaveUpError(Why.NOT_OK, response.status_code, retry_after=_retry_after(response))
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    # An encoding that we did not ask for could unpack to any size.
    if not _JSON.fullmatch(media_type) or response.headers.get("content-encoding", "identity") != "identity":
        raise _GaveUpError(Why.NOT_JSON)
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > room:
            raise _GaveUpError(Why.TOO_LONG)
    # A resource is an object. `null` means "asked and nothing there" in a prefetch only, where the client says it.
    if not body.lstrip().startswith(b"{"):
        raise _GaveUpError(Why.NOT_JSON)
    return bytes(body)


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds after which the same request may work; None: it will not. A date is not read: it needs their clock."""
    said = response.headers.get("retry-after")
    if response.status_code not in _PASSING and (response.status_code != _TOO_MANY or said is None):
        return None
    if said is None:
        return RETRY_PAUSE
    return float(said) if _SECONDS.fullmatch(said) else None
