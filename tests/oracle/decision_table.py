"""A second, independent reading of the decision table: plain functions in the table's order, each naming its section.

It exists to disagree with `app`. So it imports nothing from there, knows no pathway file, no stages and no situation
names; it was written from decision_table.md, critique.md, facts_schema.yaml and the golden patients alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import takewhile
from typing import Literal

from tests.oracle.raw_facts import COUNTING, PROVISIONAL, UNKNOWN, WELLS_POINTS, WITHDRAWN, RawFacts, Study, read

Indicator = Literal["info", "warning", "critical"]
INDICATORS: Sequence[Indicator] = ("info", "warning", "critical")
URGENCY = ("now", "overdue", "due", "window", "lapsed", "unknown", "none")
LEGS = {"left": {"left"}, "right": {"right"}, "bilateral": {"left", "right"}}
COMPLETE = frozenset({"complete_duplex", "complete_compression"})
PROXIMAL_ONLY = frozenset({"extended_compression", "proximal_duplex"})
CALF = frozenset({"peroneal", "posterior_tibial"})
ABOVE_CALF = frozenset({"cfv", "femoral", "popliteal"})
ABNORMAL_FLOW = frozenset({"monophasic", "continuous", "asymmetric", "absent"})
REASSURING = frozenset({"negative", "svt_only", "chronic_change"})
SYMPTOMATIC = frozenset({"persistent", "worsening", "new"})
WORSE = frozenset({"worsening", "new"})
WELL = frozenset({"resolved", "improving"})
IMAGING = frozenset({"REPEAT-CDUS", "VENOGRAPHY", "SCAN-SYMPTOMATIC-LEG"})
STENT_VISITS = ((14, 1, 28), (90, 60, 120), (180, 150, 240), (365, 300, 455))
DDIMER_FACTORS = {"ng/mL": 1, "ug/L": 1, "mg/L": 1000, "ug/mL": 1000}


@dataclass(frozen=True, slots=True)
class Timing:
    kind: str
    earliest: date | None = None
    latest: date | None = None


NONE = Timing("none")
NO_ANCHOR = Timing("unknown")
LAPSED = Timing("lapsed")


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One action of the table; `rules` in the order of the table, `None` where an attribute does not apply."""

    id: str
    indicator: Indicator
    rules: tuple[str, ...]
    timing: Timing = NONE
    modality: str | None = None
    bleeding: str | None = None
    already_ordered: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """Section 12, with its defaults."""

    persistent_policy: str = "staged"
    limited_us_policy: str = "sru_strict"
    default_venography: str = "CTV"
    dvt_imaging: str = "on"
    repeat_min_day: int = 5
    repeat_max_day: int = 7
    lapse_day: int = 14
    stale_day: int = 30
    stale_max_day: int = 90


# ------------------------------------------------------------------------------------------ timings, section 3.6


def on_day(anchor: date, days: int) -> date:
    return anchor + timedelta(days=days)


def now(today: date) -> Timing:
    return Timing("now", today, on_day(today, 1))


def within_days(today: date, days: int) -> Timing:
    return Timing("window", today, on_day(today, days))


def window(anchor: date | None, today: date, first: int, last: int) -> Timing:
    if anchor is None:
        return NO_ANCHOR
    if today < on_day(anchor, first):
        return Timing("window", on_day(anchor, first), on_day(anchor, last))
    if today <= on_day(anchor, last):
        return Timing("due", today, on_day(anchor, last))
    return Timing("overdue", today, on_day(today, 1))


def target(day: date, today: date, late: int) -> Timing:
    if today < day:
        return Timing("window", day, day)
    return Timing("due", day, day) if today == day else Timing("overdue", today, on_day(today, late))


def urgency(timing: Timing) -> tuple[int, date]:
    return URGENCY.index(timing.kind), timing.latest or date.max


# ------------------------------------------------------------------------------------------ what has been emitted


@dataclass(slots=True)
class Advice:
    """What has been emitted so far; several rules with one action merge (section 4, above the rules)."""

    today: date
    given: dict[str, Recommendation] = field(default_factory=dict)
    fired: set[str] = field(default_factory=set)

    def emit(self, rule: str, action: str, indicator: Indicator, timing: Timing = NONE) -> None:
        self.fired.add(rule)
        before = self.given.get(action)
        if before is None:
            self.given[action] = Recommendation(action, indicator, (rule,), timing)
            return
        self.given[action] = replace(
            before,
            indicator=max(before.indicator, indicator, key=INDICATORS.index),
            rules=(*before.rules, rule) if rule not in before.rules else before.rules,
            timing=min(before.timing, timing, key=urgency),  # min keeps the first of equals: the rule that stands first
        )

    def ask_for(self, fact: str) -> None:
        self.emit(f"DATA-{fact}", f"DATA-{fact}", "info")

    def change(self, action: str, **attributes: object) -> None:
        self.given[action] = replace(self.given[action], **attributes)  # type: ignore[arg-type]  # names are ours

    def has(self, *actions: str) -> bool:
        return any(action in self.given for action in actions)

    def any_fired(self, *rules: str) -> bool:
        return any(rule in self.fired for rule in rules)

    def imaging(self) -> bool:
        return not IMAGING.isdisjoint(self.given)

    def iliocaval(self) -> bool:
        return any(rule.startswith("IC-") for rule in self.fired)


# ------------------------------------------------------------------------------------------ one study, sections 1, 2.1


def result_of(study: Study) -> str:
    """The result that counts: a provisional report counts for nothing but an acute DVT."""
    return UNKNOWN if study.report_status in PROVISIONAL and study.result != "acute_dvt" else study.result


def is_positive(study: Study) -> bool:
    return result_of(study) == "acute_dvt" or study.iliac == "positive"


def location_of(study: Study) -> str:
    if study.iliac != "positive" or study.location == "iliocaval":
        return study.location
    return "iliofemoral"


def is_limited(study: Study) -> bool:
    return study.protocol not in COMPLETE or not CALF.isdisjoint(study.unseen)


def is_compromised(study: Study) -> bool:
    return (
        result_of(study) in {UNKNOWN, "equivocal", "nondiagnostic"}
        or is_positive(study)
        or study.quality == "compromised"
        or not ABOVE_CALF.isdisjoint(study.unseen)
    )


def is_satisfactory(study: Study) -> bool:
    return not is_limited(study) and not is_compromised(study)


def misses_a_leg(scanned: str, symptomatic: str) -> bool:
    """Both sides known, and a symptomatic leg was not scanned."""
    return UNKNOWN not in {scanned, symptomatic} and not LEGS[symptomatic] <= LEGS[scanned]


def is_within(earlier: Study, later: Study, days: int) -> bool:
    """`earlier` is not more than `days` before `later`; a missing date on either side counts as inside."""
    return earlier.day is None or later.day is None or (later.day - earlier.day).days <= days


def by_date(studies: Sequence[Study]) -> list[Study]:
    """Undated last, equal dates in the given order."""
    return sorted(studies, key=lambda study: study.day or date.max)


def timed_status(facts: RawFacts, study_day: date | None, today: date) -> str:
    """2.2: recorded after the day of the study and not after today, else unknown."""
    if study_day is None or facts.as_of is None or not study_day < facts.as_of <= today:
        return UNKNOWN
    return facts.status


# ------------------------------------------------------------------------------------------ the patient, section 3


@dataclass(frozen=True, slots=True)
class Wells:
    lower: int | None
    upper: int | None
    contradicted: bool = False


def wells(facts: RawFacts) -> Wells:
    """3.1 and 2.3: bounds from the items; an entered total as is, unless items or the scale contradict it."""
    known = facts.wells_items
    given = sum(points for name, points in WELLS_POINTS.items() if known.get(name, False))
    open_points = [points for name, points in WELLS_POINTS.items() if name not in known]
    lower = given + sum(points for points in open_points if points < 0)
    upper = given + sum(points for points in open_points if points > 0)
    if facts.wells_score is None:
        return Wells(lower, upper) if known else Wells(None, None)
    if lower <= facts.wells_score <= upper:
        return Wells(int(facts.wells_score), int(facts.wells_score))
    return Wells(None, None, contradicted=True)


def probability(facts: RawFacts, score: Wells) -> tuple[str, bool]:
    """3.1: the class, and whether it is also high on the three-level scale."""
    if facts.suspicion == "high":
        return "likely", True
    if facts.pregnant is True:
        return "na", False
    if score.lower is not None and score.lower >= 2:
        return "likely", score.lower >= 3
    if score.upper is not None and score.upper <= 1:
        return "unlikely", False
    return UNKNOWN, False


def at_most(value: float | None, limit: float) -> bool:
    return value is not None and value <= limit


def more_than(value: float | None, limit: float) -> bool:
    return value is not None and value > limit


def maybe_pregnant(facts: RawFacts) -> bool:
    """2.4: not stated, sex not male, age 12-55 or unknown."""
    return facts.pregnant is None and facts.sex != "male" and (facts.age is None or 12 <= facts.age <= 55)


def is_post_partum(facts: RawFacts) -> bool:
    return at_most(facts.postpartum_days, 42)


def is_high_risk(facts: RawFacts, *, high: bool) -> bool:
    """3.2."""
    return (
        facts.active_cancer is True
        or at_most(facts.surgery_days, 84)
        or at_most(facts.discharge_days, 90)
        or facts.setting == "inpatient"
        or facts.immobilised is True
        or at_most(facts.trauma_days, 84)
        or is_post_partum(facts)
        or high
    )


def ddimer_is_negative(facts: RawFacts, probability_class: str) -> bool:
    """3.3: strictly below the cut-off."""
    return ddimer_is_below(facts, probability_class) is True


def ddimer_is_below(facts: RawFacts, probability_class: str) -> bool | None:
    """3.3 in ng/mL FEU, `None` when it cannot be told; fractions, because 0.57 mg/L is 570 ng/mL exactly.

    A bound tells when everything on its side is on the same side of the cut-off (threat model H10).
    """
    if facts.ddimer_value is None or UNKNOWN in (facts.ddimer_unit, facts.ddimer_comparator):
        return None
    unit, kind = facts.ddimer_unit.split()
    value = Fraction(repr(facts.ddimer_value)) * DDIMER_FACTORS[unit] * (2 if kind == "DDU" else 1)
    adjusted = facts.age is not None and facts.age >= 50 and probability_class == "unlikely"
    limit = Fraction(facts.age or 0) * 10 if adjusted else Fraction(500)
    lowest_is = {"=": value, "<": None, "<=": None, ">=": value, ">": value}[facts.ddimer_comparator]
    highest_is = {"=": value, "<": value, "<=": value, ">=": None, ">": None}[facts.ddimer_comparator]
    if lowest_is is not None and lowest_is >= limit:
        return False
    if highest_is is not None and (highest_is < limit or (highest_is == limit and facts.ddimer_comparator == "<")):
        return True
    return None


def setting_allows_exclusion(facts: RawFacts) -> bool:
    return facts.setting in {"ed", "outpatient"} or (
        facts.setting == "inpatient" and at_most(facts.inpatient_hours, 48)
    )


def ddimer_can_exclude(facts: RawFacts, anchor: date | None, today: date) -> bool:
    """3.3: usable for exclusion, the value aside. Unknown never excludes."""
    return (
        facts.ddimer_assay == "high_sensitivity"
        and facts.ddimer_collected is not None
        and anchor is not None
        and on_day(anchor, -2) <= facts.ddimer_collected <= today
        and facts.pregnant is not True
        and not maybe_pregnant(facts)
        and facts.active_cancer is False
        and facts.anticoag in {"none", "prophylactic"}
        and setting_allows_exclusion(facts)
    )


# ------------------------------------------------------------------------------------------ CTV or MRV, section 7


def modality(facts: RawFacts, settings: Settings, used_up: frozenset[str]) -> str:
    """The first row that matches; rows 0 only with something used up (PB-EXTENT-IMAGING hands in nothing)."""
    chosen = _row(facts, settings, used_up)
    renal = (
        facts.aki is True or (facts.egfr is not None and facts.egfr < 30) or facts.dialysis in {"residual", "anuric"}
    )
    no_gadolinium = renal or facts.gad_reaction == "severe" or facts.pregnant is True
    return "MRV_NONCONTRAST" if chosen == "MRV" and no_gadolinium else chosen


def _row(facts: RawFacts, settings: Settings, used_up: frozenset[str]) -> str:  # noqa: PLR0911 -- one return a row
    no_mri = facts.mri == "contraindicated"
    low_egfr = facts.egfr is not None and facts.egfr < 30
    renal = (facts.aki is True or low_egfr or facts.dialysis == "residual") and facts.dialysis != "anuric"
    severe = facts.iodinated_reaction == "severe"
    if used_up >= {"CTV", "MRV"}:  # 0a
        return "DISCUSS"
    if "CTV" in used_up:  # 0b
        return "DISCUSS" if no_mri else "MRV"
    if "MRV" in used_up:  # 0c
        if facts.pregnant is True or severe:
            return "DISCUSS"
        return "CTV_WITH_PROPHYLAXIS" if renal else "CTV"
    if facts.pregnant is True:  # 1, 2
        return "DISCUSS" if no_mri else "MRV"
    if severe:  # 3, 4
        return "DISCUSS" if no_mri else "MRV"
    if renal:  # 5, 6
        return "CTV_WITH_PROPHYLAXIS" if no_mri else "MRV_NONCONTRAST"
    if facts.mri in {"contraindicated", "conditional"}:  # 7
        return "CTV"
    if facts.iodinated_reaction == "moderate":  # 8
        return "MRV"
    return "CTV" if facts.dialysis == "anuric" else settings.default_venography  # 9


def ask_before_venography(facts: RawFacts, chosen: str, advice: Advice) -> None:
    """Row DATA-*: RENAL, MRI and PREG beside a named modality."""
    if chosen.startswith("CTV") and facts.egfr is None:
        advice.ask_for("RENAL")
    if chosen.startswith("MRV") and facts.mri == UNKNOWN:
        advice.ask_for("MRI")
    if maybe_pregnant(facts):
        advice.ask_for("PREG")


# ------------------------------------------------------------------------------------------ pathway B, section 11


@dataclass(frozen=True, slots=True)
class Studies:
    """All that counts (section 2.1): not withdrawn, not in the future; ultrasounds by date."""

    scans: tuple[Study, ...]
    venographies: tuple[Study, ...]
    future: bool

    def of_the_episode(self, settings: Settings) -> list[Study]:
        """Venography not more than 30 days before the last ultrasound; later is fine, so is a missing date."""
        if not self.scans:
            return list(self.venographies)
        return [each for each in self.venographies if is_within(each, self.scans[-1], settings.stale_day)]


def counting_studies(facts: RawFacts, today: date) -> Studies:
    recorded = [study for study in facts.studies if study.report_status not in WITHDRAWN]
    past = [study for study in recorded if study.day is None or study.day <= today]
    return Studies(
        scans=tuple(by_date([study for study in past if study.modality == "US"])),
        venographies=tuple(by_date([study for study in past if study.modality != "US"])),
        future=len(past) < len(recorded),
    )


def positive_study(studies: Studies, settings: Settings) -> Study | None:
    """G-POS and section 11: the latest positive one; on equal dates a venography is later than an ultrasound."""
    scans = [each for each in studies.scans if is_within(each, studies.scans[-1], settings.stale_day)]
    positive = [each for each in (*scans, *studies.of_the_episode(settings)) if is_positive(each)]
    return by_date(positive)[-1] if positive else None


def past_day(day: date | None, today: date) -> date | None:
    """2.4: a date after today is ignored."""
    return day if day is not None and day <= today else None


def stent_surveillance(stent: date, done: Sequence[date], today: date) -> Timing | None:
    """PB-STENT: the first visit neither expired nor done."""
    for day, first, last in STENT_VISITS:
        inside = [each for each in done if on_day(stent, first) <= each <= on_day(stent, last)]
        if today <= on_day(stent, last) and not inside:
            return target(on_day(stent, day), today, 7)
    return None


def pathway_b(facts: RawFacts, settings: Settings, studies: Studies, found: Study | None, advice: Advice) -> None:
    """Section 11; `found` is the positive study."""
    if settings.dvt_imaging == "off":
        return
    stent = past_day(facts.stent_date, advice.today)
    intervention = past_day(facts.intervention_date, advice.today)
    done = [each for each in facts.surveillance_done if each <= advice.today]
    visit = stent_surveillance(stent, done, advice.today) if stent else None
    if visit:
        advice.emit("PB-STENT", "PB-STENT-SURVEILLANCE", "info", visit)
    if (stent or intervention) and facts.status in WORSE:
        advice.emit("PB-URGENT", "PB-POSTPROC-URGENT", "warning", now(advice.today))
    elif intervention and not stent:
        advice.emit("PB-POSTPROC", "PB-POSTPROC", "info")
    if found:
        pathway_b_positive(facts, settings, studies, found, advice)
        if location_of(found) in {"proximal", "iliofemoral", "iliocaval"} and not stent and not intervention:
            pathway_b_no_routine(facts, found, advice)


def pathway_b_positive(facts: RawFacts, settings: Settings, studies: Studies, found: Study, advice: Advice) -> None:
    location = location_of(found)
    high_up = location in {"iliofemoral", "iliocaval"}
    if location == "distal" and facts.anticoag != "therapeutic":
        advice.emit("PB-DISTAL", "PB-DISTAL-SERIAL", "info", distal_timing(found.day, advice.today))
        if facts.anticoag == UNKNOWN:
            advice.ask_for("ANTICOAG")
    if high_up and refer(facts):
        advice.emit("PB-REFER", "PB-REFER-INTERVENTION", "info")
    planned = advice.any_fired("PB-REFER") or facts.intervention_considered is True
    asks_extent = (high_up and planned and found.upper_extent_seen is not True) or (
        location == "proximal" and (found.upper_extent_seen is False or found.cfv in ABNORMAL_FLOW)
    )
    if asks_extent and not any(shows_extent(each) for each in studies.of_the_episode(settings)):
        advice.emit("PB-EXTENT", "PB-EXTENT-IMAGING", "info")
        chosen = modality(facts, settings, frozenset())
        advice.change("PB-EXTENT-IMAGING", modality=chosen)
        ask_before_venography(facts, chosen, advice)


def distal_timing(day: date | None, today: date) -> Timing:
    if day is None:
        return NO_ANCHOR
    return target(on_day(day, 7 if today <= on_day(day, 7) else 14), today, 1)


def refer(facts: RawFacts) -> bool:
    return (
        at_most(facts.onset_days, 14)
        and facts.severity in {"moderate", "severe"}
        and facts.bleeding == "low"
        and facts.functional_status != "poor"
    )


def shows_extent(study: Study) -> bool:
    """A venography that is positive, or final negative and not compromised."""
    return is_positive(study) or (
        study.report_status in COUNTING and study.result == "negative" and study.quality != "compromised"
    )


def pathway_b_no_routine(facts: RawFacts, found: Study, advice: Advice) -> None:
    if facts.anticoag == "therapeutic" and timed_status(facts, found.day, advice.today) in WELL:
        advice.emit("PB-NOROUTINE", "PB-NO-ROUTINE-IMAGING", "info")


# ------------------------------------------------------------------------------------------ the case, sections 1 and 3


@dataclass(frozen=True, slots=True)
class Case:
    """Everything about L and the patient that the rules below G-RESULT ask for."""

    facts: RawFacts
    settings: Settings
    today: date
    latest: Study
    replaced: bool
    episode: tuple[Study, ...]
    venographies: tuple[Study, ...]
    status: str
    limited: bool
    compromised: bool
    anchor: date | None
    contradicted: bool
    probability_class: str
    high: bool

    @property
    def satisfactory(self) -> bool:
        return not self.limited and not self.compromised

    @property
    def satisfactory_studies(self) -> list[Study]:
        return [study for study in self.episode if is_satisfactory(study)]

    @property
    def day(self) -> int | None:
        return None if self.anchor is None else (self.today - self.anchor).days

    @property
    def n_neg(self) -> int:
        found = self.satisfactory_studies
        if not found:
            return 0
        first, last = found[0].day, found[-1].day
        apart = first is not None and last is not None and (last - first).days >= self.settings.repeat_min_day
        return 2 if apart else 1

    @property
    def symptomatic(self) -> bool:
        return self.status in SYMPTOMATIC

    @property
    def worse(self) -> bool:
        return self.status in WORSE

    @property
    def well(self) -> bool:
        return self.status in WELL

    @property
    def likely(self) -> bool:
        return self.probability_class == "likely"

    @property
    def cancer(self) -> bool:
        return self.facts.active_cancer is True

    @property
    def pregnant(self) -> bool:
        return self.facts.pregnant is True

    @property
    def therapeutic(self) -> bool:
        return self.facts.anticoag == "therapeutic"

    @property
    def bilateral(self) -> bool:
        return self.facts.symptom_side == "bilateral"

    @property
    def side_matched(self) -> bool:
        """3.7."""
        if self.latest.side == "bilateral":
            return True
        known = UNKNOWN not in {self.latest.side, self.facts.symptom_side}
        return known and not misses_a_leg(self.latest.side, self.facts.symptom_side)

    @property
    def side_unknown(self) -> bool:
        """3.7: when DATA-SIDE asks."""
        return self.latest.side == UNKNOWN or (self.facts.symptom_side == UNKNOWN and self.latest.side != "bilateral")

    @property
    def blocked(self) -> bool:
        """3.5."""
        overruled = self.cancer or self.facts.prior_dvt is True or self.likely or self.worse
        return self.bilateral and self.facts.systemic_explanation is True and not overruled

    @property
    def explained(self) -> bool:
        """3.5."""
        return (bool(self.facts.confirmed) and self.facts.explains is True) or self.blocked

    @property
    def whole_leg(self) -> bool:
        """2.2: also from the Wells item; only while status is not resolved."""
        said = self.facts.whole_leg is True or self.facts.wells_items.get("entire_leg_swollen", False)
        return said and self.status != "resolved"

    @property
    def superficial_thrombosis(self) -> bool:
        """2.4: SVT present."""
        return self.facts.svt_given or any(result_of(study) == "svt_only" for study in self.episode)

    @property
    def old_and_new_clot(self) -> bool:
        """The condition of RU-RECUR."""
        result = result_of(self.latest)
        doubtful = result == "chronic_change" or (result == "equivocal" and self.facts.prior_dvt is True)
        return doubtful and (self.symptomatic or self.status == UNKNOWN)

    @property
    def prolonged(self) -> bool:
        return more_than(self.facts.onset_days, 14)

    def repeat_window(self) -> Timing:
        return window(self.anchor, self.today, self.settings.repeat_min_day, self.settings.repeat_max_day)

    def repeat_window_or_lapsed(self) -> Timing:
        """3.6: `lapsed` replaces `overdue` when day > 14 and status is well."""
        timing = self.repeat_window()
        late = self.day is not None and self.day > self.settings.lapse_day
        return LAPSED if timing.kind == "overdue" and late and self.well else timing


def episode_of(latest: Study, before: Sequence[Study], facts: RawFacts, settings: Settings) -> tuple[Study, ...]:
    """Section 1: L and the earlier ultrasounds within 30 days, but for those that missed a symptomatic leg."""
    earlier = [
        study
        for study in before
        if is_within(study, latest, settings.stale_day) and not misses_a_leg(study.side, facts.symptom_side)
    ]
    return (*earlier, latest)


def falls_back(episode: Sequence[Study], run: Sequence[Study], status: str) -> bool:
    """A4: only merely limited, final, negative studies since a satisfactory one, and the patient is well.

    An unknown protocol counts as limited (1), but never ends imaging (13.3): the safer of the two.
    """
    return (
        0 < len(run) < len(episode)
        and status in WELL
        and all(
            study.report_status in COUNTING
            and study.result == "negative"
            and is_limited(study)
            and study.protocol != UNKNOWN
            and not is_compromised(study)
            for study in run
        )
    )


def case_of(facts: RawFacts, settings: Settings, studies: Studies, position: int, today: date) -> Case:
    """The case with the ultrasound at `position` (by date) as L."""
    latest = studies.scans[position]
    episode = episode_of(latest, studies.scans[:position], facts, settings)
    status = timed_status(facts, latest.day, today)
    run = list(takewhile(lambda study: not is_satisfactory(study), reversed(episode)))
    fallback = falls_back(episode, run, status)
    if fallback:
        anchor = episode[len(episode) - len(run) - 1].day
    else:
        anchor = min((study.day for study in run or [latest] if study.day), default=None)
    score = wells(facts)
    probability_class, high = probability(facts, score)
    return Case(
        facts=facts,
        settings=settings,
        today=today,
        latest=latest,
        replaced=position < len(studies.scans) - 1,
        episode=episode,
        venographies=tuple(studies.of_the_episode(settings)),
        status=status,
        limited=is_limited(latest) and not fallback,
        compromised=is_compromised(latest) and not fallback,
        anchor=anchor,
        contradicted=score.contradicted,
        probability_class=probability_class,
        high=high,
    )


# ------------------------------------------------------------------------------------------ iliocaval rules, section 4


def counted_venographies(case: Case) -> list[Study]:
    """3.8: usable, final, dated on or after the anchor."""
    return [
        study
        for study in case.venographies
        if study.report_status in COUNTING
        and study.result != UNKNOWN
        and study.day is not None
        and case.anchor is not None
        and study.day >= case.anchor
    ]


def answers(study: Study, case: Case) -> bool:
    """3.8."""
    late_enough = not case.worse or (
        study.day is not None and case.facts.as_of is not None and study.day >= case.facts.as_of
    )
    return study.result == "negative" and study.quality != "compromised" and late_enough


def used_up(case: Case) -> frozenset[str]:
    return frozenset(
        study.modality
        for study in counted_venographies(case)
        if study.result in {"nondiagnostic", "equivocal"}
        or (study.result == "negative" and study.quality == "compromised")
    )


def iliocaval_rules(case: Case, advice: Advice) -> None:
    """The rows IC-*, behind their gate."""
    if any(answers(study, case) for study in counted_venographies(case)):
        return
    for rule, indicator, timing in iliocaval_reasons(case, advice):
        advice.emit(rule, "VENOGRAPHY", indicator, now(case.today) if case.worse else timing)
    if advice.has("VENOGRAPHY"):
        advice.change("VENOGRAPHY", modality=modality(case.facts, case.settings, used_up(case)))


def iliocaval_reasons(case: Case, advice: Advice) -> Iterator[tuple[str, Indicator, Timing]]:
    today, facts = case.today, case.facts
    whole_leg = case.whole_leg and not case.blocked
    bilateral = case.bilateral and case.symptomatic and not case.blocked and not advice.has("SCAN-SYMPTOMATIC-LEG")
    chronic = (whole_leg or bilateral) and more_than(facts.onset_days, 90) and not case.worse
    if whole_leg and not chronic:
        yield "IC-WHOLELEG", "warning", now(today)
    if case.latest.cfv in ABNORMAL_FLOW:
        yield "IC-CFV", "warning", within_days(today, 7) if case.status == "resolved" else now(today)
    if case.pregnant and facts.flank_pain is True and case.status != "resolved":
        yield "IC-PREG", "warning", now(today)
    if bilateral and not chronic:
        yield "IC-BILAT", "warning", within_days(today, 3)
    if chronic:
        yield "IC-CHRONIC", "info", NONE
    unproven = case.latest.iliac == "inadequate" or (case.latest.iliac == "adequate_negative" and case.high)
    if case.status != "resolved" and unproven:
        yield "IC-ILIAC", "warning", within_days(today, 7)
    yield from repeat_reasons(case)


def repeat_reasons(case: Case) -> Iterator[tuple[str, Indicator, Timing]]:
    """IC-SECONDNEG, IC-CANCER, IC-NONDIAG."""
    concern = case.likely or case.cancer
    second = case.n_neg == 2 or (concern and len(case.satisfactory_studies) >= 2)
    if case.satisfactory and case.symptomatic and not case.explained and second:
        yield "IC-SECONDNEG", "warning" if concern else "info", within_days(case.today, 7)
    if case.cancer and case.compromised and len(case.episode) >= 2 and (case.symptomatic or case.likely):
        yield "IC-CANCER", "warning", within_days(case.today, 7)
    if case.compromised and case.likely and not ABOVE_CALF.isdisjoint(case.latest.unseen):
        yield "IC-NONDIAG", "warning", now(case.today)


# ------------------------------------------------------------------------------------------ D-dimer, sections 3.3, 3.4


def exclusion_rule(case: Case, advice: Advice) -> str | None:
    """3.4: the rule by which DVT is excluded, `None` where it is not."""
    facts = case.facts
    negative = ddimer_is_negative(facts, case.probability_class)
    barred = (
        not negative
        or not ddimer_can_exclude(facts, case.anchor, case.today)
        or case.worse
        or advice.iliocaval()
        or case.old_and_new_clot
        or result_of(case.latest) == "equivocal"
        or is_post_partum(facts)
        or case.prolonged
        or not case.side_matched
        or case.replaced
    )
    if barred:
        return None
    if case.probability_class == "unlikely":
        return "DD-EXCL"
    proximal_only = case.latest.protocol in PROXIMAL_ONLY and not case.compromised
    return "DD-EXCL2" if case.likely and proximal_only and facts.suspicion != "high" else None


def may_order_ddimer(case: Case, advice: Advice) -> bool:
    """DD-ORDER; unknown facts of the patient allow it."""
    facts = case.facts
    long_stay = facts.setting == "inpatient" and more_than(facts.inpatient_hours, 48)
    useless = case.pregnant or case.cancer or case.therapeutic or long_stay or is_post_partum(facts) or case.prolonged
    early = case.day is not None and case.day <= 7
    if facts.ddimer_given or not early or advice.has("VENOGRAPHY") or useless:
        return False
    unclear = (case.limited or case.compromised) and case.status in {"persistent", UNKNOWN}
    return unclear or (advice.any_fired("RU-SYM-P") and not case.likely)


# ------------------------------------------------------------------------------------------ repeat rules, section 4


def repeat_rules(case: Case, excluded: str | None, advice: Advice) -> None:
    """The rows RU-*, in their order."""
    if case.pregnant and (case.limited or case.compromised):
        advice.emit("RU-PREG", "REPEAT-CDUS", "warning", pregnancy_timing(case))
    elif case.old_and_new_clot:
        advice.emit("RU-RECUR", "REPEAT-CDUS", "warning", window(case.anchor, case.today, 1, 3))
    if not excluded and proximal_unproven(case, advice):
        advice.emit("RU-TECH-PROX", "REPEAT-CDUS", "warning", now(case.today))
    if (case.limited or case.compromised) and not advice.any_fired("RU-PREG", "RU-RECUR", "RU-TECH-PROX"):
        routine_repeat(case, excluded, advice)
    if case.worse:
        advice.emit("RU-SYM-W", "REPEAT-CDUS", "warning", now(case.today))
    if repeats_for_unchanged_symptoms(case, advice):
        advice.emit("RU-SYM-P", "REPEAT-CDUS", "info" if excluded else "warning", unchanged_timing(case, excluded))
    if repeats_for_high_probability(case):
        timing = case.repeat_window_or_lapsed()
        advice.emit("RU-HIGH", "REPEAT-CDUS", "info" if timing is LAPSED else "warning", timing)


def pregnancy_timing(case: Case) -> Timing:
    """RU-PREG: day 3, then day 7 or four days after a day-3 study."""
    anchor, latest = case.anchor, case.latest.day
    if anchor is None:
        return NO_ANCHOR
    if latest is not None and latest >= on_day(anchor, 3):
        return target(max(on_day(anchor, 7), on_day(latest, 4)), case.today, 1)
    if case.today <= on_day(anchor, 3):
        return target(on_day(anchor, 3), case.today, 1)
    return now(case.today)


def proximal_unproven(case: Case, advice: Advice) -> bool:
    """RU-TECH-PROX (a) and (b)."""
    latest, result = case.latest, result_of(case.latest)
    in_doubt = (
        not ABOVE_CALF.isdisjoint(latest.unseen)
        or (result == "nondiagnostic" and not latest.unseen)
        or (result == "equivocal" and location_of(latest) != "distal" and not advice.any_fired("RU-RECUR"))
    )
    if case.compromised and not advice.any_fired("IC-NONDIAG") and in_doubt:
        return True
    return case.limited and latest.protocol == "pocus" and case.likely


def routine_repeat(case: Case, excluded: str | None, advice: Advice) -> None:
    """RU-TECH, or RU-LIM for a study that is limited and not compromised."""
    if excluded and case.settings.limited_us_policy == "ptp_adapted":
        return
    timing = case.repeat_window_or_lapsed()
    rule = "RU-TECH" if case.compromised else "RU-LIM"
    advice.emit(rule, "REPEAT-CDUS", "info" if excluded or timing is LAPSED else "warning", timing)


def repeats_for_unchanged_symptoms(case: Case, advice: Advice) -> bool:
    """RU-SYM-P, with row (suppress)."""
    early = case.day is not None and case.day <= case.settings.repeat_max_day
    answered_above = advice.any_fired("IC-WHOLELEG", "IC-CFV", "IC-BILAT", "IC-PREG")
    suppressed = case.satisfactory and early and answered_above
    done = (case.satisfactory and case.n_neg == 2) or advice.any_fired("IC-SECONDNEG")
    return case.status == "persistent" and not case.explained and not suppressed and not done


def unchanged_timing(case: Case, excluded: str | None) -> Timing:
    """RU-SYM-P (1) to (3)."""
    count = len(case.satisfactory_studies)
    concern = (
        case.likely or case.settings.persistent_policy == "immediate" or (case.cancer and case.facts.suspicion != "low")
    )
    if not excluded and not (case.satisfactory and count >= 2) and concern:
        return now(case.today)
    if not case.satisfactory and count:
        return Timing("overdue", case.today, on_day(case.today, 1))
    return case.repeat_window()


def repeats_for_high_probability(case: Case) -> bool:
    """RU-HIGH."""
    unasked = case.status == UNKNOWN and case.high and not case.explained
    return case.satisfactory and case.n_neg == 1 and (unasked or (case.well and case.facts.suspicion == "high"))


# ------------------------------------------------------------------------------------------ treatment, section 4


def anticoagulation_rules(case: Case, excluded: str | None, advice: Advice) -> None:
    """The rows AC-*."""
    if case.therapeutic:
        existing_treatment(case, advice)
    elif imaging_pending(advice) and case.likely and not excluded and serial_still_open(case, advice):
        empiric_treatment(case, advice)


def existing_treatment(case: Case, advice: Advice) -> None:
    match case.facts.anticoag_indication:
        case "established":
            advice.emit("AC-ONAC", "AC-CONTINUE", "info")
        case "interim_this_suspicion":
            settled = case.satisfactory and case.side_matched and not case.replaced
            if settled and not advice.imaging() and not case.superficial_thrombosis:
                advice.emit("AC-INTERIM", "AC-INTERIM-REVIEW", "info")
        case _:
            advice.emit("AC-CLARIFY", "AC-CLARIFY", "info")


def imaging_pending(advice: Advice) -> bool:
    repeat = advice.given.get("REPEAT-CDUS")
    return advice.has("VENOGRAPHY") or (repeat is not None and repeat.timing.kind != "lapsed")


def serial_still_open(case: Case, advice: Advice) -> bool:
    return case.n_neg < 2 or advice.any_fired("IC-WHOLELEG", "IC-CFV")


def empiric_treatment(case: Case, advice: Advice) -> None:
    """AC-EMPIRIC, or AC-CONTRA where the patient must not be treated while waiting."""
    bleeding = case.facts.bleeding
    if bleeding in {"low", UNKNOWN} and "hematoma" not in case.facts.confirmed:
        advice.emit("AC-EMPIRIC", "AC-CONSIDER", "info")
        advice.change("AC-CONSIDER", bleeding=bleeding)
        if bleeding == UNKNOWN:
            advice.ask_for("BLEED")
        return
    advice.emit("AC-CONTRA", "AC-CONTRAINDICATED", "warning")
    repeat = advice.given.get("REPEAT-CDUS")
    if repeat is not None and repeat.timing.kind != "lapsed":
        rules = (*repeat.rules, "AC-CONTRA")
        advice.change("REPEAT-CDUS", indicator="warning", timing=now(case.today), rules=rules)


def order_check(case: Case, advice: Advice) -> None:
    """Row (orders): an open order that fits turns its card to info."""
    repeat, venography = advice.given.get("REPEAT-CDUS"), advice.given.get("VENOGRAPHY")
    if (
        repeat is not None
        and repeat.timing.kind in {"window", "due"}
        and fits(case.facts.repeat_us_date, repeat.timing)
    ):
        advice.change("REPEAT-CDUS", indicator="info", already_ordered=True)
    if venography is not None and venography_is_ordered(case, venography.timing):
        advice.change("VENOGRAPHY", indicator="info", already_ordered=True)


def fits(day: date | None, timing: Timing) -> bool:
    return (
        day is not None
        and timing.earliest is not None
        and timing.latest is not None
        and (timing.earliest <= day <= timing.latest)
    )


def venography_is_ordered(case: Case, timing: Timing) -> bool:
    booked = case.facts.venography_date
    if booked is None:
        return case.facts.venography_order == "active"
    return booked >= case.today if timing.kind == "none" else fits(booked, timing)


# ------------------------------------------------------------------------------------------ alternatives, section 10


ALTERNATIVE_CARDS: Sequence[tuple[str, str, Indicator]] = (
    ("bakers_cyst", "ALT-BAKER", "info"),
    ("musculoskeletal", "ALT-MSK", "info"),
    ("cellulitis", "ALT-CELLULITIS", "info"),
    ("chronic_venous_insufficiency", "ALT-CVI", "info"),
    ("lymphedema", "ALT-LYMPH", "info"),
    ("hematoma", "ALT-HEMATOMA", "warning"),
    ("arterial_disease", "ALT-ARTERIAL", "warning"),
)


def alternative_rules(case: Case, advice: Advice) -> None:
    if case.superficial_thrombosis:
        superficial_thrombosis(case.facts, advice)
    for diagnosis, action, indicator in ALTERNATIVE_CARDS:
        if diagnosis in case.facts.confirmed:
            advice.emit(action, action, indicator)
    systemic = case.facts.systemic_explanation
    if case.bilateral and ((systemic is True and case.status != "resolved") or (systemic is None and case.symptomatic)):
        advice.emit("ALT-SYSTEMIC", "ALT-SYSTEMIC", "info")
    if case.symptomatic and not case.explained:
        advice.emit("ALT-EVAL", "ALT-EVAL", "info")


def superficial_thrombosis(facts: RawFacts, advice: Advice) -> None:
    """The first row that matches; the distance alone decides close to the junction."""
    if at_most(facts.svt_sfj_cm, 3):
        advice.emit("ALT-SVT-SFJ", "ALT-SVT-SFJ", "warning", now(advice.today))
    elif facts.svt_sfj_cm is None or facts.svt_length_cm is None:
        advice.emit("ALT-SVT-MEASURE", "ALT-SVT-MEASURE", "warning")
    elif facts.svt_length_cm >= 5:
        advice.emit("ALT-SVT-LONG", "ALT-SVT-LONG", "warning")
    else:
        advice.emit("ALT-SVT-SHORT", "ALT-SVT-SHORT", "info")


# ------------------------------------------------------------------------------------------ closing rules, section 4


def closing_rules(case: Case, advice: Advice) -> None:
    """NFI, SY-UNKNOWN, NEG-REASSURE, HR-FOLLOWUP."""
    if not case.satisfactory or advice.imaging():
        return
    high_risk = is_high_risk(case.facts, high=case.high)
    settled = not case.superficial_thrombosis and not case.replaced and case.side_matched
    if case.well and settled:
        advice.emit("NFI", "NO-FURTHER-IMAGING", "info")
    unlikely = case.probability_class == "unlikely"
    silent = unlikely and not high_risk and case.day is not None and case.day > case.settings.lapse_day
    if (case.status == UNKNOWN or (case.well and not case.side_matched)) and not silent:
        advice.emit("SY-UNKNOWN", "REASSESS-CLINICAL", "info", case.repeat_window())
        if case.status == UNKNOWN and unlikely and settled and not case.therapeutic:
            advice.emit("NEG-REASSURE", "NEG-REASSURE", "info")
    if high_risk and case.day is not None and case.day <= 7:
        advice.emit("HR-FOLLOWUP", "REASSESS-CLINICAL", "info", case.repeat_window())


def missing_facts(case: Case, advice: Advice) -> None:
    """Row DATA-*."""
    facts = case.facts
    if case.latest.protocol == UNKNOWN:
        advice.ask_for("PROTOCOL")
    if case.side_unknown:
        advice.ask_for("SIDE")
    undecided = advice.has("REPEAT-CDUS", "VENOGRAPHY") and case.probability_class == UNKNOWN
    if undecided or case.contradicted:
        advice.ask_for("WELLS")
    if advice.has("VENOGRAPHY"):
        ask_before_venography(facts, advice.given["VENOGRAPHY"].modality or "", advice)
    missing_for_ddimer(case, advice)


def missing_for_ddimer(case: Case, advice: Advice) -> None:
    """2.3 and 3.3."""
    facts = case.facts
    if not facts.ddimer_given:
        return
    untold = ddimer_is_below(facts, case.probability_class) is None
    if untold or facts.ddimer_assay != "high_sensitivity":
        advice.ask_for("DDIMER")
    if not ddimer_is_negative(facts, case.probability_class):
        return
    if facts.anticoag == UNKNOWN:
        advice.ask_for("ANTICOAG")
    if facts.active_cancer is None:
        advice.ask_for("CANCER")
    if facts.setting == UNKNOWN or (facts.setting == "inpatient" and facts.inpatient_hours is None):
        advice.ask_for("SETTING")
    if maybe_pregnant(facts):
        advice.ask_for("PREG")


# ------------------------------------------------------------------------------------------ the order, section 16


STEPS: Sequence[frozenset[str]] = (
    frozenset({"EMERG-PE", "EMERG-LIMB", "EMERG-INFECT"}),
    frozenset({"ROUTE-POSITIVE"}),
    frozenset({"SCAN-SYMPTOMATIC-LEG"}),
    frozenset(),  # step 4 depends on the timing
    frozenset({"ALT-SVT-SFJ", "ALT-SVT-MEASURE", "ALT-SVT-LONG", "ALT-SVT-SHORT"}),
    frozenset({"VENOGRAPHY", "REPEAT-CDUS", "PB-EXTENT-IMAGING", "PB-DISTAL-SERIAL", "PB-STENT-SURVEILLANCE"}),
    frozenset({"AC-CONTRAINDICATED", "AC-CONSIDER", "AC-INTERIM-REVIEW", "AC-CLARIFY", "AC-CONTINUE"}),
    frozenset({"NO-FURTHER-IMAGING", "NEG-REASSURE", "REASSESS-CLINICAL"}),
)
AT_ONCE = frozenset({"VENOGRAPHY", "REPEAT-CDUS", "PB-POSTPROC-URGENT"})


def step(each: Recommendation) -> int:
    """Where it stands: 1 to 9 as numbered there, 10 for the section of missing facts."""
    if each.id in AT_ONCE and each.timing.kind == "now":
        return 4
    if each.id.startswith("DATA-"):
        return 10
    return next((number for number, actions in enumerate(STEPS, 1) if each.id in actions), 9)


def earliest(each: Recommendation) -> date:
    """What "earlier timing" compares: the first day, and no day at all comes last."""
    return each.timing.earliest or date.max


def in_order(given: Iterable[Recommendation]) -> list[Recommendation]:
    """The leading one first; inside a step higher indicator, then earlier timing, then id."""

    def place(each: Recommendation) -> tuple[int, int, date, str]:
        return step(each), -INDICATORS.index(each.indicator), earliest(each), each.id

    return sorted(given, key=place)


# ------------------------------------------------------------------------------------------ the table, section 4


def decide(raw: object, today: date, config: Mapping[str, object]) -> list[Recommendation]:
    """The whole answer for one patient: `raw` is the JSON of `facts`, `config` the settings of section 12."""
    facts, advice = read(raw), Advice(today)
    settings = replace(Settings(), **config)  # type: ignore[arg-type]  # values as section 12 allows them
    _run(facts, settings, advice)
    return in_order(advice.given.values())


def _run(facts: RawFacts, settings: Settings, advice: Advice) -> None:
    if facts.age is not None and facts.age < 18:
        advice.emit("G-AGE", "OUT-OF-SCOPE", "info")
        return
    studies = counting_studies(facts, advice.today)
    found = positive_study(studies, settings)
    if lacks_a_date(studies, found, settings):
        advice.ask_for("DATE")
    red_flags(facts, advice)
    if found:
        route_positive(facts, found, advice)
    if advice.has("EMERG-PE", "EMERG-LIMB", "EMERG-INFECT"):
        return
    pathway_b(facts, settings, studies, found, advice)
    if found or not studies.scans:
        return
    _negative_pathway(facts, settings, studies, advice)


def lacks_a_date(studies: Studies, found: Study | None, settings: Settings) -> bool:
    """2.1: a study dated in the future, or L or the positive study undated; said whatever stops the rules."""
    position = usable_position(studies.scans, settings)
    latest = None if position is None else studies.scans[position]
    return studies.future or any(study is not None and study.day is None for study in (latest, found))


def red_flags(facts: RawFacts, advice: Advice) -> None:
    """RF-PE, RF-LIMB, RF-INFECTION."""
    if facts.red_flag_pe:
        advice.emit("RF-PE", "EMERG-PE", "critical", now(advice.today))
    if facts.red_flag_limb:
        advice.emit("RF-LIMB", "EMERG-LIMB", "critical", now(advice.today))
    if facts.red_flag_infection:
        advice.emit("RF-INFECTION", "EMERG-INFECT", "critical", now(advice.today))


def route_positive(facts: RawFacts, found: Study, advice: Advice) -> None:
    """G-POS; the recorded status, timed or not."""
    treated = facts.anticoag == "therapeutic" and facts.status not in WORSE
    advice.emit("G-POS", "ROUTE-POSITIVE", "info" if treated else "warning", now(advice.today))


def _negative_pathway(facts: RawFacts, settings: Settings, studies: Studies, advice: Advice) -> None:
    last = studies.scans[-1]
    age = 0 if last.day is None else (advice.today - last.day).days
    if age > settings.stale_day:
        stale(facts, settings, last, advice)
        return
    position = usable_position(studies.scans, settings)
    if result_of(last) == UNKNOWN:
        advice.emit("G-RESULT", "DATA-RESULT", "info")
        status_day = last.day if position is None else studies.scans[position].day
        if timed_status(facts, status_day, advice.today) in WORSE:
            advice.emit("G-RESULT", "REPEAT-CDUS", "warning", now(advice.today))
    if position is not None:
        _rules_about_the_leg(case_of(facts, settings, studies, position, advice.today), advice)


def stale(facts: RawFacts, settings: Settings, last: Study, advice: Advice) -> None:
    """RU-STALE."""
    status = timed_status(facts, last.day, advice.today)
    age = 0 if last.day is None else (advice.today - last.day).days
    if age > settings.stale_max_day or status not in SYMPTOMATIC:
        return
    advice.emit("RU-STALE", "REPEAT-CDUS", "warning" if status in WORSE else "info", now(advice.today))
    if probability(facts, wells(facts))[0] == UNKNOWN:
        advice.ask_for("WELLS")


def usable_position(scans: Sequence[Study], settings: Settings) -> int | None:
    """G-RESULT: where L stands, the last usable ultrasound not more than 30 days before the last one."""
    for position in range(len(scans) - 1, -1, -1):
        study = scans[position]
        if result_of(study) != UNKNOWN and is_within(study, scans[-1], settings.stale_day):
            return position
    return None


def _rules_about_the_leg(case: Case, advice: Advice) -> None:
    """Rows G-SIDE to DATA-*."""
    if misses_a_leg(case.latest.side, case.facts.symptom_side):
        advice.emit("G-SIDE", "SCAN-SYMPTOMATIC-LEG", "warning", now(case.today))
        if LEGS[case.facts.symptom_side].isdisjoint(LEGS[case.latest.side]):
            return
    iliocaval_rules(case, advice)
    excluded = exclusion_rule(case, advice)
    repeat_rules(case, excluded, advice)
    if excluded and (case.limited or case.compromised or case.status == "persistent"):
        advice.emit(excluded, "DVT-EXCLUDED-PTP", "info")
    if may_order_ddimer(case, advice):
        advice.emit("DD-ORDER", "DDIMER-ORDER", "info")
    anticoagulation_rules(case, excluded, advice)
    order_check(case, advice)
    alternative_rules(case, advice)
    closing_rules(case, advice)
    missing_facts(case, advice)
