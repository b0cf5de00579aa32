"""GET /pathways and what is below: the list, one whole, its drawing, and an answer of it alone."""

import json
import re
from xml.etree import ElementTree as ET

import pytest

from tests.api.test_evaluate import FACTS, TODAY
from tests.front_door import ask, assert_error, pathways

ID = "negative-dvt-ultrasound"
SVG = "{http://www.w3.org/2000/svg}"


async def test_the_list_names_every_pathway_with_its_version_and_status() -> None:
    listed = (await ask("GET", "/pathways")).json()["pathways"]

    assert [(each["id"], each["version"], each["content_hash"], each["status"]) for each in listed] == [
        (each.id, each.version, each.content_hash, "draft") for each in pathways()
    ]
    assert all(each["title"] and each["question"] and each["counts"]["rows"] for each in listed)


@pytest.mark.parametrize("pathway", pathways(), ids=[each.id for each in pathways()])
async def test_the_content_holds_every_row_parameter_and_reference(pathway: object) -> None:
    (pathway,) = [each for each in pathways() if each is pathway]
    content = (await ask("GET", f"/pathways/{pathway.id}")).json()

    assert [row["rule"] for stage in content["stages"] for row in stage.get("rows", [])] == list(pathway.rows)
    assert {name: each["value"] for name, each in content["parameters"].items()} == pathway.days
    assert set(content["references"]) == set(pathway.references)
    assert set(content["recommendations"]) == set(pathway.recommendations)
    assert set(content["facts"]) == set(pathway.facts.facts)
    assert content["counts"]["project_choices"] == len(content["project_choices"])
    assert None not in content.values()


async def test_a_row_says_its_conditions_as_the_file_does() -> None:
    content = (await ask("GET", f"/pathways/{ID}")).json()
    rows = {row["rule"]: row for stage in content["stages"] for row in stage.get("rows", [])}

    assert rows["RU-LIM"]["when"]["limited"] == ["yes"]
    assert rows["RU-LIM"]["advise"][0]["recommend"] == "REPEAT-CDUS"
    assert rows["RU-LIM"]["sources"] == ["S000", "sru2018"]


@pytest.mark.parametrize("address", [f"/pathways/{ID}", f"/pathways/{ID}/diagram.svg"])
async def test_what_a_client_has_already_is_not_sent_again(address: str) -> None:
    tag = (await ask("GET", address)).headers["etag"]
    again = await ask("GET", address, headers={"If-None-Match": f'"other", W/{tag}'})

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (await ask("GET", address, headers={"If-None-Match": "*"})).status_code == 304
    assert (await ask("GET", address, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_the_tag_of_the_content_is_its_hash_and_status() -> None:
    """The status counts: an approval changes the answer and not the hash."""
    (pathway,) = [each for each in pathways() if each.id == ID]

    assert (await ask("GET", f"/pathways/{ID}")).headers["etag"] == f'"{pathway.content_hash}-draft"'


async def test_one_pathway_answers_alone() -> None:
    question = {"today": TODAY, "facts": FACTS}
    alone = (await ask("POST", f"/pathways/{ID}/evaluate", json=question)).json()
    together = (await ask("POST", "/evaluate", json=question)).json()

    assert [each["id"] for each in alone["pathways"]] == [ID]
    assert alone["recommendations"][0] == together["recommendations"][0]
    assert {step["pathway"] for step in alone["trace"]} == {ID}


async def test_a_wrong_question_is_refused_as_everywhere() -> None:
    assert_error(await ask("POST", f"/pathways/{ID}/evaluate", json={}), 400, "invalid-member", "facts", "record")


@pytest.mark.parametrize(
    ("method", "address"),
    [("GET", ""), ("GET", "/diagram.svg"), ("POST", "/evaluate")],
)
async def test_an_unknown_id_is_not_found_and_not_repeated(method: str, address: str) -> None:
    response = await ask(method, f"/pathways/Zaphod-1952{address}", json={})

    assert_error(response, 404, "unknown-pathway", "pathway_id")
    assert "Zaphod" not in response.text


@pytest.mark.parametrize("pathway", [each.id for each in pathways()])
async def test_the_drawing_names_every_stage_and_row(pathway: str) -> None:
    response = await ask("GET", f"/pathways/{pathway}/diagram.svg")
    picture = ET.fromstring(response.content)  # noqa: S314 -- our own answer
    content = (await ask("GET", f"/pathways/{pathway}")).json()
    texts = {each.text for each in picture.iter(f"{SVG}text")}

    assert response.headers["content-type"].startswith("image/svg+xml")
    assert response.headers["content-security-policy"] == "default-src 'none'"
    for number, stage in enumerate(content["stages"], 1):
        assert any(text and text.startswith(f"{number}. ") for text in texts)
        for row in stage.get("rows", []):
            assert {row["rule"], f"{row['rule']} (project choice)"} & texts
    assert picture.get("role") == "img"
    assert picture.get("aria-labelledby") == f"{pathway}-title {pathway}-description"


async def test_the_drawing_loads_nothing() -> None:
    text = (await ask("GET", f"/pathways/{ID}/diagram.svg")).text

    assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(script|style|image|use|foreignObject|a)\b|\bhref=|\bon\w+=", text)


async def test_json_of_the_content_is_of_moderate_size() -> None:
    """One call for a page; it may grow, but not to the 40,000 lines that nobody reviews (anchors, warning 2)."""
    content = (await ask("GET", f"/pathways/{ID}")).json()

    assert len(json.dumps(content)) < 250_000


async def test_a_pathway_about_orders_is_not_asked_alone() -> None:
    """Its rows begin with what another pathway has decided."""
    (about_orders,) = [each.id for each in pathways() if each.advises_on_orders]

    response = await ask("POST", f"/pathways/{about_orders}/evaluate", json={"facts": FACTS})

    assert_error(response, 404, "not-asked-alone", "pathway_id")
