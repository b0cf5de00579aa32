"""Faults planted into the order pathway are refused by the loader or shown by `check`, each with what is wrong."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from app.__main__ import load_from
from app.clinical.ordering import check_order_pathways
from app.clinical.situation import DATES
from app.errors import AuthorError
from app.proof.invariants import load_invariants
from app.proof.properties import prove
from app.proof.scenarios import rehearse
from tests.ordering.orders import order_advice
from tests.pathway.small import change
from tests.proof.judged import FOLDER, planted

HOME = "order-advice"
ANY_ADVICE = "{recommend: ORDER-SAY-LEG, indicator: info, timing: {none: no-dates}}"


def only_orders(folder: Path) -> None:
    """Leave out the scenarios of patients: a thousand of them take longer."""
    for file in folder.glob("*/scenarios/*.yaml"):
        if HOME not in file.parts:
            file.unlink()


BROKEN = {
    "a repeat called needless although it is advised": (
        "P3", "advised-is-never-needless", "rules/order-ultrasound.yaml",
        "when: {ultrasound_weight: none, svt: absent}\n    any: [{recommended: NO-FURTHER-IMAGING}, ",
        "when: {svt: absent}\n    any: [{recommended: NO-FURTHER-IMAGING}, ",
    ),
    "a severe reaction that is not warned of": (
        "P3", "contrast-reactions", "rules/order-contrast.yaml",
        "order_contrast: [with, unknown], iodinated_reaction: severe",
        "order_contrast: unknown, iodinated_reaction: severe",
    ),
    "words beside a red flag": (
        "P3", "red-flag-says-one-thing", "rules/order-scope.yaml",
        "when: {recommended: [EMERG-PE, EMERG-LIMB, EMERG-INFECT]}\n    stop",
        "when: {recommended: EMERG-PE}\n    stop",
    ),
    "a fitting order that gets a card": (
        "P3", "fitting-order-is-silent", "rules/order-ultrasound.yaml",
        "order_timing: [straddles, undated_early]", "order_timing: [straddles, undated_early, undated]",
    ),
    "a discharge that nobody holds back": (
        "P3", "leaving-with-an-open-repeat", "rules/order-discharge.yaml",
        "ultrasound_arranged: [none, outside]", "ultrasound_arranged: none",
    ),
    "a silence that is not declared": (
        "P2", "falls through", "rules/order-venography.yaml",
        "when: {venography: answers}", "when: {venography: answers, ultrasound_weight: none}",
    ),
    "a declared silence of nobody": (
        "P2", "child", "rules/order-scope.yaml",
        "when: {fired: G-AGE}\n    stop",
        f"when: {{fired: G-AGE}}\n    advise: [{ANY_ADVICE}]\n    stop",
    ),
    "a kidney value nobody has, taken for a good one": (
        "P4", "egfr unknown", "rules/order-contrast.yaml",
        "when: {order_kind: ct_venography, order_contrast: [with, unknown], egfr: unknown, ",
        "when: {order_kind: ct_venography, order_contrast: with, egfr: unknown, ",
    ),
    "a drug order that is taken away": (
        "P3", "drugs-are-never-touched", "rules/order-disposition.yaml",
        "recommended: [ORDER-ALREADY-ORDERED, ", "recommended: [ORDER-ANTICOAGULANT-CHECK, ORDER-ALREADY-ORDERED, ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_the_proof_shows(name: str, tmp_path: Path) -> None:
    prop, about, file, old, new = BROKEN[name]
    folder = planted(tmp_path, f"{HOME}/{file}", old, new)
    loaded = next(each for each in load_from(folder) if each.advises_on_orders)
    (report,) = prove([(loaded, load_invariants(folder, loaded, DATES))], [prop], explain=False)

    assert about in [fault.about for fault in report.faults]


def test_a_dead_row_is_shown(tmp_path: Path) -> None:
    folder = planted(
        tmp_path, f"{HOME}/rules/order-discharge.yaml", "{venography_arranged: [none, outside]}",
        "{venography_arranged: [none, outside], not_recommended: VENOGRAPHY}",
    )  # fmt: skip
    loaded = load_from(folder)
    reports = prove([(each, load_invariants(folder, each, DATES)) for each in loaded], ["P1"], explain=False)

    assert any(fault.about == "ORD-LEAVES-VENOGRAPHY" for report in reports for fault in report.faults)


def test_a_violation_is_a_patient_with_an_order(tmp_path: Path) -> None:
    """The decision that was made before is shown with it."""
    _, _, file, old, new = BROKEN["a discharge that nobody holds back"]
    folder = planted(tmp_path, f"{HOME}/{file}", old, new)
    loaded = next(each for each in load_from(folder) if each.advises_on_orders)
    (report,) = prove([(loaded, load_invariants(folder, loaded, DATES))], ["P3"])
    (patient,) = next(fault for fault in report.faults if fault.about == "leaving-with-an-open-repeat").patients

    assert any(fact.startswith("order_kind is discharge") for fact in patient.facts)
    assert any(said.startswith("REPEAT-CDUS") for said in patient.advised)


REFUSED = {
    "orders without a decision before them": (
        "pathway.yaml", "uses: negative-dvt-ultrasound\n", "", "advice on orders follows the decision of another",
    ),
    "advice that was given before": (
        "rules/order-discharge.yaml", "recommend: REPEAT-NOT-ARRANGED", "recommend: REPEAT-CDUS",
        "REPEAT-CDUS was decided before",
    ),
    "the time of what nobody advises": (
        "rules/order-discharge.yaml", "timing: {same_as: VENOGRAPHY}", "timing: {same_as: VENOGRAFY}",
        "VENOGRAFY is not recommended by a row above; did you mean VENOGRAPHY?",
    ),
    "a booking as if it were a row": (
        "rules/order-scope.yaml", "{fired: G-AGE}", "{fired: ORDERED-REPEAT}",
        "ORDERED-REPEAT is no row above this one",
    ),
    "two kinds of timing": (
        "rules/order-discharge.yaml", "timing: {same_as: VENOGRAPHY}", "timing: {same_as: VENOGRAPHY, now: today}",
        "say exactly one of now, window, within, target, overdue, lapsed, same_as, none",
    ),
    "no disposition": (
        "pathway.yaml", "replace, remove]", "replace, remove, ask]",
        "no row concludes that order_disposition is ask",
    ),
    "a value that no code gives": (
        "facts.yaml", "values: [new, placed, booking]", "values: [new, placed]",
        "the values of order_form are the ones the code gives",
    ),
    "a row of a base that it names wrongly": (
        "rules/order-scope.yaml", "{fired: G-AGE}", "{fired: G-AEG}",
        "G-AEG is no row above this one; did you mean G-AGE?",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_the_loader_refuses(name: str, tmp_path: Path) -> None:
    file, old, new, says = REFUSED[name]
    with pytest.raises(AuthorError) as refused:
        load_from(planted(tmp_path, f"{HOME}/{file}", old, new))

    assert says in str(refused.value)
    assert str(refused.value).startswith(f"{HOME}/{file}:")


def test_a_patient_s_row_cannot_name_an_order(tmp_path: Path) -> None:
    folder = planted(
        tmp_path, "dvt-imaging/rules/switch.yaml", '{dvt_imaging: "off"}', '{dvt_imaging: "off", order_kind: d_dimer}'
    )
    with pytest.raises(AuthorError, match="order_kind is not declared"):
        load_from(folder)


def test_a_second_pathway_for_orders_is_refused(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(FOLDER, tmp_path / "pathways"))
    other = Path(shutil.copytree(copy / HOME, copy / "order-advice-too"))
    change(other / "pathway.yaml", "id: order-advice\n", "id: order-advice-too\n")
    with pytest.raises(AuthorError, match="order-advice advises on orders already"):
        load_from(copy)


def test_a_decision_without_what_orders_are_held_to_is_refused() -> None:
    pathway = order_advice()
    known = {name: text for name, text in pathway.recommendations.items() if name != "VENOGRAPHY"}
    texts = pathway.texts.model_copy(update={"recommendations": known})
    with pytest.raises(AuthorError, match="negative-dvt-ultrasound does not recommend VENOGRAPHY, which orders"):
        check_order_pathways([replace(pathway, texts=texts)])


def test_the_finding_that_the_code_reads_is_needed(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(FOLDER, tmp_path / "pathways"))
    for file in (copy / HOME).rglob("*.yaml"):
        text = file.read_text("utf-8")
        file.write_text(text.replace("order_disposition", "what_to_do"), encoding="utf-8")
    with pytest.raises(AuthorError, match="findings: order_disposition is needed, with the values keep, reschedule"):
        load_from(copy)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("indicator: info, rules: [ORD-US-EARLY]", "indicator: warning, rules: [ORD-US-EARLY]", "indicator is info"),
        ("  disposition: reschedule\n", "  disposition: remove\n", "the first order is to reschedule, expected remove"),
        ("drafts: [{kind: leg_ultrasound", "drafts: [{kind: d_dimer", "ORDER-TOO-EARLY, which is not advised"),
    ],
)
def test_a_scenario_that_does_not_come_out_is_told(old: str, new: str, says: str, tmp_path: Path) -> None:
    folder = planted(tmp_path, f"{HOME}/scenarios/golden.yaml", old, new)
    only_orders(folder)
    failures = [str(each) for each in rehearse(folder, load_from(folder)).failures]

    assert any(line.startswith(f"{HOME}/scenarios/golden.yaml:") and says in line for line in failures)


def test_without_a_pathway_for_orders_a_scenario_with_orders_is_a_patient(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(FOLDER, tmp_path / "pathways"))
    only_orders(copy)
    others = [each for each in load_from(copy) if not each.advises_on_orders]

    assert rehearse(copy, others).failures
    assert order_advice().follows is not None
