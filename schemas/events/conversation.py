"""The conversation as the language model gets it, and a client's changes to it."""

from typing import Literal

import msgspec

from schemas.events.event import Event
from schemas.session_config import SessionConfig

Role = Literal["user", "assistant", "tool"]
ItemRole = Literal["user", "assistant", "system"]
"""The role of a message that a client adds to the conversation."""


class ToolCall(msgspec.Struct, frozen=True):
    """A call of a tool, as the language model wrote it."""

    id: str
    """The id of the call, from `schemas.tools.call_id`."""
    name: str
    """The name of the tool."""
    arguments: str
    """The arguments, usually JSON, but a model may write anything."""


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message of the conversation, as the language model gets it."""

    role: Role
    """The speaker: `user` is the caller, `assistant` the model, `tool` a tool with its result."""
    text: str
    """The text; for a tool, its result."""
    calls: tuple[ToolCall, ...] = ()
    """The assistant's tool calls; their results follow as messages with the role `tool`."""
    call: str = ""
    """For a tool: the id of the call that has this result."""


class MessageAdded(Event, frozen=True, kw_only=True, tag="message.added"):
    """Edge -> all: a message was added to the conversation without a response to it."""

    KIND = "life"
    KEY = ("key", "at_ms")
    key: str
    """The key of the message, by which it can be removed."""
    role: ItemRole
    """The role of the message; `system` is an instruction."""
    text: str
    """The words of the message."""
    after: str | None = None
    """The key of the message before it. Empty: it becomes the first; None or an unknown key: the
    last."""
    wants_response: bool = False
    """Whether the words get a response once nothing is spoken."""


class MessageRemoved(Event, frozen=True, kw_only=True, tag="message.removed"):
    """Edge -> all: a message was removed from the conversation."""

    KIND = "life"
    KEY = ("key", "at_ms")
    key: str
    """The key of the message, from `message.added`, or that of a turn's words."""


class RequestQueued(Event, frozen=True, kw_only=True, tag="request.queued"):
    """Edge -> edge: a typed turn or a requested response waits until nothing is spoken.

    One apart from the conversation is told even if it begins at once: `turn.committed` names it.
    """

    KIND = "life"
    KEY = ("at_ms",)
    text: str | None = None
    """The words of the typed turn; None: a response is requested without a turn."""
    ask: str = ""
    """The client's name for the response; empty: it has none."""
    config: SessionConfig | None = None
    """The session configuration of the response; None: the session's."""
    messages: tuple[Message, ...] | None = None
    """The messages to respond to; None: the conversation."""
    in_conversation: bool = True
    """Whether the response becomes part of the conversation."""
