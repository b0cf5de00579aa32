"""The codes that our orders have in a client's EHR."""

import json
from pathlib import Path

import pytest

from app.clients.order_codes import STANDARD
from app.errors import WrongClients
from tests.clients.folders import client_of
from tests.front_door import pathways

EPICS = "urn:com.epic.cdshooks.action.code.system.preference-list-item"
ORDERS = {name: order for pathway in pathways() for name, order in pathway.orders.items()}
CLIENT = "id: default\ntitle: Example Hospital\ntime_zone: UTC\norder_codes: codes.json\n"


def codes(name: str = "repeat-duplex", source: str = "urn:dvt-next-step:order", target: str = EPICS) -> str:
    element = {"code": name, "target": [{"code": "12345", "equivalence": "equivalent"}]}
    group = {"source": source, "target": target, "element": [element]}
    return json.dumps({"resourceType": "ConceptMap", "status": "active", "group": [group]})


def test_without_a_map_an_order_has_the_codes_of_the_pathway() -> None:
    order = ORDERS["repeat-duplex"]

    assert STANDARD.of("repeat-duplex", order, None) == [code.model_dump() for code in order.codes]
    assert STANDARD.of("repeat-duplex", order, {"http://loinc.org"}) == [order.codes[1].model_dump()]
    assert STANDARD.of("repeat-duplex", order, {EPICS}) == []


def test_with_a_map_only_what_is_mapped_can_be_ordered(tmp_path: Path) -> None:
    mapped = client_of(tmp_path, CLIENT, codes=codes()).order_codes

    assert mapped.of("repeat-duplex", ORDERS["repeat-duplex"], None) == [{"system": EPICS, "code": "12345"}]
    assert mapped.of("ct-venography", ORDERS["ct-venography"], None) == []


@pytest.mark.parametrize(
    ("more", "text", "reason"),
    [
        ("", codes("repeat-dupplex"), "repeat-dupplex is no order; did you mean repeat-duplex?; there are "),
        ("", codes(source="urn:x"), "the source is urn:dvt-next-step:order, the codes are our orders"),
        ("dialect: epic\n", codes(target="http://loinc.org"), "this EHR takes orders by the codes of urn:com.epic."),
    ],
    ids=["no order", "another source", "another system"],
)
def test_a_wrong_map_stops_the_start(tmp_path: Path, more: str, text: str, reason: str) -> None:
    with pytest.raises(WrongClients) as wrong:
        client_of(tmp_path, CLIENT + more, codes=text)

    (fault,) = wrong.value.exceptions

    assert reason in str(fault)
    assert str(fault).startswith("clients/codes.json:")
