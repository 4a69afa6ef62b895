"""Reads YAML into plain values and keeps the line of each, for error messages.

Only JSON's types are read. Plain `no` and `on` are strings (YAML 1.2). Aliases, tags and deep
nesting are refused, because a small hostile file could grow by them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser is ten times as fast; it is used if PyYAML was built with it."""
MOST_DEPTH = 16
"""The deepest nesting of a file's mappings and lists."""
Path = tuple[str | int, ...]

_ADVICE = {
    "mapping values are not allowed in this context": ": a text with `: ` in it needs quotes",
    "found a tab character that violates indentation": ": indent with blanks",
    "found character that cannot start any token": (
        ": indent with blanks, not tabs; a text that begins with one of @ % ` needs quotes"
    ),
}
"""Advice for the parser's commonest errors."""
_NULL = re.compile(r"~|null|")
_BOOL = re.compile(r"true|false")
_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3})?")


class YamlError(ValueError):
    """The text is no YAML, or YAML of a kind that is not read."""

    def __init__(self, line: int, message: str) -> None:
        """Take the message and its *line*, from 1."""
        super().__init__(message)
        self.line = line


@dataclass
class Tree:
    """A document: its value, and the line of each part."""

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    """Line numbers by path; a value in a mapping has the line of its key."""


def read(text: str) -> Tree:
    """Return the one document in *text*.

    Raises:
        YamlError: the text is no YAML of the kind that is read.
    """
    try:
        _check(yaml.parse(text, Loader=Loader))
        node = yaml.compose(text, Loader=Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        advice = _ADVICE.get(error.problem or "", "")
        reason = f"no YAML: {error.problem}{advice}"
        raise YamlError(mark.line + 1 if mark else 1, reason) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlError(line, f"no YAML: {error.reason}") from error
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise YamlError(1, f"no YAML: {str(error).splitlines()[0]}") from error
    tree = Tree()
    if node is not None:
        tree.lines[()] = node.start_mark.line + 1
        tree.value = _value(node, (), tree.lines)
    return tree


def _check(events: Iterator[yaml.Event]) -> None:
    """Refuse a document that could grow without end, before any value is built."""
    depth = 0
    for event in events:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise YamlError(line, "anchors and aliases (& and *) are not read")
        if getattr(event, "tag", None):
            raise YamlError(line, "tags (!) are not read")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MOST_DEPTH:
            raise YamlError(line, f"nested deeper than {MOST_DEPTH}")


def _value(node: yaml.Node, path: Path, lines: dict[Path, int]) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines)
    if isinstance(node, yaml.SequenceNode):
        items = []
        for number, item in enumerate(node.value):
            lines[*path, number] = item.start_mark.line + 1
            items.append(_value(item, (*path, number), lines))
        return items
    quoted = getattr(node, "style", None)
    return node.value if quoted else _plain(node.value)


def _mapping(node: yaml.MappingNode, path: Path, lines: dict[Path, int]) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise YamlError(line, "a key must be a word")
        if key.value in mapping:
            raise YamlError(line, f"{key.value} is said twice")
        lines[*path, key.value] = line
        mapping[key.value] = _value(value, (*path, key.value), lines)
    return mapping


def _plain(text: str) -> Any:
    """Return the value of a scalar without quotes."""
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text == "true"
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
