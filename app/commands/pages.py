"""The files that are made from the pathways: a drawing and a page each, and the schemas for editors."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ruamel.yaml import YAML

from app.clients.schema import client_schema
from app.clinical.ordering import ORDER_DOMAINS
from app.clinical.situation import DOMAINS
from app.errors import AuthorError
from app.pathway.drawing import draw
from app.pathway.load import Pathway
from app.pathway.page import Scenario, page
from app.pathway.schema import schemas


def pages(pathways: Sequence[Pathway], source: Path, docs: Path) -> dict[Path, str]:
    """File -> text of the drawing and the page of each pathway. `source` holds the pathway folders."""
    by_id = {pathway.id: pathway for pathway in pathways}
    made: dict[Path, str] = {}
    for pathway in pathways:
        base = by_id[pathway.uses] if pathway.uses else None
        made[docs / f"{pathway.id}.svg"] = draw(pathway)
        made[docs / f"{pathway.id}.md"] = page(pathway, base, list(_scenarios(source / pathway.id)))
    return made


def _scenarios(home: Path) -> Iterator[Scenario]:
    for file in sorted(home.glob("scenarios/*.yaml")):
        yield from YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))["scenarios"]


def schema_files(folder: Path) -> dict[Path, str]:
    """File -> text of each JSON Schema."""
    return {folder / name: _as_text(schema) for name, schema in schemas({**DOMAINS, **ORDER_DOMAINS}).items()}


def client_schema_files(pathways: Sequence[Pathway], folder: Path) -> dict[Path, str]:
    """File -> text of the JSON Schema of a client's file."""
    return {folder / "client.schema.json": _as_text(client_schema(pathways))}


def _as_text(schema: object) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def drawing(pathways: Iterable[Pathway], pathway_id: str) -> str:
    """The drawing of one pathway. Raises AuthorError for an id that no pathway has."""
    named = {pathway.id: pathway for pathway in pathways}
    if pathway_id not in named:
        raise AuthorError(pathway_id, None, f"there is no such pathway; there are {', '.join(named)}")
    return draw(named[pathway_id])
