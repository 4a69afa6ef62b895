"""What a call wants done: the shell does it and decides nothing."""

from __future__ import annotations

from dataclasses import dataclass

from edge.core.notices import Notice
from schemas.audio import AudioFrame
from schemas.events import Event


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
    """Tell the caller."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class Recover:
    """Audio of *turn* was lost on the way: read it from the stream and hand it in again."""

    turn: int


Effect = Publish | SendFrame | Tell | Recover
