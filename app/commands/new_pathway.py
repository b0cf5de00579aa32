"""`new-pathway`: a small folder that loads, decides and has a scenario, with comments that teach the form."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Final

from app.errors import AuthorError
from app.pathway.load import Pathway

SKELETON: Final = Path(__file__).parent / "skeleton"
ID: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def files_of(pathway_id: str, title: str | None, uses: str | None, pathways: Sequence[Pathway]) -> dict[Path, str]:
    """Path inside the new folder -> text. Raises AuthorError for a name that cannot be one.

    `uses`: the pathway whose words the new one uses; otherwise the first that stands alone.
    """
    if not ID.fullmatch(pathway_id):
        raise AuthorError(pathway_id, None, "an id is small letters and digits, joined by hyphens: calf-vein-follow-up")
    named = " ".join((title or pathway_id.replace("-", " ").capitalize()).split())
    words = {
        "id": pathway_id,
        "title": named,
        "quoted_title": json.dumps(named, ensure_ascii=False),
        "uses": _used(uses, pathways),
        "prefix": pathway_id.upper(),
    }
    skeleton = sorted(file for file in SKELETON.rglob("*") if file.is_file())
    return {
        file.relative_to(SKELETON): Template(file.read_text(encoding="utf-8")).substitute(words) for file in skeleton
    }


def write(files: dict[Path, str], home: Path) -> None:
    """Write the new folder. Raises AuthorError when there is one already."""
    if home.exists():
        raise AuthorError(str(home), None, "this folder exists already; nothing was written")
    for file, text in files.items():
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        (home / file).write_text(text, encoding="utf-8")


def _used(uses: str | None, pathways: Sequence[Pathway]) -> str:
    alone = [pathway.id for pathway in pathways if pathway.uses is None]
    if uses is None:
        return alone[0]
    if uses not in alone:
        raise AuthorError(uses, None, f"is no pathway that stands alone; there are {', '.join(alone)}")
    return uses
