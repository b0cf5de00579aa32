"""What is believed when a part of the record could not be read (threat model H21 to H23, docs/decisions/0021)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.clinical.degradation import HIDDEN_STUDY, REASSURING, Hidden, believed, facts_of_queries, is_calmer, without
from app.clinical.evaluate import Evaluation, evaluate
from app.clinical.reading.declared import public_facts
from app.clinical.vocabulary import WELLS_ITEMS, Answer, DDimer, Facts, parse_facts
from tests.front_door import pathways

TODAY = date(2026, 3, 12)
STUDY = {
    "date": "2026-03-02",
    "report_status": "final",
    "result": "negative",
    "protocol": "complete_duplex",
    "quality": "adequate",
    "side": "left",
}
SETTLED: dict[str, Any] = {
    "age": 56,
    "sex": "male",
    "exams": [STUDY],
    "symptoms": {"status": "resolved", "as_of": "2026-03-12", "side": "left"},
    "ddimer": {},
}
EXCLUDED: dict[str, Any] = {
    **SETTLED,
    "exams": [{**STUDY, "protocol": "proximal_duplex"}],
    "symptoms": {"status": "persistent", "as_of": "2026-03-12", "side": "left"},
    "wells": {"score": 0},
    "anticoag": "none",
    "setting": "outpatient",
    "risk": {"active_cancer": False},
    "ddimer": {"value": 200, "unit": "ng/mL FEU", "assay": "high_sensitivity", "collected": "2026-03-02"},
}


def ids(facts: Facts) -> set[str]:
    return {made.id for made in advice(facts).recommendations}


def advice(facts: Facts) -> Evaluation:
    return evaluate(pathways(), facts, today=TODAY, config={})


def hide(*facts: str, query: str = "q", is_partial: bool = False) -> Hidden:
    return Hidden(query, frozenset(facts), is_partial)


def test_these_patients_are_reassured_when_all_is_known() -> None:
    """Without this the other tests would prove nothing."""
    assert "NO-FURTHER-IMAGING" in ids(parse_facts(SETTLED))
    assert "DVT-EXCLUDED-PTP" in ids(parse_facts(EXCLUDED))


@pytest.mark.parametrize(
    "fact",
    [
        "exams.result", "exams.protocol", "exams.side", "exams.date", "exams.report_status", "symptoms.status",
        "symptoms.as_of", "symptoms.side",
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_partial", [False, True])
def test_h23_no_imaging_needs_every_query_that_could_say_otherwise(fact: str, *, is_partial: bool) -> None:
    told = believed(pathways(), parse_facts(SETTLED), [hide(fact, is_partial=is_partial)], TODAY)

    assert "NO-FURTHER-IMAGING" not in ids(told.facts)


@pytest.mark.parametrize("fact", ["ddimer.value", "ddimer.assay", "wells.score", "anticoag", "setting", "exams.side"])
def test_h23_exclusion_needs_every_query_that_could_say_otherwise(fact: str) -> None:
    told = believed(pathways(), parse_facts(EXCLUDED), [hide(fact)], TODAY)

    assert "DVT-EXCLUDED-PTP" not in ids(told.facts)
    assert told.withheld == {"q"}


@pytest.mark.parametrize("fact", ["egfr", "mri", "orders.venography", "risk.bleeding", "procedure.stent_date"])
def test_h23_what_cannot_change_the_advice_does_not(fact: str) -> None:
    facts = parse_facts(SETTLED)

    assert believed(pathways(), facts, [hide(fact)], TODAY).facts == facts


def test_h21_a_laboratory_that_failed_is_not_a_laboratory_without_d_dimer() -> None:
    """No D-dimer would invite to order one: one may be there."""
    facts = parse_facts({**EXCLUDED, "exams": [{**EXCLUDED["exams"][0], "date": "2026-03-08"}], "ddimer": None})
    assert "DDIMER-ORDER" in ids(facts)

    told = believed(pathways(), facts, [hide("ddimer.value")], TODAY)

    assert told.facts.ddimer == DDimer()
    assert "DDIMER-ORDER" not in ids(told.facts)


def test_h22_a_cut_list_of_reports_may_hold_a_later_study() -> None:
    told = believed(pathways(), parse_facts(EXCLUDED), [hide("exams.date", is_partial=True)], TODAY)

    assert HIDDEN_STUDY in told.facts.exams
    assert "DATA-RESULT" in ids(told.facts)


@pytest.mark.parametrize(("status", "stays"), [("resolved", False), ("improving", False), ("worsening", True)])
def test_h22_what_worries_on_the_page_that_came_is_believed(status: str, *, stays: bool) -> None:
    facts = parse_facts({**SETTLED, "symptoms": {**SETTLED["symptoms"], "status": status}})
    told = believed(pathways(), facts, [hide("symptoms.status", "symptoms.as_of", is_partial=True)], TODAY)

    assert (told.facts.symptoms.status == status) is stays


def test_a_thrombus_that_was_found_stays_found() -> None:
    facts = parse_facts({**SETTLED, "exams": [{**STUDY, "result": "acute_dvt"}]})
    everything = Hidden("q", public_facts())

    assert facts.exams[0] in without(facts, everything).exams
    assert "ROUTE-POSITIVE" in ids(believed(pathways(), facts, [everything], TODAY).facts)


def test_reassurance_that_rests_on_either_of_two_queries_needs_one_of_them() -> None:
    """The score alone says that DVT is unlikely, and so do its items: without one of them nothing changes."""
    items = dict.fromkeys(WELLS_ITEMS, False)
    facts = parse_facts({**EXCLUDED, "wells": {"score": 0, "items": items}})
    score, each = hide("wells.score", query="a"), hide(*(f"wells.items.{item}" for item in items), query="b")

    assert all("DVT-EXCLUDED-PTP" in ids(believed(pathways(), facts, [one], TODAY).facts) for one in (score, each))
    assert believed(pathways(), facts, [score, each], TODAY).withheld == {"a", "b"}
    assert "DVT-EXCLUDED-PTP" not in ids(believed(pathways(), facts, [score, each], TODAY).facts)


def test_only_what_reassures_is_withheld() -> None:
    hidden = [hide("symptoms.status", query="exam"), hide("egfr", query="laboratory")]
    facts = replace(parse_facts(SETTLED), egfr=Decimal(20))
    told = believed(pathways(), facts, hidden, TODAY)

    assert told.withheld == {"exam"}
    assert told.facts.egfr == 20


def test_nothing_hidden_changes_nothing() -> None:
    facts = parse_facts(SETTLED)

    assert believed(pathways(), facts, [], TODAY).facts == facts


@pytest.mark.parametrize("fact", sorted(public_facts()))
def test_every_public_fact_can_be_unknown(fact: str) -> None:
    """As if nobody had said it: what is left says nothing of it, and no less of anything else."""
    said = parse_facts(EVERYTHING)
    left = without(said, hide(fact))

    assert without(left, hide(fact)) == left
    if not fact.startswith("alt.svt"):
        assert left != said


EVERYTHING: dict[str, Any] = {
    **dict.fromkeys(("postpartum_days", "inpatient_hours", "egfr"), 5),
    **EXCLUDED,
    "exams": [{**STUDY, "location": "distal", "unseen": ["cfv"], "cfv": "normal", "iliac": "not_imaged",
               "upper_extent_seen": True}],
    "pregnant": False, "suspicion": "low", "anticoag_indication": "established", "intervention_considered": False,
    "symptoms": {**SETTLED["symptoms"], "whole_leg": False, "flank_pain": False, "systemic_explanation": False,
                 "erythema": False, "palpable_cord": False, "onset_days": 3, "severity": "mild"},
    "red_flags": {"pe": True, "limb": True, "infection": True},
    "wells": {"score": 0, "items": dict.fromkeys(
        ("active_cancer", "paralysis_or_cast", "bedridden_or_surgery", "deep_vein_tenderness", "entire_leg_swollen",
         "calf_gt_3cm", "pitting_edema", "collateral_veins", "previous_dvt", "alternative_dx_as_likely"), False)},
    "risk": {"active_cancer": False, "surgery_days": 1, "discharge_days": 1, "trauma_days": 1, "immobilised": True,
             "prior_dvt": True, "bleeding": "low", "functional_status": "good"},
    "alt": {"confirmed": ["bakers_cyst"], "explains": True, "svt": {"length_cm": 1, "sfj_cm": 9}},
    "orders": {"repeat_us_date": "2026-03-13", "venography": "active", "venography_date": "2026-03-13"},
    "procedure": {"stent_date": "2025-03-13", "intervention_date": "2025-03-13", "surveillance_done": ["2025-04-13"]},
    "aki": False, "dialysis": "none", "iodinated_reaction": "none", "gad_reaction": "none", "mri": "ok",
}  # fmt: skip


def test_every_query_brings_what_the_pathways_declare() -> None:
    brings = facts_of_queries(pathways())

    assert set(brings) == {key for pathway in pathways() for key in pathway.queries}
    assert all(facts <= public_facts() for facts in brings.values())
    assert {"exams.result", "exams.date"} <= brings["reports"]
    assert "symptoms.status" in brings["questionnaire_responses"], "said by reference to other sources"


@pytest.mark.parametrize("name", sorted(REASSURING))
def test_what_reassures_is_advice_of_the_pathways(name: str) -> None:
    assert any(name in pathway.recommendations for pathway in pathways())


def test_calmer_is_reassuring_silent_or_less_urgent() -> None:
    settled, worse = (
        parse_facts(SETTLED),
        parse_facts(SETTLED | {"symptoms": {"status": "worsening", "as_of": "2026-03-12"}}),
    )
    silent = Facts()
    alarmed = replace(worse, red_flags=replace(worse.red_flags, pe=Answer.YES))

    assert is_calmer(advice(settled), advice(worse))
    assert is_calmer(advice(silent), advice(settled))
    assert is_calmer(advice(worse), advice(alarmed))
    assert not is_calmer(advice(worse), advice(settled))
    assert not is_calmer(advice(alarmed), advice(worse))
