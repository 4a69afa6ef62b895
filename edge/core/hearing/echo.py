"""The echo gate: a response that comes back through the caller's microphone, told by its loudness.

A telephone, a headset or a browser cancels most of the echo; the rest is far quieter than the
response and than the caller's own voice. The clock is the number of the frame (20 ms).
"""

from __future__ import annotations

import numpy as np

from edge.core.client_events import ClientEvent, Interrupted, Speech
from edge.core.hearing.framing import FRAME_BYTES, FRAME_MS

OF_RESPONSE = 0.2
"""Voice that is at least 14 dB below the response may be its echo ..."""
OF_CALLER = 0.25
"""... unless the caller speaks quietly: voice from 12 dB below their usual one on is theirs."""
TAIL = 600 // FRAME_MS
"""Frames on the way to the client's loudspeaker and back."""
LEARNT = 0.05
"""Weight of one frame in the caller's usual loudness."""


def rms(pcm: bytes) -> float:
    """Return the root mean square of *pcm* (s16le): 0 .. 32768."""
    samples = np.frombuffer(pcm, np.int16).astype(np.float32)
    return float(np.sqrt(np.dot(samples, samples) / samples.size)) if samples.size else 0.0


class EchoGate:
    """How loud both voices are, and until when the response may be heard."""

    def __init__(self) -> None:
        self._until = 0
        """The last frame in which the response may be heard."""
        self._response = 0.0
        self._caller: float | None = None

    def told(self, event: ClientEvent, frame: int) -> None:
        """Note what the client plays from *frame* on, or drops before it was played."""
        match event:
            case Speech(pcm=pcm):
                begins = max(frame, self._until - TAIL)
                self._until = begins + len(pcm) // FRAME_BYTES + TAIL
                self._response = max(self._response, rms(pcm))
            case Interrupted():
                self._until = min(self._until, frame + TAIL)
            case _:
                pass

    def is_echo(self, loudness: float, frame: int) -> bool:
        """Tell whether a voice of this *loudness* (rms) in *frame* may be the response's echo."""
        if frame > self._until:
            known = loudness if self._caller is None else self._caller
            self._caller = known + LEARNT * (loudness - known)
            return False
        limit = OF_RESPONSE * self._response
        if self._caller is not None:
            limit = min(limit, OF_CALLER * self._caller)
        return loudness < limit
