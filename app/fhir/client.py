"""Reading what prefetch lacked from the EHR's own FHIR server, inside one time budget.

The outbound rules of the threat model, section B: only allow-listed bases, no redirects, the token only in memory and
only to that base, nothing read but JSON of a bounded size, pages only from the same base. Every failure of the network
ends here as a FetchFailure; no httpx error, which would carry the token in its request, leaves this file.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx
import msgspec

from app.fhir.resources import Bundle, read

LONGEST_ANSWER: Final = 2 * 1024 * 1024
"""Bytes, all pages of one query together (threat model B8)."""

MOST_PAGES: Final = 5
"""Pages of one query, the first included (threat model B7)."""

MOST_ENTRIES: Final = 500
"""Entries of one query (threat model B7)."""

TIMEOUT: Final = httpx.Timeout(connect=0.3, read=0.8, write=0.3, pool=0.3)
"""Seconds, per step; the budget of the call ends everything (threat model B8)."""

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""Host names as written. Nothing is resolved: any other spelling of a loopback address is not on the list."""

# What an address may be made of. No user info, no escapes, no backslash, no control character, no query, no fragment.
_BASE: Final = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~\-]+)*/?", re.ASCII)
_QUERY: Final = re.compile(
    r"[A-Z][A-Za-z]{1,63}(/(?!\.{1,2}(\?|$))[A-Za-z0-9\-.]{1,64})?(\?[A-Za-z0-9._~\-%!$&'()*+,;=:@/?|]*)?", re.ASCII
)
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*", re.ASCII)
_JSON: Final = re.compile(r"application/([A-Za-z0-9.\-]+\+)?json", re.ASCII)


NO_PAGES: Final[Mapping[str, bytes]] = MappingProxyType({})


class Why(StrEnum):
    """Why a query brought nothing."""

    NOT_ALLOWED = "the FHIR server is not on the list of allowed ones"
    BAD_TOKEN = "the access token has a form that no header can carry"  # noqa: S105  # no token: a sentence about one
    BAD_QUERY = "the query is not a FHIR read or search"
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
class _Server:
    """Where to ask, and with what. The token has no place in a repr."""

    http: httpx.AsyncClient
    base: str
    token: str = field(repr=False)


class _GaveUpError(Exception):
    """One query ends here; carries nothing but the reason."""

    def __init__(self, why: Why, status: int | None = None) -> None:
        super().__init__(why)
        self.failure = FetchFailure(why, status)


def is_allowed(base: str, allowed_bases: Sequence[str], *, allow_loopback: bool = False) -> bool:
    """Whether a FHIR base may be asked: scheme, host and port as listed, and the listed path or one below it.

    Nothing but https, except to a loopback host when `allow_loopback` is set (development).
    """
    asked = _split(base)
    if asked is None:
        return False
    if allow_loopback and _host(asked) in LOOPBACK:
        return True
    listed = (split for each in allowed_bases if (split := _split(each)) is not None)
    return asked.scheme == "https" and any(_is_below(asked, each) for each in listed)


async def fetch_missing(
    http: httpx.AsyncClient,
    base: str,
    token: str,
    urls: Mapping[str, str],
    *,
    first_pages: Mapping[str, bytes] = NO_PAGES,
    allowed_bases: Sequence[str],
    allow_loopback: bool = False,
    budget_seconds: float = 1.2,
) -> Mapping[str, bytes | FetchFailure]:
    """Ask every query of `urls` (prefetch key -> `Type/id` or `Type?search`) at once; each key gets JSON or a failure.

    `first_pages` are answers that came with a `next` link (PF-05): each is given back with the pages behind it, or as
    it is when they cannot be had. Takes at most `budget_seconds` in all. The client handed in should not trust the
    environment (`trust_env=False`); its cookies, headers and authentication are not used.
    """
    if not is_allowed(base, allowed_bases, allow_loopback=allow_loopback):
        return {**first_pages, **dict.fromkeys(urls, FetchFailure(Why.NOT_ALLOWED))}
    if not _TOKEN.fullmatch(token):
        return {**first_pages, **dict.fromkeys(urls, FetchFailure(Why.BAD_TOKEN))}
    server = _Server(http, base.rstrip("/"), token)
    deadline = asyncio.get_running_loop().time() + budget_seconds
    asked = [_ask(server, url, deadline) for url in urls.values()]
    continued = [_with_pages(server, first, deadline) for first in first_pages.values()]
    return dict(zip((*urls, *first_pages), await asyncio.gather(*asked, *continued), strict=True))


async def _ask(server: _Server, url: str, deadline: float) -> bytes | FetchFailure:
    """One query with its pages. What came before the time was up stays, marked as incomplete by its `next` link."""
    if not _QUERY.fullmatch(url):
        return FetchFailure(Why.BAD_QUERY)
    try:
        async with asyncio.timeout_at(deadline):
            first = await _get(server, f"{server.base}/{url}", LONGEST_ANSWER)
    except TimeoutError:
        return FetchFailure(Why.TIMED_OUT)
    except _GaveUpError as gave_up:
        return gave_up.failure
    return await _with_pages(server, first, deadline)


async def _with_pages(server: _Server, first: bytes, deadline: float) -> bytes:
    bundle = _bundle(first)
    if bundle is None or _next(bundle) is None:
        return first
    pages = [bundle]
    size, seen = len(first), set[str]()
    while (url := _next(pages[-1])) and _may_follow(server, url, pages) and url not in seen:
        seen.add(url)
        try:
            async with asyncio.timeout_at(deadline):
                page = await _get(server, url, LONGEST_ANSWER - size)
        except (TimeoutError, _GaveUpError):
            break
        following = _bundle(page)
        if following is None:
            break
        size += len(page)
        pages.append(following)
    return _merged(pages)


def _may_follow(server: _Server, url: str, pages: Sequence[Bundle]) -> bool:
    """Only below the same base, so that a page cannot carry the token elsewhere."""
    rest = url.removeprefix(server.base)
    is_ours = rest != url and rest[:1] in ("/", "?") and url.isascii() and url.isprintable()
    has_tricks = any(trick in rest.partition("?")[0] for trick in ("..", "//", "\\", "%", "@"))
    entries = sum(len(page.entry) for page in pages)
    return is_ours and not has_tricks and " " not in url and len(pages) < MOST_PAGES and entries < MOST_ENTRIES


def _merged(pages: Sequence[Bundle]) -> bytes:
    """All pages as one searchset. A `next` that was not followed stays, and says that the answer is incomplete."""
    total = max((page.total for page in pages if page.total is not None), default=None)
    left = _next(pages[-1])
    bundle = {
        "resourceType": "Bundle",
        "type": "searchset",
        **({} if total is None else {"total": total}),
        "link": [] if left is None else [{"relation": "next", "url": left}],
        "entry": [entry for page in pages for entry in page.entry],
    }
    return msgspec.json.encode(bundle)


def _next(bundle: Bundle) -> str | None:
    return next((link.url or "" for link in bundle.link if link.relation == "next"), None)


def _bundle(text: bytes) -> Bundle | None:
    """A page that can be joined with others; one with a meaning of its own cannot."""
    bundle = read(text, Bundle)
    return None if bundle is None or bundle.is_modified else bundle


async def _get(server: _Server, url: str, room: int) -> bytes:
    """One GET. Raises _GaveUpError, or TimeoutError when the budget ends it."""
    try:
        # Built without the client, whose cookies and default headers stay out of it.
        request = httpx.Request(
            "GET",
            url,
            headers={
                "Accept": "application/fhir+json",
                "Accept-Encoding": "identity",
                "Authorization": f"Bearer {server.token}",
            },
            extensions={"timeout": TIMEOUT.as_dict()},
        )
        response = await server.http.send(request, stream=True, auth=None, follow_redirects=False)
        try:
            return await _body(response, room)
        finally:
            await response.aclose()
    except httpx.TimeoutException:
        why = Why.TIMED_OUT
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, httpx.CookieConflict):
        why = Why.UNREACHABLE
    # Raised outside the handlers: an httpx error holds the request, and with it the token.
    raise _GaveUpError(why)


async def _body(response: httpx.Response, room: int) -> bytes:
    if response.status_code != httpx.codes.OK:
        raise _GaveUpError(Why.NOT_OK, response.status_code)
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    # An encoding that we did not ask for could unpack to any size.
    if not _JSON.fullmatch(media_type) or response.headers.get("content-encoding", "identity") != "identity":
        raise _GaveUpError(Why.NOT_JSON)
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > room:
            raise _GaveUpError(Why.TOO_LONG)
    return bytes(body)


def _split(base: str) -> SplitResult | None:
    """A base in its parts; None when anything in it could mean something else to another reader."""
    if not _BASE.fullmatch(base) or ".." in base or "/./" in base:
        return None
    try:
        split = urlsplit(base)
        port = split.port
    except ValueError:
        return None
    return split if split.hostname and port != 0 else None


def _host(split: SplitResult) -> str:
    host = split.hostname or ""
    return f"[{host}]" if ":" in host else host


def _is_below(asked: SplitResult, listed: SplitResult) -> bool:
    same_origin = (asked.scheme, asked.hostname, _port(asked)) == (listed.scheme, listed.hostname, _port(listed))
    path, below = listed.path.rstrip("/"), asked.path.rstrip("/")
    return same_origin and (below == path or below.startswith(f"{path}/"))


def _port(split: SplitResult) -> int:
    return split.port or (443 if split.scheme == "https" else 80)
