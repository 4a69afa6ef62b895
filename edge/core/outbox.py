"""Where a call puts what it wants done, in order, stamped with its session and its time."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from edge.core.effects import Effect, Publish, Recover, SendFrame, Tell
from edge.core.notices import Notice
from edge.core.session.summary import Summary
from schemas.audio import AudioFrame
from schemas.events import Event

_E = TypeVar("_E", bound=Event)


class Outbox:
    """The effects of one input, until the shell takes them."""

    def __init__(self, tenant: str, session: str, summary: Summary | None = None) -> None:
        self.now_ms = 0
        """Unix time, ms, of the input being worked on."""
        self._tenant = tenant
        self._session = session
        self._effects: list[Effect] = []
        self._summary = summary or Summary()

    def publish(self, kind: type[_E], **fields: object) -> _E:
        """Have an event of *kind* stored and return it.

        Raises:
            msgspec.ValidationError: the fields are not those of *kind*.
        """
        whose = {"tenant": self._tenant, "session": self._session, "at_ms": self.now_ms}
        event: _E = msgspec.convert({**whose, **fields}, kind)
        self._effects.append(Publish(event))
        self._summary.take(event)
        return event

    def tell(self, notice: Notice) -> None:
        self._effects.append(Tell(notice))

    def send(self, utterance: int, frame: AudioFrame) -> None:
        self._effects.append(SendFrame(utterance, frame))

    def recover(self, turn: int) -> None:
        self._effects.append(Recover(turn))

    def take(self) -> list[Effect]:
        if not (effects := self._effects):
            return []
        self._effects = []
        return effects
