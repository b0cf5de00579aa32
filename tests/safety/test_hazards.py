"""The hazards of the threat model (section H), each through the front door: what cannot be proven never reassures."""

import ast
import itertools
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.front_door import SERVICE, about_leg, ask, assert_error, call, make_service, searchset, stated

Json = dict[str, Any]

TESTS = Path(__file__).parents[1]
THREATS = Path(__file__).parents[3] / "shared" / "reliability" / "threat_model.md"
LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}

REASSURING = {"NO-FURTHER-IMAGING", "NEG-REASSURE", "DVT-EXCLUDED-PTP", "AC-INTERIM-REVIEW"}

# What is not built yet, and the issue that builds it. A hazard that a test names has to leave this list.
LATER: Mapping[str, int] = {
    "H28": 8,  # a pathway that is replaced while the service runs
    "H29": 7,  # what was shown before is remembered, so that it is not shown again
}


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def the_report(**members: object) -> Json:
    """A final report of a complete, negative study of the left leg, ten days ago."""
    return (
        about_leg(
            resourceType="DiagnosticReport",
            id="r1",
            status="final",
            code=coded(LOINC, "39432-0"),
            effectiveDateTime="2026-03-02",
            conclusionCode=[coded(SNOMED, "373140001")],
            result=[{"reference": "Observation/exam.protocol"}, {"reference": "Observation/exam.quality"}],
        )
        | members
    )


def the_record(**answers: object) -> Json:
    """The prefetch of a patient who is told that no further imaging is needed. Every key is answered."""
    keys = (
        "social_history_observations", "questionnaire_responses", "imaging_studies", "service_requests", "conditions",
        "procedures", "encounters", "medication_requests", "medication_statements", "allergies", "devices",
    )  # fmt: skip
    return {
        "patient": {"resourceType": "Patient", "id": "p-1", "birthDate": "1970-01-01", "gender": "male"},
        "reports": searchset(the_report()),
        "imaging_observations": searchset(
            stated("exam.protocol", "complete_duplex", "2026-03-02"), stated("exam.quality", "adequate", "2026-03-02")
        ),
        "exam_observations": searchset(
            stated("symptoms.status", "resolved", "2026-03-11"), stated("symptoms.side", "left", "2026-03-11")
        ),
        "survey_observations": searchset(),
        "laboratory_observations": searchset(),
        **dict.fromkeys(keys, None),
        **answers,
    }


async def advised(prefetch: Json, **members: object) -> set[str]:
    """The ids of everything the one card says; empty for silence."""
    response = await ask("POST", SERVICE, json=call(prefetch, **members))

    assert response.status_code == 200, response.text
    return {
        each["id"]
        for card in response.json()["cards"]
        for each in card["extension"]["org.dvt-next-step.decision"]["recommendations"]
    }


async def read(*resources: Json, today: str = "2026-03-12") -> Json:
    """What POST /evaluate says to a record of the patient and these resources."""
    patient = {"resourceType": "Patient", "id": "p-1", "birthDate": "1980-01-01", "gender": "male"}
    bundle = {**searchset(patient, *resources), "type": "collection"}
    response = await ask("POST", "/evaluate", json={"today": today, "record": bundle})

    assert response.status_code == 200, response.text
    answer: Json = response.json()
    return answer


def resources_of(prefetch: Json) -> list[Json]:
    bundles = [answer for answer in prefetch.values() if answer and answer["resourceType"] == "Bundle"]
    return [entry["resource"] for bundle in bundles for entry in bundle["entry"]]


async def test_the_patient_of_these_tests_is_reassured() -> None:
    assert "NO-FURTHER-IMAGING" in await advised(the_record())


# ---- whose data: H1-H3, H27 ----------------------------------------------------------------------


@pytest.mark.hazard("H1")
async def test_h1_another_patient_is_refused() -> None:
    prefetch = the_record(patient={"resourceType": "Patient", "id": "p-2"})
    access = {
        "fhirServer": "https://ehr.example.org/fhir",
        "fhirAuthorization": {"access_token": "t", "token_type": "Bearer", "expires_in": 60, "scope": "x",
                              "subject": "s", "patient": "p-2"},
    }  # fmt: skip

    assert_error(await ask("POST", SERVICE, json=call(prefetch)), 400, "subject-mismatch", "context.patientId")
    response = await ask("POST", SERVICE, json=call(the_record(), **access))
    assert_error(response, 400, "subject-mismatch", "context.patientId")


FOREIGN = [
    {"reference": "Patient/p-2"},
    {"reference": "https://other.example.org/fhir/Patient/p-1"},
    {"reference": "#p-1"},
    {"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"},
    {"identifier": {"value": "p-1"}},
    {"display": "p-1"},
    {"reference": "Group/p-1"},
    {"reference": "Patient/p-1", "type": "Group"},
    {},
]


@pytest.mark.hazard("H2")
@pytest.mark.parametrize("subject", FOREIGN, ids=range(len(FOREIGN)))
async def test_h2_what_is_not_provably_the_patients_plays_no_part(subject: Json) -> None:
    worse = {**stated("symptoms.status", "worsening", "2026-03-12"), "id": "other", "subject": subject}
    answer = await read(*resources_of(the_record()), worse)
    ours = await read(*resources_of(the_record()), {**worse, "subject": {"reference": "Patient/p-1/_history/2"}})

    assert answer["facts"]["symptoms"]["status"] == "resolved"
    assert {"resource": "Observation/other", "query": "record"}.items() <= answer["set_aside"][0].items()
    assert ours["facts"]["symptoms"]["status"] == "worsening"


@pytest.mark.hazard("H3")
@pytest.mark.parametrize(
    "gone",
    [
        {"deceasedBoolean": True},
        {"deceasedDateTime": "2026-03-01"},
        {"link": [{"other": {"reference": "Patient/p-9"}, "type": "replaced-by"}]},
    ],
    ids=["dead", "died", "merged"],
)
async def test_h3_nobody_advises_on_who_died_or_was_merged(gone: Json) -> None:
    record = the_record()
    record["patient"] |= gone

    assert await advised(record) == set()


@pytest.mark.hazard("H27")
async def test_h27_a_call_that_contradicts_itself_is_refused() -> None:
    """The hook is another than the service's; a user or encounter that is no FHIR id."""
    for wrong in (
        {"hook": "order-select"},
        {"context": {"userId": "p1", "patientId": "p-1", "encounterId": "../../x"}},
        {"context": {"userId": "Practitioner/p1", "patientId": "p-1?x=1"}},
    ):
        response = await ask("POST", SERVICE, json=call(the_record(), **wrong))

        assert response.status_code == 400, wrong


# ---- what a resource is worth: H4-H8 -------------------------------------------------------------

NOT_FINAL = [
    "registered",
    "partial",
    "preliminary",
    "cancelled",
    "entered-in-error",
    "unknown",
    "FINAL",
    "bogus",
    "",
    None,
]


@pytest.mark.hazard("H4")
@pytest.mark.parametrize("status", NOT_FINAL, ids=repr)
async def test_h4_a_report_that_is_not_final_does_not_reassure(status: str | None) -> None:
    said = await advised(the_record(reports=searchset(the_report(status=status))))

    assert not said & REASSURING


@pytest.mark.hazard("H4")
@pytest.mark.parametrize("status", ["final", "amended", "corrected", "appended"])
async def test_h4_every_final_status_counts(status: str) -> None:
    assert "NO-FURTHER-IMAGING" in await advised(the_record(reports=searchset(the_report(status=status))))


POSITIVE = [coded(SNOMED, "373142009")]


@pytest.mark.hazard("H5")
async def test_h5_the_newer_version_of_a_report_holds() -> None:
    old = the_report(meta={"lastUpdated": "2026-03-02T10:00:00Z"})
    new = the_report(status="amended", conclusionCode=POSITIVE, meta={"lastUpdated": "2026-03-03T10:00:00Z"})
    undated = the_report(status="amended", conclusionCode=POSITIVE)

    for both in itertools.permutations([old, new]):
        assert "ROUTE-POSITIVE" in await advised(the_record(reports=searchset(*both)))
    for both in itertools.permutations([the_report(), undated]):
        assert not await advised(the_record(reports=searchset(*both))) & REASSURING


@pytest.mark.hazard("H5")
async def test_h5_two_final_reports_that_differ_do_not_reassure() -> None:
    other = the_report(id="r2", conclusionCode=POSITIVE)

    for both in itertools.permutations([the_report(), other]):
        assert not await advised(the_record(reports=searchset(*both))) & REASSURING


@pytest.mark.hazard("H6")
@pytest.mark.parametrize("verification", ["provisional", "differential", "unconfirmed", "confirmed"])
async def test_h6_a_possible_diagnosis_is_no_fact_and_is_named(verification: str) -> None:
    system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    history = about_leg(
        resourceType="Condition",
        id="c1",
        code=coded(SNOMED, "161508001"),
        verificationStatus=coded(system, verification),
    )
    answer = await read(history)

    assert answer["facts"].get("risk", {}).get("prior_dvt") is (True if verification == "confirmed" else None)
    assert bool(answer["not_found"]) == (verification != "confirmed")


@pytest.mark.hazard("H7")
@pytest.mark.parametrize(
    "modified", [{"modifierExtension": [{"url": "urn:not"}]}, {"implicitRules": "urn:rules"}], ids=["modifier", "rules"]
)
async def test_h7_a_modified_report_is_not_used(modified: Json) -> None:
    record = the_record(reports=searchset(the_report(**modified)))
    answer = await read(*resources_of(record))

    assert not await advised(record) & REASSURING
    assert answer["set_aside"][0]["resource"] == "DiagnosticReport/r1"


ABSENT = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}


@pytest.mark.hazard("H8")
@pytest.mark.parametrize(
    "value",
    [
        {"dataAbsentReason": coded("http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown")},
        {"valueCodeableConcept": {"text": "see note"}},
        {"valueCodeableConcept": {"extension": [ABSENT]}},
        {"valueCodeableConcept": None, "valueString": "resolved"},
        {"valueCodeableConcept": None},
        {"valueCodeableConcept": coded("urn:dvt-next-step:value", "")},
    ],
    ids=["reason", "text", "extension", "string", "nil", "empty"],
)
async def test_h8_a_value_that_is_absent_is_unknown(value: Json) -> None:
    course = stated("symptoms.status", "resolved", "2026-03-11") | value
    record = the_record(exam_observations=searchset(course, stated("symptoms.side", "left", "2026-03-11")))

    assert not await advised(record) & {"NO-FURTHER-IMAGING"}


# ---- numbers: H9-H11 -----------------------------------------------------------------------------


def d_dimer(value: object, unit: str = "ng/mL{FEU}", code: str = "48065-7", **members: object) -> Json:
    quantity = {"value": value, "system": UCUM, "code": unit}
    return about_leg(
        resourceType="Observation", id="d", status="final", code=coded(LOINC, code),
        effectiveDateTime="2026-03-02", valueQuantity=quantity, **members,
    )  # fmt: skip


def excludable(*results: Json) -> list[Json]:
    """A limited study, and everything but the D-dimer that lets a D-dimer exclude (decision table 3.4)."""
    return [
        the_report(result=[{"reference": "Observation/exam.protocol"}]),
        stated("exam.protocol", "extended_compression", "2026-03-02"),
        stated("symptoms.status", "persistent", "2026-03-11"),
        stated("symptoms.side", "left", "2026-03-11"),
        {**stated("wells.score", "", "2026-03-02"), "valueCodeableConcept": None, "valueInteger": 1},
        stated("risk.active_cancer", "false", "2026-03-10"),
        stated("anticoag", "none", "2026-03-10"),
        stated("setting", "outpatient", "2026-03-10"),
        stated("ddimer.assay", "high_sensitivity", "2026-03-02"),
        *results,
    ]


async def excludes(*resources: Json) -> bool:
    answer = await read(*resources)
    return "DVT-EXCLUDED-PTP" in {each["id"] for each in answer["recommendations"]}


@pytest.mark.hazard("H9")
async def test_h9_feu_and_ddu_are_proven_by_the_code_and_not_contradicted_by_the_unit() -> None:
    assert await excludes(*excludable(d_dimer(300)))
    assert await excludes(*excludable(d_dimer(0.3, "mg/L{FEU}")))
    assert await excludes(*excludable(d_dimer(240, "ng/mL{DDU}", "48066-5")))
    assert not await excludes(*excludable(d_dimer(260, "ng/mL{DDU}", "48066-5")))
    for wrong in (
        d_dimer(300, "ng/mL{DDU}"),
        d_dimer(0.3, "mg/mL{FEU}"),
        d_dimer(0.3, "ng/ml"),
        d_dimer(300, code="30240-6"),
        d_dimer(300, code="7799-0"),
        d_dimer("300"),
    ):
        assert not await excludes(*excludable(wrong))


@pytest.mark.hazard("H10")
async def test_h10_a_bound_counts_on_its_side_of_the_cut_off_and_a_string_or_a_range_never() -> None:
    for comparator, number, is_excluded in (
        ("<", 270, True),
        ("<", 500, True),
        ("<", 501, False),
        ("<=", 500, False),
        (">", 270, False),
        (">=", 270, False),
        ("ad", 270, False),
    ):
        bound = d_dimer(number)
        bound["valueQuantity"]["comparator"] = comparator
        assert await excludes(*excludable(bound)) is is_excluded, (comparator, number)
    text = d_dimer(0) | {"valueQuantity": None, "valueString": "<0.27"}
    spread = d_dimer(0) | {"valueQuantity": None, "valueRange": {"high": {"value": 270}}}

    for each in (text, spread):
        assert not await excludes(*excludable(each))


@pytest.mark.hazard("H11")
@pytest.mark.parametrize(
    ("value", "is_excluded"), [(499, True), (499.999999999, True), (500, False), (500.0, False), (501, False)]
)
async def test_h11_the_cut_off_is_exact(value: float, is_excluded: bool) -> None:  # noqa: FBT001 -- an expected value
    assert await excludes(*excludable(d_dimer(value))) is is_excluded
    kilo = round(value / 1000, 12)
    assert await excludes(*excludable(d_dimer(kilo, "ug/mL{FEU}"))) is is_excluded


# ---- time: H12-H14, H30 --------------------------------------------------------------------------


@pytest.mark.hazard("H12")
async def test_h12_a_course_of_an_uncertain_day_does_not_reassure() -> None:
    """The study was on 2 March; a course that may be of that day is not later than it."""
    for day in ("2026-03", "2026", "2026-03-02", "2026-03-03T00:30:00", "0001-01-01", "9999-12-31", "2026-02-30"):
        course = stated("symptoms.status", "resolved", day)
        record = the_record(exam_observations=searchset(course, stated("symptoms.side", "left", "2026-03-11")))

        assert not await advised(record) & {"NO-FURTHER-IMAGING"}, day


@pytest.mark.hazard("H13")
async def test_h13_the_future_proves_nothing() -> None:
    ahead = stated("symptoms.status", "resolved", "2026-03-13")
    record = the_record(exam_observations=searchset(ahead, stated("symptoms.side", "left", "2026-03-11")))
    to_come = the_record(reports=searchset(the_report(effectiveDateTime="2026-03-20")))

    assert not await advised(record) & REASSURING - {"NEG-REASSURE"}
    assert not await advised(to_come) & REASSURING


@pytest.mark.hazard("H13")
async def test_h13_a_study_from_before_the_symptoms_began_ends_nothing() -> None:
    """The symptoms began on 2 March 2026, ten days ago, or a day later; the study was on 2 March."""

    def with_onset(days: int) -> Json:
        onset = {**stated("symptoms.onset_days", "", "2026-03-12"), "valueCodeableConcept": None, "valueInteger": days}
        well = [stated("symptoms.status", "resolved", "2026-03-11"), stated("symptoms.side", "left", "2026-03-11")]
        return the_record(exam_observations=searchset(*well, onset))

    assert "NO-FURTHER-IMAGING" in await advised(with_onset(10))
    assert "REPEAT-CDUS" in await advised(with_onset(9))
    assert not await advised(with_onset(9)) & REASSURING


@pytest.mark.hazard("H13")
async def test_h13_a_d_dimer_from_before_the_symptoms_began_excludes_nothing() -> None:
    def with_onset(days: int) -> Json:
        return {
            **stated("symptoms.onset_days", "", "2026-03-12"), "valueCodeableConcept": None, "valueInteger": days
        }  # fmt: skip

    assert await excludes(*excludable(d_dimer(300)), with_onset(10))
    assert not await excludes(*excludable(d_dimer(300)), with_onset(9))


@pytest.mark.hazard("H14")
@pytest.mark.parametrize(("day", "holds"), [("2026-02-10", True), ("2026-02-09", False)])
async def test_h14_what_is_too_old_is_unknown_and_every_fact_has_its_age(day: str, holds: bool) -> None:  # noqa: FBT001 -- an expected value
    answer = await read(stated("risk.active_cancer", "false", day))

    assert answer["facts"].get("risk", {}).get("active_cancer") is (False if holds else None)
    if holds:
        assert answer["found"][-1]["age_days"] == 30
    else:
        assert answer["not_found"][0]["reason"] == "not shown to be stated in the last 30 days"


@pytest.mark.hazard("H30")
async def test_h30_advice_is_made_anew_at_each_call() -> None:
    """The same record is another answer when the window has passed; each service belongs to one hook."""
    limited = the_record(
        imaging_observations=searchset(stated("exam.protocol", "extended_compression", "2026-03-02")),
        exam_observations=searchset(stated("symptoms.status", "persistent", "2026-03-03")),
    )
    cards = []
    for day in ("2026-03-08", "2026-03-12"):
        response = await ask(
            "POST", SERVICE, app=make_service(clock=partial(date.fromisoformat, day)), json=call(limited)
        )
        cards += response.json()["cards"]
    services = (await ask("GET", "/cds-services")).json()["services"]

    assert cards[0]["detail"] != cards[1]["detail"]
    assert len({service["id"] for service in services}) == len(services)


# ---- which study, which words: H15, H16, H20 -----------------------------------------------------


@pytest.mark.hazard("H15")
@pytest.mark.parametrize(
    "code",
    [
        coded(LOINC, "39439-5"),
        coded(LOINC, "99605-8"),
        coded(LOINC, "24870-8"),
        coded(LOINC, "30878-3"),
        {"coding": [*coded(LOINC, "39432-0")["coding"], *coded(LOINC, "99605-8")["coding"]]},
    ],
    ids=["artery", "mapping", "pelvis", "generic", "leg and mapping"],
)
async def test_h15_another_study_is_no_leg_study(code: Json) -> None:
    assert not await advised(the_record(reports=searchset(the_report(code=code)))) & REASSURING


@pytest.mark.hazard("H15")
async def test_h15_the_other_leg_and_an_unknown_extent_do_not_reassure() -> None:
    right = the_record(
        exam_observations=searchset(
            stated("symptoms.status", "resolved", "2026-03-11"), stated("symptoms.side", "right", "2026-03-11")
        )
    )
    unknown = the_record(imaging_observations=searchset())

    assert "SCAN-SYMPTOMATIC-LEG" in await advised(right)
    assert not (await advised(right) | await advised(unknown)) & REASSURING


PHRASES = [
    "No evidence of DVT.",
    "No evidence of DVT in the femoral vein; calf not seen.",
    "Cannot exclude DVT.",
    "Negative.",
    "Compressible throughout, normal study, no thrombus, no DVT.",
]


@pytest.mark.hazard("H16")
@pytest.mark.parametrize("phrase", PHRASES, ids=range(len(PHRASES)))
async def test_h16_words_alone_never_reassure(phrase: str) -> None:
    report = the_report(conclusion=phrase, conclusionCode=[{"text": phrase}])

    assert not await advised(the_record(reports=searchset(report))) & REASSURING


@pytest.mark.hazard("H20")
@pytest.mark.parametrize(
    "concept",
    [
        {"text": "No thrombus"},
        {"coding": [{"display": "No thrombus"}]},
        {"coding": [{"system": SNOMED, "display": "No thrombus"}]},
        {"coding": [{"code": "373140001"}]},
        {"coding": [{"system": "snomed", "code": "373140001"}]},
        {"coding": [{"system": f"{SNOMED}/", "code": "373140001"}]},
        {"coding": [{"system": SNOMED, "code": "373142009", "display": "No thrombus"}]},
    ],
    ids=range(7),
)
async def test_h20_no_display_and_no_half_code_is_a_code(concept: Json) -> None:
    assert not await advised(the_record(reports=searchset(the_report(conclusionCode=[concept])))) & REASSURING


# ---- copies, order, details: H17-H19 -------------------------------------------------------------


@pytest.mark.hazard("H17", "H18")
async def test_h17_h18_neither_copies_nor_order_change_the_answer() -> None:
    resources = resources_of(the_record())
    plain = await read(*resources)

    for order in itertools.permutations(resources):
        assert await read(*order) == plain
    for each in resources:
        assert await read(*resources, deepcopy(each)) == plain


@pytest.mark.hazard("H19")
async def test_h19_contained_and_included_resources_are_only_details() -> None:
    course = stated("symptoms.status", "resolved", "2026-03-11")
    side = stated("symptoms.side", "left", "2026-03-11")
    included = searchset(side)
    included["entry"].append({"resource": course, "search": {"mode": "include"}})
    inside = the_report(contained=[{**course, "id": "inside"}])

    assert "NO-FURTHER-IMAGING" not in await advised(the_record(exam_observations=included))
    record = the_record(reports=searchset(inside), exam_observations=searchset(side))
    assert "NO-FURTHER-IMAGING" not in await advised(record)


# ---- absence: H21-H23 ----------------------------------------------------------------------------

ABSENCE = ("null", "absent", "outcome", "total")


@pytest.mark.hazard("H21", "H23")
@pytest.mark.parametrize("state", ABSENCE)
@pytest.mark.parametrize("key", sorted(the_record().keys() - {"patient", "reports"}))
async def test_h21_h23_what_did_not_come_never_makes_it_more_reassuring(key: str, state: str) -> None:
    """The same patient, and one query without an answer."""
    total: Json = {"resourceType": "Bundle", "type": "searchset", "total": 3}
    answers: dict[str, object] = {"null": None, "outcome": OUTCOME, "total": total}
    record = the_record(**({key: answers[state]} if state in answers else {}))
    if state == "absent":
        del record[key]
    said = await advised(record)

    assert said & REASSURING <= await advised(the_record()) & REASSURING
    if key in {"imaging_observations", "exam_observations"}:
        assert "NO-FURTHER-IMAGING" not in said


@pytest.mark.hazard("H21")
async def test_h21_nothing_found_is_never_a_no() -> None:
    answer = await read()

    assert set(answer["facts"]) == {"age", "sex"}


@pytest.mark.hazard("H22")
@pytest.mark.parametrize(
    "cut",
    [{"link": [{"relation": "next", "url": "https://ehr.example.org/fhir?page=2"}]}, {"total": 9}],
    ids=["next", "total"],
)
@pytest.mark.parametrize("key", ["reports", "exam_observations", "imaging_observations"])
async def test_h22_a_page_that_is_missing_may_hold_worse_news(key: str, cut: Json) -> None:
    record = the_record()
    record[key] |= cut

    assert "NO-FURTHER-IMAGING" not in await advised(record)


# ---- scope and alarms: H24, H25 ------------------------------------------------------------------


@pytest.mark.hazard("H24")
async def test_h24_a_child_is_out_of_scope() -> None:
    record = the_record()
    record["patient"]["birthDate"] = "2012-01-01"

    assert await advised(record) == {"OUT-OF-SCOPE"}


@pytest.mark.hazard("H24")
async def test_h24_special_groups_and_unknowns_do_not_exclude() -> None:
    resources = excludable(d_dimer(300))

    for fact in ("risk.active_cancer", "anticoag", "setting", "ddimer.assay", "wells.score"):
        name = fact.replace("_", "-")
        assert not await excludes(*[each for each in resources if each["id"] != name]), fact
    for fact, value in (("risk.active_cancer", "true"), ("anticoag", "therapeutic"), ("setting", "inpatient")):
        others = [each for each in resources if each["id"] != fact.replace("_", "-")]
        assert not await excludes(*others, stated(fact, value, "2026-03-10")), fact


@pytest.mark.hazard("H25")
@pytest.mark.parametrize(("flag", "card"), [("pe", "EMERG-PE"), ("limb", "EMERG-LIMB"), ("infection", "EMERG-INFECT")])
async def test_h25_a_red_flag_overrides_all(flag: str, card: str) -> None:
    alarm = stated(f"red_flags.{flag}", "true", "2026-03-11")
    record = the_record()
    record["exam_observations"]["entry"].append({"resource": alarm})
    said = await advised(record)

    assert card in said
    assert not said & REASSURING


# ---- the list is complete ------------------------------------------------------------------------


def named_in(source: str) -> Iterator[str]:
    """The hazards that the marks of test functions name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.hazard":
                    yield from (str(ast.literal_eval(argument)) for argument in mark.args)


def test_every_hazard_is_tried_or_waits_for_its_issue() -> None:
    if not THREATS.exists():
        pytest.skip("threat_model.md is not beside the project")
    hazards = set(re.findall(r"^\| (H[0-9]+) \|", THREATS.read_text("utf-8"), re.MULTILINE))
    named = {hazard for file in TESTS.rglob("test_*.py") for hazard in named_in(file.read_text("utf-8"))}

    assert len(hazards) == 30
    assert hazards - named == set(LATER)
    assert named <= hazards


def test_a_hazard_that_nobody_tries_is_found() -> None:
    source = '@pytest.mark.hazard("H1")\ndef test_it(): ...\n@pytest.mark.hazard("H2")\ndef helper(): ...\n'

    assert list(named_in(source)) == ["H1"]
