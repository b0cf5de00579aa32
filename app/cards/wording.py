"""How days, timings and named values are said to a clinician.

Only numbers, days and names from our own closed lists are ever said here (threat model R-3), so nothing has to be
escaped. The one text of the record that a card shows is a quotation, which `report_words.py` makes inert.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from app.clinical.vocabulary import UNKNOWN, Exam
from app.pathway.timing import Timing, TimingKind

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# C locale month names: strftime would follow the machine's language.

NAMES = {
    "acute_dvt": "acute DVT",
    "adequate_negative": "adequately seen and negative",
    "chronic_change": "chronic post-thrombotic change only",
    "complete_compression": "complete compression study",
    "complete_duplex": "complete duplex",
    "extended_compression": "extended compression (proximal veins only)",
    "minor_limitation": "minor limitation",
    "pocus": "point-of-care study",
    "proximal_duplex": "proximal veins only",
    "svt_only": "superficial thrombosis only",
    "two_region": "two-region compression",
    "cfv": "common femoral",
    "posterior_tibial": "posterior tibial",
    "CTV": "CT venography",
    "MRV": "MR venography",
    "CTV_WITH_PROPHYLAXIS": "CT venography with kidney protection",
    "MRV_NONCONTRAST": "MR venography without gadolinium",
    "DISCUSS": "to be discussed with radiology",
}

ALTERNATIVE_MODALITY = {
    "CTV": "MR venography",
    "CTV_WITH_PROPHYLAXIS": "MR venography without gadolinium, if MRI is possible",
    "MRV": "CT venography",
    "MRV_NONCONTRAST": "CT venography, when necessary",
    "DISCUSS": "dedicated iliac duplex or catheter venography",
}

RED_FLAGS = {
    "red_flag_pe": "pulmonary embolism",
    "red_flag_limb": "a threatened limb",
    "red_flag_infection": "severe infection",
}

SIDES = {"left": "left leg", "right": "right leg", "bilateral": "both legs"}


def said(name: str) -> str:
    """A value of a closed list in words."""
    return NAMES.get(name, name.replace("_", " "))


def day(value: date) -> str:
    """`7 Mar 2026`: no two countries read it differently."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year:04d}"


def days(first: date, last: date) -> str:
    """`7-9 Mar 2026`, `30 Mar - 1 Apr 2026`, or one day."""
    if first == last:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}-{day(last)}"
    if first.year == last.year:
        return f"{first.day} {MONTHS[first.month - 1]} - {day(last)}"
    return f"{day(first)} - {day(last)}"


TIMINGS = {
    TimingKind.NOW: "now ({days})",
    TimingKind.OVERDUE: "overdue, do it {days}",
    TimingKind.DUE: "due {days}",
    TimingKind.WINDOW: "{days}",
    TimingKind.LAPSED: "window lapsed, decide clinically",
    TimingKind.UNKNOWN: "date not known",
    TimingKind.NONE: "",
}


def timing(value: Timing) -> str:
    """When to act, in a few words; empty when there is no time to say."""
    return TIMINGS[value.kind].format(days=advised_days(value))


def advised_days(value: Timing) -> str:
    """The advised days alone; empty when there are none."""
    return days(value.earliest, value.latest) if value.earliest and value.latest else ""


def number(value: Decimal) -> str:
    """A decimal without exponent or needless zeros."""
    return f"{value.normalize():f}"


def study(exam: Exam, names: Mapping[str, str], *, is_read: bool = False) -> str:
    """The examination the advice rests on: `ultrasound of 2 Mar 2026: negative, limited`, or `read as negative`."""
    when = f"ultrasound of {day(exam.date)}" if exam.date else "undated ultrasound"
    return f"{when}: {'read as ' if is_read else ''}{verdict(names)}"


def verdict(names: Mapping[str, str]) -> str:
    """What the latest usable study amounts to, in two or three words."""
    if names["result"] == UNKNOWN:
        return "no usable result"
    result = said(names["result"])
    if names["compromised"] == "yes":
        return result if result in ("equivocal", "nondiagnostic", "acute DVT") else f"{result}, inadequate"
    return f"{result}, limited" if names["limited"] == "yes" else f"{result}, complete"


def listed(items: Sequence[str]) -> str:
    """`a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
