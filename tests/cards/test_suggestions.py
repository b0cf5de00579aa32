"""Draft orders: one create action each, a valid ServiceRequest for the right leg and days, never a drug."""

import json
from typing import Any
from uuid import UUID

import pytest
from fhir.resources.R4B.servicerequest import ServiceRequest

from tests.cards.cards import Card, asked, card, golden_cards, rendered
from tests.clinical.patients import exam, symptoms
from tests.front_door import pathways

LIMITED: dict[str, Any] = {"protocol": "proximal_duplex"}


def suggested(made: Card) -> list[dict[str, Any]]:
    """The suggestions of a card."""
    found: list[dict[str, Any]] = made.get("suggestions", [])
    return found


def order(made: Card, number: int = 0) -> dict[str, Any]:
    """The resource that a suggestion creates."""
    resource: dict[str, Any] = suggested(made)[number]["actions"][0]["resource"]
    return resource


ALL = [each for made in golden_cards() for each in suggested(made)]


def test_every_order_of_a_pathway_is_offered_to_some_golden_patient() -> None:
    titles = {order.title for pathway in pathways() for order in pathway.orders.values()}

    assert {each["label"] for each in ALL} == {f"Order {title}" for title in titles}


def test_a_suggestion_is_one_create_action() -> None:
    """Some EHRs take no more than one action (vendors, 7.3)."""
    for each in ALL:
        (action,) = each["actions"]
        assert set(each) == {"label", "uuid", "actions"}
        assert set(action) == {"type", "description", "resource"}
        assert action["type"] == "create"


def test_every_order_is_a_valid_draft_proposal() -> None:
    for each in ALL:
        resource = each["actions"][0]["resource"]
        checked = ServiceRequest.model_validate(resource)
        assert (checked.status, checked.intent) == ("draft", "proposal")
        assert resource["id"] == each["uuid"]
        assert resource["subject"] == {"reference": "Patient/p-1"}
        assert None not in resource.values()
        assert "medication" not in json.dumps(resource).lower()


def test_every_order_carries_a_code_with_its_system() -> None:
    for each in ALL:
        for coding in each["actions"][0]["resource"]["code"]["coding"]:
            assert set(coding) == {"system", "code", "display"}
            assert coding["system"] in ("http://snomed.info/sct", "http://loinc.org")


def test_ids_are_valid_and_tell_the_suggestions_of_a_card_apart() -> None:
    for made in golden_cards():
        ids = [each["uuid"] for each in suggested(made)]
        assert len({made["uuid"], *ids}) == len(ids) + 1
        assert all(str(UUID(each)) == each for each in ids)


@pytest.mark.parametrize(
    ("on", "days", "period"),
    [
        (3, "7-9 Mar 2026", ("2026-03-07", "2026-03-09")),
        (6, "8-9 Mar 2026", ("2026-03-08", "2026-03-09")),
        (9, "11-12 Mar 2026", ("2026-03-11", "2026-03-12")),
    ],
    ids=["window", "due", "overdue"],
)
def test_an_order_says_for_which_days_it_is(on: int, days: str, period: tuple[str, str]) -> None:
    """The urgency is the card's to say; the action names the days."""
    made = card(exam(**LIMITED), on=on, symptoms={"side": "left"})
    sentence = f"Create a draft order: complete duplex ultrasound of the leg veins, left leg, {days}."

    assert suggested(made)[0]["actions"][0]["description"] == sentence
    assert order(made)["occurrencePeriod"] == {"start": period[0], "end": period[1]}


def test_an_order_without_days_names_none() -> None:
    made = card(exam(None, **LIMITED), symptoms={"side": "left"})

    assert suggested(made)[0]["actions"][0]["description"].endswith(" of the leg veins, left leg.")
    assert "occurrencePeriod" not in order(made)


@pytest.mark.parametrize(
    ("scanned", "symptomatic", "leg"),
    [
        ("left", "left", "left leg"),
        ("bilateral", "left", "left leg"),
        ("left", None, "left leg"),
        (None, "right", "right leg"),
        ("bilateral", None, "both legs"),
        (None, None, None),
    ],
)
def test_a_repeat_is_of_the_symptomatic_leg_or_else_of_the_scanned_one(
    scanned: str | None, symptomatic: str | None, leg: str | None
) -> None:
    made = card(exam(side=scanned, **LIMITED), symptoms={"side": symptomatic})

    assert [site["text"] for site in order(made).get("bodySite", [])] == ([leg] if leg else [])
    assert (f", {leg}" in suggested(made)[0]["actions"][0]["description"]) is (leg is not None)


@pytest.mark.parametrize(
    ("scanned", "symptomatic", "leg"),
    [("left", "right", "right leg"), ("left", "bilateral", "right leg"), ("right", "bilateral", "left leg")],
)
def test_a_missed_leg_is_the_one_to_scan(scanned: str, symptomatic: str, leg: str) -> None:
    made = card(exam(side=scanned), symptoms=symptoms(side=symptomatic))

    assert suggested(made)[0]["label"] == "Order complete duplex ultrasound of the veins of the symptomatic leg"
    assert order(made)["bodySite"][0]["text"] == leg


def test_a_side_is_coded_beside_the_leg() -> None:
    (site,) = order(card(exam(**LIMITED), symptoms={"side": "left"}))["bodySite"]

    assert [coding["code"] for coding in site["coding"]] == ["61685007", "7771000"]


def test_a_blood_test_has_no_side() -> None:
    made = card(exam(**LIMITED), symptoms=symptoms(), sex="male")
    labels = [each["label"] for each in suggested(made)]

    assert "bodySite" not in order(made, labels.index("Order high-sensitivity D-dimer"))


def test_an_order_gives_its_reason_and_its_note() -> None:
    found = order(card(exam(**LIMITED), symptoms={"side": "left"}))

    assert found["reasonCode"][0]["text"].startswith("The calf veins were not fully examined")
    assert found["note"][0]["text"].startswith("Complete protocol")


def test_what_is_already_ordered_is_not_offered_again() -> None:
    booked = card(exam(**LIMITED), on=6, symptoms={"side": "left"}, orders={"repeat_us_date": "2026-03-09"})

    assert [each["label"] for each in suggested(booked)] == ["Order high-sensitivity D-dimer"]


def test_a_card_without_orders_has_no_suggestions() -> None:
    """GEN-02, and CARD-19: how to choose among none is not said."""
    well = card(exam(), symptoms=symptoms("resolved"))

    assert "suggestions" not in well
    assert "selectionBehavior" not in well


def test_a_possible_pregnancy_names_the_modality_but_drafts_no_venography() -> None:
    """Section 7."""
    swollen: dict[str, Any] = {"symptoms": symptoms(whole_leg=True), "age": 30}
    female, male = card(exam(), sex="female", **swollen), card(exam(), sex="male", **swollen)

    assert [each["label"] for each in suggested(female) if "venography" in each["label"]] == []
    assert suggested(male)[0]["label"] == "Order CT venography of abdomen and pelvis"
    assert "**Modality:** CT venography" in female["detail"]


@pytest.mark.parametrize(("encounter", "said"), [("e-1", {"reference": "Encounter/e-1"}), (None, None)])
def test_the_encounter_is_named_when_it_is_known(encounter: str | None, said: object) -> None:
    made = rendered(asked(exam(**LIMITED)), encounter_id=encounter)
    assert made

    assert order(made).get("encounter") == said


def test_suggestions_stand_in_the_order_of_the_advice() -> None:
    made = card(exam(**LIMITED), symptoms=symptoms("worsening", whole_leg=True), sex="male")

    assert [each["label"] for each in suggested(made)] == [
        "Order complete duplex ultrasound of the leg veins",
        "Order CT venography of abdomen and pelvis",
    ]
