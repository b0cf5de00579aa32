"""The generator reaches what it promises: both sides of every threshold, every word, and what is wrong or missing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from tests.oracle.fact_sets import FactSet, numbered

SLICE = [numbered(20260302, number) for number in range(3000)]
THRESHOLDS: Mapping[str, Sequence[object]] = {
    "age": (17, 18, 49, 50, 55, 56),
    "postpartum_days": (42, 43),
    "inpatient_hours": (48, 48.5, 49),
    "egfr": (29, 29.9, 30, 31),
    "score": (-3, -2, 1, 2, 3, 9, 10),
    "surgery_days": (84, 85),
    "discharge_days": (90, 91),
    "trauma_days": (84, 85),
    "onset_days": (14, 15, 90, 91),
    "sfj_cm": (3, 3.1),
    "length_cm": (4.9, 5),
    "value": (499, 500, 501, 0.499, 0.5, 249.5, 250),
    "modality": ("US", "CTV", "MRV", "XR", "unknown", None),
    "report_status": ("final", "appended", "preliminary", "registered", "cancelled", "entered-in-error", "unknown"),
    "protocol": ("complete_duplex", "extended_compression", "pocus", "unknown"),
    "status": ("resolved", "improving", "persistent", "worsening", "new", "unknown"),
}


def members(value: object) -> Iterator[tuple[str, object]]:
    """Every member of every object, at any depth."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield name, item
            yield from members(item)
    elif isinstance(value, list):
        for item in value:
            yield from members(item)


def ages(patient: FactSet) -> Iterator[int]:
    """How many days ago each study was."""
    exams = patient.facts.get("exams")
    for exam in exams if isinstance(exams, list) else []:
        try:
            yield (patient.today - date.fromisoformat(exam["date"][:10])).days
        except (TypeError, KeyError, ValueError):  # a spoilt entry has no age
            continue


@pytest.mark.parametrize("name", THRESHOLDS)
def test_both_sides_of_a_threshold_are_tried(name: str) -> None:
    seen = [item for patient in SLICE for found, item in members(patient.facts) if found == name]

    assert [value for value in THRESHOLDS[name] if value not in seen] == []


def test_studies_of_every_age_around_the_limits_are_tried() -> None:
    seen = {days for patient in SLICE for days in ages(patient) if -2 < days < 130}

    assert {-1, *range(16), *range(29, 33), *range(89, 93)} <= seen


def test_a_likely_patient_has_default_settings_and_no_misspelt_word() -> None:
    likely = SLICE[::2]

    assert all(not patient.config for patient in likely)
    assert "banana" not in str(likely)
    assert "banana" in str(SLICE[1::2])


def test_every_setting_is_tried() -> None:
    tried: set[Any] = {name for patient in SLICE for name in patient.config}

    assert tried == {
        *("persistent_policy", "limited_us_policy", "default_venography", "dvt_imaging", "repeat_min_day"),
        *("repeat_max_day", "lapse_day", "stale_day", "stale_max_day"),
    }
