"""Our own voice, come back through the caller's microphone: told by how loud it is.

A telephone, a headset or a browser cancels most of it; what is left is far quieter than what we
play and than the caller's own speech. The clock is the frame (20 ms).
"""

from __future__ import annotations

from edge.core.hearing.framing import FRAME_BYTES, FRAME_MS
from edge.core.hearing.loudness import rms
from edge.core.notices import Interrupted, Notice, Speak

OF_OURS = 0.2
"""Sound that is at least 14 dB below what we play may be its echo ..."""
OF_THEIRS = 0.25
"""... unless the caller is a quiet one: it is not, from 12 dB below their usual voice on."""
TAIL = 600 // FRAME_MS
"""Frames on the way to the client's loudspeaker and back."""
LEARNT = 0.05
"""How much of the caller's usual voice each frame of it is."""


class Echo:
    """What is known of both voices' loudness, and until when ours may be heard."""

    def __init__(self) -> None:
        self._frame = 0
        self._until = 0
        """The last frame in which ours may be heard."""
        self._ours = 0.0
        self._theirs: float | None = None

    def told(self, notice: Notice) -> None:
        """Note what the client was told: what to play, or to drop what it has not played."""
        match notice:
            case Speak(pcm=pcm):
                begins = max(self._frame, self._until - TAIL)
                self._until = begins + len(pcm) // FRAME_BYTES + TAIL
                self._ours = max(self._ours, rms(pcm))
            case Interrupted():
                self._until = min(self._until, self._frame + TAIL)
            case _:
                pass

    def passes(self) -> None:
        """Let a frame go by."""
        self._frame += 1

    def is_ours(self, loudness: float) -> bool:
        """Tell whether a voice of this *loudness* (rms) may be our own."""
        if self._frame > self._until:
            known = loudness if self._theirs is None else self._theirs
            self._theirs = known + LEARNT * (loudness - known)
            return False
        limit = OF_OURS * self._ours
        if self._theirs is not None:
            limit = min(limit, OF_THEIRS * self._theirs)
        return loudness < limit
