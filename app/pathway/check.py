"""The names of one pathway against each other: whatever a row uses exists, and every row and line can be reached.

What is checked here needs one folder only. Nothing is evaluated: a row counts as dead when its words alone say so.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from app.errors import AuthorError
from app.pathway.content import (
    SO_FAR,
    Advice,
    BookedOrder,
    Conditions,
    FactsFile,
    IndicatorCase,
    OrderChoice,
    Parameter,
    PathwayFile,
    RecommendationsFile,
    RecommendationText,
    Reference,
    Row,
    Stage,
    TimingCase,
    TimingSpec,
    did_you_mean,
)
from app.pathway.timing import TimingKind
from app.pathway.yaml_lines import Location

PLACEHOLDER = re.compile(r"\{([a-z0-9_]+)\}")
PATIENT = "{{context.patientId}}"
NOT_ABOVE = "is not recommended by a row above"


@dataclass(frozen=True, slots=True)
class Provided:
    """What the code provides, handed in so that a pathway file cannot name what nobody finds.

    `facts`: fact -> the values the code can give it. `questions`: fact to ask for -> the answers that can be tried.
    """

    facts: Mapping[str, Sequence[str]]
    dates: Sequence[str]
    questions: Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one pathway, each well-formed by itself, together with those of the pathway it uses.

    `own` and `own_findings`: what this folder declares, used ones left out. `before`: the stages of the pathway that
    has decided before the first row here is read.
    """

    head: PathwayFile
    facts: FactsFile
    texts: RecommendationsFile
    references: Mapping[str, Reference]
    stages: Sequence[Stage]
    own: Mapping[str, RecommendationText]
    own_findings: Collection[str]
    before: Sequence[Stage] = ()


Fault = Callable[[str, Location, str], AuthorError]
"""File, place and reason -> the error that names the line."""


def check(files: Files, provided: Provided, fault: Fault) -> None:
    """Raise the first fault, file by file, in the order a walk meets the names."""
    _Check(files, provided, fault).all()


class _Check:
    def __init__(self, files: Files, provided: Provided, fault: Fault) -> None:
        self.head, self.facts, self.texts = files.head, files.facts, files.texts
        self.references, self.stages = files.references, files.stages
        self.own, self.own_findings = files.own, files.own_findings
        self.provided, self.fault = provided, fault
        self.values: dict[str, Sequence[str]] = {
            **{name: fact.values for name, fact in self.facts.facts.items()},
            **{name: policy.values for name, policy in self.head.policies.items()},
            **{name: finding.values for name, finding in self.head.findings.items()},
        }
        rows = [row for stage in files.before for row in stage.rows]
        self.rules_so_far = {row.rule for row in rows}
        self.recommended_before = frozenset(advice.recommend for row in rows for advice in row.advise)
        self.recommended_so_far = set(self.recommended_before)
        self.concluded_so_far = {name: {finding.values[0]} for name, finding in self.head.findings.items()}
        for row in rows:
            self._concluded(row)
        self.stopped_so_far: dict[str, Conditions] = {}
        self.is_shared = False

    def all(self) -> None:
        """Run every check; the first fault is raised."""
        self._facts()
        self._questions()
        self._queries()
        self._settings()
        for name, stage in zip(self.head.stages, self.stages, strict=True):
            self._stage(name, stage)
        self._findings()
        self._recommendations()

    # ------------------------------------------------------------------------------------ facts.yaml, pathway.yaml

    def _facts(self) -> None:
        file = "facts.yaml"
        for name, fact in self.facts.facts.items():
            at: Location = ("facts", name)
            self._known(name, self.provided.facts, file, at, "is a fact that no code finds")
            if set(fact.values) != set(self.provided.facts[name]):
                given = ", ".join(self.provided.facts[name])
                self._fail(file, (*at, "values"), f"the values of {name} are the ones the code gives: {given}")
            self._sources(fact.sources, file, (*at, "sources"))
        for name in self.facts.dates:
            self._known(name, self.provided.dates, file, ("dates", name), "is a date that no code finds")

    def _questions(self) -> None:
        for index, question in enumerate(self.facts.questions):
            at: Location = ("questions", index)
            answers = self.provided.questions
            self._known(question.fact, answers, "facts.yaml", (*at, "fact"), "is no fact that can be asked for")
            self._plain_text(question.label, "facts.yaml", (*at, "label"))
            for value, phrase in question.values.items():
                here: Location = (*at, "values", value)
                self._known(value, answers[question.fact], "facts.yaml", here, f"is no answer to {question.fact}")
                self._plain_text(phrase, "facts.yaml", here)

    def _queries(self) -> None:
        for key, query in self.facts.queries.items():
            at: Location = ("queries", key)
            kind, template = query.resource, query.template
            if not template.startswith((f"{kind}/", f"{kind}?")):
                self._fail("facts.yaml", (*at, "template"), f"the template must ask for {kind}, as resource says")
            if PATIENT not in template or {"{", "}"} & set(template.replace(PATIENT, "")):
                reason = f"the template must ask for one patient, and only {PATIENT} is filled in"
                self._fail("facts.yaml", (*at, "template"), reason)
        for name, source in self.facts.reading.items():
            self._sources(source.sources, "facts.yaml", ("reading", name, "sources"))
            for key in source.queries:
                here: Location = ("reading", name, "queries")
                self._known(key, self.facts.queries, "facts.yaml", here, "is no query")
                if self.facts.queries[key].resource != source.resource:
                    self._fail("facts.yaml", here, f"{key} asks for {self.facts.queries[key].resource}")

    def _settings(self) -> None:
        file = "pathway.yaml"
        self._text(self.head.population, file, ("population",))
        for kind, named in (("policies", self.head.policies), ("findings", self.head.findings)):
            for name in named:
                if name in self.facts.facts or (kind == "findings" and name in self.head.policies):
                    self._fail(file, (kind, name), f"{name} has a meaning already: a fact or policy of that name")
        for name, parameter in self.head.parameters.items():
            self._sources(parameter.sources, file, ("parameters", name, "sources"))
        for name, policy in self.head.policies.items():
            self._sources(policy.sources, file, ("policies", name, "sources"))

    # ---------------------------------------------------------------------------------------------------- rules/*

    def _stage(self, name: str, stage: Stage) -> None:
        file = stage_file(name)
        self.is_shared = "/" in name
        for index, conditions in enumerate(stage.unless):
            self._conditions(conditions, file, ("unless", index))
        for index, row in enumerate(stage.rows):
            self._row(row, file, ("rows", index))
            if stage.pick == "first":
                self._reached(stage.rows, index, file)
        for index, booked in enumerate(stage.booked_orders):
            self._booked(booked, file, ("booked_orders", index))
        if not stage.unless:
            self.stopped_so_far |= {row.rule: row.when for row in stage.rows if self._always_stops(row)}

    def _row(self, row: Row, file: str, at: Location) -> None:
        self._new_rule(row.rule, file, (*at, "rule"))
        self._text(row.because, file, (*at, "because"))
        self._conditions(row.when, file, (*at, "when"))
        for index, conditions in enumerate(row.any):
            self._conditions(conditions, file, (*at, "any", index))
            if clash(conditions, row.when):
                self._fail(file, (*at, "any", index), "this never holds beside 'when', which wants another value")
        for index, conditions in enumerate(row.unless):
            self._conditions(conditions, file, (*at, "unless", index))
            if covers(conditions, row.when):
                self._fail(file, (*at, "unless", index), f"{row.rule} never fires: this holds whenever 'when' does")
        for rule, stopped in self.stopped_so_far.items():
            if covers(stopped, row.when) and not self.is_shared:
                self._fail(file, at, f"{row.rule} never fires: {rule} has stopped the walk whenever it could")
        for index, advice in enumerate(row.advise):
            self._advice(advice, row, file, (*at, "advise", index))
        self._conclusions(row, file, (*at, "conclude"))
        if not isinstance(row.stop, bool):
            self._conditions(row.stop, file, (*at, "stop"))
        self._sources(row.sources, file, (*at, "sources"))
        self._sources(row.against, file, (*at, "against"))
        if not row.project_choice and all(self.references[key].seen == "no" for key in row.sources):
            self._fail(file, (*at, "sources"), f"nobody has read a source of {row.rule}: every one has seen: no")

    def _new_rule(self, rule: str, file: str, at: Location) -> None:
        if rule in self.rules_so_far:
            self._fail(file, at, f"{rule} is the name of a row above; choose another")
        self.rules_so_far.add(rule)

    def _reached(self, rows: Sequence[Row], index: int, file: str) -> None:
        row = rows[index]
        for above in rows[:index]:
            if not (above.any or above.unless) and covers(above.when, row.when):
                reason = f"{row.rule} never fires: {above.rule} above takes every case of it, and the first row wins"
                self._fail(file, ("rows", index), reason)

    def _always_stops(self, row: Row) -> bool:
        """Only facts count: a finding may be another by the time a later row is read."""
        settled = set(row.when) <= set(self.facts.facts)
        return row.stop is True and settled and not (row.any or row.unless)

    def _advice(self, advice: Advice, row: Row, file: str, at: Location) -> None:
        self._known(advice.recommend, self.texts.recommendations, file, (*at, "recommend"))
        if advice.recommend in self.recommended_before:
            reason = f"{advice.recommend} was decided before; advice on an order has words of its own"
            self._fail(file, (*at, "recommend"), reason)
        self._conditions(advice.when, file, (*at, "when"))
        if clash(advice.when, row.when):
            self._fail(file, (*at, "when"), "this never holds beside the row's 'when', which wants another value")
        self._lines(advice.indicator, row, file, (*at, "indicator"))
        self._lines(advice.timing, row, file, (*at, "timing"))
        for index, case in enumerate(advice.timing):
            self._timing(case.then, file, (*at, "timing", index, "then"))
        self.recommended_so_far.add(advice.recommend)

    def _lines(self, cases: Sequence[IndicatorCase | TimingCase], row: Row, file: str, at: Location) -> None:
        if cases[-1].when:
            self._fail(file, at, f"the last {at[-1]} line must have no 'when': it is what holds otherwise")
        self._choices(cases, file, at)
        for index, case in enumerate(cases):
            if clash(case.when, row.when):
                self._fail(file, (*at, index), "this line is dead: the row's 'when' wants another value")

    def _choices(self, cases: Sequence[IndicatorCase | TimingCase | OrderChoice], file: str, at: Location) -> None:
        for index, case in enumerate(cases):
            self._conditions(case.when, file, (*at, index, "when"))
            if any(covers(above.when, case.when) for above in cases[:index]):
                self._fail(file, (*at, index), "this line is dead: a line above takes every case of it")

    def _timing(self, spec: TimingSpec, file: str, at: Location) -> None:
        for name in (*(spec.window or ()), spec.within, spec.late, *(aim.days for aim in spec.target or ())):
            if name is not None:
                self._known(name, self.head.parameters, file, at)
        if spec.window:
            first, last = (self.head.parameters[name] for name in spec.window)
            self._in_order(first, last, file, at)
        for aim in spec.target or ():
            self._known(aim.after, self.facts.dates, file, at)
        for name in spec.same_as or ():
            self._known(name, self.recommended_so_far, file, at, NOT_ABOVE)

    def _in_order(self, first: Parameter, last: Parameter, file: str, at: Location) -> None:
        if first.value > last.value:
            self._fail(file, at, f"the window ends (day {last.value}) before it begins (day {first.value})")

    def _conclusions(self, row: Row, file: str, at: Location) -> None:
        for name, value in row.conclude.items():
            self._known(name, self.head.findings, file, (*at, name))
            self._value(name, value, file, (*at, name))
        self._concluded(row)

    def _concluded(self, row: Row) -> None:
        for name, value in row.conclude.items():
            self.concluded_so_far[name].add(value)

    def _booked(self, booked: BookedOrder, file: str, at: Location) -> None:
        self._new_rule(booked.order, file, (*at, "order"))
        self._plain_text(booked.because, file, (*at, "because"))
        self._known(booked.for_recommendation, self.recommended_so_far, file, (*at, "for_recommendation"), NOT_ABOVE)
        self._known(booked.booked_on, self.facts.dates, file, (*at, "booked_on"))
        self._conditions(booked.or_when, file, (*at, "or_when"))
        for kind in booked.kinds:
            self._known(kind, [each.value for each in TimingKind], file, (*at, "kinds"), "is no kind of timing")

    def _conditions(self, conditions: Conditions, file: str, at: Location) -> None:
        for name, values in conditions.items():
            here = (*at, name)
            if name in ("fired", "not_fired"):
                for rule in values:
                    self._known(rule, self.rules_so_far, file, here, "is no row above this one")
            elif name in SO_FAR:
                for made in values:
                    self._known(made, self.recommended_so_far, file, here, NOT_ABOVE)
            else:
                self._matched(name, values, file, here)

    def _matched(self, name: str, values: Sequence[str], file: str, at: Location) -> None:
        self._known(name, self.values, file, at)
        for value in values:
            self._value(name, value, file, at)
            if value not in self.concluded_so_far.get(name, values) and not self.is_shared:
                self._fail(file, at, f"{name} is not {value} yet: no row above concludes it")
        if set(values) == set(self.values[name]):
            self._fail(file, at, f"every value of {name} is named, so this condition says nothing; leave it out")

    # --------------------------------------------------------------------------- pathway.yaml, recommendations.yaml

    def _findings(self) -> None:
        for name in self.own_findings:
            for value in self.head.findings[name].values:
                if value not in self.concluded_so_far[name]:
                    self._fail("pathway.yaml", ("findings", name), f"no row concludes that {name} is {value}")

    def _recommendations(self) -> None:
        file = "recommendations.yaml"
        for name, text in self.own.items():
            at: Location = ("recommendations", name)
            self._known(name, self.recommended_so_far, file, at, "is advice that no row gives")
            self._recommendation(text, file, at)
        for name, order in self.texts.orders.items():
            self._plain_text(f"{order.title} {order.note or ''}", file, ("orders", name))
        self._plain_text(self.texts.return_precautions or "", file, ("return_precautions",))
        self._plain_text(self.texts.scope_note or "", file, ("scope_note",))

    def _recommendation(self, text: RecommendationText, file: str, at: Location) -> None:
        self._text(text.text, file, (*at, "text"))
        self._plain_text(text.headline, file, (*at, "headline"))
        self._plain_text(text.asks_for or "", file, (*at, "asks_for"))
        for source in text.attributes.values():
            self._known(source, self.values, file, (*at, "attributes"))
        for index, choice in enumerate(text.orders):
            self._known(choice.order, self.texts.orders, file, (*at, "orders", index))
        self._choices(text.orders, file, (*at, "orders"))

    # ----------------------------------------------------------------------------------------------- every file

    def _text(self, text: str, file: str, at: Location) -> None:
        """A text in which `{parameter}` becomes its number."""
        for name in PLACEHOLDER.findall(text):
            self._known(name, self.head.parameters, file, at, "is no parameter")
        self._plain_text(PLACEHOLDER.sub("", text), file, at)

    def _plain_text(self, text: str, file: str, at: Location) -> None:
        if "{" in text or "}" in text:
            self._fail(file, at, "this brace would be shown: {parameter} is filled in only in 'text' and 'because'")

    def _sources(self, keys: Sequence[str], file: str, at: Location) -> None:
        for key in keys:
            self._known(key, self.references, file, at, "is not in references.yaml")

    def _value(self, name: str, value: str, file: str, at: Location) -> None:
        allowed = self.values[name]
        self._known(value, allowed, file, at, f"is no value of {name}, which is one of {', '.join(allowed)}")

    def _known(
        self, name: str, known: Collection[str], file: str, at: Location, otherwise: str = "is not declared"
    ) -> None:
        if name not in known:
            self._fail(file, at, f"{name} {otherwise}{did_you_mean(name, known)}")

    def _fail(self, file: str, at: Location, reason: str) -> NoReturn:
        raise self.fault(file, at, reason)


def stage_file(name: str) -> str:
    """`rules/repeat.yaml`, or `<id>/rules/modality.yaml` for a stage of the pathway that is used."""
    home, _, stage = name.rpartition("/")
    return f"{home}/rules/{stage}.yaml" if home else f"rules/{stage}.yaml"


def covers(general: Conditions, special: Conditions) -> bool:
    """Whether `general` holds whenever `special` does, as far as their words say."""
    return all(name in special and _implies(name, special[name], values) for name, values in general.items())


def _implies(name: str, narrow: Sequence[str], wide: Sequence[str]) -> bool:
    """`not_fired` and `not_recommended` mean none of these: the longer list is the narrower one."""
    return set(wide) <= set(narrow) if name.startswith("not_") else set(narrow) <= set(wide)


def clash(one: Conditions, other: Conditions) -> bool:
    """Whether the two never hold together: a fact stands in both without a common value."""
    shared = (name for name in one if name in other and name not in SO_FAR)
    return any(set(one[name]).isdisjoint(other[name]) for name in shared)
