"""The drawings as a browser lays them out: no text upon another, and none outside its box."""

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from app.pathway.drawing import draw
from tests.front_door import pathways
from tests.real.test_docs_page import browse

pytestmark = pytest.mark.real

# Each text with its box and the box of the rectangle it stands in (the first one of the nearest group that has one).
MEASURE = """
const boxOf = part => { const {x, y, width, height} = part.getBBox(); return {x, y, width, height}; };
const frameOf = text => text.closest('g:has(> rect)')?.querySelector(':scope > rect');
const texts = [...document.querySelectorAll('svg text')].map(text => {
  const frame = frameOf(text);
  return {text: text.textContent, box: boxOf(text), frame: frame ? boxOf(frame) : null};
});
document.getElementById('found').textContent = JSON.stringify(texts);
"""
TOLERANCE = 0.5


def measured(svg: str, folder: Path) -> list[dict[str, Any]]:
    """Every text of the drawing with its box, as Chromium lays it out."""
    page = folder / "page.html"
    script = f"<pre id=found></pre><script>{MEASURE}</script>"
    page.write_text(f"<!doctype html><meta charset=utf-8><body>{svg}{script}", encoding="utf-8")
    found = re.search(r'<pre id="found">(.*?)</pre>', browse(page.as_uri(), folder, "--dump-dom").decode(), re.DOTALL)

    assert found, "the script did not run"
    texts: list[dict[str, Any]] = json.loads(html.unescape(found[1]))
    return texts


def overlaps(texts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Pairs of texts that share more than half a pixel in both directions."""
    ordered = sorted(texts, key=lambda each: each["box"]["y"])
    found = []
    for index, one in enumerate(ordered):
        for other in ordered[index + 1 :]:
            if other["box"]["y"] >= one["box"]["y"] + one["box"]["height"] - TOLERANCE:
                break
            if shared(one["box"], other["box"]) > TOLERANCE:
                found.append((one["text"], other["text"]))
    return found


def shared(one: dict[str, float], other: dict[str, float]) -> float:
    return min(one["x"] + one["width"], other["x"] + other["width"]) - max(one["x"], other["x"])


def outside(texts: list[dict[str, Any]]) -> list[str]:
    """Texts that reach out of their rectangle."""
    return [
        each["text"]
        for each in texts
        if each["frame"]
        and not (
            each["frame"]["x"] <= each["box"]["x"]
            and each["box"]["x"] + each["box"]["width"] <= each["frame"]["x"] + each["frame"]["width"]
            and each["frame"]["y"] <= each["box"]["y"] + TOLERANCE
            and each["box"]["y"] + each["box"]["height"] <= each["frame"]["y"] + each["frame"]["height"] + TOLERANCE
        )
    ]


@pytest.mark.parametrize("pathway", [each.id for each in pathways()])
def test_no_text_of_a_drawing_overlaps_another_or_leaves_its_box(pathway: str, tmp_path: Path) -> None:
    (drawn,) = [draw(each) for each in pathways() if each.id == pathway]
    texts = measured(drawn, tmp_path)

    assert len(texts) == drawn.count("<text ")
    assert sum(bool(each["frame"]) for each in texts) > 0.95 * len(texts)
    assert overlaps(texts) == []
    assert outside(texts) == []
    assert max(each["box"]["x"] + each["box"]["width"] for each in texts) <= 1120


def test_a_text_that_is_too_long_or_too_near_is_noticed(tmp_path: Path) -> None:
    crowded = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="100" font-size="14">'
        '<g><rect x="10" y="10" width="60" height="40"/><text x="12" y="30">much too long for it</text>'
        '<text x="14" y="36">upon the other</text></g></svg>'
    )
    texts = measured(crowded, tmp_path)

    assert overlaps(texts) == [("much too long for it", "upon the other")]
    assert outside(texts) == ["much too long for it", "upon the other"]


def test_a_drawing_can_be_pictured(tmp_path: Path) -> None:
    file, picture = tmp_path / "drawing.svg", tmp_path / "drawing.png"
    file.write_text(draw(pathways()[0]), encoding="utf-8")
    browse(file.as_uri(), tmp_path, f"--screenshot={picture}", "--window-size=1120,1600")

    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 50_000
