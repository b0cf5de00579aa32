"""What the service answers to the recorded example calls and their like: the cards on which the card rows are tried."""

import asyncio
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.front_door import SERVICE, call, calling, make_service

Json = dict[str, Any]

EXAMPLES = Path(__file__).parents[2] / "openapi" / "examples"


@cache
def requests() -> Mapping[str, Json]:
    """Every example call by name, and one that has an encounter."""
    files = sorted(EXAMPLES.glob("*.json"))
    read = {file.stem: json.loads(file.read_text(encoding="utf-8"))["request"] for file in files}
    context = {"userId": "Practitioner/p1", "patientId": "p-1", "encounterId": "e-1"}
    return {**read, "with-encounter": call(context=context)}


@cache
def answers() -> Mapping[str, Json]:
    """The answers of 200, by name."""

    async def asked() -> dict[str, Json]:
        async with calling(make_service()) as client:
            responses = {name: await client.post(SERVICE, json=request) for name, request in requests().items()}
        return {name: each.json() for name, each in responses.items() if each.status_code == 200}

    return asyncio.run(asked())


@cache
def cards() -> Mapping[str, Json]:
    """The one card of each answer that has one."""
    return {name: answer["cards"][0] for name, answer in answers().items() if answer["cards"]}


def suggestions() -> list[Json]:
    return [suggestion for card in cards().values() for suggestion in card.get("suggestions", ())]


def actions() -> list[Json]:
    return [action for suggestion in suggestions() for action in suggestion["actions"]]
