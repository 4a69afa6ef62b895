"""Who writes each message and who reads it, by the first lines of the types' docstrings.

The first line is `WRITERS -> READERS: meaning`. The README, AsyncAPI and the tests of the bus's
users take it from here.
"""

import inspect
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from schemas.stages import STAGE_NAMES

ROLES: Mapping[str, tuple[str, ...]] = {
    "edge": ("edge",),
    **{stage: (stage,) for stage in STAGE_NAMES},
    "tool runner": ("tool",),
    "tool runners": ("tool",),
    "any worker": STAGE_NAMES,
    "service": ("service",),
    "controller": ("controller",),
    "all": ("all",),
}
"""The roles that a docstring names, as users of the bus; a controller is the console, an edge or
the operator, and `all` are edges and subscribers."""


class Route(NamedTuple):
    """The way of a message."""

    writers: tuple[str, ...]
    readers: tuple[str, ...]
    way: str
    """The same as the docstring has it: `LLM -> TTS, edge`."""
    meaning: str


def route(kind: type[msgspec.Struct]) -> Route:
    """Return the way of the messages of type *kind*.

    Raises:
        ValueError: its docstring tells none.
    """
    return route_in((inspect.getdoc(kind) or "").partition("\n")[0])


def route_in(line: str) -> Route:
    """Return the way that *line* tells.

    Raises:
        ValueError: it tells none.
    """
    way, _, meaning = line.partition(": ")
    writers, arrow, readers = way.partition(" -> ")
    if not (arrow and meaning):
        raise ValueError(f"no `WRITERS -> READERS: meaning`: {line}")
    return Route(_roles(writers), _roles(readers), way, meaning)


def writers_of(kinds: Iterable[type[msgspec.Struct]]) -> tuple[str, ...]:
    """Return the writers of *kinds*, each once."""
    return tuple(dict.fromkeys(role for kind in kinds for role in route(kind).writers))


def _roles(text: str) -> tuple[str, ...]:
    roles: list[str] = []
    for name in re.split(r", | or ", text.lower()):
        if name not in ROLES:
            raise ValueError(f"no role of the bus: {name}")
        roles += ROLES[name]
    return tuple(roles)
