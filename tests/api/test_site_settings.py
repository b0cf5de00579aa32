"""What a site may set, as the document says it."""

from typing import Any

from app.api.site_settings import any_settings, shared_settings
from tests.front_door import ask, pathways


def members(schema: Any) -> dict[str, Any]:  # noqa: ANN401 -- a JSON Schema
    described: dict[str, Any] = schema["properties"]["config"]["properties"]
    return described


def test_a_number_has_its_bounds_and_a_choice_its_values() -> None:
    described = members(any_settings(pathways()))

    assert described["repeat_min_day"]["type"] == "integer"
    assert (described["repeat_min_day"]["minimum"], described["repeat_min_day"]["maximum"]) == (3, 10)
    assert described["default_venography"]["enum"] == ["CTV", "MRV"]


def test_what_only_one_pathway_has_is_not_shared() -> None:
    asked = [each for each in pathways() if not each.advises_on_orders]

    assert members(any_settings(asked)).keys() - members(shared_settings(asked)).keys() == {"dvt_imaging"}


def test_no_pathway_has_no_settings() -> None:
    assert members(shared_settings([])) == {}


async def test_a_whole_number_may_be_written_with_a_point() -> None:
    """To JSON and JSON Schema 6.0 is the integer 6."""
    answers = [
        await ask("POST", "/evaluate", json={"today": "2026-03-12", "facts": {}, "config": {"repeat_min_day": first}})
        for first in (6, 6.0, 6.5)
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 400]
    assert answers[0].json() == answers[1].json()
