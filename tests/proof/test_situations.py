"""Every situation that the code makes obeys the laws: a law that is wrong would prove too much."""

import os
from dataclasses import replace
from random import Random

import pytest
import z3

from app.clinical.examinations import Episode
from app.clinical.situation import DOMAINS, situation
from app.clinical.vocabulary import parse_facts
from app.pathway.decide import Situation
from app.proof import situations
from app.proof.situations import LAWS, Law
from tests.proof.drawn import TODAY, patient, seeded
from tests.proof.judged import NEGATIVE, Asked, pathways

DRAWN = int(os.environ.get("PROOF_DRAWS", "400"))


def days_of_a_site(chance: Random) -> dict[str, int]:
    """Settings that a site may make."""
    days = {name: number for each in pathways().values() for name, number in each.days.items()}
    for pathway in pathways().values():
        movable = {name: said for name, said in pathway.parameters.items() if said.site_may_change}
        days |= {name: chance.randint(said.minimum, said.maximum) for name, said in movable.items()}
    if days["repeat_min_day"] > days["repeat_max_day"]:
        days["repeat_min_day"], days["repeat_max_day"] = days["repeat_max_day"], days["repeat_min_day"]
    return days


def drawn(chance: Random) -> tuple[Situation, dict[str, int]]:
    days = days_of_a_site(chance)
    return situation(Episode(parse_facts(patient(chance)), TODAY, days)), days


def test_no_drawn_patient_breaks_a_law() -> None:
    asked, chance = Asked(pathways()[NEGATIVE]), seeded(3)

    broken = [found for found, days in (drawn(chance) for _ in range(DRAWN)) if not asked.lawful(found, days)]
    assert broken == []


WRONG = [
    Law("A limited study is compromised, too.", {"limited": "yes"}, ({"compromised": "yes"},)),
    Law("The symptomatic leg is always the scanned one.", {"result_gate": "usable"}, ({"side": "matched"},)),
    Law("A status is never unknown.", {"result_gate": "usable"}, ({"status": ("resolved", "persistent")},)),
]


@pytest.mark.parametrize("law", WRONG, ids=lambda law: law.because)
def test_a_law_that_some_patients_break_is_noticed(law: Law, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = situations.laws
    monkeypatch.setattr("tests.proof.judged.laws", lambda one: everything(one, (*LAWS, law)))
    asked, chance = Asked(pathways()[NEGATIVE]), seeded(3)

    assert not all(asked.lawful(found, days) for found, days in (drawn(chance) for _ in range(200)))


def test_every_law_names_values_that_exist() -> None:
    named = [(name, values) for law in LAWS for part in (law.when, *law.then) for name, values in part.items()]

    assert [
        (name, value)
        for name, values in named
        for value in ((values,) if isinstance(values, str) else values)
        if value not in DOMAINS[name]
    ] == []


def test_there_is_a_patient_for_every_value() -> None:
    """Laws that forbade too much would leave values without anybody."""
    asked = Asked(pathways()[NEGATIVE])

    assert [
        (name, value)
        for name, values in asked.patient.names.items()
        for value, formula in values.items()
        if not asked.solver.possible(asked.all_laws, formula)
    ] == []


def test_a_law_can_speak_of_either_of_two_outcomes() -> None:
    asked = Asked(pathways()[NEGATIVE])
    law = Law("Either.", {"limited": "yes"}, ({"side": "matched"}, {"side": "unknown"}))

    (formula,) = situations.laws(asked.patient, (law,))[:1]
    names = asked.patient.names
    assert asked.solver.possible(asked.solver.named(formula), names["limited"]["yes"], names["side"]["unknown"])
    assert not asked.solver.possible(asked.solver.named(formula), names["limited"]["yes"], names["side"]["not_scanned"])
    assert replace(law).because == "Either."
    assert z3.is_implies(formula)
