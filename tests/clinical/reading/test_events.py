"""Procedures, contacts, drugs, allergies, implants and platelets."""

from typing import Any

import pytest

from tests.clinical.reading.reader import read, reasons, value
from tests.fhir.samples import (
    ICD_10_CM,
    LOINC,
    RXNORM,
    SNOMED,
    UCUM,
    Json,
    allergy,
    coded,
    condition,
    device,
    encounter,
    fact,
    observation,
    prescription,
    procedure,
    report,
    taken,
)

PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
HIP = coded(SNOMED, "52734007")
WARFARIN = coded(RXNORM, "855332")
ENOXAPARIN = coded(RXNORM, "67108")
HEPARIN_FLUSH = coded(RXNORM, "1362060")
IODINATED = coded(SNOMED, "426722004")
ANY_CONTRAST = coded(SNOMED, "293637006")
PACEMAKER = coded(SNOMED, "14106009")


# ---- procedures ----------------------------------------------------------------------------------


def test_the_last_operation_counts() -> None:
    days = "risk.surgery_days"
    two = read(procedure(HIP, "2025-12-01"), procedure(coded(SNOMED, "232717009"), "2026-02-10", id="p2"))

    assert value(read(procedure(HIP)), days) == 11
    assert value(two, days) == 30
    assert value(read(procedure(HIP, None, performedPeriod={"start": "2026-02-27", "end": "2026-03-01"})), days) == 11
    assert value(read(procedure(HIP), fact(days, 3)), days) == 11


@pytest.mark.parametrize(
    "done",
    [
        procedure(HIP, "2026-03"),
        procedure(HIP, None),
        procedure(HIP, "2026-03-13"),
        procedure(HIP, status="not-done"),
        procedure(HIP, status="in-progress"),
        procedure(HIP, "2024-03-01"),
        procedure(HIP, performedPeriod={"start": "2026-03-01"}),
        procedure(coded(SNOMED, "387713003")),
    ],
    ids=["month", "undated", "future", "not-done", "not-yet", "old", "two-forms", "any-operation"],
)
def test_an_operation_without_a_certain_day_proves_none(done: Json) -> None:
    assert value(read(done), "risk.surgery_days") is None


def test_an_operation_that_may_be_later_hides_the_earlier_one() -> None:
    found = read(procedure(HIP, "2026-02-10"), procedure(HIP, "2026", id="p2"))

    assert value(found, "risk.surgery_days") is None
    assert reasons(found, "risk.surgery_days") == ["the day of the last one is not certain"]


def test_a_stent_and_an_intervention_have_their_day() -> None:
    stent = procedure(coded(PCS, "067D3DZ"), "2025-12-01")
    removal = procedure(coded(PCS, "06CD3ZZ"), "2025-11-30", id="p2")

    assert read(stent, removal).facts == {"procedure": {"stent_date": "2025-12-01", "intervention_date": "2025-11-30"}}
    assert read(stent, fact("procedure.stent_date", {"valueDateTime": "2025-12-01"})).facts == {
        "procedure": {"stent_date": "2025-12-01"}
    }
    assert read(stent, fact("procedure.stent_date", {"valueDateTime": "2025-12-02"})).facts == {}


def test_a_look_at_the_iliac_vein_is_surveillance() -> None:
    iliac = coded(SNOMED, "712532003")
    done = "procedure.surveillance_done[0]"

    assert value(read(report(code=iliac)), done) == "2026-03-05"
    assert value(read(report(code=iliac, effectiveDateTime=None, effectivePeriod={"start": "2026-03-05"})), done) == (
        "2026-03-05"
    )
    assert value(read(report(code=iliac, status="preliminary")), done) is None
    assert value(read(report(code=iliac, effectiveDateTime="2026-04-01")), done) is None
    assert value(read(report()), done) is None


# ---- contacts ------------------------------------------------------------------------------------


def test_an_open_contact_says_where_the_patient_is() -> None:
    assert value(read(encounter("EMER")), "setting") == "ed"
    assert value(read(encounter("AMB", "2026-03-11T23:00:00-05:00")), "setting") == "outpatient"
    assert read(encounter("IMP", "2026-03-11")).facts == {"setting": "inpatient", "inpatient_hours": 48}
    assert read(encounter("IMP", "2026-03-10")).facts == {"setting": "inpatient", "inpatient_hours": 72}


@pytest.mark.parametrize(
    "contact",
    [
        encounter("AMB", "2026-03-01"),
        encounter("IMP", "2025-03-01"),
        encounter("EMER", None),
        encounter("EMER", "2026-03-13"),
        encounter("OBSENC"),
        encounter("EMER", status="planned"),
        {**encounter("EMER"), "class": {"code": "EMER"}},
        {**encounter("EMER"), "class": None},
        encounter("EMER", period=None),
    ],
    ids=["old", "never-closed", "undated", "future", "observation", "planned", "no-system", "no-class", "no-period"],
)
def test_other_contacts_do_not(contact: Json) -> None:
    assert value(read(contact), "setting") is None


def test_two_open_contacts_are_a_conflict() -> None:
    both = (encounter("IMP", "2026-03-10"), encounter("AMB", id="e2"))

    assert read(*both).facts == {}
    assert value(read(both[0], fact("setting", "ed")), "setting") is None
    assert value(read(both[0], fact("inpatient_hours", 20), fact("setting", "inpatient")), "inpatient_hours") == 68


def test_the_last_stay_counts_from_its_end() -> None:
    days = "risk.discharge_days"

    assert value(read(encounter("IMP", "2026-02-01", "2026-02-10")), days) == 30
    assert value(read(encounter("AMB", "2026-02-01", "2026-02-10")), days) is None
    assert value(read(encounter("IMP", "2026-02-01", "2026-02")), days) is None
    assert value(read(encounter("IMP", "2024-02-01", "2024-02-10")), days) is None
    assert value(read(encounter("IMP", "2026-02-01", "2026-04-01")), days) is None


def test_an_inpatient_by_encounter_needs_a_fresh_egfr() -> None:
    old = fact("egfr", {"valueQuantity": {"system": UCUM, "code": "mL/min/{1.73_m2}", "value": 80}},
               effectiveDateTime="2026-03-01")  # fmt: skip

    assert value(read(old), "egfr") == 80
    assert value(read(old, encounter("IMP", "2026-03-10")), "egfr") is None


# ---- drugs: H26 ----------------------------------------------------------------------------------


@pytest.mark.hazard("H26")
def test_h26_a_product_made_to_treat_proves_a_therapeutic_dose() -> None:
    assert value(read(prescription(WARFARIN)), "anticoag") == "therapeutic"
    assert value(read(taken(WARFARIN)), "anticoag") == "therapeutic"
    period = {"effectiveDateTime": None, "effectivePeriod": {"start": "2024-01-01"}}
    assert value(read(taken(WARFARIN, **period)), "anticoag") == "therapeutic"
    inside = prescription({}, medicationCodeableConcept=None, medicationReference={"reference": "#d"},
                          contained=[5, {"resourceType": "Medication", "id": "d", "code": WARFARIN}])  # fmt: skip
    assert value(read(inside), "anticoag") == "therapeutic"


@pytest.mark.parametrize(
    "drug",
    [
        prescription(WARFARIN, intent="proposal"),
        prescription(WARFARIN, intent="plan"),
        prescription(WARFARIN, status="stopped"),
        prescription(WARFARIN, status="on-hold"),
        prescription(WARFARIN, doNotPerform=True),
        prescription(WARFARIN, authoredOn="2024-01-01"),
        taken(WARFARIN, status="not-taken"),
        taken(WARFARIN, effectiveDateTime=None, effectivePeriod={"start": "2025-01-01", "end": "2026-01-01"}),
        taken(WARFARIN, effectiveDateTime="2025-01-01"),
        prescription(HEPARIN_FLUSH),
        prescription(coded(RXNORM, "161")),
        prescription({}, medicationCodeableConcept=None, medicationReference={"reference": "Medication/x"}),
        prescription(
            {},
            medicationCodeableConcept=None,
            medicationReference={"reference": "#d"},
            contained=[{"id": "d", "code": WARFARIN, "modifierExtension": [{"url": "urn:not"}]}],
        ),
    ],
    ids=[
        "proposal",
        "plan",
        "stopped",
        "hold",
        "not",
        "old",
        "not-taken",
        "ended",
        "old-said",
        "line",
        "other",
        "else",
        "modified",
    ],
)
@pytest.mark.hazard("H26")
def test_h26_what_is_not_ordered_and_given_is_no_dose_and_not_none(drug: Json) -> None:
    assert value(read(drug), "anticoag") is None


@pytest.mark.parametrize(
    "drug",
    [
        prescription(ENOXAPARIN),
        prescription(coded(RXNORM, "854235")),
        prescription(WARFARIN, authoredOn="2026-03-11"),
        prescription(WARFARIN, authoredOn=None),
        taken(ENOXAPARIN),
        condition(coded(ICD_10_CM, "Z79.01")),
    ],
    ids=["ingredient", "prophylaxis-strength", "since-yesterday", "undated", "taken", "long-term"],
)
@pytest.mark.hazard("H26")
def test_h26_an_unknown_dose_is_unknown_also_when_none_is_stated(drug: Json) -> None:
    none = fact("anticoag", "none")

    assert value(read(none), "anticoag") == "none"
    assert value(read(drug), "anticoag") is None
    assert reasons(read(drug), "anticoag")
    assert value(read(drug, none), "anticoag") is None
    assert value(read(drug, fact("anticoag", "prophylactic")), "anticoag") == "prophylactic"


@pytest.mark.hazard("H26")
def test_h26_an_order_that_is_stated_as_not_taken_proves_nothing() -> None:
    found = read(prescription(WARFARIN), taken(WARFARIN, status="stopped"))

    assert value(found, "anticoag") is None
    assert reasons(found, "anticoag") == ["an anticoagulant that is ordered is stated as not taken"]


@pytest.mark.hazard("H21", "H26")
def test_h21_an_empty_list_is_not_none() -> None:
    assert read().facts == {}


def test_a_proven_dose_against_a_statement_is_a_conflict() -> None:
    assert value(read(prescription(WARFARIN), fact("anticoag", "none")), "anticoag") is None
    assert value(read(prescription(WARFARIN), fact("anticoag", "therapeutic")), "anticoag") == "therapeutic"


# ---- allergies and implants ----------------------------------------------------------------------


def reacted(severity: str, **event: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    return {"reaction": [{"manifestation": [], "severity": severity, **event}]}


def test_a_reaction_has_its_worst_severity() -> None:
    iodinated = "iodinated_reaction"
    two: dict[str, Any] = {"reaction": [{"severity": "mild"}, {"severity": "moderate"}]}
    shock: dict[str, Any] = {"reaction": [{"manifestation": [coded(SNOMED, "39579001")], "severity": "mild"}]}

    assert value(read(allergy(IODINATED, **reacted("mild"))), iodinated) == "mild"
    assert value(read(allergy(IODINATED, **two)), iodinated) == "moderate"
    assert value(read(allergy(IODINATED, **shock)), iodinated) == "severe"
    assert value(read(allergy(IODINATED, criticality="high")), iodinated) == "severe"
    assert value(read(allergy({}, **reacted("severe", substance=IODINATED))), iodinated) == "severe"
    assert value(read(allergy(IODINATED, **reacted("severe"))), "gad_reaction") is None


def test_contrast_of_no_kind_counts_for_both() -> None:
    assert read(allergy(ANY_CONTRAST, **reacted("severe"))).facts == {
        "iodinated_reaction": "severe",
        "gad_reaction": "severe",
    }


@pytest.mark.parametrize(
    "on_the_list",
    [
        allergy(IODINATED),
        allergy(IODINATED, criticality="low"),
        allergy(IODINATED, **reacted("terrible")),
        allergy(IODINATED, "resolved", **reacted("severe")),
        allergy(IODINATED, "active", "refuted", **reacted("severe")),
        allergy(IODINATED, "active", "bogus", **reacted("severe")),
        allergy(coded(SNOMED, "716186003")),
    ],
    ids=["no-severity", "low", "bogus-severity", "resolved", "refuted", "bogus", "no-known-allergy"],
)
def test_a_reaction_without_proof_is_unknown_and_not_none(on_the_list: Json) -> None:
    assert read(on_the_list).facts == {}


def test_the_worse_reaction_holds_against_a_statement() -> None:
    found = read(allergy(IODINATED, **reacted("severe")), fact("iodinated_reaction", "none"))

    assert value(found, "iodinated_reaction") == "severe"
    assert reasons(found, "iodinated_reaction") == ["conflict: a statement and the record differ"]


def test_an_implant_takes_a_plain_ok_back() -> None:
    has_pacemaker = condition(coded(ICD_10_CM, "Z95.0"))

    for implant in (device(PACEMAKER), device(PACEMAKER, status="active"), has_pacemaker):
        assert value(read(implant, fact("mri", "ok")), "mri") is None
        assert value(read(implant, fact("mri", "conditional")), "mri") == "conditional"
        assert reasons(read(implant), "mri") == ["an implant has to be checked by MR staff"]
    assert value(read(device(PACEMAKER, status="inactive"), fact("mri", "ok")), "mri") == "ok"
    assert value(read(device(coded(SNOMED, "1")), fact("mri", "ok")), "mri") == "ok"


# ---- bleeding ------------------------------------------------------------------------------------


def platelets(count: object, unit: str = "10*9/L", **members: object) -> Json:
    quantity = {"system": UCUM, "code": unit, "value": count}
    return observation(id="pl", code=coded(LOINC, "777-3"), valueQuantity=quantity, **members)


@pytest.mark.parametrize(
    ("count", "risk"),
    [(19, "contraindicated"), (19.9, "contraindicated"), (20, "high"), (49, "high"), (50, None), (300, None)],
)
def test_few_platelets_raise_the_bleeding_risk(count: float, risk: str | None) -> None:
    assert value(read(platelets(count)), "risk.bleeding") == risk
    assert value(read(platelets(count), fact("risk.bleeding", "low")), "risk.bleeding") == (risk or "low")


def test_platelets_need_their_unit_and_their_week() -> None:
    assert value(read(platelets(19, "10*3/uL")), "risk.bleeding") == "contraindicated"
    assert value(read(platelets(19, "/uL")), "risk.bleeding") is None
    assert value(read(platelets(19, effectiveDateTime="2026-03-01")), "risk.bleeding") is None


def test_a_bleed_inside_the_skull_is_a_high_risk_for_four_weeks() -> None:
    bleed = coded(ICD_10_CM, "I61.9")

    assert value(read(condition(bleed, "resolved")), "risk.bleeding") == "high"
    assert value(read(condition(bleed, recordedDate="2026-02-01")), "risk.bleeding") is None
    assert value(read(condition(bleed), fact("risk.bleeding", "contraindicated")), "risk.bleeding") == "contraindicated"
