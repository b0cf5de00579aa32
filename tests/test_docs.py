"""What the documents name exists, and what there is to name is named. A page that lies is worse than none."""

import html
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.__main__ import load
from app.errors import AuthorError
from app.pathway import content
from app.pathway.content import SO_FAR, Content, Parameter, Strength
from app.settings import REPOSITORY, Settings

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "deploy").rglob("*.md"), *(ROOT / "docs").rglob("*.md")])
READING = ROOT / "docs" / "pathways" / "reading.md"
SETTINGS = ROOT / "docs" / "settings.md"
DECISIONS = ROOT / "docs" / "decisions"
PARTS = ["Context", "Decision", "Consequence", "What would change it"]

LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
FOLDERS = ("app", "deploy", "docs", "openapi", "pathways", "tests", r"\.ci")
PATH = re.compile(rf"(?<![\w/.<>-])(?:{'|'.join(FOLDERS)})/[\w./<>*-]*")
CODE = re.compile(r"^```.*?^```|^ {4}.+?$|`[^`]+`", re.MULTILINE | re.DOTALL)
MAKE = re.compile(r"\bmake (?:[A-Z]+=\S+ )*(?P<target>[a-z][a-z-]*)")
VARIABLE = re.compile(r"\bDVT_[A-Z_]+\b")

SECTIONS: dict[str, type[Content]] = {
    "A stage": content.Stage,
    "A row": content.Row,
    "Advice": content.Advice,
    "Timing": content.TimingSpec,
    "A day of a target": content.DayAfter,
    "A booked order": content.BookedOrder,
    "pathway.yaml": content.PathwayFile,
    "A parameter": content.Parameter,
    "A policy": content.Policy,
    "A finding": content.Finding,
    "facts.yaml": content.FactsFile,
    "A fact": content.FactMeaning,
    "A question": content.Question,
    "A query": content.RecordQuery,
    "A source": content.RecordSource,
    "recommendations.yaml": content.RecommendationsFile,
    "A recommendation": content.RecommendationText,
    "A choice of order": content.OrderChoice,
    "A draft order": content.Order,
    "A code": content.OrderCode,
    "report_words.yaml": content.ReportWordsFile,
    "Headings of a report": content.ReportHeadings,
    "A list of report words": content.ReportWordList,
    "A reference": content.Reference,
    "A review": content.Review,
}
LINES_OF_A_LIST: frozenset[type[Content]] = frozenset({content.TimingCase, content.IndicatorCase})


@dataclass(frozen=True)
class Slip:
    """A line of the page's table of mistakes: what was written into a file, and words of what `check` says."""

    file: str
    written: str
    instead_of: str
    says: str


# ------------------------------------------------------------------------------------------- what the pages name


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken_links(page, page.read_text("utf-8")) == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_that_is_named_exists(page: Path) -> None:
    assert missing_files(page.read_text("utf-8")) == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    assert set(make_targets(page.read_text("utf-8"))) - targets_of((ROOT / "Makefile").read_text("utf-8")) == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_setting_that_is_named_exists(page: Path) -> None:
    assert set(VARIABLE.findall(page.read_text("utf-8"))) <= {f"DVT_{name.upper()}" for name in Settings.model_fields}


def test_a_lie_is_noticed() -> None:
    page = ROOT / "docs" / "page.md"
    text = (
        "[x](nowhere.md) [y](why.md#no-place) `app/gone.py` pathways/<id>/gone.yaml `make that`\n    make PORT=1 no\n"
    )

    assert broken_links(page, text) == ["nowhere.md", "why.md#no-place"]
    assert missing_files(text) == ["app/gone.py", "pathways/<id>/gone.yaml"]
    assert list(make_targets(text)) == ["that", "no"]


def test_a_truth_is_let_be() -> None:
    page = ROOT / "docs" / "page.md"
    text = "[x](why.md) [y](why.md#the-question) [z](https://example.org/app/x) `app/main.py`. pathways/<id>/facts.yaml"

    assert broken_links(page, text) == []
    assert missing_files(text) == []
    assert list(make_targets("make sure that")) == []


def broken_links(page: Path, text: str) -> list[str]:
    return [target for target in LINK.findall(text) if "://" not in target and not is_there(page, target)]


def is_there(page: Path, target: str) -> bool:
    path, _, place = target.partition("#")
    file = page.parent / path if path else page
    return file.exists() and (not place or place in set(places_in(file.read_text("utf-8"))))


def places_in(text: str) -> Iterator[str]:
    """The anchors of a page: those GitHub makes of its headings, and those it sets itself."""
    yield from re.findall(r'<a id="([^"]+)">', text)
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        yield re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def missing_files(text: str) -> list[str]:
    """Names as seen from the project's folder; a link is seen from its page and is checked as one."""
    found = PATH.findall(LINK.sub("", text))
    return [name for name in (each.rstrip(".-") for each in found) if not exists(name)]


def exists(name: str) -> bool:
    """`<id>` and `*` stand for any name."""
    return any(ROOT.glob(re.sub(r"<\w+>", "*", name).rstrip("/")))


def make_targets(text: str) -> Iterator[str]:
    for code in CODE.findall(text):
        yield from MAKE.findall(code)


def targets_of(makefile: str) -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))


# ------------------------------------------------------------------------------------------- what has to be named


def test_the_settings_page_has_every_setting_with_its_default_and_what_is_allowed() -> None:
    table = [line for line in SETTINGS.read_text("utf-8").splitlines() if line.startswith("| `")]

    assert table == list(settings_table())


def settings_table() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        yield f"| `DVT_{name.upper()}` | {shown(field.default)} | {html.escape(field.description or '', quote=False)} |"


def shown(default: object) -> str:
    if isinstance(default, Path):
        return f"`{default.relative_to(REPOSITORY)}/` beside `app/`"
    return f"`{default}`" if default != () else "empty"


@pytest.mark.parametrize(("heading", "model"), SECTIONS.items(), ids=list(SECTIONS))
def test_the_reading_page_names_exactly_the_keys_of(heading: str, model: type[Content]) -> None:
    assert keys_under(heading) == set(model.model_fields)


def test_the_reading_page_names_exactly_the_keys_of_a_line_of_a_list() -> None:
    for model in LINES_OF_A_LIST:
        assert keys_under("A line of a list") == set(model.model_fields)


def test_the_reading_page_has_a_section_for_each_model() -> None:
    models = {each for each in vars(content).values() if isinstance(each, type) and issubclass(each, Content)}

    assert models - {Content} == {*SECTIONS.values(), *LINES_OF_A_LIST}


def test_the_reading_page_names_every_word_an_author_may_choose() -> None:
    units = Parameter.model_fields["unit"].annotation
    words = {*SO_FAR, *(each.value for each in Strength), *getattr(units, "__args__", ())}

    assert {word for word in words if f"`{word}`" not in READING.read_text("utf-8")} == set()


def keys_under(heading: str) -> set[str]:
    """The keys in the first column of the section's table."""
    section = READING.read_text("utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    firsts = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {key for first in firsts for key in re.findall(r"`([^`]+)`", first)}


def slips() -> list[Slip]:
    section = READING.read_text("utf-8").partition("\n## What `check` says\n")[2]
    rows = [re.findall(r"`([^`]+)`", line) for line in section.splitlines() if line.startswith("| `")]
    return [Slip(*row) for row in rows]


@pytest.mark.parametrize("slip", slips(), ids=lambda slip: slip.written)
def test_check_says_of_a_mistake_what_the_reading_page_says(slip: Slip, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "pathways", tmp_path / "pathways")
    file = tmp_path / "pathways" / "negative-dvt-ultrasound" / slip.file
    before = file.read_text("utf-8")
    file.write_text(before.replace(slip.instead_of, slip.written, 1), encoding="utf-8")

    with pytest.raises(AuthorError) as told:
        load(Settings(pathways_dir=tmp_path / "pathways"))

    assert slip.instead_of in before
    assert re.match(rf"negative-dvt-ultrasound/{slip.file}:\d+: ", str(told.value))
    assert slip.says in str(told.value)


def test_every_decision_is_in_the_list() -> None:
    pages = {page.name for page in DECISIONS.glob("[0-9]*.md")}

    assert set(re.findall(r"\(([0-9][^)]+\.md)\)", (DECISIONS / "README.md").read_text("utf-8"))) == pages


@pytest.mark.parametrize("page", sorted(DECISIONS.glob("[0-9]*.md")), ids=lambda page: page.stem)
def test_a_decision_has_its_number_and_its_four_parts(page: Path) -> None:
    text = page.read_text("utf-8")

    assert text.startswith(f"# {page.name[:4]}: ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        "Context",
        "Decision",
        "Consequence",
        "What would change it",
    ]
