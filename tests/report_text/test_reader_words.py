"""The word lists: a wrong file does not start, and says where it is wrong."""

from pathlib import Path
from typing import Final

import pytest

from app.clinical.report_text import load_words
from app.clinical.report_text.words import kinds_in
from app.errors import AuthorError

FILE: Final = Path(__file__).parents[2] / "pathways" / "negative-dvt-ultrasound" / "report_words.yaml"
TEXT: Final = FILE.read_text(encoding="utf-8")


def complaint(tmp_path: Path, text: str) -> AuthorError:
    file = tmp_path / "report_words.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(AuthorError) as caught:
        load_words(file)
    return caught.value


def line_of(text: str, part: str) -> int:
    return text.count("\n", 0, text.index(part)) + 1


def test_the_longest_phrase_wins_whatever_its_list() -> None:
    words = load_words(FILE)

    assert kinds_in("no other site of thrombosis", words) == {"no_other", "clot"}
    assert kinds_in("superficial femoral vein", words) == {"femoral"}
    assert kinds_in("no no", words) == {"negation"}


def test_a_word_with_one_wrong_letter_is_the_word_that_is_meant() -> None:
    words = load_words(FILE)

    assert [words.meant(each) for each in ("trombus", "thrmobus", "thronbus")] == ["thrombus"] * 3
    assert [words.meant(each) for each in ("dvts", "patient", "elephantine", "h2o", "x" * 99)] == [
        *("dvts", "patient", "elephantine", "h2o", "x" * 99)
    ]


WRONG: Final = {
    "an unknown list": (
        "\n  restricting:\n",
        "\n  restrictin:\n",
        "restrictin:",
        "restrictin is read by no rule; did you mean restricting?",
    ),
    "a missing section": ("\n  addendum:\n", "\n  addenda:\n", "addenda:", "addenda is read by no rule"),
    "an unknown key": (
        "    about: A thrombus that is deep by its name.",
        "    abut: A thrombus that is deep by its name.",
        "    abut:",
        "lists.deep_clot.abut: is no key here; did you mean about?; there are about, words, reads, does_not_read",
    ),
    "a phrase twice": (
        "words: [thrombus,",
        "words: [dvt, thrombus,",
        "words: [dvt, thrombus,",
        "dvt: stands in deep_clot already: one phrase, one meaning",
    ),
    "a heading twice": (
        "      - summary",
        "      - impression",
        "      - impression\n",
        "impression: is a heading already",
    ),
    "capital letters": ("words: [dvt,", "words: [DVT,", "words: [DVT,", "DVT: write it in small letters"),
    "a short suspect": ("[thromb, tromb", "[th, tromb", "[th, tromb", "th: three or more letters"),
    "an example that is not read": (
        "reads: [No DVT or thrombus.]",
        "reads: [No DVT.]",
        "reads: [No DVT.]",
        "No DVT.: joining is not found in it",
    ),
    "an example that is read": (
        "does_not_read: [No DVT and no thrombus.]",
        "does_not_read: [No DVT or thrombus.]",
        "does_not_read: [No DVT or thrombus.]",
        "No DVT or thrombus.: joining is found in it",
    ),
    "an empty list": ("words: [left,", "words: []\n    was: [left,", "words: []", "lists.left"),
    "text for a list": ("words: [left,", "words: left\n    was: [left,", "words: left", "lists.left"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_refused_with_its_line(name: str, tmp_path: Path) -> None:
    old, new, at, reason = WRONG[name]
    assert TEXT.count(old) == 1
    text = TEXT.replace(old, new)
    wrong = complaint(tmp_path, text)

    assert reason in wrong.reason
    assert wrong.file == f"{tmp_path.name}/report_words.yaml"
    assert wrong.line is not None
    assert abs(wrong.line - line_of(text, at)) <= 12  # a heading is one line up to a dozen above its entries


def test_a_list_that_a_rule_needs_and_that_is_not_there_is_named(tmp_path: Path) -> None:
    start, end = TEXT.index("  joining:\n"), TEXT.index("  plain:\n")

    assert complaint(tmp_path, TEXT[:start] + TEXT[end:]).reason == "joining is missing: a rule needs it"


def test_a_key_twice_and_a_file_that_is_none_are_refused(tmp_path: Path) -> None:
    assert "duplicate key" in complaint(tmp_path, f"{TEXT}\nlists: {{}}\n").reason
    assert complaint(tmp_path, "[]").reason == "the file: must hold keys and values"
    with pytest.raises(AuthorError, match="missing"):
        load_words(tmp_path / "none.yaml")
