"""Every order of the table of orders and situations gets the advice, or the silence, that is expected."""

from datetime import date

import pytest

from app.cards.machine_readable import recommendation_json
from app.clinical.ordering import OrderKind, parse_drafts
from tests.clinical.scenario_files import OF_ORDERS, Scenario, ids, scenarios, wrong
from tests.ordering.orders import advised, asked, order_advice

SCENARIOS = scenarios(*OF_ORDERS)
KINDS = {each.value for each in OrderKind} - {"other"}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=ids(SCENARIOS))
def test_an_order_gets_the_advice_of_the_table(scenario: Scenario) -> None:
    config = scenario.get("config", {})
    evaluation = asked(scenario["facts"], date.fromisoformat(scenario["today"]), config)
    said = advised(evaluation, *parse_drafts(scenario["drafts"]), config=config)

    assert wrong(scenario, {made.id: recommendation_json(made) for made in said.recommendations}) == []
    expected = [scenario["disposition"]] if "disposition" in scenario else []
    assert [each.disposition.value for each in said.drafts[:1]] == expected


def test_there_are_enough_and_half_of_them_are_silent() -> None:
    silent = [each for each in SCENARIOS if not each["expect"]]

    assert len(SCENARIOS) >= 120
    assert len(silent) >= 50
    assert {draft["kind"] for each in SCENARIOS for draft in each["drafts"]} >= KINDS
    assert {draft["kind"] for each in silent for draft in each["drafts"]} >= KINDS


def test_every_recommendation_comes_and_every_disposition_is_seen() -> None:
    said = {made["id"] for each in SCENARIOS for made in each["expect"]}
    own = {advice.recommend for row in order_advice().rows.values() for advice in row.advise}

    assert said == own
    assert {each["disposition"] for each in SCENARIOS if "disposition" in each} == {
        "keep", "reschedule", "replace", "remove",
    }  # fmt: skip


def test_a_source_is_known_or_the_project_s_choice() -> None:
    known = {*order_advice().references, "project_choice"}

    assert {source for each in SCENARIOS for source in each["source"]} <= known


def test_no_scenario_is_told_twice() -> None:
    titles = [each["title"] for each in SCENARIOS]

    assert len(set(titles)) == len(titles) == len(set(ids(SCENARIOS)))
