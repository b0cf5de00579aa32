"""`export-pathways` and `draw`: what is made from the pathways is made anew the same, and is not stale."""

import re
import shutil
from pathlib import Path

import pytest

from app.__main__ import load_from
from app.commands.pages import pages
from app.pathway.load import Pathway
from app.settings import Settings
from tests.front_door import pathways
from tests.test_commands import run

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages, drawings and schemas, freshly made."""
    folder = tmp_path_factory.mktemp("made")

    assert run("export-pathways", str(folder / "docs"), str(folder / "schema")) == 0
    return folder


def test_there_is_a_page_and_a_drawing_of_each_pathway(made: Path) -> None:
    assert {file.name for file in (made / "docs").iterdir()} == {
        f"{pathway.id}.{kind}" for pathway in pathways() for kind in ("md", "svg")
    }


def test_only_a_stale_page_is_named_and_it_is_left_alone(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything else is made anew the same."""
    docs = Path(shutil.copytree(made / "docs", tmp_path / "docs"))
    page = docs / "dvt-imaging.md"
    page.write_text("old", encoding="utf-8")

    assert run("export-pathways", str(docs), str(made / "schema"), "--check") == 1

    said = capsys.readouterr()
    assert said.out == f"stale: {page}\n"
    assert said.err == "Write them anew with: make pages\n"
    assert page.read_text("utf-8") == "old"


def page_of(pathway: Pathway, made: Path) -> str:
    return (made / "docs" / f"{pathway.id}.md").read_text("utf-8")


def row_of(name: str, text: str) -> str:
    """The table row that begins with this name."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {name}")]
    return line


each_pathway = pytest.mark.parametrize("pathway", pathways(), ids=[each.id for each in pathways()])


@each_pathway
def test_every_row_stands_on_the_page_with_its_sources(pathway: Pathway, made: Path) -> None:
    text = page_of(pathway, made)
    for row in pathway.rows.values():
        line = row_of(f"**{row.rule}**<br>", text)

        assert line.count("#ref-") == len((*row.sources, *row.against))
        assert line.count("against: ") == len(row.against)
        assert ("needs a clinician's signature" in line) == row.project_choice
        assert all(f"**{advice.recommend}**" in line for advice in row.advise)


def test_every_stage_parameter_policy_fact_and_recommendation_stands_on_a_page(made: Path) -> None:
    """What a pathway takes from another stands on that one's page."""
    texts = [page_of(pathway, made) for pathway in pathways()]
    for pathway in pathways():
        text = page_of(pathway, made)
        for number, stage in enumerate(pathway.stages, 1):
            assert f"### {number}. {stage.question}" in text
        for name in (*pathway.parameters, *pathway.policies, *pathway.facts.facts, *pathway.declared_findings):
            assert sum(f"\n| `{name}` |" in each for each in texts) == 1, name
        for name in pathway.recommendations:
            assert sum(f"\n| **{name}** |" in each for each in texts) == 1, name


def test_a_parameter_stands_with_unit_bounds_and_sources(made: Path) -> None:
    (pathway,) = [each for each in pathways() if each.id == "negative-dvt-ultrasound"]
    text = page_of(pathway, made)
    window = pathway.parameters["repeat_min_day"]

    assert f"| {window.value} day | {window.minimum} to {window.maximum}, a site may change it |" in row_of(
        "`repeat_min_day`", text
    )
    assert "[SRU consensus 2018](#ref-sru2018)" in row_of("`repeat_min_day`", text)
    assert "| fixed |" in row_of("`surgery_days`", text)


@each_pathway
def test_every_link_inside_a_page_leads_somewhere(pathway: Pathway, made: Path) -> None:
    text = page_of(pathway, made)

    for target in re.findall(r"\(#([^)]+)\)", text):
        assert f'<a id="{target}"></a>' in text
    for file in re.findall(r"\]\(([^)#]+)\)", text):
        assert (made / "docs" / file).exists() or (ROOT / "docs" / "pathways" / file).exists()


@each_pathway
def test_every_table_row_has_as_many_cells_as_its_head(pathway: Pathway, made: Path) -> None:
    width = 0
    for line in page_of(pathway, made).splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        cells = len(re.findall(r"(?<!\\)\|", line))
        width = width or cells

        assert cells == width, line


def test_scenarios_stand_on_the_page_with_what_must_come(made: Path) -> None:
    text = page_of(next(each for each in pathways() if each.uses is None), made)

    assert "| G001 | Complete negative CDUS, symptoms resolved, Wells 0, day 6 | NO-FURTHER-IMAGING (info) |" in text


def test_all_choices_of_the_project_are_listed_for_signature(made: Path) -> None:
    for pathway in pathways():
        _, _, listed = page_of(pathway, made).partition("## Choices of this project")
        own = [row.rule for row in pathway.rows.values() if row.project_choice]
        if pathway.uses is None:
            assert all(f"\n| row {rule} |" in listed for rule in own)


def test_a_new_pathway_has_a_short_page_and_a_drawing_without_an_end_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it does not declare has no heading, and no row of it leaves early."""
    source = Path(shutil.copytree(Settings().pathways_dir, tmp_path / "pathways"))
    monkeypatch.setenv("DVT_PATHWAYS_DIR", str(source))
    run("new-pathway", "calf-follow-up")
    shutil.rmtree(source / "calf-follow-up" / "scenarios")
    rule = source / "calf-follow-up" / "rules" / "first.yaml"
    rule.write_text(rule.read_text("utf-8").replace("project_choice: true", "sources: [sru2018]"), encoding="utf-8")
    served = [each for each in load_from(source) if each.id != "dvt-imaging"]
    files = {file.name: text for file, text in pages(served, source, tmp_path).items()}

    assert re.findall("^## (.*)$", files["calf-follow-up.md"], re.MULTILINE) == [
        "Stages",
        "Recommendations",
        "References",
    ]
    assert files["calf-follow-up.svg"].count("<line ") == 2


def test_draw_writes_the_same_drawing(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "drawing.svg"

    assert run("draw", "dvt-imaging", "--out", str(out)) == 0
    assert run("draw", "dvt-imaging") == 0

    printed = capsys.readouterr().out
    assert printed == out.read_text("utf-8") == (made / "docs" / "dvt-imaging.svg").read_text("utf-8")


def test_drawing_an_unknown_pathway_names_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("draw", "dvt") == 1
    assert capsys.readouterr().err.startswith("dvt: there is no such pathway; there are dvt-imaging, negative-dvt")
