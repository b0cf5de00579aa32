"""Loading a pathway folder, and refusing a wrong one with `file:line: reason`.

Here the files are found and each is read by itself; `check.py` holds their names against each other.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app.errors import AuthorError
from app.pathway.check import PLACEHOLDER, Files, Provided, check, stage_file
from app.pathway.content import (
    PATTERNS,
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
    did_you_mean,
)
from app.pathway.yaml_lines import Lines, Location, line_of, read_yaml

Model = TypeVar("Model", bound=BaseModel)

WORDS: Mapping[str, str] = {
    "missing": "is missing",
    "string_type": "must be text: put it in quotes",
    "int_type": "must be a whole number without quotes",
    "bool_type": "must be true or false, without quotes",
    "model_type": "must hold keys and values",
    "dict_type": "must hold keys and values",
    "tuple_type": "must be a list",
    "too_short": "must not be empty",
    "date_from_datetime_parsing": "must be a day such as 2026-03-12",
}
"""Pydantic's kinds of error in an author's words; the others are plain enough as pydantic says them."""


@dataclass(frozen=True, slots=True)
class Pathway:
    """A loaded, checked pathway. Frozen: a reload makes a new one, a request keeps the one it began with.

    `follows`: the pathway whose decision its rows begin with, if it advises on orders (as written, without settings).
    """

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
    uses: str | None = None
    follows: "Pathway | None" = None

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
    def advises_on_orders(self) -> bool:
        """Its rows are read for each draft order, not for each patient."""
        return self.follows is not None

    @property
    def approved(self) -> bool:
        """True when a clinician has signed exactly this content."""
        return any(review.content_hash == self.content_hash for review in self.reviews)


def load_pathways(
    folder: Path,
    domains: Mapping[str, Sequence[str]],
    dates: Sequence[str],
    questions: Mapping[str, Collection[str]],
    of_orders: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> tuple[Pathway, ...]:
    """Every pathway under `folder`, by id. Raises AuthorError for the first thing that is wrong.

    `domains`, `dates` and `questions` are what the code provides (`app.clinical`): fact -> its values, the dates, and
    fact to ask for -> the answers that can be tried. `of_orders`: the facts of a draft order, beside a patient's.
    """
    homes = sorted(home for home in folder.glob("[!._]*") if home.is_dir())
    if not homes:
        raise AuthorError(folder.name, None, "no pathway here: expected <id>/pathway.yaml")
    folders = [_Folder(home, Provided(domains, dates, questions), of_orders) for home in homes]
    alone = {each.head.id: each.load(None) for each in folders if each.head.uses is None}
    using = {each.head.id: each.load(each.used(alone)) for each in folders if each.head.uses is not None}
    return tuple(pathway for _, pathway in sorted((alone | using).items()))


class _Folder:
    """One pathway folder being read; remembers each file's lines so that an error can name its own."""

    def __init__(self, home: Path, provided: Provided, of_orders: Mapping[str, Sequence[str]]) -> None:
        self.home = home
        self.lines: dict[str, Lines] = {}
        self.head = self._model("pathway.yaml", PathwayFile)
        self.advises_on_orders = self.head.kind == "order-advice"
        facts = {**provided.facts, **of_orders} if self.advises_on_orders else provided.facts
        self.provided = replace(provided, facts=facts)
        if self.head.id != home.name:
            raise self.error("pathway.yaml", ("id",), f"the id is the folder's name, {home.name}")

    def used(self, alone: Mapping[str, Pathway]) -> Pathway:
        """The pathway that `uses` names; one that uses another cannot be used itself, so there is never a circle."""
        name = self.head.uses or ""
        if name not in alone:
            reason = f"uses: {name} is no pathway here that stands alone{did_you_mean(name, alone)}"
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
        self._no_stage_is_left_out()
        follows = base if self.advises_on_orders else None
        before = follows.stages if follows else ()
        files = Files(head, facts, texts, references, stages, own, self.head.findings.keys(), before)
        check(files, self.provided, self.error)
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
            uses=head.uses,
            follows=follows,
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

    def _validated(self, name: str, model: type[Model], plain: object, at: Location = ()) -> Model:
        try:
            return model.model_validate(plain)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = (*at, *first["loc"])
            raise self.error(name, where, f"{named(where)}: {in_words(first)}") from None

    def _stage(self, name: str, index: int) -> Stage:
        file = stage_file(name)
        home, _, stage_name = name.rpartition("/")
        if home and home != self.head.uses:
            raise self.error("pathway.yaml", ("stages", index), f"{name} belongs to a pathway that is not used here")
        if name in self.head.stages[:index]:
            raise self.error("pathway.yaml", ("stages", index), f"{name} is listed twice")
        if not self._path(file).exists():
            raise self.error("pathway.yaml", ("stages", index), f"there is no {file}")
        stage = self._model(file, Stage)
        if stage.stage != stage_name:
            raise self.error(file, ("stage",), f"the stage is named as its file, {stage_name}")
        return stage

    def _no_stage_is_left_out(self) -> None:
        for file in sorted((self.home / "rules").glob("[!.]*")):
            if file.stem not in self.head.stages or file.suffix != ".yaml":
                raise self.error("pathway.yaml", ("stages",), f"rules/{file.name} is not listed here: nobody reads it")

    def _references(self, base: Pathway | None) -> Mapping[str, Reference]:
        if base and not self._path("references.yaml").exists():
            return {}
        plain = self._plain("references.yaml")
        if not isinstance(plain, dict):
            raise self.error("references.yaml", (), "expected a mapping: key -> citation")
        return {key: self._validated("references.yaml", Reference, value, (key,)) for key, value in plain.items()}

    def _reviews(self) -> tuple[Review, ...]:
        plain = self._plain("reviews.yaml")
        if not isinstance(plain, dict) or set(plain) != {"reviews"} or not isinstance(plain["reviews"], list):
            raise self.error("reviews.yaml", (), "expected the one key 'reviews' with a list")
        return tuple(
            self._validated("reviews.yaml", Review, entry, ("reviews", index))
            for index, entry in enumerate(plain["reviews"])
        )

    def _content_hash(self, base: Pathway | None) -> str:
        """SHA-256 over the files that decide and speak; reviews, scenarios and history do not change the advice.

        A pathway that uses another is another pathway when that one changes.
        """
        digest = hashlib.sha256(base.content_hash.encode() if base else b"")
        value_sets = sorted(f"valuesets/{file.name}" for file in (self.home / "valuesets").glob("*.json"))
        rules = [stage_file(name) for name in self.head.stages if "/" not in name]
        words = ["report_words.yaml"] if (self.home / "report_words.yaml").exists() else []
        for name in [
            "pathway.yaml",
            "facts.yaml",
            "recommendations.yaml",
            "references.yaml",
            *rules,
            *value_sets,
            *words,
        ]:
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


def fill(text: str, values: Mapping[str, int]) -> str:
    """The text with each `{parameter}` as its number."""
    return PLACEHOLDER.sub(lambda found: str(values[found[1]]), text)


def named(where: Location) -> str:
    """A place in a file as an author would call it: `parameters.repeat_min_day.value`."""
    return ".".join(str(part) for part in where if part != "[key]") or "the file"


def in_words(error: ErrorDetails) -> str:
    """What is wrong, without the traces of the library that found it."""
    context: dict[str, Any] = error.get("ctx", {})
    if error["type"] == "string_pattern_mismatch":
        return PATTERNS[context["pattern"]]
    return WORDS.get(error["type"], error["msg"].removeprefix("Value error, "))
