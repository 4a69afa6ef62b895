"""An agent: a named configuration of calls, written as a file and kept in AURA_AGENTS.

An agent sets a part of a `SessionConfig`, in the words of an application's author; the operator's
settings fill the rest. So its sections are built from the configuration's own structs, with the
same bounds and without defaults.
"""

import typing
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from schemas.patterns import exact
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
)
from schemas.tokens import TOKEN_PATTERN
from schemas.tools import ToolConfig
from schemas.webhook_config import WebhookConfig

MOST_CONFIG_FILE_BYTES = 65_536
MOST_VARIABLES = 64
MOST_VALUE_CHARS = 4000
MOST_AGENT_TOOLS = 64
MOST_TARGETS = 32


def section(
    name: str,
    of: type[msgspec.Struct],
    *,
    without: frozenset[str] = frozenset(),
    renamed: Mapping[str, str] | None = None,
) -> type[msgspec.Struct]:
    """Return a struct with the fields of *of*, all of them optional."""
    hints = typing.get_type_hints(of, include_extras=True)
    names = zip(of.__struct_encode_fields__, of.__struct_fields__, strict=True)
    return msgspec.defstruct(
        name,
        [(name, hints[f] | UnsetType, UNSET) for name, f in names if f not in without],
        rename=renamed,
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
        module=__name__,
    )


if TYPE_CHECKING:  # mypy does not accept a struct made at run time as a type
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
"""Sections of an agent, with the path and the struct of the part of the configuration that each
sets."""
WORDS: Mapping[str, str] = {
    "prompt": "response.system_prompt",
    "greeting": "response.greeting",
    "language": "language",
    "record_audio": "record_audio",
}
"""Fields of an agent, with the path of the configuration that each sets."""


class Variable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A variable of the agent: its value replaces `{{name}}` in the prompt and the greeting."""

    description: str = ""
    default: Annotated[str, msgspec.Meta(max_length=MOST_VALUE_CHARS)] | UnsetType = UNSET
    """The value for calls that bring none; without a default such calls are refused."""
    callers_may_set: bool = False
    """Callers may set it by `variables` in the query or in `start_conversation`; else only a token
    may."""
    max_chars: Annotated[int, msgspec.Meta(ge=1, le=MOST_VALUE_CHARS)] = 200
    """A longer value is refused."""


class Callers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The choices that callers have; a token may always name the agent."""

    may_choose: bool = True
    """Callers may choose this agent by `?agent=` or `start_conversation.agent`."""
    may_set: tuple[ClientOption, ...] | None = None
    """Options of the session that callers may set; absent: all options of their protocol."""


class AgentTool(ToolConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tool that the agent's file describes: a service, a webhook or the client does the work."""

    def config(self) -> ToolConfig:
        return msgspec.convert(msgspec.to_builtins(self), ToolConfig)


def parted(named: str) -> tuple[str, int]:
    """Return the name and the revision in NAME@REV; the revision is 0 if *named* has none."""
    name, at, number = named.partition("@")
    is_one = at and number.isascii() and number.isdigit() and len(number) < 19 and int(number)
    return (name, int(number)) if is_one else (named, 0)


TargetName = Annotated[str, msgspec.Meta(pattern=exact(TOKEN_PATTERN))]

Phone = Annotated[
    str,
    msgspec.Meta(
        pattern=exact(r"^(\+?[0-9*#]{1,20}|sips?:[^\s<>\"]{1,200})$"),
        examples=['"+14155550100"'],
    ),
]


class Agent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The configuration of the calls that name it; the operator's settings fill the rest."""

    description: Annotated[str, msgspec.Meta(max_length=500)] = ""
    """A line for `aura agents list`."""
    prompt: Annotated[str, msgspec.Meta(max_length=32_000)] | UnsetType = UNSET
    """The system prompt of the language model; `{{name}}` is a variable."""
    greeting: Annotated[str, msgspec.Meta(max_length=2000)] | UnsetType = UNSET
    """The greeting, on protocols that have one; `{{name}}` is a variable."""
    language: (
        Annotated[str, msgspec.Meta(pattern=exact("^[A-Za-z-]{2,16}$"), examples=["de"])]
        | UnsetType
    ) = UNSET
    """The spoken language: a Whisper code, or `auto`."""
    voice: Voice | UnsetType = UNSET
    """The voice and its speed."""
    model: Model | UnsetType = UNSET
    """The language model and its parameters."""
    turns: Turns | UnsetType = UNSET
    """When a turn of the caller begins and ends."""
    interruption: Interruption | UnsetType = UNSET
    """The conditions of an interruption."""
    idle: Idle | UnsetType = UNSET
    """The question to a caller who says nothing, and the end of their call."""
    record_audio: bool | UnsetType = UNSET
    """Whether the audio of both sides is recorded."""
    tools: (
        Annotated[tuple[str | AgentTool, ...], msgspec.Meta(max_length=MOST_AGENT_TOOLS)]
        | UnsetType
    ) = UNSET
    """The tools of the language model: names of served or built-in tools, or descriptions of tools.
    `[]` means none. Absent: the tools of AURA_TOOLS."""
    tool_use: Use | UnsetType = UNSET
    """How a turn with tool calls proceeds."""
    transfer_to: Annotated[tuple[TargetName, ...], msgspec.Meta(max_length=MOST_TARGETS)] = ()
    """Agents to which it may hand over its callers, by the built-in tool `transfer`."""
    phones: Annotated[dict[TargetName, Phone], msgspec.Meta(max_length=MOST_TARGETS)] = {}
    """Telephone numbers or `sip:` addresses to which the same tool may transfer callers, by names
    of the agent's choice. Only for telephone calls."""
    limits: Limits | UnsetType = UNSET
    """How long a call may last; the limits can only be shorter than the operator's."""
    spend: Spend | UnsetType = UNSET
    """Limits of what a call may use up; they can only be lower than the tenant's."""
    webhook: Hook | UnsetType = UNSET
    """The webhook that is told of its calls."""
    variables: Annotated[dict[str, Variable], msgspec.Meta(max_length=MOST_VARIABLES)] = {}
    """The variables of the prompt and the greeting, by name."""
    callers: Callers = Callers()
    """The choices that callers have."""


def changes(agent: Agent) -> dict[str, Any]:
    """Return the values that *agent* sets, by path; variables are not filled in."""
    values: dict[str, Any] = {}
    for field, path in WORDS.items():
        if (value := getattr(agent, field)) is not UNSET:
            values[path] = value
    for section, (part, _) in SECTIONS.items():
        if (section_values := getattr(agent, section)) is UNSET:
            continue
        for name in section_values.__struct_fields__:
            if (value := getattr(section_values, name)) is not UNSET:
                values[f"{part}.{name}"] = value
    return values


class AgentUsed(msgspec.Struct, frozen=True, kw_only=True):
    """The agent of a session, as `session.started` records it."""

    name: str
    """The name of the agent; a token of subjects."""
    revision: int
    """The revision in the bucket AURA_AGENTS, which names one text for good."""
    variables: dict[str, str] = {}
    """The values of the variables in this call."""
    caller_changes: dict[str, Any] = msgspec.field(default_factory=dict, name="asked")
    """The changes of the caller that were allowed: values by path of the configuration."""
    webhook: WebhookConfig | None = None
    """The webhook of the previous agent, which stays in use if this agent's file names none."""

    def __str__(self) -> str:
        return f"{self.name}@{self.revision}"
