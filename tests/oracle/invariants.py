"""What must hold for any answer, judged from outside: section 13 of the table and INV1 to INV10 of the test plan.

Knows neither `app` nor the oracle. Where telling what is true of a patient would need half the table again, an
invariant speaks only about the patients for whom it is plain: it may keep silent, it must not be wrong.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from datetime import date
from random import Random
from typing import Any

from tests.oracle.fact_sets import FactSet

Answer = Mapping[str, Any]
Answers = Sequence[Answer]
Ask = Callable[[FactSet], Answers]
Invariant = Callable[[FactSet, Answers], bool]
Relation = Callable[[FactSet, Answers, Ask, Random], bool]
Json = Any  # facts as sent, wrong types included

FINAL = (None, "unknown", "final", "amended", "corrected", "appended")
WITHDRAWN = ("cancelled", "entered-in-error")
COMPLETE = ("complete_duplex", "complete_compression")
PROTOCOLS = (*COMPLETE, "extended_compression", "proximal_duplex", "two_region", "pocus")
USABLE = ("negative", "svt_only", "chronic_change", "equivocal", "nondiagnostic")
CLEAR = ("negative", "svt_only", "chronic_change")
DEEP = {"cfv", "femoral", "popliteal", "peroneal", "posterior_tibial"}
ABOVE_CALF = {"cfv", "femoral", "popliteal"}
EMERGENCIES = {"pe": "EMERG-PE", "limb": "EMERG-LIMB", "infection": "EMERG-INFECT"}
IMAGING = {"REPEAT-CDUS", "VENOGRAPHY", "SCAN-SYMPTOMATIC-LEG"}
SVT_CARDS = {"ALT-SVT-SFJ", "ALT-SVT-MEASURE", "ALT-SVT-LONG", "ALT-SVT-SHORT"}
REASSURING = {"NO-FURTHER-IMAGING", "DVT-EXCLUDED-PTP"}
LEGS = {"left": {"left"}, "right": {"right"}, "bilateral": {"left", "right"}}
LOUDNESS = {"info": 0, "warning": 1, "critical": 2}
DEFAULT_DAYS = {"repeat_min_day": 5, "repeat_max_day": 7, "lapse_day": 14, "stale_day": 30}


# ------------------------------------------------------------------------------------------ reading facts from outside


def at(facts: Json, *path: str) -> Json:
    for name in path:
        facts = facts.get(name) if isinstance(facts, dict) else None
    return facts


def day(value: Json) -> date | None:
    text = value[:10] if isinstance(value, str) else ""
    try:
        return date.fromisoformat(text) if len(text) == 10 and text[4] + text[7] == "--" else None
    except ValueError:
        return None


def number(value: Json) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0 else None


def whole(value: Json) -> float | None:
    """A count of days or years; half a day is no count, so it is unknown (facts_schema.yaml: integer)."""
    counted = number(value)
    return counted if counted is None or counted % 1 == 0 else None


def setting(patient: FactSet, name: str) -> int:
    return int(patient.config.get(name, DEFAULT_DAYS[name]))


def studies(patient: FactSet, *, venography: bool = False) -> list[dict[str, Json]]:
    """Counted studies, by date and undated last."""
    exams = at(patient.facts, "exams")
    entries = [each if isinstance(each, dict) else {} for each in exams] if isinstance(exams, list) else []
    wanted = ("CTV", "MRV") if venography else (None, "US", "unknown")
    kept = [
        each
        for each in entries
        if each.get("modality") in wanted
        and each.get("report_status") not in WITHDRAWN
        and (day(each.get("date")) or patient.today) <= patient.today
    ]
    return sorted(kept, key=lambda each: day(each.get("date")) or date.max)


def last_ones(patient: FactSet) -> list[dict[str, Json]]:
    """The scans of the last day: which of them is the latest study depends on which are equal (section 1)."""
    scans = studies(patient)
    return [each for each in scans if day(each.get("date")) == day(scans[-1].get("date"))]


def unseen(study: Mapping[str, Json]) -> set[str]:
    named = study.get("unseen")
    return {each for each in named if isinstance(each, str)} if isinstance(named, list) else set()


def is_final(study: Mapping[str, Json]) -> bool:
    status = study.get("report_status")
    return status in FINAL or status not in ("preliminary", "partial", "registered")


def is_clear(study: Mapping[str, Json]) -> bool:
    """Final, complete, nothing deep unseen, nothing doubtful."""
    return (
        is_final(study)
        and study.get("result") in CLEAR
        and study.get("protocol") in COMPLETE
        and study.get("quality") != "compromised"
        and study.get("iliac") != "positive"
        and not unseen(study) & DEEP
    )


def is_doubtful(study: Mapping[str, Json]) -> bool:
    """Compromised in the words of section 1: no fallback of section 1 may forget it."""
    return (
        not is_final(study)
        or study.get("result") not in CLEAR
        or study.get("quality") == "compromised"
        or bool(unseen(study) & ABOVE_CALF)
    )


def shows_thrombosis(patient: FactSet) -> bool:
    entries = [*studies(patient), *studies(patient, venography=True)]
    return any(each.get("result") == "acute_dvt" or each.get("iliac") == "positive" for each in entries)


def timed(patient: FactSet) -> str | None:
    """The status, when it is plain that it was recorded after the last scan."""
    scans, as_of = studies(patient), day(at(patient.facts, "symptoms", "as_of"))
    last = day(scans[-1].get("date")) if scans else None
    status = at(patient.facts, "symptoms", "status")
    known = status in ("resolved", "improving", "persistent", "worsening", "new")
    return status if known and last and as_of and last < as_of <= patient.today else None


def covers(study: Mapping[str, Json], symptom_side: Json) -> bool:
    """The symptomatic legs were scanned, or the study was of both legs."""
    scanned = study.get("side")
    if scanned == "bilateral":
        return True
    return scanned in ("left", "right") and symptom_side == scanned


def red_flags(patient: FactSet) -> set[str]:
    return {action for name, action in EMERGENCIES.items() if at(patient.facts, "red_flags", name) is True}


def is_child(patient: FactSet) -> bool:
    age = number(at(patient.facts, "age"))
    return age is not None and age == int(age) and age < 18


def ids(answers: Answers) -> set[str]:
    return {each["id"] for each in answers}


def named(answers: Answers, action: str) -> Answer | None:
    return next((each for each in answers if each["id"] == action), None)


def modalities(answers: Answers) -> set[str]:
    return {each["modality"] for each in answers if "modality" in each}


def is_recent(patient: FactSet) -> bool:
    """There is a dated last scan inside the episode length, it can be used, and nothing stops the pathway before it."""
    scans = studies(patient)
    last = day(scans[-1].get("date")) if scans else None
    return (
        last is not None
        and (patient.today - last).days <= setting(patient, "stale_day")
        and all(is_final(study) and study.get("result") in USABLE for study in last_ones(patient))
        and not shows_thrombosis(patient)
        and not red_flags(patient)
        and not is_child(patient)
    )


def another_leg_only(patient: FactSet) -> bool:
    """G-SIDE stops: no symptomatic leg was scanned."""
    symptomatic, sides = at(patient.facts, "symptoms", "side"), ("left", "right", "bilateral")
    return symptomatic in sides and any(
        study.get("side") in sides and not LEGS[study["side"]] & LEGS[symptomatic] for study in last_ones(patient)
    )


# ------------------------------------------------------------------------------------------ section 13


def no_further_imaging_only_for_a_settled_leg(patient: FactSet, answers: Answers) -> bool:
    """1 and 3: the last study may be a limited one after a clear one, but never one of unknown protocol."""
    if "NO-FURTHER-IMAGING" not in ids(answers):
        return True
    side = at(patient.facts, "symptoms", "side")
    return (
        timed(patient) in ("resolved", "improving")
        and any(is_clear(study) for study in studies(patient))
        and any(
            not is_doubtful(study) and study.get("protocol") in PROTOCOLS and covers(study, side)
            for study in last_ones(patient)
        )
        and not red_flags(patient)
        and not ids(answers) & (IMAGING | SVT_CARDS | {"AC-CONSIDER", "NEG-REASSURE"})
    )


def a_red_flag_leaves_only_emergency(patient: FactSet, answers: Answers) -> bool:
    """2 and INV1."""
    flags = red_flags(patient)
    if not flags or is_child(patient):
        return True
    rest = {each for each in ids(answers) - flags if not each.startswith("DATA-")}
    return flags <= ids(answers) and rest <= {"ROUTE-POSITIVE"} and answers[0]["indicator"] == "critical"


def no_emergency_without_a_red_flag(patient: FactSet, answers: Answers) -> bool:
    """2, turned round."""
    return ids(answers) & set(EMERGENCIES.values()) <= red_flags(patient)


def wells_floor(patient: FactSet) -> float:
    """The lowest total that score and items allow; -2 when nothing is known."""
    score, items = at(patient.facts, "wells", "score"), at(patient.facts, "wells", "items")
    if isinstance(score, (int, float)) and not isinstance(score, bool) and score == int(score):
        return score
    known = items if isinstance(items, dict) else {}
    others = sum(value is True for name, value in known.items() if name in WELLS_POSITIVE)
    return others - (0 if known.get("alternative_dx_as_likely") is False else 2)


WELLS_POSITIVE = {
    "active_cancer",
    "paralysis_or_cast",
    "bedridden_or_surgery",
    "deep_vein_tenderness",
    "entire_leg_swollen",
    "calf_gt_3cm",
    "pitting_edema",
    "collateral_veins",
    "previous_dvt",
}


def anticoagulation_only_while_waiting(patient: FactSet, answers: Answers) -> bool:
    """4."""
    if "AC-CONSIDER" not in ids(answers):
        return True
    facts, repeat = patient.facts, named(answers, "REPEAT-CDUS")
    pending = "VENOGRAPHY" in ids(answers) or (repeat is not None and repeat["timing"]["kind"] != "lapsed")
    confirmed = at(facts, "alt", "confirmed")
    return (
        pending
        and (at(facts, "suspicion") == "high" or (at(facts, "pregnant") is not True and wells_floor(patient) >= 2))
        and at(facts, "anticoag") != "therapeutic"
        and at(facts, "risk", "bleeding") not in ("high", "contraindicated")
        and not (isinstance(confirmed, list) and "hematoma" in confirmed)
        and "DVT-EXCLUDED-PTP" not in ids(answers)
    )


def pregnancy_bars_radiation_and_ddimer(patient: FactSet, answers: Answers) -> bool:
    """5."""
    if at(patient.facts, "pregnant") is not True:
        return True
    radiation = any(each.startswith("CTV") for each in modalities(answers))
    return not radiation and not ids(answers) & {"DDIMER-ORDER", "DVT-EXCLUDED-PTP"}


def kidneys_bar_contrast(patient: FactSet, answers: Answers) -> bool:
    """6."""
    egfr, facts = number(at(patient.facts, "egfr")), patient.facts
    weak = ((egfr is not None and egfr < 30) or at(facts, "aki") is True) and at(facts, "dialysis") != "anuric"
    barred = ({"CTV", "MRV"} if weak else set()) | ({"MRV"} if at(facts, "gad_reaction") == "severe" else set())
    return not modalities(answers) & barred


def reactions_and_devices_bar_modalities(patient: FactSet, answers: Answers) -> bool:
    """7."""
    chosen = modalities(answers)
    contrast = at(patient.facts, "iodinated_reaction") == "severe" and any(each.startswith("CTV") for each in chosen)
    magnet = at(patient.facts, "mri") == "contraindicated" and any(each.startswith("MRV") for each in chosen)
    return not contrast and not magnet


def a_poor_study_is_repeated(patient: FactSet, answers: Answers) -> bool:
    """8, for the patients in whom no fallback is possible: no clear study before."""
    scans = studies(patient)
    if not is_recent(patient) or any(is_clear(study) for study in scans):
        return True
    if patient.config.get("limited_us_policy") == "ptp_adapted":
        return True
    side = at(patient.facts, "symptoms", "side")
    return not all(covers(study, side) for study in last_ones(patient)) or "REPEAT-CDUS" in ids(answers)


def a_worse_leg_is_scanned_now(patient: FactSet, answers: Answers) -> bool:
    """9."""
    if not is_recent(patient) or timed(patient) not in ("worsening", "new") or another_leg_only(patient):
        return True
    repeat = named(answers, "REPEAT-CDUS")
    return repeat is not None and repeat["timing"]["kind"] == "now"


def nobody_in_scope_is_left_in_silence(patient: FactSet, answers: Answers) -> bool:
    """10: silence only late, and only for a leg of which nothing new is known."""
    if not is_recent(patient) or any(not each.startswith("DATA-") for each in ids(answers)):
        return True
    first = day(studies(patient)[0].get("date"))
    late = first is not None and (patient.today - first).days > setting(patient, "lapse_day")
    side = at(patient.facts, "symptoms", "side")
    covered = all(covers(study, side) for study in last_ones(patient))
    well_but_unmatched = timed(patient) in ("resolved", "improving") and not covered
    return late and (timed(patient) is None or well_but_unmatched)


def days_stand_in_order(patient: FactSet, answers: Answers) -> bool:
    """11, and a timing has both days or none."""
    for timing in (each["timing"] for each in answers):
        dated = timing["kind"] in ("now", "overdue", "due", "window")
        if dated != ("earliest" in timing) or dated != ("latest" in timing):
            return False
        if dated and not patient.today.isoformat() <= timing["earliest"] <= timing["latest"]:
            return False
    return True


def exclusion_needs_everything_known(patient: FactSet, answers: Answers) -> bool:
    """12."""
    excluded = named(answers, "DVT-EXCLUDED-PTP")
    if excluded is None:
        return True
    facts = patient.facts
    age, onset, delivered = (
        whole(at(facts, *path)) for path in (("age",), ("symptoms", "onset_days"), ("postpartum_days",))
    )
    maybe_pregnant = at(facts, "sex") != "male" and (age is None or 12 <= age <= 55)
    hours = number(at(facts, "inpatient_hours"))
    rules = {rule for each in answers for rule in each["rules"]}
    return (
        at(facts, "anticoag") in ("none", "prophylactic")
        and at(facts, "risk", "active_cancer") is False
        and (at(facts, "setting") in ("ed", "outpatient") or (hours is not None and hours <= 48))
        and (at(facts, "pregnant") is False or (at(facts, "pregnant") is not True and not maybe_pregnant))
        and at(facts, "ddimer", "assay") == "high_sensitivity"
        and not any(rule.startswith("IC-") or rule == "RU-RECUR" for rule in rules)
        and not (delivered is not None and delivered <= 42)
        and not (onset is not None and onset > 14)
        and any(
            study.get("result") != "equivocal" and is_final(study) and covers(study, at(facts, "symptoms", "side"))
            for study in last_ones(patient)
        )
        and timed(patient) not in ("worsening", "new")
    )


def treatment_is_kept_only_for_a_reason(patient: FactSet, answers: Answers) -> bool:
    """13."""
    kept = "AC-CONTINUE" not in ids(answers) or at(patient.facts, "anticoag_indication") == "established"
    calm = not ids(answers) & {"AC-INTERIM-REVIEW", "NEG-REASSURE"} or not ids(answers) & IMAGING
    return kept and calm


# ------------------------------------------------------------------------------------------ section 16, INV9, INV10


STEPS: Sequence[set[str]] = (
    {"EMERG-PE", "EMERG-LIMB", "EMERG-INFECT"},
    {"ROUTE-POSITIVE"},
    {"SCAN-SYMPTOMATIC-LEG"},
    set(),  # those of step 6 when they are due now
    SVT_CARDS,
    {"VENOGRAPHY", "REPEAT-CDUS", "PB-EXTENT-IMAGING", "PB-DISTAL-SERIAL", "PB-STENT-SURVEILLANCE"},
    {"AC-CONTRAINDICATED", "AC-CONSIDER", "AC-INTERIM-REVIEW", "AC-CLARIFY", "AC-CONTINUE"},
    {"NO-FURTHER-IMAGING", "NEG-REASSURE", "REASSESS-CLINICAL"},
)


def step(each: Answer) -> int:
    if each["id"] in ("VENOGRAPHY", "REPEAT-CDUS", "PB-POSTPROC-URGENT") and each["timing"]["kind"] == "now":
        return 3
    if each["id"].startswith("DATA-"):
        return len(STEPS) + 1
    return next((number for number, actions in enumerate(STEPS) if each["id"] in actions), len(STEPS))


def one_recommendation_leads(patient: FactSet, answers: Answers) -> bool:
    """16: each action once, the leading one in the lowest step and the loudest of it, missing facts last."""
    steps = [step(each) for each in answers]
    loudness = [LOUDNESS[each["indicator"]] for each in answers if step(each) == min(steps)]
    return (
        len(ids(answers)) == len(answers)
        and steps == sorted(steps)
        and (not answers or LOUDNESS[answers[0]["indicator"]] == max(loudness))
    )


def loudness_agrees_with_urgency(patient: FactSet, answers: Answers) -> bool:
    """INV9: critical is an emergency and now; what has lapsed or is ordered is only information."""
    critical = {each["id"] for each in answers if each["indicator"] == "critical"}
    quiet = [each for each in answers if each["timing"]["kind"] == "lapsed" or each.get("already_ordered")]
    return critical == ids(answers) & set(EMERGENCIES.values()) and all(each["indicator"] == "info" for each in quiet)


def a_child_gets_no_advice(patient: FactSet, answers: Answers) -> bool:
    """INV10."""
    return ids(answers) == {"OUT-OF-SCOPE"} if is_child(patient) else "OUT-OF-SCOPE" not in ids(answers)


INVARIANTS: Sequence[Invariant] = (
    no_further_imaging_only_for_a_settled_leg,
    a_red_flag_leaves_only_emergency,
    no_emergency_without_a_red_flag,
    anticoagulation_only_while_waiting,
    pregnancy_bars_radiation_and_ddimer,
    kidneys_bar_contrast,
    reactions_and_devices_bar_modalities,
    a_poor_study_is_repeated,
    a_worse_leg_is_scanned_now,
    nobody_in_scope_is_left_in_silence,
    days_stand_in_order,
    exclusion_needs_everything_known,
    treatment_is_kept_only_for_a_reason,
    one_recommendation_leads,
    loudness_agrees_with_urgency,
    a_child_gets_no_advice,
)


# ------------------------------------------------------------------------------------------ two answers, INV2 to INV8


def changed(patient: FactSet, change: Callable[[dict[str, Json]], object]) -> FactSet:
    facts = deepcopy(patient.facts)
    change(facts)
    return FactSet(facts, patient.today, patient.config)


def loudest(answers: Answers) -> int:
    return max((LOUDNESS[each["indicator"]] for each in answers), default=-1)


def a_red_flag_never_lowers_urgency(patient: FactSet, answers: Answers, ask: Ask, rng: Random) -> bool:
    """INV2."""
    flag = rng.choice(sorted(EMERGENCIES))
    flagged = changed(patient, lambda facts: facts.update(red_flags={flag: True}))
    return is_child(patient) or loudest(ask(flagged)) >= loudest(answers)


def unknown_never_reassures(patient: FactSet, answers: Answers, ask: Ask, rng: Random) -> bool:
    """INV3, for the last study, the symptoms and the D-dimer.

    Not for a compromised quality, which the table reads as adequate when it is not stated (2.1), nor for symptoms known
    to be worse, which bar exclusion as their absence does not (3.4); nor for several scans, where the symptom side
    decides which of them belong to the episode (section 1).
    """
    if len(studies(patient)) != 1 or timed(patient) in ("worsening", "new"):
        return True
    places: list[tuple[str, ...]] = [("symptoms", "status"), ("symptoms", "as_of"), ("symptoms", "side")]
    places += [("ddimer", name) for name in ("value", "unit", "assay", "collected")]
    places += [("risk", "active_cancer"), ("anticoag",), ("setting",), ("pregnant",)]
    places += [("scan", name) for name in ("result", "protocol", "side", "quality", "date")]
    *path, name = rng.choice(places)

    def forget(facts: dict[str, Json]) -> None:
        holder: Json = facts
        if path == ["scan"]:
            holder = studies(FactSet(facts, patient.today, patient.config))[0]
        elif path:
            holder = at(facts, *path)
        if isinstance(holder, dict) and holder.get(name) != "compromised":
            holder[name] = "unknown"

    if shows_thrombosis(patient) or at(patient.facts, "pregnant") is True:
        return True  # forgetting a thrombosis or a pregnancy is no gap in reassuring facts
    # exclusion is said only of a poor study or a leg that still hurts: a poorer study brings the word, not more comfort
    reassuring = REASSURING - {"DVT-EXCLUDED-PTP"} if name in {"protocol", "quality"} else REASSURING
    return ids(ask(changed(patient, forget))) & reassuring <= ids(answers)


def duplicates_change_nothing(patient: FactSet, answers: Answers, ask: Ask, rng: Random) -> bool:
    """INV5, and section 1: studies equal in every fact are one study."""
    exams = at(patient.facts, "exams")
    if not isinstance(exams, list) or not exams:
        return True
    number = rng.randrange(len(exams))
    return same(ask(changed(patient, lambda facts: facts["exams"].append(facts["exams"][number]))), answers)


def order_changes_nothing(patient: FactSet, answers: Answers, ask: Ask, rng: Random) -> bool:
    """INV5, where no two studies share a day: for those the given order counts (section 1)."""
    exams = at(patient.facts, "exams")
    if not isinstance(exams, list):
        return True
    days = [day(each.get("date")) if isinstance(each, dict) else None for each in exams]
    if None in days or len(set(days)) < len(days):
        return True
    return same(ask(changed(patient, lambda facts: rng.shuffle(facts["exams"]))), answers)


def waiting_never_reassures(patient: FactSet, answers: Answers, ask: Ask, rng: Random) -> bool:
    """INV6: what reassures tomorrow reassures today, when nothing is dated after today."""
    later = FactSet(patient.facts, date.fromordinal(patient.today.toordinal() + rng.choice((1, 2, 7))), patient.config)
    dates = [at(patient.facts, "symptoms", "as_of"), at(patient.facts, "ddimer", "collected")]
    exams = at(patient.facts, "exams")
    dates += [each.get("date") for each in exams if isinstance(each, dict)] if isinstance(exams, list) else []
    if any((day(each) or patient.today) > patient.today for each in dates):
        return True
    return ids(ask(later)) & REASSURING <= ids(answers)


def facts_without_a_rule_change_nothing(patient: FactSet, answers: Answers, ask: Ask, rng: Random) -> bool:
    """INV7: erythema and palpable cord are only shown (2.2), flank pain counts in pregnancy only."""

    def forget(facts: dict[str, Json]) -> None:
        symptoms = at(facts, "symptoms")
        for name in ("erythema", "palpable_cord", *(() if facts.get("pregnant") is True else ("flank_pain",))):
            if isinstance(symptoms, dict):
                symptoms.pop(name, None)

    return same(ask(changed(patient, forget)), answers)


def asking_twice_changes_nothing(patient: FactSet, answers: Answers, ask: Ask, rng: Random) -> bool:
    """INV8."""
    return list(ask(changed(patient, lambda _: None))) == list(answers)


def same(one: Answers, other: Answers) -> bool:
    return list(one) == list(other)


RELATIONS: Sequence[Relation] = (
    a_red_flag_never_lowers_urgency,
    unknown_never_reassures,
    duplicates_change_nothing,
    order_changes_nothing,
    waiting_never_reassures,
    facts_without_a_rule_change_nothing,
    asking_twice_changes_nothing,
)


def broken(patient: FactSet, answers: Answers) -> list[str]:
    """The invariants that this answer breaks."""
    return [each.__name__ for each in INVARIANTS if not each(patient, answers)]


def broken_relations(patient: FactSet, answers: Answers, ask: Ask, rng: Random) -> list[str]:
    """The relations between this answer and those to changed fact sets that `ask` breaks."""
    return [each.__name__ for each in RELATIONS if not each(patient, answers, ask, rng)]
