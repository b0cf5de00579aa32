"""The kidneys: the latest eGFR in mL/min/1.73 m2, acute kidney injury, dialysis."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from app.clinical.reading.diagnoses import Diagnoses
from app.clinical.reading.findings import Findings
from app.clinical.reading.said import Sayings
from app.clinical.reading.stated_facts import Rule, settled
from app.clinical.reading.statements import amount
from app.clinical.reading.weighing import Contradiction, weighed
from app.fhir.value_sets import ValueSets


def kidney_function(
    sayings: Sayings, value_sets: ValueSets, *, today: date, zone: ZoneInfo, is_inpatient: bool
) -> Findings:
    """`egfr`. Of two race-specific results that differ neither is picked: they are a conflict."""
    source = value_sets.sources["kidney_function_inpatient" if is_inpatient else "kidney_function"]
    said = (*sayings.of("egfr"), *(each for each in sayings.coded if value_sets.said_by(source, each.codes)))
    return settled("egfr", Rule(amount(source.units)), said, source, today=today, zone=zone)


def kidney_injury(stated: Findings, diagnoses: Diagnoses) -> Findings:
    """`aki`: stated, or diagnosed and going on."""
    return weighed("aki", stated, diagnoses.proofs("acute_kidney_injury"), Contradiction.LATER_OR_DOCUMENTED)


def dialysis(stated: Findings, diagnoses: Diagnoses) -> Findings:
    """`dialysis`. Who depends on dialysis is not proven anuric: residual function is the safer reading."""
    proofs = diagnoses.proofs("dialysis_dependence")
    if any(found.value == "anuric" for found in stated.found):
        return stated
    return weighed("dialysis", stated, proofs, Contradiction.LATER_OR_DOCUMENTED)
