"""Studies as reports with the Observations they name, or as pictures that have no report yet."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from tests.records.codes import LOINC, Code
from tests.records.facts import Json
from tests.records.record import Entry, Pen, Resource, concept, fact_code, value_code
from tests.records.stated import concept_of_panel, observation

STUDY: Final = {"US": "us-le-vein-specific", "CTV": "ctv-specific", "MRV": "mrv-specific"}
IMPRESSION: Final = (LOINC, "19005-8")
COMPLETE: Final = ("complete_duplex", "complete_compression")
STATED_ONLY: Final = ("protocol", "quality", "unseen", "cfv", "iliac", "upper_extent_seen")
"""Facts of a study for which there are no standard codes."""

RESULT_CODES: Final = {
    "negative": ("result-negative",),
    "equivocal": ("result-equivocal",),
    "chronic_change": ("dvt-chronic",),
    "svt_only": ("svt",),
}
ANY_SITE: Final = ("dvt-leg-level-unspecified", "dvt-site-unspecified", "result-thrombus")
PICTURE: Final = frozenset({"modality", "date", "report_status", "side"})
"""Everything that pictures without a report can say."""


def can_be_a_picture(exam: Mapping[str, Json], others: Sequence[Mapping[str, Json]]) -> bool:
    """An ultrasound of which nothing is known but its day and side, alone on its day: a report would speak for it."""
    is_bare = exam["modality"] == "US" and exam["report_status"] == "registered" and exam.keys() <= PICTURE
    reported = [each.get("date") for each in others if each["modality"] == "US"]
    return is_bare and (exam.get("date") is None or exam["date"] not in reported)


def as_picture(place: int, exam: Mapping[str, Json], pen: Pen) -> Iterator[Entry]:
    """An ImagingStudy."""
    code = pen.one_of(pen.codes.playing(_study_roles(exam, side_in_code=True), "ImagingStudy"))
    started = {"started": pen.dated(date.fromisoformat(exam["date"]))} if "date" in exam else {}
    made = pen.resource("ImagingStudy", status="available", procedureCode=[concept(code)], **started)
    yield Entry("imaging_studies", made, _named(place, exam))


def _named(place: int, names: Mapping[str, Json] | Sequence[str]) -> tuple[str, ...]:
    return tuple(f"exams[{place}].{name}" for name in names)


def as_report(place: int, exam: Mapping[str, Json], pen: Pen, dialects: Sequence[str]) -> Iterator[Entry]:
    """A DiagnosticReport and what it names. `dialects`: those that may be used for its parts."""
    is_coded = "coded" in dialects and (len(dialects) == 1 or pen.maybe(0.6))
    conclusion = _conclusion(exam, pen) if is_coded else None
    side_in_code = "side" in exam and ("coded" in dialects) and (len(dialects) == 1 or pen.maybe(0.6))
    left = [name for name in exam if name not in ("modality", "date", "report_status")]
    left = [name for name in left if not (name == "side" and side_in_code)]
    report = pen.resource("DiagnosticReport", status=exam["report_status"], **_day(exam, pen))
    report["code"] = concept(_study_code(exam, pen, side_in_code=side_in_code))
    said_by_report = ["modality", "date", "report_status", *(["side"] if side_in_code else [])]
    details: list[tuple[Resource, tuple[str, ...]]] = []
    if conclusion is not None:
        says = [name for name in ("result", "location") if name in exam and name in conclusion[1]]
        left = [name for name in left if name not in says]
        if pen.maybe(0.25):
            made = observation(pen, concept(IMPRESSION), None, valueCodeableConcept=concept(conclusion[0]))
            details.append((made, tuple(says)))
        else:
            report["conclusionCode"] = [concept(conclusion[0])]
            said_by_report += says
    details += _stated(exam, left, pen, dialects)
    yield from _together(place, report, tuple(said_by_report), details, pen)


def _together(
    place: int,
    report: Resource,
    says: tuple[str, ...],
    details: Sequence[tuple[Resource, tuple[str, ...]]],
    pen: Pen,
) -> Iterator[Entry]:
    """The report and its details: in a query of their own, included with the report, or contained in it."""
    way = pen.one_of(("own", "own", "own", "included", "contained"))
    for made, names in details:
        address = f"#{made['id']}" if way == "contained" else f"Observation/{made['id']}"
        version = "/_history/2" if way == "own" and pen.maybe(0.1) else ""
        report.setdefault("result", []).append({"reference": f"{address}{version}"})
        if way == "contained":
            report.setdefault("contained", []).append(made)
            says = (*says, *names)
        else:
            query = "reports" if way == "included" else pen.one_of(pen.codes.asked_by("exam_findings"))
            yield Entry(query, made, _named(place, names), is_included=way == "included")
    yield Entry("reports", report, _named(place, says))


def _day(exam: Mapping[str, Json], pen: Pen) -> dict[str, Json]:
    if "date" not in exam:
        return {"issued": f"{pen.today}T12:00:00Z"} if pen.maybe(0.3) else {}
    day = date.fromisoformat(exam["date"])
    if pen.maybe(0.2):
        return {"effectivePeriod": {"start": pen.dated(day), "end": str(day + timedelta(days=1))}}
    return {"effectiveDateTime": pen.dated(day), "issued": f"{day + timedelta(days=1)}T08:00:00Z"}


def _study_roles(exam: Mapping[str, Json], *, side_in_code: bool) -> frozenset[str]:
    side = [f"exam-side-{exam['side']}"] if side_in_code and "side" in exam else []
    return frozenset({STUDY[exam["modality"]], *side})


def _study_code(exam: Mapping[str, Json], pen: Pen, *, side_in_code: bool) -> Code:
    """A code of the study; one that says limited only where that contradicts nothing."""
    roles = _study_roles(exam, side_in_code=side_in_code)
    is_limited = exam["modality"] == "US" and not side_in_code and exam.get("protocol") not in COMPLETE
    if is_limited and pen.maybe(0.2):
        roles |= {"us-limited"}
    return pen.one_of(pen.codes.playing(roles, "DiagnosticReport"))


def _conclusion(exam: Mapping[str, Json], pen: Pen) -> tuple[Code, tuple[str, ...]] | None:
    """A code for the result, and which facts it says; None when no code does."""
    result = exam.get("result")
    if result in RESULT_CODES:
        return pen.one_of(_playing(RESULT_CODES[result], pen)), ("result",)
    if result != "acute_dvt":
        return None
    site = exam.get("location")
    if site and pen.maybe(0.7):
        return pen.one_of(_playing((f"dvt-{site}",), pen)), ("result", "location")
    return pen.one_of(_playing((pen.one_of(ANY_SITE),), pen)), ("result",)


def _playing(roles: Sequence[str], pen: Pen) -> tuple[Code, ...]:
    return pen.codes.playing(frozenset(roles), "DiagnosticReport")


def _stated(
    exam: Mapping[str, Json], names: Sequence[str], pen: Pen, dialects: Sequence[str]
) -> Iterator[tuple[Resource, tuple[str, ...]]]:
    """What is said in our own codes: an Observation for each fact, or one panel of all."""
    said = [(name, value) for name in names for value in (exam[name] if name == "unseen" else (exam[name],))]
    day = date.fromisoformat(exam["date"]) if "date" in exam else None
    if said and "panel" in dialects and (len(dialects) == 1 or pen.maybe(0.4)):
        parts = [{"code": fact_code(f"exam.{name}"), **_value(value, pen)} for name, value in said]
        yield observation(pen, concept_of_panel(pen), day, component=parts), tuple(names)
        return
    for name, value in said:
        yield observation(pen, fact_code(f"exam.{name}"), day, **_value(value, pen)), (name,)


def _value(value: Json, pen: Pen) -> dict[str, Json]:
    if isinstance(value, bool) and pen.maybe(0.7):
        return {"valueBoolean": value}
    return {"valueCodeableConcept": value_code(str(value).lower() if isinstance(value, bool) else value)}
