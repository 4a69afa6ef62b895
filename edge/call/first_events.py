"""Makes the first events of a connection in the log of its session."""

from dataclasses import dataclass

from edge.core.call import Began
from runtime.process.version import version
from schemas.agent import AgentUsed
from schemas.events import Event, Head, RecordingConsented, SessionResumed, SessionStarted
from schemas.session_config import SessionConfig


@dataclass(frozen=True)
class FirstEvents:
    """The session, its caller and their connection."""

    tenant: str
    session: str
    user: str
    protocol: str
    edge: str
    resume_hash: str = ""
    connection: str = ""

    def began(
        self, config: SessionConfig, agent: AgentUsed | None, *, resumed: bool, now_ms: int
    ) -> Began:
        """Return the first event; *resumed*: it began on another connection."""
        head: Head = {"tenant": self.tenant, "session": self.session, "at_ms": now_ms}
        if resumed:
            return SessionResumed(
                **head,
                edge=self.edge,
                connection=self.connection,
                config=config,
                version=version(),
            )
        return SessionStarted(
            **head,
            user=self.user,
            protocol=self.protocol,
            edge=self.edge,
            config=config,
            agent=agent,
            version=version(),
            resume_hash=self.resume_hash,
        )

    def following(self, began: Began, *, asked_to_record: bool) -> list[Event]:
        """Return the events after *began*; *asked_to_record*: the caller asked for a recording."""
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
