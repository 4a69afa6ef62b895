"""Sorts the audio messages of one utterance, which arrive in any order, by their numbers. Pure."""

from schemas.audio import BYTES_PER_MS, AudioFrame

MOST_AHEAD_MS = 55_000
"""The most audio that waits behind a gap; with more, the missing messages count as lost."""


class AudioOrder:
    """The audio messages of one utterance that have arrived."""

    def __init__(self, known_ms: int = 0) -> None:
        """Begin an utterance; messages of its first *known_ms* may be missing."""
        self._known_ms = known_ms
        self._due = 0
        """The number of the next message."""
        self._ahead: dict[int, AudioFrame] = {}
        """Messages that arrived before an earlier message."""

    def put(self, message: AudioFrame) -> None:
        """Add a message; a repeated message changes nothing."""
        if message.seq >= self._due:
            self._ahead.setdefault(message.seq, message)

    def next(self) -> AudioFrame | None:
        """Return the next message, or None if it has not arrived."""
        if self._is_missing and self._is_gone:
            self._due = min(self._ahead)
        message = self._ahead.pop(self._due, None)
        self._due += message is not None
        return message

    def needs_repair(self, silent_s: float) -> bool:
        """Tell whether to read the stream: a message is missing, or none came for *silent_s*."""
        return self._due not in self._ahead and (bool(self._ahead) or silent_s > 0)

    @property
    def _is_missing(self) -> bool:
        """Whether later messages have arrived, but not the next one."""
        return bool(self._ahead) and self._due not in self._ahead

    @property
    def _is_gone(self) -> bool:
        """Whether the missing messages are not needed, or lost for good."""
        if 0 < self._ahead[min(self._ahead)].from_ms <= self._known_ms:
            return True
        return (
            sum(len(message.pcm) for message in self._ahead.values())
            >= MOST_AHEAD_MS * BYTES_PER_MS
        )
