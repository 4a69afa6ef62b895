"""The conversation, as the language model is told it, and a client's changes to it."""

from __future__ import annotations

from typing import Literal

import msgspec

from schemas.events.event import Event

Role = Literal["user", "assistant", "tool"]
ItemRole = Literal["user", "assistant", "system"]
"""Whose a message is that a client puts into the conversation."""


class ToolCall(msgspec.Struct, frozen=True):
    """A call of a tool, as the language model wrote it."""

    id: str
    """Of `schemas.tools.call_id`."""
    name: str
    arguments: str
    """JSON, most likely: a model may write anything."""


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the conversation, as the language model is told it."""

    role: Role
    text: str
    """Of a tool: its result."""
    calls: tuple[ToolCall, ...] = ()
    """What the assistant called; their results follow as messages of tools."""
    call: str = ""
    """Of a tool: the id of the call that it is the result of."""


class MessageAdded(Event, frozen=True, kw_only=True, tag="message.added"):
    """Edge -> all: a message entered the conversation that no response followed at once."""

    KIND = "life"
    KEY = ("key", "at_ms")
    key: str
    """Its name, by which it is removed."""
    role: ItemRole
    text: str
    after: str | None = None
    """The key of the message before it; empty: it is the first; None, or no such: the last."""


class MessageRemoved(Event, frozen=True, kw_only=True, tag="message.removed"):
    """Edge -> all: a message left the conversation."""

    KIND = "life"
    KEY = ("key", "at_ms")
    key: str
