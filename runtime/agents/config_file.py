"""Reads a YAML file, such as an agent's, into a struct; an error names the line."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from runtime.agents import yaml_tree
from runtime.agents.yaml_tree import Tree
from runtime.text.printable import printable
from schemas.agent import MOST_CONFIG_FILE_BYTES
from schemas.subjects import is_token

T = TypeVar("T")
Parse = Callable[[str], Any]
"""Parses a text into its struct, or raises ConfigFileError."""
MOST_MESSAGE_CHARS = 300
MOST_NAMED_FIELDS = 8
"""The most fields that an error lists."""
SUFFIXES = (".yaml", ".yml")


class ConfigFileError(ValueError):
    """A file cannot be used; the message is one line with the place and the reason."""

    def __init__(self, line: int, message: str, file: str = "") -> None:
        """Take the *message* and its *line*, from 1; line 0 stands for the whole file."""
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
    """Return the texts in the files and folders *paths*, by name, such as an agent's name.

    Raises:
        BrokenFilesError: some of the files do not describe a *noun*.
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
    """Return *path* itself if it is a file, or the YAML files in it if it is a folder.

    Raises:
        ConfigFileError: the folder holds no such file.
    """
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
    if not files:
        raise ConfigFileError(0, f"no {noun} is there: a file NAME.yaml each", str(path))
    return files


def load(path: Path, parse: Parse, noun: str) -> tuple[str, str, Any]:
    """Return the name that the file *path* stands for, its text, and the result of *parse*.

    Raises:
        ConfigFileError: the file cannot be read, or does not describe a *noun*.
    """
    name = path.stem
    if path.suffix not in SUFFIXES or not is_token(name):
        whose = f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
        why = f"the file of {whose} is NAME.yaml, its name 1 to 128 of A-Z a-z 0-9 _ -"
        raise ConfigFileError(0, why, str(path))
    try:
        with path.open("rb") as file:
            data = file.read(MOST_CONFIG_FILE_BYTES + 1)
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
    """Return the struct of *kind* that *text* describes, and the tree with the line of each part.

    Raises:
        ConfigFileError: the text describes no such struct; *what_it_is* is the message for a text
            that is no mapping.
    """
    if len(text.encode(errors="replace")) > MOST_CONFIG_FILE_BYTES:
        raise ConfigFileError(0, f"longer than {MOST_CONFIG_FILE_BYTES} bytes")
    try:
        tree = yaml_tree.read(text)
    except yaml_tree.YamlError as error:
        raise ConfigFileError(error.line, str(error)) from error
    if not isinstance(tree.value, dict):
        raise ConfigFileError(tree.lines.get((), 1), what_it_is)
    try:
        return msgspec.convert(tree.value, kind), tree
    except msgspec.ValidationError as error:
        raise _with_line(str(error), kind, tree) from error


def suggestion(name: str, names: Iterable[str]) -> str:
    """Return a suggestion from *names* for a misspelled *name*, or "" if none is similar."""
    similar = difflib.get_close_matches(name, list(names), n=1)
    return f"did you mean {similar[0]}?" if similar else ""


# ---------------------------------------------------------------- where msgspec's errors stand

_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<key>key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_PART = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)


def _with_line(reason: str, kind: type, tree: Tree) -> ConfigFileError:
    """Return msgspec's error message *reason* about a *kind*, with the line in *tree*."""
    what, path = _complaint(reason)
    if "..." in path:  # msgspec writes "..." for the key of a mapping
        at = path.index("...")
        what, path = _wrong_entry(kind, tree.value, path[:at]) or (what, path[:at])
    node = _schema_at(kind, path)
    if unknown := _UNKNOWN.fullmatch(what):
        about = suggestion(unknown[1], node.get("properties", {}))
        what = f"there is no such field: {about}" if about else "there is no such field"
        path = (*path, unknown[1])
    elif advice := _advice(what, node):
        what = f"{what}: {advice}"
    return ConfigFileError(
        tree.lines.get(path, tree.lines[()]), f"{_dotted(path)}{_in_yaml_terms(what)}"
    )


def _complaint(reason: str) -> tuple[str, yaml_tree.Path]:
    """Split msgspec's error message *reason* into the complaint and the path of the part."""
    match = _AT.match(reason)
    parts = [name or index for name, index in _PART.findall((match and match["path"]) or "")]
    path = tuple(int(part) if part.isdecimal() else part for part in parts)
    return (match["what"] if match else reason), path


def _wrong_entry(
    kind: type, document: dict[str, Any], path: yaml_tree.Path
) -> tuple[str, yaml_tree.Path] | None:
    """Return the complaint about the first wrong entry of the mapping at *path*, and its path."""
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
            what, place = _complaint(str(error))
            if "..." in place:
                return what, (*path, name, *place[place.index("...") + 1 :])
    return None


def _advice(what: str, node: Mapping[str, Any]) -> str:
    """Return advice for the complaint *what* about a part with the schema *node*, or ""."""
    if what.startswith("Invalid enum value") and (values := node.get("enum")):
        return f"it is one of {', '.join(map(str, values))}"
    if what.startswith("Expected `object`") and (fields := list(node.get("properties", {}))):
        more = ", ..." if len(fields) > MOST_NAMED_FIELDS else ""
        return f"of {', '.join(fields[:MOST_NAMED_FIELDS])}{more}"
    if "matching regex" in what and (examples := node.get("examples")):
        return f"write it as {examples[0]}"
    return ""


def _schema_at(kind: type, path: yaml_tree.Path) -> Mapping[str, Any]:
    """Return the JSON Schema at *path* in a *kind*, references resolved, or {} if there is none."""
    schema = msgspec.json.schema(kind)
    node: Any = schema
    for part in (None, *path):
        if part is not None:
            inner = node.get("items") if isinstance(part, int) else node.get("properties", {})
            inner = inner.get(part) if isinstance(part, str) else inner
            node = inner or node.get("additionalProperties") or {}
        while "anyOf" in node or "$ref" in node:
            schemas = node.get("anyOf", [node])
            node = next((schema for schema in schemas if "$ref" in schema), None) or schemas[0]
            if "$ref" in node:
                node = schema["$defs"].get(node["$ref"].rpartition("/")[2], {})
    found_schema: Mapping[str, Any] = node
    return found_schema


def _dotted(path: yaml_tree.Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return f"{text.removeprefix('.')}: " if text else ""


def _in_yaml_terms(what: str) -> str:
    """Return msgspec's message in YAML's terms."""
    return what.replace("`object`", "a mapping").replace("`array`", "a list").replace("`", "")
