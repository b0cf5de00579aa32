"""Any fact set as a FHIR R4 record, in one dialect or in a random mixture, one dialect for each fact.

`WAYS` is the table: which fact can be said in which dialect, and which of its values. What no dialect can say is in
`limits.py`. The Epic dialect is a dress over the others: see `epic.py`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from random import Random
from typing import Final

from tests.records import coded, exams, stated
from tests.records.codes import codes
from tests.records.facts import EXAM, FACTS, Json, Known
from tests.records.record import Entry, Pen, Written

CODED, STATED, PANEL, FORM = "coded", "stated", "panel", "form"
LAST_DAY: Final = (12, 31)
DIALECTS: Final = (CODED, STATED, PANEL, FORM)
Dress = Callable[[Written, Random], Written]

# Written as one whole, in standard codes whatever the dialect: there is no other way to say them.
_D_DIMER: Final = ("ddimer.value", "ddimer.unit", "ddimer.comparator", "ddimer.collected")
_ORDERS: Final = ("orders.repeat_us_date", "orders.venography", "orders.venography_date")
_WHOLE: Final = frozenset({*_D_DIMER, *_ORDERS, "ddimer", "age", "sex"})
_WITH_ANOTHER: Final = frozenset({"symptoms.as_of"})  # the day of the status
_STATED: Final = "every value"

# Facts that standard codes can say in part only -> which values.
CODED_VALUES: Final[Mapping[str, str]] = {
    "pregnant": "true",
    "postpartum_days": "up to 365",
    "setting": "every value; inpatient with its hours",
    "inpatient_hours": "whole days, with the setting",
    "anticoag": "therapeutic",
    "symptoms.status": "every value but new",
    "symptoms.as_of": "with the status",
    "red_flags.limb": "true",
    "risk.active_cancer": "true",
    "risk.surgery_days": "up to 365",
    "risk.discharge_days": "up to 365",
    "risk.trauma_days": "up to 365",
    "risk.immobilised": "true",
    "risk.prior_dvt": "true",
    "risk.bleeding": "high, contraindicated",
    "alt.confirmed": "every value",
    "alt.svt": "that there is one",
    "procedure.stent_date": "up to today",
    "procedure.intervention_date": "up to today",
    "procedure.surveillance_done": "up to today",
    "egfr": "every value",
    "aki": "true",
    "dialysis": "residual",
    "iodinated_reaction": "every value but none",
    "gad_reaction": "every value but none",
    "exams.result": "every value but nondiagnostic",
    "exams.location": "with acute_dvt",
    "exams.side": "every value",
    **dict.fromkeys(("exams.modality", "exams.date", "exams.report_status"), "every value"),
    **dict.fromkeys(sorted(_WHOLE - {"ddimer"}), "every value"),
    "ddimer": "that there is one",
}


def ways() -> Mapping[str, Mapping[str, str]]:
    """Fact -> dialect -> which values it can say."""
    found: dict[str, dict[str, str]] = {}
    for fact in (*FACTS, *(f"exams.{name}" for name in EXAM), "ddimer", "alt.svt"):
        said = {CODED: CODED_VALUES[fact]} if fact in CODED_VALUES else {}
        if fact.startswith("exams.") and fact.split(".")[1] not in ("modality", "date", "report_status"):
            said |= {STATED: _STATED, PANEL: _STATED}
        elif stated.can_be_stated(fact, codes()):
            said |= {STATED: _STATED, PANEL: _STATED, **({} if fact in stated.NOT_IN_FORM else {FORM: _STATED})}
        found[fact] = said
    return found


def record_of(
    patient: Known, rng: Random, dialects: Sequence[str] = DIALECTS, *, dress: Dress | None = None
) -> Written:
    """The record of a patient whose facts can be said (`limits.expressible`). `dialects`: those to use where possible.

    A fact that none of them can say is stated one by one, or coded where it is never stated.
    """
    pen = Pen(rng, patient, codes())
    entries = [*_of_facts(pen, dialects), *_of_exams(pen, patient, dialects), *coded.orders(pen)]
    if any(name.startswith("ddimer") for name in patient.facts):
        entries += coded.d_dimer(pen)
    rng.shuffle(entries)
    written = Written(_patient(pen), tuple(entries), tuple(pen.codes.queries))
    return dress(written, rng) if dress else written


def _of_facts(pen: Pen, dialects: Sequence[str]) -> Iterator[Entry]:
    """Everything but studies, D-dimer and orders."""
    said: dict[str, list[stated.Statement]] = {PANEL: [], FORM: []}
    done: set[str] = set()
    for fact, value in sorted(pen.facts.items(), key=_setting_first):
        if fact in _WHOLE | _WITH_ANOTHER | done:
            continue
        for dialect in _order(fact, dialects, pen):
            if dialect == CODED:
                entries = [*coded.WRITERS[fact](value, pen)] if fact in coded.WRITERS else []
                if entries:
                    done |= {name for entry in entries for name in entry.says}
                    yield from entries
                    break
            elif not stated.can_be_stated(fact, pen.codes):
                continue
            elif dialect == STATED:
                for each in stated.statements(fact, value, pen):
                    yield from stated.as_observation(each, pen)
                break
            elif dialect == PANEL or fact not in stated.NOT_IN_FORM:
                said[dialect] += stated.statements(fact, value, pen)
                break
    yield from stated.as_panels(said[PANEL], pen)
    yield from stated.as_forms(said[FORM], pen)


def _setting_first(item: tuple[str, Json]) -> tuple[bool, str]:
    """A stay says its hours as well, so the setting comes before them."""
    return item[0] != "setting", item[0]


def _order(fact: str, dialects: Sequence[str], pen: Pen) -> list[str]:
    """The dialects asked for in a random order, then those that can say what is left."""
    wanted = list(dialects)
    pen.rng.shuffle(wanted)
    return [*wanted, STATED, CODED]


def _of_exams(pen: Pen, patient: Known, dialects: Sequence[str]) -> Iterator[Entry]:
    for place, exam in enumerate(patient.exams):
        others = [each for each in patient.exams if each is not exam]
        if exams.can_be_a_picture(exam, others) and pen.maybe(0.5):
            yield from exams.as_picture(place, exam, pen)
        else:
            yield from exams.as_report(place, exam, pen, dialects)


def _patient(pen: Pen) -> Json:
    made: dict[str, Json] = {"resourceType": "Patient", "id": pen.patient_id}
    if "sex" in pen.facts:
        made["gender"] = pen.facts["sex"]
    elif pen.maybe(0.5):
        made["gender"] = pen.one_of(("unknown", "other"))
    if "age" in pen.facts:
        made["birthDate"] = _birth_date(pen, pen.facts["age"])
    return made


def _birth_date(pen: Pen, age: int) -> str:
    """A day on which somebody of this age today may have been born."""
    last, too_old = _years_before(pen.today, age), _years_before(pen.today, age + 1)
    if (pen.today.month, pen.today.day) == LAST_DAY and pen.maybe(0.3):
        return str(last.year)  # on the last day of a year, everybody born in one year has the same age
    return str(date.fromordinal(pen.rng.randint(too_old.toordinal() + 1, last.toordinal())))


def _years_before(day: date, years: int) -> date:
    """The last birthday of those who have completed so many years; on 29 February those of 1 March have not."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 2, 28)
