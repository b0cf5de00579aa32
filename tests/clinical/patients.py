"""Patients for tests of the arithmetic: the public vocabulary in, one thing changed at a time."""

from datetime import date, timedelta
from typing import Any

from app.clinical.examinations import Episode
from app.clinical.situation import situation
from app.clinical.vocabulary import Exam, Facts, parse_facts
from tests.front_door import pathways

STUDY = date(2026, 3, 2)  # day 0
DAYS = {name: number for pathway in pathways() for name, number in pathway.days.items()}

COMPLETE: dict[str, Any] = {
    "date": "2026-03-02",
    "protocol": "complete_duplex",
    "result": "negative",
    "quality": "adequate",
    "side": "left",
}


def day(number: int) -> date:
    """Day n after the study."""
    return STUDY + timedelta(days=number)


def exam(on: int | None = 0, **members: object) -> dict[str, Any]:
    """A complete negative study on day n (None: undated), or as the members say; None takes a member away."""
    changed = {**COMPLETE, "date": on if on is None else day(on).isoformat(), **members}
    return {name: value for name, value in changed.items() if value is not None}


def a_study(**members: Any) -> Exam:  # noqa: ANN401 -- members of an exam
    """One study as the rules see it."""
    return parse_facts({"exams": [exam(**members)]}).exams[0]


def symptoms(status: str = "persistent", on: int | None = 3, **members: object) -> dict[str, Any]:
    """A course recorded on day n."""
    return {"status": status, "side": "left", "as_of": on if on is None else day(on).isoformat(), **members}


def facts(*exams: dict[str, Any], **members: object) -> Facts:
    """A patient with these studies."""
    return parse_facts({"exams": list(exams), **members})


def episode(*exams: dict[str, Any], on: int = 3, **members: object) -> Episode:
    """That patient on day n."""
    return Episode(facts(*exams, **members), day(on), DAYS)


def names(*exams: dict[str, Any], on: int = 3, **members: object) -> dict[str, str]:
    """What the rows may name of that patient on day n."""
    return dict(situation(episode(*(exams or (exam(),)), on=on, **members)).names)
