"""The one text of the record that a card shows: a quotation that can do nothing (threat model D1, R-3)."""

import re
import unicodedata
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cards.explanation import explanation
from app.cards.report_words import CONFIRM, LONGEST_QUOTE, NOTE, confirmation, inert, lines, quoted, words_of_studies
from app.clinical.reading import Found, NotCounted, ReadFrom, RecordFacts
from app.clinical.report_text.policy import ReportTextPolicy
from app.clinical.words_alone import ALONE
from tests.cards.cards import Card, asked, rendered
from tests.clinical.patients import a_study, exam, symptoms

HOSTILE = [
    "<script>alert(1)</script>",
    "</code><img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](https://example.org/x.png)",
    "`` ` ``` unbalanced ` fences `````",
    "` leads", "ends `", "`", "``", "` `", " ` ",
    "**bold** _italics_ ~~gone~~",
    "a\n\n# heading\n- list\n> quote\n\n```\ncode\n```\n| a | b |\n|---|---|",
    "a\r\n\r\n<div>\r\n",
    "https://example.org www.example.org someone@example.org",
    "&lt;script&gt; &#60; &amp;",
    "\\` escaped \\",
    "\u202eright to left\u202c \u2066isolated\u2069",
    "zero\u200bwidth\u200d\ufeff joins",
    "\x00\x07\x1b[31mred\x1b[0m",
    "\u2028line\u2029paragraph\u0085next",
    "<!-- comment --> <![CDATA[x]]> <?php ?>",
    "[ref]: https://example.org\n[ref]",
    "{{7*7}} ${7*7} <%= 7*7 %>",
    "a" * 5000,
    "`" * 5000,
    "\ud800 lone surrogate",
]  # fmt: skip

LIMITED: dict[str, Any] = {"protocol": "proximal_duplex"}
CALL = Found(
    "exams[0].result", "negative", "DiagnosticReport/r1", "conclusion", "2026-03-02", 3, ReadFrom.TEXT, "No DVT."
)
WITHHELD = NotCounted(
    "exams[0].result", "negative", "DiagnosticReport/r1", "conclusion", "2026-03-02", "No DVT.", ALONE
)
LATEST = a_study()


def record(*found: Found, not_counted: tuple[NotCounted, ...] = (), policy: str = "suggest") -> RecordFacts:
    return RecordFacts({}, found, (), (), not_counted, ReportTextPolicy(policy))


def says(quote: str, **members: Any) -> Found:  # noqa: ANN401 -- members of Found
    given = {"fact": CALL.fact, "value": CALL.value, "date": CALL.date, **members}
    return Found(resource=CALL.resource, element=CALL.element, read_from=ReadFrom.TEXT, quote=quote, **given)


def the_card(quote: str) -> Card:
    made = rendered(asked(exam(**LIMITED), symptoms=symptoms()), record(says(quote)))
    assert made
    return made


def shape(detail: str) -> list[tuple[str, int]]:
    """What a Markdown renderer makes of a card's detail: its elements, without what stands in them."""
    renderer = pytest.importorskip("markdown_it").MarkdownIt("commonmark", {"html": True})
    renderer.enable(["table", "strikethrough"])
    tokens = renderer.parse(detail)
    return [
        (each.type, each.nesting) for token in tokens for each in (token, *(token.children or ())) if _is_shape(each)
    ]


def _is_shape(token: Any) -> bool:  # noqa: ANN401 -- a token of markdown-it
    return token.type != "text" or bool(token.content)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_sentence_changes_nothing_but_the_words_in_its_code_span(text: str) -> None:
    harmless = "x" * min(LONGEST_QUOTE, max(1, len(quoted(text)) - 2))  # as long, because long cards are shortened

    assert shape(the_card(text)["detail"]) == shape(the_card(harmless)["detail"])


@given(st.text(min_size=1, max_size=60))
def test_no_sentence_at_all_changes_the_shape_of_the_card(text: str) -> None:
    detail = f"**Facts:**\n- Read from the report: {quoted(text) or '`x`'}\n- Next\n\n**After**"

    assert shape(detail) == shape("**Facts:**\n- Read from the report: `x`\n- Next\n\n**After**")


@given(st.text(max_size=500))
def test_a_quotation_is_one_visible_line_of_at_most_200_characters(text: str) -> None:
    shown = inert(text)

    assert len(shown) <= LONGEST_QUOTE
    assert shown == shown.strip()
    assert not [letter for letter in shown if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")]


@given(st.text(alphabet="`ab ", max_size=50))
def test_the_fence_is_longer_than_any_run_of_backticks(text: str) -> None:
    made = quoted(text)
    if not made:
        assert not inert(text)
        return
    fence = re.match("`+", made)
    assert fence

    assert made.endswith(fence[0])
    assert fence[0] not in made[len(fence[0]) : -len(fence[0])]


def test_nothing_visible_is_no_quotation() -> None:
    for text in ("", "  \n", "\u200b\u202e\x00", "\u3164\u115f"):
        assert quoted(text) == ""


def test_a_long_sentence_is_cut_where_one_can_see_it() -> None:
    assert inert("ab " * 1000).endswith("\u2026")
    assert len(inert("ab " * 1000)) <= LONGEST_QUOTE


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_sentence_is_in_no_other_place_of_the_card(text: str) -> None:
    card, plain = the_card(text), the_card("x")

    assert card["summary"] == plain["summary"]
    assert card["source"] == plain["source"]
    assert [each["label"] for each in card["suggestions"]] == [each["label"] for each in plain["suggestions"]]
    assert [each["actions"][0]["description"] for each in card["suggestions"]] == [
        each["actions"][0]["description"] for each in plain["suggestions"]
    ]


def test_the_card_shows_the_sentence_and_asks_to_confirm() -> None:
    card = the_card("No DVT in the visualized veins.")

    assert "- Read from the report of 2 Mar 2026: `No DVT in the visualized veins.`" in card["detail"].splitlines()
    assert f"\n\n**{CONFIRM}**\n\n" in card["detail"]
    assert card["summary"].endswith("ultrasound of 2 Mar 2026: read as negative, limited")


def test_the_draft_order_says_what_it_rests_on() -> None:
    orders = [suggestion["actions"][0]["resource"] for suggestion in the_card("No DVT.")["suggestions"]]

    assert orders
    assert all(NOTE in [note["text"] for note in order["note"]] for order in orders)


def test_a_card_that_rests_on_codes_says_nothing_of_words() -> None:
    card = rendered(asked(exam(**LIMITED), symptoms=symptoms()))
    assert card

    assert CONFIRM not in card["detail"]
    assert "read as" not in card["summary"]
    assert NOTE not in str(card["suggestions"])


def test_the_extension_marks_what_was_read_from_words() -> None:
    said = the_card("No DVT.")["extension"]["org.dvt-next-step.decision"]

    assert said["found"][0]["read_from"] == "text"
    assert said["read_from_text"] == [
        {
            "fact": "exams[0].result",
            "value": "negative",
            "resource": "DiagnosticReport/r1",
            "element": "conclusion",
            "date": "2026-03-02",
            "quote": "No DVT.",
            "counts": True,
            "confirm": "The report's text reads as negative: confirm or correct it.",
        }
    ]


def test_what_does_not_count_is_shown_with_its_reason() -> None:
    reason = "conflict: its codes say negative, its words acute DVT"
    said = NotCounted(
        "exams[0].result", "acute_dvt", "DiagnosticReport/r1", "conclusion", "2026-03-02", "Clot.", reason
    )
    shown = list(lines(words_of_studies(record(not_counted=(said,)), LATEST)))

    assert shown == [f"The report of 2 Mar 2026 reads as acute DVT, which is not relied on ({reason}): `Clot.`"]


def test_advice_and_findings_of_the_report_are_told() -> None:
    where = ("DiagnosticReport/r1", "conclusion", None)
    said = (
        NotCounted("exams[0].repeat_advised", "yes", *where, "Repeat in a week.", "why"),
        NotCounted("exams[0].alternative", "bakers_cyst", *where, "Baker cyst.", "why"),
        NotCounted("exams[0].alternative", "bakers_cyst", *where, "A cyst again.", "why"),
        NotCounted("exams[0].svt_length_cm", "5", *where, "5 cm.", "why"),
    )

    assert list(lines(words_of_studies(record(not_counted=said), LATEST))) == [
        "The undated report itself advises a repeat: `Repeat in a week.`",
        "The undated report names a Baker's cyst, to be confirmed: `Baker cyst.`",
    ]


def test_reports_from_before_the_study_that_counts_are_not_shown() -> None:
    earlier = says("Old.", fact="exams[0].result", date="2026-01-02")
    later = says("New.", fact="exams[1].result", date="2026-03-02")
    shown = words_of_studies(record(earlier, later), LATEST)

    assert [each.day for each in shown] == [date(2026, 3, 2)]
    assert len(words_of_studies(record(earlier, later), None)) == 2


@pytest.mark.parametrize(
    ("policy", "schedules", "asks"),
    [
        ("suggest", True, True),
        ("suggest", False, True),
        ("trust-for-scheduling", True, False),
        ("trust-for-scheduling", False, True),
    ],
)
def test_a_client_may_trust_words_for_scheduling_only(policy: str, schedules: bool, asks: bool) -> None:  # noqa: FBT001 -- a table
    told = record(CALL, policy=policy)
    studies = words_of_studies(told, LATEST)

    assert confirmation(told, studies, schedules=schedules) == (CONFIRM if asks else "")


@pytest.mark.parametrize("policy", ["suggest", "trust-for-scheduling"])
def test_a_result_that_was_withheld_is_always_to_be_confirmed(policy: str) -> None:
    told = record(not_counted=(WITHHELD,), policy=policy)
    asked_for = confirmation(told, words_of_studies(told, LATEST), schedules=True)

    assert asked_for == "The report's text reads as negative: confirm the result before acting."


@pytest.mark.parametrize(("policy", "asked_for"), [("suggest", ": confirm"), ("trust-for-scheduling", "")])
def test_an_explanation_marks_what_was_read_from_words(policy: str, asked_for: str) -> None:
    told = record(CALL, policy=policy)
    facts, *_ = explanation(asked(exam(**LIMITED)), told)

    assert [
        "exams[0].result",
        "negative",
        f'DiagnosticReport/r1 conclusion, read from the words "No DVT."{asked_for}',
    ] in [list(row[:3]) for row in facts.rows]


def test_an_explanation_lists_what_is_not_relied_on() -> None:
    sections = {each.title: each.rows for each in explanation(asked(exam(**LIMITED)), record(not_counted=(WITHHELD,)))}

    assert sections["Read from a report's words, and not relied on"] == [
        ("exams[0].result", "negative", '"No DVT."', ALONE)
    ]
