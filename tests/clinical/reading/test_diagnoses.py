"""What Conditions prove, and what they do not: H6 and the facts that rest on diagnoses."""

from typing import Any

import pytest

from tests.clinical.reading.reader import read, reasons, value
from tests.fhir.samples import HL7, ICD_10_CM, SNOMED, Json, coded, condition, fact, procedure

BREAST_CANCER = coded(ICD_10_CM, "C50.911")
CHEMOTHERAPY = coded(SNOMED, "367336001")
CHEMOTHERAPY_CONTACT = coded(ICD_10_CM, "Z51.11")
FEMORAL_DVT = coded(ICD_10_CM, "I82.411")
DVT_HISTORY = coded(SNOMED, "161508001")
PREGNANT = coded(SNOMED, "77386006")
KIDNEY_INJURY = coded(ICD_10_CM, "N17.9")
DIALYSIS = coded(ICD_10_CM, "Z99.2")
CLINICAL = ("active", "recurrence", "relapse", "inactive", "remission", "resolved", "bogus", None)
VERIFICATION = ("confirmed", "provisional", "differential", "unconfirmed", "bogus", None)
GOING_ON = {"active", "recurrence", "relapse"}
BELIEVED = {"confirmed", None}


def cancer(*others: Json, **members: Any) -> object:  # noqa: ANN401 -- any JSON
    return value(read(condition(BREAST_CANCER, **members), *others), "risk.active_cancer")


@pytest.mark.parametrize("verification", VERIFICATION)
@pytest.mark.parametrize("clinical", CLINICAL)
@pytest.mark.hazard("H6")
def test_h6_only_a_believed_diagnosis_that_is_going_on_proves_the_present(
    clinical: str | None, verification: str | None
) -> None:
    found = read(condition(KIDNEY_INJURY, clinical, verification))
    is_proven = clinical in GOING_ON and verification in BELIEVED

    assert value(found, "aki") is (True if is_proven else None)
    assert bool(reasons(found, "aki")) is not is_proven


@pytest.mark.parametrize("verification", VERIFICATION)
@pytest.mark.parametrize("clinical", CLINICAL)
@pytest.mark.hazard("H6")
def test_h6_what_is_over_still_proves_the_past(clinical: str | None, verification: str | None) -> None:
    found = read(condition(DVT_HISTORY, clinical, verification))
    is_proven = clinical != "bogus" and verification in BELIEVED

    assert value(found, "risk.prior_dvt") is (True if is_proven else None)


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_h6_a_refuted_diagnosis_proves_nothing(verification: str) -> None:
    assert read(condition(DVT_HISTORY, "active", verification)).facts == {}


def test_a_status_of_another_code_system_does_not_count() -> None:
    odd = condition(KIDNEY_INJURY, clinicalStatus=coded("urn:other", "active"))
    two = condition(
        KIDNEY_INJURY, clinicalStatus={"coding": [*coded(f"{HL7}/condition-clinical", "active")["coding"] * 2]}
    )

    assert value(read(odd), "aki") is None
    assert value(read(two), "aki") is True


@pytest.mark.parametrize(
    "end",
    [
        {"abatementDateTime": "2026-03-02"},
        {"abatementPeriod": {"start": "2026-03-02"}},
        {"abatementString": "spring"},
        {"abatementAge": {"value": 55}},
        {"abatementRange": {}},
    ],
    ids=["dateTime", "period", "string", "age", "range"],
)
def test_a_diagnosis_with_an_end_is_not_going_on(end: Json) -> None:
    assert value(read(condition(KIDNEY_INJURY, **end)), "aki") is None
    assert value(read(condition(DVT_HISTORY, **end)), "risk.prior_dvt") is True


# ---- cancer --------------------------------------------------------------------------------------


def test_a_cancer_on_the_problem_list_alone_is_not_active_cancer() -> None:
    found = read(condition(BREAST_CANCER))

    assert value(found, "risk.active_cancer") is None
    assert reasons(found, "risk.active_cancer") == [
        "a cancer diagnosis does not prove treatment, the last 6 months or palliation"
    ]


def test_a_cancer_under_treatment_is_active() -> None:
    assert cancer(procedure(CHEMOTHERAPY, "2025-12-01")) is True
    assert cancer(procedure(CHEMOTHERAPY, "2026-03-01", status="in-progress")) is True
    assert cancer(procedure(CHEMOTHERAPY, None, performedPeriod={"start": "2025-01", "end": "2026-02-01"})) is True
    assert cancer(condition(CHEMOTHERAPY_CONTACT, "resolved", id="c2")) is True
    assert value(read(condition(CHEMOTHERAPY_CONTACT)), "risk.active_cancer") is True


@pytest.mark.parametrize(
    "treatment",
    [
        procedure(CHEMOTHERAPY, "2025-08-01"),
        procedure(CHEMOTHERAPY, "2026-03-20"),
        procedure(CHEMOTHERAPY, None),
        procedure(CHEMOTHERAPY, status="not-done"),
        procedure(coded(SNOMED, "1"), "2026-03-01"),
        condition(CHEMOTHERAPY_CONTACT, id="c2", recordedDate="2025-08-01"),
    ],
    ids=["old", "future", "undated", "not-done", "other", "old-contact"],
)
def test_a_treatment_that_is_not_of_the_last_months_does_not_make_it_active(treatment: Json) -> None:
    assert cancer(treatment) is None


def test_a_treatment_without_a_cancer_is_none() -> None:
    assert value(read(procedure(CHEMOTHERAPY)), "risk.active_cancer") is None


def test_a_possible_cancer_is_said_and_not_proven() -> None:
    found = read(condition(BREAST_CANCER, "active", "provisional"), procedure(CHEMOTHERAPY))

    assert value(found, "risk.active_cancer") is None
    assert "a cancer diagnosis is not confirmed" in reasons(found, "risk.active_cancer")


@pytest.mark.parametrize("code", ["C44.41", "C44.01", "Z85.3", "D05.11"])
def test_skin_cancer_history_and_precursors_are_no_cancer(code: str) -> None:
    found = read(condition(coded(ICD_10_CM, code)), procedure(CHEMOTHERAPY))

    assert value(found, "risk.active_cancer") is None


def no_cancer(day: str) -> Json:
    return fact("risk.active_cancer", value=False, effectiveDateTime=day)


def test_no_active_cancer_holds_against_an_older_diagnosis_only() -> None:
    assert cancer(no_cancer("2026-03-05")) is False
    assert cancer(no_cancer("2026-02-20")) is None
    assert cancer(no_cancer("2026-03-05"), recordedDate=None) is None
    assert cancer(no_cancer("2026-02-20"), clinical="resolved") is False
    assert cancer(no_cancer("2026-02-20"), verification="provisional") is False


def test_no_active_cancer_against_treatment_is_a_conflict() -> None:
    later = procedure(CHEMOTHERAPY, "2026-03-08")
    found = read(condition(BREAST_CANCER), later, no_cancer("2026-03-05"))

    assert value(found, "risk.active_cancer") is None
    assert "conflict: a statement and the record differ" in reasons(found, "risk.active_cancer")


# ---- an earlier thrombosis -----------------------------------------------------------------------


def prior(**members: Any) -> object:  # noqa: ANN401 -- any JSON
    return value(read(condition(FEMORAL_DVT, **members)), "risk.prior_dvt")


def test_a_dvt_is_earlier_when_it_began_before_the_episode() -> None:
    assert prior(onsetDateTime="2019") is True
    assert prior(onsetPeriod={"start": "2019-02"}) is True
    assert prior(recordedDate="2026-02-09") is True
    assert prior(recordedDate="2026-02-10") is None
    assert prior(onsetDateTime="2026") is None
    assert prior() is None


def test_a_dvt_without_a_day_is_earlier_when_it_is_over() -> None:
    assert prior(recordedDate=None) is None
    assert prior(recordedDate=None, clinical="resolved") is True
    assert prior(recordedDate=None, clinical="inactive") is True


def test_what_is_documented_holds_against_no_earlier_dvt() -> None:
    found = read(condition(DVT_HISTORY), fact("risk.prior_dvt", value=False))

    assert value(found, "risk.prior_dvt") is True
    assert reasons(found, "risk.prior_dvt") == ["conflict: a statement and the record differ"]


@pytest.mark.parametrize("code", ["161512007", "275546001", "59282003"])
def test_an_embolism_is_no_earlier_dvt(code: str) -> None:
    assert value(read(condition(coded(SNOMED, code), onsetDateTime="2010")), "risk.prior_dvt") is None


# ---- pregnancy, kidneys, immobility, trauma ------------------------------------------------------


def test_a_pregnancy_that_is_going_on_is_a_fact() -> None:
    assert value(read(condition(PREGNANT)), "pregnant") is True
    assert value(read(condition(coded(ICD_10_CM, "O30.041"))), "pregnant") is True
    assert value(read(condition(PREGNANT, recordedDate="2025-05-01")), "pregnant") is None
    assert value(read(condition(PREGNANT, recordedDate="2026-03-20")), "pregnant") is None
    assert value(read(condition(PREGNANT, "resolved")), "pregnant") is None
    assert value(read(condition(coded(ICD_10_CM, "O10.02"))), "pregnant") is None


def test_a_pregnancy_against_a_statement_is_a_conflict() -> None:
    found = read(condition(PREGNANT), fact("pregnant", value=False))

    assert value(found, "pregnant") is None
    assert "conflict: a statement and the record differ" in reasons(found, "pregnant")


def test_a_delivery_ends_a_pregnancy() -> None:
    born = procedure(coded(SNOMED, "236973005"), "2026-03-02")
    found = read(condition(PREGNANT), born)

    assert value(found, "pregnant") is None
    assert value(found, "postpartum_days") == 10
    assert value(read(condition(PREGNANT, recordedDate="2026-03-03"), born), "pregnant") is True


def test_dialysis_without_more_is_read_as_residual() -> None:
    assert value(read(condition(DIALYSIS)), "dialysis") == "residual"
    assert value(read(condition(DIALYSIS), fact("dialysis", "anuric")), "dialysis") == "anuric"
    assert value(read(condition(coded(ICD_10_CM, "N18.6"))), "dialysis") is None
    assert value(read(condition(DIALYSIS), fact("dialysis", "none")), "dialysis") == "none"
    assert value(read(condition(DIALYSIS, recordedDate="2026-03-11"), fact("dialysis", "none")), "dialysis") == (
        "residual"
    )


def test_a_later_statement_that_a_kidney_injury_is_over_holds() -> None:
    assert value(read(condition(KIDNEY_INJURY), fact("aki", value=False)), "aki") is False
    assert value(read(condition(KIDNEY_INJURY, recordedDate="2026-03-11"), fact("aki", value=False)), "aki") is True
    assert value(read(condition(KIDNEY_INJURY, recordedDate="2026-01-11")), "aki") is None


def test_paresis_immobilises() -> None:
    assert value(read(condition(coded(ICD_10_CM, "G81.91"))), "risk.immobilised") is True
    assert value(read(condition(coded(ICD_10_CM, "Z99.3"))), "risk.immobilised") is None


def test_a_trauma_counts_from_its_onset_not_from_its_record() -> None:
    fracture = coded(SNOMED, "46866001")
    days = "risk.trauma_days"

    assert value(read(condition(fracture, "resolved", onsetDateTime="2026-02-28")), days) == 12
    assert value(read(condition(fracture)), days) is None
    assert value(read(condition(fracture, onsetDateTime="2026-02")), days) is None
    assert value(read(condition(fracture, onsetDateTime="2026-02-28"), fact(days, 3)), days) == 12
    assert (
        value(
            read(
                condition(fracture, onsetDateTime="2026-02-20"),
                condition(fracture, id="c2", onsetDateTime="2026-02-28"),
            ),
            days,
        )
        == 12
    )


# ---- other diagnoses -----------------------------------------------------------------------------

ALTERNATIVES = {
    "bakers_cyst": coded(SNOMED, "82675004"),
    "hematoma": coded(SNOMED, "449703000"),
    "cellulitis": coded(ICD_10_CM, "L03.115"),
    "musculoskeletal": coded(ICD_10_CM, "S86.111A"),
    "chronic_venous_insufficiency": coded(ICD_10_CM, "I87.2"),
    "lymphedema": coded(ICD_10_CM, "I89.0"),
    "arterial_disease": coded(SNOMED, "399957001"),
}
LASTING = {"chronic_venous_insufficiency", "lymphedema", "arterial_disease"}


@pytest.mark.parametrize("name", sorted(ALTERNATIVES))
def test_a_confirmed_alternative_is_a_fact(name: str) -> None:
    code = ALTERNATIVES[name]

    assert read(condition(code)).facts == {"alt": {"confirmed": [name]}}
    assert read(condition(code, "active", None)).facts == {}
    assert read(condition(code, "resolved")).facts == {}
    assert bool(read(condition(code, recordedDate="2024-03-01")).facts) == (name in LASTING)


def test_stated_and_diagnosed_alternatives_are_listed_once() -> None:
    found = read(
        condition(ALTERNATIVES["hematoma"]),
        fact("alt.confirmed", "hematoma"),
        fact("alt.confirmed", "cellulitis", id="f2"),
    )

    assert found.facts == {"alt": {"confirmed": ["cellulitis", "hematoma"]}}


def test_no_diagnosis_explains_the_leg_by_itself() -> None:
    """Decision table 2.2: a systemic cause is asserted by a clinician, never derived from a problem list."""
    found = read(
        condition(coded(SNOMED, "84114007")),
        condition(coded(ICD_10_CM, "N04.9"), id="c2"),
        condition(coded(ICD_10_CM, "K74.60"), id="c3"),
        *(condition(code, id=name.replace("_", "-")) for name, code in ALTERNATIVES.items()),
    )

    assert value(found, "symptoms.systemic_explanation") is None
    assert value(found, "alt.explains") is None


def test_a_superficial_thrombosis_is_present_without_its_measures() -> None:
    code = coded(ICD_10_CM, "I80.01")

    assert read(condition(code)).facts == {"alt": {"svt": {}}}
    assert read(
        condition(code),
        fact(
            "alt.svt.length_cm",
            1,
            valueInteger=None,
            valueQuantity={"system": "http://unitsofmeasure.org", "code": "cm", "value": 6},
        ),
    ).facts == {"alt": {"svt": {"length_cm": 6}}}
    assert read(condition(code, recordedDate="2026-01-01")).facts == {}


def test_a_threatened_limb_is_an_alarm_for_three_days() -> None:
    phlegmasia = coded(SNOMED, "66877004")
    limb = "red_flags.limb"

    assert value(read(condition(phlegmasia, recordedDate="2026-03-10")), limb) is True
    assert value(read(condition(phlegmasia, recordedDate="2026-03-08")), limb) is None
    assert value(read(condition(phlegmasia, recordedDate="2026-03-10"), fact(limb, value=False)), limb) is True
