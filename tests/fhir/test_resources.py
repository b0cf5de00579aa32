"""One resource is read tolerantly, and nothing that changes its meaning is skipped."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir.resources import (
    RESOURCES,
    Bundle,
    DiagnosticReport,
    Element,
    Entry,
    Header,
    Observation,
    Patient,
    Quantity,
    read,
    says_data_absent,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


KINDS: tuple[type[Element], ...] = (*RESOURCES.values(), Bundle, Entry, Header)


def text(value: object) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize("kind", RESOURCES.values())
def test_unknown_members_are_ignored(kind: type[Patient]) -> None:
    odd = {"resourceType": kind.__name__, "id": "a", "category": {"x": 1}, "zz": [1], "extension": "any", "text": 5}

    found = read(text(odd), kind)

    assert found
    assert (found.id, found.kind) == ("a", kind.__name__)


def test_null_is_absent_wherever_it_stands() -> None:
    # vendors.md: real senders put null everywhere
    sent = {
        "id": None,
        "status": "final",
        "code": None,
        "result": [None, {"reference": None}],
        "subject": None,
        "conclusionCode": [{"coding": [None, {"system": "s", "code": "c", "display": None}]}],
    }

    found = read(text(sent), DiagnosticReport)

    assert found
    assert (found.id, found.code, found.subject) == (None, None, None)
    assert [each.reference for each in found.result] == [None]
    assert [(each.system, each.code) for each in found.conclusion_code[0].coding] == [("s", "c")]


@pytest.mark.parametrize("wrong", [5, True, "x", ["x"], {"x": 1}, [[]]])
def test_an_element_that_changes_the_meaning_is_never_lost_in_silence(wrong: object) -> None:
    for name in ("code", "valueQuantity", "valueCodeableConcept", "subject"):
        if not isinstance(wrong, dict):
            assert read(text({"status": "final", name: wrong}), Observation) is None
    if not isinstance(wrong, str):
        assert read(text({"status": wrong}), Observation) is None


@pytest.mark.parametrize("wrong", [5, True, ["x"], {"x": 1}])
def test_an_element_whose_loss_only_makes_a_fact_unknown_may_be_lost(wrong: object) -> None:
    found = read(text({"status": "final", "effectiveDateTime": wrong, "id": wrong}), Observation)

    assert found == Observation(status="final")


def test_numbers_stay_exact() -> None:
    # H11
    found = read(b'{"value": 0.40, "unit": "x"}', Quantity)
    with_null = read(b'{"value": 0.500000000000000001, "unit": null, "system": null}', Quantity)

    assert found
    assert with_null
    assert str(found.number()) == "0.40"
    assert with_null.number() == Decimal("0.500000000000000001")


@pytest.mark.parametrize(
    "sent", [b'"5"', b'"NaN"', b"true", b"[]", b"1e999", b"0.1234567890123456789", b"null", b"9" * 400]
)
def test_what_is_no_reasonable_number_is_none(sent: bytes) -> None:
    # H8, H10: a string is no number
    found = read(b'{"value": %b}' % sent, Quantity)

    assert found is None or found.number() is None


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"nul",
        b"[",
        b"{",
        b'{"a":}',
        b'{"status": NaN}',
        b'{"status": Infinity}',
        b'{"status":"\\ud800"}',
        b'{"status":"\xff"}',
        b"[" * 100_000,
        b'{"status":' + b"[" * 100_000,
        b'{"x":' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
        b'{"subject":{"reference":1e999999999999}}',
        b"5",
        b'"x"',
        b"null",
    ],
)
def test_no_bytes_make_reading_fail(sent: bytes) -> None:
    for kind in KINDS:
        read(sent, kind)


@given(value=JSON, name=st.sampled_from(["status", "code", "subject", "id", "meta", "link", "entry", "valueQuantity"]))
def test_no_json_makes_reading_fail(value: object, name: str) -> None:
    for kind in KINDS:
        read(text(value), kind)
        read(text({name: value}), kind)


@pytest.mark.parametrize(
    "sent", [{"modifierExtension": [{"url": "x"}]}, {"implicitRules": "x"}, {"modifierExtension": 1}]
)
def test_a_modifier_is_never_overlooked(sent: dict[str, object]) -> None:
    # H7
    found = read(text(sent), Patient)

    assert found
    assert found.is_modified


def test_the_dead_and_the_merged_are_told() -> None:
    # H3
    def is_over(**members: object) -> tuple[bool, bool]:
        found = read(text({"id": "p", **members}), Patient)
        assert found
        return found.is_deceased, found.is_replaced

    assert is_over() == (False, False)
    assert is_over(deceasedBoolean=False, link=[{"type": "seealso"}]) == (False, False)
    assert is_over(deceasedBoolean=True) == (True, False)
    assert is_over(deceasedDateTime="2026") == (True, False)
    assert is_over(link=[{"type": "replaced-by", "other": {"reference": "Patient/q"}}]) == (False, True)


def test_a_data_absent_reason_is_found_in_extensions_of_any_shape() -> None:
    # H8
    reason = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}

    assert says_data_absent([{"url": "x"}, 5, reason])
    assert says_data_absent({"extension": [reason]})
    others: list[object] = [None, 5, "x", {}, [], [{"url": "x"}], {"extension": {}}]
    assert not any(says_data_absent(other) for other in others)
