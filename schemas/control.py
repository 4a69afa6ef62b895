"""Commands to a running call, and the call's state, over HTTP and on the bus.

Over HTTP a command is the body of `POST /v1/calls/ID/<action>`, in JSON. On the bus it is part of a
`CallRequest` on `aura.call.<session>`, which the edge that holds the call answers with a
`CallReply`. `control.received` stores it.
"""

from typing import Annotated, Literal

import msgspec

from schemas.patterns import exact
from schemas.tokens import TOKEN_PATTERN

MOST_SAID_CHARS = 2000
MOST_INSTRUCTION_CHARS = 4000
MOST_REASON_CHARS = 200
MOST_COMMAND_BYTES = 64 * 1024
"""The longest body of a command over HTTP."""
MOST_ERROR_CHARS = 300
"""The most characters that the sender of an unreadable command is told of its error."""
Side = Literal["caller", "assistant"]
COMMAND_ID = "^[A-Za-z0-9_-]{1,64}$"
_NOT_BLANK = r"\S"


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="action"):
    """A command to a call; the tag is the action's name."""


class Say(Command, frozen=True, tag="say"):
    """Speak a text as a separate response, as soon as nobody speaks."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_SAID_CHARS, pattern=_NOT_BLANK)]
    """The text, spoken as it is."""
    interruptible: bool = True
    """Whether the caller may interrupt it; if not, it is spoken to its end."""


class Instruct(Command, frozen=True, tag="instruct"):
    """Add an instruction to the system prompt of all turns that follow."""

    text: Annotated[
        str, msgspec.Meta(min_length=1, max_length=MOST_INSTRUCTION_CHARS, pattern=_NOT_BLANK)
    ]
    """The instruction, in words for the model."""
    respond: bool = False
    """Whether the language model is asked for a response at once, though the caller said
    nothing."""


class Interrupt(Command, frozen=True, tag="interrupt"):
    """Stop the current response, and drop the texts that wait to be spoken."""


class Mute(Command, frozen=True, tag="mute"):
    """Mute the caller or the assistant, or undo that."""

    side: Side = "caller"
    """`caller`: the caller is not heard, recognised or recorded. `assistant`: the caller is heard
    and understood, and only an operator's texts are spoken."""
    muted: bool = True
    """False: undo the mute."""


class End(Command, frozen=True, tag="end"):
    """End the call, after last words if there are any."""

    words: Annotated[str, msgspec.Meta(max_length=MOST_SAID_CHARS)] = ""
    """Words that are spoken before the end, in place of the current response. Empty: none."""
    reason: Annotated[str, msgspec.Meta(max_length=MOST_REASON_CHARS)] = ""
    """The reason that the client is told."""


class Transfer(Command, frozen=True, tag="transfer"):
    """Have another agent go on with the call, at once; it greets once nobody speaks."""

    agent: Annotated[str, msgspec.Meta(pattern=exact(TOKEN_PATTERN))]
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
    """The agent as `name@revision`; empty if the call has none."""
    edge: str
    since_ms: int
    """The start of its session, Unix ms."""
    turns: int
    """Number of turns whose response was heard."""
    state: Literal["idle", "listening", "responding"]
    """`idle`: nobody speaks; `listening`: the caller speaks; `responding`: a response is on its way
    to the caller."""
    muted: tuple[Side, ...] = ()
    """The sides that are muted."""


class CallRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Controller -> edge: a command to a call that the edge holds, or a question for its state."""

    tenant: str = ""
    """The tenant whose calls the controller may see; empty: all tenants."""
    by: str = ""
    """The name of the controller."""
    id: str = ""
    """The id of the command; a command with a known id is not done again."""
    command: AnyCommand | None = None
    """The command; None: the call's state is only asked for."""


Fault = Literal["unknown_call", "call_ending", "too_many_texts", "cannot_transfer"]


class CallReply(msgspec.Struct, frozen=True, kw_only=True):
    """Edge -> controller: the call's state, or why nothing was done, once the command is stored."""

    call: CallState | None = None
    """The state of the call when the request came; None: see `fault`."""
    fault: Fault | None = None
    """The reason why nothing was done; None: the command is stored, or the state was asked for."""


class CallsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Controller -> edge: list your calls; every edge answers."""

    tenant: str = ""
    """Only calls of this tenant; empty: of all tenants."""


class CallsReply(msgspec.Struct, frozen=True, kw_only=True):
    """Edge -> controller: some of the edge's calls."""

    edge: str
    """The name of the edge that answers."""
    calls: tuple[CallState, ...]
    """Some of the edge's calls; a long list comes in several replies."""


PlacingFault = Literal["refused", "busy", "declined", "no_answer", "failed"]


class CallPlacing(msgspec.Struct, frozen=True, kw_only=True):
    """An authorized process -> one of the telephony processes: call a number."""

    to: str
    """A number, or a `sip:` address."""
    agent: str = ""
    """The agent; empty: the agent of the telephony process."""
    variables: str = ""
    """A JSON object: values for the variables of the agent."""
    tenant: str = ""
    """The tenant of the call; empty: the tenant of the telephony process."""
    by: str = ""
    """The name of the controller."""


class CallPlaced(msgspec.Struct, frozen=True, kw_only=True):
    """The telephony process -> the controller, once the call was answered or failed."""

    session: str = ""
    """The id of the session that has begun."""
    fault: PlacingFault | None = None
    """The reason why there is no session."""
