"""The real pathways, asked by tests: situations as assumptions of the solver, and copies with one planted fault."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import z3

from app.__main__ import load_from
from app.clinical.situation import DATES
from app.pathway.decide import Situation
from app.pathway.load import Pathway
from app.proof.encode import DATED, KINDS, Formula, Patient, number
from app.proof.invariants import load_invariants
from app.proof.orders import order_laws
from app.proof.patient import Solver
from app.proof.properties import Fault, prove, walked
from app.proof.situations import laws
from app.settings import Settings
from tests.proof.drawn import TODAY

FOLDER = Settings().pathways_dir
NEGATIVE = "negative-dvt-ultrasound"


@cache
def pathways() -> Mapping[str, Pathway]:
    """The real pathways by id."""
    return {pathway.id: pathway for pathway in load_from(FOLDER)}


@dataclass
class Asked:
    """The formulas of one pathway, asked about one situation after another."""

    pathway: Pathway

    def __post_init__(self) -> None:
        self.patient = Patient(self.pathway)
        self.walk = walked(self.patient)
        self.laws = [*laws(self.patient), *order_laws(self.walk)]
        self.solver = Solver([*self.patient.rules])
        self.known: dict[str, Formula] = {}
        self.all_laws = self.solver.named(z3.And(*self.laws))

    def situation(self, found: Situation) -> list[Formula]:
        """The situation as things to assume."""
        chosen = [self.patient.names[name][value] for name, value in found.names.items()]
        chosen += [self.patient.names[name][policy.value] for name, policy in self.pathway.policies.items()]
        for name, day in found.dates.items():
            chosen.append(self._on(name, day))
        return chosen

    def settings(self, days: Mapping[str, int]) -> list[Formula]:
        """The movable parameters at these values."""
        return [
            self._named(f"{name}={days[name]}", formula == number(days[name]))
            for name, formula in self.patient.settings.items()
        ]

    def lawful(self, found: Situation, days: Mapping[str, int]) -> bool:
        """No law forbids the situation."""
        return self.solver.possible(self.all_laws, *self.situation(found), *self.settings(days))

    def decided(self, found: Situation) -> dict[str, Any]:
        """What the formulas say of the situation, in the words of `decide`."""
        model = self.solver.model(*self.situation(found), *self.settings(self.pathway.days))

        def true(formula: Formula) -> bool:
            return bool(z3.is_true(model.eval(formula, model_completion=True)))

        def when(name: str) -> tuple[str, int | None, int | None]:
            timing = self.walk.made[name].when
            kind = KINDS[model.eval(timing.kind, model_completion=True).as_long()]
            days = (model.eval(day, model_completion=True).as_signed_long() for day in (timing.earliest, timing.latest))
            first, last = days if kind in DATED else (None, None)
            return kind, first, last

        fired_before = self.walk.before.fired if self.walk.before else {}
        fired = {name: each for name, each in self.walk.fired.items() if name not in fired_before}
        made = {name: each for name, each in self.walk.own.items() if true(each.present)}
        loud = {
            name: "critical" if true(each.critical) else "warning" if true(each.warning) else "info"
            for name, each in made.items()
        }
        return {
            "fired": {name for name, formula in {**fired, **self.walk.booked}.items() if true(formula)},
            "made": {name: (loud[name], *when(name), true(each.already_ordered)) for name, each in made.items()},
            "findings": {
                name: [value for value, formula in values.items() if true(formula)]
                for name, values in self.walk.findings.items()
            },
        }

    def _on(self, name: str, day: date | None) -> Formula:
        variable = self.patient.dates[name]
        if day is None:
            return self._named(f"{name} unknown", z3.Not(variable.known))
        ahead = (day - TODAY).days
        return self._named(f"{name} {ahead}", z3.And(variable.known, variable.ahead == number(ahead)))

    def _named(self, name: str, formula: Formula) -> Formula:
        if name not in self.known:
            self.known[name] = self.solver.named(formula)
        return self.known[name]


def planted(folder: Path, file: str, old: str, new: str) -> Path:
    """A copy of the pathways in which `old` is `new`, once, in one file (`<pathway>/<file>`)."""
    copy = folder / "pathways"
    shutil.copytree(FOLDER, copy)
    place = copy / file
    text = place.read_text("utf-8")
    assert old in text, f"{file} no longer holds: {old}"
    place.write_text(text.replace(old, new, 1), encoding="utf-8")
    return copy


def faults(folder: Path, *properties: str, explain: bool = False) -> list[Fault]:
    """What is shown wrong of the main pathway in this folder."""
    loaded = next(pathway for pathway in load_from(folder) if pathway.id == NEGATIVE)
    return prove([(loaded, load_invariants(folder, loaded, DATES))], properties, explain=explain)[0].faults
