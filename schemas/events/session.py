"""A session begins, is reconfigured, and ends."""

from typing import Any, Literal

import msgspec

from schemas.agent import AgentUsed
from schemas.events.event import Event
from schemas.flat_config import from_flat, to_flat
from schemas.session_config import SessionConfig

EndReason = Literal["caller_left", "end_call", "drained", "failed"]


NOT_RECORDED = SessionConfig()
"""The placeholder in an event without `config`, until it is read from the flat maps."""


class _Configured(Event, frozen=True, kw_only=True):
    """An event with the session configuration, also under the old names for old readers."""

    settings: dict[str, Any] = msgspec.field(default_factory=dict)
    """A part of `config` by flat names, for readers that do not know `config`."""
    rules: dict[str, Any] = msgspec.field(default_factory=dict)
    """The rest of `config` by flat names."""
    config: SessionConfig = NOT_RECORDED
    """The whole session configuration."""
    config_hash: str = ""
    """The hash of a configuration in stream AURA_CONFIGS that replaces `config`, `settings` and
    `rules` (`schemas/named_config.py`); empty if these are present."""
    config_changes: dict[str, Any] = msgspec.field(default_factory=dict)
    """The differences from the named configuration, as nested maps."""

    @property
    def names_config(self) -> bool:
        """Whether the configuration must be read by its hash, since `config` is empty."""
        return bool(self.config_hash) and self.config is NOT_RECORDED

    def __post_init__(self) -> None:
        """Derive each of the two forms, nested and flat, from the other.

        Raises:
            ValueError: the flat maps hold an invalid value.
        """
        if self.names_config:
            return
        if self.config is NOT_RECORDED:
            config = from_flat(self.settings, self.rules)
            msgspec.structs.force_setattr(self, "config", config)
        if not self.settings:
            settings, rules = to_flat(self.config)
            msgspec.structs.force_setattr(self, "settings", settings)
            msgspec.structs.force_setattr(self, "rules", rules)


class SessionStarted(_Configured, frozen=True, kw_only=True, tag="session.started"):
    """Edge -> all: a session has begun."""

    KIND = "life"
    user: str
    protocol: str = msgspec.field(name="dialect")
    edge: str
    version: str = ""
    replay_of: str = ""
    agent: AgentUsed | None = None
    """The agent; None if the session has only the operator's settings."""
    resume_hash: str = ""
    """SHA-256 of the key that its client gave it, hex: who goes on with it shows that key; empty:
    none was given."""


class SessionResumed(_Configured, frozen=True, kw_only=True, tag="session.resumed"):
    """Edge -> all: the caller came back and resumed the session, on this edge or another."""

    KIND = "life"
    KEY = ("at_ms",)
    edge: str
    connection: str = ""
    """The connection, whose id no other of that edge has."""
    version: str = ""


class SessionReconfigured(Event, frozen=True, kw_only=True, tag="session.reconfigured"):
    """Edge -> all: from here on the session has this configuration."""

    KIND = "life"
    KEY = ("at_ms",)
    config: SessionConfig
    """The whole session configuration from here on."""


class AgentChanged(Event, frozen=True, kw_only=True, tag="agent.changed"):
    """Edge -> all: another agent continues the call, set by `session.reconfigured`."""

    KIND = "life"
    KEY = ("at_ms",)
    agent: AgentUsed
    """The agent that goes on."""
    before: str = ""
    """The previous agent, NAME@REV."""


class SessionEnded(Event, frozen=True, kw_only=True, tag="session.ended"):
    """Edge -> all: the connection of the session has ended; a resume may still follow."""

    KIND = "life"
    KEY = ("at_ms",)
    reason: EndReason
    """The reason: `caller_left`, the connection closed; `end_call`, the call was ended by the
    model, a command or a limit; `drained`, the edge sent the caller elsewhere; `failed`, an
    error."""
    turns: int
    """The number of turns whose response was heard."""
    started_at_ms: int = 0
    """Unix time, ms. This and the following fields sum the session up, so that a list reads one
    event."""
    user: str = ""
    protocol: str = msgspec.field(default="", name="dialect")
    errors: int = 0
    """The number of errors that the caller was told of."""
    interrupted: int = 0
    """The number of responses that the caller interrupted."""
    slowest_ms: float | None = None
    """The longest wait for a response, ms."""
    replay_of: str = ""
    agent: str = ""
    """The agent as `name@revision`; empty if the session has none."""
    connected_at_ms: int = 0
    """Unix ms: `at_ms` of the event that began the connection; 0 in older events and in requests to
    the speech endpoints. The end may be stored after the next connection began."""
