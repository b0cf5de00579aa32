"""Random patients for the proof's tests: public facts as JSON, drawn near the limits and with every kind of gap.

Own code, with the vocabulary written out again: a generator that imports what it judges cannot surprise it.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

TODAY = date(2026, 3, 16)
MISSING = "missing"
NEAR = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 16, 21, 28, 29, 30, 31, 32, 59, 60, 61, 89, 90, 91, 120, 180, 181)
STATUS = ("resolved", "improving", "persistent", "worsening", "new")
RESULT = ("negative", "negative", "negative", "svt_only", "equivocal", "nondiagnostic", "chronic_change", "acute_dvt")
PROTOCOL = (
    "complete_duplex", "complete_duplex", "complete_compression", "extended_compression", "proximal_duplex",
    "two_region", "pocus",
)  # fmt: skip
UNSEEN = ("cfv", "femoral", "popliteal", "peroneal", "posterior_tibial", "iliac")
CFV = ("normal", "normal", "monophasic", "continuous", "asymmetric", "absent", "pulsatile", "not_assessed")
ITEMS = (
    "active_cancer", "paralysis_or_cast", "bedridden_or_surgery", "deep_vein_tenderness", "entire_leg_swollen",
    "calf_gt_3cm", "pitting_edema", "collateral_veins", "previous_dvt", "alternative_dx_as_likely",
)  # fmt: skip
ALTERNATIVES = (
    "bakers_cyst", "hematoma", "cellulitis", "chronic_venous_insufficiency", "lymphedema", "arterial_disease",
    "musculoskeletal",
)  # fmt: skip


def seeded(seed: int) -> Random:
    """The same patients for the same seed."""
    return Random(seed)  # noqa: S311 -- nothing secret is made here


def patient(chance: Random) -> dict[str, Any]:
    """One patient's public facts."""
    return _without_gaps(
        {
            "age": _maybe(chance, (11, 17, 18, 34, 49, 50, 55, 56, 80)),
            "sex": _maybe(chance, ("male", "female")),
            "pregnant": _maybe(chance, (True, False, False)),
            "postpartum_days": _maybe(chance, (3, 42, 43), 0.8),
            "setting": _maybe(chance, ("ed", "outpatient", "inpatient")),
            "inpatient_hours": _maybe(chance, (4, 48, 49)),
            "suspicion": _maybe(chance, ("low", "moderate", "high")),
            "anticoag": _maybe(chance, ("none", "none", "prophylactic", "therapeutic")),
            "anticoag_indication": _maybe(chance, ("established", "interim_this_suspicion")),
            "intervention_considered": _maybe(chance, (True, False)),
            "exams": [_exam(chance) for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3)))],
            "symptoms": _symptoms(chance),
            "red_flags": {flag: _maybe(chance, (True, False), 0.9) for flag in ("pe", "limb", "infection")},
            "wells": _wells(chance),
            "ddimer": _maybe(chance, (_ddimer(chance),)),
            "risk": _risk(chance),
            "alt": _alternatives(chance),
            "orders": {
                "repeat_us_date": _day(chance, (-3, -1, 0, 1, 2, 5, 9), 0.6),
                "venography": _maybe(chance, ("active", "none"), 0.6),
                "venography_date": _day(chance, (-3, 0, 1, 3, 7, 8), 0.7),
            },
            "procedure": {
                "stent_date": _day(chance, (-3, *(-ago for ago in (1, 14, 29, 100, 200, 456))), 0.7),
                "intervention_date": _day(chance, (-40, -2, 1), 0.8),
            },
            "egfr": _maybe(chance, (20, 29, 30, 44, 45, 90)),
            "aki": _maybe(chance, (True, False)),
            "dialysis": _maybe(chance, ("none", "none", "anuric", "residual")),
            "iodinated_reaction": _maybe(chance, ("none", "mild", "moderate", "severe")),
            "gad_reaction": _maybe(chance, ("none", "mild", "moderate", "severe")),
            "mri": _maybe(chance, ("ok", "conditional", "contraindicated")),
        }
    )


def _exam(chance: Random) -> dict[str, Any]:
    """Half of the studies are good ones: few of the others are, and most rules speak of those."""
    if chance.random() < 0.5:
        good = {"protocol": "complete_duplex", "result": "negative", "side": chance.choice(("left", "bilateral"))}
        return {**good, "date": _day(chance, [-ago for ago in NEAR], 0)}
    modality = chance.choice((MISSING, "US", "US", "US", "US", "CTV", "MRV"))
    return _without_gaps(
        {
            "modality": modality,
            "date": _day(chance, (1, *(-ago for ago in NEAR)), 0.07),
            "report_status": _maybe(chance, ("final", "final", "final", "amended", "preliminary", "cancelled")),
            "result": _maybe(chance, RESULT, 0.1),
            "location": _maybe(chance, ("distal", "proximal", "iliofemoral", "iliocaval")),
            "protocol": _maybe(chance, PROTOCOL, 0.1),
            "quality": _maybe(chance, ("adequate", "adequate", "minor_limitation", "compromised")),
            "unseen": [name for name in UNSEEN if chance.random() < 0.07],
            "side": _maybe(chance, ("left", "left", "right", "bilateral"), 0.15),
            "cfv": _maybe(chance, CFV),
            "iliac": _maybe(chance, ("not_imaged", "inadequate", "adequate_negative", "positive"), 0.7),
            "upper_extent_seen": _maybe(chance, (True, False)),
        }
    )


def _symptoms(chance: Random) -> dict[str, Any]:
    return {
        "status": _maybe(chance, STATUS, 0.1),
        "as_of": _day(chance, (1, 0, 0, 0, -1, -2, -5, -7, -14, -30), 0.1),
        "side": _maybe(chance, ("left", "left", "left", "right", "bilateral"), 0.1),
        "whole_leg": _maybe(chance, (True, False)),
        "flank_pain": _maybe(chance, (True, False)),
        "systemic_explanation": _maybe(chance, (True, False)),
        "onset_days": _maybe(chance, (1, 14, 15, 90, 91)),
        "severity": _maybe(chance, ("mild", "moderate", "severe")),
    }


def _wells(chance: Random) -> dict[str, Any]:
    items = {name: chance.random() < 0.3 for name in ITEMS if chance.random() < 0.8}
    return {"score": _maybe(chance, (-3, -2, 0, 1, 2, 3, 9)), "items": _maybe(chance, (items,))}


def _ddimer(chance: Random) -> dict[str, Any]:
    return _without_gaps(
        {
            "value": _maybe(chance, (0.3, 250, 499, 500, 501, 799, 2000), 0.1),
            "unit": _maybe(chance, ("ng/mL FEU", "ng/mL FEU", "ug/L DDU", "mg/L FEU"), 0.1),
            "assay": _maybe(chance, ("high_sensitivity", "high_sensitivity", "other"), 0.1),
            "collected": _day(chance, (1, *(-ago for ago in NEAR[:12])), 0.1),
        }
    )


def _risk(chance: Random) -> dict[str, Any]:
    return {
        "active_cancer": _maybe(chance, (True, False, False)),
        "surgery_days": _maybe(chance, (3, 84, 85), 0.7),
        "discharge_days": _maybe(chance, (3, 90, 91), 0.7),
        "trauma_days": _maybe(chance, (3, 84, 85), 0.7),
        "immobilised": _maybe(chance, (True, False)),
        "prior_dvt": _maybe(chance, (True, False)),
        "bleeding": _maybe(chance, ("low", "high", "contraindicated")),
        "functional_status": _maybe(chance, ("good", "poor")),
    }


def _alternatives(chance: Random) -> dict[str, Any]:
    svt = _without_gaps({"length_cm": _maybe(chance, (1, 5, 4.9, 8)), "sfj_cm": _maybe(chance, (3, 3.1, 10))})
    return _without_gaps(
        {
            "confirmed": [name for name in ALTERNATIVES if chance.random() < 0.1],
            "explains": _maybe(chance, (True, False)),
            "svt": _maybe(chance, (svt,), 0.8),
        }
    )


def _day(chance: Random, days: Sequence[int], missing: float) -> Any:  # noqa: ANN401 -- a date, or a gap
    return _maybe(chance, [(TODAY + timedelta(days=days)).isoformat() for days in days], missing)


def _maybe(chance: Random, values: Sequence[Any], missing: float = 0.4) -> Any:  # noqa: ANN401 -- a value, or a gap
    return MISSING if chance.random() < missing else chance.choice(values)


def _without_gaps(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not MISSING}
