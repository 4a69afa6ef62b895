"""The frame: 20 ms of the caller's audio, the unit of voice activity."""

FRAME_MS = 20
FRAME_BYTES = 640
SILENCE = bytes(FRAME_BYTES)


def frames(pcm: bytes) -> list[bytes]:
    """Return the frames in *pcm*, which holds only whole frames."""
    if len(pcm) == FRAME_BYTES:
        return [pcm]
    return [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES)]
