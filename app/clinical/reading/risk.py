"""Risk: earlier thrombosis, immobilisation, trauma, bleeding, and a limb that is threatened."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from app.clinical.reading.diagnoses import Diagnoses
from app.clinical.reading.findings import Findings, Found, NotFound
from app.clinical.reading.said import Sayings
from app.clinical.reading.stated_facts import Rule, settled
from app.clinical.reading.statements import amount
from app.clinical.reading.weighing import Contradiction, Proofs, weighed, worst
from app.clinical.vocabulary import BLEEDING
from app.fhir.dates import certain_day
from app.fhir.record import name_of
from app.fhir.value_sets import ValueSets

# x10^9/L (decision table 2.4, asco_contra): below the first number, contraindicated; below the second, high.
CONTRAINDICATED_BELOW: Final = Decimal(20)
HIGH_BELOW: Final = Decimal(50)


def earlier_dvt(stated: Findings, diagnoses: Diagnoses) -> Findings:
    """`risk.prior_dvt`: any documented DVT. What is documented holds against a statement of none."""
    history, earlier = (diagnoses.proofs(name) for name in ("earlier_dvt_history", "earlier_dvt"))
    proofs = Proofs((*history.found, *earlier.found), (*history.missed, *earlier.missed))
    return weighed("risk.prior_dvt", stated, proofs, Contradiction.DOCUMENTED)


def immobilised(stated: Findings, diagnoses: Diagnoses) -> Findings:
    """`risk.immobilised`."""
    proofs = diagnoses.proofs("immobilisation")
    return weighed("risk.immobilised", stated, proofs, Contradiction.LATER_OR_DOCUMENTED)


def trauma(stated: Findings, diagnoses: Diagnoses, today: date) -> Findings:
    """`risk.trauma_days`: days since the last leg trauma that has a certain day of onset."""
    fact = "risk.trauma_days"
    found: list[Found] = []
    missed: list[NotFound] = []
    for each in diagnoses.of("leg_trauma"):
        day = certain_day(each.since) if each.condition.onset_date_time or each.condition.onset_period else None
        if each.trouble or day is None:
            missed.append(NotFound(fact, f"a trauma proves no day: {each.trouble or 'its onset is not certain'}"))
        else:
            found.append(Found(fact, (today - day).days, name_of(each.condition), "onset", day.isoformat()))
    last = sorted(found, key=lambda each: (each.date or "", each.resource))[-1:]
    proofs = Proofs(tuple(last), tuple(dict.fromkeys(missed)))
    return weighed(fact, stated, proofs, Contradiction.DOCUMENTED)


def bleeding(
    stated: Findings, sayings: Sayings, diagnoses: Diagnoses, value_sets: ValueSets, *, today: date, zone: ZoneInfo
) -> Findings:
    """`risk.bleeding`: the worst that is known. Nothing found is not a low risk."""
    bleeds = diagnoses.proofs("intracranial_bleed")
    platelets = _platelets(sayings, value_sets, today=today, zone=zone)
    proofs = Proofs((*bleeds.found, *platelets.found), (*bleeds.missed, *platelets.not_found))
    return worst("risk.bleeding", BLEEDING, stated, proofs)


def _platelets(sayings: Sayings, value_sets: ValueSets, *, today: date, zone: ZoneInfo) -> Findings:
    source = value_sets.sources["platelets"]
    said = [each for each in sayings.coded if value_sets.said_by(source, each.codes)]
    if not said:
        return Findings()
    counted = settled("risk.bleeding", Rule(amount(source.units)), said, source, today=today, zone=zone)
    return Findings(
        tuple(replace(found, value=_risk_of(found.value)) for found in counted.found if _risk_of(found.value)),
        counted.not_found,
    )


def _risk_of(count: object) -> str | None:
    number = Decimal(str(count))
    if number < CONTRAINDICATED_BELOW:
        return "contraindicated"
    return "high" if number < HIGH_BELOW else None


def threatened_limb(stated: Findings, diagnoses: Diagnoses) -> Findings:
    """`red_flags.limb`: stated, or diagnosed in the last 72 hours. The alarm holds."""
    return weighed("red_flags.limb", stated, diagnoses.proofs("limb_threat"), Contradiction.DOCUMENTED)
