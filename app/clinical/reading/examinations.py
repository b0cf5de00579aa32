"""The examinations: every report that is provably of the leg veins, and pictures that have no report yet.

Decision table 2.1. What cannot be proven stays unknown; a study whose extent is not proven counts as limited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from app.clinical import vocabulary as words
from app.clinical.examinations import NOT_YET_FINAL, misses_a_leg
from app.clinical.reading.findings import Findings, Found, NotCounted, NotFound, ReadFrom
from app.clinical.reading.report_texts import Budget, texts_of
from app.clinical.reading.reports import (
    LOCATIONS,
    Details,
    Signal,
    details_of,
    modality_of,
    reasons_against,
    signals_of,
    states_fact,
    why_no_study,
)
from app.clinical.reading.said import Sayings
from app.clinical.reading.spoken import Spoke, spoken
from app.clinical.reading.statements import STATED_UNKNOWN, ReadValue, Value, choice, value_of, yes_no
from app.clinical.reading.words_beside_codes import Coded, Weighed, weigh
from app.clinical.report_text import ReportWords
from app.fhir.answers import SetAside
from app.fhir.codings import Code, codes_of, codes_of_all
from app.fhir.dates import certain_day, read_days
from app.fhir.record import Record, name_of
from app.fhir.resources import DiagnosticReport, ImagingStudy
from app.fhir.sources import Source
from app.fhir.value_sets import ValueSets

F = TypeVar("F", Found, NotFound, NotCounted)

SIDES: Final = {
    "exam-side-left": "left",
    "exam-side-right": "right",
    "exam-side-bilateral": "bilateral",
}
"""Codes of studies that name the side; value set -> side."""

LIMITED: Final = "us-limited"
"""Codes that themselves say limited, or name proximal veins only."""

COMPLETE_PROTOCOLS: Final = frozenset({"complete_duplex", "complete_compression"})
"""Decision table section 1: every other protocol is limited."""

# FHIR R4 diagnostic-report-status. `unknown`, a word we do not know and no status at all are read as preliminary:
# in the public vocabulary an absent status means final, and what is not proven final must not reassure (H4).
UNPROVEN_STATUS: Final = "preliminary"

SINGLE: Final[dict[str, ReadValue]] = {
    "result": choice(words.RESULT),
    "location": choice(words.LOCATION),
    "protocol": choice(words.PROTOCOL),
    "quality": choice(words.QUALITY),
    "side": choice(words.SIDE),
    "cfv": choice(words.CFV),
    "iliac": choice(words.ILIAC),
    "upper_extent_seen": yes_no,
}
UNSEEN: Final = "unseen"

CONFLICT: Final = "conflict: different parts of the report contradict each other"
UNREADABLE_PART: Final = "another part of the report cannot be read"

REASSURING: Final = frozenset({"negative", "svt_only", "chronic_change"})
"""Results with which a study can be satisfactory (decision table section 1)."""

# Studies of one day are ordered so that the least reassuring comes last: the last one leads (decision table section
# 1). An unknown result, or one that is not final yet, outranks the rest, because it bars reassurance and leaves the
# others to lead (rule G-RESULT).
_CONCERN: Final = ("negative", "svt_only", "chronic_change", "nondiagnostic", "equivocal", "acute_dvt")


@dataclass(slots=True)
class _Exam:
    """One examination being read: facts by name, without their place in the list."""

    resource: str
    day: date | None
    found: list[Found] = field(default_factory=list)
    missed: list[NotFound] = field(default_factory=list)
    not_counted: list[NotCounted] = field(default_factory=list)
    says: frozenset[str] = frozenset()
    trouble: str = ""

    @property
    def date_text(self) -> str | None:
        return self.day.isoformat() if self.day else None

    def say(self, name: str, value: object, element: str, resource: str = "") -> None:
        self.found.append(Found(name, value, resource or self.resource, element, self.date_text))

    def say_in_words(self, name: str, value: str, proof: Spoke) -> None:
        self.forget(name)
        where, text = (proof.text.resource, proof.text.element), ReadFrom.TEXT
        self.found.append(Found(name, value, *where, self.date_text, read_from=text, quote=proof.quote))

    def say_uncounted(self, proof: Spoke, reason: str) -> None:
        where = (proof.text.resource, proof.text.element)
        self.not_counted.append(NotCounted(proof.fact, proof.value, *where, self.date_text, proof.quote, reason))

    def miss(self, name: str, reason: str) -> None:
        self.missed.append(NotFound(name, reason))

    def forget(self, name: str) -> None:
        self.found = [found for found in self.found if found.fact != name]
        self.missed = [missed for missed in self.missed if missed.fact != name]

    def value(self, name: str) -> object:
        return next((found.value for found in self.found if found.fact == name), None)

    def named(self, name: str) -> str | None:
        value = self.value(name)
        return value if isinstance(value, str) else None

    @property
    def is_calm_in_words(self) -> bool:
        """Whether only words say that there is no acute DVT."""
        return any(
            found.fact == "result" and found.read_from is ReadFrom.TEXT and found.value in REASSURING
            for found in self.found
        )


def examinations(
    record: Record,
    sayings: Sayings,
    value_sets: ValueSets,
    *,
    zone: ZoneInfo,
    symptom_side: str = words.UNKNOWN,
    report_words: ReportWords | None = None,
) -> Findings:
    """`exams`, in the order of their days; undated ones last. Without `report_words` no prose is read.

    Of one day, the study that misses a symptomatic leg comes first and the most worrying one last: the last one counts.
    """
    reported: list[tuple[DiagnosticReport, _Exam]] = []
    details_by_report: list[Details] = []
    against = reasons_against(record)
    set_aside: list[SetAside] = []
    for report in record.reports:
        codes = codes_of(report.code)
        if modality := modality_of(codes, value_sets):
            details = details_of(report, record, against, value_sets)
            details_by_report.append(details)
            reported.append((report, _read_report(report, modality, details, value_sets, zone)))
        elif reason := why_no_study(codes, value_sets):
            query = ", ".join(record.queries_for("DiagnosticReport"))
            set_aside.append(SetAside(name_of(report), query, reason))
    if report_words is not None:
        studies = [(*each, details) for each, details in zip(reported, details_by_report, strict=True)]
        _hear_all(studies, report_words, value_sets, symptom_side)
    has_report = _reported_studies(reported, record)
    pictures = [
        (study, _read_study(study, value_sets, zone))
        for study in record.imaging_studies
        if _is_leg_ultrasound(study, value_sets)
    ]
    unreported = [exam for study, exam in pictures if not has_report(study, exam)]
    exams = sorted([*(exam for _, exam in reported), *unreported], key=lambda exam: _order(exam, symptom_side))
    found = tuple(_placed(found, place) for place, exam in enumerate(exams) for found in exam.found)
    missed = tuple(_placed(missed, place) for place, exam in enumerate(exams) for missed in exam.missed)
    not_counted = tuple(_placed(said, place) for place, exam in enumerate(exams) for said in exam.not_counted)
    return Findings(found, (*missed, *_unnamed(record, sayings)), tuple(set_aside), not_counted)


def _unnamed(record: Record, sayings: Sayings) -> Iterator[NotFound]:
    """Facts of an examination that no report names: whose examination it was is not proven."""
    stated = [(name, said) for name in (*SINGLE, UNSEEN) for said in sayings.of(f"exam.{name}")]
    if not stated:
        return
    named = {
        name_of(found)
        for report in record.reports
        for each in report.result
        if (found := record.resolve(each.reference)) is not None
    }
    for name, said in stated:
        if said.resource not in named:
            yield NotFound("exams", f"exam.{name} is stated, but no report names it as its result")


def _order(exam: _Exam, symptom_side: str) -> tuple[bool, date, bool, int, bool, bool, str]:
    result, side = exam.value("result"), exam.value("side")
    covers = not misses_a_leg(side if isinstance(side, str) else words.UNKNOWN, symptom_side)
    # What only words call calm stands where an unknown result would: it hides no other study of its day.
    is_usable = result == "acute_dvt" or exam.value("report_status") not in NOT_YET_FINAL
    is_ranked = isinstance(result, str) and is_usable and not exam.is_calm_in_words
    concern = _CONCERN.index(str(result)) if is_ranked else len(_CONCERN)
    is_limited = exam.value("protocol") not in COMPLETE_PROTOCOLS
    return (exam.day is None, exam.day or date.max, covers, concern, is_limited, side is None, exam.resource)


def _placed(fact: F, place: int) -> F:
    return replace(fact, fact=f"exams[{place}].{fact.fact}")


# ---- a report ------------------------------------------------------------------------------------


def _read_report(
    report: DiagnosticReport, modality: str, details: Details, value_sets: ValueSets, zone: ZoneInfo
) -> _Exam:
    day, element = _day_of(report, zone)
    exam = _Exam(name_of(report), day)
    exam.say("modality", modality, "code")
    _say_day(exam, element)
    _say_status(exam, report.status)
    stated = _stated(details, value_sets.sources["exam_findings"])
    _say_result(exam, report, details, stated, value_sets)
    _say_side(exam, codes_of(report.code), stated, value_sets, "code")
    _say_protocol(exam, codes_of(report.code), details, stated, value_sets)
    for name in ("quality", "cfv", "iliac", "upper_extent_seen"):
        _say_stated(exam, name, stated.of(name))
    for place, each in enumerate(stated.unseen):
        exam.say(f"{UNSEEN}[{place}]", each.value.value, each.element, each.resource)
    return exam


def _day_of(report: DiagnosticReport, zone: ZoneInfo) -> tuple[date | None, str]:
    """The day of the study: effective[x], never `issued`, which is the day of the report (decision table 2.1)."""
    period = report.effective_period
    if period is not None and report.effective_date_time is not None:
        return None, "effectiveDateTime"
    if period is not None:
        return certain_day(read_days(period.start, zone)), "effectivePeriod.start"
    element = "effectiveDateTime" if report.effective_date_time is not None else ""
    return certain_day(read_days(report.effective_date_time, zone)), element


def _say_day(exam: _Exam, element: str) -> None:
    if exam.day is not None:
        exam.say("date", exam.day.isoformat(), element)
    else:
        exam.miss("date", "the date does not give one day" if element else "no date of the study")


def _say_status(exam: _Exam, status: str | None) -> None:
    if status in words.REPORT_STATUS:
        exam.say("report_status", status, "status")
        return
    exam.say("report_status", UNPROVEN_STATUS, "status")
    exam.miss("report_status", "not proven to be final")


def _say_result(
    exam: _Exam, report: DiagnosticReport, details: Details, stated: _Statements, value_sets: ValueSets
) -> None:
    signals, not_understood = signals_of(report, details.known, value_sets)
    own = stated.of("result")
    if own is not None and own.value.value is not None:
        signals.append(Signal(str(own.value.value), None, own.resource, own.element))
    exam.says = frozenset(signal.says for signal in signals)
    result, trouble = _result_of(exam.says)
    if own is not None and own.is_unusable:
        trouble = trouble or own.value.why_not
    exam.trouble = trouble or (UNREADABLE_PART if not_understood or details.has_unusable else "")
    if result in REASSURING and exam.trouble:
        result, trouble = None, exam.trouble
    if result is None:
        exam.miss("result", trouble or "no conclusion in codes that we know")
        return
    proof = next(signal for signal in signals if signal.says == result)
    exam.say("result", result, proof.element, proof.resource)
    _say_location(exam, signals, stated.of("location"))


def _result_of(says: AbstractSet[str]) -> tuple[str | None, str]:
    """One result from all that is said, or why there is none. Of several the more worrying one, never a mean."""
    if "acute_dvt" in says:
        return (None, CONFLICT) if "negative" in says else ("acute_dvt", "")
    for doubtful in ("equivocal", "nondiagnostic"):
        if doubtful in says:
            return doubtful, ""
    if "abnormal" in says:
        return None, CONFLICT if len(says) > 1 else "abnormal, but the code does not say in which way"
    specific = says - {"negative"} or says
    if len(specific) > 1:
        return None, "conflict: several findings"
    return next(iter(specific), None), ""


def _say_location(exam: _Exam, signals: Sequence[Signal], own: _Stated | None) -> None:
    """The most central site that a code names, or the one stated. Two that differ are a conflict."""
    coded = {signal.location: signal for signal in signals if signal.location}
    highest = next((place for place in LOCATIONS.values() if place in coded), None)
    if highest is None:
        _say_stated(exam, "location", own)
    elif own is not None and own.value.value not in (None, highest):
        exam.miss("location", CONFLICT)
    else:
        exam.say("location", highest, coded[highest].element, coded[highest].resource)


def _say_side(exam: _Exam, codes: Sequence[Code], stated: _Statements, value_sets: ValueSets, element: str) -> None:
    coded = {side for role, side in SIDES.items() if value_sets.has(role, codes)}
    own = stated.of("side")
    if not coded:
        _say_stated(exam, "side", own)
    elif len(coded) > 1 or (own is not None and own.value.value not in (None, *coded)):
        exam.miss("side", CONFLICT)
    else:
        exam.say("side", coded.pop(), element)


def _say_protocol(
    exam: _Exam, codes: Sequence[Code], details: Details, stated: _Statements, value_sets: ValueSets
) -> None:
    """The extent of the study. Left out, which counts as limited, whenever something unread could contradict it."""
    own = stated.of("protocol")
    is_limited = value_sets.has(LIMITED, codes)
    is_complete = own is not None and own.value.value in COMPLETE_PROTOCOLS
    if is_limited and is_complete:
        exam.miss("protocol", "conflict: the study's code says limited")
    elif is_complete and (details.has_unusable or details.may_lack or stated.has_trouble):
        exam.miss("protocol", "a finding that the report names cannot be read")
    elif own is None and is_limited:
        exam.miss("protocol", "the study's code says limited, not which protocol")
    else:
        _say_stated(exam, "protocol", own)


def _say_stated(exam: _Exam, name: str, own: _Stated | None) -> None:
    if own is None:
        return
    if own.value.value is None:
        exam.miss(name, own.value.why_not)
    else:
        exam.say(name, own.value.value, own.element, own.resource)


# ---- the facts that a report's Observations state ------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Stated:
    """One fact of a report as one of its Observations states it."""

    value: Value
    resource: str
    element: str

    @property
    def is_unusable(self) -> bool:
        """Whether something was stated that we cannot use. To state "unknown" is to state nothing."""
        return self.value.value is None and self.value.why_not != STATED_UNKNOWN


@dataclass(frozen=True, slots=True)
class _Statements:
    """The facts that a report's Observations state, each once; `has_trouble`: one of them cannot be used."""

    single: Mapping[str, _Stated]
    unseen: tuple[_Stated, ...]
    has_trouble: bool

    def of(self, name: str) -> _Stated | None:
        """What is stated of one fact, None when nothing is."""
        return self.single.get(name)


def _stated(details: Details, source: Source) -> _Statements:
    by_name: dict[str, list[_Stated]] = {}
    for detail in details.known:
        name = (states_fact(detail.observation) or "").removeprefix("exam.")
        if name in SINGLE or name == UNSEEN:
            read_value = SINGLE.get(name, choice(words.SEGMENT))
            trouble = detail.trouble
            value = Value(None, why_not=trouble) if trouble else value_of(detail.observation, read_value, source)
            by_name.setdefault(name, []).append(_Stated(value, detail.resource, f"{detail.prefix}{value.element}"))
    segments = {str(each.value.value): each for each in by_name.get(UNSEEN, ()) if each.value.value}
    single = {name: _one(stated) for name, stated in by_name.items() if name in SINGLE}
    unusable = [*single.values(), *by_name.get(UNSEEN, ())]
    return _Statements(
        single,
        tuple(segments[segment] for segment in words.SEGMENT if segment in segments),
        any(each.is_unusable for each in unusable),
    )


def _one(stated: Sequence[_Stated]) -> _Stated:
    """One statement out of several about the same fact; a conflict when they differ."""
    unusable = next((each for each in stated if each.value.value is None), None)
    if unusable is not None:
        return unusable
    if any(each.value.value != stated[0].value.value for each in stated):
        return replace(stated[0], value=Value(None, why_not=CONFLICT))
    return stated[0]


# ---- the words of a report ------------------------------------------------------------------------

MOST_REPORTS: Final = 10
"""Reports of one patient whose words are read, the newest first: an episode has one, two or three."""

_SINGLE_IN_CODES: Final = ("location", "protocol", "quality", "side", "cfv", "iliac")


def _hear_all(
    studies: Sequence[tuple[DiagnosticReport, _Exam, Details]],
    report_words: ReportWords,
    value_sets: ValueSets,
    symptom_side: str,
) -> None:
    """Add what the reports say in words, the newest first: reading is bounded, and the last study counts most."""
    budget = Budget()
    newest = sorted(studies, key=lambda each: each[1].day or date.max, reverse=True)
    for report, exam, details in newest[:MOST_REPORTS]:
        texts = texts_of(report, details.known, value_sets, budget)
        said = spoken(texts, report_words)
        is_ultrasound = exam.value("modality") == "US"
        _change(exam, weigh(_coded(exam), said, is_ultrasound=is_ultrasound, symptom_side=symptom_side))
        if exam.value("result") is None:
            for unread in texts.unread:
                exam.miss("result", f"{unread.element} {unread.reason}")


def _coded(exam: _Exam) -> Coded:
    values = {name: exam.named(name) for name in _SINGLE_IN_CODES}
    unseen = frozenset(str(found.value) for found in exam.found if found.fact.startswith(UNSEEN))
    missed = {missed.fact for missed in exam.missed}
    return Coded(
        exam.named("result"), exam.says, exam.trouble, unseen=unseen, may_take_side="side" not in missed, **values
    )


def _change(exam: _Exam, weighed: Weighed) -> None:
    for name, reason in weighed.taken_back:
        exam.forget(name)
        exam.miss(name, reason)
        if name == "result":
            exam.forget("location")
    for name, value, proof in weighed.said:
        exam.say_in_words(name, value, proof)
    for proof, reason in weighed.not_counted:
        exam.say_uncounted(proof, reason)


# ---- pictures without a report -------------------------------------------------------------------


def _is_leg_ultrasound(study: ImagingStudy, value_sets: ValueSets) -> bool:
    counts = study.status in value_sets.sources["exam_pictures"].statuses
    return counts and modality_of(codes_of_all(study.procedure_code), value_sets) == "US"


def _reported_studies(
    reported: Sequence[tuple[DiagnosticReport, _Exam]], record: Record
) -> Callable[[ImagingStudy, _Exam], bool]:
    """Whether a report names a study, or was made of a leg-vein ultrasound of the same day."""
    made = [
        (report, exam) for report, exam in reported if report.status != "cancelled" and exam.value("modality") == "US"
    ]
    named = {id(record.resolve(each.reference)) for report, _ in made for each in report.imaging_study}
    days = {exam.day for _, exam in made if exam.day is not None}
    return lambda study, exam: id(study) in named or exam.day in days


def _read_study(study: ImagingStudy, value_sets: ValueSets, zone: ZoneInfo) -> _Exam:
    exam = _Exam(name_of(study), certain_day(read_days(study.started, zone)))
    exam.say("modality", "US", "procedureCode")
    _say_day(exam, "started" if study.started is not None else "")
    exam.say("report_status", "registered", "status")
    exam.miss("result", "pictures without a report")
    _say_side(exam, codes_of_all(study.procedure_code), _NOTHING_STATED, value_sets, "procedureCode")
    return exam


_NOTHING_STATED: Final = _Statements({}, (), has_trouble=False)
