"""What mutated calls have found, each as the smallest call that shows it."""

from typing import Any

import pytest

from app.cds_hooks.discovery import record_queries
from tests.front_door import SERVICE, about_leg, ask, call, limited_scan, pathways, searchset, stated

RIGHT_LEG = {"coding": [{"system": "http://loinc.org", "code": "39443-7"}]}
NOTHING = {"resourceType": "Bundle", "type": "searchset", "total": 0}


def settled() -> dict[str, Any]:
    """The prefetch of a patient who is well after a complete, negative study of the symptomatic leg.

    Every other query was asked and found nothing.
    """
    prefetch = {**dict.fromkeys(record_queries(pathways())), **limited_scan()}
    prefetch["imaging_observations"] = searchset(
        stated("exam.protocol", "complete_duplex", "2026-03-02"), stated("exam.quality", "adequate", "2026-03-02")
    )
    prefetch["exam_observations"] = searchset(
        stated("symptoms.status", "resolved", "2026-03-11"), stated("symptoms.side", "left", "2026-03-11")
    )
    return prefetch


async def cards(prefetch: dict[str, Any]) -> list[dict[str, Any]]:
    response = await ask("POST", SERVICE, json=call(prefetch))
    given: list[dict[str, Any]] = response.json()["cards"]
    return given


async def advice(prefetch: dict[str, Any]) -> set[str]:
    decisions = [card["extension"]["org.dvt-next-step.decision"] for card in await cards(prefetch)]
    return {each["id"] for decision in decisions for each in decision["recommendations"]}


async def test_a_settled_patient_needs_no_further_imaging() -> None:
    """What the rest of this file takes away from."""
    assert "NO-FURTHER-IMAGING" in await advice(settled())


@pytest.mark.parametrize("patient", [None, NOTHING], ids=["null", "none found"])
async def test_without_the_patient_there_is_no_card(patient: object) -> None:
    """An answer without content is no error (PF-14), but nobody's chart was proven either."""
    assert await cards({**settled(), "patient": patient}) == []


@pytest.mark.parametrize("name", ["a", "z"], ids=["sorts before the final one", "sorts after it"])
async def test_a_preliminary_report_of_the_same_day_bars_reassurance_whatever_its_id(name: str) -> None:
    prefetch = settled()
    (final,) = prefetch["reports"]["entry"]
    preliminary = {**final["resource"], **about_leg(id=name, status="preliminary")}
    prefetch["reports"] = searchset(final["resource"], preliminary)

    assert "NO-FURTHER-IMAGING" not in await advice(prefetch)


@pytest.mark.parametrize("name", ["a", "z"], ids=["sorts before the other one", "sorts after it"])
async def test_a_study_of_the_same_day_that_names_no_leg_bars_reassurance_whatever_its_id(name: str) -> None:
    prefetch = settled()
    (of_the_leg,) = prefetch["reports"]["entry"]
    code = {"coding": [{"system": "http://loinc.org", "code": "30881-7"}]}
    prefetch["reports"] = searchset(of_the_leg["resource"], {**of_the_leg["resource"], "id": name, "code": code})

    assert "NO-FURTHER-IMAGING" not in await advice(prefetch)


@pytest.mark.parametrize("name", ["a", "z"], ids=["sorts before the other one", "sorts after it"])
async def test_of_two_studies_of_one_day_the_one_of_the_symptomatic_leg_counts_whatever_its_id(name: str) -> None:
    prefetch = settled()
    (left,) = prefetch["reports"]["entry"]
    other_leg = {**left["resource"], **about_leg(id=name, code=RIGHT_LEG)}
    prefetch["reports"] = searchset(left["resource"], other_leg)

    assert "NO-FURTHER-IMAGING" in await advice(prefetch)
