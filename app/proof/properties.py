"""What is shown of a pathway, and what is shown wrong: each property is asked of every situation at once.

P1  every row, line, stage, finding and fact matters to somebody
P2  every patient gets advice, or one of the silences the pathway declares
P3  the declared invariants hold
P4  unknown is never more reassuring
P5  what raises concern never lowers urgency
P6  advised days are in order, today or later, whatever a site sets

Policies and movable parameters are variables like any fact, so all of it holds for every setting a site may make.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import z3

from app.clinical.ordering import FINDING
from app.pathway.content import Alternatives, Conditions
from app.pathway.load import Pathway
from app.proof.encode import DATED, Formula, Made, Patient, Walk, all_of, one_of
from app.proof.invariants import Claim, Invariant, Invariants, Raising, Unknown
from app.proof.orders import order_laws
from app.proof.patient import Example, Solver, examples
from app.proof.situations import laws

PROPERTIES: Mapping[str, str] = {
    "P1": "every row, line, stage, finding and fact matters",
    "P2": "everybody gets advice or a declared silence",
    "P3": "the declared invariants hold",
    "P4": "unknown is never more reassuring",
    "P5": "what raises concern never lowers urgency",
    "P6": "advised days are in order for every setting",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not hold: where, what, and the patients that show it."""

    pathway: str
    property: str
    about: str
    says: str
    patients: tuple[Example, ...] = ()


@dataclass
class Report:
    """What was asked of one pathway. `asked`: property -> how many claims of it were put to the solver.

    `missable`: the rules that some patient misses by one part only.
    """

    pathway: str
    asked: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PROPERTIES, 0))
    faults: list[Fault] = field(default_factory=list)
    missable: set[str] = field(default_factory=set)


def prove(
    pathways: Sequence[tuple[Pathway, Invariants]], only: Collection[str] = tuple(PROPERTIES), *, explain: bool = True
) -> list[Report]:
    """Every property (or only some) of every pathway. A stage that two pathways read matters if it does in one.

    `explain`: show each fault as a patient, which takes longer than to find it.
    """
    proofs = [_Proof(pathway, declared, explain=explain) for pathway, declared in pathways]
    for proof in proofs:
        proof.run(only)
    if "P1" in only:
        _used(proofs)
    return [proof.report for proof in proofs]


def walked(patient: Patient, copy: str = "") -> Walk:
    """The patient's pathway walked, after the one whose decision it begins with."""
    follows = patient.pathway.follows
    before = Walk(patient, copy=copy, stages=follows.stages) if follows else None
    return Walk(patient, copy=copy, before=before)


class _Proof:
    """One pathway's formulas, and the questions put to them."""

    def __init__(self, pathway: Pathway, declared: Invariants, *, explain: bool) -> None:
        self.pathway, self.declared, self.explain = pathway, declared, explain
        self.patient = Patient(pathway)
        self.walk = walked(self.patient)
        self.solver = Solver([*laws(self.patient), *order_laws(self.walk), *self.patient.rules])
        self.report = Report(pathway.id)
        self.dead: dict[tuple[str, str], str] = {}
        self.alive: set[tuple[str, str]] = set()

    def run(self, only: Collection[str]) -> None:
        """What needs this pathway alone; P1 is gathered here and judged over all pathways."""
        steps: Mapping[str, Callable[[], None]] = {
            "P1": self._gather_lines,
            "P2": self._nobody_falls_through,
            "P3": self._invariants_hold,
            "P4": self._unknown_never_reassures,
            "P5": self._concern_never_calms,
            "P6": self._days_are_in_order,
        }
        for name, step in steps.items():
            if name in only:
                step()

    @cached_property
    def _pair(self) -> "_Pair":
        return _Pair(self)

    def fault(self, about: str, says: str, prop: str, patients: Callable[[], tuple[Example, ...]] = tuple) -> None:
        """Note what does not hold, and the patients who show it."""
        shown = patients() if self.explain else ()
        self.report.faults.append(Fault(self.pathway.id, prop, about, says, shown))

    def never(self, prop: str, about: str, says: str, formula: Formula) -> None:
        """Claim that nobody is like this; otherwise the plainest such patient is noted."""
        self.report.asked[prop] += 1
        if self.solver.possible(self.solver.named(formula)):
            nothing = z3.BoolVal(val=True)
            self.fault(about, says, prop, lambda: examples(self.solver, [self.walk], formula, nothing))

    def _gather_lines(self) -> None:
        for stage, reached in self.walk.reached.items():
            self._matters((stage, "stage"), f"stage {stage} is never read", reached)
        for line in self.walk.lines:
            self._matters((line.stage, line.where), f"{line.where}: nobody is decided by it", line.decides)
        for name, values in self.walk.findings.items():
            for value, formula in values.items():
                self._matters(("finding", f"{name}={value}"), f"finding {name} is never {value}", formula)
        for rule, nearly in self.walk.nearly.items():
            if self.solver.possible(self.solver.named(nearly)):
                self.report.missable.add(rule)

    def _matters(self, key: tuple[str, str], says: str, formula: Formula) -> None:
        self.report.asked["P1"] += 1
        if self.solver.possible(formula):
            self.alive.add(key)
        else:
            self.dead.setdefault(key, says)

    def _nobody_falls_through(self) -> None:
        silent = z3.Not(self.walk.recommended(self.walk.own))
        declared = {silence.id: self.spoken_of(silence) for silence in self.declared.silences}
        says = "nothing is advised, and no declared silence says why"
        self.never("P2", "falls through", says, z3.And(silent, z3.Not(one_of(declared.values()))))
        for name, formula in declared.items():
            self.report.asked["P2"] += 1
            if not self.solver.possible(self.solver.named(z3.And(silent, formula))):
                self.fault(name, "nobody is silent for this reason: delete the declared silence", "P2")

    def _invariants_hold(self) -> None:
        for invariant in self.declared.invariants:
            self._invariant(invariant)

    def _invariant(self, invariant: Invariant) -> None:
        scope = self.spoken_of(invariant)
        held = one_of(self._each(invariant.always)) if invariant.always else z3.Not(one_of(self._each(invariant.never)))
        if not self.solver.possible(self.solver.named(scope)):
            self.fault(invariant.id, "it speaks of nobody: its conditions contradict each other", "P3")
        self.never("P3", invariant.id, invariant.says, z3.And(scope, z3.Not(held)))

    def _unknown_never_reassures(self) -> None:
        for unknown in self.declared.unknown:
            self._pair.unknown(unknown)

    def _concern_never_calms(self) -> None:
        for raising in self.declared.raising:
            self._pair.raising(raising)

    def _days_are_in_order(self) -> None:
        for name, made in self.walk.own.items():
            ordered = z3.And(made.when.earliest >= 0, made.when.earliest <= made.when.latest)
            wrong = z3.And(made.present, made.when.has_kind(DATED), z3.Not(ordered))
            self.never("P6", name, "its advised days end before they begin, or begin before today", wrong)

    def spoken_of(self, claim: Claim) -> Formula:
        """The situations a claim speaks of."""
        either = one_of(self._each(claim.any)) if claim.any else z3.BoolVal(val=True)
        return z3.And(holds(self.walk, claim.when), either, z3.Not(one_of(self._each(claim.unless))))

    def _each(self, alternatives: Alternatives) -> Iterator[Formula]:
        return (holds(self.walk, conditions) for conditions in alternatives)


def holds(walk: Walk, conditions: Conditions) -> Formula:
    """Conditions of an invariant, at the end of the walk."""
    return all_of(_one(walk, name, values) for name, values in conditions.items())


LOUD: Mapping[str, Callable[[Made], Formula]] = {
    "now": lambda made: made.when.has_kind(["now"]),
    "info": lambda made: z3.Not(made.warning),
    "warning": lambda made: z3.And(made.warning, z3.Not(made.critical)),
    "critical": lambda made: made.critical,
}
"""The words that ask how loud a recommendation is, or whether its time is now."""


def _one(walk: Walk, word: str, values: Sequence[str]) -> Formula:
    match word:
        case "only":
            return z3.Not(walk.recommended(name for name in walk.own if name not in values))
        case "reached":
            return one_of(walk.reached[stage] for stage in values)
        case _ if word in LOUD:
            made = [walk.made[name] for name in values if name in walk.made]
            return one_of(z3.And(each.present, LOUD[word](each)) for each in made)
        case _:
            return walk.holds({word: tuple(values)})


class _Pair:
    """Two patients who differ in one name and what follows from it."""

    def __init__(self, proof: _Proof) -> None:
        self.proof = proof
        self.levels = proof.declared.levels
        self.one, self.other = Patient(proof.pathway, "one "), Patient(proof.pathway, "other ")
        self.walks = walked(self.one, "one "), walked(self.other, "other ")
        of_orders = [formula for walk in self.walks for formula in order_laws(walk)]
        patients = [*of_orders, *(formula for each in (self.one, self.other) for formula in (*laws(each), *each.rules))]
        settings = [self.one.settings[name] == self.other.settings[name] for name in self.one.settings]
        self.solver = Solver([*patients, *settings])

    def unknown(self, said: Unknown) -> None:
        """One has the name unknown, the other one of the known values."""
        one, other = self.walks
        known = z3.Not(other.value(said.name, said.unknown_is))
        than = one_of(other.value(said.name, value) for value in said.than) if said.than else known
        compared = z3.And(one.value(said.name, said.unknown_is), than)
        wrong = z3.And(self._calmer(one, other), z3.Not(self._up_to(one, self.proof.declared.first_reassuring - 1)))
        self._never("P4", f"{said.name} {said.unknown_is}", said, compared, wrong)

    def raising(self, said: Raising) -> None:
        """One has the name raised, the other has not."""
        one, other = self.walks
        compared = z3.And(one.value(said.name, said.to), z3.Not(other.value(said.name, said.to)))
        self._never("P5", f"{said.name} {said.to}", said, compared, self._calmer(one, other))

    def _never(self, prop: str, about: str, said: Unknown | Raising, compared: Formula, wrong: Formula) -> None:
        same = all_of(self._same({said.name, *said.moves}))
        exempt = one_of(holds(self.walks[0], each.when) for each in said.exempt)
        formula = all_of([compared, wrong, z3.Not(exempt)])
        self.proof.report.asked[prop] += 1
        if not self.solver.possible(self.solver.named(compared), self.solver.named(same)):
            self.proof.fault(about, "no two patients differ like this: name in `moves` what follows from it", prop)
        if self.solver.possible(self.solver.named(formula), self.solver.named(same)):
            self.proof.fault(about, said.because, prop, lambda: examples(self.solver, self.walks, formula, same))
        for each in said.exempt:
            self.proof.report.asked[prop] += 1
            spared = all_of([compared, wrong, same, holds(self.walks[0], each.when)])
            if not self.solver.possible(self.solver.named(spared)):
                self.proof.fault(about, f"the exception is not needed: {each.because}", prop)

    def _same(self, but: set[str]) -> Iterator[Formula]:
        speaks_of = {*self.proof.pathway.facts.facts, *self.proof.pathway.policies}
        for name, values in self.one.names.items():
            if name in speaks_of - but:
                yield from (formula == self.other.names[name][value] for value, formula in values.items())
        for name, day in self.one.dates.items():
            if name not in but:
                yield z3.And(day.known == self.other.dates[name].known, day.ahead == self.other.dates[name].ahead)

    def _calmer(self, one: Walk, other: Walk) -> Formula:
        """The first patient stands at a more reassuring level than the other."""
        return one_of(
            z3.And(self._up_to(other, level), z3.Not(self._up_to(one, level))) for level in range(len(self.levels) - 1)
        )

    def _up_to(self, walk: Walk, level: int) -> Formula:
        """The patient stands at this level or a more urgent one."""
        return one_of(holds(walk, each) for step in self.levels[: level + 1] for each in step.any)


def _used(proofs: Sequence[_Proof]) -> None:
    """P1 over all pathways: what none of those who have it makes use of."""
    alive = {key for proof in proofs for key in proof.alive}
    told: set[tuple[str, str]] = set()
    for proof in proofs:
        for key, says in proof.dead.items():
            if key not in alive | told:
                told.add(key)
                proof.fault(key[1], says, "P1")
    words = {name for proof in proofs for name in _words(proof)}
    for proof in proofs:
        declared = (*proof.pathway.facts.facts, *proof.pathway.policies, *proof.pathway.declared_findings)
        for name in declared:
            proof.report.asked["P1"] += 1
            if name not in words | {about for _, about in told}:
                told.add(("name", name))
                proof.fault(name, f"{name} is declared, but no row uses it", "P1")


def _words(proof: _Proof) -> Iterator[str]:
    """Every name a condition of the pathway speaks of, every name a card shows, and what is done with an order."""
    if proof.pathway.advises_on_orders:
        yield FINDING
    for conditions in _conditions(proof.pathway):
        yield from conditions
    for text in proof.pathway.recommendations.values():
        yield from text.attributes.values()


def _conditions(pathway: Pathway) -> Iterator[Conditions]:
    for stage in pathway.stages:
        yield from stage.unless
        yield from (booked.or_when for booked in stage.booked_orders)
        for row in stage.rows:
            yield from (row.when, *row.any, *row.unless)
            yield from () if isinstance(row.stop, bool) else (row.stop,)
            for advice in row.advise:
                yield advice.when
                yield from (case.when for cases in (advice.indicator, advice.timing) for case in cases)
    for text in pathway.recommendations.values():
        yield from (choice.when for choice in text.orders)
