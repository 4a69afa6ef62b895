"""A session begins, is set anew, and ends."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from schemas.agent import AgentUsed
from schemas.events.event import Event
from schemas.flat_config import from_flat, to_flat
from schemas.session_config import SessionConfig

EndReason = Literal["caller_left", "end_call", "drained", "failed"]


NOT_RECORDED = SessionConfig()
"""Stands in an event without `config`, until it is read from the flat maps."""


class _Configured(Event, frozen=True, kw_only=True):
    """An event that says what the session is set to, for old readers by the old names as well."""

    settings: dict[str, Any] = msgspec.field(default_factory=dict)
    """Much of `config` by flat names, for readers that do not know it."""
    rules: dict[str, Any] = msgspec.field(default_factory=dict)
    """The rest of it."""
    config: SessionConfig = NOT_RECORDED
    """All that the session is set to."""
    config_hash: str = ""
    """Names the configuration in stream AURA_CONFIGS that stands for `config`, `settings` and
    `rules`, which are absent then (`schemas/named_config.py`); empty: they are here."""
    config_changes: dict[str, Any] = msgspec.field(default_factory=dict)
    """What differs from it, maps in maps."""

    @property
    def names_config(self) -> bool:
        """Its configuration has to be read by its name: `config` holds nothing of it."""
        return bool(self.config_hash) and self.config is NOT_RECORDED

    def __post_init__(self) -> None:
        """Let each of the two forms follow from the other.

        Raises:
            ValueError: the flat maps hold a value that cannot be.
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
    """Edge -> all: a caller came in."""

    KIND = "life"
    user: str
    protocol: str = msgspec.field(name="dialect")
    edge: str
    """Name of the edge process that holds the call."""
    version: str = ""
    """Of the Aura at the edge."""
    replay_of: str = ""
    """The session that this one is a replay of; empty: somebody calls."""
    agent: AgentUsed | None = None
    """Whose words `config` holds; None: the operator's settings alone."""
    resume_hash: str = ""
    """SHA-256 of the key that its client gave it, hex: who goes on with it shows that key; empty:
    none was given."""


class SessionResumed(_Configured, frozen=True, kw_only=True, tag="session.resumed"):
    """Edge -> all: the caller came back, to this edge or another."""

    KIND = "life"
    KEY = ("at_ms",)
    edge: str
    version: str = ""


class SessionReconfigured(Event, frozen=True, kw_only=True, tag="session.reconfigured"):
    """Edge -> all: from here on the session is set to this."""

    KIND = "life"
    KEY = ("at_ms",)
    config: SessionConfig


class AgentChanged(Event, frozen=True, kw_only=True, tag="agent.changed"):
    """Edge -> all: another agent goes on with the call; `session.reconfigured` says how."""

    KIND = "life"
    KEY = ("at_ms",)
    agent: AgentUsed
    before: str = ""
    """The agent until now, NAME@REV."""


class SessionEnded(Event, frozen=True, kw_only=True, tag="session.ended"):
    """Edge -> all: the caller left or was sent away; a resume may still follow."""

    KIND = "life"
    KEY = ("at_ms",)
    reason: EndReason
    turns: int
    """Turns that got a response which was heard."""
    started_at_ms: int = 0
    """Unix time, ms. This and what follows sums the session up, so that a list reads one event."""
    user: str = ""
    protocol: str = msgspec.field(default="", name="dialect")
    errors: int = 0
    """Troubles that the caller was told of."""
    interrupted: int = 0
    """Responses that the caller interrupted."""
    slowest_ms: float | None = None
    """The longest that a response was waited for."""
    replay_of: str = ""
    agent: str = ""
    """As `name@revision`; empty: the operator's settings alone."""
