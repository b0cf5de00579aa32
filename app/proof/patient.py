"""A solver's answer as a patient in words: the few facts that matter, the rows that fire, what is advised."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import z3

from app.proof.encode import DATED, KINDS, Formula, Made, Number, Patient, Walk, all_of, number

PLAIN = (
    "adult", "current", "usable", "matched", "complete_duplex", "negative", "normal", "ok", "none", "absent", "no",
    "leg_ultrasound", "new", "complete", "covers", "not_applicable", "inside", "not_due",
)  # fmt: skip
"""What an unremarkable patient has; whatever else a violation does not need is set to the first of these it allows."""


@dataclass(frozen=True, slots=True)
class Example:
    """A patient for whom something holds: `facts` are the ones that matter, each in words; `raw` has all by name."""

    facts: tuple[str, ...]
    fired: tuple[str, ...]
    advised: tuple[str, ...]
    raw: Mapping[str, str]


class Solver:
    """One pathway's formulas, asked many times. Sound and complete: finite names, and days within their bounds."""

    def __init__(self, rules: Iterable[Formula]) -> None:
        self._solver = z3.SolverFor("QF_FD")
        self._solver.add(*rules)
        self._choices = 0
        self.asked = 0

    def model(self, *formulas: Formula) -> z3.ModelRef:
        """A patient for whom all of these hold. Raises z3.Z3Exception if there is none."""
        self._check(formulas)
        return self._solver.model()

    def possible(self, *formulas: Formula) -> bool:
        """Is there such a patient."""
        self.asked += 1
        return bool(self._check(formulas) == z3.sat)

    def named(self, formula: Formula) -> Formula:
        """A variable that makes the formula hold when it is assumed."""
        self._choices += 1
        variable = z3.Bool(f"choice {self._choices}")
        self._solver.add(z3.Implies(variable, formula))
        return variable

    def needed(self, choices: Sequence[Formula], *refuted: Formula) -> list[Formula]:
        """The fewest of these choices (found greedily, the last ones dropped first) that make `refuted` impossible."""
        kept = list(choices)
        for choice in reversed(choices):
            fewer = [each for each in kept if each is not choice]
            if len(fewer) < len(kept) and self._check([*fewer, *refuted]) == z3.unsat:
                core = {each.get_id() for each in self._solver.unsat_core()}
                kept = [each for each in fewer if each.get_id() in core]
        return kept

    def _check(self, formulas: Iterable[Formula]) -> z3.CheckSatResult:
        return self._solver.check(*(self._literal(formula) for formula in formulas))

    def _literal(self, formula: Formula) -> Formula:
        """Assumptions have to be variables."""
        plain = formula.arg(0) if z3.is_not(formula) else formula
        return formula if z3.is_const(plain) and plain.decl().kind() == z3.Z3_OP_UNINTERPRETED else self.named(formula)


def examples(solver: Solver, walks: Sequence[Walk], formula: Formula, given: Formula) -> tuple[Example, ...]:
    """The plainest patients (one a walk) for whom the formula holds; the caller knows that there are such.

    `given` is taken for granted and not explained.
    """
    background = solver.named(given)
    plain = [background, solver.named(formula)]
    for walk in walks:
        plain += _plainest(solver, walk, plain)
    model = solver.model(*plain)
    said = [_said(solver, walk.patient, model) for walk in walks]
    everything = [choice for each in said for choice, _ in each]
    needed = {choice.get_id() for choice in solver.needed(everything, background, solver.named(z3.Not(formula)))}
    return tuple(
        Example(
            tuple(words for choice, words in each if choice.get_id() in needed),
            _fired(walk, model),
            _advised(walk, model),
            {name: _chosen(values, model) for name, values in walk.patient.names.items()},
        )
        for walk, each in zip(walks, said, strict=True)
    )


def _plainest(solver: Solver, walk: Walk, given: Sequence[Formula]) -> list[Formula]:
    """As many unremarkable values as what is given allows, site settings first."""
    patient = walk.patient
    policies = {name: [policy.value] for name, policy in patient.pathway.policies.items()}
    plain = {name: [value for value in PLAIN if value in patient.names[name]] for name in patient.pathway.facts.facts}
    wanted = [[patient.names[name][value] for value in values] for name, values in (policies | plain).items()]
    wanted += [[formula == number(patient.pathway.days[name])] for name, formula in patient.settings.items()]
    chosen: list[Formula] = []
    for alternatives in wanted:
        choices = (solver.named(formula) for formula in alternatives)
        chosen += next(([choice] for choice in choices if solver.possible(*given, *chosen, choice)), [])
    return chosen


def _said(solver: Solver, patient: Patient, model: z3.ModelRef) -> list[tuple[Formula, str]]:
    """Every choice that makes up this patient, with its words."""
    pathway = patient.pathway
    said = []
    meanings = {name: said.meaning for name, said in pathway.policies.items()}
    meanings |= {name: said.meaning for name, said in pathway.facts.facts.items()}
    for name, meaning in meanings.items():
        values = patient.names[name]
        value = _chosen(values, model)
        said.append((solver.named(values[value]), _in_words(name, value, meaning)))
    for name, day in patient.dates.items():
        known, ahead = _true(model, day.known), _whole(model, day.ahead)
        formula = all_of([day.known, day.ahead == number(ahead)]) if known else z3.Not(day.known)
        what = pathway.facts.dates.get(name, name)
        said.append((solver.named(formula), f"{what}: {_day_in_words(ahead) if known else 'unknown'}"))
    for name, formula in patient.settings.items():
        days = _whole(model, formula)
        said.append((solver.named(formula == number(days)), f"{pathway.parameters[name].meaning}: {days}"))
    return said


def _in_words(name: str, value: str, meaning: str) -> str:
    return f"{name} is {value.replace('_', ' ')} ({meaning})"


def _day_in_words(ahead: int) -> str:
    if ahead == 0:
        return "today"
    days = "1 day" if abs(ahead) == 1 else f"{abs(ahead)} days"
    return f"in {days}" if ahead > 0 else f"{days} ago"


def _chosen(values: Mapping[str, Formula], model: z3.ModelRef) -> str:
    return next(value for value, formula in values.items() if _true(model, formula))


def _fired(walk: Walk, model: z3.ModelRef) -> tuple[str, ...]:
    pathway = walk.patient.pathway
    because = {**(pathway.follows.because if pathway.follows else {}), **pathway.because}
    rules = [rule for rule, formula in walk.fired.items() if _true(model, formula)]
    booked = [order for order, formula in walk.booked.items() if _true(model, formula)]
    return (*(f"{rule}: {because[rule]}" for rule in rules), *booked)


def _advised(walk: Walk, model: z3.ModelRef) -> tuple[str, ...]:
    return tuple(_advice(name, made, model) for name, made in walk.made.items() if _true(model, made.present))


def _advice(name: str, made: Made, model: z3.ModelRef) -> str:
    loud = "critical" if _true(model, made.critical) else "warning" if _true(model, made.warning) else "info"
    kind = KINDS[model.eval(made.when.kind, model_completion=True).as_long()]
    days = (
        f", day {_whole(model, made.when.earliest):+d} to {_whole(model, made.when.latest):+d}" if kind in DATED else ""
    )
    ordered = ", already ordered" if _true(model, made.already_ordered) else ""
    return f"{name} ({loud}, {kind}{days}{ordered})"


def _true(model: z3.ModelRef, formula: Formula) -> bool:
    return bool(z3.is_true(model.eval(formula, model_completion=True)))


def _whole(model: z3.ModelRef, formula: Number) -> int:
    return int(model.eval(formula, model_completion=True).as_signed_long())
