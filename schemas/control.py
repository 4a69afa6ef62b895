"""Commands to a running call, and the state that is told of it: over HTTP and on the bus.

Over HTTP a command is the body of `POST /v1/calls/ID/<action>`, in JSON. On the bus it is part of a
`CallRequest` on `aura.call.<session>`, which the edge that holds the call answers with a
`CallReply`. `control.received` stores it.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

MOST_SAID_CHARS = 2000
MOST_INSTRUCTION_CHARS = 4000
MOST_REASON_CHARS = 200
Side = Literal["caller", "assistant"]
COMMAND_ID = "^[A-Za-z0-9_-]{1,64}$"
_NOT_BLANK = r"\S"


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="action"):
    """A command to a call; the tag is the action's name."""


class Say(Command, frozen=True, tag="say"):
    """Speak a text as a response of its own, once nobody speaks."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_SAID_CHARS, pattern=_NOT_BLANK)]
    """What the caller is to hear, as it is."""
    interruptible: bool = True
    """The caller may speak over it and stop it; false: it is spoken to its end."""


class Instruct(Command, frozen=True, tag="instruct"):
    """Add an instruction to the system prompt of all turns that follow."""

    text: Annotated[
        str, msgspec.Meta(min_length=1, max_length=MOST_INSTRUCTION_CHARS, pattern=_NOT_BLANK)
    ]
    respond: bool = False
    """The language model is asked for a response at once, though the caller said nothing."""


class Interrupt(Command, frozen=True, tag="interrupt"):
    """Stop what is being said, and drop what waits to be said."""


class Mute(Command, frozen=True, tag="mute"):
    """Make Aura deaf to the caller, or silent; or undo that."""

    side: Side = "caller"
    """`caller`: nothing of the caller is heard, recognised or recorded. `assistant`: the caller is
    heard and understood, and only what an operator has said is spoken."""
    muted: bool = True
    """False: it is so no longer."""


class End(Command, frozen=True, tag="end"):
    """Hang up, after last words if there are any."""

    words: Annotated[str, msgspec.Meta(max_length=MOST_SAID_CHARS)] = ""
    """Spoken first, to their end; what is being said is stopped for them. Empty: none."""
    reason: Annotated[str, msgspec.Meta(max_length=MOST_REASON_CHARS)] = ""
    """Told to the client."""


class Transfer(Command, frozen=True, tag="transfer"):
    """Have another agent go on with the call, at once; it greets once nobody speaks."""

    agent: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,128}$")]
    """An agent that the call's tenant has, or a telephone that the present agent names."""


AnyCommand = Say | Instruct | Interrupt | Mute | End | Transfer
COMMANDS: tuple[type[Command], ...] = (Say, Instruct, Interrupt, Mute, End, Transfer)


class CallState(msgspec.Struct, frozen=True, kw_only=True):
    """A running call."""

    session: str
    tenant: str
    user: str
    protocol: str
    agent: str
    """As `name@revision`; empty: the operator's settings alone."""
    edge: str
    """The edge that holds it."""
    since_ms: int
    """When its session began, Unix ms."""
    turns: int
    """Turns that got a response which was heard."""
    state: Literal["idle", "listening", "responding"]
    """`listening`: the caller speaks; `responding`: a response is on its way to the caller."""
    muted: tuple[Side, ...] = ()


class CallRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Anybody with the right to -> the edge that holds a call."""

    tenant: str = ""
    """Whose calls the asker may know of; empty: everybody's."""
    by: str = ""
    """Who asks."""
    id: str = ""
    """Of the command: one that was received before is not done again."""
    command: AnyCommand | None = None
    """None: the call is only asked for."""


Fault = Literal["unknown_call", "call_ending", "too_many_texts", "cannot_transfer"]


class CallReply(msgspec.Struct, frozen=True, kw_only=True):
    """The edge that holds a call -> the asker, once the command is stored."""

    call: CallState | None = None
    fault: Fault | None = None
    """Why nothing was done."""


class CallsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Anybody with the right to -> all edges: which calls are there?"""

    tenant: str = ""
    """Only calls of this tenant; empty: everybody's."""


class CallsReply(msgspec.Struct, frozen=True, kw_only=True):
    """An edge -> the asker: some of its calls."""

    edge: str
    calls: tuple[CallState, ...]


PlacingFault = Literal["refused", "busy", "declined", "no_answer", "failed"]


class CallPlacing(msgspec.Struct, frozen=True, kw_only=True):
    """Anybody with the right to -> one of the processes with telephones: call somebody."""

    to: str
    """A number, or a `sip:` address."""
    agent: str = ""
    """Who speaks; empty: the agent of the telephones."""
    variables: str = ""
    """A JSON object: values for the variables of the agent."""
    tenant: str = ""
    """Whose call it is; empty: the tenant of the telephones."""
    by: str = ""
    """Who asks."""


class CallPlaced(msgspec.Struct, frozen=True, kw_only=True):
    """The process that placed a call -> the asker, once it was answered, or was not."""

    session: str = ""
    """The id of the session that has begun."""
    fault: PlacingFault | None = None
    """Why there is none."""
