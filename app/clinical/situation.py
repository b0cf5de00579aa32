"""A patient as named values: every fact a pathway row may name, from the public facts.

Numbers, dates, units and several examinations end here as finite names. `DOMAINS` lists every name and its values; the
loader refuses a pathway that says otherwise, and `situation` never gives a value outside it.
"""

from collections.abc import Mapping
from decimal import Decimal

from app.clinical.d_dimer import cut_off, ddimer_result, sample_time
from app.clinical.examinations import PROXIMAL, Episode, count, is_usable, timed_status
from app.clinical.pretest import pretest
from app.clinical.treated_veins import PARAMETERS as STENT_PARAMETERS
from app.clinical.treated_veins import VISITS, treated_veins
from app.clinical.vocabulary import (
    ALTERNATIVE,
    ANTICOAG,
    ANTICOAG_INDICATION,
    ASSAY,
    BLEEDING,
    CFV,
    DIALYSIS,
    FUNCTIONAL_STATUS,
    ILIAC,
    LOCATION,
    MRI,
    PROTOCOL,
    REACTION,
    RESULT,
    SETTING,
    SEVERITY,
    SIDE,
    STATUS,
    SUSPICION,
    VENOGRAPHY_ORDER,
    Answer,
    Exam,
    Facts,
    SuperficialThrombosis,
)
from app.pathway.decide import Situation

YES_NO = ("yes", "no")
YES_NO_UNKNOWN = ("yes", "no", "unknown")
RECENT = ("recent", "past", "unknown")
WITHIN = ("within", "past", "unknown")

DOMAINS: Mapping[str, tuple[str, ...]] = {
    "age_group": ("child", "adult", "unknown"),
    "pregnant": YES_NO_UNKNOWN,
    "maybe_pregnant": YES_NO,
    "postpartum": RECENT,
    "setting": (*SETTING, "unknown"),
    "stay": ("short", "long", "unknown"),
    "suspicion": (*SUSPICION, "unknown"),
    "active_cancer": YES_NO_UNKNOWN,
    "surgery": RECENT,
    "discharge": RECENT,
    "trauma": RECENT,
    "immobilised": YES_NO_UNKNOWN,
    "prior_dvt": YES_NO_UNKNOWN,
    "anticoag": (*ANTICOAG, "unknown"),
    "anticoag_indication": (*ANTICOAG_INDICATION, "unknown"),
    "bleeding": (*BLEEDING, "unknown"),
    "latest_age": ("none", "current", "stale", "old"),
    "result_gate": ("usable", "earlier_usable", "none_usable", "no_study"),
    "positive_study": YES_NO,
    "undated_study": YES_NO,
    "future_study": YES_NO,
    "result": (*RESULT, "unknown"),
    "location": (*LOCATION, "unknown"),
    "protocol": (*PROTOCOL, "unknown"),
    "limited": YES_NO,
    "compromised": YES_NO,
    "satisfactory": YES_NO,
    "proximal_unseen": YES_NO,
    "unseen_named": YES_NO,
    "cfv": (*CFV, "unknown"),
    "iliac": (*ILIAC, "unknown"),
    "side": ("matched", "partly_scanned", "not_scanned", "unknown"),
    "negatives": ("none", "one", "two"),
    "satisfactory_studies": ("none", "one", "several"),
    "studies": ("none", "one", "several"),
    "repeat_window": ("before", "open", "overdue", "lapsed", "unknown"),
    "first_week": WITHIN,
    "day_3": WITHIN,
    "day_3_study": ("done", "not_done"),
    "venography": ("answers", "open"),
    "ctv_used_up": YES_NO,
    "mrv_used_up": YES_NO,
    "status": (*STATUS, "unknown"),
    "recorded_status": (*STATUS, "unknown"),
    "symptom_side": (*SIDE, "unknown"),
    "whole_leg": YES_NO_UNKNOWN,
    "flank_pain": YES_NO_UNKNOWN,
    "systemic_explanation": YES_NO_UNKNOWN,
    "onset": ("recent", "over_14_days", "over_90_days", "unknown"),
    "red_flag_pe": YES_NO_UNKNOWN,
    "red_flag_limb": YES_NO_UNKNOWN,
    "red_flag_infection": YES_NO_UNKNOWN,
    "wells_class": ("likely", "unlikely", "unknown", "not_applicable"),
    "high_probability": YES_NO,
    "wells_total": ("consistent", "contradictory"),
    "ddimer": ("none", "uninterpretable", "negative", "positive"),
    "ddimer_assay": (*ASSAY, "unknown"),
    "ddimer_sample": ("in_window", "outside", "unknown"),
    **{f"confirmed_{name}": YES_NO for name in ALTERNATIVE},
    "alternative": ("confirmed", "none"),
    "explains": YES_NO_UNKNOWN,
    "svt": ("absent", "near_junction", "unmeasured", "long", "short"),
    "egfr": ("under_30", "from_30_to_44", "at_least_45", "unknown"),
    "aki": YES_NO_UNKNOWN,
    "dialysis": (*DIALYSIS, "unknown"),
    "iodinated_reaction": (*REACTION, "unknown"),
    "gad_reaction": (*REACTION, "unknown"),
    "mri": (*MRI, "unknown"),
    "venography_order": (*VENOGRAPHY_ORDER, "unknown"),
    "positive_location": ("none", *LOCATION, "unknown"),
    "positive_upper_extent": YES_NO_UNKNOWN,
    "positive_cfv": (*CFV, "unknown"),
    "positive_status": (*STATUS, "unknown"),
    "distal_visit": ("first", "second", "unknown"),
    "extent_imaged": YES_NO,
    "stent": YES_NO,
    "intervention": YES_NO,
    "stent_visit": ("none", *VISITS),
    "severity": (*SEVERITY, "unknown"),
    "functional_status": (*FUNCTIONAL_STATUS, "unknown"),
    "intervention_considered": YES_NO_UNKNOWN,
}

PARAMETERS = (
    "adult_age",
    "age_adjust_factor",
    "age_adjust_from",
    "day_3",
    "ddimer_cut_off",
    "ddimer_days_before",
    "discharge_days",
    "egfr_moderate",
    "egfr_severe",
    "first_week_days",
    "high_points",
    "inpatient_hours",
    "lapse_day",
    "likely_points",
    "maybe_pregnant_from",
    "maybe_pregnant_to",
    "onset_acute_days",
    "onset_chronic_days",
    "postpartum_days",
    "repeat_max_day",
    "repeat_min_day",
    "stale_day",
    "stale_max_day",
    "surgery_days",
    "svt_junction_mm",
    "svt_length_mm",
    "trauma_days",
)
"""The numbers that every pathway has to declare or use: the code reads them for every patient."""

PARAMETERS_OF: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("stent", "intervention", "stent_visit"), STENT_PARAMETERS),
    "distal_visit": ("distal_first_day",),
}
"""The numbers a pathway has to declare when its rows name this fact."""

DATES = ("anchor", "latest", "as_of", "repeat_us_date", "venography_date", "positive", "stent")


def situation(episode: Episode) -> Situation:
    """The named facts and dates of a patient on a day."""
    facts, parameters = episode.facts, episode.days
    names = {
        **_patient(facts, parameters),
        **_studies(episode),
        **_clock(episode),
        **_symptoms(facts, episode, parameters),
        **_probability(facts, episode, parameters),
        **_alternatives(facts, episode, parameters),
        **_imaging_safety(facts, parameters),
        **_found_thrombosis(episode),
    }
    if treated_veins_are_read(parameters):
        names.update(treated_veins(facts.procedure, episode.today, parameters))
    dates = {
        "anchor": episode.anchor,
        "latest": episode.latest.date if episode.latest else None,
        "as_of": facts.symptoms.as_of,
        "repeat_us_date": facts.orders.repeat_us_date,
        "venography_date": facts.orders.venography_date,
        "positive": episode.positive.date if episode.positive else None,
        "stent": facts.procedure.stent_date,
    }
    return Situation(names, dates, episode.today)


def _patient(facts: Facts, parameters: Mapping[str, int]) -> dict[str, str]:
    risk = facts.risk
    return {
        "age_group": _below(facts.age, parameters["adult_age"], "child", "adult"),
        "pregnant": facts.pregnant,
        "maybe_pregnant": _yes(is_maybe_pregnant(facts, parameters)),
        "postpartum": _up_to(facts.postpartum_days, parameters["postpartum_days"]),
        "setting": facts.setting,
        "stay": "unknown"
        if facts.inpatient_hours is None
        else ("short" if facts.inpatient_hours <= parameters["inpatient_hours"] else "long"),
        "suspicion": facts.suspicion,
        "active_cancer": risk.active_cancer,
        "surgery": _up_to(risk.surgery_days, parameters["surgery_days"]),
        "discharge": _up_to(risk.discharge_days, parameters["discharge_days"]),
        "trauma": _up_to(risk.trauma_days, parameters["trauma_days"]),
        "immobilised": risk.immobilised,
        "prior_dvt": risk.prior_dvt,
        "anticoag": facts.anticoag,
        "anticoag_indication": facts.anticoag_indication,
        "bleeding": risk.bleeding,
        "venography_order": facts.orders.venography,
    }


def is_maybe_pregnant(facts: Facts, parameters: Mapping[str, int]) -> bool:
    """Pregnancy is not stated and cannot be ruled out: sex not male, age 12-55, or either unknown (2.4) [C]."""
    if facts.pregnant is not Answer.UNKNOWN or facts.sex == "male":
        return False
    youngest, oldest = parameters["maybe_pregnant_from"], parameters["maybe_pregnant_to"]
    return facts.age is None or youngest <= facts.age <= oldest


def _studies(episode: Episode) -> dict[str, str]:
    latest, positive = episode.latest, episode.positive
    return {
        "latest_age": episode.age_of_last,
        "result_gate": episode.result_gate,
        "positive_study": _yes(positive is not None),
        "undated_study": _yes(any(exam is not None and exam.date is None for exam in (latest, positive))),
        "future_study": _yes(episode.has_future_study),
        "result": latest.result if latest else "unknown",
        "location": latest.location if latest else "unknown",
        "protocol": latest.protocol if latest else "unknown",
        "limited": _yes(episode.limited),
        "compromised": _yes(episode.compromised),
        "satisfactory": _yes(latest is not None and not episode.limited and not episode.compromised),
        "proximal_unseen": _yes(latest is not None and not latest.unseen.isdisjoint(PROXIMAL)),
        "unseen_named": _yes(latest is not None and bool(latest.unseen)),
        "cfv": latest.cfv if latest else "unknown",
        "iliac": latest.iliac if latest else "unknown",
        "side": episode.side,
        "negatives": episode.negatives,
        "satisfactory_studies": count(episode.satisfactory_members),
        "studies": count(episode.members),
        "venography": "answers" if episode.venography_answers else "open",
        "ctv_used_up": _yes(episode.used_up("CTV")),
        "mrv_used_up": _yes(episode.used_up("MRV")),
    }


def _clock(episode: Episode) -> dict[str, str]:
    """Where today stands: days since the anchor, its day = 0 (section 1, day n)."""
    days = episode.days
    day = (episode.today - episode.anchor).days if episode.anchor else None
    latest = episode.latest.date if episode.latest else None
    day_3_done = latest is not None and episode.anchor is not None and (latest - episode.anchor).days >= days["day_3"]
    return {
        "repeat_window": _repeat_window(day, days),
        "first_week": _within(day, days["first_week_days"]),
        "day_3": _within(day, days["day_3"]),
        "day_3_study": "done" if day_3_done else "not_done",
    }


def _repeat_window(day: int | None, days: Mapping[str, int]) -> str:
    if day is None:
        return "unknown"
    if day > days["lapse_day"]:
        return "lapsed"
    if day > days["repeat_max_day"]:
        return "overdue"
    return "before" if day < days["repeat_min_day"] else "open"


def _symptoms(facts: Facts, episode: Episode, parameters: Mapping[str, int]) -> dict[str, str]:
    symptoms, flags = facts.symptoms, facts.red_flags
    whole_leg = Answer.YES if facts.wells.items.get("entire_leg_swollen") is Answer.YES else symptoms.whole_leg
    return {
        "status": episode.status,
        "recorded_status": symptoms.status,
        "symptom_side": symptoms.side,
        "whole_leg": whole_leg,
        "flank_pain": symptoms.flank_pain,
        "systemic_explanation": symptoms.systemic_explanation,
        "onset": _onset(symptoms.onset_days, parameters),
        "red_flag_pe": flags.pe,
        "red_flag_limb": flags.limb,
        "red_flag_infection": flags.infection,
    }


def _onset(days: int | None, parameters: Mapping[str, int]) -> str:
    if days is None:
        return "unknown"
    if days > parameters["onset_chronic_days"]:
        return "over_90_days"
    return "over_14_days" if days > parameters["onset_acute_days"] else "recent"


def _probability(facts: Facts, episode: Episode, parameters: Mapping[str, int]) -> dict[str, str]:
    found = pretest(facts, parameters)
    limit = cut_off(facts.age, found.wells_class, parameters)
    sample = sample_time(facts.ddimer, episode.anchor, episode.today, parameters["ddimer_days_before"])
    return {
        "wells_class": found.wells_class,
        "high_probability": _yes(found.high),
        "wells_total": "contradictory" if found.contradictory else "consistent",
        "ddimer": ddimer_result(facts.ddimer, limit),
        "ddimer_assay": facts.ddimer.assay if facts.ddimer else "unknown",
        "ddimer_sample": sample,
    }


def _alternatives(facts: Facts, episode: Episode, parameters: Mapping[str, int]) -> dict[str, str]:
    confirmed = facts.alt.confirmed
    svt_reported = any(exam.result == "svt_only" and is_usable(exam) for exam in episode.members)
    return {
        **{f"confirmed_{name}": _yes(name in confirmed) for name in ALTERNATIVE},
        "alternative": "confirmed" if confirmed else "none",
        "explains": facts.alt.explains,
        "svt": superficial_thrombosis(facts.alt.svt, parameters, reported=svt_reported),
    }


def superficial_thrombosis(svt: SuperficialThrombosis | None, parameters: Mapping[str, int], *, reported: bool) -> str:
    """`absent`, or its class by distance to the junction and length (section 10); a missing measure is `unmeasured`.

    `parameters`: `svt_junction_mm` (30), `svt_length_mm` (50).
    """
    if svt is None:
        return "unmeasured" if reported else "absent"
    if svt.sfj_cm is not None and svt.sfj_cm * 10 <= parameters["svt_junction_mm"]:
        return "near_junction"
    if svt.sfj_cm is None or svt.length_cm is None:
        return "unmeasured"
    return "long" if svt.length_cm * 10 >= parameters["svt_length_mm"] else "short"


def _found_thrombosis(episode: Episode) -> dict[str, str]:
    """The positive study (section 11), and what decides on an intervention."""
    facts, positive = episode.facts, episode.positive
    return {
        "positive_location": positive_location(positive),
        "positive_upper_extent": positive.upper_extent_seen if positive else Answer.UNKNOWN,
        "positive_cfv": positive.cfv if positive else "unknown",
        "positive_status": timed_status(facts, positive, episode.today),
        "distal_visit": _distal_visit(episode),
        "extent_imaged": _yes(episode.extent_imaged),
        "severity": facts.symptoms.severity,
        "functional_status": facts.risk.functional_status,
        "intervention_considered": facts.intervention_considered,
    }


def positive_location(positive: Exam | None) -> str:
    """Where the thrombus is. Seen on dedicated iliac imaging it is iliofemoral unless stated as iliocaval (2.1) [C]."""
    if positive is None:
        return "none"
    return "iliofemoral" if positive.iliac == "positive" and positive.location != "iliocaval" else positive.location


def _distal_visit(episode: Episode) -> str:
    if episode.positive is None or episode.positive.date is None or "distal_first_day" not in episode.days:
        return "unknown"
    return "first" if (episode.today - episode.positive.date).days <= episode.days["distal_first_day"] else "second"


def treated_veins_are_read(parameters: Mapping[str, int]) -> bool:
    """Only a pathway that has the visits after a stent can speak of treated veins."""
    return all(name in parameters for name in STENT_PARAMETERS)


def _imaging_safety(facts: Facts, parameters: Mapping[str, int]) -> dict[str, str]:
    return {
        "egfr": egfr_band(facts.egfr, parameters),
        "aki": facts.aki,
        "dialysis": facts.dialysis,
        "iodinated_reaction": facts.iodinated_reaction,
        "gad_reaction": facts.gad_reaction,
        "mri": facts.mri,
    }


def egfr_band(egfr: Decimal | None, parameters: Mapping[str, int]) -> str:
    """The eGFR (mL/min/1.73 m2) as the contrast rules see it: below 30, 30-44, 45 or more (`davenport2020`)."""
    if egfr is None:
        return "unknown"
    if egfr < parameters["egfr_severe"]:
        return "under_30"
    return "from_30_to_44" if egfr < parameters["egfr_moderate"] else "at_least_45"


def _yes(condition: bool) -> str:  # noqa: FBT001 -- turns a condition into its name
    return "yes" if condition else "no"


def _below(number: int | None, limit: int, below: str, otherwise: str) -> str:
    return "unknown" if number is None else below if number < limit else otherwise


def _up_to(days: int | None, limit: int) -> str:
    return "unknown" if days is None else "recent" if days <= limit else "past"


def _within(day: int | None, limit: int) -> str:
    return "unknown" if day is None else "within" if day <= limit else "past"
