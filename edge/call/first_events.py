"""The events that a connection's part of its session's log begins with."""

from __future__ import annotations

from dataclasses import dataclass

from edge.call.session_rules import noted
from edge.core.notices import Begin
from edge.core.session.rules import Rules
from schemas.events import Event, RecordingConsented, SessionResumed, SessionStarted


@dataclass(frozen=True)
class FirstEvents:
    """Says whose session it is, and where and how its caller is connected."""

    tenant: str
    session: str
    user: str
    dialect: str
    edge: str

    def of(self, begin: Begin, rules: Rules, *, resumed: bool, now_ms: int) -> list[Event]:
        """Return them for a session that begins as *begin* asks, the connection's own first.

        *resumed*: it began on another connection; *now_ms* is Unix time, ms.
        """
        events = [self._began(begin, rules, resumed=resumed, now_ms=now_ms)]
        if rules.settings.record_audio:
            events.append(
                RecordingConsented(
                    tenant=self.tenant,
                    session=self.session,
                    at_ms=now_ms,
                    by="caller" if begin.options.get("record_audio") else "operator",
                )
            )
        return events

    def _began(self, begin: Begin, rules: Rules, *, resumed: bool, now_ms: int) -> Event:
        said = {
            "tenant": self.tenant,
            "session": self.session,
            "at_ms": now_ms,
            "edge": self.edge,
            **noted(rules, begin.delivery),
        }
        if resumed:
            return SessionResumed(**said)
        return SessionStarted(**said, user=self.user, dialect=self.dialect)
