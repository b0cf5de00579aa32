"""What records made of facts, and records changed at random, found in the service: one test each."""

from datetime import date
from random import Random
from typing import Any

from app.clinical.vocabulary import WELLS_ITEMS
from tests.front_door import SERVICE, ask
from tests.records.dialects import record_of
from tests.records.facts import known
from tests.records.neutral import copied
from tests.records.product import advice, advice_on_facts, facts_of_prefetch

TODAY = date(2026, 3, 12)


def facts_of(facts: dict[str, Any]) -> Any:  # noqa: ANN401 -- JSON
    written = record_of(known(facts, TODAY), Random(1))  # noqa: S311 -- reproducible on purpose
    return facts_of_prefetch(written.prefetch(), written.patient["id"], TODAY).facts


def test_every_wells_item_is_read_whatever_its_name() -> None:
    """`calf_gt_3cm` has a digit in its name and was read as `calf_gt_` and `cm`."""
    items = dict.fromkeys(WELLS_ITEMS, True)

    assert facts_of({"wells": {"items": items}})["wells"] == {"items": items}


def test_a_d_dimer_without_number_and_day_is_still_one_that_was_taken() -> None:
    """It was lost, so that one was asked for as if none had been taken."""
    assert facts_of({"ddimer": {}}) == {"ddimer": {}}


def test_a_d_dimer_that_cannot_be_read_is_asked_about_not_ordered_again() -> None:
    exam = {"date": "2026-03-08", "protocol": "complete_duplex", "result": "negative", "side": "left"}
    leg = {"status": "persistent", "as_of": "2026-03-12", "side": "left"}
    patient = {"age": 54, "sex": "male", "exams": [exam], "symptoms": leg, "wells": {"score": 1}}

    without, with_one = advice_on_facts(patient, TODAY), advice_on_facts({**patient, "ddimer": {}}, TODAY)

    assert {each["id"] for each in without} - {each["id"] for each in with_one} == {"DDIMER-ORDER"}
    assert {each["id"] for each in with_one} - {each["id"] for each in without} == {"DATA-DDIMER"}


# ---- found by changing records -------------------------------------------------------------------

STUDY = {"date": "2026-03-08", "protocol": "complete_duplex", "result": "negative", "side": "left"}
WORSE = {"status": "worsening", "as_of": "2026-03-12", "side": "left"}


def calls(facts: dict[str, Any]) -> tuple[dict[str, Any], str]:
    written = record_of(known(facts, TODAY), Random(2), ("coded", "stated"))  # noqa: S311 -- reproducible on purpose
    return written.prefetch(), written.patient["id"]


def said(prefetch: dict[str, Any], patient_id: str) -> set[str]:
    return {each["id"] for each in advice(prefetch, patient_id, TODAY).recommendations}


def test_two_copies_that_differ_in_the_order_of_a_list_are_one() -> None:
    """They were two versions that contradict each other, and the study was lost."""
    prefetch, patient_id = calls({"exams": [STUDY], "symptoms": WORSE})
    before = said(prefetch, patient_id)
    entry = prefetch["reports"]["entry"][-1]
    entry["resource"]["code"]["extension"] = [{"url": "urn:oid:2.999", "valueString": "local"}]
    twin = copied(entry)
    twin["resource"]["code"]["coding"].append({"system": "urn:oid:2.999", "code": "local"})
    entry["resource"]["code"]["coding"].insert(0, {"code": "local", "system": "urn:oid:2.999"})
    prefetch["reports"]["entry"].append(twin)

    assert "REPEAT-CDUS" in before
    assert said(prefetch, patient_id) == before


def test_two_copies_that_differ_in_content_are_still_two_versions() -> None:
    prefetch, patient_id = calls({"exams": [STUDY], "symptoms": WORSE})
    twin = copied(prefetch["reports"]["entry"][-1])
    twin["resource"]["effectiveDateTime"] = "2026-03-09"
    prefetch["reports"]["entry"].append(twin)

    assert said(prefetch, patient_id) == set()


def test_two_versions_of_another_patients_resource_are_no_gap() -> None:
    """They contradicted each other, so our query counted as cut."""
    prefetch, patient_id = calls({"exams": [STUDY], "symptoms": WORSE})
    before = said(prefetch, patient_id)
    foreign = {"resourceType": "DiagnosticReport", "id": "f-1", "subject": {"reference": "Patient/somebody-else"}}
    for status in ("final", "preliminary"):
        prefetch["reports"]["entry"].append({"resource": {**foreign, "status": status}})

    assert said(prefetch, patient_id) == before


def test_a_list_of_studies_that_was_cut_does_not_hide_that_the_leg_is_worse() -> None:
    """The study that may follow has no day, so the course could not be timed and "repeat now" was lost."""
    prefetch, patient_id = calls({"exams": [{**STUDY, "result": "unknown"}], "symptoms": WORSE})
    before = advice(prefetch, patient_id, TODAY).recommendations
    prefetch["reports"]["link"] = [{"relation": "next", "url": "https://ehr.example.org/fhir/next"}]

    assert {"REPEAT-CDUS", "DATA-RESULT"} <= {each["id"] for each in before}
    assert {"REPEAT-CDUS", "DATA-RESULT"} <= said(prefetch, patient_id)


async def test_a_vein_with_a_stent_is_looked_after_without_a_study_of_the_leg() -> None:
    """Decision table section 1: the other pathway is for a stent or intervention, with or without a study."""
    prefetch, patient_id = calls({"age": 41, "procedure": {"stent_date": "2026-03-10"}})
    call = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/p1", "patientId": patient_id},
        "prefetch": prefetch,
    }
    (card,) = (await ask("POST", SERVICE, json=call)).json()["cards"]
    made = card["extension"]["org.dvt-next-step.decision"]["recommendations"]

    assert [each["id"] for each in made] == ["PB-STENT-SURVEILLANCE"]


def test_copies_of_a_study_that_contains_a_deep_nest_are_one() -> None:
    """What is nested too deep to be sorted is compared as it came."""
    prefetch, patient_id = calls({"exams": [STUDY], "symptoms": WORSE})
    before = said(prefetch, patient_id)
    entry = prefetch["reports"]["entry"][-1]
    nest: Any = 1
    for _ in range(600):
        nest = [nest]
    entry["resource"].setdefault("contained", []).append(nest)
    prefetch["reports"]["entry"].append(copied(entry))

    assert said(prefetch, patient_id) == before


def test_a_d_dimer_of_a_day_to_come_was_not_taken() -> None:
    prefetch, patient_id = calls({"ddimer": {"collected": "2026-03-10"}})
    prefetch["laboratory_observations"]["entry"][0]["resource"]["effectiveDateTime"] = "2026-03-13"

    assert facts_of_prefetch(prefetch, patient_id, TODAY).facts == {}
