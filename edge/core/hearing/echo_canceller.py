"""The echo of a response in the caller's audio, taken out by WebRTC's canceller (AEC3).

A loudspeaker's sound comes back 50 to 400 ms later, by a room's ways. The canceller is shown what
the client plays, at the time at which it plays it. It works once there is an echo at all, from the
first sound of the microphone in a response on: 20 ms cost 0.12 ms, and most microphones are silent.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from pywebrtc_audio import AudioProcessor

from edge.core.client_events import ClientEvent, Interrupted, Speech
from edge.core.hearing.echo_detector import EchoDetector
from edge.core.hearing.framing import FRAME_BYTES, FRAME_MS, SILENCE
from schemas.audio import BYTES_PER_MS, RATE_HZ

TAIL_MS = 700
"""Echo comes so long after its sound at most: buffers, a loudspeaker, a room."""
BEFORE_FRAMES = 40
"""Audio before the first sound, or before the echo was found, that it is shown as well (0.8 s)."""
LOUD = 60
"""A sample above this (-55 dBFS) is a sound."""
OFF_MS = 300
"""A microphone's clock that is so far from ours is set anew."""


class EchoCanceller:
    """One connection's canceller."""

    def __init__(self) -> None:
        self._processor: AudioProcessor | None = None
        self._playing: deque[tuple[int, bytes]] = deque()
        """What the client was sent: when it begins to play, Unix ms; s16le mono 16 kHz."""
        self._until_ms = 0
        """When it will have played all of it."""
        self._at_ms = 0
        """The time of the last frame of the microphone, without the network's jitter."""
        self._before: deque[tuple[bytes, bytes]] = deque(maxlen=BEFORE_FRAMES)
        self._works = False
        self._detector = EchoDetector()

    @property
    def has_echo(self) -> bool:
        """The response was heard in the caller's audio."""
        return self._detector.found

    def told(self, event: ClientEvent, now_ms: int) -> None:
        """Note what the client plays, or drops before it was played."""
        if isinstance(event, Speech) and event.pcm:
            starts_ms = max(self._until_ms, now_ms)
            self._playing.append((starts_ms, event.pcm))
            self._until_ms = starts_ms + len(event.pcm) // BYTES_PER_MS
        elif isinstance(event, Interrupted):
            kept = [(at, pcm[: max(0, now_ms - at) * BYTES_PER_MS]) for at, pcm in self._playing]
            self._playing = deque((at, pcm) for at, pcm in kept if pcm)
            self._until_ms = min(self._until_ms, now_ms)

    def arrived(self, frames: int, now_ms: int) -> None:
        """Take the time of *frames* that arrived now; the last of them was spoken just now."""
        behind_ms = now_ms - self._at_ms - frames * FRAME_MS
        if abs(behind_ms) > OFF_MS:
            self._at_ms = now_ms - frames * FRAME_MS
            self._before.clear()

    def clean(self, frame: bytes) -> bytes:
        """Return the next *frame* (640 bytes, s16le mono 16 kHz) without echo."""
        self._at_ms += FRAME_MS
        if self._at_ms > self._until_ms + TAIL_MS:
            self._works = False
            if self._playing:
                self._playing.clear()
                self._before.clear()
            return frame
        far = self._played()
        if not self._works:
            loud = int(np.abs(np.frombuffer(frame, "<i2")).max()) > LOUD
            self._before.append((frame, far))
            if not self._detector.found:
                self._detector.hear(frame, far, loud=loud)
            if not loud or not self._detector.found:
                return frame
            self._works = True
            for near, earlier in list(self._before)[:-1]:
                self._process(near, earlier)
        return self._process(frame, far)

    def _played(self) -> bytes:
        """Return what the client plays in the frame that ends now."""
        begin_ms, found = self._at_ms - FRAME_MS, b""
        while self._playing:
            starts_ms, pcm = self._playing[0]
            offset = (begin_ms - starts_ms) * BYTES_PER_MS + len(found)
            if offset >= len(pcm):
                self._playing.popleft()
                continue
            if offset < 0:
                found += bytes(min(-offset, FRAME_BYTES - len(found)))
                offset = 0
            found += pcm[offset : offset + FRAME_BYTES - len(found)]
            if len(found) >= FRAME_BYTES:
                break
            self._playing.popleft()
        return found.ljust(FRAME_BYTES, b"\0") if found else SILENCE

    def _process(self, near: bytes, far: bytes) -> bytes:
        if self._processor is None:
            self._processor = AudioProcessor(
                sample_rate=RATE_HZ,
                echo_cancellation=True,
                noise_suppression=False,
                auto_gain_control=False,
            )
        clean = self._processor.process(np.frombuffer(near, "<i2"), np.frombuffer(far, "<i2"))
        return clean.tobytes()
