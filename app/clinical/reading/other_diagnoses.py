"""Confirmed alternative diagnoses and superficial vein thrombosis.

Whether one of them explains the leg is a clinician's word alone, and so is a systemic cause of bilateral swelling.
"""

from __future__ import annotations

from dataclasses import replace

from app.clinical.reading.diagnoses import Diagnoses
from app.clinical.reading.findings import Findings, Found, NotFound

CONFIRMED = "alt.confirmed"
SVT = "alt.svt"


def alternatives(stated: Findings, diagnoses: Diagnoses) -> Findings:
    """`alt.confirmed`: every one that is stated or confirmed in the record, each once."""
    acute, chronic = (diagnoses.proofs(name) for name in ("acute_alternatives", "chronic_alternatives"))
    found: dict[object, Found] = {}
    for each in (*stated.found, *acute.found, *chronic.found):
        found.setdefault(each.value, each)
    ordered = sorted(found.values(), key=lambda one: str(one.value))
    numbered = tuple(replace(one, fact=f"{CONFIRMED}[{place}]") for place, one in enumerate(ordered))
    return Findings(numbered, (*stated.not_found, *acute.missed, *chronic.missed))


def superficial_thrombosis(diagnoses: Diagnoses) -> Findings:
    """`alt.svt`, present without its measures, which are stated by themselves."""
    proofs = diagnoses.proofs("superficial_thrombosis")
    present = tuple(replace(found, value={}) for found in proofs.found[:1])
    missed: tuple[NotFound, ...] = proofs.missed
    return Findings(present, missed)
