"""Facts that are stated in our own code system, and which of several statements holds."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.reading.stated_facts import RULES
from app.clinical.vocabulary import Answer, parse_facts
from tests.clinical.reading.reader import read, reasons, value
from tests.fhir.samples import FACT, SNOMED, UCUM, Json, coded, fact, observation

QUANTITY = {"system": UCUM, "code": "d", "value": 3}
DATA_ABSENT = [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]


def status(said: object = "persistent", day: str | None = "2026-03-10", **members: object) -> Json:
    return fact("symptoms.status", said, effectiveDateTime=day, **members)


def test_a_statement_is_a_fact_with_its_proof() -> None:
    found = read(status("worsening"))

    assert found.facts == {"symptoms": {"status": "worsening", "as_of": "2026-03-10"}}
    assert [(each.fact, each.resource, each.element, each.date) for each in found.found] == [
        ("symptoms.status", "Observation/symptoms-status", "valueCodeableConcept.coding[0]", "2026-03-10"),
        ("symptoms.as_of", "Observation/symptoms-status", "effectiveDateTime", "2026-03-10"),
    ]


SAID: dict[str, tuple[object, object]] = {
    "setting": ("ed", "ed"),
    "inpatient_hours": ({"valueQuantity": {**QUANTITY, "code": "h", "value": 20}}, 68),
    "suspicion": ("high", "high"),
    "anticoag": ("prophylactic", "prophylactic"),
    "anticoag_indication": ("interim_this_suspicion", "interim_this_suspicion"),
    "postpartum_days": (20, 22),
    "symptoms.status": ("new", "new"),
    "symptoms.side": ("bilateral", "bilateral"),
    "symptoms.severity": ("severe", "severe"),
    "symptoms.onset_days": ({"valueQuantity": QUANTITY}, 5),
    "wells.score": (-2, -2),
    "risk.surgery_days": (3, 5),
    "risk.discharge_days": (0, 2),
    "risk.trauma_days": (1, 3),
    "risk.bleeding": ("contraindicated", "contraindicated"),
    "risk.functional_status": ("poor", "poor"),
    "alt.svt.length_cm": ({"valueQuantity": {**QUANTITY, "code": "cm", "value": 4.5}}, 4.5),
    "alt.svt.sfj_cm": ({"valueQuantity": {**QUANTITY, "code": "cm", "value": 3}}, 3),
    "dialysis": ("anuric", "anuric"),
    "iodinated_reaction": ("severe", "severe"),
    "gad_reaction": ("none", "none"),
    "mri": ("conditional", "conditional"),
    "egfr": ({"valueQuantity": {**QUANTITY, "code": "mL/min/{1.73_m2}", "value": 45}}, 45),
    "pregnant": (True, True),
    "procedure.stent_date": ({"valueDateTime": "2025-12-01"}, "2025-12-01"),
    "procedure.intervention_date": ({"valueDateTime": "2026-03-01T23:00:00-05:00"}, "2026-03-01"),
    **{name: (True, True) for name in RULES if name.startswith(("wells.items.", "red_flags."))},
    **{
        f"symptoms.{name}": (False, False)
        for name in ("whole_leg", "flank_pain", "systemic_explanation", "erythema", "palpable_cord")
    },
    **dict.fromkeys(
        ("risk.active_cancer", "risk.immobilised", "risk.prior_dvt", "alt.explains", "aki", "intervention_considered"),
        (True, True),
    ),
}


@pytest.mark.parametrize("name", sorted(SAID))
def test_every_fact_may_be_stated(name: str) -> None:
    said, expected = SAID[name]

    assert value(read(fact(name, said)), name) == expected


def test_the_day_of_a_status_is_never_stated_by_itself() -> None:
    assert read(fact("symptoms.as_of", {"valueDateTime": "2026-03-10"})).facts == {}


def test_no_fact_of_the_table_is_untested() -> None:
    assert set(RULES) <= set(SAID)


def test_lists_collect_every_statement() -> None:
    found = read(
        fact("alt.confirmed", "hematoma", id="a"),
        fact("alt.confirmed", "bakers_cyst", id="b"),
        fact("alt.confirmed", "bakers_cyst", id="c"),
        fact("alt.confirmed", "lymphedema", id="d", effectiveDateTime="2025-03-10"),
        fact("alt.confirmed", "flu", id="e"),
        fact("procedure.surveillance_done", {"valueDateTime": "2026-01-01"}, id="f"),
        fact("procedure.surveillance_done", {"valueDateTime": "2025"}, id="g"),
    )

    assert found.facts == {
        "alt": {"confirmed": ["bakers_cyst", "hematoma"]},
        "procedure": {"surveillance_done": ["2026-01-01"]},
    }
    assert len(reasons(found, "alt.confirmed")) == 2
    assert len(reasons(found, "procedure.surveillance_done")) == 1


def test_a_stated_yes_or_no_may_be_coded() -> None:
    assert value(read(fact("aki", "true")), "aki") is True
    assert value(read(fact("aki", "false")), "aki") is False
    assert value(read(fact("aki", "yes")), "aki") is None


# ---- statuses and values: H4, H8, H10 ------------------------------------------------------------


@pytest.mark.parametrize("code", ["final", "amended", "corrected"])
def test_h4_a_final_statement_counts(code: str) -> None:
    assert value(read(status(status=code)), "symptoms.status") == "persistent"


@pytest.mark.parametrize("code", ["registered", "preliminary", "unknown", "FINAL", "bogus", "", None])
def test_h4_a_statement_that_is_not_final_does_not_count(code: str | None) -> None:
    found = read(status(status=code))

    assert found.facts == {}
    assert reasons(found, "symptoms.status") == ["not final"]


@pytest.mark.parametrize("code", ["cancelled", "entered-in-error"])
def test_h4_a_statement_that_never_was_is_not_there(code: str) -> None:
    found = read(status(status=code))

    assert (found.facts, reasons(found, "symptoms.status")) == ({}, [])


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"valueString": "persistent"},
        {"valueBoolean": True},
        {"valueCodeableConcept": {"text": "persistent"}},
        {"valueCodeableConcept": {"coding": [{"code": "persistent"}]}},
        {"valueCodeableConcept": coded("urn:dvt-next-step:fact", "persistent")},
        {"valueCodeableConcept": coded("urn:dvt-next-step:value", "Persistent")},
        {"valueCodeableConcept": coded("urn:dvt-next-step:value", "see note")},
        {
            "valueCodeableConcept": {
                "coding": [
                    *coded("urn:dvt-next-step:value", "new")["coding"],
                    *coded("urn:dvt-next-step:value", "resolved")["coding"],
                ]
            }
        },
        {"valueCodeableConcept": {**coded("urn:dvt-next-step:value", "resolved"), "extension": DATA_ABSENT}},
        {"valueCodeableConcept": coded("urn:dvt-next-step:value", "resolved"), "valueString": "x"},
        {
            "valueCodeableConcept": coded("urn:dvt-next-step:value", "resolved"),
            "dataAbsentReason": coded("x", "unknown"),
        },
        {"valueCodeableConcept": coded("urn:dvt-next-step:value", "unknown")},
        {"valueDateTime": "2026-03-10"},
        {"valueRange": {"low": {"value": 1}}},
    ],
)
def test_h8_a_value_that_is_not_exactly_one_known_word_is_unknown(form: Json) -> None:
    found = read(status(form))

    assert found.facts == {}
    assert len(reasons(found, "symptoms.status")) == 1


@pytest.mark.parametrize(
    "form",
    [
        {"valueQuantity": {**QUANTITY, "comparator": "<"}},
        {"valueQuantity": {**QUANTITY, "code": "wk"}},
        {"valueQuantity": {**QUANTITY, "code": None, "unit": "d"}},
        {"valueQuantity": {**QUANTITY, "system": "urn:x"}},
        {"valueQuantity": {**QUANTITY, "value": 2.5}},
        {"valueQuantity": {**QUANTITY, "value": -1}},
        {"valueQuantity": {**QUANTITY, "value": "3"}},
        {"valueQuantity": {**QUANTITY, "value": None}},
        {"valueQuantity": {**QUANTITY, "_value": {"extension": DATA_ABSENT}}},
        {"valueQuantity": {**QUANTITY, "extension": DATA_ABSENT}},
        {"valueInteger": -1},
        {"valueInteger": 3, "_valueInteger": {"extension": DATA_ABSENT}},
        {"valueString": "3"},
    ],
)
def test_h9_h10_a_number_needs_its_unit_and_no_limit(form: Json) -> None:
    assert read(fact("risk.surgery_days", form)).facts == {}


def test_h8_a_yes_or_no_that_is_marked_absent_is_unknown() -> None:
    absent = {"valueBoolean": False, "_valueBoolean": {"extension": DATA_ABSENT}}

    assert read(fact("risk.active_cancer", absent)).facts == {}
    assert (
        read(
            fact("procedure.stent_date", {"valueDateTime": "2026-01-01", "_valueDateTime": {"extension": DATA_ABSENT}})
        ).facts
        == {}
    )
    assert (
        value(
            read(fact("risk.active_cancer", {"valueBoolean": False, "_valueBoolean": {"id": "x"}})),
            "risk.active_cancer",
        )
        is False
    )


def test_an_observation_that_names_two_facts_states_neither() -> None:
    two = {"coding": [*coded(FACT, "aki")["coding"], *coded(FACT, "pregnant")["coding"]]}

    assert read(observation(id="o", code=two, valueBoolean=True)).facts == {}


@pytest.mark.parametrize(
    "name",
    ["symptoms", "symptoms.", "exams[0].result", "orders.venography", "age", "__class__", "ddimer.value", "x" * 500],
)
def test_a_name_that_is_no_fact_states_nothing(name: str) -> None:
    assert read(fact(name, "active")).facts == {}


# ---- which of several: H5, H12, H13, H14, H17, H18 -----------------------------------------------


def settled(*statements: Json) -> object:
    """The symptom status of a record with these statements; the same in every order."""
    numbered = [{**each, "id": f"o{place}"} for place, each in enumerate(statements)]
    results = {str(value(read(*order), "symptoms.status")) for order in itertools.permutations(numbered)}
    assert len(results) == 1
    return results.pop()


def test_h5_the_latest_day_wins() -> None:
    assert settled(status("resolved", "2026-03-09"), status("worsening", "2026-03-10")) == "worsening"
    assert settled(status("resolved", "2026-03-11"), status("worsening", "2026-03-10")) == "resolved"


def test_h17_two_values_of_one_day_are_a_conflict() -> None:
    found = read(
        status("resolved", "2026-03-10T08:00:00Z", id="a"), status("persistent", "2026-03-10T20:00:00Z", id="b")
    )

    assert found.facts == {}
    assert reasons(found, "symptoms.status") == ["conflict: different values on the same day"]
    assert settled(status("resolved"), status("resolved")) == "resolved"


def test_h12_a_statement_that_may_be_later_takes_part() -> None:
    assert settled(status("resolved", "2026-03-10"), status("worsening", "2026-03")) == "None"
    assert settled(status("resolved", "2026-03-10"), status("worsening", "2026-02")) == "resolved"
    assert settled(status("resolved", "2026-03-10"), status("worsening", None)) == "None"
    assert settled(status("resolved", "2026-03-10"), status("resolved", None)) == "resolved"


def test_an_older_statement_does_not_come_through_in_place_of_one_that_cannot_be_used() -> None:
    for unusable in (
        status("worsening", "2026-03-11", status="preliminary"),
        status({"valueString": "worse"}, "2026-03-11"),
        status("unknown", "2026-03-11"),
    ):
        assert settled(status("resolved", "2026-03-10"), unusable) == "None"
    assert (
        settled(status("resolved", "2026-03-10"), status("worsening", "2026-03-11", status="cancelled")) == "resolved"
    )


def test_a_statement_that_cannot_be_used_says_why_beside_one_that_can() -> None:
    same_day = read(status("resolved", id="a"), status("worsening", id="b", status="preliminary"))

    assert same_day.facts == {}
    assert reasons(same_day, "symptoms.status") == ["not final"]


def test_h13_the_future_is_not_known_yet() -> None:
    found = read(status("worsening", "2026-03-13", id="a"), status("persistent", "2026-03-11", id="b"))

    assert value(found, "symptoms.status") == "persistent"
    assert reasons(found, "symptoms.status") == ["dated in the future"]
    assert read(status("worsening", "2026-03-13")).facts == {}
    # 22:00 in New York on the 12th is the 13th in UTC
    assert value(read(status("worsening", "2026-03-13T02:00:00Z")), "symptoms.as_of") == "2026-03-12"


def test_h12_a_status_of_no_certain_day_has_no_as_of() -> None:
    for day in (None, "2026-03", "2026", "2026-03-10T10:00:00", "soon"):
        assert read(status("resolved", day)).facts == {"symptoms": {"status": "resolved"}}


@pytest.mark.parametrize(
    ("members", "day"),
    [
        ({"effectiveDateTime": None, "effectiveInstant": "2026-03-10T04:30:00Z"}, "2026-03-10"),
        ({"effectiveDateTime": None, "effectivePeriod": {"start": "2026-03-10", "end": "2026-03-10"}}, "2026-03-10"),
        ({"effectiveDateTime": None, "effectivePeriod": {"start": "2026-03-09", "end": "2026-03-10"}}, None),
        ({"effectiveInstant": "2026-03-10T04:30:00Z"}, None),
        ({"effectiveDateTime": None, "effectiveTiming": {"event": ["2026-03-10"]}}, None),
    ],
)
def test_every_form_of_effective_is_read(members: Json, day: str | None) -> None:
    assert value(read(fact("symptoms.status", "new", **members)), "symptoms.as_of") == day


@pytest.mark.parametrize(
    ("name", "said", "last", "too_old"),
    [
        ("symptoms.whole_leg", True, "2026-02-10", "2026-02-09"),
        ("symptoms.side", "left", "2026-02-10", "2026-02-09"),
        ("wells.items.pitting_edema", True, "2026-02-10", "2026-02-09"),
        ("risk.active_cancer", False, "2026-02-10", "2026-02-09"),
        ("anticoag", "none", "2026-03-05", "2026-03-04"),
        ("setting", "ed", "2026-03-05", "2026-03-04"),
        ("red_flags.pe", True, "2026-03-09", "2026-03-08"),
        ("risk.surgery_days", 1, "2026-02-10", "2026-02-09"),
    ],
)
def test_h14_a_statement_holds_for_a_time(name: str, said: object, last: str, too_old: str) -> None:
    assert value(read(fact(name, said, effectiveDateTime=last)), name) is not None
    for day in (too_old, None, "2026"):
        found = read(fact(name, said, effectiveDateTime=day))

        assert value(found, name) is None
        assert len(reasons(found, name)) == 1


@pytest.mark.parametrize("name", ["risk.prior_dvt", "iodinated_reaction", "mri"])
def test_history_does_not_expire(name: str) -> None:
    said, expected = SAID[name]
    for day in ("2001", None):
        assert value(read(fact(name, said, effectiveDateTime=day)), name) == expected


def test_a_count_of_days_ages_with_the_statement() -> None:
    assert value(read(fact("risk.surgery_days", 10, effectiveDateTime="2026-03-12")), "risk.surgery_days") == 10
    assert value(read(fact("risk.surgery_days", 10, effectiveDateTime="2026-03-01")), "risk.surgery_days") == 21
    found = read(fact("risk.surgery_days", 10, effectiveDateTime="2026-03"))
    assert reasons(found, "risk.surgery_days") == ["the day it was stated is not certain"]


# ---- red flags: H25 ------------------------------------------------------------------------------


def flag(said: str, day: str, **members: object) -> Json:
    return fact("red_flags.pe", said, effectiveDateTime=day, **members)


def test_h25_a_contradiction_does_not_silence_an_alarm() -> None:
    assert value(read(flag("true", "2026-03-11", id="a"), flag("false", "2026-03-11", id="b")), "red_flags.pe") is True
    unusable = flag("x", "2026-03-12", id="b")
    assert value(read(flag("true", "2026-03-11", id="a"), unusable), "red_flags.pe") is True
    assert (
        value(
            read(flag("true", "2026-03-11", id="a"), flag("true", "2026-03-12", id="b", status="preliminary")),
            "red_flags.pe",
        )
        is True
    )


def test_a_later_all_clear_ends_an_alarm() -> None:
    assert value(read(flag("true", "2026-03-10", id="a"), flag("false", "2026-03-11", id="b")), "red_flags.pe") is False


def test_an_alarm_that_is_too_old_or_to_come_is_not_asserted() -> None:
    for day in ("2026-03-08", "2026-03-13"):
        found = read(flag("true", day))

        assert found.facts == {}
        assert len(reasons(found, "red_flags.pe")) == 1


# ---- the course in SNOMED CT ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "course"),
    [
        ("413322009", "resolved"),
        ("162467007", "resolved"),
        ("385633008", "improving"),
        ("268910001", "improving"),
        ("260388006", "persistent"),
        ("58158008", "persistent"),
        ("230993007", "worsening"),
        ("271299001", "worsening"),
        ("255227004", "None"),
    ],
)
def test_a_symptom_status_may_be_a_snomed_course(code: str, course: str) -> None:
    assert settled(status({"valueCodeableConcept": coded(SNOMED, code)})) == course


def test_a_course_that_contradicts_our_own_word_is_a_conflict() -> None:
    def both(code: str) -> Json:
        return status(
            {
                "valueCodeableConcept": {
                    "coding": [*coded(SNOMED, code)["coding"], *coded("urn:dvt-next-step:value", "resolved")["coding"]]
                }
            }
        )

    assert settled(both("230993007")) == "None"
    assert settled(both("413322009")) == "resolved"
    two = {"coding": [*coded(SNOMED, "230993007")["coding"], *coded(SNOMED, "413322009")["coding"]]}
    assert settled(status({"valueCodeableConcept": two})) == "None"


def test_a_course_about_anything_else_is_not_a_symptom_status() -> None:
    assert read(observation(id="o", code=coded(SNOMED, "268910001"))).facts == {}
    assert (
        read(observation(id="o", code=coded("urn:x", "knee"), valueCodeableConcept=coded(SNOMED, "413322009"))).facts
        == {}
    )


WORDS = st.sampled_from(["resolved", "worsening", "persistent"])
WHEN = st.sampled_from(["2026-03-09", "2026-03-10", "2026-03", None, "2026-03-12T03:00:00Z", "2027-01-01"])


@given(
    sent=st.lists(st.tuples(WORDS, WHEN, st.sampled_from(["final", "preliminary", "amended"])), min_size=1, max_size=4)
)
def test_h17_h18_neither_order_nor_repetition_of_statements_matters(sent: list[tuple[str, str | None, str]]) -> None:
    made = [status(said, day, status=code, id=f"o{n}") for n, (said, day, code) in enumerate(sent)]

    assert read(*made).facts == read(*reversed(made), *made).facts


def test_the_vocabulary_reads_every_statement() -> None:
    made = [fact(name, said) for name, (said, _) in SAID.items()]
    facts = parse_facts(read(*made).facts)

    assert facts.symptoms.status == "new"
    assert facts.red_flags.pe is Answer.YES
    assert facts.wells.items["pitting_edema"] is Answer.YES
    assert facts.risk.surgery_days == 5
    assert facts.procedure.stent_date
