"""What becomes of a record: the states of its queries, whose resources they are, which version counts."""

import json
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import CallerError, SubjectMismatch
from app.fhir.record import QueryState, Reason, Record, SetAside, name_of, read_bundle, read_prefetch
from app.fhir.resources import RESOURCES, Observation
from tests.fhir.samples import (
    EXPECTED,
    KEYS,
    PATIENT_ID,
    SERVER,
    Json,
    bundle,
    coded,
    fact,
    observation,
    order,
    outcome,
    patient,
    prefetch,
    raw,
    report,
    study,
)

ANSWERED, EMPTY, INCOMPLETE, FAILED, NOT_SENT = QueryState


def state(value: object) -> QueryState:
    """The state of the query for observations when this is its answer."""
    return read_prefetch({"q": raw(value)}, {"q": "Observation"}, PATIENT_ID, SERVER).queries["q"]


def record_of(*resources: Json) -> Record:
    return read_prefetch(prefetch(*resources), EXPECTED, PATIENT_ID, SERVER)


def reasons(record: Record) -> dict[str, str]:
    return {aside.resource: aside.reason for aside in record.set_aside}


# ---- the four states of an answer: conformance.md section 5 (PF-01..PF-16, H21, H22) -------------

ONE = observation(id="o1")
OTHER = observation(id="o2")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, EMPTY),
        (bundle(), EMPTY),
        (bundle(total=0), EMPTY),
        ({"resourceType": "Bundle"}, EMPTY),
        ({"resourceType": "Bundle", "entry": None, "total": None, "link": None}, EMPTY),
        (bundle(total=3), INCOMPLETE),
        (bundle(outcome("warning", "4101")), EMPTY),
        (bundle(outcome("information", "4101")), EMPTY),
        (bundle(outcome("warning", "4101", "urn:other")), FAILED),
        (bundle(outcome("warning"), total=0), EMPTY),
        (bundle(outcome("warning")), FAILED),
        (bundle(outcome("error", "4101"), total=0), FAILED),
        (bundle(outcome("fatal")), FAILED),
        (bundle({"resourceType": "OperationOutcome", "issue": 5}), FAILED),
        (bundle(ONE), ANSWERED),
        (bundle(ONE, total=1), ANSWERED),
        (bundle(ONE, total=None), ANSWERED),
        (bundle(ONE, total=2), INCOMPLETE),
        (bundle(ONE, ONE, total=2), INCOMPLETE),
        (bundle(ONE, link=[{"relation": "self", "url": "x"}]), ANSWERED),
        (bundle(ONE, link=[{"relation": "next", "url": "x"}]), INCOMPLETE),
        (bundle(link=[{"relation": "next"}]), INCOMPLETE),
        (bundle(ONE, outcome("warning")), INCOMPLETE),
        (bundle(ONE, outcome("information")), INCOMPLETE),
        (bundle(ONE, outcome("error")), FAILED),
        (bundle(ONE, None), INCOMPLETE),
        (bundle(ONE, {}), INCOMPLETE),
        (bundle(ONE, patient()), ANSWERED),
        ({**bundle(ONE), "entry": [{"resource": ONE}, None]}, ANSWERED),
        ({**bundle(ONE), "entry": [{"resource": ONE}, "x"]}, INCOMPLETE),
        ({**bundle(ONE), "entry": [{"resource": ONE}, {"fullUrl": "urn:uuid:1"}]}, INCOMPLETE),
        ({**bundle(ONE), "entry": [{"resource": ONE, "modifierExtension": [{}]}]}, INCOMPLETE),
        ({**bundle(ONE), "entry": "x"}, FAILED),
        ({**bundle(ONE), "total": "x"}, FAILED),
        ({**bundle(ONE), "modifierExtension": [{"url": "x"}]}, FAILED),
        (bundle(bundle(ONE)), INCOMPLETE),
        (outcome("information"), FAILED),
        (outcome("error"), FAILED),
        (ONE, INCOMPLETE),
        (patient(), FAILED),
        ({"resourceType": "Group", "id": "g"}, FAILED),
        ({}, NOT_SENT),
        ({"response": {"status": "200 OK"}, "resource": bundle(ONE)}, NOT_SENT),
        ({"entry": []}, FAILED),
        ([], FAILED),
        ([bundle(ONE)], FAILED),
        ("x", FAILED),
        (5, FAILED),
        (False, FAILED),
    ],
)
def test_each_kind_of_answer_has_its_state(value: object, expected: QueryState) -> None:
    assert state(value) is expected


def test_an_absent_key_was_not_asked() -> None:
    assert read_prefetch({}, {"q": "Observation"}, PATIENT_ID, None).queries["q"] is NOT_SENT
    assert read_prefetch(None, {"q": "Observation"}, PATIENT_ID, None).queries["q"] is NOT_SENT


def test_an_answer_that_is_not_json_has_failed() -> None:
    for text in (b"{", b"\xff", b'{"resourceType":"Bundle"', b'{"a":"\\ud800"}', b"[" * 100_000, b""):
        record = read_prefetch({"q": msgspec.Raw(text)}, {"q": "Observation"}, PATIENT_ID, None)

        assert record.queries["q"] is FAILED


def test_a_key_that_nobody_asked_for_is_not_read() -> None:
    record = read_prefetch({"extra": raw(bundle(ONE))}, {}, PATIENT_ID, None)

    assert (record.observations, dict(record.queries)) == ((), {})


def test_a_presence_claim_of_a_failed_query_is_kept() -> None:
    record = read_prefetch({"q": raw(bundle(ONE, outcome("error")))}, {"q": "Observation"}, PATIENT_ID, None)

    assert [each.id for each in record.observations] == ["o1"]
    assert not record.is_complete("Observation")


def test_only_complete_answers_let_absence_mean_absence() -> None:
    assert record_of().is_complete("Observation")
    assert not read_prefetch({"q": raw(bundle(ONE, total=2))}, {"q": "Observation"}, "p1", None).is_complete(
        "Observation"
    )
    assert not record_of().is_complete("Medication")


# ---- whose it is: H1, H2 -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        patient(id="p2"),
        bundle(patient(id="p2")),
        bundle(patient(), patient(id="p2")),
        patient(id="P1"),
        patient(id="p1 "),
        {"resourceType": "Patient", "id": "p2", "link": 5},
    ],
)
def test_h1_another_patient_is_refused(sent: Json) -> None:
    with pytest.raises(SubjectMismatch) as refused:
        read_prefetch({"patient": raw(sent)}, {"patient": "Patient"}, PATIENT_ID, SERVER)

    assert refused.value.status == 400
    assert "p2" not in str(refused.value)


@pytest.mark.parametrize("sent", [patient(), bundle(patient()), bundle(patient(), patient()), patient(birthDate=5)])
def test_the_patient_comes_bare_or_in_a_bundle(sent: Json) -> None:
    record = read_prefetch({"patient": raw(sent)}, {"patient": "Patient"}, PATIENT_ID, SERVER)

    assert record.patient
    assert record.patient.id == PATIENT_ID
    assert record.queries["patient"] is ANSWERED


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({"resourceType": "Patient"}, Reason.NO_SUBJECT),
        (patient(id=None), Reason.NO_SUBJECT),
        (patient(id=5), Reason.NO_SUBJECT),
        (patient(modifierExtension=[{"url": "x"}]), Reason.MODIFIED),
        (patient(deceasedBoolean="yes"), Reason.UNREADABLE),
    ],
)
def test_a_patient_that_cannot_be_used_is_a_failed_read(sent: Json, reason: Reason) -> None:
    record = read_prefetch({"patient": raw(sent)}, {"patient": "Patient"}, PATIENT_ID, SERVER)

    assert record.patient is None
    assert record.queries["patient"] is FAILED
    assert [aside.reason for aside in record.set_aside] == [reason]


@pytest.mark.parametrize(
    ("subject", "reason", "is_complete"),
    [
        ({"reference": "Patient/p2"}, Reason.ANOTHER_PATIENT, True),
        ({"reference": "Group/g"}, Reason.ANOTHER_PATIENT, True),
        ({"reference": "#p"}, Reason.NO_SUBJECT, False),
        ({"reference": "urn:uuid:1"}, Reason.NO_SUBJECT, False),
        ({"identifier": {"value": "p1"}}, Reason.NO_SUBJECT, False),
        ({"display": "p1"}, Reason.NO_SUBJECT, False),
        ({}, Reason.NO_SUBJECT, False),
        (None, Reason.NO_SUBJECT, False),
        (5, Reason.UNREADABLE, False),
    ],
)
@pytest.mark.parametrize("kind", ["Observation", "Condition", "ImagingStudy", "DiagnosticReport", "ServiceRequest"])
def test_h2_what_is_not_proven_to_be_ours_is_excluded_and_listed(
    *, kind: str, subject: object, reason: Reason, is_complete: bool
) -> None:
    record = record_of({"resourceType": kind, "id": "x", "status": "final", "subject": subject})

    assert reasons(record) == {f"{kind}/x": reason}
    assert record.is_complete(kind) is is_complete
    assert "x" not in {getattr(each, "id", None) for each in record.by_reference.values()}


def test_an_observation_about_a_fetus_is_not_about_the_patient() -> None:
    record = record_of(observation(id="o1", focus=[{"reference": "Patient/fetus"}]))

    assert reasons(record) == {"Observation/o1": Reason.NO_SUBJECT}


def test_an_allergy_is_about_its_patient() -> None:
    def allergies(**members: object) -> Record:
        sent = {"resourceType": "AllergyIntolerance", "id": "a1", **members}
        return read_prefetch({"q": raw(bundle(sent))}, {"q": "AllergyIntolerance"}, PATIENT_ID, SERVER)

    assert [each.id for each in allergies(patient={"reference": "Patient/p1"}).allergies] == ["a1"]
    assert reasons(allergies(patient={"reference": "Patient/p2"})) == {"AllergyIntolerance/a1": Reason.ANOTHER_PATIENT}
    assert reasons(allergies(subject={"reference": "Patient/p1"})) == {"AllergyIntolerance/a1": Reason.NO_SUBJECT}
    assert reasons(allergies(patient={"reference": "Patient/p2"}, code=5)) == {
        "AllergyIntolerance/a1": Reason.ANOTHER_PATIENT
    }


# ---- withdrawn, modified, unreadable: H4, H6, H7 -------------------------------------------------


@pytest.mark.parametrize("kind", sorted(set(RESOURCES) - {"Patient", "Condition", "AllergyIntolerance"}))
def test_h4_what_was_entered_in_error_never_was(kind: str) -> None:
    about = "patient" if kind == "Device" else "subject"
    sent = {"resourceType": kind, "id": "x", "status": "entered-in-error", about: {"reference": "Patient/p1"}}
    record = read_prefetch({"q": raw(bundle(sent))}, {"q": kind}, PATIENT_ID, SERVER)

    assert reasons(record) == {f"{kind}/x": Reason.IN_ERROR}
    assert record.queries["q"] is ANSWERED


@pytest.mark.parametrize(("code", "reason"), [("refuted", Reason.REFUTED), ("entered-in-error", Reason.IN_ERROR)])
def test_h6_a_refuted_condition_is_excluded(code: str, reason: Reason) -> None:
    system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    sent = {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p1"}}

    assert reasons(record_of({**sent, "verificationStatus": coded(system, code)})) == {"Condition/c": reason}
    assert reasons(record_of({**sent, "verificationStatus": coded("urn:local", code)})) == {"Condition/c": reason}
    assert not reasons(record_of({**sent, "verificationStatus": coded(system, "confirmed")}))


@pytest.mark.parametrize("kind", sorted(KEYS))
@pytest.mark.parametrize("members", [{"modifierExtension": [{"url": "x"}]}, {"implicitRules": "urn:x"}])
def test_h7_a_modifier_that_we_do_not_know_excludes(kind: str, members: Json) -> None:
    about = "patient" if kind in {"AllergyIntolerance", "Device"} else "subject"
    sent = {"resourceType": kind, "id": PATIENT_ID, about: {"reference": "Patient/p1"}, **members}
    record = record_of(sent)

    assert reasons(record) == {f"{kind}/{PATIENT_ID}": Reason.MODIFIED}
    assert not record.is_complete(kind)


def test_one_odd_resource_harms_no_other() -> None:
    odd = [observation(id=f"odd{n}", status=value) for n, value in enumerate([5, [], {}, True])]
    record = record_of(ONE, *odd, report())

    assert [each.id for each in record.observations] == ["o1"]
    assert [each.id for each in record.reports] == ["r1"]
    assert set(reasons(record).values()) == {Reason.UNREADABLE}
    assert record.queries["observations"] is INCOMPLETE
    assert record.queries["reports"] is ANSWERED


def test_an_unreadable_resource_of_another_patient_leaves_no_hole() -> None:
    record = record_of(observation(id="x", status=5, subject={"reference": "Patient/p2"}))

    assert reasons(record) == {"Observation/x": Reason.ANOTHER_PATIENT}
    assert record.is_complete("Observation")


def test_no_text_of_a_resource_passes_into_its_name() -> None:
    record = record_of(observation(id="<b>**x**</b>", subject=None), {"resourceType": "Observation", "id": 5})
    wrong = read_prefetch({"q": raw({"resourceType": "<i>", "id": "x"})}, {"q": "Observation"}, PATIENT_ID, None)

    assert set(reasons(record)) == {"Observation/?"}
    assert set(reasons(wrong)) == {"Resource/x"}
    assert name_of(Observation(id="a b")) == "Observation/?"


def test_an_entry_of_another_type_is_listed_and_not_read() -> None:
    record = read_prefetch({"q": raw(bundle(ONE, report(), patient(id="p2")))}, {"q": "Observation"}, "p1", None)

    assert reasons(record) == {"DiagnosticReport/r1": Reason.OTHER_TYPE, "Patient/p2": Reason.OTHER_TYPE}
    assert record.reports == ()


# ---- copies and versions: H5, H17, H18 -----------------------------------------------------------


def version(status: str = "final", **meta: str) -> Json:
    return observation(id="o1", status=status, meta=meta)


def kept(*versions: Json) -> list[str | None]:
    return [each.status for each in record_of(*versions).observations]


def test_h17_identical_copies_are_one_resource() -> None:
    assert kept(version(), version()) == ["final"]
    assert kept(version(versionId="1"), version(versionId="2")) == ["final"]
    both = {"a": raw(bundle(ONE)), "b": raw(bundle(ONE))}
    assert len(read_prefetch(both, {"a": "Observation", "b": "Observation"}, "p1", None).observations) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"lastUpdated": "2026-03-05T10:00:00Z"}, {"lastUpdated": "2026-03-05T11:30:00+01:00"}),
        ({"lastUpdated": "2026-03-05T10:00:00.1Z"}, {"lastUpdated": "2026-03-05T10:00:00.2Z"}),
        ({"versionId": "9"}, {"versionId": "10"}),
        ({"lastUpdated": "2026", "versionId": "1"}, {"lastUpdated": "2026", "versionId": "2"}),
        (
            {"lastUpdated": "2026-03-05T10:00:00Z", "versionId": "2"},
            {"lastUpdated": "2026-03-05T11:00:00Z", "versionId": "1"},
        ),
    ],
)
def test_h5_the_newer_version_replaces_the_older(old: dict[str, str], new: dict[str, str]) -> None:
    for versions in ([version(**old), version("amended", **new)], [version("amended", **new), version(**old)]):
        record = record_of(*versions)

        assert [each.status for each in record.observations] == ["amended"]
        assert reasons(record) == {"Observation/o1": Reason.OLDER}
        assert record.is_complete("Observation")


def test_h5_a_newer_version_that_may_not_be_used_does_not_let_the_older_one_through() -> None:
    assert not kept(version(versionId="1"), version("entered-in-error", versionId="2"))
    moved = observation(id="o1", subject={"reference": "Patient/p2"}, meta={"versionId": "2"})
    assert not kept(version(versionId="1"), moved)


@pytest.mark.parametrize(
    "metas",
    [
        ({}, {}),
        ({"versionId": "1"}, {}),
        ({"versionId": "a"}, {"versionId": "b"}),
        ({"versionId": "1"}, {"versionId": "1"}),
    ],
)
def test_versions_that_cannot_be_ordered_are_a_conflict(metas: tuple[dict[str, str], dict[str, str]]) -> None:
    record = record_of(version(**metas[0]), version("amended", **metas[1]))

    assert record.observations == ()
    assert reasons(record) == {"Observation/o1": Reason.CONTRADICTS}
    assert record.queries["observations"] is INCOMPLETE


def test_a_version_that_cannot_be_read_may_say_anything() -> None:
    record = record_of(version(), {**version(), "status": 5})

    assert record.observations == ()
    assert reasons(record) == {"Observation/o1": Reason.CONTRADICTS}


def test_a_foreign_resource_with_our_id_takes_nothing_away() -> None:
    record = record_of(version(), observation(id="o1", subject={"reference": "Patient/p2"}, status="amended"))

    assert [each.status for each in record.observations] == ["final"]
    assert reasons(record) == {"Observation/o1": Reason.ANOTHER_PATIENT}


def test_resources_without_id_are_told_apart_by_content() -> None:
    record = record_of(observation(), observation(), observation(status="amended"))

    assert [each.status for each in record.observations] == ["amended", "final"]


SOME = [
    ONE,
    OTHER,
    report(),
    study(),
    order(),
    version("amended", versionId="2"),
    observation(id="odd", code=5),
    fact("anticoag", "none"),
    observation(id="o9", subject={"reference": "Patient/p2"}),
]


@given(seed=st.integers(0, 10_000))
@settings(max_examples=60)
def test_h17_h18_neither_order_nor_repetition_matters(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # a test's chance
    many = [*SOME, *chance.choices(SOME, k=4)]
    chance.shuffle(many)

    shuffled, plain = record_of(*many), record_of(*SOME)

    for name in ("reports", "observations", "imaging_studies", "service_requests", "set_aside"):
        assert getattr(shuffled, name) == getattr(plain, name)
    assert dict(shuffled.queries) == dict(plain.queries)
    assert set(shuffled.by_reference) == set(plain.by_reference)


@given(seed=st.integers(0, 10_000), chosen=st.sampled_from(SOME))
@settings(max_examples=60)
def test_h2_a_foreign_resource_never_matters(seed: int, chosen: Json) -> None:
    chance = random.Random(seed)  # noqa: S311  # a test's chance
    identifier = chance.choice([chosen["id"], "foreign"])
    foreign = {**chosen, "id": identifier, "subject": {"reference": "Patient/p2"}, "status": "final"}
    with_it, without = record_of(*SOME, foreign), record_of(*SOME)

    for name in ("reports", "observations", "imaging_studies", "service_requests"):
        assert getattr(with_it, name) == getattr(without, name)
    assert dict(with_it.queries) == dict(without.queries)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=6)
    | st.sampled_from(["Patient/p1", "final", "Bundle"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "status",
                    "code",
                    "coding",
                    "subject",
                    "reference",
                    "meta",
                    "entry",
                    "resource",
                    "resourceType",
                    "search",
                    "link",
                    "total",
                    "fullUrl",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(garbage=JSON, kind=st.sampled_from(["Observation", "DiagnosticReport", "Patient", "OperationOutcome", "Bundle"]))
@settings(max_examples=400)
def test_no_garbage_makes_reading_fail(garbage: object, kind: str) -> None:
    typed = {**garbage, "resourceType": kind} if isinstance(garbage, dict) else garbage
    for value in (garbage, typed, bundle(typed, ONE), {"resourceType": "Bundle", "entry": garbage}):  # type: ignore[arg-type]
        record = read_prefetch({"observations": raw(value)}, EXPECTED, PATIENT_ID, SERVER)

        for each in record.observations:
            assert each.subject
            assert each.subject.reference == "Patient/p1"


# ---- included and contained: H19 -----------------------------------------------------------------


def test_h19_an_included_resource_is_a_detail_and_not_a_finding() -> None:
    entries = [
        {"resource": report(result=[{"reference": "Observation/o1"}])},
        {"resource": ONE, "search": {"mode": "include"}},
        {"resource": {"resourceType": "Practitioner", "id": "d"}, "search": {"mode": "include"}},
    ]
    answer = {"resourceType": "Bundle", "total": 1, "entry": entries}
    record = read_prefetch({"reports": raw(answer)}, {"reports": "DiagnosticReport"}, PATIENT_ID, SERVER)

    assert record.observations == ()
    assert record.queries["reports"] is ANSWERED
    assert record.resolve("Observation/o1") == record.resolve(f"{SERVER}/Observation/o1/_history/2")
    assert isinstance(record.resolve("Observation/o1"), Observation)
    assert not record.set_aside


def test_what_is_included_and_also_found_is_a_finding() -> None:
    entries = [{"resource": ONE, "search": {"mode": "include"}}]
    both = {"reports": raw({"resourceType": "Bundle", "entry": entries}), "observations": raw(bundle(ONE))}

    assert [each.id for each in read_prefetch(both, EXPECTED, PATIENT_ID, SERVER).observations] == ["o1"]


def test_an_address_of_two_resources_means_neither() -> None:
    entries = [{"fullUrl": "urn:uuid:1", "resource": ONE}, {"fullUrl": "urn:uuid:1", "resource": OTHER}]
    record = read_prefetch({"q": raw({"resourceType": "Bundle", "entry": entries})}, {"q": "Observation"}, "p1", None)

    assert record.resolve("urn:uuid:1") is None
    assert record.resolve("Observation/o2") is not None
    assert record.resolve(None) is None


# ---- a whole record in one Bundle ----------------------------------------------------------------


def whole(*entries: Json, **members: object) -> bytes:
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": list(entries), **members}).encode()


ME = {"fullUrl": "urn:uuid:me", "resource": patient()}


@pytest.mark.parametrize("reference", ["urn:uuid:me", "Patient/p1", "Patient/p1/_history/1", "urn:uuid:me/_history/2"])
def test_a_bundle_proves_its_patient_by_id_and_by_full_url(reference: str) -> None:
    mine = {"resource": observation(id="o1", subject={"reference": reference})}
    record = read_bundle(whole(ME, mine))

    assert record.patient_id == PATIENT_ID
    assert record.patient
    assert [each.id for each in record.observations] == ["o1"]
    assert dict(record.queries) == {"record": ANSWERED}
    assert record.is_complete("Observation")


@pytest.mark.parametrize("reference", ["urn:uuid:other", "http://x/Patient/p1", "#p", "Patient/p2"])
def test_a_bundle_does_not_prove_other_addresses(reference: str) -> None:
    record = read_bundle(whole(ME, {"resource": observation(id="o1", subject={"reference": reference})}))

    assert record.observations == ()
    assert set(reasons(record)) == {"Observation/o1"}


def test_a_patient_without_id_is_known_by_its_address() -> None:
    me = {"fullUrl": "urn:uuid:me", "resource": {"resourceType": "Patient"}}
    mine = {"fullUrl": "urn:uuid:o", "resource": observation(subject={"reference": "urn:uuid:me"})}
    record = read_bundle(whole(me, mine, {"resource": {"resourceType": "Practitioner"}}))

    assert record.patient
    assert len(record.observations) == 1
    assert record.resolve("urn:uuid:o") is record.observations[0]
    assert not record.set_aside


def test_an_included_patient_is_the_patient_of_a_whole_record() -> None:
    me = {**ME, "search": {"mode": "include"}}

    assert read_bundle(whole(me)).patient


def test_a_cut_record_is_incomplete() -> None:
    assert read_bundle(whole(ME, link=[{"relation": "next"}])).queries["record"] is INCOMPLETE


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"{", "record-unreadable"),
        (b"null", "record-unreadable"),
        (json.dumps(patient()).encode(), "record-unreadable"),
        (whole(ME, implicitRules="urn:x"), "record-unreadable"),
        (whole(), "record-needs-one-patient"),
        (whole({"resource": ONE}), "record-needs-one-patient"),
        (whole(ME, {"resource": patient(id="p2")}), "record-needs-one-patient"),
    ],
)
def test_a_record_must_be_a_bundle_with_one_patient(sent: bytes, code: str) -> None:
    with pytest.raises(CallerError) as refused:
        read_bundle(sent)

    assert (refused.value.status, refused.value.code) == (400, code)
    assert "p2" not in str(refused.value)


def test_set_aside_resources_are_listed_in_one_order() -> None:
    assert SetAside("a", "q", "x") < SetAside("b", "q", "x")
