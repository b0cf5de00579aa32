"""One Observation as a statement of one fact, and which of several statements holds.

The latest day wins. Dates are intervals: whatever may be the latest takes part, and if those disagree the fact is a
conflict, which is shown and never averaged away. A statement that cannot be used (not final, no value, wrong unit)
takes part as well: an older one must not come through in its place (threat model R-1, H5, H8, H12, H13, H17).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from app.clinical.reading.said import Said
from app.fhir.codings import codes_of
from app.fhir.dates import Days, certain_day, read_days, read_period
from app.fhir.resources import CodeableConcept, Observation, Quantity, says_data_absent
from app.fhir.sources import Source

VALUE: Final = "urn:dvt-next-step:value"
UCUM: Final = "http://unitsofmeasure.org"
UNKNOWN: Final = "unknown"

# FHIR R4 observation-status: a cancelled one was never made. Which statuses count is declared (threat model H4); of
# the others it is not known what they will say.
CANCELLED: Final = "cancelled"


@dataclass(frozen=True, slots=True)
class Value:
    """A value that was read, or (None) why there is none. `key` is what two statements are compared by."""

    value: object | None
    element: str = ""
    why_not: str = ""
    key: object = None

    def compared_by(self) -> object:
        """Two statements agree when this is equal."""
        return self.value if self.key is None else self.key


@dataclass(frozen=True, slots=True)
class Statement:
    """What one resource says about one fact, and the days on which it may hold."""

    value: Value
    days: Days | None
    resource: str
    date_element: str

    @property
    def day(self) -> date | None:
        """The one day it holds for, when that is certain."""
        return certain_day(self.days)


@dataclass(frozen=True, slots=True)
class Settled:
    """The statement that holds, or None; the latest day that anything was stated; why statements were not used."""

    statement: Statement | None
    latest_day: date | None = None
    reasons: tuple[str, ...] = field(default_factory=tuple)


ReadValue = Callable[[Observation], Value]


def statement(said: Said, read_value: ReadValue, zone: ZoneInfo, source: Source) -> Statement | None:
    """What is said of one fact, None when it was cancelled. `source` names the statuses that count."""
    observation = said.observation
    if observation.status == CANCELLED:
        return None
    days, element = effective_days(observation, zone)
    value = Value(None, why_not=said.trouble) if said.trouble else value_of(observation, read_value, source)
    if said.prefix and value.value is not None:
        value = replace(value, element=f"{said.prefix}{value.element}")
    return Statement(value, days, said.resource, element if not said.prefix.startswith("item") else "authored")


def effective_days(observation: Observation, zone: ZoneInfo) -> tuple[Days | None, str]:
    """The days on which the observation may have been made, and the element that says so.

    Several forms of effective[x] at once, or a timing, say nothing.
    """
    period = observation.effective_period
    forms = {
        "effectiveDateTime": observation.effective_date_time,
        "effectiveInstant": observation.effective_instant,
        "effectivePeriod": period,
        "effectiveTiming": observation.effective_timing,
    }
    sent = [name for name, form in forms.items() if form is not None]
    if len(sent) != 1 or sent[0] == "effectiveTiming":
        return None, ""
    if period is not None:
        return read_period(period.start, period.end, zone), "effectivePeriod"
    return read_days(forms[sent[0]], zone), sent[0]


def settle(
    statements: Sequence[Statement],
    *,
    today: date,
    look_back: int | None,
    is_alarm: bool = False,
) -> Settled:
    """Which statement holds today. `look_back` is in days; None: it holds for ever.

    An alarm that was stated is not silenced by a contradiction on the same day, nor by a later statement that
    cannot be used.
    """
    past = [each for each in statements if each.days is None or each.days.earliest <= today]
    reasons = ("dated in the future",) if len(past) < len(statements) else ()
    if is_alarm and any(each.value.value is True for each in past):
        past = [each for each in past if each.value.value is not None]
    if not past:
        return Settled(None, None, reasons)
    contenders = _may_be_latest(past)
    if is_alarm and (alarms := [each for each in contenders if each.value.value is True]):
        contenders = alarms
    holds = max(contenders, key=_recency)
    return _judged(contenders, holds, reasons, today=today, look_back=look_back)


def _judged(
    contenders: Sequence[Statement],
    holds: Statement,
    reasons: tuple[str, ...],
    *,
    today: date,
    look_back: int | None,
) -> Settled:
    if trouble := _trouble(contenders):
        return Settled(None, holds.day, (*reasons, trouble))
    if look_back is not None and not _is_within(holds.days, today - timedelta(days=look_back)):
        return Settled(None, holds.day, (*reasons, f"not shown to be stated in the last {look_back} days"))
    return Settled(holds, holds.day, reasons)


def _may_be_latest(statements: Sequence[Statement]) -> list[Statement]:
    """Those that no other is certainly later than. An undated one may always be the latest."""
    surely = max((each.days.earliest for each in statements if each.days), default=date.min)
    return [each for each in statements if each.days is None or each.days.latest >= surely]


def _trouble(contenders: Sequence[Statement]) -> str:
    """Why the contenders do not give one value, or nothing."""
    unusable = [each.value.why_not for each in contenders if each.value.value is None]
    if unusable:
        return min(unusable)
    different = any(each.value.compared_by() != contenders[0].value.compared_by() for each in contenders)
    return "conflict: different values on the same day" if different else ""


def _recency(each: Statement) -> tuple[date, date, str]:
    days = each.days or Days(date.min, date.min)
    return (days.earliest, days.latest, each.resource)


def _is_within(days: Days | None, first: date) -> bool:
    return days is not None and days.earliest >= first


# ---- forms of values -----------------------------------------------------------------------------


def choice(allowed: Sequence[str]) -> ReadValue:
    """A value of our own code system, one of `allowed`."""

    def read_choice(observation: Observation) -> Value:
        return coded_value(observation.value_codeable_concept, allowed)

    return read_choice


def yes_no(observation: Observation) -> Value:
    """True or false, as valueBoolean or as `true`/`false` of our own code system."""
    if observation.value_boolean is None:
        coded = coded_value(observation.value_codeable_concept, ("true", "false"))
        return coded if coded.value is None else Value(coded.value == "true", coded.element)
    if says_data_absent(observation.boolean_extension):
        return Value(None, why_not=ABSENT)
    return Value(observation.value_boolean, "valueBoolean")


def whole_number(units: Sequence[str], lowest: int) -> ReadValue:
    """An integer of at least `lowest`, as valueInteger or as a quantity in one of the UCUM `units`."""

    def read_whole_number(observation: Observation) -> Value:
        if observation.value_integer is not None:
            if says_data_absent(observation.integer_extension):
                return Value(None, why_not=ABSENT)
            value = Value(Decimal(observation.value_integer), "valueInteger")
        else:
            value = measured(observation.value_quantity, units, lowest)
        number = value.value
        if isinstance(number, Decimal) and (number != number.to_integral_value() or number < lowest):
            return Value(None, why_not=NO_VALUE)
        return Value(int(number), value.element) if isinstance(number, Decimal) else value

    return read_whole_number


def amount(units: Sequence[str]) -> ReadValue:
    """A number of zero or more, as a quantity in one of the UCUM `units`."""

    def read_amount(observation: Observation) -> Value:
        value = measured(observation.value_quantity, units)
        number = value.value
        return Value(plain(number), value.element) if isinstance(number, Decimal) else value

    return read_amount


def day(zone: ZoneInfo) -> ReadValue:
    """A calendar day, as valueDateTime."""

    def read_day(observation: Observation) -> Value:
        if says_data_absent(observation.date_time_extension):
            return Value(None, why_not=ABSENT)
        certain = certain_day(read_days(observation.value_date_time, zone))
        return Value(certain.isoformat(), "valueDateTime") if certain else Value(None, why_not=NO_VALUE)

    return read_day


ABSENT: Final = "stated as absent"
NO_VALUE: Final = "no value that can be read"
NOT_FINAL: Final = "not final"
SEVERAL_VALUES: Final = "several values in one observation"
COMPARATOR: Final = "given only as above or below a limit"


def coded_value(concept: CodeableConcept | None, allowed: Sequence[str]) -> Value:
    """The one code of our own value system that the concept holds."""
    codes = [code for code in codes_of(concept) if code.system == VALUE]
    names = {code.code for code in codes}
    if concept is not None and says_data_absent(concept.extension):
        return Value(None, why_not=ABSENT)
    if names == {UNKNOWN}:
        return Value(None, why_not=STATED_UNKNOWN)
    if len(names) != 1 or codes[0].code not in allowed:
        return Value(None, why_not=NO_VALUE)
    return Value(codes[0].code, f"valueCodeableConcept.coding[{codes[0].place}]")


STATED_UNKNOWN: Final = "stated as unknown"


def measured(
    quantity: Quantity | None, units: Sequence[str], lowest: int = 0, comparators: Collection[str] = ()
) -> Value:
    """A number of at least `lowest` in one of the UCUM `units`; exact, or with one of `comparators`."""
    if quantity is None:
        return Value(None, why_not=NO_VALUE)
    if says_data_absent(quantity.extension) or says_data_absent(quantity.value_extension):
        return Value(None, why_not=ABSENT)
    if quantity.comparator is not None and quantity.comparator not in comparators:
        return Value(None, why_not=COMPARATOR)
    if quantity.system != UCUM or quantity.code not in units:
        return Value(None, why_not="no unit that we know")
    number = quantity.number()
    if number is None or number < lowest:
        return Value(None, why_not=NO_VALUE)
    return Value(number, "valueQuantity")


def plain(number: Decimal) -> int | float:
    """The number as JSON has it. A float is within half a unit of the 16th digit: no threshold is that fine."""
    return int(number) if number == number.to_integral_value() else float(number)


def value_of(observation: Observation, read_value: ReadValue, source: Source) -> Value:
    """The observation's value, when its status counts and it has one value."""
    if observation.status not in source.statuses:
        return Value(None, why_not=NOT_FINAL)
    if observation.data_absent_reason:
        return Value(None, why_not=ABSENT)
    if len(_forms_sent(observation)) > 1:
        return Value(None, why_not=SEVERAL_VALUES)
    return read_value(observation)


def _forms_sent(observation: Observation) -> list[str]:
    """The forms of value[x] that came; FHIR allows one."""
    forms = (
        "value_quantity",
        "value_codeable_concept",
        "value_boolean",
        "value_integer",
        "value_date_time",
        "value_string",
        "value_range",
        "value_ratio",
        "value_sampled_data",
        "value_time",
        "value_period",
    )
    return [form for form in forms if getattr(observation, form) is not None]
