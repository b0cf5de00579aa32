"""The public vocabulary as the oracle reads it, from facts_schema.yaml and section 2 alone.

Whatever is absent, null, the word `unknown`, of the wrong type or outside its list is unknown: `None`, or for words
`UNKNOWN`. Imports nothing from `app`: an oracle that shares code with what it judges shares its mistakes.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

UNKNOWN = "unknown"
CALENDAR_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

COUNTING = frozenset({"final", "amended", "corrected", "appended"})
PROVISIONAL = frozenset({"preliminary", "partial", "registered"})
WITHDRAWN = frozenset({"cancelled", "entered-in-error"})
RESULTS = frozenset({"negative", "svt_only", "equivocal", "nondiagnostic", "chronic_change", "acute_dvt"})
LOCATIONS = frozenset({"distal", "proximal", "iliofemoral", "iliocaval"})
PROTOCOLS = frozenset(
    {"complete_duplex", "complete_compression", "extended_compression", "proximal_duplex", "two_region", "pocus"}
)
QUALITIES = frozenset({"adequate", "minor_limitation", "compromised"})
SEGMENTS = frozenset({"cfv", "femoral", "popliteal", "peroneal", "posterior_tibial", "iliac"})
SIDES = frozenset({"left", "right", "bilateral"})
FLOWS = frozenset({"normal", "monophasic", "continuous", "asymmetric", "absent", "pulsatile", "not_assessed"})
ILIACS = frozenset({"not_imaged", "inadequate", "adequate_negative", "positive"})
STATUSES = frozenset({"resolved", "improving", "persistent", "worsening", "new"})
UNITS = frozenset(f"{unit} {kind}" for unit in ("ng/mL", "ug/L", "mg/L", "ug/mL") for kind in ("FEU", "DDU"))
ALTERNATIVES = frozenset(
    {
        "bakers_cyst",
        "hematoma",
        "cellulitis",
        "chronic_venous_insufficiency",
        "lymphedema",
        "arterial_disease",
        "musculoskeletal",
    }
)
REACTIONS = frozenset({"none", "mild", "moderate", "severe"})
GRADES = frozenset({"mild", "moderate", "severe"})
WELLS_POINTS = {
    "active_cancer": 1,
    "paralysis_or_cast": 1,
    "bedridden_or_surgery": 1,
    "deep_vein_tenderness": 1,
    "entire_leg_swollen": 1,
    "calf_gt_3cm": 1,
    "pitting_edema": 1,
    "collateral_veins": 1,
    "previous_dvt": 1,
    "alternative_dx_as_likely": -2,
}


@dataclass(frozen=True, slots=True)
class Study:
    """One entry of `exams`, as recorded; two that are equal here are one study (section 1)."""

    modality: str
    day: date | None
    report_status: str
    result: str
    location: str
    protocol: str
    quality: str
    unseen: frozenset[str]
    side: str
    cfv: str
    iliac: str
    upper_extent_seen: bool | None


@dataclass(frozen=True, slots=True)
class RawFacts:
    """Section 2 in its order; `None` or `UNKNOWN` where nothing usable was sent."""

    studies: tuple[Study, ...]
    status: str
    as_of: date | None
    symptom_side: str
    whole_leg: bool | None
    flank_pain: bool | None
    systemic_explanation: bool | None
    onset_days: float | None
    severity: str
    red_flag_pe: bool
    red_flag_limb: bool
    red_flag_infection: bool
    wells_items: Mapping[str, bool]
    wells_score: float | None
    suspicion: str
    ddimer_given: bool
    ddimer_value: float | None
    ddimer_comparator: str
    ddimer_unit: str
    ddimer_assay: str
    ddimer_collected: date | None
    age: float | None
    sex: str
    pregnant: bool | None
    postpartum_days: float | None
    active_cancer: bool | None
    surgery_days: float | None
    discharge_days: float | None
    trauma_days: float | None
    immobilised: bool | None
    prior_dvt: bool | None
    setting: str
    inpatient_hours: float | None
    anticoag: str
    anticoag_indication: str
    bleeding: str
    functional_status: str
    intervention_considered: bool | None
    confirmed: frozenset[str]
    explains: bool | None
    svt_given: bool
    svt_length_cm: float | None
    svt_sfj_cm: float | None
    repeat_us_date: date | None
    venography_order: str
    venography_date: date | None
    stent_date: date | None
    intervention_date: date | None
    surveillance_done: tuple[date, ...]
    egfr: float | None
    aki: bool | None
    dialysis: str
    iodinated_reaction: str
    gad_reaction: str
    mri: str


def within(raw: object, *path: str) -> object:
    """What stands at the end of a path of members, `None` where the path breaks off."""
    for name in path:
        raw = raw.get(name) if isinstance(raw, Mapping) else None
    return raw


def word(raw: object, allowed: frozenset[str]) -> str:
    return raw if isinstance(raw, str) and raw in allowed else UNKNOWN


def words(raw: object, allowed: frozenset[str]) -> frozenset[str]:
    return (
        frozenset(each for each in raw if isinstance(each, str) and each in allowed)
        if isinstance(raw, list)
        else frozenset()
    )


def truth(raw: object) -> bool | None:
    return raw if isinstance(raw, bool) else None


def number(raw: object) -> float | None:
    """Nothing that is measured or counted here can be negative; only a Wells total can."""
    found = signed(raw)
    return found if found is not None and found >= 0 else None


def signed(raw: object) -> float | None:
    return raw if isinstance(raw, (int, float)) and not isinstance(raw, bool) and math.isfinite(raw) else None


def whole(raw: object) -> float | None:
    """JSON Schema's integer: 54.0 is one, 54.5 is not."""
    found = signed(raw)
    return found if found is not None and found == int(found) else None


def count(raw: object, highest: float = math.inf) -> float | None:
    """A whole number from 0, such as days or years."""
    found = whole(raw)
    return found if found is not None and 0 <= found <= highest else None


def calendar_day(raw: object) -> date | None:
    """The first ten characters, which must be YYYY-MM-DD (a week date such as 2026-W10-1 has ten as well)."""
    if not isinstance(raw, str) or not CALENDAR_DAY.fullmatch(raw[:10]):
        return None
    try:
        return date.fromisoformat(raw[:10])
    except ValueError:
        return None


def comparator(raw: object) -> str:
    """FHIR R4 quantity-comparator; nothing is an exact value (threat model H10)."""
    return "=" if raw is None else word(raw, frozenset({"<", "<=", ">=", ">"}))


def read_study(raw: Mapping[str, object]) -> Study | None:
    """One entry of `exams`; `None` for a modality that is neither ultrasound nor venography (2.1)."""
    modality = raw.get("modality")
    if modality in (None, UNKNOWN):
        modality = "US"
    if modality not in ("US", "CTV", "MRV"):  # a list compares, a set would have to hash
        return None
    report_status = word(raw.get("report_status"), COUNTING | PROVISIONAL | WITHDRAWN)
    return Study(
        modality=str(modality),
        day=calendar_day(raw.get("date")),
        report_status="final" if report_status == UNKNOWN else report_status,
        result=word(raw.get("result"), RESULTS),
        location=word(raw.get("location"), LOCATIONS),
        protocol=word(raw.get("protocol"), PROTOCOLS),
        quality=word(raw.get("quality"), QUALITIES),
        unseen=words(raw.get("unseen"), SEGMENTS),
        side=word(raw.get("side"), SIDES),
        cfv=word(raw.get("cfv"), FLOWS),
        iliac=word(raw.get("iliac"), ILIACS),
        upper_extent_seen=truth(raw.get("upper_extent_seen")),
    )


def read_studies(raw: object) -> tuple[Study, ...]:
    """The studies in the given order, equal ones once. An entry that is no object is a study of unknown facts."""
    entries = [read_study(each if isinstance(each, Mapping) else {}) for each in raw] if isinstance(raw, list) else []
    return tuple(dict.fromkeys(each for each in entries if each is not None))


def read_wells_items(raw: object) -> dict[str, bool]:
    """Only what is known: an absent or unknown item is not a key."""
    known = {name: truth(within(raw, name)) for name in WELLS_POINTS}
    return {name: value for name, value in known.items() if value is not None}


def read_days(raw: object) -> tuple[date, ...]:
    days = [calendar_day(each) for each in raw] if isinstance(raw, list) else []
    return tuple(each for each in days if each is not None)


def read(raw: object) -> RawFacts:
    """Everything the table asks for, from the JSON of `facts`; never an error."""
    symptoms, risk, ddimer, svt = (within(raw, name) for name in ("symptoms", "risk", "ddimer", "alt"))
    svt = within(svt, "svt")
    return RawFacts(
        studies=read_studies(within(raw, "exams")),
        status=word(within(symptoms, "status"), STATUSES),
        as_of=calendar_day(within(symptoms, "as_of")),
        symptom_side=word(within(symptoms, "side"), SIDES),
        whole_leg=truth(within(symptoms, "whole_leg")),
        flank_pain=truth(within(symptoms, "flank_pain")),
        systemic_explanation=truth(within(symptoms, "systemic_explanation")),
        onset_days=count(within(symptoms, "onset_days")),
        severity=word(within(symptoms, "severity"), GRADES),
        red_flag_pe=within(raw, "red_flags", "pe") is True,
        red_flag_limb=within(raw, "red_flags", "limb") is True,
        red_flag_infection=within(raw, "red_flags", "infection") is True,
        wells_items=read_wells_items(within(raw, "wells", "items")),
        wells_score=whole(within(raw, "wells", "score")),
        suspicion=word(within(raw, "suspicion"), frozenset({"low", "moderate", "high"})),
        ddimer_given=isinstance(ddimer, Mapping),
        ddimer_value=number(within(ddimer, "value")),
        ddimer_comparator=comparator(within(ddimer, "comparator")),
        ddimer_unit=word(within(ddimer, "unit"), UNITS),
        ddimer_assay=word(within(ddimer, "assay"), frozenset({"high_sensitivity", "other"})),
        ddimer_collected=calendar_day(within(ddimer, "collected")),
        age=count(within(raw, "age"), 130),
        sex=word(within(raw, "sex"), frozenset({"male", "female"})),
        pregnant=truth(within(raw, "pregnant")),
        postpartum_days=count(within(raw, "postpartum_days")),
        active_cancer=truth(within(risk, "active_cancer")),
        surgery_days=count(within(risk, "surgery_days")),
        discharge_days=count(within(risk, "discharge_days")),
        trauma_days=count(within(risk, "trauma_days")),
        immobilised=truth(within(risk, "immobilised")),
        prior_dvt=truth(within(risk, "prior_dvt")),
        setting=word(within(raw, "setting"), frozenset({"ed", "outpatient", "inpatient"})),
        inpatient_hours=number(within(raw, "inpatient_hours")),
        anticoag=word(within(raw, "anticoag"), frozenset({"none", "prophylactic", "therapeutic"})),
        anticoag_indication=word(
            within(raw, "anticoag_indication"), frozenset({"established", "interim_this_suspicion"})
        ),
        bleeding=word(within(risk, "bleeding"), frozenset({"low", "high", "contraindicated"})),
        functional_status=word(within(risk, "functional_status"), frozenset({"good", "poor"})),
        intervention_considered=truth(within(raw, "intervention_considered")),
        confirmed=words(within(raw, "alt", "confirmed"), ALTERNATIVES),
        explains=truth(within(raw, "alt", "explains")),
        svt_given=isinstance(svt, Mapping),
        svt_length_cm=number(within(svt, "length_cm")),
        svt_sfj_cm=number(within(svt, "sfj_cm")),
        repeat_us_date=calendar_day(within(raw, "orders", "repeat_us_date")),
        venography_order=word(within(raw, "orders", "venography"), frozenset({"active", "none"})),
        venography_date=calendar_day(within(raw, "orders", "venography_date")),
        stent_date=calendar_day(within(raw, "procedure", "stent_date")),
        intervention_date=calendar_day(within(raw, "procedure", "intervention_date")),
        surveillance_done=read_days(within(raw, "procedure", "surveillance_done")),
        egfr=number(within(raw, "egfr")),
        aki=truth(within(raw, "aki")),
        dialysis=word(within(raw, "dialysis"), frozenset({"none", "anuric", "residual"})),
        iodinated_reaction=word(within(raw, "iodinated_reaction"), REACTIONS),
        gad_reaction=word(within(raw, "gad_reaction"), REACTIONS),
        mri=word(within(raw, "mri"), frozenset({"ok", "conditional", "contraindicated"})),
    )
