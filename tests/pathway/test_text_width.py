"""Widths that no usual font exceeds, and lines that keep to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pathway.text_width import text_width, wrapped

TEXTS = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=200)


def test_narrow_letters_are_narrower_than_wide_ones() -> None:
    assert text_width("ill", 10) < text_width("mmm", 10)
    assert text_width("abc", 10) < text_width("abc", 10, bold=True)
    assert text_width("→", 10) == 10  # not listed: as wide as any


@given(text=TEXTS)
def test_no_line_is_wider_than_allowed_and_no_word_is_lost(text: str) -> None:
    lines = wrapped(text, 100, 14)

    assert all(text_width(line, 14) <= 100 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_word_wider_than_a_line_is_broken() -> None:
    assert wrapped("SCAN-SYMPTOMATIC-LEG", 60, 14, bold=True)[:2] == ["SCAN-", "SYMP"]
    assert wrapped("WW", 1, 14) == ["W", "W"]


@pytest.mark.parametrize("text", ["", "   "])
def test_no_text_makes_no_line(text: str) -> None:
    assert wrapped(text, 100, 14) == []
