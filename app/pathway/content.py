"""What the files of a pathway folder may say.

Every model is frozen and refuses unknown keys: a misspelt word is an error with a line, never a row that silently
does not match. Conditions name the values they match; a value that is not named, `unknown` included, does not match.
"""

from collections.abc import Collection, Mapping
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError


class Content(BaseModel):
    """The base of everything an author writes: frozen, strict about types, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _keys_are_known(cls, value: object) -> object:
        """Pydantic would refuse them, too, but not say which keys there are."""
        for key in value if isinstance(value, dict) else ():
            if key not in cls.model_fields:
                reason = f"is no key here{did_you_mean(key, cls.model_fields)}; there are {', '.join(cls.model_fields)}"
                wrong = PydanticCustomError("no_such_key", "{reason}", {"reason": reason})
                raise ValidationError.from_exception_data(cls.__name__, [{"type": wrong, "loc": (key,), "input": key}])
        return value


def did_you_mean(name: str, known: Collection[str]) -> str:
    """The nearest of the known names as a question, or nothing."""
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _one_or_many(value: object) -> object:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


NAME = r"^[A-Za-z][A-Za-z0-9_.-]*$"
VERSION = r"^\d+\.\d+\.\d+$"
QUERY = r"^[A-Z][A-Za-z]+[/?][A-Za-z0-9_/?&={}.,:|-]+$"
SHA_256 = r"^[0-9a-f]{64}$"
CODE = r"^\S+( \S+)*$"
SYSTEM = r"^(https?://|urn:)\S+$"

PATTERNS: Mapping[str, str] = {
    NAME: "must be a name: a letter, then letters, digits, dots, - or _",
    VERSION: "must be a version such as 1.0.0",
    QUERY: "must be a FHIR read or search such as Observation?patient={{context.patientId}}",
    SHA_256: "must be a content hash as `check` prints it in full: 64 digits of 0-9 and a-f",
    CODE: "must be a code: not empty, no space at either end",
    SYSTEM: "must be the address of a code system: http://, https:// or urn:",
}
"""How each pattern is said to an author."""

Name = Annotated[str, StringConstraints(pattern=NAME)]
StageName = Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9-]*/)?[a-z][a-z0-9-]*$")]
"""A stage of this pathway (`repeat`), or one of the pathway it uses (`negative-dvt-ultrasound/modality`)."""

Sentence = Annotated[str, StringConstraints(min_length=3, max_length=300)]
Names = Annotated[tuple[Name, ...], BeforeValidator(_one_or_many), Field(min_length=1)]
Some = Annotated[tuple[Name, ...], BeforeValidator(_one_or_many)]
"""One name or a list of names; in a condition: any of these values."""

Conditions = Mapping[Name, Names]
"""Fact or finding -> the values that match; all entries must hold. Beside facts, five words speak of what happened
so far: `fired` / `not_fired` (any / none of these rules), `recommended` / `not_recommended` (any / none of these
recommendations), `pending` (any of these is recommended and not lapsed)."""

SO_FAR = ("fired", "not_fired", "recommended", "not_recommended", "pending")


def _mappings(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Alternatives = Annotated[tuple[Conditions, ...], BeforeValidator(_mappings)]


class Indicator(StrEnum):
    """CDS Hooks card indicators, least urgent first (conformance CARD-05)."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Strength(StrEnum):
    """How strongly the source recommends it, in the decision table's words."""

    STRONG = "strong"
    MODERATE = "moderate"
    WEAK = "weak"
    SAFETY = "safety"
    NONE = "none"


def _first_and_last(value: object) -> object:
    match value:
        case [first, last]:
            return first, last
        case _:
            raise ValueError("takes two parameters: [first day, last day]")


class TimingSpec(Content):
    """When to act (decision table 3.6). Exactly one of the members; day counts name parameters, never numbers.

    `same_as`: when these recommendations are due; the most urgent of those that are made.
    """

    now: Literal["today"] | None = None
    window: Annotated[tuple[Name, Name], BeforeValidator(_first_and_last)] | None = None
    within: Name | None = None
    target: Annotated[tuple["DayAfter", ...], BeforeValidator(_mappings)] | None = None
    late: Name | None = None
    overdue: Literal["today"] | None = None
    lapsed: Literal["no-dates"] | None = None
    same_as: Names | None = None
    none: Literal["no-dates"] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        said = [name for name in type(self).model_fields if name != "late" and getattr(self, name) is not None]
        if len(said) != 1:
            raise ValueError("say exactly one of now, window, within, target, overdue, lapsed, same_as, none")
        if (self.target is None) != (self.late is None):
            raise ValueError("'late' (parameter: days allowed after a missed target) belongs to 'target'")
        return self


class DayAfter(Content):
    """A day counted from a date of the situation; several in one target mean the latest of them."""

    after: Name
    days: Name


class TimingCase(Content):
    """One line of a first-match list of timings."""

    when: Conditions = {}
    then: TimingSpec


class IndicatorCase(Content):
    """One line of a first-match list of indicators."""

    when: Conditions = {}
    then: Annotated[Indicator, Field(strict=False)]


def _indicator_cases(value: object) -> object:
    return ({"then": value},) if isinstance(value, str) else _mappings(value)


def _timing_cases(value: object) -> object:
    if isinstance(value, dict):
        return ({"then": value},)
    return _mappings(value)


class Advice(Content):
    """One recommendation a row makes: which, how loud, and when. Indicator and timing are first-match lists."""

    recommend: Name
    when: Conditions = {}
    indicator: Annotated[tuple[IndicatorCase, ...], BeforeValidator(_indicator_cases), Field(min_length=1)]
    timing: Annotated[tuple[TimingCase, ...], BeforeValidator(_timing_cases), Field(min_length=1)]


class Row(Content):
    """A row of the decision table: it fires when `when` holds, one of `any` (if given) holds and none of `unless`."""

    rule: Name
    because: Sentence
    when: Conditions = {}
    any: Alternatives = ()
    unless: Alternatives = ()
    advise: Annotated[tuple[Advice, ...], BeforeValidator(_mappings)] = ()
    conclude: Mapping[Name, Name] = {}
    stop: bool | Conditions = False
    strength: Annotated[Strength, Field(strict=False)] = Strength.NONE
    sources: Some = ()
    against: Some = ()
    project_choice: bool = False

    @model_validator(mode="after")
    def _says_something_and_why(self) -> Self:
        if not (self.advise or self.conclude or self.stop):
            raise ValueError("a row must advise, conclude or stop")
        if not (self.sources or self.project_choice):
            raise ValueError("a row needs sources, or project_choice: true (then a clinician signs it)")
        return self


class BookedOrder(Content):
    """Turns a recommendation into information when its order is already booked inside the advised dates."""

    order: Name
    for_recommendation: Name
    kinds: Some = ()
    booked_on: Name
    or_when: Conditions = {}
    because: Sentence


class Stage(Content):
    """Rows that are read together. `pick: first` stops at the first row that fires, `all` reads every row."""

    stage: Name
    question: Sentence
    pick: Literal["all", "first"] = "all"
    unless: Alternatives = ()
    rows: Annotated[tuple[Row, ...], BeforeValidator(_mappings)] = ()
    booked_orders: Annotated[tuple[BookedOrder, ...], BeforeValidator(_mappings)] = ()


class Parameter(Content):
    """A number the medicine depends on, with its unit, the bounds a site may move it in, and its source."""

    value: int
    unit: Literal["day", "week", "hour", "year", "month", "point", "ng/mL FEU", "mL/min/1.73 m2", "mm"]
    minimum: int
    maximum: int
    meaning: Sentence
    sources: Some = ()
    project_choice: bool = False
    site_may_change: bool = False

    @model_validator(mode="after")
    def _inside_its_bounds_and_sourced(self) -> Self:
        if self.minimum > self.maximum:
            raise ValueError(f"the minimum {self.minimum} is above the maximum {self.maximum}")
        if not self.minimum <= self.value <= self.maximum:
            raise ValueError(f"value {self.value} is outside {self.minimum}..{self.maximum}")
        if not (self.sources or self.project_choice):
            raise ValueError("a parameter needs sources, or project_choice: true")
        return self


class Policy(Content):
    """A choice a site makes between named ways; it is a fact to the rows."""

    value: Name
    values: Names
    meaning: Sentence
    sources: Some = ()
    project_choice: bool = False

    @model_validator(mode="after")
    def _one_of_its_values(self) -> Self:
        if self.value not in self.values:
            raise ValueError(f"value {self.value} is not one of {', '.join(self.values)}")
        return self


class Finding(Content):
    """A named conclusion that rows reach and later rows use; it has its first value until a row concludes another."""

    values: Names
    meaning: Sentence


class FactMeaning(Content):
    """A named fact that rows may use: its values, what it means and what happens when it is unknown."""

    values: Names
    meaning: Sentence
    if_unknown: Sentence | None = None
    sources: Some = ()

    @model_validator(mode="after")
    def _unknown_is_explained(self) -> Self:
        if ("unknown" in self.values) != (self.if_unknown is not None):
            raise ValueError("a fact that can be unknown says what happens then (if_unknown), others do not")
        return self


class Question(Content):
    """A missing fact worth asking for: its name on the card, and what each value would be called."""

    fact: Name
    label: Sentence
    values: Mapping[str, Sentence]


class RecordQuery(Content):
    """One FHIR read or search; it becomes a prefetch template (conformance PT-01..PT-09).

    Which facts it brings is said by the sources under `reading` that name it.
    """

    resource: Name
    template: Annotated[str, StringConstraints(pattern=QUERY)]
    required: bool = False
    why: Sentence


Words = Annotated[str, StringConstraints(min_length=1, max_length=80)]


class RecordSource(Content):
    """Where in a record facts are found: one kind of resource, and when what it says holds.

    `codes`: value set -> what a code of it says. Of `statuses`, `verification` and `intents` those named count;
    `not-stated` stands for one that is left out. Without `look_back_days` it holds for ever.
    """

    resource: Name
    queries: Names
    facts: Some = ()
    same_facts_as: Some = ()
    element: Words
    codes: Mapping[Name, Name] = {}
    statuses: Some = ()
    verification: Some = ()
    intents: Some = ()
    units: Annotated[tuple[Words, ...], BeforeValidator(_one_or_many)] = ()
    look_back_days: Annotated[int, Field(ge=0)] | None = None
    older_than_days: Annotated[int, Field(ge=1)] | None = None
    proves: Sentence
    unknown: Sentence
    conflict: Sentence | None = None
    sources: Some = ()

    @model_validator(mode="after")
    def _says_which_facts(self) -> Self:
        if bool(self.facts) == bool(self.same_facts_as):
            raise ValueError("say either facts or same_facts_as")
        return self


class RecommendationText(Content):
    """How one recommendation is said. `step` orders the card (decision table section 16); 1 leads."""

    step: Annotated[int, Field(ge=1, le=10)]
    step_when_now: Annotated[int, Field(ge=1, le=10)] | None = None
    headline: Annotated[str, StringConstraints(min_length=3, max_length=70)]
    text: Sentence
    asks_for: Sentence | None = None
    attributes: Mapping[Name, Name] = {}
    orders: Annotated[tuple["OrderChoice", ...], BeforeValidator(_mappings)] = ()


class OrderCode(Content):
    """A standard code for a draft order."""

    system: Annotated[str, StringConstraints(pattern=SYSTEM)]
    code: Annotated[str, StringConstraints(pattern=CODE)]
    display: Sentence


class Order(Content):
    """A draft order a card may offer (CDS Hooks create action, FHIR ServiceRequest)."""

    title: Sentence
    codes: Annotated[tuple[OrderCode, ...], BeforeValidator(_mappings), Field(min_length=1)]
    side: Literal["examined", "none"] = "none"
    note: Sentence | None = None


class OrderChoice(Content):
    """One line of a first-match list: which order a recommendation offers as a draft, if any."""

    when: Conditions = {}
    order: Name


class Reference(Content):
    """A citation, with how far it was read. `seen: no` is never shown as support."""

    short: Annotated[str, StringConstraints(min_length=2, max_length=60)]
    authors: Annotated[str, StringConstraints(min_length=2)]
    title: Annotated[str, StringConstraints(min_length=2)]
    journal: Annotated[str, StringConstraints(min_length=2)]
    year: int | None = None
    doi: str | None = None
    pmid: int | None = None
    pmcid: str | None = None
    verified: bool
    seen: Literal["primary", "secondary", "no"]


def _day(value: object) -> object:
    """Pydantic would take a number for seconds since 1970."""
    if isinstance(value, str):
        return value
    raise ValueError("must be a day such as 2026-03-12")


class Review(Content):
    """One clinician's approval of one content hash."""

    by: Sentence
    role: Sentence
    on: Annotated[date, BeforeValidator(_day), Field(strict=False)]
    content_hash: Annotated[str, StringConstraints(pattern=SHA_256)]


class PathwayFile(Content):
    """`pathway.yaml`: identity, stages in order, settings and findings.

    `uses` names one other pathway whose parameters, policies, findings, facts, queries, texts and references mean the
    same here, and whose stages may be read here too. `kind: order-advice`: its rows are read for each draft order, and
    begin with what the pathway it uses has decided.
    """

    id: Name
    kind: Literal["patient", "order-advice"] = "patient"
    title: Sentence
    version: Annotated[str, StringConstraints(pattern=VERSION)]
    question: Sentence
    population: Sentence
    uses: Name | None = None
    stages: Annotated[tuple[StageName, ...], BeforeValidator(_mappings), Field(min_length=1)]
    parameters: Mapping[Name, Parameter] = {}
    policies: Mapping[Name, Policy] = {}
    findings: Mapping[Name, Finding] = {}

    @model_validator(mode="after")
    def _advice_on_orders_follows_a_decision(self) -> Self:
        if self.kind == "order-advice" and self.uses is None:
            raise ValueError("advice on orders follows the decision of another pathway: say which in 'uses'")
        return self


class FactsFile(Content):
    """`facts.yaml`: the facts rows may name, the questions worth asking, and how a record is asked and read."""

    facts: Mapping[Name, FactMeaning]
    dates: Mapping[Name, Sentence] = {}
    questions: Annotated[tuple[Question, ...], BeforeValidator(_mappings)] = ()
    queries: Mapping[Name, RecordQuery] = {}
    reading: Mapping[Name, RecordSource] = {}


class RecommendationsFile(Content):
    """`recommendations.yaml`: what each recommendation says, the orders, the fixed texts."""

    recommendations: Mapping[Name, RecommendationText]
    orders: Mapping[Name, Order] = {}
    return_precautions: Annotated[str, StringConstraints(min_length=20, max_length=400)] | None = None
    scope_note: Sentence | None = None


Phrase = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Phrases = Annotated[tuple[Phrase, ...], BeforeValidator(_mappings), Field(min_length=1)]


class ReportHeadings(Content):
    """Headings of one section of a report: those wherever a colon follows, and those only where a sentence begins."""

    anywhere: Annotated[tuple[Phrase, ...], BeforeValidator(_mappings)] = ()
    at_a_start: Annotated[tuple[Phrase, ...], BeforeValidator(_mappings)] = ()


class ReportWordList(Content):
    """Phrases of one meaning, with sentences in which it is found and sentences in which it is not."""

    about: Sentence
    words: Phrases
    reads: Phrases
    does_not_read: Phrases


class ReportWordsFile(Content):
    """`report_words.yaml`: the words by which a report's prose is read."""

    headings: Mapping[Name, ReportHeadings]
    suspect: Phrases
    lists: Mapping[Name, ReportWordList]
