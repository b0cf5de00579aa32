"""Whatever comes in: no crash, no card for an unproven patient, no reassurance from what is not known.

`make mutate-calls CALLS=10000 SEED=1` runs as many as wanted and prints the counts.
"""

import json
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.front_door import SERVICE, TODAY, make_service
from tests.robustness.invariants import Verdict, judge, what_is_not_known
from tests.robustness.mutated_calls import MARK, MUTATIONS, MutatedCall, mutated_calls, read_examples

EXAMPLES: Final = {
    example.name: example for example in read_examples(Path(__file__).parents[2] / "openapi" / "examples")
}
CALLS: Final = int(os.environ.get("CALLS", "600"))
SEED: Final = int(os.environ.get("SEED", "20260312"))
FEW: Final = 300
JSON: Final = {"Content-Type": "application/json"}
RECORDED_NFI: Final = EXAMPLES["complete-study-resolved"]


def refusing_ehr(request: httpx.Request) -> httpx.Response:
    return httpx.Response(404, json={"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]})


async def judged(app: ASGIApp, number: int) -> AsyncIterator[tuple[MutatedCall, int, Verdict]]:
    """Every call with the status of its answer and the verdict."""
    chance = random.Random(SEED)  # noqa: S311  # a test's chance
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        for call in mutated_calls(tuple(EXAMPLES.values()), chance, number):
            response = await client.post(SERVICE, content=call.body, headers=JSON)
            yield call, response.status_code, judge(call.body, response.status_code, response.content, clock=TODAY)


@dataclass
class Tally:
    """What a run met."""

    kinds: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    cards: int = 0
    reassuring: int = 0
    broken: list[tuple[tuple[str, ...], MutatedCall]] = field(default_factory=list)

    def note(self, call: MutatedCall, status: int, verdict: Verdict) -> None:
        """Add one call."""
        self.kinds.update(set(call.kinds))
        self.statuses[status] += 1
        self.cards += verdict.cards
        self.reassuring += verdict.says_no_further_imaging
        if verdict.broken:
            self.broken.append((verdict.broken, call))

    def __str__(self) -> str:
        """The counts, for people."""
        kinds = "\n".join(f"  {kind:24} {self.kinds[kind]:6}" for kind in MUTATIONS)
        statuses = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        said = f"{self.cards} cards, {self.reassuring} of them no further imaging, {len(self.broken)} broken"
        return f"\nseed {SEED}, calls by what was done to them:\n{kinds}\nstatus {statuses}\n{said}"


async def run(app: ASGIApp, number: int) -> Tally:
    tally = Tally()
    async for call, status, verdict in judged(app, number):
        tally.note(call, status, verdict)
    return tally


async def test_no_mutated_call_breaks_an_invariant(capsys: pytest.CaptureFixture[str]) -> None:
    tally = await run(make_service(refusing_ehr), CALLS)
    if "CALLS" in os.environ:
        with capsys.disabled():
            print(tally)  # noqa: T201 -- who asks for a number of calls wants to see the counts

    assert tally.broken == []
    assert set(tally.statuses) <= {200, 400, 412}
    assert set(tally.kinds) == set(MUTATIONS)
    assert tally.cards > CALLS / 4
    assert tally.reassuring > CALLS / 50, "an invariant about what is never said proves nothing"


def test_a_seed_gives_the_same_bytes_again() -> None:
    one, other = (
        [call.body for call in mutated_calls(tuple(EXAMPLES.values()), random.Random(1), 50)]  # noqa: S311
        for _ in range(2)
    )

    assert one == other


# ---- each invariant, seen failing on a planted fault ---------------------------------------------

Fault = Callable[[bytes, Response], Response]


class Faulty:
    """The service with a fault: the fault sees the call and the true answer, and answers."""

    def __init__(self, app: ASGIApp, fault: Fault) -> None:
        self.app = app
        self.fault = fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer wrongly."""
        asked = b""
        sent: list[Message] = []

        async def listen() -> Message:
            nonlocal asked
            message = await receive()
            asked += message.get("body", b"")
            return message

        async def collect(message: Message) -> None:
            sent.append(message)

        await self.app(scope, listen, collect)
        true = Response(
            b"".join(each.get("body", b"") for each in sent[1:]), sent[0]["status"], media_type="application/json"
        )
        await self.fault(asked, true)(scope, receive, send)


def _recorded(example: str) -> Response:
    return Response(EXAMPLES[example].response, media_type="application/json")


def crashes_on_not_a_number(asked: bytes, true: Response) -> Response:
    return Response(b"", 500) if b"NaN" in asked else true


def shows_a_card_whoever_the_patient_is(asked: bytes, true: Response) -> Response:
    return _recorded("limited-study") if b"subject-mismatch" in bytes(true.body) else true


def shows_a_card_without_the_patient(asked: bytes, true: Response) -> Response:
    """The record of somebody whose Patient did not come."""
    return _recorded("limited-study") if b'"patient": null' in asked else true


def ignores_whose_report_it_is(asked: bytes, true: Response) -> Response:
    return _recorded("limited-study") if bytes(true.body) == b'{"cards":[]}' else true


def reassures_without_a_result(asked: bytes, true: Response) -> Response:
    """The code of "no thrombus" is gone from the call."""
    return (
        _recorded("complete-study-resolved")
        if b'"cards":[{' in bytes(true.body) and b"373140001" not in asked
        else true
    )


def speaks_without_a_summary(asked: bytes, true: Response) -> Response:
    return Response(
        bytes(true.body).replace(b'"summary"', b'"sumary"'), true.status_code, media_type="application/json"
    )


def errs_in_plain_text(asked: bytes, true: Response) -> Response:
    return Response(b"bad request", 400) if true.status_code == 400 else true


def repeats_what_it_does_not_understand(asked: bytes, true: Response) -> Response:
    planted = f'"text":"{MARK} is not understood. '.encode()
    return (
        Response(bytes(true.body).replace(b'"text":"', planted), true.status_code) if MARK.encode() in asked else true
    )


@pytest.mark.parametrize(
    ("fault", "invariant"),
    [
        (crashes_on_not_a_number, "server-error"),
        (speaks_without_a_summary, "shape"),
        (errs_in_plain_text, "shape"),
        (shows_a_card_whoever_the_patient_is, "unproven-patient"),
        (shows_a_card_without_the_patient, "unproven-patient"),
        (ignores_whose_report_it_is, "unproven-patient"),
        (reassures_without_a_result, "reassurance"),
        (repeats_what_it_does_not_understand, "echo"),
    ],
)
async def test_a_planted_fault_is_caught(fault: Fault, invariant: str) -> None:
    """Among the first calls that show the fault at all."""
    names = [set(verdict.broken) async for _, _, verdict in judged(Faulty(make_service(refusing_ehr), fault), 2 * FEW)]

    assert any(invariant in each for each in names)


async def test_a_service_without_a_fault_passes_the_same_calls() -> None:
    tally = await run(Faulty(make_service(refusing_ehr), lambda asked, true: true), FEW)

    assert tally.broken == []


# ---- what the judge knows, by hand ---------------------------------------------------------------


def asked() -> dict[str, Any]:
    request: dict[str, Any] = json.loads(RECORDED_NFI.request)
    return request


def resource(request: dict[str, Any], key: str, place: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = request["prefetch"][key]["entry"][place]["resource"]
    return found


def verdict_on(request: dict[str, Any]) -> Verdict:
    return judge(json.dumps(request).encode(), 200, RECORDED_NFI.response, clock=TODAY)


def test_the_recorded_answer_is_proven() -> None:
    assert what_is_not_known(asked(), TODAY) == ()
    assert verdict_on(asked()) == Verdict((), cards=1, says_no_further_imaging=True)


UNPROVEN: Final[dict[str, tuple[str, Callable[[dict[str, Any]], object]]]] = {
    "no conclusion": ("result", lambda call: resource(call, "reports").pop("conclusionCode")),
    "not final": ("result", lambda call: resource(call, "reports").update(status="preliminary")),
    "another page": ("result", lambda call: call["prefetch"]["reports"].update(link=[{"relation": "next"}])),
    "no protocol": ("protocol", lambda call: call["prefetch"]["imaging_observations"]["entry"].pop(0)),
    "not named": ("protocol", lambda call: resource(call, "reports").pop("result")),
    "somebody else's protocol": ("protocol", lambda call: resource(call, "imaging_observations").pop("subject")),
    "no symptomatic leg": ("side", lambda call: resource(call, "exam_observations", 1).update(code={})),
    "another leg": (
        "side",
        lambda call: resource(call, "reports")["code"]["coding"][0].update(code="39443-7"),
    ),
    "no course": ("symptoms", lambda call: resource(call, "exam_observations").update(code={})),
    "course before the study": (
        "symptoms",
        lambda call: resource(call, "exam_observations").update(effectiveDateTime="2026-03-01"),
    ),
    "course without a day": ("symptoms", lambda call: resource(call, "exam_observations").pop("effectiveDateTime")),
}


@pytest.mark.parametrize("change", UNPROVEN)
def test_reassurance_needs_all_four_to_be_proven(change: str) -> None:
    missing, take_away = UNPROVEN[change]
    request = asked()
    take_away(request)

    assert missing in what_is_not_known(request, TODAY)
    assert "reassurance" in verdict_on(request).broken


def test_words_reassure_as_much_as_codes() -> None:
    recorded = json.loads(RECORDED_NFI.response)
    recorded["cards"][0]["extension"]["org.dvt-next-step.decision"]["recommendations"] = []
    request = asked()
    resource(request, "reports").pop("conclusionCode")

    verdict = judge(json.dumps(request).encode(), 200, json.dumps(recorded).encode(), clock=TODAY)

    assert verdict.broken == ("reassurance",)


def test_a_card_may_not_rest_on_a_resource_of_nobody() -> None:
    request = asked()
    del resource(request, "exam_observations")["subject"]

    assert "unproven-patient" in verdict_on(request).broken
