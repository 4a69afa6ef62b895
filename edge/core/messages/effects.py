"""Effects: the actions that a call wants from its session shell, in order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from edge.core.messages.client_events import ClientEvent
from edge.core.session.summary import Summary
from schemas.audio import AudioFrame
from schemas.events import EndReason, Event, Head, SessionEnded

_E = TypeVar("_E", bound=Event)


@dataclass(frozen=True, slots=True)
class Publish:
    """Store this event; the order of events is kept."""

    event: Event


@dataclass(frozen=True, slots=True)
class SendAudio:
    """Send this part of the utterance *utterance* to the recogniser."""

    utterance: int
    message: AudioFrame


@dataclass(frozen=True, slots=True)
class Tell:
    """Send this event to the client."""

    event: ClientEvent


@dataclass(frozen=True, slots=True)
class ResyncSpeech:
    """Read the audio of *turn* from its stream for the call, which has lost some of it."""

    turn: int


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the session and close its connection."""

    code: str = ""
    """The error code for the client; empty if the end is no error."""
    reason: str = ""


COMMAND_PREFIX = "command:"
"""The prefix of the id of an operator's command, in place of the id of a tool call."""


@dataclass(frozen=True, slots=True)
class AgentTransfer:
    """Hand the caller over to *agent*; the call then gets `Reconfigured`, or the error."""

    call: str
    """The id of the tool call, for `Reconfigured.call` or `ClientToolResult.call`; or
    COMMAND_PREFIX and the id of the command."""
    agent: str


Effect = Publish | SendAudio | Tell | ResyncSpeech | HangUp | AgentTransfer


class Outbox:
    """Collects the effects of one input until the shell takes them."""

    def __init__(self, tenant: str, session: str, summary: Summary) -> None:
        self._tenant = tenant
        self._session = session
        self._summary = summary
        self._effects: list[Effect] = []
        self._times: dict[tuple[Any, ...], int] = {}
        """The latest time of events whose id has a time, Unix ms, by the rest of their id."""
        self._latest_ms = 0
        """The latest of these times."""
        self.followers: list[Callable[[Event], Iterable[Event]]] = []
        """Functions that take each published event and return the events that follow from it."""

    def head(self, now_ms: int) -> Head:
        """Return the common fields of this session's events, at *now_ms*."""
        return {"tenant": self._tenant, "session": self._session, "at_ms": now_ms}

    @property
    def agent(self) -> str:
        """The session's agent as `name@revision`; empty if it has none."""
        return self._summary.agent

    def publish(self, event: _E) -> _E:
        """Add the effect that stores *event*, and return the event.

        Its time is moved if it would have the id of another: the log stores each id once.
        """
        if "at_ms" in event.KEY:
            event = self._at_own_time(event)
        self._effects.append(Publish(event))
        self._summary.count(event)
        self.show(event)
        return event

    def _at_own_time(self, event: _E) -> _E:
        if event.at_ms > self._latest_ms:
            self._times.clear()
        rest = (type(event), *(getattr(event, name) for name in event.KEY if name != "at_ms"))
        at_ms = max(event.at_ms, self._times.get(rest, -1) + 1)
        self._times[rest] = at_ms
        self._latest_ms = max(self._latest_ms, at_ms)
        return event if at_ms == event.at_ms else msgspec.structs.replace(event, at_ms=at_ms)

    def end(self, reason: EndReason, turns: int, connected_at_ms: int, now_ms: int) -> None:
        """Publish the end of the session after *turns*, with its summary."""
        summary = self._summary
        ended = SessionEnded(
            **self.head(now_ms),
            reason=reason,
            turns=turns,
            started_at_ms=summary.started_at_ms,
            user=summary.user,
            protocol=summary.protocol,
            errors=summary.errors,
            interrupted=summary.interrupted,
            slowest_ms=summary.slowest_ms,
            replay_of=summary.replay_of,
            agent=summary.agent,
            connected_at_ms=connected_at_ms,
        )
        self.publish(ended)
        self.followers.clear()  # they refer to the call: nothing stays until garbage collection

    def show(self, event: Event) -> None:
        """Pass an event to the followers, published by the call or by the shell."""
        for follower in self.followers:
            for more in follower(event):
                self.publish(more)

    def tell(self, event: ClientEvent) -> None:
        self._effects.append(Tell(event))

    def send(self, audio: SendAudio) -> None:
        self._effects.append(audio)

    def resync_speech(self, turn: int) -> None:
        self._effects.append(ResyncSpeech(turn))

    def hang_up(self, code: str = "", reason: str = "") -> None:
        self._effects.append(HangUp(code, reason))

    def transfer(self, call: str, agent: str) -> None:
        self._effects.append(AgentTransfer(call, agent))

    def take(self) -> list[Effect]:
        if not (effects := self._effects):
            return []
        self._effects = []
        return effects
