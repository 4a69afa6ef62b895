"""The figures of a session for a list of sessions, counted during the session."""

from dataclasses import dataclass

from schemas import events as ev


@dataclass
class Summary:
    """The figures so far, counted from events."""

    started_at_ms: int = 0
    user: str = ""
    protocol: str = ""
    replay_of: str = ""
    agent: str = ""
    errors: int = 0
    interrupted: int = 0
    slowest_ms: float | None = None

    def count(self, event: ev.Event) -> None:
        match event:
            case ev.SessionStarted():
                self.started_at_ms = event.at_ms
                self.user, self.protocol = event.user, event.protocol
                self.replay_of = event.replay_of
                self.agent = str(event.agent or "")
            case ev.AgentChanged(agent=agent):
                self.agent = str(agent)
            case ev.TroubleTold():
                self.errors += 1
            case ev.ResponseCancelled(reason="interrupted"):
                self.interrupted += 1
            case ev.TurnMeasured(first_sent_ms=waited_ms) if waited_ms is not None:
                self.slowest_ms = max(waited_ms, self.slowest_ms or 0.0)
            case _:
                pass
