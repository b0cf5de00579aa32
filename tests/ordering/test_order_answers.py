"""POST /evaluate with orders: what is said of them, and what a caller may get wrong."""

from typing import Any

import pytest

from tests.front_door import ask, assert_error
from tests.ordering.orders import order_advice

TODAY = "2026-03-04"
FACTS = {
    "age": 54,
    "sex": "male",
    "exams": [{"date": "2026-03-02", "protocol": "complete_duplex", "result": "negative", "side": "left"}],
    "symptoms": {"status": "persistent", "side": "left", "as_of": TODAY},
}


async def evaluated(**members: object) -> dict[str, Any]:
    response = await ask("POST", "/evaluate", json={"today": TODAY, "facts": FACTS, **members})

    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_an_order_that_does_not_fit_is_told_with_what_to_do() -> None:
    answer = await evaluated(orders=[{"kind": "leg_ultrasound", "side": "right", "day": "2026-03-06"}])
    (order,) = answer["order_advice"]["orders"]
    trace = order.pop("trace")

    assert [each["id"] for each in answer["order_advice"]["recommendations"]] == ["ORDER-WRONG-LEG", "ORDER-TOO-EARLY"]
    assert order == {
        "kind": "leg_ultrasound",
        "form": "new",
        "side": "right",
        "earliest": "2026-03-06",
        "latest": "2026-03-06",
        "disposition": "replace",
        "advised": {"kind": "window", "earliest": "2026-03-07", "latest": "2026-03-09"},
        "replacement": "repeat-duplex",
        "recommendations": ["ORDER-WRONG-LEG", "ORDER-TOO-EARLY"],
    }
    assert [step["rule"] for step in trace] == ["ORD-US-EARLY", "ORD-US-LEG", "ORD-REPLACE"]
    assert all(step["pathway"] == order_advice().id for step in trace)


async def test_the_patient_is_answered_as_without_orders() -> None:
    answer = await evaluated(orders=[{"kind": "discharge"}])

    assert answer.pop("order_advice")["orders"][0]["recommendations"] == ["REPEAT-NOT-ARRANGED"]
    assert answer == await evaluated()


async def test_a_setting_moves_the_advice_on_an_order_too() -> None:
    order = {"kind": "leg_ultrasound", "side": "left", "day": "2026-03-10"}
    later = await evaluated(orders=[order], config={"repeat_max_day": 8})
    usual = await evaluated(orders=[order])

    assert later["order_advice"]["recommendations"] == []
    assert [each["id"] for each in usual["order_advice"]["recommendations"]] == ["ORDER-TOO-LATE"]


@pytest.mark.parametrize("orders", [[], [{"kind": "blood count"}], [3, None, {}, "x"]])
async def test_what_does_not_concern_us_is_left_out(orders: list[object]) -> None:
    assert (await evaluated(orders=orders))["order_advice"] == {"recommendations": [], "orders": []}


async def test_no_orders_are_no_advice() -> None:
    assert "order_advice" not in await evaluated()
    assert "order_advice" not in await evaluated(orders=None)


@pytest.mark.parametrize("orders", [{"kind": "d_dimer"}, "d_dimer", 3, True])
async def test_orders_that_are_no_list_are_refused(orders: object) -> None:
    response = await ask("POST", "/evaluate", json={"facts": FACTS, "orders": orders})

    assert_error(response, 400, "invalid-member", "orders")


async def test_a_number_of_unheard_length_is_unknown() -> None:
    body = '{"facts": {}, "orders": [{"kind": "d_dimer", "day": ' + "9" * 5000 + "}]}"
    response = await ask("POST", "/evaluate", content=body, headers={"content-type": "application/json"})

    assert response.json()["order_advice"]["orders"][0]["kind"] == "d_dimer"


async def test_a_pathway_that_is_asked_alone_says_nothing_of_orders() -> None:
    response = await ask(
        "POST", "/pathways/dvt-imaging/evaluate", json={"facts": FACTS, "orders": [{"kind": "d_dimer"}]}
    )

    assert response.json()["order_advice"] == {"recommendations": [], "orders": []}


async def test_the_list_names_the_kind_of_the_pathway() -> None:
    listed = (await ask("GET", "/pathways")).json()["pathways"]

    assert {each["id"]: each.get("kind") for each in listed} == {
        "dvt-imaging": None, "negative-dvt-ultrasound": None, "order-advice": "order-advice",
    }  # fmt: skip
