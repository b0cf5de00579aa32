"""Facts stated in our own code system: one Observation each, as components of a panel, or as answers in our form."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from tests.records.codes import UCUM, VALUE, Codes
from tests.records.facts import CONFIRMED, SURVEILLANCE, Json
from tests.records.record import Entry, Pen, Resource, fact_code, value_code

QUESTIONNAIRE: Final = "urn:dvt-next-step:questionnaire"
FORM: Final = "questionnaire_responses"
NOT_IN_FORM: Final = frozenset({"ddimer.assay"})

# facts.yaml: days since an event grow with the calendar, hours by 24 a day.
GROWING: Final = {
    "postpartum_days": 1,
    "symptoms.onset_days": 1,
    "risk.surgery_days": 1,
    "risk.discharge_days": 1,
    "risk.trauma_days": 1,
    "inpatient_hours": 24,
}
DAYS: Final = frozenset(GROWING) - {"inpatient_hours"}
LENGTHS: Final = frozenset({"alt.svt.length_cm", "alt.svt.sfj_cm"})
DATES: Final = frozenset({"procedure.stent_date", "procedure.intervention_date", SURVEILLANCE})
EGFR_UNIT: Final = "mL/min/{1.73_m2}"
LISTS: Final = frozenset({CONFIRMED, SURVEILLANCE})


@dataclass(frozen=True)
class Statement:
    """One value of one fact, the day on which it is said and the number that is said (`value` as of that day)."""

    fact: str
    value: Json
    day: date | None
    queries: Sequence[str]


def can_be_stated(fact: str, codes: Codes) -> bool:
    return fact in codes.stated or fact in ("egfr", "ddimer.assay")


def statements(fact: str, value: Json, pen: Pen) -> Iterator[Statement]:
    """A fact as statements: a list is one statement for each of its members."""
    for each in value if fact in LISTS else (value,):
        yield _statement(fact, each, pen)


def _statement(fact: str, value: Json, pen: Pen) -> Statement:
    if fact == "symptoms.status":
        as_of = pen.facts.get("symptoms.as_of")
        return Statement(fact, value, date.fromisoformat(as_of) if as_of else None, _queries(fact, pen))
    if fact == "ddimer.assay":
        return Statement(fact, value, date.fromisoformat(pen.facts["ddimer.collected"]), _queries(fact, pen))
    per_day = GROWING.get(fact, 0)
    longest = _look_back(fact, value, pen)
    if per_day:
        longest = min(longest if longest is not None else value, value // per_day)
    ago = (pen.today - pen.some_day(longest)).days
    said = value - per_day * ago if per_day else value
    undated = longest is None and pen.maybe(0.1)
    return Statement(fact, said, None if undated else pen.ago(ago), _queries(fact, pen))


def _look_back(fact: str, value: Json, pen: Pen) -> int | None:
    if fact == "pregnant":
        return pen.codes.days("stated_pregnancy" if value else "stated_no_pregnancy")
    if fact == "egfr":
        return pen.codes.days("kidney_function_inpatient")
    return pen.codes.days(pen.codes.stated[fact])


def _queries(fact: str, pen: Pen) -> tuple[str, ...]:
    source = {"egfr": "kidney_function", "ddimer.assay": "d_dimer_assay"}.get(fact) or pen.codes.stated[fact]
    return pen.codes.asked_by(source)


def value_of(statement: Statement, pen: Pen) -> dict[str, Json]:
    """The value[x] of an Observation or a component."""
    fact, value = statement.fact, statement.value
    if isinstance(value, bool):
        return {"valueBoolean": value} if pen.maybe(0.7) else {"valueCodeableConcept": value_code(str(value).lower())}
    if fact in DATES:
        return {"valueDateTime": value}
    if isinstance(value, str):
        return {"valueCodeableConcept": value_code(value)}
    unit = _unit(fact, pen)
    as_integer = fact != "egfr" and fact not in LENGTHS and pen.maybe(0.6)
    return {"valueInteger": value} if as_integer else {"valueQuantity": quantity(value, unit)}


def _unit(fact: str, pen: Pen) -> str:
    if fact in LENGTHS:
        return "cm"
    units = {"egfr": EGFR_UNIT, "inpatient_hours": "h"}
    return units.get(fact) or ("d" if fact in DAYS else pen.one_of(("{score}", "{points}", "1")))


def quantity(value: float, unit: str) -> Json:
    """A UCUM quantity."""
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def observation(pen: Pen, code: Json, day: date | None, **members: Json) -> Resource:
    """A final Observation; without a day it has no effective[x]."""
    effective = {} if day is None else {"effectiveDateTime": pen.dated(day)}
    status = pen.one_of(("final", "final", "amended", "corrected"))
    return pen.resource("Observation", status=status, code=code, **effective, **members)


def as_observation(statement: Statement, pen: Pen) -> Iterator[Entry]:
    """One Observation."""
    made = observation(pen, fact_code(statement.fact), statement.day, **value_of(statement, pen))
    yield Entry(pen.one_of(statement.queries), made, (statement.fact,))


def as_panels(said: Sequence[Statement], pen: Pen) -> Iterator[Entry]:
    """One panel for each day and query."""
    groups: dict[tuple[date | None, str], list[Statement]] = {}
    for each in said:
        groups.setdefault((each.day, pen.one_of(each.queries)), []).append(each)
    for (day, query), parts in groups.items():
        components = [{"code": fact_code(each.fact), **value_of(each, pen)} for each in parts]
        made = observation(pen, concept_of_panel(pen), day, component=components)
        yield Entry(query, made, tuple(each.fact for each in parts))


def concept_of_panel(pen: Pen) -> Json:
    """What a panel is called says nothing."""
    return pen.one_of(({"text": "panel"}, {"coding": [{"system": "urn:oid:1.2.3.4", "code": "PANEL"}]}))


def as_forms(said: Sequence[Statement], pen: Pen) -> Iterator[Entry]:
    """One filled-in form for each day."""
    by_day: dict[date | None, list[Statement]] = {}
    for each in said:
        by_day.setdefault(each.day, []).append(each)
    for day, parts in by_day.items():
        items = [{"linkId": fact, "answer": answers} for fact, answers in _answers(parts, pen).items()]
        grouped = [{"linkId": "about-the-leg", "item": items}] if pen.maybe(0.3) else items
        made = pen.resource(
            "QuestionnaireResponse",
            questionnaire=pen.one_of((QUESTIONNAIRE, f"{QUESTIONNAIRE}|0.1.0")),
            status=pen.one_of(("completed", "amended")),
            item=grouped,
            **({} if day is None else {"authored": pen.dated(day)}),
        )
        yield Entry(FORM, made, tuple(each.fact for each in parts))


def _answers(parts: Sequence[Statement], pen: Pen) -> dict[str, list[Json]]:
    answers: dict[str, list[Json]] = {}
    for each in parts:
        answers.setdefault(each.fact, []).append(_answer(each, pen))
    return answers


def _answer(statement: Statement, pen: Pen) -> Json:
    value = value_of(statement, pen)
    if "valueDateTime" in value:
        return {"valueDate": value["valueDateTime"]} if pen.maybe(0.5) else value
    if "valueCodeableConcept" in value:
        (coding,) = value["valueCodeableConcept"]["coding"]
        return {"valueCoding": {"system": VALUE, "code": coding["code"]}}
    return value
