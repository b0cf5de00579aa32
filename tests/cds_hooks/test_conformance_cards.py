"""Cards as conformance.md demands them: CARD-*, SRC-*, OVR-*, COD-*, EXT-*, on the card of every example call."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.cds_hooks.answers import cards, requests
from tests.front_door import SERVICE, ask

Json = dict[str, Any]

REASONS = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
CODE_SYSTEM = Path(__file__).parents[3] / "shared/cds-hooks/fixtures/spec/CodeSystem-non-adherence-reason-codes.json"

each_card = pytest.mark.parametrize("name", sorted(cards()))


@pytest.mark.row("CARD-01", "CARD-03", "CARD-06")
@each_card
def test_a_card_has_an_id_a_detail_and_a_source(name: str) -> None:
    card = cards()[name]

    assert str(UUID(card["uuid"])) == card["uuid"]
    assert isinstance(card["detail"], str)
    assert isinstance(card["source"], dict)


@pytest.mark.row("CARD-02", "CARD-13")
@each_card
def test_the_summary_is_one_short_sentence_with_the_advice(name: str) -> None:
    """Fewer than 140 characters, on one line, plain text."""
    said = cards()[name]["summary"]

    assert 20 < len(said) < 140
    assert not re.search(r"[\n\r\t*_`#<>|]", said)
    assert ". " not in said


@pytest.mark.row("CARD-03")
@each_card
def test_the_detail_is_simple_markdown(name: str) -> None:
    """Paragraphs, bold and lists: what GitHub's flavour, CommonMark and a reader of plain text have in common."""
    detail = cards()[name]["detail"]

    assert detail == detail.strip()
    assert not re.search(r"<[a-zA-Z/!]|```|^\s*\|.*\|$|!\[|^#", detail, re.MULTILINE)
    assert detail.count("**") % 2 == 0


@pytest.mark.row("CARD-05", "CARD-13")
@each_card
def test_only_an_emergency_is_critical(name: str) -> None:
    indicator = cards()[name]["indicator"]

    assert indicator in {"info", "warning", "critical"}
    assert (indicator == "critical") is (name == "breathless")


@pytest.mark.row("CARD-07", "CARD-08", "CARD-09")
@each_card
def test_suggestions_and_how_to_select_come_together(name: str) -> None:
    """`any` is the one behaviour that every client knows (vendors.md, section 7)."""
    card = cards()[name]

    assert ("suggestions" in card) is ("selectionBehavior" in card)
    assert card.get("selectionBehavior", "any") == "any"
    assert card.get("suggestions", ["none sent"])


@pytest.mark.row("CARD-10", "OVR-01", "OVR-02", "COD-01")
@each_card
def test_an_override_reason_has_words_and_a_standard_code(name: str) -> None:
    reasons = cards()[name]["overrideReasons"]

    assert reasons
    assert len({reason["code"] for reason in reasons}) == len(reasons)
    for reason in reasons:
        assert set(reason) == {"system", "code", "display"}
        assert reason["system"] == REASONS
        assert reason["display"].strip()


@pytest.mark.row("OVR-02")
@pytest.mark.skipif(not CODE_SYSTEM.exists(), reason="the published code system is not beside the project")
def test_every_override_reason_is_in_the_published_code_system() -> None:
    def codes(concepts: list[Json]) -> Iterator[str]:
        for concept in concepts:
            yield concept["code"]
            yield from codes(concept.get("concept", []))

    published = json.loads(CODE_SYSTEM.read_text(encoding="utf-8"))

    assert published["url"] == REASONS
    for card in cards().values():
        assert {reason["code"] for reason in card["overrideReasons"]} <= set(codes(published["concept"]))


@pytest.mark.row("CARD-13")
@each_card
def test_a_person_can_act_on_the_text_alone(name: str) -> None:
    """A client may ignore suggestions: what they would order is in the summary or the detail, in words."""
    card = cards()[name]
    text = (card["summary"] + card["detail"]).lower()

    for suggestion in card.get("suggestions", ()):
        ordered = {"duplex", "venography", "ultrasound"} & set(re.findall(r"[a-z]+", suggestion["label"].lower()))
        assert ordered
        assert all(word in text for word in ordered)


@pytest.mark.row("CARD-13")
@each_card
def test_the_advice_comes_first(name: str) -> None:
    """After the mark of a draft: what to do, then why, then the facts; the limits of the advice at the end."""
    first, second, *rest = cards()[name]["detail"].split("\n\n")

    assert first == "**Draft, not clinically approved.**"
    assert not second.startswith("**")
    assert rest[0].startswith("**Why:**")
    assert "not for emergencies" in rest[-2]


@pytest.mark.row("SRC-01", "SRC-02", "SRC-03")
@each_card
def test_the_source_names_the_pathway_and_its_version(name: str) -> None:
    """Neither url nor icon until there is a page to show; what names the patient never stands here."""
    source = cards()[name]["source"]

    assert set(source) == {"label", "topic"}
    assert re.search(r"version [0-9]+\.[0-9]+\.[0-9]+", source["label"])
    assert requests()[name]["context"]["patientId"] not in json.dumps(source)


@pytest.mark.row("SRC-04", "COD-01")
@each_card
def test_the_topic_is_a_short_code_that_does_not_change(name: str) -> None:
    """Alphanumeric, at most 100 characters, the same for the same advice (vendors.md, section 2)."""
    card = cards()[name]
    topic = card["source"]["topic"]
    lead = card["extension"]["org.dvt-next-step.decision"]["recommendations"][0]["id"]

    assert topic["system"]
    assert re.fullmatch(r"[A-Za-z0-9]{1,100}", topic["code"])
    assert topic["code"] == lead.replace("-", "")


@pytest.mark.row("COD-01")
@each_card
def test_every_code_travels_with_its_system(name: str) -> None:
    """Also in the resources of the suggestions."""

    def codings(value: object) -> Iterator[Json]:
        if isinstance(value, dict):
            yield from value.get("coding", [])
            for member in value.values():
                yield from codings(member)
        elif isinstance(value, list):
            for member in value:
                yield from codings(member)

    found = list(codings({key: member for key, member in cards()[name].items() if key != "extension"}))

    assert all(coding["system"] and coding["code"] for coding in found)
    assert found or "suggestions" not in cards()[name]


@pytest.mark.row("EXT-01", "EXT-02")
@each_card
def test_an_extension_is_an_object_with_our_domain(name: str) -> None:
    """A JSON object, not FHIR's array; one member, in reverse-domain form."""
    extension = cards()[name]["extension"]

    assert list(extension) == ["org.dvt-next-step.decision"]
    assert isinstance(extension["org.dvt-next-step.decision"], dict)


@pytest.mark.row("EXT-01")
async def test_an_extension_that_the_client_sent_is_not_sent_back() -> None:
    body = requests()["limited-study"]
    sent = {**body, "extension": {**body["extension"], "com.example.secret": "Zaphod"}}

    assert "Zaphod" not in (await ask("POST", SERVICE, json=sent)).text
