"""The recorded sound of a call as a WAV, served in byte ranges. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aura.cli.session import session_page
from runtime.bus.reader import Stored
from runtime.sessions.recorded_audio import NotRecordedError, sides, since, stereo_wav

MOST_WAV_BYTES = 256 << 20
"""The largest WAV, some 70 minutes; `aura export --wav` writes longer recordings."""
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True)
class SessionRecording:
    """A recording: the caller left, the responses right."""

    wav: bytes
    from_ms: int
    """Unix time, ms, of its first sample."""

    @staticmethod
    def of(stored: Sequence[Stored]) -> SessionRecording | None:
        """Return the sound in the messages *stored*, or None if there is none or too much.

        This takes a second for an hour's call.
        """
        if sum(len(message.data) for message in stored) > MOST_WAV_BYTES:
            return None
        try:
            return SessionRecording(stereo_wav(stored), sides(stored)[0])
        except NotRecordedError:
            return None


def waves(stored: Sequence[Stored], from_ms: int) -> dict[str, Any]:
    """Return the loudness of both sides from *from_ms* (Unix ms) on, for a drawing."""
    try:
        return session_page.waves(since(stored, from_ms))
    except NotRecordedError:
        return session_page.waves({})


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """Return the first and last byte that a Range *header* asks for, or None for all bytes.

    Raises:
        ValueError: there are no such bytes.
    """
    if not (match := _RANGE.fullmatch(header.strip())):
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    begin = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if begin > end:
        raise ValueError("no such bytes")
    return begin, end
