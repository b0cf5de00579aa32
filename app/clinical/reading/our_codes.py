"""What a local code may be mapped to: the facts and values that a record can state in our own codes, and which value
sets exclude each other.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from app.clinical import vocabulary as words
from app.clinical.reading.examinations import SINGLE, UNSEEN
from app.clinical.reading.stated_facts import RULES

FACTS: Final = frozenset(
    {
        *RULES,
        *(f"exam.{name}" for name in (*SINGLE, UNSEEN)),
        "alt.confirmed", "ddimer.assay", "egfr", "pregnant", "procedure.intervention_date", "procedure.stent_date",
        "procedure.surveillance_done", "symptoms.status",
    }
)  # fmt: skip
"""The codes of `urn:dvt-next-step:fact` that some code reads."""

VALUES: Final = frozenset(
    {
        "true", "false", words.UNKNOWN, *words.SETTING, *words.SUSPICION, *words.ANTICOAG, *words.ANTICOAG_INDICATION,
        *words.RESULT, *words.LOCATION, *words.PROTOCOL, *words.QUALITY, *words.SEGMENT, *words.SIDE, *words.CFV,
        *words.ILIAC, *words.STATUS, *words.SEVERITY, *words.ASSAY, *words.BLEEDING, *words.FUNCTIONAL_STATUS,
        *words.ALTERNATIVE, *words.DIALYSIS, *words.REACTION, *words.MRI,
    }
)  # fmt: skip
"""The codes of `urn:dvt-next-step:value`."""

# H9, H15, H16: a code in two of one group would be two answers to one question.
OPPOSITES: Final = (
    (
        "result-negative", "result-equivocal", "result-thrombus", "result-abnormal", "dvt-chronic", "svt",
        "dvt-iliocaval", "dvt-iliofemoral", "dvt-proximal", "dvt-distal", "dvt-leg-level-unspecified",
        "dvt-site-unspecified", "other-finding",
    ),
    (
        "us-le-vein-specific", "us-le-vessel-confirm-by-text", "us-generic", "exclude-lookalikes", "ctv-specific",
        "mrv-specific", "venography-unspecific",
    ),
    ("exam-side-left", "exam-side-right", "exam-side-bilateral"),
    ("course-resolved", "course-improving", "course-unchanged", "course-worse"),
    ("ddimer-feu-mass", "ddimer-ddu-mass", "ddimer-not-comparable"),
    ("anticoagulant-therapeutic", "anticoagulant", "heparin-line"),
    ("encounter-inpatient", "encounter-emergency", "encounter-outpatient"),
    ("contrast-iodinated", "contrast-gadolinium", "contrast-unspecified"),
    ("pregnancy-diagnosis", "delivery"),
    ("cancer", "cancer-treatment", "cancer-treatment-encounter"),
    ("dvt-history", "dvt-proximal", "dvt-distal", "dvt-chronic", "dvt-obstetric", "svt"),
    ("vein-stent", "vein-intervention", "us-iliac-vein"),
    ("major-surgery", "vein-stent", "vein-intervention"),
    (
        "alt-bakers-cyst", "alt-hematoma", "alt-cellulitis", "alt-musculoskeletal",
        "alt-chronic-venous-insufficiency", "alt-lymphedema", "alt-arterial-disease", "svt", "leg-trauma",
    ),
    ("egfr-ckdepi2021", "egfr-other"),
)  # fmt: skip
"""Groups of value sets of which a code plays one role at most."""

SAYING_WELL: Final = frozenset({"result-negative", "course-resolved", "course-improving"})
"""What reassures. "No thrombus in the thigh" is narrower than "no thrombus" in words and says less in truth: a local
code that says less than its target must not be read as the target here.
"""


def opposites_among(roles: Collection[str]) -> tuple[str, ...]:
    """Two or more of these roles that exclude each other; empty when none do."""
    for group in OPPOSITES:
        played = tuple(role for role in group if role in roles)
        if len(played) > 1:
            return played
    return ()
