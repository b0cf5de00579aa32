"""What a study or a sample from before the symptoms began still proves (threat model H13)."""

from datetime import date

import pytest

from app.clinical.reading.before_onset import BEFORE, without_proof_before_onset
from app.clinical.reading.findings import Findings, Found, NotFound

TODAY = date(2026, 3, 12)


def found(fact: str, value: object) -> Found:
    return Found(fact, value, "DiagnosticReport/r1", "code", None)


def onset(days: object) -> Findings:
    return Findings((found("symptoms.onset_days", days),))


STUDIES = Findings(
    (
        found("exams[0].date", "2026-03-02"),
        found("exams[0].protocol", "complete_duplex"),
        found("exams[0].result", "negative"),
        found("exams[10].date", "2026-03-03"),
        found("exams[10].protocol", "complete_duplex"),
        found("exams[11].protocol", "complete_duplex"),
    )
)


def test_a_study_keeps_its_result_and_loses_its_extent() -> None:
    judged = without_proof_before_onset(STUDIES, onset(9), TODAY)

    assert [each.fact for each in judged.found] == [
        each.fact for each in STUDIES.found if each.fact != "exams[0].protocol"
    ]
    assert judged.not_found == (NotFound("exams[0].protocol", BEFORE),)


def test_a_sample_loses_its_number_and_keeps_its_day() -> None:
    sample = Findings((found("ddimer.value", 300), found("ddimer.unit", "x"), found("ddimer.collected", "2026-03-02")))

    judged = without_proof_before_onset(sample, onset(9), TODAY)

    assert [each.fact for each in judged.found] == ["ddimer.collected"]


@pytest.mark.parametrize("days", [10, 400, 10**9, None, "9"])
def test_what_is_not_certainly_earlier_stays(days: object) -> None:
    assert without_proof_before_onset(STUDIES, onset(days), TODAY) == STUDIES


def test_without_a_known_onset_everything_stays() -> None:
    assert without_proof_before_onset(STUDIES, Findings(), TODAY) == STUDIES
