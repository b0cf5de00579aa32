"""What no record can say, fact by fact, and a fact set without it.

A record that says less than the facts is no error of the reader: each line is a property of FHIR or a rule of the
threat model, with its reason.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from tests.records.facts import DDIMER, Json, Known

Facts = dict[str, Json]
LOWEST_WELLS: Final = -2
LONGEST_AGO: Final = 400_000
"""Days; more is before any calendar."""

REASONS: Final[Mapping[str, str]] = {
    "exams.report_status=entered-in-error": "a report entered in error is set aside, as if never made (H4)",
    "exams.location without a result": "a site is read as the site of a finding",
    "order of the studies of one day": "resources have no order (H17): the most worrying study is taken as the last",
    "symptoms.as_of without a status": "it is the day on which the status was stated",
    "symptoms.status after today": "a statement dated in the future proves nothing (H12)",
    "wells.score below -2": "no Wells total is lower",
    "inpatient_hours not whole": "hours are counted",
    "ddimer.value without its unit, or the unit alone": "the two are one quantity; a number alone cannot be read (H9)",
    "ddimer.comparator that FHIR R4 does not have": "such a result cannot be read (H10)",
    "exams.protocol of a study before the onset": "such a study proves no extent (H13)",
    "ddimer.value before the onset": "such a sample says nothing of the symptoms (H13)",
    "ddimer.assay without a usable value and its day": "it is the assay of one result",
    "ddimer after today": "a sample dated in the future proves nothing (H12)",
    "orders.venography=none": "no open order proves that none is open (H21)",
    "orders.venography unknown beside a day to come": "a booking from today on is an open order",
}
"""What cannot be said -> why."""


def expressible(patient: Known) -> tuple[Known, list[str]]:
    """The fact set without what no record can say, and the names of what was left out."""
    facts, left_out = dict(patient.facts), []
    for name, leave_out in _RULES.items():
        before = dict(facts)
        leave_out(facts, patient.today.isoformat())
        left_out += [name] if facts != before else []
    exams: list[dict[str, Json]] = []
    onset = onset_of(facts, patient.today)
    for exam in patient.exams:
        if exam["report_status"] == "entered-in-error":
            left_out.append("exams.report_status=entered-in-error")
            continue
        if "location" in exam and "result" not in exam:
            left_out.append("exams.location without a result")
        without = {name: value for name, value in exam.items() if name != "location" or "result" in exam}
        if onset and without.get("date", onset) < onset and without.pop("protocol", None):
            left_out.append("exams.protocol of a study before the onset")
        if without not in exams:
            exams.append(without)
    if _shares_a_day(exams):
        left_out.append("order of the studies of one day")
    return Known(facts, tuple(sorted(exams, key=_by_content)), patient.today), left_out


def _by_content(exam: Mapping[str, Json]) -> str:
    return repr(tuple(sorted(exam.items())))


def _shares_a_day(exams: list[dict[str, Any]]) -> bool:
    days = [exam.get("date") for exam in exams if exam["modality"] == "US"]
    return len(set(days)) < len(days)


def _as_of_alone(facts: Facts, today: str) -> None:
    if "symptoms.status" not in facts:
        facts.pop("symptoms.as_of", None)


def _status_to_come(facts: Facts, today: str) -> None:
    if facts.get("symptoms.as_of", today) > today:
        del facts["symptoms.as_of"], facts["symptoms.status"]


def _wells_too_low(facts: Facts, today: str) -> None:
    if facts.get("wells.score", 0) < LOWEST_WELLS:
        del facts["wells.score"]


def _part_of_an_hour(facts: Facts, today: str) -> None:
    if not isinstance(facts.get("inpatient_hours", 0), int):
        del facts["inpatient_hours"]


def _half_a_quantity(facts: Facts, today: str) -> None:
    if not {"ddimer.value", "ddimer.unit"} <= facts.keys():
        _without_value(facts)


def _without_value(facts: Facts) -> None:
    for name in ("ddimer.value", "ddimer.unit", "ddimer.comparator"):
        facts.pop(name, None)


def _no_comparator_of_fhir(facts: Facts, today: str) -> None:
    if facts.get("ddimer.comparator") == "unknown":
        _without_value(facts)


def _sample_before_onset(facts: Facts, today: str) -> None:
    onset = onset_of(facts, date.fromisoformat(today))
    if onset and facts.get("ddimer.collected", onset) < onset:
        _without_value(facts)


def onset_of(facts: Mapping[str, Json], today: date) -> str | None:
    """The day on which the symptoms began."""
    days = facts.get("symptoms.onset_days")
    return None if days is None or days > LONGEST_AGO else (today - timedelta(days=days)).isoformat()


def _assay_of_nothing(facts: Facts, today: str) -> None:
    if not {"ddimer.value", "ddimer.collected"} <= facts.keys():
        facts.pop("ddimer.assay", None)


def _ddimer_to_come(facts: Facts, today: str) -> None:
    if facts.get("ddimer.collected", today) > today:
        for name in [name for name in facts if name.startswith(DDIMER)]:
            del facts[name]


def _no_order(facts: Facts, today: str) -> None:
    if facts.get("orders.venography") == "none":
        del facts["orders.venography"]


def _booked_but_not_open(facts: Facts, today: str) -> None:
    if "orders.venography" not in facts and facts.get("orders.venography_date", "") >= today:
        del facts["orders.venography_date"]


_RULES: Final[Mapping[str, Callable[[Facts, str], None]]] = {
    "symptoms.as_of without a status": _as_of_alone,
    "symptoms.status after today": _status_to_come,
    "wells.score below -2": _wells_too_low,
    "inpatient_hours not whole": _part_of_an_hour,
    "ddimer.value without its unit, or the unit alone": _half_a_quantity,
    "ddimer.comparator that FHIR R4 does not have": _no_comparator_of_fhir,
    "ddimer.value before the onset": _sample_before_onset,
    "ddimer.assay without a usable value and its day": _assay_of_nothing,
    "ddimer after today": _ddimer_to_come,
    "orders.venography=none": _no_order,
    "orders.venography unknown beside a day to come": _booked_but_not_open,
}
