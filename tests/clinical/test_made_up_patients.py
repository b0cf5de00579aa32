"""Made-up patients: the same for the same seed, plausible, odd, and crowded around the limits."""

from collections import Counter
from datetime import date
from random import Random
from typing import Any

import pytest

from app.clinical.evaluate import decide_all
from app.clinical.patients import limits_of, patient
from app.clinical.vocabulary import parse_facts
from tests.front_door import pathways

TODAY = date(2026, 6, 15)
LIMITS = limits_of(parameter for pathway in pathways() for parameter in pathway.parameters.values())


@pytest.fixture(scope="module")
def patients() -> list[dict[str, Any]]:
    random = Random(7)  # noqa: S311 -- no secret
    return [patient(random, LIMITS, TODAY) for _ in range(2000)]


def test_the_same_seed_makes_the_same_patient() -> None:
    one, other = (patient(Random(3), LIMITS, TODAY) for _ in range(2))  # noqa: S311 -- no secret

    assert one == other
    assert one != patient(Random(4), LIMITS, TODAY)  # noqa: S311 -- no secret


def test_nothing_unknown_is_said_and_everything_said_is_understood(patients: list[dict[str, Any]]) -> None:
    """A value outside the vocabulary would be read as unknown: the generator would be tilting at nothing."""
    for made in patients:
        assert None not in made.values()
        for exam, read in zip(dict_of(made["exams"]), parse_facts(made).exams, strict=False):
            assert all(str(getattr(read, name)) != "unknown" for name in exam if name != "upper_extent_seen")


def dict_of(exams: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The exams as they are read: equal ones are one."""
    return [exam for number, exam in enumerate(exams) if exam not in exams[:number]]


def test_numbers_crowd_around_the_limits(patients: list[dict[str, Any]]) -> None:
    values = Counter(
        made["ddimer"]["value"] for made in patients if made.get("ddimer", {}).get("unit", "").endswith("ng/mL FEU")
    )

    assert min(values[499], values[500], values[501]) > 10


def test_most_rows_are_reached(patients: list[dict[str, Any]]) -> None:
    fired = {
        step.rule
        for made in patients
        for item in decide_all(pathways(), parse_facts(made), TODAY).decisions
        for step in item.decision.trace
    }
    rules = {rule for pathway in pathways() if not pathway.advises_on_orders for rule in pathway.rows}

    assert {"DD-EXCL", "DD-EXCL2", "AC-INTERIM", "IC-WHOLELEG", "RU-PREG", "NFI", "PB-STENT"} <= fired
    assert len(fired & rules) > 0.85 * len(rules)  # some need a site's setting


def test_without_limits_numbers_are_anywhere() -> None:
    assert patient(Random(1), {}, TODAY)  # noqa: S311 -- no secret
