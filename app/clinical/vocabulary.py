"""The public vocabulary of facts: what POST /evaluate takes, what a record is read into, what the trace shows.

Names and values are those of the decision table, section 2. Reading is total: a value that is absent, null, outside its
list or range, or of the wrong shape is `unknown` (or None for a number or a date), never an error and never a guess.
"""

import datetime  # noqa: ICN001 -- Exam has a member called date
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum


class Answer(StrEnum):
    """A yes-or-no fact that may be unknown. JSON true/false/"unknown"."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


UNKNOWN = "unknown"

SEX = ("male", "female")
SETTING = ("ed", "outpatient", "inpatient")
SUSPICION = ("low", "moderate", "high")
ANTICOAG = ("none", "prophylactic", "therapeutic")
ANTICOAG_INDICATION = ("established", "interim_this_suspicion")
REPORT_STATUS = (
    "registered", "partial", "preliminary", "final", "amended", "corrected", "appended", "cancelled",
    "entered-in-error",
)  # fmt: skip
RESULT = ("negative", "svt_only", "equivocal", "nondiagnostic", "chronic_change", "acute_dvt")
LOCATION = ("distal", "proximal", "iliofemoral", "iliocaval")
PROTOCOL = (
    "complete_duplex", "complete_compression", "extended_compression", "proximal_duplex", "two_region", "pocus",
)  # fmt: skip
QUALITY = ("adequate", "minor_limitation", "compromised")
SEGMENT = ("cfv", "femoral", "popliteal", "peroneal", "posterior_tibial", "iliac")
SIDE = ("left", "right", "bilateral")
CFV = ("normal", "monophasic", "continuous", "asymmetric", "absent", "pulsatile", "not_assessed")
ILIAC = ("not_imaged", "inadequate", "adequate_negative", "positive")
STATUS = ("resolved", "improving", "persistent", "worsening", "new")
SEVERITY = ("mild", "moderate", "severe")
DDIMER_UNIT = tuple(f"{unit} {kind}" for kind in ("FEU", "DDU") for unit in ("ng/mL", "ug/L", "mg/L", "ug/mL"))
ASSAY = ("high_sensitivity", "other")
COMPARATOR = ("<", "<=", ">=", ">")
"""FHIR R4 quantity-comparator. Absent: the value is exact."""
BLEEDING = ("low", "high", "contraindicated")
FUNCTIONAL_STATUS = ("good", "poor")
ALTERNATIVE = (
    "bakers_cyst", "hematoma", "cellulitis", "chronic_venous_insufficiency", "lymphedema", "arterial_disease",
    "musculoskeletal",
)  # fmt: skip
VENOGRAPHY_ORDER = ("active", "none")
DIALYSIS = ("none", "anuric", "residual")
REACTION = ("none", "mild", "moderate", "severe")
MRI = ("ok", "conditional", "contraindicated")
WELLS_ITEMS = (
    "active_cancer", "paralysis_or_cast", "bedridden_or_surgery", "deep_vein_tenderness", "entire_leg_swollen",
    "calf_gt_3cm", "pitting_edema", "collateral_veins", "previous_dvt", "alternative_dx_as_likely",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exam:
    """One examination. `modality` US, CTV or MRV; an undated one has no date."""

    modality: str = "US"
    date: datetime.date | None = None
    report_status: str = UNKNOWN
    result: str = UNKNOWN
    location: str = UNKNOWN
    protocol: str = UNKNOWN
    quality: str = UNKNOWN
    unseen: frozenset[str] = frozenset()
    side: str = UNKNOWN
    cfv: str = UNKNOWN
    iliac: str = UNKNOWN
    upper_extent_seen: Answer = Answer.UNKNOWN


@dataclass(frozen=True, slots=True)
class Symptoms:
    """The leg after the study. `onset_days`: days since symptom onset."""

    status: str = UNKNOWN
    as_of: datetime.date | None = None
    side: str = UNKNOWN
    whole_leg: Answer = Answer.UNKNOWN
    flank_pain: Answer = Answer.UNKNOWN
    systemic_explanation: Answer = Answer.UNKNOWN
    erythema: Answer = Answer.UNKNOWN
    palpable_cord: Answer = Answer.UNKNOWN
    onset_days: int | None = None
    severity: str = UNKNOWN


@dataclass(frozen=True, slots=True)
class RedFlags:
    """The clinician's judgement: new or worse since the study, recorded in the last 72 hours."""

    pe: Answer = Answer.UNKNOWN
    limb: Answer = Answer.UNKNOWN
    infection: Answer = Answer.UNKNOWN


@dataclass(frozen=True, slots=True)
class Wells:
    """Wells items (NICE NG158 table 1) and, if a clinician entered one, the total in points."""

    score: int | None = None
    items: Mapping[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DDimer:
    """A D-dimer as the laboratory gave it. `unit` one of DDIMER_UNIT or unknown; `comparator` one of COMPARATOR, None
    for an exact value, or unknown.
    """

    value: Decimal | None = None
    comparator: str | None = None
    unit: str = UNKNOWN
    assay: str = UNKNOWN
    collected: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """Risk and bleeding. Day counts are days since the event."""

    active_cancer: Answer = Answer.UNKNOWN
    surgery_days: int | None = None
    discharge_days: int | None = None
    trauma_days: int | None = None
    immobilised: Answer = Answer.UNKNOWN
    prior_dvt: Answer = Answer.UNKNOWN
    bleeding: str = UNKNOWN
    functional_status: str = UNKNOWN


@dataclass(frozen=True, slots=True)
class SuperficialThrombosis:
    """Superficial vein thrombosis: length, and distance to the saphenofemoral (or -popliteal) junction, in cm."""

    length_cm: Decimal | None = None
    sfj_cm: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Confirmed alternative diagnoses, and whether they account for the symptoms."""

    confirmed: frozenset[str] = frozenset()
    explains: Answer = Answer.UNKNOWN
    svt: SuperficialThrombosis | None = None


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders already placed."""

    repeat_us_date: datetime.date | None = None
    venography: str = UNKNOWN
    venography_date: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class Procedures:
    """Venous procedures and the surveillance done after them."""

    stent_date: datetime.date | None = None
    intervention_date: datetime.date | None = None
    surveillance_done: frozenset[datetime.date] = frozenset()


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the pathways may know about one patient. The default of every member is unknown."""

    age: int | None = None
    sex: str = UNKNOWN
    pregnant: Answer = Answer.UNKNOWN
    postpartum_days: int | None = None
    setting: str = UNKNOWN
    inpatient_hours: Decimal | None = None
    suspicion: str = UNKNOWN
    anticoag: str = UNKNOWN
    anticoag_indication: str = UNKNOWN
    intervention_considered: Answer = Answer.UNKNOWN
    exams: tuple[Exam, ...] = ()
    symptoms: Symptoms = Symptoms()
    red_flags: RedFlags = RedFlags()
    wells: Wells = Wells()
    ddimer: DDimer | None = None
    risk: Risk = Risk()
    alt: Alternatives = Alternatives()
    orders: Orders = Orders()
    procedure: Procedures = Procedures()
    egfr: Decimal | None = None
    aki: Answer = Answer.UNKNOWN
    dialysis: str = UNKNOWN
    iodinated_reaction: str = UNKNOWN
    gad_reaction: str = UNKNOWN
    mri: str = UNKNOWN


def parse_facts(value: object) -> Facts:
    """Facts from JSON-like data in the public vocabulary. Total: what is not understood is unknown."""
    at = _members(value)
    return Facts(
        age=_whole(at.get("age"), 0, 130),
        sex=_named(at.get("sex"), SEX),
        pregnant=_answer(at.get("pregnant")),
        postpartum_days=_whole(at.get("postpartum_days"), 0),
        setting=_named(at.get("setting"), SETTING),
        inpatient_hours=_number(at.get("inpatient_hours")),
        suspicion=_named(at.get("suspicion"), SUSPICION),
        anticoag=_named(at.get("anticoag"), ANTICOAG),
        anticoag_indication=_named(at.get("anticoag_indication"), ANTICOAG_INDICATION),
        intervention_considered=_answer(at.get("intervention_considered")),
        exams=_exams(at.get("exams")),
        symptoms=_symptoms(_members(at.get("symptoms"))),
        red_flags=_red_flags(_members(at.get("red_flags"))),
        wells=_wells(_members(at.get("wells"))),
        ddimer=_ddimer(at.get("ddimer")),
        risk=_risk(_members(at.get("risk"))),
        alt=_alternatives(_members(at.get("alt"))),
        orders=_orders(_members(at.get("orders"))),
        procedure=_procedures(_members(at.get("procedure"))),
        egfr=_number(at.get("egfr")),
        aki=_answer(at.get("aki")),
        dialysis=_named(at.get("dialysis"), DIALYSIS),
        iodinated_reaction=_named(at.get("iodinated_reaction"), REACTION),
        gad_reaction=_named(at.get("gad_reaction"), REACTION),
        mri=_named(at.get("mri"), MRI),
    )


def _exams(value: object) -> tuple[Exam, ...]:
    """The studies as given; studies equal in every fact are one study, and other modalities are not ours.

    A status that is not given means final (decision table 2.1), so that one study sent with and without it is one.
    """
    if not isinstance(value, list | tuple):
        return ()
    studies: dict[Exam, Exam] = {}
    for entry in value:
        if exam := _exam(_members(entry)):
            studies.setdefault(exam if exam.report_status != UNKNOWN else replace(exam, report_status="final"), exam)
    return tuple(studies.values())


def _exam(at: Mapping[str, object]) -> Exam | None:
    modality = at.get("modality")
    if modality is not None and modality not in ("US", "CTV", "MRV", UNKNOWN):
        return None
    return Exam(
        modality=modality if modality in ("CTV", "MRV") else "US",
        date=parse_day(at.get("date")),
        report_status=_named(at.get("report_status"), REPORT_STATUS),
        result=_named(at.get("result"), RESULT),
        location=_named(at.get("location"), LOCATION),
        protocol=_named(at.get("protocol"), PROTOCOL),
        quality=_named(at.get("quality"), QUALITY),
        unseen=_several(at.get("unseen"), SEGMENT),
        side=_named(at.get("side"), SIDE),
        cfv=_named(at.get("cfv"), CFV),
        iliac=_named(at.get("iliac"), ILIAC),
        upper_extent_seen=_answer(at.get("upper_extent_seen")),
    )


def _symptoms(at: Mapping[str, object]) -> Symptoms:
    return Symptoms(
        status=_named(at.get("status"), STATUS),
        as_of=parse_day(at.get("as_of")),
        side=_named(at.get("side"), SIDE),
        whole_leg=_answer(at.get("whole_leg")),
        flank_pain=_answer(at.get("flank_pain")),
        systemic_explanation=_answer(at.get("systemic_explanation")),
        erythema=_answer(at.get("erythema")),
        palpable_cord=_answer(at.get("palpable_cord")),
        onset_days=_whole(at.get("onset_days"), 0),
        severity=_named(at.get("severity"), SEVERITY),
    )


def _red_flags(at: Mapping[str, object]) -> RedFlags:
    return RedFlags(_answer(at.get("pe")), _answer(at.get("limb")), _answer(at.get("infection")))


def _wells(at: Mapping[str, object]) -> Wells:
    items = _members(at.get("items"))
    return Wells(
        score=_whole(at.get("score")),
        items={name: _answer(items[name]) for name in WELLS_ITEMS if name in items},
    )


def _ddimer(value: object) -> DDimer | None:
    """None when no D-dimer was given; a given one without a usable value is kept, and is uninterpretable."""
    if not isinstance(value, Mapping):
        return None
    return DDimer(
        value=_number(value.get("value")),
        comparator=None if value.get("comparator") is None else _named(value.get("comparator"), COMPARATOR),
        unit=_named(value.get("unit"), DDIMER_UNIT),
        assay=_named(value.get("assay"), ASSAY),
        collected=parse_day(value.get("collected")),
    )


def _risk(at: Mapping[str, object]) -> Risk:
    return Risk(
        active_cancer=_answer(at.get("active_cancer")),
        surgery_days=_whole(at.get("surgery_days"), 0),
        discharge_days=_whole(at.get("discharge_days"), 0),
        trauma_days=_whole(at.get("trauma_days"), 0),
        immobilised=_answer(at.get("immobilised")),
        prior_dvt=_answer(at.get("prior_dvt")),
        bleeding=_named(at.get("bleeding"), BLEEDING),
        functional_status=_named(at.get("functional_status"), FUNCTIONAL_STATUS),
    )


def _alternatives(at: Mapping[str, object]) -> Alternatives:
    svt = at.get("svt")
    return Alternatives(
        confirmed=_several(at.get("confirmed"), ALTERNATIVE),
        explains=_answer(at.get("explains")),
        svt=SuperficialThrombosis(_number(svt.get("length_cm")), _number(svt.get("sfj_cm")))
        if isinstance(svt, Mapping)
        else None,
    )


def _orders(at: Mapping[str, object]) -> Orders:
    return Orders(
        repeat_us_date=parse_day(at.get("repeat_us_date")),
        venography=_named(at.get("venography"), VENOGRAPHY_ORDER),
        venography_date=parse_day(at.get("venography_date")),
    )


def _procedures(at: Mapping[str, object]) -> Procedures:
    done = at.get("surveillance_done")
    days = (parse_day(day) for day in done) if isinstance(done, list | tuple) else ()
    return Procedures(
        stent_date=parse_day(at.get("stent_date")),
        intervention_date=parse_day(at.get("intervention_date")),
        surveillance_done=frozenset(day for day in days if day is not None),
    )


def parse_day(value: object) -> datetime.date | None:
    """The calendar day as written: the first ten characters of a date or date-time. None if they are no date."""
    if not isinstance(value, str) or len(value) < 10:  # noqa: PLR2004 -- YYYY-MM-DD
        return None
    day, rest = value[:10], value[10:]
    if not (day.isascii() and day[4] == day[7] == "-") or (rest and rest[0] not in "Tt "):
        return None
    try:
        return datetime.date.fromisoformat(day)
    except ValueError:
        return None


def _members(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _named(value: object, allowed: Sequence[str]) -> str:
    return value if isinstance(value, str) and value in allowed else UNKNOWN


def _several(value: object, allowed: Sequence[str]) -> frozenset[str]:
    return frozenset(name for name in value if name in allowed) if isinstance(value, list | tuple) else frozenset()


def _answer(value: object) -> Answer:
    return Answer.YES if value is True else Answer.NO if value is False else Answer.UNKNOWN


def _whole(value: object, lowest: int = -(10**6), highest: int = 10**6) -> int | None:
    number = _decimal(value)
    if number is None or number != number.to_integral_value() or not lowest <= number <= highest:
        return None
    return int(number)


def _number(value: object) -> Decimal | None:
    """A finite number that is not negative."""
    number = _decimal(value)
    return number if number is not None and number >= 0 else None


def _decimal(value: object) -> Decimal | None:
    """A float is read as the decimal it was written as (0.5 is exactly 0.5); true and false are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    return number if number.is_finite() and abs(number) < Decimal(10**9) else None
