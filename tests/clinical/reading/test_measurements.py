"""Laboratory values, pregnancy, age and sex, and orders."""

import itertools
from datetime import date

import pytest

from app.clinical.reading.d_dimer import forms_of
from app.clinical.vocabulary import DDIMER_UNIT, parse_facts
from tests.clinical.reading.reader import VALUE_SETS, read, reasons, value
from tests.fhir.samples import LOINC, SNOMED, UCUM, Json, coded, fact, observation, order, patient, raw

FEU, DDU = "48065-7", "48066-5"


def d_dimer(
    code: str = FEU,
    number: object = 400,
    unit: str | None = "ng/mL",
    quantity: Json | None = None,
    **members: object,
) -> Json:
    quantity = {"value": number, "system": UCUM, "code": unit, **(quantity or {})}
    return observation(**{"id": "d1", "code": coded(LOINC, code), "valueQuantity": quantity, **members})


# ---- D-dimer: H9, H10, H11 -----------------------------------------------------------------------


def test_a_d_dimer_keeps_the_laboratorys_number_and_unit() -> None:
    found = read(d_dimer(number=0.40, unit="mg/L"))

    assert found.facts == {"ddimer": {"value": 0.4, "unit": "mg/L FEU", "collected": "2026-03-10"}}
    assert {(each.resource, each.element) for each in found.found} == {
        ("Observation/d1", "valueQuantity.value"),
        ("Observation/d1", "valueQuantity.code"),
        ("Observation/d1", "effectiveDateTime"),
    }


@pytest.mark.parametrize("unit", sorted(forms_of(VALUE_SETS.sources["d_dimer"].units)))
@pytest.mark.parametrize(("role", "unit_class"), [("ddimer-feu-mass", "FEU"), ("ddimer-ddu-mass", "DDU")])
def test_h9_the_unit_class_comes_from_the_code_and_the_unit_must_not_contradict(
    role: str, unit_class: str, unit: str
) -> None:
    for _, code in sorted(VALUE_SETS.roles[role]):
        found = read(d_dimer(code, 500, unit))
        contradicts = ("FEU" in unit or "DDU" in unit) and unit_class not in unit

        if contradicts:
            assert found.facts == {"ddimer": {"collected": "2026-03-10"}}
            assert reasons(found, "ddimer.value") == ["the unit contradicts the code: FEU or DDU"]
        else:
            assert value(found, "ddimer.unit") in DDIMER_UNIT
            assert str(value(found, "ddimer.unit")).endswith(unit_class)
            assert parse_facts(found.facts).ddimer


@pytest.mark.parametrize(
    "members",
    [
        {"unit": None},
        {"unit": "ng/ml"},
        {"unit": "NG/ML"},
        {"unit": "mg/mL"},
        {"unit": "ng/dL"},
        {"unit": "[arb'U]/mL"},
        {"unit": "ng/mL FEU"},
        {"unit": None, "quantity": {"unit": "ng/mL FEU"}},
        {"quantity": {"unit": "ng/mL DDU"}},
        {"quantity": {"unit": "ng/mL (ddu)"}},
        {"quantity": {"system": "urn:x"}},
        {"quantity": {"system": None}},
        {"quantity": {"comparator": "ad"}},
        {"quantity": {"comparator": ""}},
        {"number": "400"},
        {"number": None},
        {"number": -1},
        {"dataAbsentReason": coded("x", "error")},
        {"valueString": "negative"},
        {"status": "preliminary"},
        {"code": "3246-6"},
        {"code": "7799-0"},
        {"code": "55398-2"},
    ],
)
def test_h9_h10_a_d_dimer_that_cannot_be_compared_exists_without_a_value(members: Json) -> None:
    found = read(d_dimer(**members))

    assert found.facts == {"ddimer": {"collected": "2026-03-10"}}
    assert len(reasons(found, "ddimer.value")) == 1


@pytest.mark.parametrize("comparator", ["<", "<=", ">=", ">"])
def test_h10_a_bound_is_passed_on_as_a_bound(comparator: str) -> None:
    found = read(d_dimer(number=400, quantity={"comparator": comparator}))

    assert value(found, "ddimer.value") == 400
    assert value(found, "ddimer.comparator") == comparator


def test_h10_a_bound_and_a_number_of_one_day_are_a_conflict() -> None:
    below = d_dimer(number=400, quantity={"comparator": "<"}) | {"id": "d2"}

    assert reasons(read(below, d_dimer(number=400)), "ddimer.value") == ["conflict: different values on the same day"]


def test_h9_a_code_of_both_unit_classes_says_neither() -> None:
    both = {"coding": [*coded(LOINC, FEU)["coding"], *coded(LOINC, DDU)["coding"]]}

    assert value(read(d_dimer(code=FEU) | {"code": both}), "ddimer.value") is None


@pytest.mark.parametrize("number", [499.999999, 500, 500.000001, 0, 0.5])
def test_h11_the_number_is_passed_on_exactly(number: float) -> None:
    assert value(read(d_dimer(number=number)), "ddimer.value") == number


def test_a_d_dimer_without_a_certain_day_was_collected_nobody_knows_when() -> None:
    for day in (None, "2026-03", "2026-03-10T10:00:00"):
        assert read(d_dimer(effectiveDateTime=day)).facts == {"ddimer": {"value": 400, "unit": "ng/mL FEU"}}
    assert read(d_dimer(effectiveDateTime=None, number=None)).facts == {"ddimer": {}}


def test_h5_the_latest_d_dimer_counts_and_h17_one_result_in_two_units_is_one() -> None:
    def settled(*sent: Json) -> object:
        numbered = [{**each, "id": f"d{place}"} for place, each in enumerate(sent)]
        results = {str(read(*each).facts) for each in itertools.permutations(numbered)}
        assert len(results) == 1
        return value(read(*numbered), "ddimer.value")

    assert settled(d_dimer(number=900, effectiveDateTime="2026-03-09"), d_dimer(number=300)) == 300
    assert settled(d_dimer(number=900), d_dimer(number=300, effectiveDateTime="2026-03-09")) == 900
    assert settled(d_dimer(number=900), d_dimer(number=300)) is None
    assert settled(d_dimer(number=300), d_dimer(number=0.3, unit="mg/L")) is not None
    assert settled(d_dimer(number=300), d_dimer(DDU, 150)) is not None
    assert settled(d_dimer(number=300), d_dimer(DDU, 300)) is None
    assert settled(d_dimer(number=300), d_dimer(number=None, effectiveDateTime="2026-03-11")) is None


def test_an_assay_counts_for_the_d_dimer_of_its_day() -> None:
    assay = fact("ddimer.assay", "high_sensitivity")

    assert value(read(d_dimer(), assay), "ddimer.assay") == "high_sensitivity"
    other_day = read(d_dimer(), {**assay, "effectiveDateTime": "2026-03-09"})
    assert value(other_day, "ddimer.assay") is None
    assert reasons(other_day, "ddimer.assay") == ["not stated for the day this D-dimer was drawn"]
    conflict = read(d_dimer(), assay, fact("ddimer.assay", "other", id="x"))
    assert value(conflict, "ddimer.assay") is None
    assert "ddimer" not in read(assay).facts


def test_no_d_dimer_is_no_fact() -> None:
    assert read(d_dimer(status="cancelled")).facts == {}


# ---- kidney --------------------------------------------------------------------------------------


def egfr(code: str = "98979-8", number: object = 45, unit: str = "mL/min/{1.73_m2}", **members: object) -> Json:
    quantity = {"value": number, "system": UCUM, "code": unit}
    return observation(**{"id": "e1", "code": coded(LOINC, code), "valueQuantity": quantity, **members})


def test_the_latest_egfr_counts() -> None:
    assert read(egfr(), egfr(id="e2", number=60, effectiveDateTime="2026-03-01")).facts == {"egfr": 45}
    assert read(egfr(number=45.5)).facts == {"egfr": 45.5}


def test_an_egfr_needs_its_unit_and_no_limit() -> None:
    assert read(egfr(code="69405-9", unit="mL/min")).facts == {}
    assert (
        read(
            egfr() | {"valueQuantity": {"value": 60, "comparator": ">", "system": UCUM, "code": "mL/min/{1.73_m2}"}}
        ).facts
        == {}
    )


def test_of_two_race_specific_results_neither_is_picked() -> None:
    found = read(egfr("48642-3", 55), egfr("48643-1", 66, id="e2"))

    assert found.facts == {}
    assert reasons(found, "egfr") == ["conflict: different values on the same day"]


def test_h14_an_egfr_holds_for_thirty_days_and_for_an_inpatient_seven() -> None:
    inpatient = fact("setting", "inpatient")

    assert value(read(egfr(effectiveDateTime="2026-02-10")), "egfr") == 45
    assert value(read(egfr(effectiveDateTime="2026-02-09")), "egfr") is None
    assert value(read(egfr(effectiveDateTime="2026-03-05"), inpatient), "egfr") == 45
    assert value(read(egfr(effectiveDateTime="2026-03-04"), inpatient), "egfr") is None


# ---- pregnancy -----------------------------------------------------------------------------------


def asked(answer: Json, day: str = "2026-03-10", **members: object) -> Json:
    return observation(
        id="g1", code=coded(LOINC, "82810-3"), valueCodeableConcept=answer, effectiveDateTime=day, **members
    )


PREGNANT = coded(SNOMED, "77386006")


@pytest.mark.parametrize(
    ("day", "expected"), [("2026-03-12", True), ("2026-01-29", True), ("2026-01-28", None), ("2026-03-13", None)]
)
def test_pregnancy_holds_for_six_weeks(day: str, expected: object) -> None:
    assert value(read(asked(PREGNANT, day)), "pregnant") is expected
    assert value(read(fact("pregnant", value=True, effectiveDateTime=day)), "pregnant") is expected


@pytest.mark.parametrize(("day", "expected"), [("2026-03-05", False), ("2026-03-04", None)])
def test_not_pregnant_has_to_be_current(day: str, expected: object) -> None:
    assert value(read(fact("pregnant", value=False, effectiveDateTime=day)), "pregnant") is expected


def test_any_other_answer_is_unknown() -> None:
    absent = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason"}]}
    for answer in (coded(SNOMED, "60001007"), {"text": "not pregnant"}, PREGNANT | absent):
        assert read(asked(answer)).facts == {}
    older = fact("pregnant", value=False, effectiveDateTime="2026-03-09")
    assert value(read(asked(coded(SNOMED, "60001007")), older), "pregnant") is None
    assert value(read(asked(PREGNANT), older), "pregnant") is True


# ---- age and sex: H24 ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born", "today", "age"),
    [
        ("1980-03-12", date(2026, 3, 12), 46),
        ("1980-03-13", date(2026, 3, 12), 45),
        ("2008-02-29", date(2026, 2, 28), 17),
        ("2008-02-29", date(2026, 3, 1), 18),
        ("1980-03", date(2026, 3, 12), None),
        ("1980-04", date(2026, 3, 12), 45),
        ("1980", date(2026, 3, 12), None),
        ("1980", date(2026, 12, 31), 46),
        ("2026-03-13", date(2026, 3, 12), None),
        ("1800-01-01", date(2026, 3, 12), None),
        ("long ago", date(2026, 3, 12), None),
        (None, date(2026, 3, 12), None),
    ],
)
def test_age_is_completed_years_when_the_birth_date_gives_one(born: str | None, today: date, age: int | None) -> None:
    found = read(patient(birthDate=born), today=today)

    assert value(found, "age") == age
    assert bool(reasons(found, "age")) is (age is None and born is not None)


@pytest.mark.parametrize(
    ("gender", "sex"),
    [("male", "male"), ("female", "female"), ("other", None), ("unknown", None), (None, None), (5, None)],
)
def test_sex_is_male_female_or_unknown(gender: object, sex: str | None) -> None:
    assert value(read(patient(gender=gender)), "sex") == sex


def test_without_the_patient_there_is_no_age() -> None:
    assert read(patient=raw(None)).facts == {}


# ---- orders: H26 ---------------------------------------------------------------------------------

MRV = coded(LOINC, "36079-2")


def test_an_open_order_is_booked_for_its_day() -> None:
    found = read(order())

    assert found.facts == {"orders": {"repeat_us_date": "2026-03-12"}}
    assert found.found[0].resource == "ServiceRequest/s1"
    assert read(order(code=MRV)).facts == {"orders": {"venography": "active", "venography_date": "2026-03-12"}}


@pytest.mark.parametrize(
    "members",
    [
        {"status": each}
        for each in ("draft", "on-hold", "revoked", "completed", "entered-in-error", "unknown", "bogus", None)
    ]
    + [{"intent": each} for each in ("proposal", "plan", "directive", "option", "bogus", None)]
    + [{"doNotPerform": True}, {"code": coded(LOINC, "44174-1")}, {"subject": {"reference": "Patient/p2"}}],
)
def test_h26_what_is_not_an_open_order_is_none(members: Json) -> None:
    assert read(order(**members)).facts == {}
    if "code" not in members:
        assert read(order(**{"code": MRV, **members})).facts == {}


@pytest.mark.parametrize(
    ("when", "day"),
    [
        ({"occurrenceDateTime": "2026-03-13T02:00:00Z"}, "2026-03-12"),
        (
            {
                "occurrenceDateTime": None,
                "occurrencePeriod": {"start": "2026-03-12T10:00:00-04:00", "end": "2026-03-12T11:00:00-04:00"},
            },
            "2026-03-12",
        ),
        ({"occurrenceDateTime": None, "occurrencePeriod": {"start": "2026-03-12", "end": "2026-03-13"}}, None),
        ({"occurrenceDateTime": None, "occurrencePeriod": {"start": "2026-03-12"}}, None),
        ({"occurrencePeriod": {"start": "2026-03-12", "end": "2026-03-12"}}, None),
        ({"occurrenceDateTime": "2026-03"}, None),
        ({"occurrenceDateTime": None, "occurrenceTiming": {"event": ["2026-03-12"]}}, None),
        ({"occurrenceDateTime": None}, None),
    ],
)
def test_a_booking_is_one_day(when: Json, day: str | None) -> None:
    found = read(order(**when))

    assert value(found, "orders.repeat_us_date") == day
    assert bool(reasons(found, "orders.repeat_us_date")) is (day is None)


def test_of_several_bookings_the_next_one_counts() -> None:
    days = ["2026-03-01", "2026-03-20", "2026-03-15"]
    sent = [order(id=f"s{n}", occurrenceDateTime=day) for n, day in enumerate(days)]

    for each in itertools.permutations(sent):
        assert value(read(*each), "orders.repeat_us_date") == "2026-03-15"
    assert value(read(sent[0]), "orders.repeat_us_date") == "2026-03-01"


@pytest.mark.parametrize(
    ("authored", "is_open"), [("2026-02-10", True), ("2026-02-09", False), (None, False), ("2026", False)]
)
def test_an_unbooked_venography_is_open_when_it_was_written_lately(*, authored: str | None, is_open: bool) -> None:
    found = read(order(code=MRV, occurrenceDateTime=None, authoredOn=authored))

    assert (value(found, "orders.venography") == "active") is is_open
    assert bool(reasons(found, "orders.venography")) is not is_open


def test_a_venography_booked_for_a_day_that_is_past_is_not_open() -> None:
    assert value(read(order(code=MRV, occurrenceDateTime="2026-03-11")), "orders.venography") is None
