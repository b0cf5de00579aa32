"""Random fact sets: the whole vocabulary, both sides of every threshold, and the ways in which data are wrong.

Randomness is handed in, so a seed names a fact set. Weights are chosen so that every rule of the table fires.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any, TypeVar

Json = Any  # JSON of any shape, wrong ones included: that is the point
T = TypeVar("T")

FIRST_DAY = date(2023, 12, 20)  # three years with a leap day and three turns of the year
DAYS = 1000
WELLS_ITEMS = [
    "active_cancer",
    "paralysis_or_cast",
    "bedridden_or_surgery",
    "deep_vein_tenderness",
    "entire_leg_swollen",
    "calf_gt_3cm",
    "pitting_edema",
    "collateral_veins",
    "previous_dvt",
    "alternative_dx_as_likely",
]
SEGMENTS = ["cfv", "femoral", "popliteal", "peroneal", "posterior_tibial", "iliac"]
UNITS = [f"{unit} {kind}" for unit in ("ng/mL", "ug/L", "mg/L", "ug/mL") for kind in ("FEU", "DDU")]
DIAGNOSES = [
    "bakers_cyst",
    "hematoma",
    "cellulitis",
    "chronic_venous_insufficiency",
    "lymphedema",
    "arterial_disease",
    "musculoskeletal",
]
JUNK: Sequence[Json] = (
    None,
    "unknown",
    "banana",
    "",
    "True",
    "final",
    0,
    1,
    -1,
    2,
    54.0,
    54.5,
    10**5,
    True,
    False,
    [],
    {},
    ["unknown", None, 3, "femoral", "femoral"],
    "2026-02-30",
    "2026-03",
    "20260302",
    "2026-W10-1",
    "2026-03-02T23:30:00-05:00",
)
STUDY_AGES = (*range(16), *range(16), *range(16), *range(29, 33), *range(59, 63), *range(89, 93), 20, 45, 120)
GAPS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 14, 29, 30, 31)


@dataclass(frozen=True, slots=True)
class FactSet:
    """One patient: the JSON of `facts`, the day of evaluation and the site's settings."""

    facts: dict[str, Json]
    today: date
    config: dict[str, Json]


def any_fact_set(rng: Random) -> FactSet:
    """Anything the vocabulary can say, with every kind of gap and wrong value."""
    found = _fact_set(rng, missing=rng.choice((0.05, 0.2, 0.5)))
    for _ in range(rng.choice((0, 0, 0, 1, 1, 3))):
        spoil(found.facts, rng)
    return found


def likely_fact_set(rng: Random) -> FactSet:
    """A patient one could meet: few unknowns, nothing misspelt, default settings."""
    found = _fact_set(rng, missing=0.02)
    return FactSet(found.facts, found.today, {})


def spoil(facts: dict[str, Json], rng: Random) -> None:
    """Put something wrong in the place of one value, or take it away."""
    holder, name = rng.choice(list(places(facts)) or [(facts, "age")])
    if rng.random() < 0.3 and isinstance(holder, dict):
        holder.pop(name, None)
    else:
        holder[name] = copy.deepcopy(rng.choice(JUNK))


def places(value: Json) -> list[tuple[Json, Json]]:
    """Every member and every list item, as (what holds it, name or index), outermost first."""
    found: list[tuple[Json, Json]] = []
    inner = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    for name, item in inner:
        found.append((value, name))
        if isinstance(item, (dict, list)):
            found += places(item)
    return found


def weighted(rng: Random, **weights: int) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def maybe(rng: Random, yes: float = 0.5) -> bool:
    return rng.random() < yes


def day(today: date, ago: int) -> str:
    return (today - timedelta(days=ago)).isoformat()


class _Writer:
    """Writes members with a chance of leaving each out."""

    def __init__(self, rng: Random, missing: float) -> None:
        self.rng = rng
        self.missing = missing

    def some(self, **members: Callable[[], Json]) -> dict[str, Json]:
        return {name: make() for name, make in members.items() if self.rng.random() >= self.missing}

    def pick(self, *values: T) -> Callable[[], T]:
        return lambda: self.rng.choice(values)

    def say(self, **weights: int) -> Callable[[], str]:
        return lambda: weighted(self.rng, **weights)

    def true(self, yes: float) -> Callable[[], bool]:
        return lambda: self.rng.random() < yes


def _fact_set(rng: Random, missing: float) -> FactSet:
    writer = _Writer(rng, missing)
    today = FIRST_DAY + timedelta(days=rng.randrange(DAYS))
    side = weighted(rng, left=5, right=2, bilateral=3)
    exams, newest = _exams(writer, today, side)
    facts = _patient(writer)
    facts["exams"] = exams
    facts["symptoms"] = _symptoms(writer, today, newest, side)
    facts["wells"] = _wells(writer)
    if maybe(rng, 0.4):
        facts["ddimer"] = _ddimer(writer, today, newest, facts.get("age"))
    if maybe(rng, 0.8):
        facts["risk"] = _risk(writer)
    if maybe(rng, 0.25):
        facts["alt"] = _alternatives(writer)
    if maybe(rng, 0.3):
        facts["orders"] = _orders(writer, today, newest)
    if maybe(rng, 0.06):
        facts["procedure"] = _procedure(writer, today)
    if maybe(rng, 0.04):
        facts["red_flags"] = writer.some(pe=writer.true(0.4), limb=writer.true(0.4), infection=writer.true(0.4))
    if maybe(rng, 0.08):
        _lean_towards_exclusion(facts, today, newest or 0, rng)
    return FactSet(facts, today, _config(rng))


def _lean_towards_exclusion(facts: dict[str, Json], today: date, newest: int, rng: Random) -> None:
    """Exclusion needs a dozen facts at once; chance alone would hardly ever bring them together."""
    facts |= {"anticoag": "none", "setting": "outpatient", "pregnant": False}
    facts["risk"] = facts.get("risk", {}) | {"active_cancer": False}
    facts["wells"] = {"score": rng.choice((0, 1, 2))}
    facts["symptoms"] = facts["symptoms"] | {"side": "left", "onset_days": rng.choice((3, 14, 15))}
    for exam in facts["exams"]:
        exam |= {"side": "left", "protocol": rng.choice(("extended_compression", "proximal_duplex", "complete_duplex"))}
    value = rng.choice((499, 500, 300))
    collected = day(today, newest - rng.choice((0, 0, -2, -3)))
    facts["ddimer"] = {"value": value, "unit": "ng/mL FEU", "assay": "high_sensitivity", "collected": collected}


def _patient(writer: _Writer) -> dict[str, Json]:
    pick, say, true, rng = writer.pick, writer.say, writer.true, writer.rng
    facts = writer.some(
        age=pick(17, 18, 29, 31, 40, 41, 49, 50, 51, 54, 55, 56, 57, 58, 60, 69, 72, 80, 91),
        sex=say(male=5, female=4, unknown=1),
        setting=say(outpatient=5, ed=2, inpatient=2, unknown=1),
        anticoag=say(none=6, prophylactic=1, therapeutic=3, unknown=1),
        egfr=pick(6, 15, 29, 29.9, 30, 31, 44, 45, 60, 90),
        mri=say(ok=6, conditional=1, contraindicated=2, unknown=1),
        iodinated_reaction=say(none=6, mild=1, moderate=1, severe=2, unknown=1),
    )
    female = facts.get("sex") != "male"
    if maybe(rng, 0.7 if female else 0.05):
        facts["pregnant"] = maybe(rng, 0.25)
    rare: list[tuple[str, Callable[[], Json]]] = [
        ("inpatient_hours", pick(0, 24, 47, 48, 48.5, 49, 72)),
        ("suspicion", say(low=2, moderate=2, high=3, unknown=1)),
        ("anticoag_indication", say(established=3, interim_this_suspicion=4, unknown=1)),
        ("gad_reaction", say(none=3, mild=1, moderate=1, severe=2, unknown=1)),
        ("aki", true(0.3)),
        ("dialysis", say(none=2, anuric=2, residual=2, unknown=1)),
        ("intervention_considered", true(0.6)),
    ]
    facts |= {name: make() for name, make in rare if maybe(rng, 0.35)}
    if female and maybe(rng, 0.15):
        facts["postpartum_days"] = rng.choice((0, 14, 41, 42, 43, 100))
    return facts


def _exams(writer: _Writer, today: date, side: str) -> tuple[list[Json], int | None]:
    """The studies, and how many days ago the newest dated ultrasound was."""
    rng = writer.rng
    count = rng.choices((0, 1, 2, 3, 4), (2, 45, 35, 13, 5))[0]
    age = rng.choice(STUDY_AGES) if maybe(rng, 0.75) else rng.choice(range(8)) if maybe(rng, 0.9) else -1
    exams, ages = [], []
    for _ in range(count):
        exams.append(_exam(writer, side) | _dated(rng, today, age))
        if "date" in exams[-1] and age >= 0:
            ages.append(age)
        age = max(age - rng.choice(GAPS), -1 if maybe(rng, 0.05) else 0) if maybe(rng, 0.85) else rng.choice(STUDY_AGES)
    if maybe(rng, 0.25):
        exams.append(_venography(writer) | _dated(rng, today, rng.choice((*range(10), 30, 31, 40))))
    if exams and maybe(rng, 0.04):
        exams.append(dict(rng.choice(exams)))
    if maybe(rng, 0.15):
        rng.shuffle(exams)
    return exams, min(ages, default=None)


def _dated(rng: Random, today: date, age: int) -> dict[str, Json]:
    written = day(today, age) + rng.choices(("", "T08:15:00+01:00", "T23:59:59Z"), (8, 1, 1))[0]
    return {"date": written} if maybe(rng, 0.94) else {}


def _exam(writer: _Writer, side: str) -> dict[str, Json]:
    pick, say, rng = writer.pick, writer.say, writer.rng
    exam = writer.some(
        result=say(negative=60, svt_only=4, equivocal=9, nondiagnostic=7, chronic_change=7, acute_dvt=4, unknown=3),
        protocol=say(
            complete_duplex=56,
            complete_compression=6,
            extended_compression=10,
            proximal_duplex=9,
            two_region=7,
            pocus=8,
            unknown=3,
        ),
        quality=say(adequate=16, minor_limitation=2, compromised=3, unknown=1),
        side=lambda: side if maybe(rng, 0.85) else weighted(rng, left=2, right=2, bilateral=2, unknown=1),
        cfv=say(normal=20, monophasic=1, continuous=1, asymmetric=1, absent=1, pulsatile=1, not_assessed=2, unknown=1),
    )
    rare: list[tuple[float, str, Callable[[], Json]]] = [
        (
            0.12,
            "report_status",
            say(final=3, amended=1, corrected=1, appended=1, preliminary=4, partial=1, registered=1),
        ),
        (0.02, "report_status", pick("cancelled", "entered-in-error", "unknown")),
        (0.18, "unseen", lambda: rng.sample(SEGMENTS, rng.choice((0, 1, 1, 2)))),
        (0.20, "iliac", say(not_imaged=2, inadequate=3, adequate_negative=4, positive=1, unknown=1)),
        (0.05, "modality", pick("US", "unknown", None, "XR")),
        (0.20, "upper_extent_seen", writer.true(0.4)),
    ]
    exam |= {name: make() for chance, name, make in rare if maybe(rng, chance)}
    if exam.get("result") in {"acute_dvt", "equivocal"} and maybe(rng, 0.85):
        exam["location"] = rng.choice(("distal", "proximal", "iliofemoral", "iliocaval", "unknown"))
    return exam


def _venography(writer: _Writer) -> dict[str, Json]:
    rng, say = writer.rng, writer.say
    exam = {"modality": rng.choice(("CTV", "MRV"))} | writer.some(
        result=say(negative=9, nondiagnostic=4, equivocal=3, chronic_change=1, acute_dvt=1, svt_only=1, unknown=1)
    )
    if maybe(rng, 0.3):
        exam["quality"] = weighted(rng, adequate=2, minor_limitation=1, compromised=3)
    if maybe(rng, 0.15):
        exam["report_status"] = weighted(rng, final=2, preliminary=3, cancelled=1)
    if maybe(rng, 0.05):
        exam["iliac"] = weighted(rng, positive=2, adequate_negative=1)
    if exam.get("result") == "acute_dvt":
        exam["location"] = rng.choice(("proximal", "iliofemoral", "iliocaval"))
    return exam


def _symptoms(writer: _Writer, today: date, newest: int | None, side: str) -> dict[str, Json]:
    rng, say = writer.rng, writer.say
    recorded = rng.choices((0, newest or 0, max((newest or 0) - 1, 0), rng.choice((-1, 1, 3, 40))), (60, 8, 12, 10))[0]
    symptoms = writer.some(
        status=say(persistent=32, worsening=11, new=6, resolved=18, improving=18, unknown=6),
        as_of=lambda: day(today, recorded),
        side=lambda: side if maybe(rng, 0.75) else weighted(rng, left=5, right=5, bilateral=5, unknown=1),
    )
    rare: list[tuple[float, str, Callable[[], Json]]] = [
        (0.25, "whole_leg", writer.true(0.5)),
        (0.20, "flank_pain", writer.true(0.6)),
        (0.30, "systemic_explanation", writer.true(0.5)),
        (0.10, "erythema", writer.true(0.5)),
        (0.10, "palpable_cord", writer.true(0.5)),
        (0.40, "onset_days", writer.pick(0, 5, 13, 14, 14, 15, 30, 89, 90, 91, 200)),
        (0.35, "severity", say(mild=1, moderate=2, severe=2, unknown=1)),
    ]
    return symptoms | {name: make() for chance, name, make in rare if maybe(rng, chance)}


def _wells(writer: _Writer) -> dict[str, Json]:
    rng = writer.rng
    kind = weighted(rng, score=6, items=5, both=2, nothing=1)
    wells: dict[str, Json] = {}
    if kind in {"items", "both"}:
        share = rng.choice((0.05, 0.15, 0.3))
        known = rng.choice((0.5, 0.9, 1.0))
        wells["items"] = {name: maybe(rng, share) for name in WELLS_ITEMS if maybe(rng, known)}
        if maybe(rng, 0.1):
            wells["items"][rng.choice(WELLS_ITEMS)] = "unknown"
    if kind in {"score", "both"}:
        wells["score"] = rng.choices((-3, -2, -1, 0, 1, 2, 3, 4, 9, 10), (1, 2, 2, 6, 10, 10, 8, 3, 1, 1))[0]
    return wells


def _ddimer(writer: _Writer, today: date, newest: int | None, age: Json) -> dict[str, Json]:
    rng = writer.rng
    cut_off = 10 * age if isinstance(age, int) and maybe(rng) else 500
    unit = rng.choice(UNITS)
    aim = rng.choice((cut_off - 1, cut_off, cut_off + 1, 300, 300, 300, 499, 501, 2000, 0))
    value = aim / (2 if unit.endswith("DDU") else 1) / (1000 if unit[0:2] in {"mg", "ug"} and "mL" in unit else 1)
    if unit.startswith("mg/L"):
        value = value / 1000
    collected = (newest if newest is not None else 3) + rng.choice((-1, 0, 0, 0, 1, 2, 3))
    return writer.some(
        value=lambda: int(value) if value == int(value) else round(value, 6),
        comparator=lambda: rng.choice(("<", "<=", ">=", ">", "ad", None)) if maybe(rng, 0.15) else None,
        unit=lambda: unit if maybe(rng, 0.95) else rng.choice(("mg/L", "ng/mL", "unknown", "FEU")),
        assay=writer.say(high_sensitivity=16, other=1, unknown=1),
        collected=lambda: day(today, collected),
    )


def _risk(writer: _Writer) -> dict[str, Json]:
    rng, pick, say, true = writer.rng, writer.pick, writer.say, writer.true
    risk = writer.some(
        active_cancer=true(0.2), bleeding=say(low=6, high=2, contraindicated=1, unknown=1), prior_dvt=true(0.25)
    )
    rare: list[tuple[str, Callable[[], Json]]] = [
        ("surgery_days", pick(0, 14, 83, 84, 85, 200)),
        ("discharge_days", pick(1, 89, 90, 91, 300)),
        ("trauma_days", pick(2, 83, 84, 85)),
        ("immobilised", true(0.4)),
        ("functional_status", say(good=3, poor=1, unknown=1)),
    ]
    return risk | {name: make() for name, make in rare if maybe(rng, 0.15)}


def _alternatives(writer: _Writer) -> dict[str, Json]:
    rng = writer.rng
    found: dict[str, Json] = {}
    if maybe(rng, 0.75):
        found["confirmed"] = rng.sample(DIAGNOSES, rng.choice((0, 1, 1, 2)))
    if maybe(rng, 0.8):
        found["explains"] = maybe(rng)
    if maybe(rng, 0.35):
        found["svt"] = writer.some(
            length_cm=writer.pick(2, 4.9, 5, 5.0, 5.1, 8), sfj_cm=writer.pick(0, 2.9, 3, 3.1, 10)
        )
    return found


def _orders(writer: _Writer, today: date, newest: int | None) -> dict[str, Json]:
    rng = writer.rng
    booked = (newest or 0) - rng.choice((1, 3, 4, 5, 6, 7, 8, 10))
    return (
        writer.some(
            repeat_us_date=lambda: day(today, booked),
            venography=writer.say(active=3, none=1, unknown=1),
            venography_date=lambda: day(today, rng.choice((-8, -7, -3, -1, 0, 1))),
        )
        if maybe(rng, 0.6)
        else {"venography": "active"}
    )


def _procedure(writer: _Writer, today: date) -> dict[str, Json]:
    rng = writer.rng
    edges = (
        0,
        1,
        13,
        14,
        15,
        21,
        27,
        28,
        29,
        60,
        89,
        90,
        91,
        97,
        119,
        120,
        121,
        150,
        180,
        240,
        241,
        300,
        365,
        455,
        456,
    )
    placed = rng.choice((-1, *edges))
    done = [day(today, placed - rng.choice((*edges, 2, 59, 149, 299))) for _ in range(rng.choice((0, 0, 1, 2, 4)))]
    procedure: dict[str, Json] = {}
    if maybe(rng, 0.65):
        procedure |= {"stent_date": day(today, placed), "surveillance_done": done}
    if maybe(rng, 0.5):
        procedure["intervention_date"] = day(today, rng.choice((-1, 0, 5, 40)))
    return procedure


def _config(rng: Random) -> dict[str, Json]:
    if maybe(rng, 0.6):
        return {}
    first = rng.randint(3, 10)
    every: dict[str, Json] = {
        "persistent_policy": rng.choice(("staged", "immediate")),
        "limited_us_policy": rng.choice(("sru_strict", "ptp_adapted")),
        "default_venography": rng.choice(("CTV", "MRV")),
        "dvt_imaging": rng.choices(("on", "off"), (4, 1))[0],
        "lapse_day": rng.choice((10, 14, 21)),
        "stale_day": rng.choice((21, 30, 60)),
        "stale_max_day": rng.choice((60, 90, 180)),
    }
    window = {"repeat_min_day": first, "repeat_max_day": rng.randint(first, 10)} if maybe(rng, 0.3) else {}
    return {name: value for name, value in every.items() if maybe(rng, 0.25)} | window


def numbered(seed: int, number: int) -> FactSet:
    """The fact set of that name; even numbers are patients one could meet, odd ones anything at all."""
    rng = Random(f"{seed}/{number}")  # noqa: S311 -- reproducible on purpose, nothing secret
    return any_fact_set(rng) if number % 2 else likely_fact_set(rng)
