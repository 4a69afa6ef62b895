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

    def started(
        self, config: SessionConfig, agent: AgentUsed | None, now_ms: int
    ) -> SessionStarted:
        """Return the first event of a new session."""
        return SessionStarted(
            **self._head(now_ms),
            user=self.user,
            protocol=self.protocol,
            edge=self.edge,
            config=config,
            agent=agent,
            version=version(),
            resume_hash=self.resume_hash,
        )

    def resumed(self, config: SessionConfig, now_ms: int) -> SessionResumed:
        """Return the first event of a connection that resumes the session."""
        return SessionResumed(
            **self._head(now_ms),
            edge=self.edge,
            connection=self.connection,
            config=config,
            version=version(),
        )

    def following(self, began: Began, *, asked_to_record: bool) -> list[Event]:
        """Return the events after *began*; *asked_to_record*: the caller asked for a recording."""
        if not began.config.record_audio:
            return []
        head = self._head(began.at_ms)
        return [RecordingConsented(**head, by="caller" if asked_to_record else "operator")]

    def _head(self, at_ms: int) -> Head:
        return {"tenant": self.tenant, "session": self.session, "at_ms": at_ms}
