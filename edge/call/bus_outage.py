"""What a call does while its bus is away: says so once, and stops listening after a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from schemas import stages
from schemas.events import Event, ResponseSentence, SpeechStarted, TurnTaken

DEAF_S = 5.0
"""A bus that is away for so long: what the caller says from then on is lost."""
LATE_MS = 5000
"""An utterance that could not be told to the recogniser for so long may be over by now."""
Part = Literal["link", "log"]
"""The connection to a server, or the streams, which may be gone while servers answer."""


class BusOutage:
    """Of the bus, from one call's side."""

    def __init__(self, tell: Callable[[], None], clock: Callable[[], float]) -> None:
        """*tell* tells the caller; *clock* returns monotonic seconds."""
        self._tell = tell
        self._clock = clock
        self._told = False
        self.parts: set[Part] = set()
        """That do not answer."""
        self._since = 0.0

    def begins(self, part: Part) -> None:
        """Note that *part* of the bus does not answer, and tell the caller if they do not know."""
        if not self.parts:
            self._since = self._clock()
        self.parts.add(part)
        if not self._told:
            self._told = True
            self._tell()

    def ends(self, part: Part) -> bool:
        """Note that *part* answers; tell whether all of it does again."""
        was = bool(self.parts)
        self.parts.discard(part)
        self._told = bool(self.parts)
        return was and not self.parts

    @property
    def deaf(self) -> bool:
        """It lasts so long that what is said now would be answered far too late.

        The caller knows. To take it in would only heap up utterances that nobody recognises.
        """
        return bool(self.parts) and self._clock() - self._since > DEAF_S


def in_time(event: Event, now_ms: int, awaited: Callable[[int], bool]) -> Event:
    """Return *event* as it is, or as a fact alone where it comes too late to be a job.

    *awaited* tells whether the words of an utterance are still wanted.
    """
    match event:
        case TurnTaken() | ResponseSentence():
            late = bool(event.deadline_ms) and now_ms > event.deadline_ms
        case SpeechStarted():
            late = now_ms - event.at_ms > LATE_MS and not awaited(event.utterance)
        case _:
            return event
    return msgspec.structs.replace(event, recorded=stages.STAGE_NAMES) if late else event
