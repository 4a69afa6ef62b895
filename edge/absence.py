"""What a call does while its bus is away: says so once, and stops listening after a while."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from schemas.events import Event, ResponseSentence, SpeechStarted, Stage, TurnTaken

DEAF_S = 5.0
"""A bus that is away for so long: what the caller says from then on is lost."""
LATE_MS = 5000
"""An utterance that could not be told to the recogniser for so long may be over by now."""
STAGES: tuple[Stage, ...] = ("stt", "llm", "tts")


class Absence:
    """Of the bus, from one call's side."""

    def __init__(self, tell: Callable[[], None], clock: Callable[[], float]) -> None:
        """*tell* tells the caller; *clock* returns monotonic seconds."""
        self._tell = tell
        self._clock = clock
        self._told = False
        self._since: float | None = None

    def begins(self) -> None:
        self._since = self._since or self._clock()
        self.tell()

    def ends(self) -> bool:
        """Note that the bus answers; tell whether it had been away."""
        was, self._since = self._since is not None, None
        return was

    def tell(self) -> None:
        """Tell the caller that it is waited for, if they do not know yet."""
        if not self._told:
            self._told = True
            self._tell()

    def stored(self) -> None:
        """Note that something was stored: the next absence is worth telling again."""
        self._told = self._told and self._since is not None

    @property
    def deaf(self) -> bool:
        """It lasts so long that what is said now would be answered far too late.

        The caller knows. To take it in would only heap up utterances that nobody recognises.
        """
        return self._since is not None and self._clock() - self._since > DEAF_S


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
    return msgspec.structs.replace(event, recorded=STAGES) if late else event
