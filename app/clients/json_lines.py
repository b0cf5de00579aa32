"""The lines of a JSON text, so that what is wrong in a code map is told with its place."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.errors import AuthorError
from app.pathway.yaml_lines import Lines, Location

LARGEST: Final = 20 * 1024 * 1024
"""Bytes of a map. A hundred thousand codes take less."""

_PART: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


@dataclass(slots=True)
class _Open:
    """An object or a list that is being read: where it stands, and the member that comes next."""

    at: Location
    is_object: bool
    next: str | int = 0
    awaits_key: bool = True
    seen: set[str] = field(default_factory=set)


def read_json(file: Path, shown_as: str) -> tuple[object, Lines]:
    """The value of a JSON file and the lines of its parts. Raises AuthorError for anything else."""
    try:
        content = file.read_bytes()
        if len(content) > LARGEST:
            raise AuthorError(shown_as, None, f"the file is larger than {LARGEST} bytes")
        text = content.decode("utf-8-sig")
        value = json.loads(text)
    except OSError:
        raise AuthorError(shown_as, None, "the file is missing or cannot be read") from None
    except UnicodeDecodeError as error:
        raise AuthorError(shown_as, error.object.count(b"\n", 0, error.start) + 1, "the file is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise AuthorError(shown_as, error.lineno, f"not JSON: {error.msg}") from None
    except (ValueError, RecursionError):
        raise AuthorError(shown_as, None, "the file cannot be read as JSON") from None
    return value, _lines(text, shown_as)


def _lines(text: str, shown_as: str) -> Lines:
    """Where each part of a text stands that is known to be JSON. Refuses a member that comes twice."""
    lines: dict[Location, int] = {(): 1}
    stack: list[_Open] = []
    line, counted = 1, 0
    for found in _PART.finditer(text):
        line += text.count("\n", counted, found.start())
        counted, part = found.start(), found[0]
        top = stack[-1] if stack else None
        if part in "}]":
            stack.pop()
        elif part == ",":
            _step(stack[-1])
        elif part == ":":
            stack[-1].awaits_key = False
        elif top is not None and top.is_object and top.awaits_key:
            top.next = json.loads(part)
            if top.next in top.seen:
                raise AuthorError(shown_as, line, f"the member {top.next} stands here twice")
            top.seen.add(str(top.next))
            lines[(*top.at, top.next)] = line
        else:
            at: Location = (*top.at, top.next) if top else ()
            lines.setdefault(at, line)
            if part in "{[":
                stack.append(_Open(at, is_object=part == "{"))
    return lines


def _step(holder: _Open) -> None:
    if isinstance(holder.next, int):
        holder.next += 1
    holder.awaits_key = True
