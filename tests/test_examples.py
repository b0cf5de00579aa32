"""Every recorded example is answered as recorded."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.front_door import ask

EXAMPLES: Final = Path(__file__).parents[1] / "openapi" / "examples"
CALLS: Final = sorted(EXAMPLES.glob("*.json"))
QUESTIONS: Final = sorted((EXAMPLES / "evaluate").glob("*.json"))


def name_of(file: Path) -> str:
    return file.stem


@pytest.mark.parametrize("file", CALLS, ids=name_of)
async def test_a_call_is_answered_as_recorded(file: Path) -> None:
    service = f"/cds-services/dvt-next-step-{recorded(file)['request']['hook']}"

    assert await answer_to(file, service) == recorded(file)["response"]


@pytest.mark.parametrize("file", QUESTIONS, ids=name_of)
async def test_a_question_is_answered_as_recorded(file: Path) -> None:
    assert await answer_to(file, "/evaluate") == recorded(file)["response"]


def test_there_are_at_least_a_dozen_calls() -> None:
    assert len(CALLS) >= 12


def test_the_calls_show_cards_silence_and_errors() -> None:
    answers = [recorded(file)["response"] for file in CALLS]

    assert any(answer.get("cards") for answer in answers)
    assert {"cards": []} in answers
    assert any(answer.get("resourceType") == "OperationOutcome" for answer in answers)


@pytest.mark.parametrize("file", CALLS, ids=name_of)
def test_an_answer_survives_tomorrow(file: Path) -> None:
    """The call brings its own day."""
    assert recorded(file)["request"]["extension"]["org.dvt-next-step.today"]


async def answer_to(file: Path, address: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await ask("POST", address, json=recorded(file)["request"])).json()
    return answer


def recorded(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return content
