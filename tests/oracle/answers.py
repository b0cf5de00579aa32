"""An answer as plain JSON: the shape in which oracle, product and invariants meet without sharing code."""

from typing import Any

from tests.oracle.decision_table import Recommendation, decide
from tests.oracle.fact_sets import FactSet

Answer = dict[str, Any]


def ask_oracle(patient: FactSet) -> list[Answer]:
    """All recommendations of the oracle, the leading one first."""
    return [as_json(each) for each in decide(patient.facts, patient.today, patient.config)]


def as_json(each: Recommendation) -> Answer:
    """One recommendation; an attribute that does not apply is absent."""
    days = {"earliest": each.timing.earliest, "latest": each.timing.latest}
    timing = {"kind": each.timing.kind} | {name: day.isoformat() for name, day in days.items() if day}
    found: Answer = {"id": each.id, "indicator": each.indicator, "rules": list(each.rules), "timing": timing}
    if each.modality is not None:
        found["modality"] = each.modality
    if each.bleeding is not None:
        found["bleeding"] = each.bleeding
    if each.already_ordered:
        found["already_ordered"] = True
    return found
