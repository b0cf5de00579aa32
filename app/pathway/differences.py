"""What two versions of a pathway say differently, entry by entry: the text, not yet the decisions."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.pathway.catalogue import whole
from app.pathway.load import Pathway

NAMED: Final = (
    "parameters",
    "policies",
    "findings",
    "facts",
    "dates",
    "queries",
    "reading",
    "recommendations",
    "orders",
    "references",
)
PLAIN: Final = ("version", "title", "question", "population", "questions", "return_precautions", "scope_note")


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry that was added, removed or changed. `before` and `after` are what a changed part says."""

    what: str
    entry: str
    part: str = ""
    before: str = ""
    after: str = ""


def differences(old: Pathway, new: Pathway) -> Iterator[Difference]:
    """What two versions of one pathway say differently."""
    was, becomes = whole(old), whole(new)
    found = [
        *_parts("pathway", "", _only(PLAIN, was), _only(PLAIN, becomes)),
        *_entries("stages", _stages(was), _stages(becomes)),
        *_order("stages", _stages(was), _stages(becomes)),
        *_entries("rows", _rows(was), _rows(becomes)),
        *_order("rows", _rows(was), _rows(becomes)),
        *(each for name in NAMED for each in _entries(name, was[name], becomes[name])),
    ]
    yield from found
    if not found and old.content_hash != new.content_hash:
        yield Difference("changed", "pathway", "comments, layout or value sets")


def _only(names: tuple[str, ...], said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: said[name] for name in names}


def _stages(said: Mapping[str, Any]) -> dict[str, Any]:
    """Without the rows, which have their own entries."""
    return {stage["stage"]: {name: part for name, part in stage.items() if name != "rows"} for stage in said["stages"]}


def _rows(said: Mapping[str, Any]) -> dict[str, Any]:
    return {row["rule"]: {"stage": stage["stage"], **row} for stage in said["stages"] for row in stage.get("rows", [])}


def _entries(kind: str, old: Any, new: Any) -> Iterator[Difference]:  # noqa: ANN401 -- JSON-like data
    yield from (Difference("added", f"{kind} {name}") for name in new if name not in old)
    yield from (Difference("removed", f"{kind} {name}") for name in old if name not in new)
    for name in old:
        if name in new:
            yield from _parts(kind, name, old[name], new[name])


def _order(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    """The order of what both have; rows are read from top to bottom."""
    before, after = [name for name in old if name in new], [name for name in new if name in old]
    if before != after:
        yield Difference("changed", kind, "order", _text(before), _text(after))


def _parts(kind: str, name: str, old: Any, new: Any) -> Iterator[Difference]:  # noqa: ANN401 -- JSON-like data
    entry = f"{kind} {name}".strip()
    if not isinstance(old, dict):
        old, new = {"": old}, {"": new}
    for part in dict.fromkeys((*old, *new)):
        before, after = old.get(part), new.get(part)
        if before != after:
            yield Difference("changed", entry, part, _text(before), _text(after))


def _text(value: object) -> str:
    if value is None:
        return "not said"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
