"""The D-dimer: its number with unit and unit class, when it was drawn, and the assay.

The unit class (FEU or DDU, a factor of two) comes from the LOINC code only, because UCUM has none; what the unit says
beside it must not contradict (threat model H9; decision table 3.3). It is never guessed from the size of the number.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from app.clinical.reading.findings import Findings, Found, NotFound
from app.clinical.reading.said import Said, Sayings
from app.clinical.reading.statements import (
    ReadValue,
    Statement,
    Value,
    choice,
    measured,
    plain,
    settle,
    statement,
)
from app.clinical.vocabulary import ASSAY, COMPARATOR
from app.fhir.resources import Observation, Quantity
from app.fhir.sources import Source
from app.fhir.value_sets import ValueSets

UNIT_CLASSES: Final = ("FEU", "DDU")
"""What a code may say of its number. A D-dimer of any other code exists, but no cut-off applies to its number."""

# To ng/mL FEU (decision table 3.3), only to see whether two results of one day are the same result.
_NG_PER_ML: Final = {"ng/mL": Decimal(1), "ug/L": Decimal(1), "mg/L": Decimal(1000), "ug/mL": Decimal(1000)}
_FEU_PER: Final = {"FEU": Decimal(1), "DDU": Decimal(2)}


def d_dimer(sayings: Sayings, value_sets: ValueSets, *, today: date, zone: ZoneInfo) -> Findings:
    """`ddimer.value`, `.comparator`, `.unit` (the laboratory's own), `.collected` and `.assay`.

    A D-dimer that cannot be used is still known to exist (`ddimer`), and on which day it was drawn.
    """
    results = _statements(sayings, value_sets, zone)
    if not results:
        return Findings()
    settled = settle(results, today=today, look_back=None)
    not_found = tuple(NotFound("ddimer.value", reason) for reason in settled.reasons)
    holds = settled.statement
    if holds is None:
        return Findings(_existence(results, settled.latest_day, today), not_found)
    number, unit, comparator = holds.value.value if isinstance(holds.value.value, tuple) else (None, None, None)
    day = holds.day.isoformat() if holds.day else None
    found = [
        Found("ddimer.value", number, holds.resource, f"{holds.value.element}.value", day),
        Found("ddimer.unit", unit, holds.resource, f"{holds.value.element}.code", day),
    ]
    if comparator:
        found.append(Found("ddimer.comparator", comparator, holds.resource, f"{holds.value.element}.comparator", day))
    if day:
        found.append(Found("ddimer.collected", day, holds.resource, holds.date_element, day))
    assay = _assay(sayings, value_sets.sources["d_dimer_assay"], holds.day, today=today, zone=zone)
    return Findings((*found, *assay.found), (*not_found, *assay.not_found))


def _statements(sayings: Sayings, value_sets: ValueSets, zone: ZoneInfo) -> list[Statement]:
    source = value_sets.sources["d_dimer"]
    made = []
    for said in sayings.coded:
        if says := value_sets.said_by(source, said.codes):
            classes: list[str] = [each for each in UNIT_CLASSES if each in says]
            made.append(statement(said, _concentration(classes, source.units), zone, source))
    return [each for each in made if each is not None]


def _existence(results: list[Statement], latest: date | None, today: date) -> tuple[Found, ...]:
    """That a D-dimer was taken, and when, if that is certain. One of a day to come was not taken."""
    drawn = [each for each in results if latest is not None and each.day == latest]
    taken = drawn or [each for each in results if each.days is None or each.days.earliest <= today]
    if not taken:
        return ()
    first = min(taken, key=lambda each: each.resource)
    if latest is None or not drawn:
        return (Found("ddimer", {}, first.resource, "code", None),)
    text = latest.isoformat()
    return (Found("ddimer.collected", text, first.resource, first.date_element, text),)


@cache
def forms_of(units: tuple[str, ...]) -> dict[str, tuple[str, str | None]]:
    """UCUM code -> (unit in the public vocabulary, unit class its annotation claims). Case matters in UCUM.

    The annotation stands after the mass or at the end; LHNCBC's example units have it at the end (terminology/NOTES.md
    section 5).
    """
    return {
        form: (unit, claimed)
        for unit in units
        if unit in _NG_PER_ML
        for claimed in (None, *UNIT_CLASSES)
        for form in _annotated(unit, f"{{{claimed}}}" if claimed else "")
    }


def _annotated(unit: str, note: str) -> tuple[str, str]:
    mass, _, volume = unit.partition("/")
    return f"{mass}/{volume}{note}", f"{mass}{note}/{volume}"


def _concentration(classes: list[str], units: tuple[str, ...]) -> ReadValue:
    """The number and its unit with its class."""
    forms = forms_of(units)

    def read_concentration(observation: Observation) -> Value:
        if len(classes) != 1:
            return Value(None, why_not="the code does not say FEU or DDU")
        quantity = observation.value_quantity
        comparator = quantity.comparator if quantity else None
        value = measured(quantity, tuple(forms), comparators=COMPARATOR)
        if quantity is None or not isinstance(value.value, Decimal):
            return value
        unit, claimed = forms[quantity.code or ""]
        if claimed not in (None, classes[0]) or _unit_text_claims_another(quantity, classes[0]):
            return Value(None, why_not="the unit contradicts the code: FEU or DDU")
        same = value.value * _NG_PER_ML[unit] * _FEU_PER[classes[0]]
        return Value((plain(value.value), f"{unit} {classes[0]}", comparator), value.element, key=(same, comparator))

    return read_concentration


def _unit_text_claims_another(quantity: Quantity, unit_class: str) -> bool:
    """The printed unit is read for one purpose: to distrust a number whose print says the other class."""
    other = "DDU" if unit_class == "FEU" else "FEU"
    return other in (quantity.unit or "").upper()


def _assay(sayings: Sayings, source: Source, collected: date | None, *, today: date, zone: ZoneInfo) -> Findings:
    """A statement about the assay is about one result: it counts only when it is dated the day that was drawn."""
    stated: tuple[Said, ...] = sayings.of("ddimer.assay")
    made = [statement(each, choice(ASSAY), zone, source) for each in stated]
    same_day = [each for each in made if each is not None and each.day is not None and each.day == collected]
    if not same_day:
        reason = (NotFound("ddimer.assay", "not stated for the day this D-dimer was drawn"),) if stated else ()
        return Findings((), reason)
    settled = settle(same_day, today=today, look_back=None)
    if settled.statement is None:
        return Findings((), tuple(NotFound("ddimer.assay", reason) for reason in settled.reasons))
    holds = settled.statement
    day = collected.isoformat() if collected else None
    return Findings((Found("ddimer.assay", holds.value.value, holds.resource, holds.value.element, day),))
