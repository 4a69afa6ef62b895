"""An agent: the configuration of the calls that name it; a file, kept in AURA_AGENTS.

It says some of a `SessionConfig`, in the words of who writes a voice application; what it does not
say is the operator's. So its sections are made of the configuration's own structs, with the same
bounds and without defaults.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from schemas.session_config import (
    CallLimits,
    ClientOption,
    IdleConfig,
    InterruptionConfig,
    ResponseConfig,
    SpendLimit,
    ToolUse,
    TurnConfig,
    VoiceConfig,
    WebhookConfig,
)
from schemas.tools import ToolConfig

MOST_FILE_BYTES = 65_536
MOST_VARIABLES = 64
MOST_VALUE_CHARS = 4000
MOST_TOOLS = 64
MOST_TARGETS = 32


def section(
    name: str,
    of: type[msgspec.Struct],
    *,
    without: frozenset[str] = frozenset(),
    renamed: Mapping[str, str] | None = None,
) -> type[msgspec.Struct]:
    """Return a struct with the fields of *of*, each of which may be left out."""
    hints = typing.get_type_hints(of, include_extras=True)
    return msgspec.defstruct(
        name,
        [(f, hints[f] | UnsetType, UNSET) for f in of.__struct_fields__ if f not in without],
        rename=renamed,
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
        module=__name__,
    )


if TYPE_CHECKING:  # mypy takes no struct that is made at run time for a type
    Turns: TypeAlias = TurnConfig
    Interruption: TypeAlias = InterruptionConfig
    Model: TypeAlias = ResponseConfig
    Voice: TypeAlias = VoiceConfig
    Idle: TypeAlias = IdleConfig
    Use: TypeAlias = ToolUse
    Limits: TypeAlias = CallLimits
    Spend: TypeAlias = SpendLimit
    Hook: TypeAlias = WebhookConfig
else:
    Turns = section("AgentTurns", TurnConfig, without=frozenset({"waits"}))
    Interruption = section("AgentInterruption", InterruptionConfig)
    Model = section(
        "AgentModel",
        ResponseConfig,
        without=frozenset({"greeting", "system_prompt"}),
        renamed={"model": "name"},
    )
    Voice = section("AgentVoice", VoiceConfig, without=frozenset({"delivery"}))
    Idle = section("AgentIdle", IdleConfig)
    Use = section("AgentTool_use", ToolUse)
    Limits = section("AgentLimits", CallLimits)
    Spend = section("AgentSpend", SpendLimit)
    Hook = section("AgentWebhook", WebhookConfig)

SECTIONS: Mapping[str, tuple[str, type[msgspec.Struct]]] = {
    "turns": ("turns", TurnConfig),
    "interruption": ("interruption", InterruptionConfig),
    "model": ("response", ResponseConfig),
    "voice": ("voice", VoiceConfig),
    "idle": ("idle", IdleConfig),
    "tool_use": ("tool_use", ToolUse),
    "limits": ("limits", CallLimits),
    "spend": ("spend", SpendLimit),
    "webhook": ("webhook", WebhookConfig),
}
"""A section of an agent to the part of the configuration that it says, and that part's struct."""
WORDS: Mapping[str, str] = {
    "prompt": "response.system_prompt",
    "greeting": "response.greeting",
    "language": "language",
    "record_audio": "record_audio",
}
"""A field of an agent to the path of the configuration that it says."""


class Variable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value of one call, which stands in the prompt or the greeting as `{{name}}`."""

    description: str = ""
    default: Annotated[str, msgspec.Meta(max_length=MOST_VALUE_CHARS)] | UnsetType = UNSET
    """Without one, a call that brings no value is refused."""
    callers_may_set: bool = False
    """By `variables` of the query or of `start_conversation`; else only a token may."""
    max_chars: Annotated[int, msgspec.Meta(ge=1, le=MOST_VALUE_CHARS)] = 200
    """A longer value is refused."""


class Callers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options that callers may set; a token may always name the agent."""

    may_choose: bool = True
    """By `?agent=` or `start_conversation.agent`."""
    may_set: tuple[ClientOption, ...] | None = None
    """Options of the session; absent: all that their protocol has."""


class AgentTool(ToolConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tool that the agent describes itself: a service, a webhook or the client does it."""

    def config(self) -> ToolConfig:
        return msgspec.convert(msgspec.structs.asdict(self), ToolConfig)


def parted(named: str) -> tuple[str, int]:
    """Return the name and the revision in NAME@REV; 0: *named* names none."""
    name, at, number = named.partition("@")
    is_one = at and number.isascii() and number.isdigit() and len(number) < 19 and int(number)
    return (name, int(number)) if is_one else (named, 0)


TargetName = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,128}$")]

Phone = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(\+?[0-9*#]{1,20}|sips?:[^\s<>\"]{1,200})$", examples=['"+14155550100"']
    ),
]


class Agent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The configuration of the calls that name it; the operator's settings fill the rest."""

    description: Annotated[str, msgspec.Meta(max_length=500)] = ""
    """A line for `aura agents list`."""
    prompt: Annotated[str, msgspec.Meta(max_length=32_000)] | UnsetType = UNSET
    """What the language model is told it is; `{{name}}` is a variable."""
    greeting: Annotated[str, msgspec.Meta(max_length=2000)] | UnsetType = UNSET
    """What a caller hears first, where the protocol has a greeting; `{{name}}` is a variable."""
    language: (
        Annotated[str, msgspec.Meta(pattern="^[A-Za-z-]{2,16}$", examples=["de"])] | UnsetType
    ) = UNSET
    """The spoken language: a Whisper code, or `auto`."""
    voice: Voice | UnsetType = UNSET
    """How it sounds."""
    model: Model | UnsetType = UNSET
    """The language model and its parameters."""
    turns: Turns | UnsetType = UNSET
    """When a turn of the caller begins and ends."""
    interruption: Interruption | UnsetType = UNSET
    """What stops a response that is being heard."""
    idle: Idle | UnsetType = UNSET
    """The question to a caller who says nothing, and the end of their call."""
    record_audio: bool | UnsetType = UNSET
    """The audio of both sides is kept."""
    tools: (
        Annotated[tuple[str | AgentTool, ...], msgspec.Meta(max_length=MOST_TOOLS)] | UnsetType
    ) = UNSET
    """What the language model may call: names of tools that are served or built in, or tools;
    `[]`: nothing. Absent: what AURA_TOOLS offers."""
    tool_use: Use | UnsetType = UNSET
    """How a turn with calls of tools goes."""
    transfer_to: Annotated[tuple[TargetName, ...], msgspec.Meta(max_length=MOST_TARGETS)] = ()
    """Agents to which it may hand its callers over, by the built-in tool `transfer`."""
    phones: Annotated[dict[TargetName, Phone], msgspec.Meta(max_length=MOST_TARGETS)] = {}
    """Telephones to which it may hand callers over by the same tool, by names of its own: a number,
    or a `sip:` address. Only where the call is a telephone's."""
    limits: Limits | UnsetType = UNSET
    """How long a call may last; only shorter than the operator's limits."""
    spend: Spend | UnsetType = UNSET
    """What a call may use up; only less than its tenant's limits."""
    webhook: Hook | UnsetType = UNSET
    """Which address is told of its calls, and of what."""
    variables: Annotated[dict[str, Variable], msgspec.Meta(max_length=MOST_VARIABLES)] = {}
    """Those of the prompt and the greeting, by name."""
    callers: Callers = Callers()
    """What callers may ask for by themselves."""


def changes(agent: Agent) -> dict[str, Any]:
    """Return what *agent* says of a configuration: paths to values, its texts as written."""
    found: dict[str, Any] = {}
    for field, path in WORDS.items():
        if (value := getattr(agent, field)) is not UNSET:
            found[path] = value
    for section, (part, _) in SECTIONS.items():
        if (given := getattr(agent, section)) is UNSET:
            continue
        for name in given.__struct_fields__:
            if (value := getattr(given, name)) is not UNSET:
                found[f"{part}.{name}"] = value
    return found


class AgentUsed(msgspec.Struct, frozen=True, kw_only=True):
    """The agent of a session, as `session.started` records it."""

    name: str
    revision: int
    """Of the bucket AURA_AGENTS; it names one text for good."""
    variables: dict[str, str] = {}
    """What stood for the variables in this call."""
    asked: dict[str, Any] = {}
    """What the caller changed and might: paths of the configuration to values."""
    webhook: WebhookConfig | None = None
    """That of the agent before it, which is told on: its own file names none."""

    def __str__(self) -> str:
        return f"{self.name}@{self.revision}"
