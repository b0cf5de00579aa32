"""The corpus is well-formed: one third held out, dangers enough, and each label in the vocabulary."""

import re
from collections import Counter
from collections.abc import Mapping
from itertools import chain
from typing import Any, Final

import pytest

from tests.report_text.reports import (
    FILES,
    LENGTHS,
    REASSURING,
    TARGETS,
    VOCABULARY,
    Form,
    Label,
    Report,
    read_corpus,
    report,
)

DEV: Final = read_corpus("dev")
HELD_OUT: Final = read_corpus("held out")
ALL: Final = (*DEV, *HELD_OUT)
NO_DEEP_THROMBUS: Final = REASSURING | {"none", "nondiagnostic"}

ENTRY: Final[Mapping[str, Any]] = {"id": "x1", "text": "No DVT.", "expect": {"left": {"result": "negative"}}}


def test_there_are_reports_enough_and_a_third_is_held_out() -> None:
    assert len(DEV) >= 220
    assert len(HELD_OUT) >= 130
    assert len(HELD_OUT) * 3 >= len(ALL)


def test_no_report_stands_twice() -> None:
    ids = Counter(each.id for each in ALL)
    texts = Counter(" ".join(each.text.lower().split()) for each in ALL)

    assert {name for name, count in ids.items() if count > 1} == set()
    assert {text for text, count in texts.items() if count > 1} == set()


def test_the_file_says_where_a_report_belongs() -> None:
    assert {each.id[0] for each in HELD_OUT} == {"h"}
    assert {each.id[0] for each in DEV} == {"d", "f"}


@pytest.mark.parametrize("reports", [DEV, HELD_OUT], ids=list(FILES))
def test_two_in_five_reports_are_dangerous_to_read_as_negative(reports: tuple[Report, ...]) -> None:
    assert sum(each.danger for each in reports) * 5 >= len(reports) * 2


@pytest.mark.parametrize("reports", [DEV, HELD_OUT], ids=list(FILES))
def test_each_result_each_body_and_each_kind_of_label_occurs_in_both_files(reports: tuple[Report, ...]) -> None:
    legs = [leg for each in reports for leg in each.legs.values()]

    assert {meant(leg) for leg in legs} == VOCABULARY["result"]
    assert {each.form for each in reports} == set(Form)
    assert {each.other_study for each in reports} >= {"arm", "arterial", "mapping", "reflux"}
    assert {*chain(*legs)} == {*TARGETS}


def meant(leg: Mapping[str, Label]) -> str:
    return next(iter(leg["result"][0]))


def test_danger_is_marked_where_a_thrombus_would_be_missed() -> None:
    thrombus = {"acute_dvt", "equivocal", "chronic_change", "conflict"}
    unmarked = [each.id for each in ALL if not each.danger and thrombus & {meant(leg) for leg in each.legs.values()}]
    harmless = [each.id for each in ALL if each.danger and not any(each.dangerous_legs())]

    assert unmarked == []
    assert harmless == []


def test_a_place_is_named_only_for_a_deep_thrombus_and_a_length_only_for_a_superficial_one() -> None:
    legs = [(each.id, leg, meant(leg)) for each in ALL for leg in each.legs.values()]

    assert [name for name, leg, result in legs if "location" in leg and result in NO_DEEP_THROMBUS] == []
    assert [name for name, leg, result in legs if leg.keys() & {*LENGTHS} and result != "svt_only"] == []


def test_no_report_holds_a_name_or_an_identifier() -> None:
    personal = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|MD|MRN|DOB|NHS|SSN)\b|\d{5,}|\d{1,2}/\d{1,2}/\d{2,4}|@\w")

    assert [each.id for each in ALL if personal.search(each.text)] == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"expect": {"left": {"result": "normal"}}}, "result: normal is not one of"),
        ({"expect": {"left": {"result": "negative", "unseen": ["aorta"]}}}, "unseen: aorta"),
        ({"expect": {"left": {"result": "negative", "size": 3}}}, "size is not a target"),
        ({"expect": {"left": {"limited": True}}}, "each leg needs a result"),
        ({"expect": {"arm": {"result": "none"}}}, "arm is not known"),
        ({"expect": {"unsided": {"result": "none"}, "other_study": "heart"}}, "heart is not one of"),
        ({"note": "odd"}, "note is not known"),
        ({"format": "pdf"}, "pdf"),
    ],
    ids=["result", "segment", "target", "no result", "leg", "study", "key", "format"],
)
def test_an_entry_outside_the_vocabulary_is_refused(change: Mapping[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        report({**ENTRY, **change}, "dev")


def test_the_first_of_several_accepted_readings_is_the_one_meant() -> None:
    leg = report({**ENTRY, "expect": {"left": {"result": ["equivocal", "none"]}}}, "dev").legs["left"]

    assert leg["result"] == (frozenset({"equivocal"}), frozenset({"none"}))


def test_an_optional_segment_may_be_read_or_not() -> None:
    written = {"result": "negative", "unseen": ["peroneal"], "unseen_may": ["iliac"]}
    leg = report({**ENTRY, "expect": {"left": written}}, "dev").legs["left"]

    assert set(leg["unseen"]) == {frozenset({"peroneal"}), frozenset({"peroneal", "iliac"})}


@pytest.mark.parametrize(("split", "reports"), [("dev", DEV), ("held out", HELD_OUT)], ids=list(FILES))
def test_the_page_counts_what_is_there(split: str, reports: tuple[Report, ...]) -> None:
    page = FILES[split].with_name("README.md").read_text(encoding="utf-8")

    assert f"| `{FILES[split].name}` | {len(reports)} | {sum(each.danger for each in reports)} |" in page
