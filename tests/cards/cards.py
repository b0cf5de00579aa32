"""Patients and their cards, for tests of what a card says."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from app.cards.render import render_card
from app.clinical.evaluate import Config, Evaluation, evaluate
from app.clinical.reading import RecordFacts
from app.clinical.vocabulary import parse_facts
from tests.clinical.patients import day, facts
from tests.front_door import pathways

GOLDEN = sorted((Path(__file__).parents[2] / "pathways").glob("*/scenarios/golden.yaml"))
NO_RECORD = RecordFacts({}, (), (), ())
HOOK = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
SERVICE = "dvt-next-step-patient-view"

Card = dict[str, Any]


def asked(*exams: dict[str, Any], on: int = 3, config: Config | None = None, **members: object) -> Evaluation:
    """The pathways of the repository about this patient on day n."""
    return evaluate(pathways(), facts(*exams, **members), today=day(on), config=config or {})


def rendered(evaluation: Evaluation, record: RecordFacts = NO_RECORD, **members: Any) -> Card | None:  # noqa: ANN401 -- what render_card takes
    """Its card."""
    given = {"patient_id": "p-1", "encounter_id": None, "hook_instance": HOOK, "service_id": SERVICE, **members}
    return render_card(evaluation, record, **given)


def card(*exams: dict[str, Any], on: int = 3, **members: Any) -> Card:  # noqa: ANN401 -- public facts
    """The card of this patient, who has one."""
    made = rendered(asked(*exams, on=on, **members))
    assert made
    return made


@cache
def golden() -> dict[str, tuple[Evaluation, Card | None]]:
    """Every golden patient: what the pathways say, and the card."""
    read = [_iso(YAML(typ="safe", pure=True).load(file)) for file in GOLDEN]
    return {each["id"]: _golden(each) for scenarios in read for each in scenarios["scenarios"]}


def golden_cards() -> list[Card]:
    """The cards of the golden patients who have one."""
    return [made for _, made in golden().values() if made]


def _golden(scenario: dict[str, Any]) -> tuple[Evaluation, Card | None]:
    today = date.fromisoformat(scenario["today"])
    found = evaluate(pathways(), parse_facts(scenario["facts"]), today=today, config=scenario.get("config", {}))
    return found, rendered(found)


def _iso(value: Any) -> Any:  # noqa: ANN401 -- YAML holds anything
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _iso(item) for key, item in value.items()}
    return [_iso(item) for item in value] if isinstance(value, list) else value
