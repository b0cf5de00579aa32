"""The examinations of a record."""

import itertools
import json

import pytest

from app.clinical.vocabulary import parse_facts
from tests.clinical.reading.reader import VALUE_SETS, exam, read, reasons, value
from tests.fhir.samples import (
    DEFINITE_THROMBUS,
    FACT,
    LOINC,
    NO_THROMBUS,
    SNOMED,
    US_LEG,
    VALUE,
    Json,
    bundle,
    coded,
    fact,
    observation,
    outcome,
    raw,
    report,
    study,
)

NEGATIVE = coded(SNOMED, NO_THROMBUS)
POSSIBLE = coded(SNOMED, "373141002")
THROMBUS = coded(SNOMED, DEFINITE_THROMBUS)
ABNORMAL = coded(SNOMED, "169255008")
FEMORAL_DVT = coded(SNOMED, "132291000119106")
CALF_DVT = coded(SNOMED, "132241000119103")
CHRONIC = coded(SNOMED, "132141000119106")
SVT = coded(SNOMED, "275517008")
CYST = coded(SNOMED, "82675004")
UNHEARD_OF = coded("urn:local", "DVT")


def details(*found: Json, **members: object) -> list[Json]:
    """A report and the Observations that its result names."""
    names = [{"reference": f"Observation/{each['id']}"} for each in found]
    return [report(result=names, **members), *found]


def test_a_report_is_an_examination_with_its_proof() -> None:
    found = read(report())

    assert found.facts["exams"] == [
        {"modality": "US", "date": "2026-03-05", "report_status": "final", "result": "negative", "side": "left"}
    ]
    assert {(each.fact, each.resource, each.element, each.date) for each in found.found} == {
        ("exams[0].modality", "DiagnosticReport/r1", "code", "2026-03-05"),
        ("exams[0].date", "DiagnosticReport/r1", "effectiveDateTime", "2026-03-05"),
        ("exams[0].report_status", "DiagnosticReport/r1", "status", "2026-03-05"),
        ("exams[0].result", "DiagnosticReport/r1", "conclusionCode[0].coding", "2026-03-05"),
        ("exams[0].side", "DiagnosticReport/r1", "code", "2026-03-05"),
    }


# ---- which study: H15, H20 -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "modality"), [("us-le-vein-specific", "US"), ("ctv-specific", "CTV"), ("mrv-specific", "MRV")]
)
def test_h15_a_code_that_names_the_veins_of_the_leg_proves_the_study(role: str, modality: str) -> None:
    for system, code in sorted(VALUE_SETS.roles[role]):
        assert exam(report(code=coded(system, code)))["modality"] == modality


@pytest.mark.parametrize(
    "role", ["us-le-vessel-confirm-by-text", "us-generic", "venography-unspecific", "exclude-lookalikes"]
)
def test_h15_a_code_that_does_not_prove_the_study_is_set_aside_and_listed(role: str) -> None:
    for system, code in sorted(VALUE_SETS.roles[role]):
        found = read(report(code=coded(system, code)))

        assert "exams" not in found.facts
        assert [aside.resource for aside in found.set_aside] == ["DiagnosticReport/r1"]


def test_h15_a_look_alike_beside_a_leg_vein_code_is_no_leg_vein_study() -> None:
    two = {"coding": [*coded(LOINC, US_LEG)["coding"], *coded(LOINC, "42461-4")["coding"]]}
    kinds = {"coding": [*coded(LOINC, US_LEG)["coding"], *coded(LOINC, "36079-2")["coding"]]}

    assert [aside.reason for aside in read(report(code=two)).set_aside] == ["a look-alike of a leg-vein study"]
    assert [aside.reason for aside in read(report(code=kinds)).set_aside] == ["its codes name different kinds of study"]


@pytest.mark.parametrize(
    "code",
    [
        None,
        {},
        {"text": "US duplex leg veins, DVT"},
        {"coding": [{"display": "US duplex leg veins"}]},
        {"coding": [{"system": LOINC, "display": "US.doppler Lower extremity vein"}]},
        {"coding": [{"code": US_LEG}]},
        coded("urn:oid:2.16.840.1.113883.6.1", US_LEG),
        coded(SNOMED, US_LEG),
        coded(LOINC, "24725-4"),
    ],
)
def test_h20_text_and_display_and_other_systems_prove_nothing(code: object) -> None:
    assert "exams" not in read(report(code=code)).facts


def test_a_condition_is_no_examination() -> None:
    sent = {"resourceType": "Condition", "id": "c", "code": FEMORAL_DVT, "subject": {"reference": "Patient/p1"}}

    assert "exams" not in read(sent).facts


# ---- status: H4 ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status", ["registered", "partial", "preliminary", "final", "amended", "corrected", "appended", "cancelled"]
)
def test_h4_a_known_status_is_passed_on(status: str) -> None:
    assert exam(report(status=status))["report_status"] == status


@pytest.mark.parametrize("status", [None, "unknown", "", "FINAL", "final ", "done", "ok"])
def test_h4_a_status_that_is_not_proven_final_is_preliminary(status: str | None) -> None:
    # in the public vocabulary an absent or unknown status means final
    found = read(report(status=status))

    assert value(found, "exams[0].report_status") == "preliminary"
    assert reasons(found, "exams[0].report_status") == ["not proven to be final"]


def test_h4_a_report_entered_in_error_is_none() -> None:
    assert "exams" not in read(report(status="entered-in-error")).facts


# ---- date: H12 -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "day"),
    [
        ({"effectiveDateTime": "2026-03-06T04:30:00Z"}, "2026-03-05"),
        ({"effectiveDateTime": "2026-03-06T05:30:00Z"}, "2026-03-06"),
        ({"effectiveDateTime": None, "effectivePeriod": {"start": "2026-03-04", "end": "2026-03-05"}}, "2026-03-04"),
        ({"effectiveDateTime": None, "effectivePeriod": {"end": "2026-03-05"}}, None),
        ({"effectivePeriod": {"start": "2026-03-04"}}, None),
        ({"effectiveDateTime": "2026-03"}, None),
        ({"effectiveDateTime": "2026-03-05T10:00:00"}, None),
        ({"effectiveDateTime": "yesterday"}, None),
        ({"effectiveDateTime": 5}, None),
        ({"effectiveDateTime": None}, None),
        ({"effectiveDateTime": None, "issued": "2026-03-05T10:00:00Z"}, None),
    ],
)
def test_h12_the_day_is_that_of_the_study_at_the_facility(members: Json, day: str | None) -> None:
    found = read(report(**members))

    assert value(found, "exams[0].date") == day
    assert bool(reasons(found, "exams[0].date")) is (day is None)


# ---- result: H4, H5, H8, H16 ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conclusion", "result"),
    [
        ([NEGATIVE], "negative"),
        ([coded(SNOMED, "169254007")], "negative"),
        ([POSSIBLE], "equivocal"),
        ([NEGATIVE, POSSIBLE], "equivocal"),
        ([POSSIBLE, THROMBUS], "acute_dvt"),
        ([THROMBUS], "acute_dvt"),
        ([FEMORAL_DVT], "acute_dvt"),
        ([coded(SNOMED, "128053003")], "acute_dvt"),
        ([CHRONIC], "chronic_change"),
        ([SVT], "svt_only"),
        ([NEGATIVE, SVT], "svt_only"),
        ([NEGATIVE, CHRONIC], "chronic_change"),
        ([NEGATIVE, CYST], "negative"),
        ([ABNORMAL], None),
        ([NEGATIVE, ABNORMAL], None),
        ([NEGATIVE, THROMBUS], None),
        ([SVT, CHRONIC], None),
        ([NEGATIVE, UNHEARD_OF], None),
        ([NEGATIVE, {"text": "acute thrombus of the femoral vein"}], None),
        ([SVT, UNHEARD_OF], None),
        ([THROMBUS, UNHEARD_OF], "acute_dvt"),
        ([UNHEARD_OF], None),
        ([CYST], None),
        ([{"text": "No DVT"}], None),
        ([{"coding": [*NEGATIVE["coding"], *THROMBUS["coding"]]}], None),
        ([], None),
        ([coded(SNOMED, "2667000")], None),
    ],
)
def test_a_conclusion_is_read_from_codes_alone(conclusion: list[Json], result: str | None) -> None:
    for order in itertools.permutations(conclusion):
        found = read(report(conclusionCode=list(order)))

        assert value(found, "exams[0].result") == result
        assert bool(reasons(found, "exams[0].result")) is (result is None)


def test_h16_text_is_not_read() -> None:
    assert "result" not in exam(report(conclusionCode=None, conclusion="No evidence of DVT. Normal study."))


IMPRESSION = {"code": coded(LOINC, "19005-8")}


@pytest.mark.parametrize(
    ("finding", "result"),
    [
        ({**IMPRESSION, "valueCodeableConcept": NEGATIVE}, "negative"),
        ({"code": coded(LOINC, US_LEG), "valueCodeableConcept": NEGATIVE}, "negative"),
        ({**IMPRESSION, "valueCodeableConcept": coded(SNOMED, "82334004")}, "equivocal"),
        # one segment without thrombus does not make the study negative
        ({"code": coded("urn:local", "femoral"), "valueCodeableConcept": NEGATIVE}, None),
        ({"code": coded("urn:local", "phasicity"), "valueCodeableConcept": coded(SNOMED, "260415000")}, None),
        # one segment with thrombus makes it positive
        ({"code": coded("urn:local", "femoral"), "valueCodeableConcept": THROMBUS}, "acute_dvt"),
        ({"code": coded("urn:local", "femoral"), "valueCodeableConcept": POSSIBLE}, "equivocal"),
        ({"code": coded("urn:local", "x"), "valueCodeableConcept": CALF_DVT}, "acute_dvt"),
        (
            {
                "code": coded("urn:local", "gsv"),
                "valueCodeableConcept": THROMBUS,
                "bodySite": coded(SNOMED, "60734001"),
            },
            "svt_only",
        ),
        ({"code": coded("urn:local", "cyst"), "valueCodeableConcept": coded(SNOMED, "10828004")}, None),
        ({**IMPRESSION, "valueCodeableConcept": NEGATIVE, "dataAbsentReason": coded("x", "error")}, None),
    ],
)
def test_result_observations_speak_too(finding: Json, result: str | None) -> None:
    sent = details(observation(id="o1", **finding), conclusionCode=None)

    assert exam(*sent).get("result") == result


def test_a_finding_raises_concern_beside_a_negative_conclusion() -> None:
    segment = observation(id="o1", code=coded("urn:local", "popliteal"), valueCodeableConcept=POSSIBLE)

    assert exam(*details(segment))["result"] == "equivocal"
    assert "result" not in exam(*details({**segment, "valueCodeableConcept": THROMBUS}))


@pytest.mark.parametrize("status", ["registered", "preliminary", "unknown", "bogus", None])
def test_h4_a_finding_that_is_not_final_withholds_reassurance(status: str | None) -> None:
    found = read(
        *details(observation(id="o1", code=coded("x", "y"), status=status), fact("exam.protocol", "complete_duplex"))
    )

    assert value(found, "exams[0].result") is None
    assert value(found, "exams[0].protocol") is None
    assert reasons(found, "exams[0].result") == ["another part of the report cannot be read"]


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
def test_a_finding_that_never_was_withholds_nothing(status: str) -> None:
    sent = details(observation(id="o1", code=coded("x", "y"), status=status), fact("exam.protocol", "complete_duplex"))

    assert exam(*sent)["result"] == "negative"
    assert exam(*sent)["protocol"] == "complete_duplex"


def test_h2_a_finding_about_another_patient_withholds_reassurance_and_says_nothing() -> None:
    foreign = observation(
        id="o1", code=coded("x", "y"), valueCodeableConcept=THROMBUS, subject={"reference": "Patient/p2"}
    )

    assert "result" not in exam(*details(foreign))


def test_a_finding_that_no_report_names_says_nothing() -> None:
    loose = observation(id="o1", **IMPRESSION, valueCodeableConcept=THROMBUS)
    found = read(report(), loose, fact("exam.cfv", "monophasic"))

    assert value(found, "exams[0].result") == "negative"
    assert value(found, "exams[0].cfv") is None
    assert reasons(found, "exams") == ["exam.cfv is stated, but no report names it as its result"]


def test_a_finding_on_another_page_could_say_more_about_the_extent() -> None:
    named = [{"reference": "Observation/o1"}, {"reference": "Observation/exam-protocol"}]
    sent = [report(result=named), fact("exam.protocol", "complete_duplex")]

    assert exam(*sent)["protocol"] == "complete_duplex"  # the answer is complete, and o1 is not in it
    cut = raw(bundle(sent[1], link=[{"relation": "next", "url": "x"}]))
    found = read(sent[0], observations=cut)
    assert value(found, "exams[0].protocol") is None
    assert value(found, "exams[0].result") == "negative"


# ---- contained: H19 ------------------------------------------------------------------------------


def contained(**members: object) -> Json:
    inside = {
        "resourceType": "Observation",
        "id": "c1",
        "status": "final",
        "code": coded(FACT, "exam.cfv"),
        "valueCodeableConcept": coded("urn:dvt-next-step:value", "monophasic"),
        **members,
    }
    protocol = fact("exam.protocol", "complete_duplex", id="c2")
    named = [{"reference": "#c1"}, {"reference": "#c2"}]
    return report(contained=[{"resourceType": "Organization", "id": "c0"}, inside, protocol], result=named)


@pytest.mark.parametrize("subject", [{}, {"subject": {"reference": "Patient/p1"}}])
def test_h19_a_contained_observation_is_a_detail_of_its_report(subject: Json) -> None:
    found = read(contained(**subject))

    assert value(found, "exams[0].cfv") == "monophasic"
    proof = next(each for each in found.found if each.fact == "exams[0].cfv")
    assert (proof.resource, proof.element) == ("DiagnosticReport/r1", "contained[1].valueCodeableConcept.coding[0]")
    assert value(found, "exams[0].protocol") == "complete_duplex"


@pytest.mark.parametrize(
    "members",
    [
        {"subject": {"reference": "Patient/p2"}},
        {"subject": {"reference": "#p"}},
        {"status": "preliminary"},
        {"status": 5},
        {"modifierExtension": [{"url": "x"}]},
        {"focus": [{"reference": "Patient/x"}]},
        {"id": "other"},
        {"resourceType": "Media"},
    ],
)
def test_h19_a_contained_observation_that_may_not_be_used_withholds_reassurance(members: Json) -> None:
    only = exam(contained(**members))

    assert "cfv" not in only
    assert "protocol" not in only
    assert "result" not in only


def test_h19_of_two_contained_observations_with_one_id_neither_counts() -> None:
    twice = contained()
    twice["contained"].append({**twice["contained"][1], "valueCodeableConcept": coded(VALUE, "normal")})

    assert "cfv" not in exam(twice)
    assert "protocol" not in exam(twice)


# ---- side ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "stated", "side"),
    [
        ("39432-0", None, "left"),
        ("39443-7", None, "right"),
        ("39420-5", None, "bilateral"),
        ("30881-7", None, None),
        ("30881-7", "right", "right"),
        ("39432-0", "left", "left"),
        ("39432-0", "right", None),
        ("39432-0", "bilateral", None),
        ("39432-0", "unknown", "left"),
        ("30881-7", "both", None),
    ],
)
def test_h15_the_side_comes_from_the_code_or_is_stated(code: str, stated: str | None, side: str | None) -> None:
    found = [fact("exam.side", stated)] if stated else []

    assert exam(*details(*found, code=coded(LOINC, code))).get("side") == side


def test_codes_of_two_sides_are_a_conflict() -> None:
    two = {"coding": [*coded(LOINC, "39432-0")["coding"], *coded(LOINC, "39443-7")["coding"]]}

    assert "side" not in exam(report(code=two))


# ---- extent: H15 ---------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["80860-0", "69399-4"])
@pytest.mark.parametrize(
    ("stated", "protocol"),
    [
        ("complete_duplex", None),
        ("complete_compression", None),
        ("proximal_duplex", "proximal_duplex"),
        ("pocus", "pocus"),
        (None, None),
    ],
)
def test_h15_a_code_that_says_limited_is_never_complete(code: str, stated: str | None, protocol: str | None) -> None:
    found = read(*details(*([fact("exam.protocol", stated)] if stated else []), code=coded(LOINC, code)))

    assert value(found, "exams[0].protocol") == protocol
    assert bool(reasons(found, "exams[0].protocol")) is (protocol is None)


def test_everything_an_examination_may_state() -> None:
    stated = {
        "protocol": "complete_duplex",
        "quality": "minor_limitation",
        "cfv": "normal",
        "iliac": "not_imaged",
        "side": "bilateral",
        "result": "acute_dvt",
        "location": "proximal",
    }
    found = [fact(f"exam.{name}", each) for name, each in stated.items()]
    unseen = [fact("exam.unseen", each, id=f"u{n}") for n, each in enumerate(["iliac", "peroneal", "peroneal"])]
    seen_end = fact("exam.upper_extent_seen", value=True)

    only = exam(*details(*found, *unseen, seen_end, conclusionCode=None, code=coded(LOINC, US_LEG)))

    assert only == {
        **stated,
        "modality": "US",
        "date": "2026-03-05",
        "report_status": "final",
        "unseen": ["peroneal", "iliac"],
        "upper_extent_seen": True,
    }


@pytest.mark.parametrize("name", ["quality", "cfv", "iliac", "unseen", "side", "location", "upper_extent_seen"])
@pytest.mark.parametrize("odd", [{"valueString": "compromised"}, {"dataAbsentReason": coded("x", "error")}, {}])
def test_h8_an_unreadable_finding_leaves_the_study_limited(name: str, odd: Json) -> None:
    # H8, R-1: "unknown quality" reads as adequate downstream, so the extent is withheld instead
    sent = details(fact("exam.protocol", "complete_duplex"), fact(f"exam.{name}", odd))

    assert "protocol" not in exam(*sent)


def test_two_findings_that_differ_are_a_conflict_and_leave_the_study_limited() -> None:
    two = [fact("exam.quality", "adequate"), fact("exam.quality", "compromised", id="q2")]
    found = read(*details(fact("exam.protocol", "complete_duplex"), *two))

    assert value(found, "exams[0].quality") is None
    assert value(found, "exams[0].protocol") is None
    assert reasons(found, "exams[0].quality") == ["conflict: different parts of the report contradict each other"]


def test_h17_a_finding_said_twice_is_said_once() -> None:
    two = [fact("exam.quality", "adequate"), fact("exam.quality", "adequate", id="q2")]

    assert exam(*details(*two))["quality"] == "adequate"


def test_an_unreadable_stated_result_withholds_a_negative_conclusion() -> None:
    assert "result" not in exam(*details(fact("exam.result", {"valueString": "acute"})))
    assert exam(*details(fact("exam.result", "unknown")))["result"] == "negative"
    assert exam(*details(fact("exam.result", "nondiagnostic")))["result"] == "nondiagnostic"


# ---- location ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conclusion", "stated", "location"),
    [
        ([FEMORAL_DVT], None, "proximal"),
        ([CALF_DVT], None, "distal"),
        ([CALF_DVT, FEMORAL_DVT], None, "proximal"),
        ([coded(SNOMED, "234044007"), CALF_DVT], None, "iliofemoral"),
        ([coded(SNOMED, "281595001")], None, "iliocaval"),
        ([THROMBUS], None, None),
        ([THROMBUS], "distal", "distal"),
        ([FEMORAL_DVT], "distal", None),
        ([POSSIBLE], "distal", "distal"),
    ],
)
def test_the_most_central_site_is_the_location(
    conclusion: list[Json], stated: str | None, location: str | None
) -> None:
    found = [fact("exam.location", stated)] if stated else []

    assert exam(*details(*found, conclusionCode=conclusion)).get("location") == location


# ---- several studies: H5, H18 --------------------------------------------------------------------


def dates(*resources: Json) -> list[tuple[object, object]]:
    exams = read(*resources).facts["exams"]
    assert isinstance(exams, list)
    return [(each.get("date"), each.get("result")) for each in exams]


def test_examinations_stand_in_the_order_of_their_days() -> None:
    sent = [report(id="late", effectiveDateTime="2026-03-10"), report(id="never", effectiveDateTime=None), report()]

    for order in itertools.permutations(sent):
        assert dates(*order) == [("2026-03-05", "negative"), ("2026-03-10", "negative"), (None, "negative")]


def test_h5_of_one_day_the_least_reassuring_comes_last() -> None:
    sent = [
        report(id="a", conclusionCode=[POSSIBLE]),
        report(id="b"),
        report(id="c", conclusionCode=[ABNORMAL]),
        report(id="d", conclusionCode=[THROMBUS]),
    ]

    for order in itertools.permutations(sent):
        assert [result for _, result in dates(*order)] == ["negative", "equivocal", "acute_dvt", None]


def test_of_one_day_the_limited_study_comes_after_the_complete_one() -> None:
    sent = details(fact("exam.protocol", "complete_duplex"), id="z")
    exams = read(*sent, report(id="a")).facts["exams"]

    assert isinstance(exams, list)
    assert [each.get("protocol") for each in exams] == ["complete_duplex", None]


def test_a_doubtful_study_comes_after_a_limited_one() -> None:
    doubtful = details(fact("exam.protocol", "complete_duplex"), id="a", conclusionCode=[POSSIBLE])

    assert [result for _, result in dates(*doubtful, report(id="b"))] == ["negative", "equivocal"]


# ---- pictures without a report -------------------------------------------------------------------


def test_pictures_without_a_report_are_an_examination_without_a_result() -> None:
    found = read(study())

    assert found.facts["exams"] == [
        {"modality": "US", "date": "2026-03-09", "report_status": "registered", "side": "left"}
    ]
    assert reasons(found, "exams[0].result") == ["pictures without a report"]


@pytest.mark.parametrize(
    "reference", ["ImagingStudy/i1", "ImagingStudy/i1/_history/2", "https://ehr.example.org/fhir/ImagingStudy/i1"]
)
def test_pictures_that_a_report_names_are_that_reports(reference: str) -> None:
    assert dates(report(imagingStudy=[{"reference": reference}]), study()) == [("2026-03-05", "negative")]


def test_pictures_of_the_day_of_a_report_are_that_reports() -> None:
    assert dates(report(), study(started="2026-03-06T03:00:00Z")) == [("2026-03-05", "negative")]
    assert len(dates(report(), study(started="2026-03-06T06:00:00Z"))) == 2
    assert len(dates(report(), study(started=None))) == 2
    assert len(dates(report(status="cancelled"), study(started="2026-03-05"))) == 2
    assert len(dates(report(code=coded(LOINC, "36079-2")), study(started="2026-03-05"))) == 2


@pytest.mark.parametrize(
    "members",
    [
        {"status": "registered"},
        {"status": "cancelled"},
        {"status": None},
        {"procedureCode": []},
        {"procedureCode": [coded(LOINC, "44174-1")]},
    ],
)
def test_pictures_that_are_not_proven_are_no_examination(members: Json) -> None:
    assert "exams" not in read(study(**members)).facts


# ---- gaps: H21, H22 ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [bundle(report(), total=2), bundle(report(), outcome("warning")), bundle(report(), report(id="x", code=5))],
)
def test_h22_an_incomplete_answer_says_that_there_may_be_later_studies(answer: Json) -> None:
    found = read(reports=raw(answer))

    assert value(found, "exams[0].result") == "negative"
    assert reasons(found, "exams") == ["reports: not all of the answer came or could be used: there may be later ones"]


def test_h21_absence_is_never_a_fact() -> None:
    for answer in (bundle(), None, outcome("error")):
        found = read(report(), observations=raw(answer))

        assert set(found.facts) == {"exams"}


def test_the_facts_are_read_by_the_vocabulary_as_they_are() -> None:
    found = read(*details(fact("exam.protocol", "complete_duplex"), fact("exam.unseen", "peroneal")))
    facts = parse_facts(json.loads(json.dumps(found.facts)))

    assert facts.exams[0].protocol == "complete_duplex"
    assert facts.exams[0].unseen == {"peroneal"}
    assert facts.exams[0].result == "negative"
