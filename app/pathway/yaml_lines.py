"""YAML 1.2 as plain values that remember their lines; duplicate keys are refused.

ruamel.yaml reads YAML 1.2, so `no` and `off` stay words. Values stay as written: dates and numbers in quotes are
strings, and a bare number where a word is wanted is refused later by the content model, with its line.
"""

from collections.abc import Mapping
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from app.errors import AuthorError

Location = tuple[str | int, ...]
Lines = Mapping[Location, int]
"""Where each value stands: its path of keys and indexes -> line number, first line = 1."""


def read_yaml(file: Path, shown_as: str) -> tuple[object, Lines]:
    """The values of a YAML file and their lines. Raises AuthorError for anything else."""
    try:
        text = file.read_text(encoding="utf-8")
        root = YAML(typ="safe", pure=True).compose(text)
    except OSError:
        raise AuthorError(shown_as, None, "the file is missing or cannot be read") from None
    except UnicodeDecodeError:
        raise AuthorError(shown_as, None, "the file is not UTF-8") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise AuthorError(shown_as, mark.line + 1 if mark else None, error.problem or "not YAML") from None
    lines: dict[Location, int] = {}
    if root is None:
        raise AuthorError(shown_as, 1, "the file is empty")
    return _plain(root, (), lines, shown_as), lines


def line_of(location: Location, lines: Lines) -> int | None:
    """The line of the innermost part of `location` that the file has."""
    while location and location not in lines:
        location = location[:-1]
    return lines.get(location)


def _plain(node: Node, at: Location, lines: dict[Location, int], file: str) -> object:
    lines.setdefault(at, node.start_mark.line + 1)
    if node.anchor is not None:
        raise AuthorError(file, node.start_mark.line + 1, "anchors and aliases are not used here: write it out")
    match node:
        case MappingNode():
            return _mapping(node, at, lines, file)
        case SequenceNode():
            return [_plain(item, (*at, index), lines, file) for index, item in enumerate(node.value)]
        case ScalarNode():
            return _scalar(node, file)
        case _:
            pass
    raise AuthorError(file, node.start_mark.line + 1, "only mappings, lists and plain values are used here")


def _mapping(node: MappingNode, at: Location, lines: dict[Location, int], file: str) -> dict[str, object]:
    values: dict[str, object] = {}
    for key_node, value_node in node.value:
        key, line = key_node.value, key_node.start_mark.line + 1
        if not isinstance(key_node, ScalarNode):
            raise AuthorError(file, line, "a key is one plain word")
        if key in values:
            raise AuthorError(file, line, f"duplicate key {key}")
        lines[(*at, key)] = line
        values[key] = _plain(value_node, (*at, key), lines, file)
    return values


def _scalar(node: ScalarNode, file: str) -> object:
    text: str = node.value
    if node.style in ("'", '"', "|", ">"):
        return text
    match (node.tag or "").rsplit(":", 1)[-1]:
        case "str" | "timestamp":
            return text
        case "bool":
            return text.lower() == "true"
        case "int" if text.lstrip("+-").isdigit() and (text == "0" or not text.lstrip("+-").startswith("0")):
            return int(text)
        case "null":
            return None
        case _:
            pass
    raise AuthorError(file, node.start_mark.line + 1, f"{text}: put it in quotes, or write a whole decimal number")
