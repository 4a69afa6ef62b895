"""The caller's audio as 20 ms frames, from chunks of any size."""

from __future__ import annotations

FRAME_MS = 20
FRAME_BYTES = 640
SILENCE = bytes(FRAME_BYTES)


class Framer:
    """Cuts audio into whole frames and keeps the rest for the next chunk."""

    def __init__(self) -> None:
        self._rest = b""

    def cut(self, pcm: bytes) -> bytes:
        """Return the whole frames that *pcm* (s16le mono 16 kHz) completes."""
        if len(pcm) == FRAME_BYTES and not self._rest:
            return pcm
        audio = self._rest + pcm
        whole = len(audio) // FRAME_BYTES * FRAME_BYTES
        self._rest = audio[whole:]
        return audio[:whole]


def frames(pcm: bytes) -> list[bytes]:
    """Return the frames in *pcm*, which holds whole ones."""
    if len(pcm) == FRAME_BYTES:
        return [pcm]
    return [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES)]
