"""Every invented report through the whole reading: whatever its words are, words alone end nothing (H16)."""

import json
from base64 import b64encode
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.clinical.evaluate import Evaluation, decide_all
from app.clinical.reading import RecordFacts, facts_from_record
from app.clinical.report_text.policy import ReportTextPolicy
from app.clinical.vocabulary import Facts, parse_facts
from app.clinical.words_alone import without_calm_on_words_alone
from app.fhir.record import read_bundle
from tests.front_door import pathways, stated, value_sets
from tests.report_text.our_reader import TYPES, our_words
from tests.report_text.reports import Form, Report, read_corpus

Json = dict[str, Any]

TODAY, ZONE = date(2026, 3, 9), ZoneInfo("America/New_York")
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
LEFT_LEG = "39432-0"
REASSURING = {"NO-FURTHER-IMAGING", "NEG-REASSURE", "DVT-EXCLUDED-PTP", "AC-INTERIM-REVIEW"}
OFF, SUGGEST = ReportTextPolicy.OFF, ReportTextPolicy.SUGGEST
MANY = 50
COURSES = ["resolved", "persistent"]
EXCLUDING: dict[str, Any] = {
    "age": 50, "sex": "male", "wells": {"score": 0}, "anticoag": "none", "setting": "outpatient",
    "risk": {"active_cancer": False},
    "ddimer": {"value": 200, "unit": "ng/mL FEU", "assay": "high_sensitivity", "collected": "2026-03-02"},
}  # fmt: skip
"""Probability and D-dimer that exclude DVT after a negative study that was limited."""


@cache
def reports() -> tuple[Report, ...]:
    return (*read_corpus("dev"), *read_corpus("held out"))


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def words_of(report: Report) -> Json:
    """As the EHR sends it: text as the conclusion, another form as an attachment."""
    if report.form is Form.TEXT:
        return {"conclusion": report.text}
    return {"presentedForm": [{"contentType": TYPES[report.form], "data": b64encode(report.text.encode()).decode()}]}


def found_in(report: Report, course: str, policy: ReportTextPolicy, *, complete: bool, negative: bool) -> RecordFacts:
    """What is found in the chart of a patient with this report."""
    extent = [
        stated("exam.protocol", "complete_duplex", "2026-03-02"),
        stated("exam.quality", "adequate", "2026-03-02"),
    ]
    the_report = {
        "resourceType": "DiagnosticReport",
        "id": "r1",
        "status": "final",
        "subject": {"reference": "Patient/p-1"},
        "code": coded(LOINC, LEFT_LEG),
        "effectiveDateTime": "2026-03-02",
        "result": [{"reference": f"Observation/{each['id']}"} for each in extent],
        **words_of(report),
        **({"conclusionCode": [coded(SNOMED, "373140001")]} if negative else {}),
    }
    told = [stated("symptoms.status", course, "2026-03-08"), stated("symptoms.side", "left", "2026-03-08")]
    patient = {"resourceType": "Patient", "id": "p-1"}
    entries = [patient, the_report, *told, *(extent if complete else [])]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": each} for each in entries]}
    record = read_bundle(json.dumps(bundle).encode())
    return facts_from_record(record, value_sets(), today=TODAY, zone=ZONE, report_text=policy, report_words=our_words())


def decide(facts: Facts) -> Evaluation:
    """The advice, with everything but the study in favour of an end."""
    given = replace(parse_facts(EXCLUDING), exams=facts.exams, symptoms=facts.symptoms)
    return decide_all(pathways(), given, TODAY)


def advice(found: RecordFacts) -> Evaluation:
    return decide(parse_facts(without_calm_on_words_alone(found, decide).facts))


def loudness(evaluation: Evaluation) -> int:
    levels = ["info", "warning", "critical"]
    return max((levels.index(made.indicator.value) for made in evaluation.recommendations), default=-1)


def ids(evaluation: Evaluation) -> set[str]:
    return {made.id for made in evaluation.recommendations}


def test_the_patient_would_be_reassured_by_codes() -> None:
    """Without this the tests below would prove nothing."""
    silent = Report("none", "x", Form.TEXT, "dev", danger=False, seen=False, legs={}, other_study="", why="")

    assert "NO-FURTHER-IMAGING" in ids(advice(found_in(silent, "resolved", OFF, complete=True, negative=True)))
    assert "DVT-EXCLUDED-PTP" in ids(advice(found_in(silent, "persistent", OFF, complete=False, negative=True)))


@pytest.mark.parametrize("complete", [False, True], ids=["extent unknown", "complete in codes"])
@pytest.mark.parametrize("course", COURSES)
def test_no_report_reassures_by_its_words_alone(course: str, *, complete: bool) -> None:
    reassured = [
        report.id
        for report in reports()
        if REASSURING & ids(advice(found_in(report, course, SUGGEST, complete=complete, negative=False)))
    ]

    assert reassured == []


def test_a_client_that_trusts_words_for_scheduling_reads_the_same() -> None:
    for report in reports()[::7]:
        read = [
            found_in(report, "resolved", policy, complete=False, negative=False)
            for policy in (SUGGEST, ReportTextPolicy.TRUST_FOR_SCHEDULING)
        ]

        assert read[0].found == read[1].found


@pytest.mark.parametrize(("course", "complete"), [("resolved", True), ("persistent", False)])
def test_no_report_calms_what_its_codes_say(course: str, *, complete: bool) -> None:
    """Except that a contradiction of code and words asks to read the report, before anything else."""
    for report in reports():
        read = [found_in(report, course, each, complete=complete, negative=True) for each in (OFF, SUGGEST)]
        codes, words = (advice(each) for each in read)
        took_back = words.facts.exams[0].result == "unknown"

        assert not REASSURING & ids(words) or REASSURING & ids(codes), report.id
        assert took_back or loudness(words) >= loudness(codes), report.id
        assert not took_back or "DATA-RESULT" in ids(words), report.id


def test_no_thrombus_in_words_leaves_a_negative_code_as_it_was() -> None:
    """A text with an acute thrombus of a leg that the study scanned, under codes that would end imaging."""
    read = {
        report.id: found_in(report, "resolved", SUGGEST, complete=True, negative=True)
        for report in reports()
        if any(meant_is_acute(report, leg) for leg in ("left", "unsided"))
    }
    believed = [name for name, found in read.items() if "NO-FURTHER-IMAGING" in ids(advice(found))]

    assert len(read) > MANY
    assert believed == []


def meant_is_acute(report: Report, leg: str) -> bool:
    return leg in report.legs and report.legs[leg]["result"][0] == {"acute_dvt"}
