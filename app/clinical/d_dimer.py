"""D-dimer: units, the cut-off, and whether the sample belongs to this study (decision table 3.3).

FEU and DDU are different things (about a factor of two, `fritsma_ddimer`); the unit is never guessed from the size of
the number. All arithmetic is decimal, and negative means strictly below the cut-off.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from app.clinical.vocabulary import DDimer

TO_NG_PER_ML_FEU = {
    f"{unit} {kind}": factor * type_factor
    for kind, type_factor in (("FEU", Decimal(1)), ("DDU", Decimal(2)))
    for unit, factor in (
        ("ng/mL", Decimal(1)),
        ("ug/L", Decimal(1)),
        ("mg/L", Decimal(1000)),
        ("ug/mL", Decimal(1000)),
    )
}


def in_ng_per_ml_feu(ddimer: DDimer) -> Decimal | None:
    """The value in ng/mL FEU, or None when the value or its unit is not known."""
    factor = TO_NG_PER_ML_FEU.get(ddimer.unit)
    return None if ddimer.value is None or factor is None else ddimer.value * factor


def cut_off(age: int | None, wells_class: str, parameters: Mapping[str, int]) -> Decimal:
    """The cut-off in ng/mL FEU: age-adjusted from `age_adjust_from` years, only when DVT is unlikely (`legal2026`)."""
    if age is not None and age >= parameters["age_adjust_from"] and wells_class == "unlikely":
        return Decimal(age * parameters["age_adjust_factor"])
    return Decimal(parameters["ddimer_cut_off"])


def ddimer_result(ddimer: DDimer | None, cut_off_feu: Decimal) -> str:
    """`none`, `uninterpretable`, `negative` (strictly below the cut-off) or `positive`."""
    if ddimer is None:
        return "none"
    value = in_ng_per_ml_feu(ddimer)
    if value is None:
        return "uninterpretable"
    return _against(value, ddimer.comparator, cut_off_feu)


def _against(value: Decimal, comparator: str | None, limit: Decimal) -> str:
    """A result given only as below or above a number says something when that number is on the same side of the limit
    (threat model H10). `< 500` is strictly below 500.
    """
    match comparator:
        case None:
            return "negative" if value < limit else "positive"
        case "<" if value <= limit:
            return "negative"
        case "<=" if value < limit:
            return "negative"
        case ">" | ">=" if value >= limit:
            return "positive"
        case _:
            return "uninterpretable"


def sample_time(ddimer: DDimer | None, anchor: date | None, today: date, days_before: int) -> str:
    """`in_window`, `outside` or `unknown`: taken from `days_before` days before the anchor until today."""
    if ddimer is None or ddimer.collected is None or anchor is None:
        return "unknown"
    earliest = date.min if (anchor - date.min).days < days_before else anchor - timedelta(days=days_before)
    return "in_window" if earliest <= ddimer.collected <= today else "outside"
