"""What the table's columns allow each action, whoever the patient is: indicator, kind of timing, draft order and step.

Sections 4, 10, 11 and 16, judged from outside; scenarios leave out most timings and every order. An order is known by
the codes it carries, never by its name in our files.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.oracle.fact_sets import FactSet
from tests.oracle.invariants import at, number, step

Answers = Sequence[Mapping[str, Any]]

WINDOW = "window due overdue unknown"
ALLOWED: Mapping[str, tuple[str, str]] = {
    "OUT-OF-SCOPE": ("info", "none"),
    "EMERG-PE": ("critical", "now"),
    "EMERG-LIMB": ("critical", "now"),
    "EMERG-INFECT": ("critical", "now"),
    "ROUTE-POSITIVE": ("info warning", "now"),
    "SCAN-SYMPTOMATIC-LEG": ("warning", "now"),
    "VENOGRAPHY": ("info warning", "now window none"),
    "REPEAT-CDUS": ("info warning", f"now lapsed {WINDOW}"),
    "DVT-EXCLUDED-PTP": ("info", "none"),
    "DDIMER-ORDER": ("info", "none"),
    "AC-CONTINUE": ("info", "none"),
    "AC-INTERIM-REVIEW": ("info", "none"),
    "AC-CLARIFY": ("info", "none"),
    "AC-CONSIDER": ("info", "none"),
    "AC-CONTRAINDICATED": ("warning", "none"),
    "NO-FURTHER-IMAGING": ("info", "none"),
    "REASSESS-CLINICAL": ("info", WINDOW),
    "NEG-REASSURE": ("info", "none"),
    "ALT-SVT-SFJ": ("warning", "now"),
    "ALT-SVT-MEASURE": ("warning", "none"),
    "ALT-SVT-LONG": ("warning", "none"),
    "ALT-SVT-SHORT": ("info", "none"),
    "ALT-BAKER": ("info", "none"),
    "ALT-MSK": ("info", "none"),
    "ALT-CELLULITIS": ("info", "none"),
    "ALT-CVI": ("info", "none"),
    "ALT-LYMPH": ("info", "none"),
    "ALT-HEMATOMA": ("warning", "none"),
    "ALT-ARTERIAL": ("warning", "none"),
    "ALT-SYSTEMIC": ("info", "none"),
    "ALT-EVAL": ("info", "none"),
    "PB-STENT-SURVEILLANCE": ("info", "window due overdue"),
    "PB-POSTPROC-URGENT": ("warning", "now"),
    "PB-POSTPROC": ("info", "none"),
    "PB-DISTAL-SERIAL": ("info", WINDOW),
    "PB-REFER-INTERVENTION": ("info", "none"),
    "PB-EXTENT-IMAGING": ("info", "none"),
    "PB-NO-ROUTINE-IMAGING": ("info", "none"),
}
"""Action -> the indicators and the kinds of timing it may have. Missing facts (DATA-*) are information, undated."""

DUPLEX, CT, MR, D_DIMER = "312725000", "87838-9", "36789-6", "48065-7"  # SNOMED CT, then LOINC
ORDERS = {
    "SCAN-SYMPTOMATIC-LEG": (DUPLEX, "symptomatic leg"),
    "REPEAT-CDUS": (DUPLEX, "leg veins"),
    "DDIMER-ORDER": (D_DIMER, "D-dimer"),
    "PB-STENT-SURVEILLANCE": (DUPLEX, "stented"),
    "PB-POSTPROC-URGENT": (DUPLEX, "treated"),
    "PB-DISTAL-SERIAL": (DUPLEX, "leg veins"),
}
"""Action -> the code of its draft and a word of its title. Venographies are chosen by modality."""


def indicator_and_timing_are_of_the_table(patient: FactSet, answers: Answers) -> bool:
    for each in answers:
        indicators, kinds = ALLOWED[each["id"]] if not each["id"].startswith("DATA-") else ("info", "none")
        if each["indicator"] not in indicators.split() or each["timing"]["kind"] not in kinds.split():
            return False
    return True


def drafts_are_of_the_table(patient: FactSet, answers: Answers) -> bool:
    """Exactly these: never a drug, no venography while a pregnancy is possible or for a weak second negative."""
    offered = (each for each in answers if not each.get("already_ordered"))
    return all(_fits(_expected(patient, each), each["draft"]) for each in offered)


def _fits(expected: tuple[str, str] | None, draft: Sequence[str]) -> bool:
    """`draft`: title and codes, empty without a draft."""
    if expected is None:
        return not draft
    code, word = expected
    return code in draft and word in draft[0]


def _expected(patient: FactSet, each: Mapping[str, Any]) -> tuple[str, str] | None:
    if each["id"] not in ("VENOGRAPHY", "PB-EXTENT-IMAGING"):
        return ORDERS.get(each["id"])
    # the second negative alone is firm only with a likely class or cancer, and then it is said as a warning
    weak = each["rules"] == ["IC-SECONDNEG"] and each["indicator"] == "info"
    if weak or _maybe_pregnant(patient):
        return None
    return {"C": (CT, "CT venography"), "M": (MR, "MR venography")}.get(each["modality"][0])


def _maybe_pregnant(patient: FactSet) -> bool:
    """Not stated, sex not male, age 12-55 or unknown (2.4)."""
    facts = patient.facts
    age = number(at(facts, "age"))
    known = age is not None and age == int(age)
    in_years = not known or (age is not None and 12 <= age <= 55)
    return not isinstance(at(facts, "pregnant"), bool) and at(facts, "sex") != "male" and in_years


def steps_are_of_the_table(steps: Mapping[str, tuple[int, int | None]]) -> bool:
    """Each action has the number of section 16 under which it stands. `steps`: action -> (step, step when now)."""
    return all(
        said == step({"id": action, "timing": {"kind": kind}}) + 1
        for action, (usual, when_now) in steps.items()
        for kind, said in (("now", when_now or usual), ("window", usual))
    )


COLUMNS = (indicator_and_timing_are_of_the_table, drafts_are_of_the_table)
