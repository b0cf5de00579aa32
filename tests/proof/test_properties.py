"""Each property is seen to fail: a copy of the pathway with one planted fault, and the patient who shows it."""

from pathlib import Path

import pytest

from tests.proof.judged import NEGATIVE, faults, planted

RULES = f"{NEGATIVE}/rules"
DEAD_LINE = "- {when: {anticoag: therapeutic, status: resolved}, then: warning}\n          "

LINES = {
    "a row below one that takes everybody who is left is dead": (
        f"{RULES}/modality.yaml",
        "when: {mri: [contraindicated, conditional]}",
        "when: {wells_class: [likely, unlikely, unknown]}",
        "MOD-8",
    ),
    "a row whose conditions contradict each other is dead": (
        f"{RULES}/repeat.yaml",
        'when: {satisfactory: "yes", negatives: one}',
        'when: {satisfactory: "yes", limited: "yes", negatives: one}',
        "RU-HIGH",
    ),
    "a line below one that takes everybody who is left is dead": (
        f"{RULES}/positive-study.yaml",
        "- {then: warning}",
        f"{DEAD_LINE}- {{then: warning}}",
        "G-POS ROUTE-POSITIVE indicator line 2",
    ),
    "a value that never lets the row fire is dead": (
        f"{RULES}/no-imaging.yaml",
        "side: matched, svt: absent, result_gate: usable}",
        "side: matched, svt: absent, result_gate: [usable, none_usable]}",
        "NFI result_gate: none_usable",
    ),
    "an alternative that says nothing is dead": (
        f"{RULES}/d-dimer.yaml",
        'when: {excluded: by_proximal_scan, limited: "yes"}',
        'when: {excluded: by_proximal_scan}\n    any: [{limited: "yes"}, {compromised: "yes"}]',
        "DD-EXCL2 any 2",
    ),
    "a finding that nobody has is told": (
        f"{RULES}/meaning.yaml",
        'when: {symptom_side: bilateral, systemic_explanation: "yes"',
        'when: {symptom_side: bilateral, side: not_scanned, systemic_explanation: "yes"',
        "blocked=yes",
    ),
}


@pytest.mark.parametrize("name", LINES)
def test_what_matters_to_nobody_is_told(name: str, tmp_path: Path) -> None:
    file, old, new, about = LINES[name]

    assert about in [fault.about for fault in faults(planted(tmp_path, file, old, new), "P1")]


def test_a_fact_that_no_row_uses_is_told(tmp_path: Path) -> None:
    copy = planted(
        tmp_path,
        f"{RULES}/iliocaval.yaml",
        'when: {pregnant: "yes", flank_pain: "yes", status',
        'when: {pregnant: "yes", status',
    )

    assert "flank_pain" in [fault.about for fault in faults(copy, "P1")]


BROKEN = {
    "somebody is told nothing": (
        "P2",
        f"{RULES}/no-imaging.yaml",
        'when: {satisfactory: "yes", status: [resolved, improving], side: matched',
        'when: {satisfactory: "yes", first_week: within, status: [resolved, improving], side: matched',
        "falls through",
    ),
    "a silence that nobody needs": (
        "P2",
        f"{NEGATIVE}/invariants.yaml",
        "when: {fired: G-NONE}",
        "when: {fired: RU-SYM-W}",
        "no-study",
    ),
    "imaging ends for the wrong leg": (
        "P3",
        f"{RULES}/no-imaging.yaml",
        "status: [resolved, improving], side: matched, svt",
        "status: [resolved, improving], svt",
        "end-only-when-well",
    ),
    "imaging ends although nobody knows how the leg is": (
        "P3",
        f"{RULES}/no-imaging.yaml",
        "status: [resolved, improving], side: matched, svt",
        "status: [resolved, improving, unknown], side: matched, svt",
        "end-only-when-well",
    ),
    "a red flag is read too late": (
        "P3",
        f"{NEGATIVE}/pathway.yaml",
        "  - red-flags\n  - thrombosis-found\n  - study-age\n",
        "  - thrombosis-found\n  - study-age\n  - red-flags\n",
        "red-flag-pe-first",
    ),
    "anticoagulation is offered to somebody who may bleed": (
        "P3",
        f"{RULES}/anticoagulation.yaml",
        "bleeding: [low, unknown]",
        "bleeding: [low, high, unknown]",
        "consider-anticoagulation",
    ),
    "a limited study is not repeated": (
        "P3",
        f"{RULES}/repeat.yaml",
        'when: {limited: "yes", compromised: "no", not_fired',
        'when: {limited: "yes", compromised: "no", studies: one, not_fired',
        "unsatisfactory-is-repeated",
    ),
    "an invariant that speaks of nobody": (
        "P3",
        f"{NEGATIVE}/invariants.yaml",
        "when: {venography: answers}",
        "when: {venography: answers, result_gate: no_study}",
        "venography-once-answered",
    ),
    "an unknown assay excludes": (
        "P4",
        f"{RULES}/exclusion.yaml",
        "ddimer_assay: high_sensitivity",
        "ddimer_assay: [high_sensitivity, unknown]",
        "ddimer_assay unknown",
    ),
    "an unknown course is read as well": (
        "P4",
        f"{RULES}/no-imaging.yaml",
        "status: [resolved, improving], side: matched, svt",
        "status: [resolved, improving, unknown], side: matched, svt",
        "status unknown",
    ),
    "a comparison of two patients who cannot be": (
        "P4",
        f"{NEGATIVE}/invariants.yaml",
        "satisfactory_studies, studies, repeat_window",
        "satisfactory_studies, repeat_window",
        "result_gate none_usable",
    ),
    "an exception that nobody needs": (
        "P4",
        f"{NEGATIVE}/invariants.yaml",
        "- when: {latest_age: stale}",
        "- when: {latest_age: old}",
        "status unknown",
    ),
    "a red flag calms": (
        "P5",
        f"{RULES}/red-flags.yaml",
        "advise: [{recommend: EMERG-LIMB,",
        'advise: [{recommend: EMERG-LIMB, when: {pregnant: "no"},',
        "red_flag_limb yes",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_planted_fault_breaks_its_property(name: str, tmp_path: Path) -> None:
    prop, file, old, new, about = BROKEN[name]

    found = faults(planted(tmp_path, file, old, new), prop)
    assert about in [fault.about for fault in found]
    assert {fault.property for fault in found} == {prop}


def test_a_window_is_wrong_if_any_setting_of_a_site_makes_it_so(tmp_path: Path) -> None:
    """Days 4 to 7 are in order; a site may move the 7 to 3."""
    window, wrong = (
        "window: [recurrence_first_day, recurrence_last_day]",
        "window: [pregnancy_gap_days, repeat_max_day]",
    )

    (fault,) = faults(planted(tmp_path, f"{RULES}/repeat.yaml", window, wrong), "P6", explain=True)
    (patient,) = fault.patients
    assert fault.about == "REPEAT-CDUS"
    assert "Last day of the repeat-ultrasound window: 3" in patient.facts


def test_a_violation_is_a_patient_in_words(tmp_path: Path) -> None:
    copy = planted(
        tmp_path, f"{RULES}/no-imaging.yaml", "side: matched, svt: absent, result_gate", "svt: absent, result_gate"
    )

    (fault,) = [fault for fault in faults(copy, "P3", explain=True) if fault.about == "end-only-when-well"]
    (patient,) = fault.patients
    assert "side is unknown (Was every symptomatic leg scanned)" in patient.facts
    assert not [fact for fact in patient.facts if fact.startswith(("egfr", "mri", "gad_reaction", "sex"))]
    assert len(patient.facts) < 30
    assert "NO-FURTHER-IMAGING (info, none)" in patient.advised
    assert any(row.startswith("NFI: A complete, adequate study") for row in patient.fired)
    assert patient.raw["side"] == "unknown"


def test_two_patients_are_told_as_one_and_what_differs(tmp_path: Path) -> None:
    copy = planted(
        tmp_path,
        f"{RULES}/exclusion.yaml",
        "ddimer_assay: high_sensitivity",
        "ddimer_assay: [high_sensitivity, unknown]",
    )

    (fault,) = [fault for fault in faults(copy, "P4", explain=True) if fault.about == "ddimer_assay unknown"]
    unknown, known = fault.patients
    assert "ddimer_assay is unknown (Kind of assay)" in unknown.facts
    assert "ddimer_assay is other (Kind of assay)" in known.facts
    assert len(known.facts) < 10
