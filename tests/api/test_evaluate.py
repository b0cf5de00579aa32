"""POST /evaluate: facts or a record in, every recommendation out."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from app.settings import Settings
from tests.front_door import about_leg, ask, assert_error, calling, limited_scan, make_service, pathways

MARK = "Zaphod-1952"
TODAY = "2026-03-12"
EXAM = {
    "date": "2026-03-02",
    "protocol": "proximal_duplex",
    "result": "negative",
    "quality": "adequate",
    "side": "left",
}
FACTS = {"exams": [EXAM], "symptoms": {"status": "persistent", "side": "left", "as_of": TODAY}}


async def post(**question: object) -> httpx.Response:
    return await ask("POST", "/evaluate", json=question)


async def evaluated(**question: object) -> dict[str, Any]:
    response = await post(**question)

    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_facts_are_answered_with_every_recommendation() -> None:
    answer = await evaluated(today=TODAY, facts=FACTS)
    lead = answer["recommendations"][0]

    assert set(answer) == {"recommendations", "trace", "facts", "pathways"}
    assert lead == {
        "id": "REPEAT-CDUS",
        "indicator": "warning",
        "rules": ["RU-LIM", "RU-SYM-P"],
        "timing": {"kind": "overdue", "earliest": "2026-03-12", "latest": "2026-03-13"},
    }
    assert {step["rule"] for step in answer["trace"]} >= {"RU-LIM", "RU-SYM-P"}
    assert answer["facts"]["exams"] == [{"modality": "US", **EXAM}]


async def test_a_recommendation_without_dates_has_none() -> None:
    answer = await evaluated(today=TODAY, facts={"exams": [{"date": "2026-03-02"}]})

    assert [made["timing"] for made in answer["recommendations"]] == [{"kind": "none"}]


async def test_the_pathways_are_named_with_version_and_content() -> None:
    answer = await evaluated(facts={})

    assert answer["pathways"] == [
        {"id": each.id, "version": each.version, "content_hash": each.content_hash, "status": "draft"}
        for each in pathways()
        if not each.advises_on_orders
    ]


async def test_without_today_the_clock_decides() -> None:
    assert await evaluated(facts=FACTS) == await evaluated(facts=FACTS, today=TODAY)
    assert await evaluated(facts=FACTS, today=None) == await evaluated(facts=FACTS, today=TODAY)


async def test_today_may_be_given_anywhere() -> None:
    """Unlike a hook's clock extension: nothing but this answer depends on it."""
    app = make_service(settings=Settings(host="10.0.0.1", clock="system"))
    response = await ask("POST", "/evaluate", app=app, json={"facts": FACTS, "today": "2026-03-03"})

    assert response.json()["recommendations"][0]["timing"]["earliest"] == "2026-03-07"


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"unheard_of": MARK},
        {"exams": "text"},
        {"exams": [1, None, "x", {}, {"date": 5}]},
        {"exams": {"0": EXAM}},
        {"symptoms": [], "wells": 3, "red_flags": "yes", "ddimer": [{}]},
        {"age": "fifty", "sex": 1, "egfr": True},
        {"age": -(10**30), "egfr": 1e300},
        {"wells": {"items": {MARK: True}, "score": 4.5}},
    ],
    ids=range(9),
)
async def test_what_is_not_understood_is_unknown(facts: object) -> None:
    answer = await evaluated(today=TODAY, facts=facts)

    assert MARK not in json.dumps(answer)
    assert "NO-FURTHER-IMAGING" not in {made["id"] for made in answer["recommendations"]}


@pytest.mark.parametrize(
    "number", ["1e400", "-1e400", "9" * 5000, "1e-400", "1e999999999999999999999", "0." + "3" * 5000]
)
async def test_a_number_that_nobody_can_have_is_unknown(number: str) -> None:
    """Threat C1: large numbers are valid JSON."""
    body = f'{{"facts": {{"age": {number}, "egfr": {number}, "ddimer": {{"value": {number}}}}}}}'

    assert (await ask("POST", "/evaluate", content=body)).status_code == 200


async def test_a_record_is_answered_with_what_was_found_where() -> None:
    prefetch = limited_scan()
    resources = [prefetch["patient"]]
    for key in ("reports", "imaging_observations", "exam_observations"):
        resources += [entry["resource"] for entry in prefetch[key]["entry"]]
    stray = about_leg(resourceType="Observation", id="o9", status="final", subject={"reference": "Patient/other"})
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": one} for one in [*resources, stray]],
    }

    answer = await evaluated(today=TODAY, record=bundle)

    assert answer["recommendations"][0]["id"] == "REPEAT-CDUS"
    assert {
        "fact": "exams[0].result",
        "value": "negative",
        "resource": "DiagnosticReport/r1",
    }.items() <= next(found for found in answer["found"] if found["fact"] == "exams[0].result").items()
    assert [aside["resource"] for aside in answer["set_aside"]] == ["Observation/o9"]
    assert "not_found" in answer


@pytest.mark.parametrize(
    ("question", "members"),
    [
        ({}, ("facts", "record")),
        ({"facts": None, "record": None}, ("facts", "record")),
        ({"facts": {}, "record": {}}, ("facts", "record")),
        ({"facts": [MARK]}, ("facts",)),
        ({"facts": MARK}, ("facts",)),
        ({"facts": {}, "config": [MARK]}, ("config",)),
        ({"facts": {}, "today": MARK}, ("today",)),
        ({"facts": {}, "today": "2026-3-12"}, ("today",)),
        ({"facts": {}, "today": "2026-02-30"}, ("today",)),
        ({"facts": {}, "today": 20260312}, ("today",)),
    ],
    ids=range(10),
)
async def test_a_question_that_cannot_be_read_is_told_what_to_change(
    question: Mapping[str, object], members: tuple[str, ...]
) -> None:
    response = await post(**question)

    assert_error(response, 400, "invalid-member", *members)
    assert MARK not in response.text


@pytest.mark.parametrize(
    ("record", "code", "where"),
    [
        ({"resourceType": "Bundle"}, "record-needs-one-patient", "record.entry"),
        ({"resourceType": "Patient", "id": MARK}, "record-unreadable", "record"),
        ([MARK], "record-unreadable", "record"),
        (MARK, "record-unreadable", "record"),
    ],
    ids=["empty", "no Bundle", "list", "text"],
)
async def test_a_record_must_be_one_patients_bundle(record: object, code: str, where: str) -> None:
    response = await post(record=record)

    assert_error(response, 400, code, where)
    assert MARK not in response.text


@pytest.mark.parametrize(
    ("config", "code", "where", "allowed"),
    [
        ({MARK: 1}, "config-unknown", "config", "limited_us_policy"),
        ({"limited_us_policy": MARK}, "config-invalid", "config.limited_us_policy", "sru_strict"),
        ({"repeat_min_day": MARK}, "config-invalid", "config.repeat_min_day", "whole number from"),
        ({"repeat_min_day": 10_000}, "config-invalid", "config.repeat_min_day", "whole number from"),
        ({"repeat_min_day": 10**30}, "config-invalid", "config.repeat_min_day", "whole number from"),
    ],
    ids=["unknown", "unlisted", "no number", "out of bounds", "far out of bounds"],
)
async def test_a_wrong_setting_is_told_the_allowed_values(
    config: Mapping[str, object], code: str, where: str, allowed: str
) -> None:
    response = await post(facts={}, config=config)

    assert_error(response, 400, code, where)
    assert allowed in response.text
    assert MARK not in response.text


async def test_a_sites_setting_changes_the_advice() -> None:
    early = await evaluated(today="2026-03-03", facts=FACTS)
    later = await evaluated(today="2026-03-03", facts=FACTS, config={"repeat_min_day": 6})

    assert early["recommendations"][0]["timing"]["earliest"] == "2026-03-07"
    assert later["recommendations"][0]["timing"]["earliest"] == "2026-03-08"


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"", "not-json"), (b"[]", "wrong-shape"), (b'{"facts": {"age": NaN}}', "not-json")],
    ids=["nothing", "list", "NaN"],
)
async def test_what_is_no_json_object_is_refused(body: bytes, code: str) -> None:
    assert_error(await ask("POST", "/evaluate", content=body), 400, code)


async def test_no_depth_of_nesting_is_a_fault_of_ours() -> None:
    """Threat C1: around the limit, one decoder gives up a few levels before the other."""
    answered = []
    async with calling(make_service()) as client:
        for depth in range(300, 1100):
            body = b'{"facts": {"x": ' + b"[" * depth + b"]" * depth + b"}}"
            response = await client.post("/evaluate", content=body)
            if response.status_code == 400:
                assert_error(response, 400, "too-deep")
            answered.append(response.status_code)

    assert answered == sorted(answered)
    assert set(answered) == {200, 400}
