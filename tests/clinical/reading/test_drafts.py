"""What a draft orders, told by its codes alone."""

import json
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from app.clinical.ordering import DraftOrder, OrderForm, OrderKind
from app.clinical.reading.drafts import Carried, Reader
from app.fhir.drafts import entries
from app.fhir.subject import Subject
from tests.cds_hooks.orders import (
    APIXABAN,
    CHEST_X_RAY,
    CT_VENOGRAPHY,
    D_DIMER,
    DUPLEX_LEFT,
    LEFT,
    LIMITED_DUPLEX,
    RIGHT,
    RUN_OFF,
    appointment,
    bundle,
    drug,
    order,
)
from tests.front_door import value_sets

SERVER = "https://ehr.example.org/fhir"
READER = Reader(value_sets(), ZoneInfo("Europe/Vienna"), Subject("p-1", SERVER))


def carried(*drafts: object) -> tuple[Carried, ...]:
    return READER.carried(entries(json.dumps(bundle(*drafts)).encode()))


def read(draft: object) -> DraftOrder:
    """What the one draft orders; nothing that is spoken of: an order of another kind."""
    found = carried(draft)
    return found[0].order if found else DraftOrder()


@pytest.mark.parametrize(
    ("draft", "kind"),
    [
        (order(), OrderKind.LEG_ULTRASOUND),
        (order(LIMITED_DUPLEX), OrderKind.LEG_ULTRASOUND),
        (order(CT_VENOGRAPHY), OrderKind.CT_VENOGRAPHY),
        (order({"coding": [{"system": "http://loinc.org", "code": "36789-6"}]}), OrderKind.MR_VENOGRAPHY),
        (order(RUN_OFF), OrderKind.ARTERIAL_RUN_OFF),
        (order(D_DIMER), OrderKind.D_DIMER),
        (drug(), OrderKind.ANTICOAGULANT),
        (appointment(), OrderKind.LEG_ULTRASOUND),
        (order(CHEST_X_RAY), OrderKind.OTHER),
        (order({"text": "US lower extremity venous duplex"}), OrderKind.OTHER),
        (order({"coding": [{}]}), OrderKind.OTHER),
        (order({"coding": [{"code": "312725000"}]}), OrderKind.OTHER),
        (order({"coding": [*DUPLEX_LEFT["coding"], *D_DIMER["coding"]]}), OrderKind.OTHER),
        (order({"coding": [{"system": "http://snomed.info/sct", "code": "312724001"}]}), OrderKind.OTHER),
    ],
)
def test_a_draft_is_known_by_a_code_of_one_kind(draft: dict[str, Any], kind: OrderKind) -> None:
    assert read(draft).kind is kind


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/p-2"},
        {"reference": "https://other.example.org/fhir/Patient/p-1"},
        {"display": "the patient"},
        {"reference": "Group/p-1"},
        None,
    ],
)
def test_a_draft_that_is_not_provably_about_the_patient_is_not_read(subject: object) -> None:
    """H1, H2."""
    assert carried(order(subject=subject)) == ()
    assert carried(drug(subject=subject)) == ()


def test_a_draft_may_name_the_patient_by_the_address_on_the_server() -> None:
    assert read(order(subject={"reference": f"{SERVER}/Patient/p-1"})).kind is OrderKind.LEG_ULTRASOUND


@pytest.mark.parametrize(
    "members",
    [
        {"doNotPerform": True},
        {"doNotPerform": "no"},
        {"status": "revoked"},
        {"status": ["draft"]},
        {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]},
        {"implicitRules": "urn:x"},
    ],
)
def test_what_is_over_or_says_what_not_to_do_is_no_order(members: dict[str, Any]) -> None:
    assert carried(order(**members)) == ()
    assert carried(drug(**members)) == ()


@pytest.mark.parametrize(
    ("members", "side"),
    [
        ({}, "unknown"),
        ({"code": DUPLEX_LEFT}, "left"),
        ({"bodySite": [LEFT]}, "left"),
        ({"orderDetail": [RIGHT]}, "right"),
        ({"bodySite": [LEFT, RIGHT]}, "bilateral"),
        ({"bodySite": [{"text": "left leg"}]}, "unknown"),
        ({"bodySite": LEFT}, "unknown"),
        ({"bodySite": []}, "unknown"),
    ],
)
def test_the_side_comes_from_codes(members: dict[str, Any], side: str) -> None:
    assert read(order(**members)).side == side


@pytest.mark.parametrize(
    ("members", "earliest", "latest"),
    [
        ({}, None, None),
        ({"occurrenceDateTime": "2026-03-09"}, date(2026, 3, 9), date(2026, 3, 9)),
        ({"occurrenceDateTime": "2026-03"}, date(2026, 3, 1), date(2026, 3, 31)),
        ({"occurrenceDateTime": "2026-03-08T23:30:00Z"}, date(2026, 3, 9), date(2026, 3, 9)),
        ({"occurrenceDateTime": "soon"}, None, None),
        ({"occurrencePeriod": {"start": "2026-03-09"}}, date(2026, 3, 9), None),
        ({"occurrencePeriod": {"start": "2026-03", "end": "2026-04-02"}}, date(2026, 3, 1), date(2026, 4, 2)),
        ({"occurrencePeriod": {"start": "2026-03-09", "end": "2026-03-02"}}, None, None),
        ({"occurrenceDateTime": "2026-03-09", "occurrencePeriod": {"start": "2026-03-10"}}, None, None),
        ({"occurrenceTiming": {"event": ["2026-03-09"]}}, None, None),
    ],
)
def test_the_days_are_an_interval(members: dict[str, Any], earliest: date | None, latest: date | None) -> None:
    found = read(order(**members))

    assert (found.day_earliest, found.day_latest) == (earliest, latest)


def test_contrast_is_told_where_it_is_coded() -> None:
    mr = {"coding": [{"system": "http://loinc.org", "code": "36789-6"}]}
    iodine = {"coding": [{"system": "http://www.cms.gov/Medicare/Coding/ICD10", "code": "B52FZZZ"}]}

    assert read(order(CT_VENOGRAPHY)).contrast == "with"
    assert read(order(iodine)).contrast == "without"
    assert read(order(mr)).contrast == "unknown"


def test_a_limited_study_is_told_by_its_code() -> None:
    assert read(order(LIMITED_DUPLEX)).extent == "limited"
    assert read(order()).extent == "unknown"


@pytest.mark.parametrize(
    ("status", "form"), [("draft", OrderForm.NEW), (None, OrderForm.NEW), ("active", OrderForm.PLACED)]
)
def test_a_revised_order_is_no_draft(status: str | None, form: OrderForm) -> None:
    (found,) = carried(order(status=status))

    assert found.order.form is form
    assert found.may_change == (status == "draft")


def test_without_an_id_nothing_can_be_changed() -> None:
    (found,) = carried(order(id=None))

    assert not found.may_change
    assert found.name is None


@pytest.mark.parametrize(
    "members",
    [
        {"medicationReference": {"reference": "Medication/m-1"}, "medicationCodeableConcept": None},
        {"medicationReference": {"reference": "#m"}, "medicationCodeableConcept": None, "contained": [
            {"resourceType": "Medication", "id": "m", "code": APIXABAN}]},
    ],
    ids=["another entry", "contained"],
)  # fmt: skip
def test_a_drug_may_be_coded_elsewhere(members: dict[str, Any]) -> None:
    """Epic sends the Medication as another entry (vendors.md, 2)."""
    beside = {"resourceType": "Medication", "id": "m-1", "code": APIXABAN}
    (found,) = carried(drug(**members), beside)

    assert found.order == DraftOrder(OrderKind.ANTICOAGULANT, reference="0")


def test_heparin_for_a_line_is_no_anticoagulation() -> None:
    line = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1362060"}]}

    assert carried(drug(line)) == ()


@pytest.mark.parametrize(
    "members",
    [
        {"participant": [{"actor": {"reference": "Patient/p-2"}}]},
        {"participant": [{"actor": {"reference": "Patient/p-1"}}, {"actor": {"reference": "Patient/p-2"}}]},
        {"participant": [{"actor": {"reference": "Practitioner/p-1"}}]},
        {"participant": []},
        {"status": "cancelled"},
        {"status": None},
    ],
)
def test_only_the_patients_own_booking_is_read(members: dict[str, Any]) -> None:
    assert carried(appointment(**members)) == ()


def test_a_booking_is_on_the_day_it_begins_or_in_the_period_asked_for() -> None:
    asked: dict[str, Any] = {
        "start": None,
        "end": None,
        "requestedPeriod": [{"start": "2026-03-09", "end": "2026-03-11"}],
    }

    assert read(appointment(start="2026-03-08T23:30:00Z")).day_earliest == date(2026, 3, 9)
    assert read(appointment(**asked)).day_latest == date(2026, 3, 11)
    assert read(appointment()).form is OrderForm.BOOKING


def test_a_booking_may_rest_on_an_order_of_the_record() -> None:
    found = entries(
        json.dumps(bundle(appointment({"text": "?"}, basedOn=[{"reference": "ServiceRequest/x"}]))).encode()
    )
    orders = {"ServiceRequest/x": DraftOrder(OrderKind.LEG_ULTRASOUND, side="left")}

    assert READER.rests_on_an_order(found)
    assert READER.carried(found) == ()
    assert READER.carried(found, orders)[0].order.side == "left"


@pytest.mark.parametrize(
    "bundled", [b"[]", b"null", b"7", b'{"entry": {}}', b'{"entry": [null, 1, {"resource": 3}, {}]}']
)
def test_anything_is_read_without_harm(bundled: bytes) -> None:
    assert READER.carried(entries(bundled)) == ()


def test_an_odd_draft_harms_only_itself() -> None:
    drafts = carried({"resourceType": "ServiceRequest", "code": 7}, None, "x", order(id="good"))

    assert [each.name for each in drafts] == ["ServiceRequest/good"]


def test_a_draft_shows_nothing_of_the_patient() -> None:
    assert repr(carried(order())[0]) == "Carried(leg_ultrasound)"
    assert isinstance(carried(order())[0].resource, msgspec.Raw)
