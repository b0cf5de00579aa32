"""Panels and forms say what single Observations say."""

import pytest

from tests.clinical.reading.reader import exam, read, reasons, value
from tests.fhir.samples import FACT, LOINC, SNOMED, UCUM, VALUE, Json, answered, coded, fact, form, observation, report


def part(name: str, **said: object) -> Json:
    return {"code": coded(FACT, name), **said}


def panel(*parts: Json, **members: object) -> Json:
    return observation(id="panel", code=coded(LOINC, "1234-4"), component=list(parts), **members)


def test_a_component_is_a_statement_with_its_path() -> None:
    found = read(
        panel(
            part("wells.items.pitting_edema", valueBoolean=True),
            part("symptoms.status", valueCodeableConcept=coded(VALUE, "worsening")),
        )
    )

    assert found.facts == {
        "symptoms": {"status": "worsening", "as_of": "2026-03-10"},
        "wells": {"items": {"pitting_edema": True}},
    }
    assert {(each.resource, each.element) for each in found.found} == {
        ("Observation/panel", "component[0].valueBoolean"),
        ("Observation/panel", "component[1].valueCodeableConcept.coding[0]"),
        ("Observation/panel", "effectiveDateTime"),
    }


def test_a_panel_that_is_not_final_states_nothing() -> None:
    found = read(panel(part("aki", valueBoolean=True), status="preliminary"))

    assert value(found, "aki") is None
    assert reasons(found, "aki") == ["not final"]


@pytest.mark.hazard("H7")
def test_h7_a_modified_component_is_not_used() -> None:
    found = read(panel(part("aki", valueBoolean=True, modifierExtension=[{"url": "urn:not"}])))

    assert value(found, "aki") is None
    assert reasons(found, "aki") == ["carries a modifier extension that we do not know"]


@pytest.mark.hazard("H17")
def test_h17_a_component_and_an_observation_that_agree_are_one_and_else_a_conflict() -> None:
    yes = panel(part("aki", valueBoolean=True))

    assert value(read(yes, fact("aki", value=True)), "aki") is True
    assert value(read(yes, fact("aki", value=False)), "aki") is None


def test_a_d_dimer_in_a_panel_is_read() -> None:
    quantity = {"system": UCUM, "code": "ng/mL{FEU}", "value": 400}
    found = read(panel({"code": coded(LOINC, "48065-7"), "valueQuantity": quantity}))

    assert found.facts == {"ddimer": {"value": 400, "unit": "ng/mL FEU", "collected": "2026-03-10"}}
    assert found.found[0].element == "component[0].valueQuantity.value"


def test_the_details_of_a_study_may_be_components() -> None:
    details = panel(
        part("exam.protocol", valueCodeableConcept=coded(VALUE, "complete_duplex")),
        part("exam.cfv", valueCodeableConcept=coded(VALUE, "monophasic")),
    )
    only = exam(report(result=[{"reference": "Observation/panel"}]), details)

    assert (only["protocol"], only["cfv"], only["result"]) == ("complete_duplex", "monophasic", "negative")


@pytest.mark.hazard("H7")
def test_h7_a_modified_detail_of_a_study_takes_the_reassurance_back() -> None:
    thrombus = {
        "code": coded(LOINC, "19005-8"),
        "valueCodeableConcept": coded(SNOMED, "373142009"),
        "modifierExtension": [{"url": "urn:not"}],
    }
    only = exam(report(result=[{"reference": "Observation/panel"}]), panel(thrombus))

    assert "result" not in only


def test_a_component_may_find_a_thrombus() -> None:
    thrombus = {"code": coded(LOINC, "19005-8"), "valueCodeableConcept": coded(SNOMED, "373142009")}
    only = exam(report(result=[{"reference": "Observation/panel"}], conclusionCode=[]), panel(thrombus))

    assert only["result"] == "acute_dvt"


# ---- our form ------------------------------------------------------------------------------------


def coding(code: str) -> Json:
    return {"valueCoding": {"system": VALUE, "code": code}}


def test_a_form_states_facts_by_the_names_of_its_questions() -> None:
    found = read(
        form(
            answered("symptoms.status", coding("improving")),
            {"linkId": "group", "item": [answered("symptoms.whole_leg", {"valueBoolean": False})]},
            answered("symptoms.onset_days", {"valueQuantity": {"system": UCUM, "code": "d", "value": 3}}),
            answered("wells.score", {"valueInteger": 2, "item": [answered("suspicion", coding("low"))]}),
            answered("alt.confirmed", coding("hematoma"), coding("cellulitis")),
            answered("procedure.stent_date", {"valueDate": "2025-12-01"}),
            answered("egfr", {"valueQuantity": {"system": UCUM, "code": "mL/min/{1.73_m2}", "value": 70}}),
            answered("pregnant", {"valueBoolean": False}),
        )
    )

    assert found.facts == {
        "symptoms": {"status": "improving", "as_of": "2026-03-10", "whole_leg": False, "onset_days": 5},
        "wells": {"score": 2},
        "suspicion": "low",
        "alt": {"confirmed": ["cellulitis", "hematoma"]},
        "procedure": {"stent_date": "2025-12-01"},
        "egfr": 70,
        "pregnant": False,
    }
    proof = next(each for each in found.found if each.fact == "symptoms.whole_leg")
    assert (proof.resource, proof.element, proof.date, proof.age_days) == (
        "QuestionnaireResponse/q1",
        "item[1].item[0].answer[0].valueBoolean",
        "2026-03-10",
        2,
    )


def test_a_version_of_our_form_is_our_form() -> None:
    asked = form(answered("aki", {"valueBoolean": True}), questionnaire="urn:dvt-next-step:questionnaire|1.2")

    assert value(read(asked), "aki") is True


@pytest.mark.parametrize(
    "other",
    [
        {"questionnaire": "urn:other"},
        {"questionnaire": None},
        {"status": "in-progress"},
        {"status": None},
        {"authored": None},
        {"authored": "2026-03-20"},
        {"subject": {"reference": "Patient/p2"}},
        {"item": [{"linkId": "aki", "answer": [{"valueString": "true"}]}]},
        {"item": [{"linkId": "aki", "answer": [{"valueDecimal": 1}]}]},
        {"item": [{"linkId": "aki", "answer": [{"valueBoolean": True}] * 2}]},
        {"item": [{"linkId": "aki", "answer": [{"valueBoolean": True}], "modifierExtension": [{"url": "urn:x"}]}]},
        {"item": [{"linkId": "AKI", "answer": [{"valueBoolean": True}]}]},
    ],
    ids=["form", "no-form", "open", "no-status", "undated", "future", "foreign", "words", "decimal", "two", "modified",
         "name"],
)  # fmt: skip
def test_another_form_or_an_unclear_answer_states_nothing(other: Json) -> None:
    assert value(read(form(answered("aki", {"valueBoolean": True}), **other)), "aki") is None


def test_a_form_and_an_observation_of_one_day_that_differ_are_a_conflict() -> None:
    found = read(form(answered("aki", {"valueBoolean": True})), fact("aki", value=False))

    assert value(found, "aki") is None
    assert reasons(found, "aki") == ["conflict: different values on the same day"]


def test_a_form_that_never_ends_is_read_to_a_depth() -> None:
    item = answered("aki", {"valueBoolean": True})
    for _ in range(60):
        item = {"linkId": "group", "item": [item]}

    assert value(read(form(item)), "aki") is None
