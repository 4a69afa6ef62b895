"""An agent's file: YAML in, an agent out, or an error that names its line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from runtime.agents import template, yaml_tree
from runtime.agents.yaml_tree import Tree
from runtime.printable import printable
from schemas.agent import MOST_FILE_BYTES, Agent, AgentTool, Variable
from schemas.subjects import is_token
from schemas.tools import TRANSFER, flaw

MOST_MESSAGE_CHARS = 300
SUFFIXES = (".yaml", ".yml")
_ADDRESS = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?")
"""Without a user and a password, which would stand in every record."""


class AgentFileError(ValueError):
    """An agent's file cannot be used; one line says where and why."""

    def __init__(self, line: int, message: str, file: str = "") -> None:
        """Say what is wrong at *line*, from 1; 0: of the file as a whole."""
        message = printable(message[:MOST_MESSAGE_CHARS])
        where = ":".join(part for part in (file, str(line or "")) if part)
        super().__init__(f"{where}: {message}" if where else message)
        self.line, self.message = line, message


class BrokenAgentsError(ValueError):
    """Some of several files are no agents; the message has a line for each of them."""

    def __init__(self, errors: Sequence[AgentFileError]) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.errors = tuple(errors)


def load_all(paths: Sequence[Path]) -> dict[str, str]:
    """Return the texts of the agents in the files and folders *paths*, by their names.

    Raises:
        BrokenAgentsError: some of them are no agents.
    """
    read: dict[str, str] = {}
    wrong: list[AgentFileError] = []
    for path in paths:
        try:
            files = files_in(path)
        except AgentFileError as error:
            wrong.append(error)
            continue
        for file in files:
            try:
                name, text, _ = load(file)
                if name in read:
                    raise AgentFileError(0, f"another file describes {name}, too", str(file))
                read[name] = text
            except AgentFileError as error:
                wrong.append(error)
    if wrong:
        raise BrokenAgentsError(wrong)
    return read


def files_in(path: Path) -> list[Path]:
    """Return the agents' files that *path* means: itself, or those in the folder that it is.

    Raises:
        AgentFileError: it is not there, or holds none.
    """
    if not path.is_dir():
        return [path]
    found = sorted(one for one in path.iterdir() if one.suffix in SUFFIXES)
    if not found:
        raise AgentFileError(0, "no agent is there: a file NAME.yaml each", str(path))
    return found


def load(path: Path) -> tuple[str, str, Agent]:
    """Return the name of the agent in the file *path*, its text, and itself.

    Raises:
        AgentFileError: it cannot be read, or is no agent.
    """
    name = path.stem
    if path.suffix not in SUFFIXES or not is_token(name):
        why = "an agent's file is NAME.yaml, its name 1 to 128 of A-Z a-z 0-9 _ -"
        raise AgentFileError(0, why, str(path))
    try:
        with path.open("rb") as file:
            data = file.read(MOST_FILE_BYTES + 1)
        text = data.decode("utf-8")
        return name, text, parse(text)
    except OSError as error:
        raise AgentFileError(0, str(error.strerror), str(path)) from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise AgentFileError(line, "no UTF-8", str(path)) from error
    except AgentFileError as error:
        raise AgentFileError(error.line, error.message, str(path)) from error


@lru_cache(maxsize=512)
def parse(text: str) -> Agent:
    """Return the agent that *text* describes.

    Raises:
        AgentFileError: it describes none.
    """
    if len(text.encode(errors="replace")) > MOST_FILE_BYTES:
        raise AgentFileError(0, f"longer than {MOST_FILE_BYTES} bytes")
    try:
        tree = yaml_tree.read(text)
    except yaml_tree.YamlError as error:
        raise AgentFileError(error.line, str(error)) from error
    if not isinstance(tree.value, dict):
        raise AgentFileError(tree.lines.get((), 1), "an agent is a mapping, such as `prompt: ...`")
    try:
        agent = msgspec.convert(tree.value, Agent)
    except msgspec.ValidationError as error:
        raise _located(str(error), tree) from error
    _check_variables(agent, tree)
    _check_tools(agent, tree)
    _check_webhook(agent, tree)
    _check_placeholders(agent, tree, text.splitlines())
    return agent


def _check_variables(agent: Agent, tree: Tree) -> None:
    """Refuse variables whose name is none, or whose default a call might not have.

    Raises:
        AgentFileError: there is one.
    """
    for name, variable in agent.variables.items():
        line = tree.lines["variables", name]
        if not template.is_name(name):
            raise AgentFileError(line, f"variables: {name!r} is no name: letters, digits and _")
        if (default := variable.default) is not msgspec.UNSET:
            if len(default) > variable.max_chars:
                raise AgentFileError(line, f"variables.{name}: the default is over max_chars")
            if template.one_line(default) is None:
                raise AgentFileError(line, f"variables.{name}: the default has control characters")


def _check_tools(agent: Agent, tree: Tree) -> None:
    """Refuse tools that no call could have.

    Raises:
        AgentFileError: there is one.
    """
    seen = set[str]()
    for number, tool in enumerate(agent.tools or ()):
        line = tree.lines["tools", number]
        name = tool if isinstance(tool, str) else tool.name
        if name in seen:
            raise AgentFileError(line, f"tools: there are two tools {name}")
        if name == TRANSFER and not (isinstance(tool, str) and agent.transfer_to):
            raise AgentFileError(
                line, "tools: transfer needs transfer_to: [NAME, ...], an agent each"
            )
        if isinstance(tool, AgentTool) and (why := flaw(tool)):
            raise AgentFileError(line, f"tools: {why}")
        seen.add(name)


def _check_webhook(agent: Agent, tree: Tree) -> None:
    """Refuse a webhook that cannot be reached.

    Raises:
        AgentFileError: its address is none.
    """
    webhook: Any = agent.webhook
    if webhook is msgspec.UNSET:
        return
    if (url := webhook.url) is msgspec.UNSET:
        raise AgentFileError(tree.lines["webhook",], "webhook: it needs a url")
    if url and not _ADDRESS.fullmatch(url):
        raise AgentFileError(tree.lines["webhook", "url"], "webhook.url: an http or https address")


def _check_placeholders(agent: Agent, tree: Tree, written: list[str]) -> None:
    """Refuse a placeholder that no variable stands for.

    Raises:
        AgentFileError: there is one.
    """
    for field in ("prompt", "greeting"):
        text = getattr(agent, field)
        for inside in template.placeholders(text) if text is not msgspec.UNSET else ():
            if inside in agent.variables:
                continue
            from_line = tree.lines[(field,)]
            below = enumerate(written[from_line - 1 :], start=from_line)
            line = next((n for n, one in below if "{{" in one and inside in one), from_line)
            about = _near(inside, agent.variables) or "declare it under variables"
            shown = inside.partition("\n")[0]
            raise AgentFileError(line, f"{field}: {{{{{shown}}}}} is no variable: {about}")


# ---------------------------------------------------------------- where msgspec's errors stand

_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<key>key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_PART = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)


def _located(said: str, tree: Tree) -> AgentFileError:
    """Return msgspec's error *said* with its line in *tree*."""
    found = _AT.match(said)
    what = found["what"] if found else said
    parts = [name or index for name, index in _PART.findall((found and found["path"]) or "")]
    if "..." in parts:  # msgspec does not tell which entry of a mapping it is
        what, path = _wrong_variable(tree.value["variables"]) or (what, ("variables",))
    else:
        path = tuple(int(part) if part.isdecimal() else part for part in parts)
    if unknown := _UNKNOWN.fullmatch(what):
        place = (*path, unknown[1])
        about = _near(unknown[1], _fields_at(path))
        what = f"there is no such field: {about}" if about else "there is no such field"
        path = place
    return AgentFileError(tree.lines.get(path, tree.lines[()]), f"{_dotted(path)}{_plainly(what)}")


def _wrong_variable(variables: dict[str, Any]) -> tuple[str, yaml_tree.Path] | None:
    for name, given in variables.items():
        try:
            msgspec.convert(given, Variable)
        except msgspec.ValidationError as error:
            found = _AT.match(str(error))
            inner = [part for part, _ in _PART.findall((found and found["path"]) or "")]
            return (found["what"] if found else str(error)), ("variables", name, *inner)
    return None


def _fields_at(path: yaml_tree.Path) -> Iterator[str]:
    """Yield the names of the fields of the part of an agent at *path*."""
    parts: dict[Any, type] = {"variables": Variable, "tools": AgentTool}
    kind: Any = parts.get(path[0], Agent) if len(path) > 1 else Agent
    if kind is Agent and path:
        schema = msgspec.json.schema(Agent)["$defs"]
        of = schema["Agent"]["properties"].get(path[0], {})
        yield from schema.get(of.get("$ref", "").rpartition("/")[2], {}).get("properties", {})
        return
    yield from (field.encode_name for field in msgspec.structs.fields(kind))


def _near(name: str, names: Any) -> str:
    found = difflib.get_close_matches(name, list(names), n=1)
    return f"did you mean {found[0]}?" if found else ""


def _dotted(path: yaml_tree.Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return f"{text.removeprefix('.')}: " if text else ""


def _plainly(what: str) -> str:
    """Return msgspec's words as YAML has them."""
    return what.replace("`object`", "a mapping").replace("`array`", "a list").replace("`", "")
