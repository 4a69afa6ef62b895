"""YAML files of one kind, such as agents: each a struct, or an error that names its line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from runtime.agents import yaml_tree
from runtime.agents.yaml_tree import Tree
from runtime.printable import printable
from schemas.agent import MOST_FILE_BYTES
from schemas.subjects import is_token

T = TypeVar("T")
Parse = Callable[[str], Any]
"""Returns what a text describes, or raises ConfigFileError."""
MOST_MESSAGE_CHARS = 300
MOST_NAMED = 8
"""Fields that an error names."""
SUFFIXES = (".yaml", ".yml")


class ConfigFileError(ValueError):
    """A file cannot be used; one line says where and why."""

    def __init__(self, line: int, message: str, file: str = "") -> None:
        """Say what is wrong at *line*, from 1; 0: of the file as a whole."""
        message = printable(message[:MOST_MESSAGE_CHARS])
        where = ":".join(part for part in (file, str(line or "")) if part)
        super().__init__(f"{where}: {message}" if where else message)
        self.line, self.message = line, message


class BrokenFilesError(ValueError):
    """Some of several files cannot be used; the message has a line for each of them."""

    def __init__(self, errors: Sequence[ConfigFileError]) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.errors = tuple(errors)


# ---------------------------------------------------------------- files


def load_all(paths: Sequence[Path], parse: Parse, noun: str) -> dict[str, str]:
    """Return the texts in the files and folders *paths*, by the names of what they describe.

    Raises:
        BrokenFilesError: some of them do not describe a *noun*.
    """
    read: dict[str, str] = {}
    wrong: list[ConfigFileError] = []
    for path in paths:
        try:
            files = files_in(path, noun)
        except ConfigFileError as error:
            wrong.append(error)
            continue
        for file in files:
            try:
                name, text, _ = load(file, parse, noun)
                if name in read:
                    raise ConfigFileError(0, f"another file describes {name}, too", str(file))
                read[name] = text
            except ConfigFileError as error:
                wrong.append(error)
    if wrong:
        raise BrokenFilesError(wrong)
    return read


def files_in(path: Path, noun: str) -> list[Path]:
    """Return the files that *path* means: itself, or those in the folder that it is.

    Raises:
        ConfigFileError: it is not there, or holds none.
    """
    if not path.is_dir():
        return [path]
    found = sorted(one for one in path.iterdir() if one.suffix in SUFFIXES)
    if not found:
        raise ConfigFileError(0, f"no {noun} is there: a file NAME.yaml each", str(path))
    return found


def load(path: Path, parse: Parse, noun: str) -> tuple[str, str, Any]:
    """Return the name of what the file *path* describes, its text, and what *parse* makes of it.

    Raises:
        ConfigFileError: it cannot be read, or does not describe a *noun*.
    """
    name = path.stem
    if path.suffix not in SUFFIXES or not is_token(name):
        why = f"the file of an {noun} is NAME.yaml" if noun[0] in "aeiou" else ""
        why = why or f"the file of a {noun} is NAME.yaml"
        raise ConfigFileError(0, f"{why}, its name 1 to 128 of A-Z a-z 0-9 _ -", str(path))
    try:
        with path.open("rb") as file:
            data = file.read(MOST_FILE_BYTES + 1)
        text = data.decode("utf-8")
        return name, text, parse(text)
    except OSError as error:
        raise ConfigFileError(0, str(error.strerror), str(path)) from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigFileError(line, "no UTF-8", str(path)) from error
    except ConfigFileError as error:
        raise ConfigFileError(error.line, error.message, str(path)) from error


# ---------------------------------------------------------------- texts


def converted(text: str, kind: type[T], what_it_is: str) -> tuple[T, Tree]:
    """Return the struct of *kind* that *text* describes, and where its parts stand.

    Raises:
        ConfigFileError: it describes none; *what_it_is* says what it should be.
    """
    if len(text.encode(errors="replace")) > MOST_FILE_BYTES:
        raise ConfigFileError(0, f"longer than {MOST_FILE_BYTES} bytes")
    try:
        tree = yaml_tree.read(text)
    except yaml_tree.YamlError as error:
        raise ConfigFileError(error.line, str(error)) from error
    if not isinstance(tree.value, dict):
        raise ConfigFileError(tree.lines.get((), 1), what_it_is)
    try:
        return msgspec.convert(tree.value, kind), tree
    except msgspec.ValidationError as error:
        raise _located(str(error), kind, tree) from error


def near(name: str, names: Iterable[str]) -> str:
    """Return a guess at which of *names* is meant; empty: none is."""
    found = difflib.get_close_matches(name, list(names), n=1)
    return f"did you mean {found[0]}?" if found else ""


# ---------------------------------------------------------------- where msgspec's errors stand

_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<key>key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_PART = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)


def _located(said: str, kind: type, tree: Tree) -> ConfigFileError:
    """Return msgspec's error *said*, of a *kind*, with its line in *tree*."""
    what, path = _place(said)
    if "..." in path:  # msgspec does not tell which entry of a mapping it is
        at = path.index("...")
        what, path = _wrong_entry(kind, tree.value, path[:at]) or (what, path[:at])
    node = _schema_at(kind, path)
    if unknown := _UNKNOWN.fullmatch(what):
        about = near(unknown[1], node.get("properties", {}))
        what = f"there is no such field: {about}" if about else "there is no such field"
        path = (*path, unknown[1])
    elif advice := _advice(what, node):
        what = f"{what}: {advice}"
    return ConfigFileError(tree.lines.get(path, tree.lines[()]), f"{_dotted(path)}{_plainly(what)}")


def _place(said: str) -> tuple[str, yaml_tree.Path]:
    """Return what msgspec's error *said*, and of which part."""
    found = _AT.match(said)
    parts = [name or index for name, index in _PART.findall((found and found["path"]) or "")]
    path = tuple(int(part) if part.isdecimal() else part for part in parts)
    return (found["what"] if found else said), path


def _wrong_entry(
    kind: type, document: dict[str, Any], path: yaml_tree.Path
) -> tuple[str, yaml_tree.Path] | None:
    """Return what is wrong with the first wrong entry of the mapping at *path*, and its path."""
    mapping: Any = document
    for part in path:
        mapping = mapping[part]
    for name, value in mapping.items():
        alone: Any = {name: value}
        for part in reversed(path):
            alone = {part: alone} if isinstance(part, str) else [alone]
        try:
            msgspec.convert(alone, kind)
        except msgspec.ValidationError as error:
            what, place = _place(str(error))
            if "..." in place:
                return what, (*path, name, *place[place.index("...") + 1 :])
    return None


def _advice(what: str, node: Mapping[str, Any]) -> str:
    """Return what is right for the part with the schema *node* of which *what* is wrong."""
    if what.startswith("Invalid enum value") and (values := node.get("enum")):
        return f"it is one of {', '.join(map(str, values))}"
    if what.startswith("Expected `object`") and (fields := list(node.get("properties", {}))):
        return f"of {', '.join(fields[:MOST_NAMED])}{', ...' if fields[MOST_NAMED:] else ''}"
    if "matching regex" in what and (examples := node.get("examples")):
        return f"write it as {examples[0]}"
    return ""


def _schema_at(kind: type, path: yaml_tree.Path) -> Mapping[str, Any]:
    """Return the JSON Schema of the part of a *kind* at *path*, without references; {}: none."""
    schema = msgspec.json.schema(kind)
    node: Any = schema
    for part in (None, *path):
        if part is not None:
            inner = node.get("items") if isinstance(part, int) else node.get("properties", {})
            inner = inner.get(part) if isinstance(part, str) else inner
            node = inner or node.get("additionalProperties") or {}
        while "anyOf" in node or "$ref" in node:
            each = node.get("anyOf", [node])
            node = next((one for one in each if "$ref" in one), None) or each[0]
            if "$ref" in node:
                node = schema["$defs"].get(node["$ref"].rpartition("/")[2], {})
    found: Mapping[str, Any] = node
    return found


def _dotted(path: yaml_tree.Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return f"{text.removeprefix('.')}: " if text else ""


def _plainly(what: str) -> str:
    """Return msgspec's words as YAML has them."""
    return what.replace("`object`", "a mapping").replace("`array`", "a list").replace("`", "")
