"""Published records never make the service fail, nor reassure. Here those that lie beside the project; `make published`
asks about all (docs/published-bundles.md).
"""

import asyncio
import json
from pathlib import Path

import pytest

from tests.published.page import page
from tests.published.records import bundles_of, by_patient, resources_of
from tests.published.sources import BESIDE, ROOT, SOURCES, Source
from tests.published.survey import answer_of, proves_negative, survey, wrong_reassurance

CALM = {"recommendations": [{"id": "NO-FURTHER-IMAGING"}]}
REPORT = {
    "resourceType": "DiagnosticReport",
    "status": "final",
    "subject": {"reference": "urn:uuid:1"},
    "code": {"coding": [{"system": "http://loinc.org", "code": "39432-0"}]},
    "effectiveDateTime": "2026-03-02",
    "conclusionCode": [{"coding": [{"system": "http://snomed.info/sct", "code": "373140001"}]}],
}
STAY = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "birthDate": "1970-01-01"}},
        {"fullUrl": "urn:uuid:2", "resource": REPORT},
    ],
}


@pytest.fixture
def source(tmp_path: Path) -> Source:
    (tmp_path / "stay.json").write_text(json.dumps(STAY), encoding="utf-8")
    (tmp_path / "broken.json").write_text('{"resourceType": ', encoding="utf-8")
    return Source("made up", "1", "none", "one stay", tmp_path)


def test_the_records_beside_the_project_are_answered() -> None:
    if not BESIDE.files:
        pytest.skip("../shared is not beside the project")
    found = asyncio.run(survey(BESIDE))

    assert found.wrong == []
    assert found.patients > 10
    assert found.resources.total() > 100


def test_a_transaction_is_read_as_a_server_keeps_it(source: Source) -> None:
    """Its entries refer to each other by fullUrl; a server gives them ids."""
    found = asyncio.run(survey(source))
    (record,) = by_patient(resources_of(STAY))

    assert record.others[0]["subject"] == {"reference": "Patient/1"}
    assert record.today == "2026-03-02"
    assert (found.bundles, found.patients, found.not_json, found.wrong) == (1, 1, 1, [])
    assert found.facts["exams.result"] == 1
    assert found.asked_for == {"reports": 1}


def test_the_page_says_what_was_recognised(source: Source) -> None:
    found = asyncio.run(survey(source))

    assert "| exams.result | 1 |" in page([found])
    assert "| made up | 1 | none | one stay | 2 | 1 | 1 | 1 | 2 |" in page([found])


def test_reassurance_without_a_negative_ultrasound_is_noticed() -> None:
    """The check can fail."""
    without_conclusion = {name: value for name, value in REPORT.items() if name != "conclusionCode"}

    assert proves_negative(REPORT)
    assert wrong_reassurance(CALM, STAY) == []
    assert wrong_reassurance(CALM, {"resourceType": "Bundle", "entry": [{"resource": without_conclusion}]}) != []


def test_a_service_that_fails_is_noticed() -> None:
    """The check can fail."""

    class Failed:
        status_code = 500

    assert answer_of(Failed()) == "status 500"  # type: ignore[arg-type]  # all that is looked at


def test_a_bundle_within_a_message_is_found() -> None:
    assert list(bundles_of({"prefetch": {"stay": STAY}})) == [STAY]


def test_the_page_names_every_source() -> None:
    written = (ROOT / "docs" / "published-bundles.md").read_text("utf-8")

    assert [each.name for each in SOURCES if f"| {each.name} | {each.version} |" not in written] == []
