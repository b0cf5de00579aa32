"""Where the words of a report are, how much of them is read, and what is never read."""

from base64 import b64encode
from typing import Any

import pytest

from app.clinical.reading.report_texts import (
    LONGEST_DATA,
    MOST_TEXTS,
    NO_TEXT,
    TOO_LONG,
    TOO_MUCH,
    WHOLE_BUDGET,
    Budget,
    Texts,
    texts_of,
)
from app.clinical.reading.reports import Detail
from app.fhir.resources import DiagnosticReport, Observation, read
from tests.clinical.reading.reader import VALUE_SETS
from tests.fhir.samples import FACT, LOINC, Json, coded, raw, report

IMPRESSION = "19005-8"


def the_report(**members: object) -> DiagnosticReport:
    found = read(raw(report(id="r1", **members)), DiagnosticReport)
    assert found
    return found


def attached(text: str | bytes, content_type: str = "text/plain") -> Json:
    data = text if isinstance(text, bytes) else text.encode()
    return {"contentType": content_type, "data": b64encode(data).decode()}


def a_detail(**members: Any) -> Detail:  # noqa: ANN401 -- what an Observation has
    found = read(raw({"status": "final", "code": coded(LOINC, "12345-6"), **members}), Observation)
    assert found
    return Detail(found, "Observation/o1", members.get("prefix", ""))


def texts(report: DiagnosticReport, *details: Detail, budget: Budget | None = None) -> Texts:
    return texts_of(report, details, VALUE_SETS, budget or Budget())


def read_words(report: DiagnosticReport, *details: Detail) -> list[str]:
    return [text.words for text in texts(report, *details).read]


def test_the_conclusion_is_read() -> None:
    (text,) = texts(the_report(conclusion="No DVT.")).read

    assert (text.words, text.resource, text.element) == ("No DVT.", "DiagnosticReport/r1", "conclusion")
    assert text.is_whole


def test_an_attachment_that_came_is_read() -> None:
    (text,) = texts(the_report(presentedForm=[attached("No DVT.")])).read

    assert (text.words, text.element, text.is_whole) == ("No DVT.", "presentedForm[0].data", True)


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"contentType": "text/plain", "url": "https://ehr.example.org/Binary/1"}, "is elsewhere and is not fetched"),
        ({"contentType": "text/plain", "data": "%%%"}, NO_TEXT),
        ({"contentType": "text/plain", "data": "QUJ"}, NO_TEXT),
        ({"contentType": "text/plain", "data": "\u00e9" * 8}, NO_TEXT),
        ({"contentType": "text/plain", "data": 5}, NO_TEXT),
        ({"contentType": 5, "data": "QUJD"}, NO_TEXT),
        ({"contentType": "application/pdf", "data": "QUJD"}, NO_TEXT),
        ({"contentType": "image/png", "data": "QUJD"}, NO_TEXT),
        ({"data": "QUJD"}, NO_TEXT),
        ({"contentType": "text/plain", "data": "A" * (LONGEST_DATA + 4)}, TOO_LONG),
        (None, NO_TEXT),
        ("text", NO_TEXT),
    ],
    ids=[
        "address", "garbage", "bad length", "not ASCII", "a number", "odd type", "PDF", "picture", "no type", "huge",
        "null", "a string",
    ],
)  # fmt: skip
def test_an_attachment_that_cannot_be_read_is_named(form: object, reason: str) -> None:
    found = texts(the_report(presentedForm=[form]))

    assert found.read == []
    assert [(each.element, each.reason) for each in found.unread] == [("presentedForm[0]", reason)]


@pytest.mark.parametrize("form", [{"data": "QUJD"}, "text", 7])
def test_attachments_that_are_no_list_harm_nothing(form: object) -> None:
    found = texts(the_report(presentedForm=form, conclusion="No DVT."))

    assert [text.words for text in found.read] == ["No DVT."]
    assert [each.reason for each in found.unread] == [NO_TEXT]


@pytest.mark.parametrize("conclusion", [7, {"text": "No DVT."}, ["No DVT."], True])
def test_a_conclusion_that_is_no_text_is_named(conclusion: object) -> None:
    found = texts(the_report(conclusion=conclusion))

    assert found.read == []
    assert [(each.element, each.reason) for each in found.unread] == [("conclusion", NO_TEXT)]


@pytest.mark.parametrize(
    "form", [{"presentedForm": None}, {"presentedForm": []}, {"conclusion": None}, {"conclusion": " "}]
)
def test_nothing_is_nothing(form: Json) -> None:
    assert texts(the_report(**form)) == Texts()


def test_line_breaks_in_base64_are_allowed() -> None:
    form = attached("No DVT in the left leg.")
    form["data"] = f" {form['data'][:8]}\r\n{form['data'][8:]}\n"

    assert read_words(the_report(presentedForm=[form])) == ["No DVT in the left leg."]


def test_the_narrative_is_never_read() -> None:
    narrative = {"status": "generated", "div": "<div>Acute DVT of the left femoral vein.</div>"}

    assert texts(the_report(text=narrative)) == Texts()


def test_the_display_and_text_of_codes_are_never_read() -> None:
    concept = {"coding": [{"system": LOINC, "code": "x", "display": "Acute DVT"}], "text": "Acute DVT"}

    assert texts(the_report(conclusionCode=[concept]), a_detail(valueCodeableConcept=concept)) == Texts()


def test_a_value_in_words_and_the_notes_of_a_finding_are_read() -> None:
    said = texts(the_report(), a_detail(valueString="Thrombus.", note=[{"text": "Seen twice."}])).read

    assert [(text.words, text.element) for text in said] == [
        ("Thrombus.", "valueString"),
        ("Seen twice.", "note[0].text"),
    ]
    assert not any(text.is_whole for text in said)


def test_an_impression_speaks_for_the_whole_study() -> None:
    (text,) = texts(the_report(), a_detail(code=coded(LOINC, IMPRESSION), valueString="No DVT.")).read

    assert text.is_whole


@pytest.mark.parametrize("note", [[7], ["text"], "text", {"text": "x"}])
def test_a_note_that_cannot_be_read_is_named(note: object) -> None:
    found = texts(the_report(), a_detail(note=note))

    assert found.read == []
    assert [each.reason for each in found.unread] == [NO_TEXT]


def test_an_empty_note_is_nothing() -> None:
    assert texts(the_report(), a_detail(note=[{"time": "2026-03-02"}])) == Texts()


def test_what_states_a_fact_or_says_that_it_is_absent_has_no_words() -> None:
    stated = a_detail(code=coded(FACT, "exam.protocol"), valueString="Thrombus.")
    absent = a_detail(dataAbsentReason=coded(LOINC, "unknown"), valueString="Thrombus.")
    troubled = Detail(absent.observation, "Observation/o2", trouble="modified")

    assert texts(the_report(), stated, absent, troubled) == Texts()


def test_the_same_wording_is_read_once() -> None:
    assert read_words(the_report(conclusion="No DVT.", presentedForm=[attached("No DVT.")])) == ["No DVT."]


def test_a_report_has_a_limited_number_of_texts() -> None:
    found = texts(the_report(presentedForm=[attached(f"Text {place}.") for place in range(MOST_TEXTS + 2)]))

    assert len(found.read) == MOST_TEXTS
    assert [each.reason for each in found.unread] == [TOO_MUCH] * 2


def test_a_patient_has_a_limited_number_of_characters() -> None:
    budget = Budget()
    one, other = "a" * WHOLE_BUDGET, "b"

    assert texts(the_report(conclusion=one), budget=budget).unread == []
    assert [each.reason for each in texts(the_report(conclusion=other), budget=budget).unread] == [TOO_MUCH]
    assert budget.left == 0
