"""Threat model section B: calls to the FHIR server."""

import asyncio
import inspect
import json
import time
import traceback
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import msgspec
import pytest

from app.fhir import client
from app.fhir.access import FhirAccess
from app.fhir.addresses import is_allowed
from app.fhir.breakers import Breakers
from app.fhir.client import FetchFailure, Limits, Why, fetch_missing
from app.fhir.network import AddressRefused
from app.fhir.record import QueryState, read_prefetch
from tests.fhir.samples import Json, bundle, observation, patient

BASE = "https://ehr.example.org/fhir"
TOKEN = "token-that-nobody-may-see"  # noqa: S105  # a mark to search for
ALLOWED = (BASE,)
URLS = {"patient": "Patient/p1", "observations": "Observation?patient=p1&_count=50"}

Ehr = Callable[[httpx.Request], httpx.Response] | Callable[[httpx.Request], Any]


def fhir(content: Json) -> httpx.Response:
    headers = {"content-type": "application/fhir+json; charset=utf-8"}
    return httpx.Response(200, content=json.dumps(content).encode(), headers=headers)


async def ask(ehr: Ehr, urls: dict[str, str] | None = None, **options: object) -> dict[str, bytes | FetchFailure]:
    given: dict[str, Any] = {"base": BASE, "token": TOKEN, "allowed_bases": ALLOWED, **options}
    access = FhirAccess(**{name: given.pop(name) for name in ("base", "token", "expires_in", "scope") if name in given})
    limits = Limits(
        **{name: given.pop(name) for name in ("allowed_bases", "allow_loopback", "budget_seconds") if name in given}
    )
    async with httpx.AsyncClient(transport=httpx.MockTransport(ehr), trust_env=False, follow_redirects=True) as http:
        http.cookies.set("session", "x")
        http.headers["x-ours"] = "x"
        return dict(await fetch_missing(http, access, urls or URLS, limits=limits, **given))


async def why(ehr: Ehr, **options: object) -> Why | None:
    answer = (await ask(ehr, {"q": "Observation?patient=p1"}, **options))["q"]
    return answer.why if isinstance(answer, FetchFailure) else None


def never(request: httpx.Request) -> httpx.Response:
    raise AssertionError(request.url)


async def test_every_query_is_asked_with_the_token_and_nothing_else_of_ours() -> None:
    asked: list[httpx.Request] = []

    def ehr(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return fhir(patient() if "Patient" in request.url.path else bundle())

    answers = await ask(ehr)

    assert {str(each.url) for each in asked} == {f"{BASE}/{url}" for url in URLS.values()}
    assert all(each.headers["authorization"] == f"Bearer {TOKEN}" for each in asked)
    assert all(each.headers["accept"] == "application/fhir+json" for each in asked)
    assert all(each.headers["cache-control"] == "no-cache" for each in asked)
    assert not any({"cookie", "x-ours"} & set(each.headers) for each in asked)
    assert all(isinstance(each, bytes) for each in answers.values())


async def test_queries_are_asked_side_by_side() -> None:
    async def ehr(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.1)
        return fhir(bundle())

    started = time.monotonic()
    await ask(ehr, {str(n): f"Observation?patient=p{n}" for n in range(10)})

    assert time.monotonic() - started < 0.6


# ---- B1: where we may ask ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "base", [BASE, f"{BASE}/", f"{BASE}/r4", "https://EHR.example.org/fhir", "https://ehr.example.org:443/fhir"]
)
def test_b1_a_listed_base_and_what_is_below_it_may_be_asked(base: str) -> None:
    assert is_allowed(base, ALLOWED)


@pytest.mark.parametrize(
    "base",
    [
        "",
        "https://ehr.example.org",
        "https://ehr.example.org/",
        "https://ehr.example.org/fhirx",
        "http://ehr.example.org/fhir",
        "https://ehr.example.org:8443/fhir",
        "https://ehr.example.org:0/fhir",
        "https://ehr.example.org.evil.org/fhir",
        "https://evil.org/fhir",
        "https://ehr.example.org@evil.org/fhir",
        "https://user:pw@ehr.example.org/fhir",
        "https://ehr.example.org\\@evil.org/fhir",
        "https://ehr.example.org/fhir/../admin",
        "https://ehr.example.org/fhir/./x",
        "https://ehr.example.org/%66hir",
        "https://ehr.example.org/fhir?x=1",
        "https://ehr.example.org/fhir#x",
        "https://ehr.example.org//fhir",
        "https://ehr.example.org/fhir//x",
        "https://ehr.example.org./fhir",
        "https://169.254.169.254/latest",
        "https://[::1]/fhir",
        "https://127.0.0.1/fhir",
        "https://localhost/fhir",
        "https://0x7f.1/fhir",
        "https://2130706433/fhir",
        "https://[::ffff:169.254.169.254]/fhir",
        "file:///etc/passwd",
        "gopher://ehr.example.org/fhir",
        "ftp://ehr.example.org/fhir",
        "//ehr.example.org/fhir",
        "ehr.example.org/fhir",
        "HTTPS://ehr.example.org/fhir\r\nX: y",
        " https://ehr.example.org/fhir",
        "https://ehr.example.org/fhir\n",
        "https://\u0435hr.example.org/fhir",
        "https://ehr.example.org:x/fhir",
        "https://[ehr/fhir",
        "https://:443/fhir",
        "https://ehr.example.org:99999/fhir",
        "https:///fhir",
        "https://ehr.example.org/" + "x" * 8000,
        "https://ehr.example.org/fhir/" + "x" * 8000,
        "https://ehr.example.org/fhir" + "/x" * 4000,
        "https://ehr.example.org:22/fhir",
        "https://ehr.example.org:0443x/fhir",
        "https://xn--hr-9kc.example.org/fhir",
        "https://ehr.example.org%2eevil.org/fhir",
        "https://ehr.example.org%00.evil.org/fhir",
        "https://ehr.example.org%23@evil.org/fhir",
        "https://ehr.example.org#@evil.org/fhir",
        "https://ehr.example.org?@evil.org/fhir",
        "https:\\\\ehr.example.org\\fhir",
        "https:/ehr.example.org/fhir",
        "https:ehr.example.org/fhir",
        "https:///ehr.example.org/fhir",
        "https://ehr.example.org\uff0f@evil.org/fhir",
        "https://ehr\u3002example\u3002org/fhir",
        "https://ehr.example.org/fhir;x=1",
        "https://ehr.example.org/fhir\t",
        "https://ehr.example.org/fhir\x00",
        "https://ehr.example.org/FHIR",
        "https://ehr.example.org/fhir%2f..%2fadmin",
        "https://ehr.example.org/fhir/..;/admin",
        "https://[::]/fhir",
        "https://[64:ff9b::7f00:1]/fhir",
        "https://[2002:7f00:1::]/fhir",
        "https://[fe80::1%25eth0]/fhir",
        "https://0/fhir",
        "https://0177.0.0.1/fhir",
        "https://127.1/fhir",
        "https://metadata.internal/fhir",
        "data:application/json,{}",
        "jar:https://ehr.example.org/fhir!/",
        "unix:///run/fhir.sock",
    ],
)
async def test_b1_anything_else_may_not(base: str) -> None:
    assert not is_allowed(base, ALLOWED)
    assert await why(never, base=base) is Why.NOT_ALLOWED


@pytest.mark.parametrize(
    "base", ["http://127.0.0.1:8080/fhir", "http://localhost/fhir", "http://[::1]:80/fhir", "https://localhost/x"]
)
async def test_b1_loopback_may_be_asked_in_development_only(base: str) -> None:
    assert is_allowed(base, [], allow_loopback=True)
    assert not is_allowed(base, [base] if base.startswith("http:") else [], allow_loopback=False)


@pytest.mark.parametrize(
    "base",
    [
        "http://127.1/fhir",
        "http://2130706433/",
        "http://0/",
        "http://localhost.evil.org/",
        "http://127.0.0.1@evil.org/",
    ],
)
def test_b1_other_spellings_of_loopback_may_not(base: str) -> None:
    assert not is_allowed(base, [], allow_loopback=True)


def test_a_listed_base_that_is_no_address_allows_nothing() -> None:
    assert not is_allowed(BASE, ["", "https://", "*", "https://*/fhir"])


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.org/",
        "//evil.org",
        "/Patient/p1",
        "../Patient/p1",
        "Patient/../x",
        "Patient/..",
        "Patient/.?x=1",
        "Patient/p1/../../x",
        "Patient/p1\r\nX: y",
        "Patient/p1#x",
        "patient/p1",
        "Patient/p 1",
        "Observation?patient=p1 x",
        "Patient\\p1",
        "",
        "Observation?é",
    ],
)
async def test_b9_a_query_is_a_fhir_read_or_search(url: str) -> None:
    assert await ask(never, {"q": url}) == {"q": FetchFailure(Why.BAD_QUERY)}


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX: y", "é", "a,b"])
async def test_a_token_that_no_header_can_carry_is_not_sent(token: str) -> None:
    assert await why(never, token=token) is Why.BAD_TOKEN


# ---- B3: redirects; B8: what comes back ----------------------------------------------------------


@pytest.mark.parametrize("status", [201, 204, 301, 302, 303, 307, 308, 400, 401, 403, 404, 410, 429, 500, 503])
async def test_b3_b8_only_200_is_an_answer(status: int) -> None:
    def ehr(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "ehr.example.org"
        return httpx.Response(status, headers={"location": "https://evil.org/"}, json={})

    assert (await ask(ehr, {"q": "Patient/p1"}))["q"] == FetchFailure(Why.NOT_OK, status)


@pytest.mark.parametrize(
    "media_type", [None, "", "text/html", "application/fhir+xml", "text/json", "application/jsonx", "application/jsonl"]
)
async def test_b8_only_json_is_an_answer(media_type: str | None) -> None:
    headers = {} if media_type is None else {"content-type": media_type}

    assert await why(lambda _: httpx.Response(200, content=b"{}", headers=headers)) is Why.NOT_JSON


@pytest.mark.parametrize(
    "media_type", ["application/json", "application/fhir+json;fhirVersion=4.0", "APPLICATION/FHIR+JSON"]
)
async def test_json_has_several_names(media_type: str) -> None:
    assert await why(lambda _: httpx.Response(200, content=b"{}", headers={"content-type": media_type})) is None


async def test_b8_packed_answers_are_refused() -> None:
    def ehr(request: httpx.Request) -> httpx.Response:
        assert request.headers["accept-encoding"] == "identity"
        headers = {"content-type": "application/json", "content-encoding": "gzip"}
        return httpx.Response(200, stream=Slow(b"x", 0), headers=headers)

    assert await why(ehr) is Why.NOT_JSON


class Slow(httpx.AsyncByteStream):
    """A body that comes in pieces."""

    def __init__(self, piece: bytes, pause: float, pieces: int = 1_000_000) -> None:
        self.piece, self.pause, self.pieces, self.sent, self.closed = piece, pause, pieces, 0, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self.pieces):
            await asyncio.sleep(self.pause)
            self.sent += len(self.piece)
            yield self.piece

    async def aclose(self) -> None:
        self.closed = True


async def test_b8_a_long_answer_is_cut_while_it_comes() -> None:
    body = Slow(b"x" * 65536, 0)

    assert (
        await why(lambda _: httpx.Response(200, stream=body, headers={"content-type": "application/json"}))
        is Why.TOO_LONG
    )
    assert body.sent <= client.LONGEST_ANSWER + 65536
    assert body.closed


async def test_b8_a_dribble_ends_with_the_budget() -> None:
    body = Slow(b" ", 0.01)
    started = time.monotonic()

    answer = await why(
        lambda _: httpx.Response(200, stream=body, headers={"content-type": "application/json"}), budget_seconds=0.1
    )

    assert answer is Why.TIMED_OUT
    assert time.monotonic() - started < 0.2
    assert body.closed


async def test_one_slow_query_does_not_cost_the_others() -> None:
    async def ehr(request: httpx.Request) -> httpx.Response:
        if "Observation" in request.url.path:
            await asyncio.sleep(10)
        return fhir(patient())

    answers = await ask(ehr, budget_seconds=0.1)

    assert isinstance(answers["patient"], bytes)
    assert answers["observations"] == FetchFailure(Why.TIMED_OUT)


def errors() -> list[type[Exception]]:
    """Every error that httpx can raise."""
    found = [each for _, each in inspect.getmembers(httpx, inspect.isclass) if issubclass(each, Exception)]
    assert len(found) > 20
    return found


@pytest.mark.parametrize("error", errors(), ids=lambda each: each.__name__)
async def test_b5_no_httpx_error_and_no_token_leaves_the_client(error: type[Exception]) -> None:
    def ehr(request: httpx.Request) -> httpx.Response:
        if issubclass(error, httpx.HTTPStatusError):
            raise error(TOKEN, request=request, response=httpx.Response(500))
        if issubclass(error, httpx.RequestError):
            raise error(TOKEN, request=request)
        raise error(*[TOKEN] * len([p for p in inspect.signature(error).parameters if p not in ("args", "kwargs")]))

    answer = (await ask(ehr, {"q": "Patient/p1"}))["q"]

    assert isinstance(answer, FetchFailure)
    assert answer.why in (Why.UNREACHABLE, Why.TIMED_OUT)
    assert TOKEN not in repr(answer)


async def test_b5_the_token_is_in_no_repr_and_no_context() -> None:
    def ehr(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("x", request=request)

    async with httpx.AsyncClient(transport=httpx.MockTransport(ehr)) as http:
        server = client._Server(http, BASE, TOKEN, 1e9)  # noqa: SLF001  # what is inside must not show either
        with pytest.raises(Exception, match="no connection") as raised:
            await client._get(server, f"{BASE}/Patient/p1", client._Query())  # noqa: SLF001

    assert TOKEN not in repr(server)
    assert raised.value.__context__ is None
    assert raised.value.__cause__ is None
    assert TOKEN not in "".join(traceback.format_exception(raised.value))


# ---- B7: pages -----------------------------------------------------------------------------------


def page(number: int, following: str | None, **members: object) -> Json:
    link = [{"relation": "next", "url": following}] if following else []
    return bundle(observation(id=f"o{number}"), link=link, total=members.pop("total", 9), **members)


def state_of(answer: bytes | FetchFailure) -> tuple[QueryState, list[str | None]]:
    assert isinstance(answer, bytes)
    record = read_prefetch({"q": msgspec.Raw(answer)}, {"q": "Observation"}, "p1", BASE)
    return record.queries["q"], [each.id for each in record.observations]


async def read_pages(
    *pages: Json | httpx.Response | float, **options: object
) -> tuple[QueryState, list[str | None], int]:
    """What becomes of a search whose pages are these; a number is a page that never comes."""
    asked: list[str] = []

    async def ehr(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        assert str(request.url).startswith(BASE)
        answer = pages[len(asked) - 1]
        if isinstance(answer, float):
            await asyncio.sleep(answer)
        return answer if isinstance(answer, httpx.Response) else fhir(answer if isinstance(answer, dict) else {})

    answer = (await ask(ehr, {"q": "Observation?patient=p1"}, **options))["q"]
    return (*state_of(answer), len(asked))


async def test_b7_pages_of_the_same_base_are_joined() -> None:
    result = await read_pages(page(1, f"{BASE}?page=2", total=2), page(2, None, total=2))

    assert result == (QueryState.ANSWERED, ["o1", "o2"], 2)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.org/x",
        "http://ehr.example.org/fhir?page=2",
        f"{BASE}x?page=2",
        f"{BASE}/../admin",
        f"{BASE}/a//b",
        f"{BASE}@evil.org/",
        f"{BASE}/%2e%2e/x",
        "/fhir?page=2",
        "?page=2",
        "",
        BASE,
        f"{BASE}:8443/x",
        f"{BASE}/\\evil",
        f"{BASE}/a b",
        f"{BASE}/é",
    ],
)
async def test_b7_a_page_elsewhere_is_not_fetched_and_the_answer_is_incomplete(url: str) -> None:
    assert await read_pages({**page(1, None), "link": [{"relation": "next", "url": url}]}) == (
        QueryState.INCOMPLETE,
        ["o1"],
        1,
    )


@pytest.mark.parametrize(
    "second",
    [
        httpx.Response(500),
        httpx.Response(200, content=b"{", headers={"content-type": "application/json"}),
        {"resourceType": "Bundle", "entry": "x"},
        {"resourceType": "Bundle", "implicitRules": "x"},
    ],
)
async def test_a_page_that_fails_leaves_the_answer_incomplete(second: Json | httpx.Response) -> None:
    assert await read_pages(page(1, f"{BASE}?page=2"), second) == (QueryState.INCOMPLETE, ["o1"], 2)


async def test_a_page_that_never_comes_leaves_the_answer_incomplete() -> None:
    assert await read_pages(page(1, f"{BASE}?page=2"), 10.0, budget_seconds=0.1) == (QueryState.INCOMPLETE, ["o1"], 2)


async def test_b7_endless_pages_end() -> None:
    state, _, asked = await read_pages(*[page(n, f"{BASE}?page={n + 1}") for n in range(20)])

    assert (state, asked) == (QueryState.INCOMPLETE, client.MOST_PAGES)


async def test_b7_a_page_that_names_itself_is_fetched_once() -> None:
    state, _, asked = await read_pages(*[page(n, f"{BASE}?page=2") for n in range(20)])

    assert (state, asked) == (QueryState.INCOMPLETE, 2)


async def test_b7_many_entries_end_it() -> None:
    many = bundle(*[observation(id=f"o{n}") for n in range(500)], link=[{"relation": "next", "url": f"{BASE}?page=2"}])

    state, _, asked = await read_pages(many)

    assert (state, asked) == (QueryState.INCOMPLETE, 1)


async def test_b8_all_pages_together_are_bounded() -> None:
    fat = page(1, f"{BASE}?page=2") | {"note": "x" * (client.LONGEST_ANSWER - 1000)}

    assert await read_pages(fat, page(2, None) | {"note": "x" * 2000}) == (QueryState.INCOMPLETE, ["o1"], 2)


async def test_a_resource_that_is_no_bundle_is_passed_on_as_it_is() -> None:
    assert json.loads((await ask(lambda _: fhir(patient()), {"q": "Patient/p1"}))["q"]) == patient()  # type: ignore[arg-type]  # bytes, or this fails


@pytest.mark.parametrize("text", [b"null", b" null ", b"[]", b"5", b'"x"', b"", b"oops"])
async def test_b8_only_an_object_is_an_answer(text: bytes) -> None:
    """In a prefetch `null` says that nothing is there (PF-10); from a server it says nothing at all."""
    headers = {"content-type": "application/json"}

    assert await why(lambda _: httpx.Response(200, content=text, headers=headers)) is Why.NOT_JSON


async def test_a_total_is_not_needed() -> None:
    assert await read_pages(page(1, f"{BASE}?page=2", total=None), page(2, None, total=None)) == (
        QueryState.ANSWERED,
        ["o1", "o2"],
        2,
    )


# ---- one retry, inside the budget ----------------------------------------------------------------


async def tried(*answers: httpx.Response | Exception, **options: object) -> tuple[Why | None, int]:
    """What becomes of a query to which the server answers these, one after the other, and how often it was asked."""
    asked: list[str] = []

    def ehr(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        answer = answers[len(asked) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return await why(ehr, **options), len(asked)


def busy(status: int, retry_after: str | None = None) -> httpx.Response:
    return httpx.Response(status, headers={} if retry_after is None else {"retry-after": retry_after})


def said(answer: httpx.Response | Exception) -> str:
    """The name of a case."""
    if isinstance(answer, Exception):
        return repr(answer)
    return f"{answer.status_code} {answer.headers.get('retry-after', '')}".strip()


@pytest.mark.parametrize(
    "passing",
    [
        httpx.ConnectError("refused"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("ended"),
        busy(502),
        busy(503),
        busy(504),
        busy(503, "0"),
        busy(429, "0"),
    ],
    ids=said,
)
async def test_a_passing_fault_is_tried_once_more(passing: httpx.Response | Exception) -> None:
    assert await tried(passing, fhir(bundle())) == (None, 2)


@pytest.mark.parametrize("passing", [httpx.ConnectError("refused"), busy(503), busy(429, "0")], ids=said)
async def test_and_only_once(passing: httpx.Response | Exception) -> None:
    assert (await tried(passing, passing, fhir(bundle())))[1] == 2


@pytest.mark.parametrize(
    "lasting",
    [
        httpx.ReadTimeout("slow"),
        httpx.ConnectTimeout("slow"),
        AddressRefused("x"),
        busy(429),
        busy(429, "soon"),
        busy(429, "2"),
        busy(503, "2"),
        busy(503, "Wed, 21 Oct 2015 07:28:00 GMT"),
        *[busy(status) for status in (301, 307, 400, 401, 403, 404, 500, 501)],
    ],
    ids=said,
)
async def test_a_lasting_fault_is_not_tried_again(lasting: httpx.Response | Exception) -> None:
    assert (await tried(lasting, fhir(bundle())))[1] == 1


async def test_a_retry_that_does_not_fit_the_budget_is_not_tried() -> None:
    assert await tried(busy(503), fhir(bundle()), budget_seconds=client.RETRY_PAUSE / 2) == (Why.NOT_OK, 1)


async def test_the_retry_is_one_for_all_pages_of_a_query() -> None:
    state, _, asked = await read_pages(busy(503), page(1, f"{BASE}?page=2"), busy(503), page(2, None))

    assert (state, asked) == (QueryState.INCOMPLETE, 3)


async def test_an_address_that_is_refused_says_so() -> None:
    def ehr(request: httpx.Request) -> httpx.Response:
        raise AddressRefused("x", request=request)

    assert await why(ehr) is Why.ADDRESS_REFUSED


# ---- B6: what the token is good for --------------------------------------------------------------


@pytest.mark.parametrize("expires_in", [-1, 0, 1, 1.9])
async def test_b6_an_expired_token_is_not_sent(expires_in: float) -> None:
    assert await why(never, expires_in=expires_in) is Why.EXPIRED


@pytest.mark.parametrize("expires_in", [None, 3, 300])
async def test_b6_a_token_that_lives_is_sent(expires_in: float | None) -> None:
    assert await why(lambda _: fhir(bundle()), expires_in=expires_in) is None


async def test_b6_a_token_lives_from_the_moment_the_call_came_in() -> None:
    arrived = asyncio.get_running_loop().time() - 298.5

    assert await why(never, expires_in=300, arrived=arrived) is Why.EXPIRED


async def test_b6_no_request_starts_after_the_token_expired() -> None:
    """The first page is slow; the second one would come too late."""
    asked: list[str] = []

    async def ehr(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        await asyncio.sleep(0.2)
        return fhir(page(len(asked), f"{BASE}?page={len(asked)}"))

    answer = (await ask(ehr, {"q": "Observation?patient=p1"}, expires_in=2.1))["q"]

    assert state_of(answer)[0] is QueryState.INCOMPLETE
    assert len(asked) == 1


async def test_b6_a_query_outside_the_scope_is_not_asked() -> None:
    asked: list[str] = []

    def ehr(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return fhir(patient())

    answers = await ask(ehr, scope="launch patient/Patient.read")

    assert asked == ["/fhir/Patient/p1"]
    assert answers["observations"] == FetchFailure(Why.OUT_OF_SCOPE)


# ---- I1: a server that failed again and again ----------------------------------------------------


async def test_i1_a_server_that_fails_is_left_alone_and_tried_again() -> None:
    now = [0.0]
    breakers = Breakers(lambda: now[0], failures=2, pause_seconds=10)
    asked: list[str] = []
    status = [500]

    def ehr(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(status[0]) if status[0] != 200 else fhir(bundle())

    for _ in range(2):
        assert await why(ehr, breakers=breakers) is Why.NOT_OK
    assert await why(ehr, breakers=breakers) is Why.RESTING
    assert len(asked) == 2

    now[0], status[0] = 10.0, 200
    assert [await why(ehr, breakers=breakers) for _ in range(2)] == [None, None]


async def test_i1_a_server_that_refuses_is_not_down() -> None:
    """Otherwise a caller with a bad token could close it for everybody."""
    breakers = Breakers(failures=1)

    assert [await why(lambda _: httpx.Response(401), breakers=breakers) for _ in range(3)] == [Why.NOT_OK] * 3


async def test_i1_one_query_that_fails_is_no_outage() -> None:
    def ehr(request: httpx.Request) -> httpx.Response:
        return fhir(patient()) if "Patient" in request.url.path else httpx.Response(500)

    breakers = Breakers(failures=1)

    for _ in range(3):
        assert (await ask(ehr, breakers=breakers))["observations"] == FetchFailure(Why.NOT_OK, 500)
