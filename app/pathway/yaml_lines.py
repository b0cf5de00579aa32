"""YAML 1.2 as plain values that remember their lines; duplicate keys are refused.

ruamel.yaml reads YAML 1.2, so `no` and `off` stay words. Values stay as written: dates and numbers in quotes are
strings, and a bare number where a word is wanted is refused later by the content model, with its line.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode
from ruamel.yaml.reader import ReaderError

from app.errors import AuthorError

DECIMAL = re.compile(r"[+-]?(0|[1-9][0-9]*)")  # 010, 0o10, 1_000 and 0x1F are read differently by different readers

Location = tuple[str | int, ...]
Lines = Mapping[Location, int]
"""Where each value stands: its path of keys and indexes -> line number, first line = 1."""


def read_yaml(file: Path, shown_as: str) -> tuple[object, Lines]:
    """The values of a YAML file and their lines. Raises AuthorError for anything else."""
    root = _composed(_text(file, shown_as), shown_as)
    if root is None:
        raise AuthorError(shown_as, 1, "the file is empty")
    lines: dict[Location, int] = {}
    return _plain(root, (), lines, shown_as), lines


def _text(file: Path, shown_as: str) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark
    except OSError:
        raise AuthorError(shown_as, None, "the file is missing or cannot be read") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise AuthorError(shown_as, line, "the file is not UTF-8") from None


@lru_cache(maxsize=64)  # several readers ask for the same file; parsing is most of the time a start takes
def _composed(text: str, shown_as: str) -> Node | None:
    try:
        root: Node | None = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise AuthorError(shown_as, mark.line + 1 if mark else None, _problem(error)) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise AuthorError(shown_as, line, "a control character stands here: delete it") from None
    except RecursionError:
        raise AuthorError(shown_as, None, "the file is nested too deeply") from None
    return root


def line_of(location: Location, lines: Lines) -> int | None:
    """The line of the innermost part of `location` that the file has."""
    while location and location not in lines:
        location = location[:-1]
    return lines.get(location)


def _problem(error: MarkedYAMLError) -> str:
    problem = error.problem or "this is not YAML"
    return f"{problem}: indent with spaces" if "'\\t'" in problem else problem


def _plain(node: Node, at: Location, lines: dict[Location, int], file: str) -> object:
    lines.setdefault(at, _line(node))
    _refuse_tricks(node, file)
    if isinstance(node, ScalarNode):
        return _scalar(node, file, lines[at])  # the key's line: a value left out has none of its own
    if isinstance(node, MappingNode):
        return _mapping(node, at, lines, file)
    return [_plain(item, (*at, index), lines, file) for index, item in enumerate(node.value)]


def _line(node: Node) -> int:
    line: int = node.start_mark.line
    return line + 1


def _refuse_tricks(node: Node, file: str) -> None:
    """What stands in the file is what is meant: nothing is defined elsewhere, nothing is of another type."""
    if node.anchor is not None:
        raise AuthorError(file, _line(node), "anchors and aliases are not used here: write it out")
    if node.start_mark.buffer[node.start_mark.pointer] == "!":
        raise AuthorError(file, _line(node), "tags are not used here: put text in quotes")


def _mapping(node: MappingNode, at: Location, lines: dict[Location, int], file: str) -> dict[str, object]:
    values: dict[str, object] = {}
    for key_node, value_node in node.value:
        _refuse_tricks(key_node, file)
        key, line = key_node.value, _line(key_node)
        if not isinstance(key_node, ScalarNode):
            raise AuthorError(file, line, "a key is one plain word")
        if key == "<<":
            raise AuthorError(file, line, "merge keys are not used here: write it out")
        if key in values:
            raise AuthorError(file, line, f"duplicate key {key}: it stands on line {lines[(*at, key)]} already")
        lines[(*at, key)] = line
        values[key] = _plain(value_node, (*at, key), lines, file)
    return values


def _scalar(node: ScalarNode, file: str, line: int) -> object:
    text: str = node.value
    if node.style in ("'", '"', "|", ">"):
        return text
    match (node.tag or "").rsplit(":", 1)[-1]:
        case "str" | "timestamp":
            return text
        case "bool" if text.lower() in ("true", "false"):
            return text.lower() == "true"
        case "int" if DECIMAL.fullmatch(text):
            return int(text)
        case "null":
            raise AuthorError(file, line, "nothing is written here: write a value or leave the key out")
        case _:
            raise AuthorError(file, line, f"{text}: put it in quotes, or write a whole decimal number")
