"""The reader reads anything, in time that grows with the length, and is not impressed by wrapping and capitals."""

import random
import sys
import textwrap
import time
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clinical.report_text import ReportReading, plain_text, read_report
from app.clinical.report_text.tokens import MOST_CHARACTERS
from tests.report_text.our_reader import our_words
from tests.report_text.reports import Form, read_corpus

DEV: Final = [each for each in read_corpus("dev") if each.form is Form.TEXT]
CALM: Final = frozenset({"negative", "svt_only"})


def read(text: str) -> ReportReading:
    return read_report(text, our_words())


def values(reading: ReportReading) -> dict[str, set[tuple[str, str]]]:
    return {leg: {(each.fact, each.value) for each in reads} for leg, reads in reading.legs.items()}


def is_calm(reading: ReportReading) -> bool:
    return any(each.fact == "result" and each.value in CALM for reads in reading.legs.values() for each in reads)


# -- long and hostile -------------------------------------------------------------------------------------------------

LONG: Final = 1_000_000
HOSTILE: Final = {
    "no": "no ",
    "dvt": "dvt ",
    "list": "dvt, ",
    "or": "no dvt or ",
    "brackets": "((((((((",
    "closing": "))))))))",
    "headings": "IMPRESSION:\n",
    "headings on a line": "IMPRESSION: ",
    "labels": "left popliteal vein: \n",
    "sides": "left dvt right ",
    "unsided and sided": "popliteal dvt. left dvt. ",
    "nul": "\x00",
    "surrogates": "\ud800",
    "one word": "thrombus",
    "misspelt": "thrombusedd abnormallly ",
    "line ends": "\n",
    "stops": ".",
    "asked": "?",
    "dashes": " - ",
    "decimals": "1.",
    "letters with stops": "a.b.",
    "slashes": "a/",
    "apostrophes": "a'",
    "wide": "\ufdfa",
    "combining": "e\u0301\u0323",
    "hyphens at line ends": "a-\n",
    "veins": "from cfv to calf veins ",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_megabyte_of_anything_is_read_in_bounded_time_and_is_never_calm(name: str) -> None:
    unit = HOSTILE[name]
    text = unit * (LONG // len(unit))
    began = time.process_time()
    reading = read(text)
    took = time.process_time() - began

    assert reading.is_cut
    assert not is_calm(reading)
    assert took < 10  # a second at most on an idle machine; a trap would take minutes


def test_a_text_that_is_cut_is_never_calm() -> None:
    text = "No DVT. " * (MOST_CHARACTERS // 8)

    assert is_calm(read(text))
    assert not read(text).is_cut
    assert read(f"{text} ").is_cut
    assert not is_calm(read(f"{text} "))
    assert values(read(f"Popliteal DVT. {text} "))["unsided"] >= {("result", "conflict")}


def test_letters_that_stand_for_many_count_as_many() -> None:
    assert read("\ufdfa" * (MOST_CHARACTERS // 4)).is_cut


def calls(work: Callable[[], object]) -> int:
    """How many functions of Python it calls: a measure of work that no other process disturbs."""
    count = 0

    def note(*_: object) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def test_work_grows_with_the_length() -> None:
    texts = [each.text for each in DEV if len(each.text) > 300]
    once = "\n".join(texts)[:5000]
    read(once)
    few, many = (calls(lambda times=times: read("\n".join([once] * times))) for times in (2, 8))  # type: ignore[misc] # a default binds the loop's value

    assert few * 3 < many < few * 5


@pytest.mark.parametrize(
    "unit", ["popliteal dvt. left dvt. ", "left dvt, right dvt, ", "no dvt or clot. ", "cfv: dvt\n"]
)
def test_work_grows_with_the_length_of_repeats(unit: str) -> None:
    few, many = (calls(lambda times=times: read(unit * times)) for times in (200, 800))  # type: ignore[misc] # as above

    assert many < few * 5


# -- anything ---------------------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    for reads in read(text).legs.values():
        for each in reads:
            assert len(each.quote) <= 200
            assert each.quote.isprintable()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*our_words().known, *".,;:?()\n/-"]), max_size=60))
def test_any_listed_words_are_read(words: list[str]) -> None:
    read(" ".join(words))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["text/plain", "text/html", "application/rtf", "application/pdf"]))
def test_any_bytes_are_read_or_not(data: bytes, content_type: str) -> None:
    for body in (data, b"{\\rtf1" + data):
        text = plain_text(body, content_type)

        assert text is None or read(text) is not None


# -- what means nothing -----------------------------------------------------------------------------------------------


def recased(text: str, chance: random.Random) -> str:
    return chance.choice([str.upper, str.lower, str.title, str.swapcase])(text)


def respaced(text: str, chance: random.Random) -> str:
    return "".join(chance.choice([" ", "  ", "\t", "\u00a0", " \u200b"]) if each == " " else each for each in text)


def rewrapped(text: str, chance: random.Random) -> str:
    """Each line broken at another width."""
    lines = (textwrap.wrap(line, chance.randint(35, 70), break_on_hyphens=False) for line in text.splitlines())
    return chance.choice(["\n", "\r\n"]).join("\n".join(line) for line in lines)


@pytest.mark.parametrize("change", [recased, respaced, rewrapped])
def test_capitals_spaces_and_line_ends_do_not_change_the_reading(change: Callable[[str, random.Random], str]) -> None:
    chance = random.Random(5)  # noqa: S311 -- a test's chance
    for report in DEV:
        changed = change(report.text, chance)

        assert values(read(changed)) == values(read(report.text)), (report.id, changed)


@pytest.mark.hazard("H16")
def test_line_ends_anywhere_make_nothing_calm() -> None:
    """A word alone on its line may look like a heading; then the reading may lose a calm word, and gains none."""
    chance = random.Random(6)  # noqa: S311 -- a test's chance
    ends = [" ", "\n", "\r\n", "\n\n", "\n  "]
    for report in DEV:
        changed = "".join(chance.choice(ends) if each == " " else each for each in report.text)

        assert is_calm(read(report.text)) or not is_calm(read(changed)), (report.id, changed)
