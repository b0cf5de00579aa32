"""What did not come may hold what matters: an incomplete answer never reassures (H22), and nobody who died or whose
chart was merged away gets advice (H3).
"""

from copy import deepcopy
from typing import Any

import pytest

from tests.front_door import SERVICE, about_leg, ask, call, limited_scan, pathways, searchset, stated

STUDY, LATER = "2026-03-02", "2026-03-12"
REASSURING = {"NO-FURTHER-IMAGING", "NEG-REASSURE", "DVT-EXCLUDED-PTP", "AC-INTERIM-REVIEW"}

WAYS_TO_BE_INCOMPLETE: dict[str, dict[str, Any]] = {
    "next page": {"link": [{"relation": "next", "url": "https://ehr.example/fhir?page=2"}]},
    "total above what came": {"total": 99},
    "a warning": {
        "entry": [
            {
                "resource": {
                    "resourceType": "OperationOutcome",
                    "issue": [{"severity": "warning", "code": "incomplete"}],
                },
                "search": {"mode": "outcome"},
            }
        ]
    },
}


def well() -> dict[str, Any]:
    """A complete negative study of the symptomatic leg, and symptoms that have resolved since: no further imaging."""
    prefetch = limited_scan()
    prefetch["imaging_observations"] = searchset(
        stated("exam.protocol", "complete_duplex", STUDY),
        stated("exam.quality", "adequate", STUDY),
    )
    asked = {key: None for pathway in pathways() for key in pathway.queries}
    return {**asked, **prefetch, "exam_observations": course("resolved")}


def course(status: str) -> dict[str, Any]:
    """How the left leg is, today."""
    return searchset(stated("symptoms.status", status, LATER), stated("symptoms.side", "left", LATER))


def worse() -> dict[str, Any]:
    """The same study; the symptoms are worse since."""
    return {**well(), "exam_observations": course("worsening")}


def cut_off(prefetch: dict[str, Any], key: str, way: str) -> dict[str, Any]:
    """The prefetch with the answer to one query not wholly there."""
    changed = deepcopy(prefetch)
    bundle = changed[key]
    more = WAYS_TO_BE_INCOMPLETE[way]
    bundle.update({name: value for name, value in more.items() if name != "entry"})
    bundle["entry"] = [*bundle.get("entry", []), *more.get("entry", [])]
    return changed


async def advice(prefetch: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """The ids of all advice, the leading one first, and the card; both empty for silence."""
    response = await ask("POST", SERVICE, json=call(prefetch))
    assert response.status_code == 200, response.text
    cards = response.json()["cards"]
    if not cards:
        return [], {}
    made: dict[str, Any] = cards[0]
    return [each["id"] for each in made["extension"]["org.dvt-next-step.decision"]["recommendations"]], made


async def test_a_whole_answer_may_reassure() -> None:
    """Without this the other tests would prove nothing."""
    ids, card = await advice(well())

    assert ids[0] == "NO-FURTHER-IMAGING"
    assert card["indicator"] == "info"


@pytest.mark.parametrize("way", WAYS_TO_BE_INCOMPLETE)
@pytest.mark.parametrize("key", ["reports", "imaging_observations", "exam_observations"])
async def test_an_answer_that_is_not_whole_never_reassures(key: str, way: str) -> None:
    """H22: the missing page may hold a later study, or a later course of the symptoms."""
    ids, _ = await advice(cut_off(well(), key, way))

    assert ids
    assert not REASSURING & set(ids)


@pytest.mark.parametrize("way", WAYS_TO_BE_INCOMPLETE)
@pytest.mark.parametrize("key", ["reports", "exam_observations"])
async def test_an_answer_that_is_not_whole_still_warns(key: str, way: str) -> None:
    """What is known to be bad stays bad: worse symptoms lead to a scan now."""
    ids, card = await advice(cut_off(worse(), key, way))

    assert "REPEAT-CDUS" in ids
    assert card["indicator"] == "warning"


async def test_without_the_missing_page_the_report_has_to_be_read_first() -> None:
    ids, card = await advice(cut_off(well(), "reports", "next page"))

    assert "DATA-RESULT" in ids
    assert "no further" not in card["summary"].lower()


async def test_an_incomplete_answer_without_a_study_is_silent() -> None:
    """Nobody is told to read a report of a leg that was perhaps never scanned."""
    nothing = {**well(), "reports": searchset()}

    assert await advice(cut_off(nothing, "reports", "next page")) == ([], {})


@pytest.mark.parametrize(
    "gone",
    [
        {"deceasedBoolean": True},
        {"deceasedDateTime": "2026-03-10"},
        {"link": [{"type": "replaced-by", "other": {"reference": "Patient/p-2"}}]},
    ],
    ids=["died", "died on a day", "merged away"],
)
async def test_nobody_who_died_or_was_merged_away_gets_advice(gone: dict[str, Any]) -> None:
    """H3: not even a warning, which would speak to nobody, or about another chart's patient."""
    prefetch = worse()
    prefetch["patient"] |= gone

    assert await advice(prefetch) == ([], {})


@pytest.mark.parametrize(
    "alive",
    [
        {"deceasedBoolean": False},
        {"link": [{"type": "replaces", "other": {"reference": "Patient/p-0"}}]},
        {"link": [{"type": "seealso", "other": {"reference": "Patient/p-0"}}]},
        {"active": True},
    ],
    ids=["alive", "replaces another", "see also", "active"],
)
async def test_everybody_else_does(alive: dict[str, Any]) -> None:
    prefetch = worse()
    prefetch["patient"] |= alive
    ids, _ = await advice(prefetch)

    assert "REPEAT-CDUS" in ids


async def test_a_study_of_another_patient_is_no_study_of_this_one() -> None:
    prefetch = worse()
    prefetch["reports"]["entry"][0]["resource"] |= about_leg(subject={"reference": "Patient/p-2"})

    assert await advice(prefetch) == ([], {})
