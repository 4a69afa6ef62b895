"""From chunks of any size to 20 ms frames on a clock; a microphone that stops is silence."""

from __future__ import annotations

from collections.abc import Iterator

FRAME_MS = 20
FRAME_BYTES = 640
SILENCE = bytes(FRAME_BYTES)

SLACK_MS = 250
"""A chunk may come this late before its absence is taken for silence."""
PATIENCE_MS = 2000
"""The longest chunk a live client is expected to send: after a longer one nobody waits longer."""


class Microphone:
    """The caller's sound as frames, each with the time at which it had been spoken."""

    def __init__(self) -> None:
        self._rest = b""
        self._until_ms: int | None = None
        """What was spoken until then has been heard; None until the first sound."""
        self._silent_from_ms = 0
        """When the absence of a chunk becomes silence."""

    def hear(self, pcm: bytes, now_ms: int) -> list[tuple[bytes, int]]:
        """Return the whole frames of *pcm* (s16le mono 16 kHz), each with its end in Unix ms."""
        chunk_ms = len(pcm) // 32
        self._until_ms = now_ms
        self._silent_from_ms = now_ms + min(chunk_ms, PATIENCE_MS) + SLACK_MS
        if len(pcm) == FRAME_BYTES and not self._rest:
            return [(pcm, now_ms)]
        data = self._rest + pcm
        whole = len(data) // FRAME_BYTES
        self._rest = data[whole * FRAME_BYTES :]
        return [
            (data[k * FRAME_BYTES : (k + 1) * FRAME_BYTES], now_ms - (whole - 1 - k) * FRAME_MS)
            for k in range(whole)
        ]

    def missing(self, now_ms: int) -> Iterator[tuple[bytes, int]]:
        """Yield frames of silence for the time in which nothing came that should have."""
        if self._until_ms is None or now_ms < self._silent_from_ms:
            return
        while self._until_ms + FRAME_MS <= now_ms:
            self._until_ms += FRAME_MS
            yield SILENCE, self._until_ms

    @property
    def silent_from_ms(self) -> int | None:
        """When `missing` will have something to say, if no sound comes before; Unix ms."""
        if self._until_ms is None:
            return None
        return max(self._silent_from_ms, self._until_ms + FRAME_MS)
