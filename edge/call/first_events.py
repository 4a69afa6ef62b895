"""The events that a connection's part of its session's log begins with."""

from __future__ import annotations

from dataclasses import dataclass

from edge.core.call import Began
from runtime.version import version
from schemas.events import Event, Head, RecordingConsented, SessionResumed, SessionStarted
from schemas.session_config import SessionConfig


@dataclass(frozen=True)
class FirstEvents:
    """Says whose session it is, and where and how its caller is connected."""

    tenant: str
    session: str
    user: str
    dialect: str
    edge: str

    def began(self, config: SessionConfig, *, resumed: bool, now_ms: int) -> Began:
        """Return the first one; *resumed*: the session began on another connection."""
        head: Head = {"tenant": self.tenant, "session": self.session, "at_ms": now_ms}
        if resumed:
            return SessionResumed(**head, edge=self.edge, config=config, version=version())
        return SessionStarted(
            **head,
            user=self.user,
            dialect=self.dialect,
            edge=self.edge,
            config=config,
            version=version(),
        )

    def more(self, began: Began, *, asked_to_record: bool) -> list[Event]:
        """Return the events that follow *began*; *asked_to_record*: by the caller."""
        if not began.config.record_audio:
            return []
        return [
            RecordingConsented(
                tenant=self.tenant,
                session=self.session,
                at_ms=began.at_ms,
                by="caller" if asked_to_record else "operator",
            )
        ]
