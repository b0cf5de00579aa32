"""Meeting a mutant of a pathway: the loader, then the scenarios, then the invariants from outside.

A mutant that none of them notices survives; whether it changes any answer at all is told by comparing answers over
the same fact sets, which is no kill: an answer that only differs is not known to be wrong.
"""

import hashlib
import json
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

from app.__main__ import load_from
from app.cards.machine_readable import recommendation_json
from app.clinical.evaluate import Evaluation, PathwayDecision, configure, evaluate
from app.clinical.ordering import ORDER_DOMAINS, DraftOrder, advise_on_orders, order_pathway, parse_drafts
from app.clinical.situation import DATES, DOMAINS
from app.clinical.vocabulary import Facts, parse_facts
from app.errors import AuthorError
from app.pathway import load
from app.pathway.decide import Recommendation
from app.pathway.load import Pathway
from app.pathway.yaml_lines import Lines, read_yaml
from tests.clinical.scenario_files import FILES, OF_ORDERS, PATHWAYS, Scenario, scenarios, wrong
from tests.mutation.columns import COLUMNS, steps_are_of_the_table
from tests.mutation.pathway_mutants import Files, Mutant, Words, pathway_mutants
from tests.mutation.report import SAME, Verdict, verdict_on
from tests.mutation.same import Original
from tests.oracle.fact_sets import FactSet, numbered
from tests.oracle.invariants import broken, broken_relations

Answer = dict[str, Any]

SEED = 20260312
FACT_SETS = 3_000
ORDER_ADVICE = "order-advice"
ALL_FILES = (*FILES, *OF_ORDERS)
JUDGES = ("loader", "scenarios", "invariants", SAME)
LATELY = 12  # how many of the scenarios that killed a rule's last mutants are tried first


# -------------------------------------------------------------------------------------------------- pathways as loaded


class Reader:
    """Stands in for `read_yaml`: a file is read once, and a mutant's values are given in place of a file's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[str, tuple[object, Lines]] = {}
        self.files: Files = {}

    def __call__(self, file: Path, shown_as: str) -> tuple[object, Lines]:
        if self.folder not in file.parents:
            return read_yaml(file, shown_as)
        name = file.relative_to(self.folder).as_posix()
        if name not in self.known:
            self.known[name] = read_yaml(file, shown_as)
        plain, lines = self.known[name]
        return self.files.get(name, plain), lines

    def loaded(self, files: Files) -> tuple[Pathway, ...]:
        """The pathways with these values; those of all other files as they are."""
        self.files = files
        vars(load)["read_yaml"] = self
        try:
            return load_from(self.folder)
        finally:
            self.files = {}
            vars(load)["read_yaml"] = read_yaml

    def deciding(self) -> Files:
        """The files that decide, as they are."""
        self.loaded({})
        return {name: plain for name, (plain, _) in self.known.items() if _decides(name)}


def _decides(name: str) -> bool:
    return "/rules/" in name or name.endswith(("/pathway.yaml", "/recommendations.yaml"))


def words_of(pathways: Sequence[Pathway]) -> Words:
    """The words that rows may use."""
    values = {name: list(found) for name, found in {**DOMAINS, **ORDER_DOMAINS}.items()}
    days: dict[str, int] = {}
    for pathway in pathways:
        values |= {name: list(policy.values) for name, policy in pathway.policies.items()}
        values |= {name: list(finding.values) for name, finding in pathway.declared_findings.items()}
        days |= {name: each.value for name, each in pathway.parameters.items() if each.unit == "day"}
    return Words(values, DATES, days)


# ------------------------------------------------------------------------------------------------------------- answers


def answers_of(asked: Evaluation) -> list[Answer]:
    """Every recommendation as `POST /evaluate` writes it, and title and codes of the order it offers as a draft."""
    return [
        {**recommendation_json(made), "draft": _draft(asked, made.id, made.order)} for made in asked.recommendations
    ]


def _draft(asked: Evaluation, made: str, order: str | None) -> list[str]:
    if order is None:
        return []
    home = next(each for each in asked.pathways if made in each.recommendations and order in each.orders)
    return [home.orders[order].title, *(code.code for code in home.orders[order].codes)]


def broken_by(pathways: Sequence[Pathway], patient: FactSet, answers: Sequence[Answer], number: int) -> list[str]:
    """The invariants that these answers break. `number` seeds the relations to other fact sets."""
    found = broken(patient, answers) + [each.__name__ for each in COLUMNS if not each(patient, answers)]
    return found or broken_relations(
        patient,
        answers,
        lambda changed: ask(pathways, changed),
        Random(number),  # noqa: S311 -- reproducible on purpose, nothing secret
    )


def ask(pathways: Sequence[Pathway], patient: FactSet) -> list[Answer]:
    return answers_of(evaluate(pathways, parse_facts(patient.facts), today=patient.today, config=patient.config))


# -------------------------------------------------------------------------------------------------------------- judges


@dataclass(frozen=True, slots=True)
class Patient:
    """A scenario, its facts and its orders parsed once."""

    scenario: Scenario
    facts: Facts
    today: date
    drafts: tuple[DraftOrder, ...] = ()

    def wrong(self, pathways: Sequence[Pathway]) -> list[str]:
        """What these pathways say otherwise than the scenario expects."""
        made, _, disposition = self.answer(pathways)
        said = wrong(self.scenario, {each.id: recommendation_json(each) for each in made})
        return said + ([] if disposition == self.scenario.get("disposition") else [f"the order is to {disposition}"])

    def answer(self, pathways: Sequence[Pathway]) -> tuple[Sequence[Recommendation], set[str], str | None]:
        """What is recommended, the rules that fired, and what is to be done with the first order, if there is one."""
        config = self.scenario.get("config", {})
        asked = evaluate(pathways, self.facts, today=self.today, config=config)
        if not self.drafts:
            return asked.recommendations, _rules(asked.decisions), None
        of_orders = order_pathway(configure(pathways, config))
        assert of_orders, "no pathway advises on orders"
        said = advise_on_orders(asked, self.drafts, of_orders)
        disposition = said.drafts[0].disposition.value if said.drafts else None
        return said.recommendations, _rules([each.decided for each in said.drafts]), disposition

    def as_fact_set(self) -> FactSet:
        return FactSet(self.scenario["facts"], self.today, self.scenario.get("config", {}))


def is_of_orders(mutant: Mutant) -> bool:
    """It changes the advice on orders: no patient without an order is decided by it."""
    return mutant.file.startswith(f"{ORDER_ADVICE}/")


def _rules(decisions: Iterable[PathwayDecision]) -> set[str]:
    return {step.rule for item in decisions for step in item.decision.trace}


class Judges:
    """All that a mutant meets, made ready once. `files`: the scenario files, fewer of them to see mutants survive."""

    def __init__(self, files: Sequence[Path] = ALL_FILES, fact_sets: int = FACT_SETS) -> None:
        self.reader = Reader(PATHWAYS)
        self.original = self.reader.deciding()
        self.pathways = self.reader.loaded({})
        self.patients = patients(files)
        self.seen_with = self._seen_with()
        self.lately: dict[str, deque[int]] = defaultdict(lambda: deque(maxlen=LATELY))
        self.table = [(each, ask(self.pathways, each)) for each in self._fact_sets(fact_sets)]

    def _fact_sets(self, count: int) -> Iterator[FactSet]:
        """The numbered ones, and some of the scenarios' patients, who are nearer to the limits."""
        yield from (numbered(SEED, number) for number in range(count))
        yield from (each.as_fact_set() for each in self.patients[: count // 4])

    def mutants(self) -> list[Mutant]:
        """Every mutant of the pathways."""
        return pathway_mutants(self.original, words_of(self.pathways))

    def verdict(self, mutant: Mutant) -> Verdict:
        """What becomes of it."""
        pathways = self.loaded(mutant)
        if pathways is None:
            return verdict_on(mutant, "loader")
        of_orders = is_of_orders(mutant)
        noticed = self.scenario_that_differs(pathways, mutant.about, of_orders=of_orders)
        if noticed:
            return verdict_on(mutant, "scenarios", noticed)
        rule, differs = (None, None) if of_orders else self.broken_invariant(pathways)
        if rule:
            return verdict_on(mutant, "invariants", rule)
        if not self.formulas.decides_like(pathways):
            return verdict_on(mutant, None, differs=differs)
        if differs is None:
            return verdict_on(mutant, SAME)
        return verdict_on(mutant, None, f"fact set {differs} differs, but it is proven the same", differs)

    def loaded(self, mutant: Mutant) -> tuple[Pathway, ...] | None:
        """The pathways with this change, or None: the loader refuses them."""
        try:
            return self.reader.loaded(mutant.applied(self.original))
        except AuthorError:
            return None

    @cached_property
    def formulas(self) -> Original:
        """The original as formulas; made when it is first asked for, in each process."""
        return Original(self.pathways)

    def scenario_that_differs(self, pathways: Sequence[Pathway], about: str, *, of_orders: bool = False) -> str | None:
        """The first scenario that does not come out, or None. Those that have to do with the rule are tried first."""
        for index in self._in_order(about):
            patient = self.patients[index]
            if (patient.drafts or not of_orders) and _differs(pathways, patient):
                self.lately[about].appendleft(index)
                return str(patient.scenario["id"])
        return None

    def broken_invariant(self, pathways: Sequence[Pathway]) -> tuple[str | None, int | None]:
        """The first invariant that breaks, and the number of the first fact set that is answered differently.

        An answer that is the original's breaks no invariant, so only the others are judged.
        """
        if not all(steps_are_of_the_table(each.steps) for each in pathways if not each.advises_on_orders):
            return steps_are_of_the_table.__name__, None
        differs = None
        for number, (patient, before) in enumerate(self.table):
            answers = ask(pathways, patient)
            if answers != before:
                differs = number if differs is None else differs
                found = broken_by(pathways, patient, answers, number)
                if found:
                    return found[0], differs
        return None, differs

    @property
    def table_hash(self) -> str:
        """SHA-256 over the original's answers to the compared fact sets: what a pinned table of results would hold."""
        said = json.dumps([answers for _, answers in self.table], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()

    def _in_order(self, about: str) -> Iterator[int]:
        first = dict.fromkeys([*self.lately[about], *self.seen_with.get(about, ())])
        yield from first
        yield from (index for index in range(len(self.patients)) if index not in first)

    def _seen_with(self) -> dict[str, list[int]]:
        """Rule or recommendation -> the scenarios in which it comes up."""
        found: dict[str, list[int]] = defaultdict(list)
        for index, patient in enumerate(self.patients):
            recommendations, rules, _ = patient.answer(self.pathways)
            for name in rules | {made.id for made in recommendations}:
                found[name].append(index)
        return found


def patients(files: Sequence[Path] = ALL_FILES) -> list[Patient]:
    """Every scenario of these files."""
    return [
        Patient(each, parse_facts(each["facts"]), date.fromisoformat(each["today"]), parse_drafts(each.get("drafts")))
        for each in scenarios(*files)
    ]


def first_wrong(pathways: Sequence[Pathway]) -> str | None:
    """The first scenario that does not come out, those of the boundaries first."""
    files = sorted(ALL_FILES, key=lambda file: file.stem != "boundaries")
    return next((str(each.scenario["id"]) for each in patients(files) if _differs(pathways, each)), None)


def loaded_with(known: dict[str, tuple[object, Lines]]) -> tuple[Pathway, ...]:
    """The pathways, made of files that were read already; later loads of this process use them, too."""
    reader = Reader(PATHWAYS)
    reader.known = known
    vars(load)["read_yaml"] = reader
    return load_from(PATHWAYS)


# ------------------------------------------------------------------------------------------------------- many at once

_judges: list[Judges] = []  # filled before the processes part: made once, then each process has its own


def judged(mutant: Mutant) -> Verdict:
    return _judges[0].verdict(mutant)


def verdicts(judges: Judges, chosen: Sequence[Mutant], processes: int) -> Iterator[Verdict]:
    """The verdict on each of these, in their order."""
    _judges[:] = [judges]
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        yield from pool.map(judged, chosen, chunksize=4)


def _differs(pathways: Sequence[Pathway], patient: Patient) -> bool:
    try:
        return bool(patient.wrong(pathways))
    except Exception:  # noqa: BLE001 -- a mutant may break the walk in any way; that is noticed, too
        return True
