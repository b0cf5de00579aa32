"""Reading a record the way the service does, for tests."""

from datetime import date
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from app.clinical.reading import RecordFacts, facts_from_record, with_sources
from app.fhir.record import read_prefetch
from app.fhir.value_sets import load_value_sets
from tests.fhir.samples import EXPECTED, PATIENT_ID, SERVER, Json, prefetch

__all__ = ["NEW_YORK", "TODAY", "VALUE_SETS", "exam", "facts_from_record", "read", "reasons", "value"]

TODAY: Final = date(2026, 3, 12)
NEW_YORK: Final = ZoneInfo("America/New_York")
PATHWAYS: Final = Path(__file__).parents[3] / "pathways"
VALUE_SETS: Final = with_sources(load_value_sets(PATHWAYS), PATHWAYS)


def read(*resources: Json, today: date = TODAY, zone: ZoneInfo = NEW_YORK, **answers: msgspec.Raw) -> RecordFacts:
    """The facts of a record whose queries were all answered, or as `answers` says."""
    record = read_prefetch({**prefetch(*resources), **answers}, EXPECTED, PATIENT_ID, SERVER)
    return facts_from_record(record, VALUE_SETS, today=today, zone=zone)


def value(found: RecordFacts, fact: str) -> object:
    """The value of a fact by its public name, None when it is unknown."""
    return next((each.value for each in found.found if each.fact == fact), None)


def reasons(found: RecordFacts, fact: str) -> list[str]:
    """Why a fact is unknown."""
    return [each.reason for each in found.not_found if each.fact == fact]


def exam(*resources: Json) -> Json:
    """The one examination of a record."""
    exams = read(*resources).facts["exams"]
    assert isinstance(exams, list)
    assert len(exams) == 1
    only: Json = exams[0]
    return only
