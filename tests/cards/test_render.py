"""One decision becomes one card (decision table section 16), or silence."""

import re
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from app.cards.render import OVERRIDE_REASONS, facts_in_words, render_card, summary
from app.clinical.evaluate import evaluate
from app.clinical.reading import Found, RecordFacts
from app.pathway.content import Indicator, Review
from app.pathway.decide import LOUDNESS
from app.pathway.timing import NO_TIMING
from tests.cards.cards import HOOK, SERVICE, Card, asked, card, golden, golden_cards, rendered
from tests.clinical.patients import day, exam, facts, symptoms
from tests.front_door import pathways

LIMITED: dict[str, Any] = {"protocol": "proximal_duplex"}
NEGATIVE = next(each for each in pathways() if each.id == "negative-dvt-ultrasound")
MARKUP = re.compile(r"<[a-zA-Z/!]|https?://|\[[^\]]*\]\(|`|^#|^\s*\||!\[|_", re.MULTILINE)


def paragraph(made: Card, begins: str) -> str:
    """The one paragraph of the detail that begins so, without its heading."""
    (found,) = [each for each in made["detail"].split("\n\n") if each.startswith(begins)]
    return str(found.removeprefix(begins).strip())


def lines(made: Card, heading: str) -> list[str]:
    """The lines under a heading."""
    return [line.removeprefix("- ") for line in paragraph(made, f"**{heading}:**").splitlines()]


def has(made: Card, heading: str) -> bool:
    return f"**{heading}:**" in made["detail"]


# --------------------------------------------------------------------------------------------------- every golden card


def test_a_patient_without_advice_has_no_card() -> None:
    assert rendered(asked()) is None
    assert {evaluation.lead is None for evaluation, made in golden().values() if made is None} == {True}


def test_a_card_has_the_members_of_the_standard_and_no_others() -> None:
    required = {"uuid", "summary", "detail", "indicator", "source", "overrideReasons", "extension"}
    for made in golden_cards():
        assert required <= set(made) <= required | {"suggestions", "selectionBehavior"}
        assert ("suggestions" in made) is ("selectionBehavior" in made)
        assert made.get("selectionBehavior", "any") == "any"


def test_a_summary_is_shorter_than_140_characters() -> None:
    """CARD-02."""
    assert max(len(made["summary"]) for made in golden_cards()) < 140


def test_a_detail_is_short_enough_to_be_read() -> None:
    """The aim is 1,200; texts of rows and recommendations would have to be shortened for the longest cards."""
    assert max(len(made["detail"]) for made in golden_cards()) < 1_500


def test_the_indicator_is_the_loudest_of_all_advice() -> None:
    for evaluation, made in golden().values():
        if made:
            loudest = max((each.indicator for each in evaluation.recommendations), key=LOUDNESS.__getitem__)
            assert made["indicator"] == loudest.value


def test_no_markup_but_our_own_stands_in_a_card() -> None:
    """Headings in bold, lists with dashes; nothing an EHR could take for HTML, a link or a table."""
    for made in golden_cards():
        assert not MARKUP.search(made["detail"].replace("**", ""))
        assert not MARKUP.search(made["summary"])
        assert "*" not in made["summary"] + re.sub(r"\*\*[^*]+\*\*", "", made["detail"])


def test_every_card_ends_with_when_to_come_back() -> None:
    for made in golden_cards():
        assert made["detail"].endswith("A negative leg scan does not exclude pulmonary embolism.")


def test_every_card_says_that_it_is_a_draft() -> None:
    for made in golden_cards():
        assert made["detail"].startswith("**Draft, not clinically approved.**\n\n")
        assert made["source"]["label"].endswith("(draft, not clinically approved)")


def test_no_placeholder_is_left() -> None:
    for made in golden_cards():
        assert "{" not in made["detail"] + made["summary"]


def test_every_source_on_a_card_was_read() -> None:
    unread = {each.short for pathway in pathways() for each in pathway.references.values() if each.seen == "no"}
    for made in golden_cards():
        assert not [short for short in unread if re.search(rf"\b{re.escape(short)}\b", made["detail"])]


def test_the_advice_of_the_lead_comes_before_everything_else() -> None:
    for evaluation, made in golden().values():
        if made and evaluation.lead:
            text = evaluation.home_of(evaluation.lead).recommendations[evaluation.lead.id].text.partition("{")[0]
            assert made["detail"].split("\n\n")[1].startswith(text)


def test_override_reasons_are_coded_and_the_same_on_every_card() -> None:
    """CARD-20."""
    for made in golden_cards():
        assert made["overrideReasons"] == list(OVERRIDE_REASONS)
    assert {reason["system"] for reason in OVERRIDE_REASONS} == {
        "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
    }
    assert len({reason["code"] for reason in OVERRIDE_REASONS}) == len(OVERRIDE_REASONS)


# ------------------------------------------------------------------------------------------------------- ids, source


def test_the_same_call_has_the_same_id() -> None:
    first, second = card(exam(**LIMITED)), card(exam(**LIMITED))

    assert first == second
    assert str(UUID(first["uuid"])) == first["uuid"]
    assert UUID(first["uuid"]).version == 5


def test_another_call_service_or_answer_has_another_id() -> None:
    evaluation = asked(exam(**LIMITED))
    cards = [
        rendered(evaluation),
        rendered(evaluation, hook_instance="another"),
        rendered(evaluation, service_id="another"),
        rendered(asked(exam(**LIMITED), on=9)),
        rendered(asked(exam(**LIMITED), egfr=60)),
    ]

    assert len({made["uuid"] for made in cards if made}) == len(cards)


def test_the_topic_is_the_advice_in_letters_and_digits() -> None:
    """An EHR ties "do not show again" to it (vendors, 2)."""
    source = card(exam(**LIMITED))["source"]

    assert source["topic"] == {"system": "urn:dvt-next-step:topic", "code": "REPEATCDUS", "display": "REPEAT-CDUS"}
    assert source["label"].startswith(f"dvt-next-step: {NEGATIVE.title}, version {NEGATIVE.version}")
    assert all(made["source"]["topic"]["code"].isalnum() for made in golden_cards())


def test_signed_content_is_no_draft() -> None:
    evaluation = asked(exam(**LIMITED))
    review = {"by": "Dr Example", "role": "vascular physician", "on": "2026-03-01"}
    signed = tuple(
        replace(item, pathway=replace(item.pathway, reviews=(_review(item.pathway.content_hash, **review),)))
        for item in evaluation.decisions
    )
    made = rendered(replace(evaluation, decisions=signed))

    assert made
    assert "draft" not in made["source"]["label"]
    assert "raft" not in made["detail"].partition("Create")[0]
    assert {each["status"] for each in made["extension"]["org.dvt-next-step.decision"]["pathways"]} == {"approved"}


def _review(content_hash: str, **members: str) -> Review:
    return Review.model_validate({**members, "content_hash": content_hash})


# ----------------------------------------------------------------------------------------------------------- summary


@pytest.mark.parametrize(
    ("on", "when"), [(3, "7-9 Mar 2026"), (6, "due 8-9 Mar 2026"), (9, "overdue, do it 11-12 Mar 2026")]
)
def test_a_summary_says_what_when_and_on_which_study(on: int, when: str) -> None:
    said = f"Repeat complete duplex ultrasound: {when} - ultrasound of 2 Mar 2026: negative, limited"

    assert card(exam(**LIMITED), on=on)["summary"] == said


def test_an_emergency_has_no_date_to_distract() -> None:
    made = card(exam(), red_flags={"pe": True})

    assert made["summary"].startswith("This pathway does not apply - assess the patient now - ultrasound of")
    assert made["indicator"] == "critical"


def test_advice_without_a_time_is_the_headline_alone() -> None:
    made = card(exam(), symptoms=symptoms("resolved"))

    assert made["summary"] == "No further DVT imaging needed now - ultrasound of 2 Mar 2026: negative, complete"


def test_a_booked_repeat_is_said_to_be_ordered() -> None:
    made = card(exam(**LIMITED), on=6, orders={"repeat_us_date": "2026-03-09"})

    assert made["summary"].startswith("Repeat complete duplex ultrasound: already ordered - ")
    assert made["indicator"] == "info"


def test_an_unread_study_is_not_told_as_a_result() -> None:
    assert card(exam(result=None))["summary"] == "Read the ultrasound report first"


@pytest.mark.parametrize("when", [True, False])
def test_a_summary_that_would_be_too_long_leaves_the_study_out(*, when: bool) -> None:
    evaluation = asked(exam(**LIMITED))
    (decided,) = [each for each in evaluation.decisions if each.pathway.id == NEGATIVE.id]
    lead = evaluation.lead
    assert lead
    if not when:
        lead = replace(lead, timing=NO_TIMING)
    long = decided.pathway.recommendations[lead.id].model_copy(update={"headline": "x" * 110})
    texts = decided.pathway.texts.model_copy(update={"recommendations": {lead.id: long}})
    said = summary(lead, replace(decided, pathway=replace(decided.pathway, texts=texts)))

    assert said == ("x" * 110 + ": 7-9 Mar 2026" if when else "x" * 110)


# ------------------------------------------------------------------------------------------------------------ detail


def test_facts_are_told_with_values_units_and_days() -> None:
    evaluation = asked(
        exam(protocol=None, cfv="monophasic", unseen=["posterior_tibial", "peroneal"]),
        symptoms=symptoms("worsening", 3, whole_leg=True),
        wells={"score": 3},
        ddimer={"value": 0.50, "unit": "mg/L FEU", "collected": "2026-03-02"},
        egfr=59.5,
        risk={"active_cancer": True},
        anticoag="therapeutic",
        pregnant=False,
    )

    assert evaluation.lead
    assert list(facts_in_words(evaluation.facts, evaluation.decided(evaluation.lead))) == [
        (
            "Ultrasound 2 Mar 2026: negative, limited, protocol not known, left leg,"
            " not seen: peroneal and posterior tibial, common femoral flow monophasic"
        ),
        "Symptoms worsening (5 Mar 2026), left leg",
        "Whole leg swollen",
        "Wells 3: DVT likely",
        "D-dimer 0.5 mg/L FEU (2 Mar 2026): positive",
        "eGFR 59.5 mL/min/1.73 m2",
        "Active cancer",
        "Anticoagulation: therapeutic",
    ]


def test_of_what_is_unknown_no_fact_is_told() -> None:
    made = card(exam(None, side=None, protocol=None, quality=None), symptoms={"status": "resolved"})

    assert lines(made, "Facts") == ["Ultrasound undated: negative, limited, protocol not known"]


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"symptoms": symptoms("resolved", side=None)}, "Symptoms resolved (5 Mar 2026)"),
        ({"suspicion": "high"}, "Wells: DVT likely"),
        ({"ddimer": {"value": 300, "unit": "ng/mL DDU"}}, "D-dimer 300 ng/mL DDU: positive"),
        ({"pregnant": True}, "Pregnant"),
        ({"anticoag": "prophylactic"}, "Anticoagulation: prophylactic"),
    ],
    ids=["no side", "no total", "no day", "pregnant", "anticoagulated"],
)
def test_a_fact_is_told_without_what_is_missing_of_it(members: dict[str, Any], told: str) -> None:
    assert told in lines(card(exam(**LIMITED), **members), "Facts")


@pytest.mark.parametrize(
    "members",
    [
        {"ddimer": {"value": 300}},
        {"ddimer": {"unit": "ng/mL FEU"}},
        {"symptoms": symptoms("resolved", 0)},
        {"anticoag": "none"},
        {"pregnant": False},
        {"wells": {"score": 12}},
    ],
    ids=["no unit", "no value", "status of the day of the study", "none", "no", "contradictory"],
)
def test_what_could_mislead_is_no_fact(members: dict[str, Any]) -> None:
    assert len(lines(card(exam(**LIMITED), **members), "Facts")) == 1


@pytest.mark.parametrize(
    ("flag", "said"),
    [("pe", "pulmonary embolism"), ("limb", "a threatened limb"), ("infection", "severe infection")],
)
def test_a_red_flag_is_told(flag: str, said: str) -> None:
    assert f"Signs of {said} recorded" in lines(card(exam(), red_flags={flag: True}), "Facts")


def test_without_a_study_that_can_be_used_no_study_is_told() -> None:
    evaluation = asked(exam(result=None))

    assert [*facts_in_words(evaluation.facts, evaluation.decisions[0])] == []


def test_a_card_without_any_fact_has_no_empty_heading() -> None:
    assert not has(card(exam(result=None)), "Facts")


def test_the_reasons_of_every_rule_of_the_lead_are_told() -> None:
    made = card(exam(**LIMITED), symptoms=symptoms())

    assert paragraph(made, "**Why:**").startswith("The calf veins were not fully examined")
    assert "Symptoms persist unexplained" in paragraph(made, "**Why:**")


def test_other_advice_is_told_in_its_order_with_its_time() -> None:
    made = card(exam(**LIMITED), symptoms=symptoms("worsening", whole_leg=True), wells={"score": 3})
    also = lines(made, "Also")

    assert also[0] == "Order CT or MR venography: now (5-6 Mar 2026)"
    assert also[-1] == "2 more"  # a long card says the first of them (tests/cards/test_length.py)
    assert not [line for line in also if "Kidney" in line]


def test_a_card_of_one_advice_has_no_others() -> None:
    assert not has(card(exam(), symptoms=symptoms("resolved")), "Also")


def test_advice_that_is_already_ordered_is_told_so_among_the_others() -> None:
    made = card(
        exam(**LIMITED),
        on=6,
        symptoms=symptoms("persistent", 5, whole_leg=True),
        orders={"repeat_us_date": "2026-03-08"},
    )

    assert "Repeat complete duplex ultrasound: already ordered" in lines(made, "Also")


@pytest.mark.parametrize(
    ("mri", "said"),
    [
        ("ok", "CT venography; alternative: MR venography."),
        ("contraindicated", "CT venography; alternative: MR venography."),
    ],
)
def test_venography_names_the_modality_and_the_alternative(mri: str, said: str) -> None:
    made = card(exam(), symptoms=symptoms(whole_leg=True), mri=mri, egfr=90)

    assert paragraph(made, "**Modality:**") == said


def test_what_is_not_known_and_matters_is_listed() -> None:
    assert "which veins the study covered" in paragraph(card(exam(protocol=None)), "**Not known:**")


def test_when_all_is_known_nothing_is_asked() -> None:
    made = card(
        exam(cfv="normal"),
        symptoms=symptoms("persistent", 3, whole_leg=False),
        wells={"score": 0},
        sex="male",
        egfr=80,
        risk={"bleeding": "low"},
    )

    assert not has(made, "Not known")
    assert not has(made, "Would change this")


def test_what_would_change_the_advice_is_told_with_the_other_advice() -> None:
    leg = {"side": "left", "whole_leg": False}
    made = card(exam(cfv="normal", **LIMITED), symptoms=leg, wells={"score": 0}, sex="male")

    assert lines(made, "Would change this") == ["If symptoms are worse: repeat complete duplex ultrasound now"]


def test_silence_is_told_as_nothing_to_advise() -> None:
    """After two weeks nobody would have to ask about the leg, were DVT known to be unlikely."""
    wells = tuple(question for question in NEGATIVE.questions if question.fact == "wells")
    asks_for_wells = replace(NEGATIVE, facts=NEGATIVE.facts.model_copy(update={"questions": wells}))
    patient = facts(exam(cfv="normal"), symptoms={"side": "left"}, sex="male")
    made = rendered(evaluate([asks_for_wells], patient, today=day(20), config={}))

    assert made
    assert "If DVT is unlikely (Wells): nothing to advise" in lines(made, "Would change this")


def test_no_more_than_three_changes_are_told() -> None:
    assert max(len(lines(made, "Would change this")) for made in golden_cards() if has(made, "Would change this")) == 3


def test_evidence_names_strength_sources_and_what_speaks_against() -> None:
    evidence = paragraph(card(exam(**LIMITED), symptoms={"side": "left"}), "**Strength:**")

    assert evidence.startswith("moderate. **Source:** ")
    assert "SRU consensus 2018 (as described elsewhere)" in evidence
    assert "**Against:** NICE" in evidence


def test_a_source_that_nobody_read_is_no_evidence() -> None:
    sru = NEGATIVE.references["sru2018"]

    def evidence(seen: str) -> str:
        references = {**NEGATIVE.references, "sru2018": sru.model_copy(update={"seen": seen})}
        patient = facts(exam(**LIMITED), symptoms={"side": "left"})
        made = rendered(evaluate([replace(NEGATIVE, references=references)], patient, today=day(3), config={}))
        return paragraph(made or {}, "**Strength:**")

    assert f"{sru.short} (as described elsewhere)" in evidence("secondary")
    assert f"{sru.short}." in evidence("primary")
    assert sru.short not in evidence("no")


def test_a_choice_of_this_project_is_owned() -> None:
    made = card(exam(**LIMITED), age=10)

    assert "Contains a choice of this project that a clinician has to sign." in made["detail"]
    assert "**Strength:**" not in made["detail"]


# ------------------------------------------------------------------------------------------------------ the extension


def test_the_record_stays_out_of_the_words() -> None:
    """R-3: text of a record rides as data in the extension, never in what is shown."""
    evil = "<script>alert(1)</script> [click](javascript:x) **bold**"
    record = RecordFacts({}, (Found("exams[0].result", evil, f"DiagnosticReport/{evil}", evil, None),), (), ())
    made = rendered(asked(exam(**LIMITED)), record)

    assert made
    assert evil in made["extension"]["org.dvt-next-step.decision"]["found"][0]["value"]
    shown = {name: value for name, value in made.items() if name != "extension"}
    assert not [part for part in ("<script", "javascript", "**bold**") if part in str(shown)]


def test_text_that_is_no_fact_never_reaches_a_card() -> None:
    evil = "<img src=x onerror=alert(1)>"
    clean = card(exam(**LIMITED))
    dirty = card(exam(cfv=evil, iliac=evil, unseen=[evil], location=evil, **LIMITED), suspicion=evil, anticoag=evil)

    assert dirty == clean


def test_nothing_in_the_extension_is_null_or_empty() -> None:
    """GEN-02."""
    for made in golden_cards():
        said = made["extension"]["org.dvt-next-step.decision"]
        assert None not in said.values()
        assert all(said.values())


def test_a_card_is_pure() -> None:
    evaluation = asked(exam(**LIMITED))
    given: dict[str, Any] = {"patient_id": "p-1", "encounter_id": None, "hook_instance": HOOK, "service_id": SERVICE}
    record = RecordFacts({}, (), (), ())

    assert render_card(evaluation, record, **given) == render_card(evaluation, record, **given)
    assert max(LOUDNESS, key=LOUDNESS.__getitem__) is Indicator.CRITICAL
