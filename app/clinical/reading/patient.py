"""Age and sex, from the Patient."""

from __future__ import annotations

from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from app.clinical.reading.findings import Findings, Found, NotFound, together
from app.clinical.vocabulary import SEX
from app.fhir.dates import read_days
from app.fhir.record import Record, name_of
from app.fhir.resources import Patient

OLDEST: Final = 130
"""Years. Nobody has lived longer; a birth date before that is a placeholder such as 1800-01-01."""


def patient_facts(record: Record, *, today: date, zone: ZoneInfo) -> Findings:
    """Age in years today, and sex."""
    if record.patient is None:
        return Findings()
    return together([_age(record.patient, today, zone), _sex(record.patient)])


def _age(patient: Patient, today: date, zone: ZoneInfo) -> Findings:
    if patient.birth_date is None:
        return Findings()
    born = read_days(patient.birth_date, zone)
    ages = {_years(born.earliest, today), _years(born.latest, today)} if born else set()
    if len(ages) != 1 or not 0 <= (age := ages.pop()) <= OLDEST:
        return Findings((), (NotFound("age", "the birth date does not give one age"),))
    return Findings((Found("age", age, name_of(patient), "birthDate", None),))


def _years(born: date, today: date) -> int:
    """Completed years; who was born on 29 February completes a year on 1 March of other years."""
    had_birthday = (today.month, today.day) >= (born.month, born.day)
    return today.year - born.year - (not had_birthday)


def _sex(patient: Patient) -> Findings:
    """FHIR's administrative gender; `other` and `unknown` leave the sex unknown."""
    if patient.gender not in SEX:
        return Findings()
    return Findings((Found("sex", patient.gender, name_of(patient), "gender", None),))
