"""Effects: the actions that a call wants from its session shell, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from edge.core.client_events import ClientEvent
from edge.core.session.summary import Summary
from schemas.audio import AudioFrame
from schemas.events import Event, Head

_E = TypeVar("_E", bound=Event)


@dataclass(frozen=True, slots=True)
class Publish:
    """Store this event, in the order given."""

    event: Event


@dataclass(frozen=True, slots=True)
class SendFrame:
    """Send this piece of utterance number *utterance* to the recogniser."""

    utterance: int
    frame: AudioFrame


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the client."""

    event: ClientEvent


@dataclass(frozen=True, slots=True)
class Recover:
    """Read the audio of *turn* from its stream and give it to the call: some of it was lost."""

    turn: int


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the session and close its connection."""

    code: str = ""
    """The error code for the client; empty: no error, the assistant has said goodbye."""
    reason: str = ""


COMMANDED = "command:"
"""Begins what stands for the command that an operator gave, in place of a tool's call."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hand the caller over to *agent*; the call is given `Reconfigured`, or why that failed."""

    call: str
    """The id of the call of the tool, for `Reconfigured.call` or `ToolResult.call`; or COMMANDED
    and that of the command."""
    agent: str


Effect = Publish | SendFrame | Tell | Recover | HangUp | Transfer


class Outbox:
    """The effects of one input, until the shell takes them."""

    def __init__(self, tenant: str, session: str, summary: Summary) -> None:
        self._tenant = tenant
        self._session = session
        self._summary = summary
        self._effects: list[Effect] = []
        self.followers: list[Callable[[Event], Iterable[Event]]] = []
        """Each takes an event that is published and returns the events that follow it."""

    def head(self, now_ms: int) -> Head:
        """Return the fields that every event of this session has, at *now_ms*."""
        return {"tenant": self._tenant, "session": self._session, "at_ms": now_ms}

    @property
    def agent(self) -> str:
        """The session's agent, as `name@revision`; empty: the operator's settings alone."""
        return self._summary.agent

    def publish(self, event: _E) -> _E:
        """Have *event* stored and return it."""
        self._effects.append(Publish(event))
        self._summary.take(event)
        self.show(event)
        return event

    def show(self, event: Event) -> None:
        """Show the followers an event that is published, or that the shell has published."""
        for follower in self.followers:
            for more in follower(event):
                self.publish(more)

    def tell(self, event: ClientEvent) -> None:
        self._effects.append(Tell(event))

    def send(self, audio: SendFrame) -> None:
        self._effects.append(audio)

    def recover(self, turn: int) -> None:
        self._effects.append(Recover(turn))

    def hang_up(self, code: str = "", reason: str = "") -> None:
        self._effects.append(HangUp(code, reason))

    def transfer(self, call: str, agent: str) -> None:
        self._effects.append(Transfer(call, agent))

    def take(self) -> list[Effect]:
        if not (effects := self._effects):
            return []
        self._effects = []
        return effects
