"""The formulas say what `decide` does: two writings of the same format, by different means, on many patients."""

import os
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from app.clinical.examinations import Episode
from app.clinical.situation import situation
from app.clinical.vocabulary import parse_facts
from app.pathway.decide import Situation, decide
from app.pathway.load import Pathway
from tests.ordering.orders import drawn_order
from tests.proof.drawn import TODAY, patient, seeded
from tests.proof.judged import Asked, pathways

DRAWN = int(os.environ.get("PROOF_DRAWS", "400"))


def by_walking(pathway: Pathway, found: Situation) -> dict[str, Any]:
    policies = {name: policy.value for name, policy in pathway.policies.items()}
    decision = decide(pathway, replace(found, names={**policies, **found.names}))

    def ahead(day: Any) -> int | None:  # noqa: ANN401 -- a date or nothing
        return None if day is None else (day - TODAY).days

    return {
        "fired": {step.rule for step in decision.trace},
        "made": {
            each.id: (
                each.indicator.value,
                each.timing.kind.value,
                ahead(each.timing.earliest),
                ahead(each.timing.latest),
                each.already_ordered,
            )
            for each in decision.recommendations
        },
        "findings": {name: [value] for name, value in decision.findings.items()},
    }


def drawn(chance: Random) -> Situation:
    days = {name: number for each in pathways().values() for name, number in each.days.items()}
    return situation(Episode(parse_facts(patient(chance)), TODAY, days))


def drawn_for(pathway: Pathway, chance: Random) -> Situation:
    return drawn_order(chance).situation if pathway.advises_on_orders else drawn(chance)


@pytest.mark.parametrize("name", sorted(pathways()))
def test_the_formulas_agree_with_the_walk(name: str) -> None:
    asked, chance = Asked(pathways()[name]), seeded(11)
    patients = [drawn_for(asked.pathway, chance) for _ in range(DRAWN)]

    assert [found for found in patients if asked.decided(found) != by_walking(asked.pathway, found)] == []


def test_a_difference_would_be_noticed() -> None:
    """The walk of a pathway in which one row was changed is not the one the formulas were made of."""
    pathway = pathways()["negative-dvt-ultrasound"]
    asked, chance = Asked(pathway), seeded(11)
    stage = next(each for each in pathway.stages if each.stage == "repeat")
    changed = stage.model_copy(update={"rows": tuple(row for row in stage.rows if row.rule != "RU-SYM-W")})
    other = Pathway(**{
        **{name: getattr(pathway, name) for name in Pathway.__slots__},
        "stages": tuple(changed if each is stage else each for each in pathway.stages),
    })  # fmt: skip
    patients = [drawn(chance) for _ in range(200)]

    assert any(asked.decided(found) != by_walking(other, found) for found in patients)
