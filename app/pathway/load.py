"""Loading a pathway folder, and refusing a wrong one with `file:line: reason`.

What is checked here needs one folder only: every name a row uses exists, every value is in the fact's list, every
reference is in references.yaml, every parameter is named, no row stands before the facts it needs.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from app.errors import AuthorError
from app.pathway.content import (
    SO_FAR,
    Conditions,
    FactsFile,
    Finding,
    Order,
    Parameter,
    PathwayFile,
    Policy,
    Question,
    RecommendationsFile,
    RecommendationText,
    RecordQuery,
    Reference,
    Review,
    Row,
    Stage,
    TimingSpec,
)
from app.pathway.yaml_lines import Lines, Location, line_of, read_yaml

Domains = Mapping[str, Sequence[str]]
"""Fact name -> the values the code can give it. Handed in, so that a pathway file cannot name a fact nobody finds."""

Model = TypeVar("Model", bound=BaseModel)

PLACEHOLDER = re.compile(r"\{([a-z0-9_]+)\}")


@dataclass(frozen=True, slots=True)
class Pathway:
    """A loaded, checked pathway. Frozen: a reload makes a new one, a request keeps the one it began with."""

    id: str
    title: str
    version: str
    question: str
    population: str
    content_hash: str
    stages: tuple[Stage, ...]
    parameters: Mapping[str, Parameter]
    policies: Mapping[str, Policy]
    findings: Mapping[str, str]
    facts: FactsFile
    texts: RecommendationsFile
    references: Mapping[str, Reference]
    reviews: tuple[Review, ...]
    declared_findings: Mapping[str, Finding]
    return_precautions: str
    scope_note: str
    days: Mapping[str, int]
    because: Mapping[str, str]
    rows: Mapping[str, Row]
    steps: Mapping[str, tuple[int, int | None]]

    @property
    def recommendations(self) -> Mapping[str, RecommendationText]:
        """Recommendation id -> its texts."""
        return self.texts.recommendations

    @property
    def orders(self) -> Mapping[str, Order]:
        """Order name -> the draft it stands for."""
        return self.texts.orders

    @property
    def queries(self) -> Mapping[str, RecordQuery]:
        """Prefetch key -> the FHIR query that fills it."""
        return self.facts.queries

    @property
    def questions(self) -> tuple[Question, ...]:
        """The missing facts worth asking for, most useful first."""
        return self.facts.questions

    @property
    def approved(self) -> bool:
        """True when a clinician has signed exactly this content."""
        return any(review.content_hash == self.content_hash for review in self.reviews)


def load_pathways(folder: Path, domains: Domains, dates: Sequence[str]) -> tuple[Pathway, ...]:
    """Every pathway under `folder`, by id. Raises AuthorError for the first thing that is wrong.

    `domains` and `dates` are the facts and dates the code provides (`app.clinical.situation`).
    """
    homes = sorted(file.parent for file in folder.glob("*/pathway.yaml"))
    if not homes:
        raise AuthorError(str(folder.name), None, "no pathway here: expected <id>/pathway.yaml")
    folders = [_Folder(home, domains, dates) for home in homes]
    alone = {each.head.id: each.load(None) for each in folders if each.head.uses is None}
    using = {each.head.id: each.load(each.used(alone)) for each in folders if each.head.uses is not None}
    return tuple(pathway for _, pathway in sorted((alone | using).items()))


class _Folder:
    """One pathway folder being read; remembers each file's lines so that an error can name its own."""

    def __init__(self, home: Path, domains: Domains, dates: Sequence[str]) -> None:
        self.home = home
        self.domains = domains
        self.dates = dates
        self.lines: dict[str, Lines] = {}
        self.head = self._model("pathway.yaml", PathwayFile)
        if self.head.id != home.name:
            raise self.error("pathway.yaml", ("id",), f"the id is the folder's name, {home.name}")

    def used(self, alone: Mapping[str, Pathway]) -> Pathway:
        """The pathway that `uses` names; one that uses another cannot be used itself, so there is never a circle."""
        name = self.head.uses or ""
        if name not in alone:
            reason = f"uses: {name} is no pathway here that stands alone{_did_you_mean(name, alone)}"
            raise self.error("pathway.yaml", ("uses",), reason)
        return alone[name]

    def load(self, base: Pathway | None) -> Pathway:
        """The pathway; `base` is the one it uses."""
        head, facts = self.head, self._model("facts.yaml", FactsFile)
        texts, references = self._model("recommendations.yaml", RecommendationsFile), self._references(base)
        own = texts.recommendations
        if base:
            head, facts, texts = self._with_base(base, facts, texts)
            references = self._together("references.yaml", (), base.references, references)
        if texts.return_precautions is None or texts.scope_note is None:
            raise self.error("recommendations.yaml", (), "return_precautions and scope_note are missing")
        stages = tuple(self._stage(name, index) for index, name in enumerate(head.stages))
        _Check(self, head, facts, texts, references, stages).all(own)
        days = {name: parameter.value for name, parameter in head.parameters.items()}
        rows = {row.rule: row for stage in stages for row in stage.rows}
        return Pathway(
            id=head.id,
            title=head.title,
            version=head.version,
            question=head.question,
            population=fill(head.population, days),
            content_hash=self._content_hash(base),
            stages=stages,
            parameters=head.parameters,
            policies=head.policies,
            findings={name: finding.values[0] for name, finding in head.findings.items()},
            facts=facts,
            texts=texts,
            references=references,
            reviews=self._reviews(),
            declared_findings=head.findings,
            return_precautions=texts.return_precautions,
            scope_note=texts.scope_note,
            days=days,
            because={rule: fill(row.because, days) for rule, row in rows.items()},
            rows=rows,
            steps={name: (text.step, text.step_when_now) for name, text in texts.recommendations.items()},
        )

    def _with_base(
        self, base: Pathway, facts: FactsFile, texts: RecommendationsFile
    ) -> tuple[PathwayFile, FactsFile, RecommendationsFile]:
        """This folder's content together with that of the pathway it uses. The base's questions stay its own."""
        head = self.head

        def both(file: str, member: str, one: Mapping[str, Model], other: Mapping[str, Model]) -> Mapping[str, Model]:
            return self._together(file, (member,), one, other)

        return (
            head.model_copy(
                update={
                    "parameters": both("pathway.yaml", "parameters", base.parameters, head.parameters),
                    "policies": both("pathway.yaml", "policies", base.policies, head.policies),
                    "findings": both("pathway.yaml", "findings", base.declared_findings, head.findings),
                }
            ),
            facts.model_copy(
                update={
                    "facts": both("facts.yaml", "facts", base.facts.facts, facts.facts),
                    "queries": both("facts.yaml", "queries", base.queries, facts.queries),
                    "dates": {**base.facts.dates, **facts.dates},
                }
            ),
            texts.model_copy(
                update={
                    "recommendations": both(
                        "recommendations.yaml", "recommendations", base.recommendations, texts.recommendations
                    ),
                    "orders": both("recommendations.yaml", "orders", base.orders, texts.orders),
                    "return_precautions": texts.return_precautions or base.return_precautions,
                    "scope_note": texts.scope_note or base.scope_note,
                }
            ),
        )

    def _together(
        self, file: str, at: Location, base: Mapping[str, Model], own: Mapping[str, Model]
    ) -> Mapping[str, Model]:
        for name in own:
            if name in base:
                raise self.error(
                    file, (*at, name), f"{name} is declared in {self.head.uses} already: one name, one home"
                )
        return {**base, **own}

    def _model(self, name: str, model: type[Model]) -> Model:
        return self._validated(name, model, self._plain(name))

    def _plain(self, name: str) -> object:
        plain, lines = read_yaml(self._path(name), self._shown(name))
        self.lines[name] = lines
        return plain

    def _validated(self, name: str, model: type[Model], plain: object) -> Model:
        try:
            return model.model_validate(plain)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = tuple(part for part in first["loc"] if isinstance(part, str | int))  # type: ignore[redundant-expr]  # pydantic types loc wider than it is
            named = ".".join(str(part) for part in where) or "the file"
            raise self.error(name, where, f"{named}: {first['msg']}") from None

    def _stage(self, name: str, index: int) -> Stage:
        file = self.stage_file(name)
        home, _, stage_name = name.rpartition("/")
        if home and home != self.head.uses:
            raise self.error("pathway.yaml", ("stages", index), f"{name} belongs to a pathway that is not used here")
        if not self._path(file).exists():
            raise self.error("pathway.yaml", ("stages", index), f"there is no {file}")
        stage = self._model(file, Stage)
        if stage.stage != stage_name:
            raise self.error(file, ("stage",), f"the stage is named as its file, {stage_name}")
        return stage

    @staticmethod
    def stage_file(name: str) -> str:
        home, _, stage = name.rpartition("/")
        return f"{home}/rules/{stage}.yaml" if home else f"rules/{stage}.yaml"

    def _references(self, base: Pathway | None) -> Mapping[str, Reference]:
        if base and not self._path("references.yaml").exists():
            return {}
        plain = self._plain("references.yaml")
        if not isinstance(plain, dict):
            raise self.error("references.yaml", (), "expected a mapping: key -> citation")
        return {key: self._reference(key, value) for key, value in plain.items()}

    def _reference(self, key: str, value: object) -> Reference:
        try:
            return Reference.model_validate(value)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = (key, *(part for part in first["loc"] if isinstance(part, str | int)))  # type: ignore[redundant-expr]  # pydantic types loc wider than it is
            raise self.error("references.yaml", where, f"{'.'.join(map(str, where))}: {first['msg']}") from None

    def _reviews(self) -> tuple[Review, ...]:
        plain = self._plain("reviews.yaml")
        if not isinstance(plain, dict) or set(plain) != {"reviews"} or not isinstance(plain["reviews"], list):
            raise self.error("reviews.yaml", (), "expected the one key 'reviews' with a list")
        return tuple(self._validated("reviews.yaml", Review, entry) for entry in plain["reviews"])

    def _content_hash(self, base: Pathway | None) -> str:
        """SHA-256 over the files that decide and speak; reviews, scenarios and history do not change the advice.

        A pathway that uses another is another pathway when that one changes.
        """
        digest = hashlib.sha256(base.content_hash.encode() if base else b"")
        value_sets = sorted(f"valuesets/{file.name}" for file in (self.home / "valuesets").glob("*.json"))
        rules = [self.stage_file(name) for name in self.head.stages if "/" not in name]
        for name in ["pathway.yaml", "facts.yaml", "recommendations.yaml", "references.yaml", *rules, *value_sets]:
            if base and name == "references.yaml" and not self._path(name).exists():
                continue
            content = self._path(name).read_bytes().replace(b"\r\n", b"\n")
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()

    def _path(self, name: str) -> Path:
        """Where a file of this pathway, or of the one it uses (`<id>/rules/...`), lies."""
        return self.home.parent / name if self._of_another(name) else self.home / name

    def _of_another(self, name: str) -> bool:
        return name.count("/") > 1

    def _shown(self, name: str) -> str:
        return name if self._of_another(name) else f"{self.home.name}/{name}"

    def error(self, name: str, where: Location, reason: str) -> AuthorError:
        return AuthorError(self._shown(name), line_of(where, self.lines.get(name, {})), reason)


class _Check:
    """The names of one pathway against each other, file by file, in the order a walk meets them."""

    def __init__(
        self,
        folder: _Folder,
        head: PathwayFile,
        facts: FactsFile,
        texts: RecommendationsFile,
        references: Mapping[str, Reference],
        stages: Sequence[Stage],
    ) -> None:
        self.folder, self.head, self.facts, self.texts = folder, head, facts, texts
        self.references, self.stages = references, stages
        self.values: dict[str, Sequence[str]] = {
            **{name: fact.values for name, fact in facts.facts.items()},
            **{name: policy.values for name, policy in head.policies.items()},
            **{name: finding.values for name, finding in head.findings.items()},
        }
        self.rules_so_far: set[str] = set()
        self.recommended_so_far: set[str] = set()

    def all(self, own: Mapping[str, RecommendationText]) -> None:
        """Run every check; the first fault is raised. `own`: the recommendations of this folder, used ones left out."""
        self._facts_match_the_code()
        self._parameters()
        for name, stage in zip(self.head.stages, self.stages, strict=True):
            self._stage(stage, self.folder.stage_file(name))
        self._recommendations(own)

    def _facts_match_the_code(self) -> None:
        for name, fact in self.facts.facts.items():
            known = self.folder.domains.get(name)
            if known is None:
                self._fail("facts.yaml", ("facts", name), f"{name}: no code finds this fact")
            elif set(known) != set(fact.values):
                self._fail("facts.yaml", ("facts", name, "values"), f"{name}: the code gives {', '.join(known)}")
            self._sources(fact.sources, "facts.yaml", ("facts", name, "sources"))
        for name in self.facts.dates:
            if name not in self.folder.dates:
                self._fail("facts.yaml", ("dates", name), f"{name}: no code finds this date")
        overlap = [name for name in (*self.head.findings, *self.head.policies) if name in self.facts.facts]
        for name in overlap:
            self._fail("pathway.yaml", (), f"{name} is declared twice: in pathway.yaml and in facts.yaml")

    def _parameters(self) -> None:
        for name in PLACEHOLDER.findall(self.head.population):
            self._known(name, self.head.parameters, "pathway.yaml", ("population",))
        for name, parameter in self.head.parameters.items():
            self._sources(parameter.sources, "pathway.yaml", ("parameters", name, "sources"))
        for name, policy in self.head.policies.items():
            self._sources(policy.sources, "pathway.yaml", ("policies", name, "sources"))

    def _stage(self, stage: Stage, file: str) -> None:
        for index, conditions in enumerate(stage.unless):
            self._conditions(conditions, file, ("unless", index))
        for index, row in enumerate(stage.rows):
            if row.rule in self.rules_so_far:
                self._fail(file, ("rows", index, "rule"), f"{row.rule} is already the name of another row")
            self._row(row, file, ("rows", index))
        for index, booked in enumerate(stage.booked_orders):
            where: Location = ("booked_orders", index)
            self._known(booked.for_recommendation, self.texts.recommendations, file, (*where, "for_recommendation"))
            self._known(booked.booked_on, self.facts.dates, file, (*where, "booked_on"))
            self._conditions(booked.or_when, file, (*where, "or_when"))

    def _row(self, row: Row, file: str, at: Location) -> None:  # noqa: C901 -- one check for each part of a row
        self._conditions(row.when, file, (*at, "when"))
        for part in ("any", "unless"):
            for index, conditions in enumerate(getattr(row, part)):
                self._conditions(conditions, file, (*at, part, index))
        for index, advice in enumerate(row.advise):
            here: Location = (*at, "advise", index)
            self._known(advice.recommend, self.texts.recommendations, file, (*here, "recommend"))
            self._conditions(advice.when, file, (*here, "when"))
            for kind, cases in (("indicator", advice.indicator), ("timing", advice.timing)):
                for number, case in enumerate(cases):
                    self._conditions(case.when, file, (*here, kind, number, "when"))  # type: ignore[attr-defined]  # both kinds of case have it
                if cases[-1].when:
                    self._fail(
                        file, (*here, kind), f"the last {kind} line must have no 'when': it is what holds otherwise"
                    )
                if any(not case.when for case in cases[:-1]):
                    self._fail(file, (*here, kind), f"a {kind} line without 'when' stands before others: they are dead")
            for case in advice.timing:
                self._timing(case.then, file, (*here, "timing"))
            self.recommended_so_far.add(advice.recommend)
        for name, value in row.conclude.items():
            self._known(name, self.head.findings, file, (*at, "conclude", name))
            self._value(name, value, file, (*at, "conclude", name))
        self.rules_so_far.add(row.rule)
        if not isinstance(row.stop, bool):
            self._conditions(row.stop, file, (*at, "stop"))
        self._sources((*row.sources, *row.against), file, (*at, "sources"))
        for name in PLACEHOLDER.findall(row.because):
            self._known(name, self.head.parameters, file, (*at, "because"))

    def _conditions(self, conditions: Conditions, file: str, at: Location) -> None:
        for name, values in conditions.items():
            here = (*at, name)
            if name in ("fired", "not_fired"):
                for rule in values:
                    self._known(rule, self.rules_so_far, file, here, "is no row above this one")
            elif name in SO_FAR:
                for made in values:
                    self._known(made, self.recommended_so_far, file, here, "is not recommended above this row")
            else:
                self._known(name, self.values, file, here)
                for value in values:
                    self._value(name, value, file, here)
                if set(values) == set(self.values[name]):
                    self._fail(file, here, f"{name}: every value is named, so this condition says nothing")

    def _value(self, name: str, value: str, file: str, at: Location) -> None:
        if value not in self.values[name]:
            self._fail(file, at, f"{name}: {value} is not one of {', '.join(self.values[name])}")

    def _timing(self, spec: TimingSpec, file: str, at: Location) -> None:
        for name in (*(spec.window or ()), spec.within, spec.late, *(aim.days for aim in spec.target or ())):
            if name is not None:
                self._known(name, self.head.parameters, file, at)
        for aim in spec.target or ():
            self._known(aim.after, self.facts.dates, file, at)

    def _recommendations(self, own: Mapping[str, RecommendationText]) -> None:
        file = "recommendations.yaml"
        for name, text in own.items():
            at: Location = ("recommendations", name)
            if name not in self.recommended_so_far:
                self._fail(file, at, f"{name}: no row recommends it")
            for source in text.attributes.values():
                self._known(source, self.values, file, (*at, "attributes"))
            for index, choice in enumerate(text.orders):
                self._known(choice.order, self.texts.orders, file, (*at, "orders", index))
                self._conditions(choice.when, file, (*at, "orders", index, "when"))
            for placeholder in PLACEHOLDER.findall(text.text + text.headline):
                self._known(placeholder, self.head.parameters, file, at)
        for key, query in self.facts.queries.items():
            if not query.template.startswith(query.resource):
                self._fail(
                    "facts.yaml", ("queries", key, "template"), f"the template does not ask for {query.resource}"
                )

    def _sources(self, keys: Sequence[str], file: str, at: Location) -> None:
        for key in keys:
            self._known(key, self.references, file, at, "is not in references.yaml")

    def _known(
        self,
        name: str,
        known: Mapping[str, object] | set[str],
        file: str,
        at: Location,
        otherwise: str = "is not declared",
    ) -> None:
        if name not in known:
            self._fail(file, at, f"{name} {otherwise}{_did_you_mean(name, known)}")

    def _fail(self, file: str, at: Location, reason: str) -> NoReturn:
        raise self.folder.error(file, at, reason)


def _did_you_mean(name: str, known: Mapping[str, object] | set[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def fill(text: str, values: Mapping[str, int]) -> str:
    """The text with each `{parameter}` as its number."""
    return PLACEHOLDER.sub(lambda found: str(values[found[1]]), text)
