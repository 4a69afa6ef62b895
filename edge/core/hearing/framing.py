"""The frame: 20 ms of the caller's audio, the unit of voice activity."""

from schemas.audio import BYTES_PER_MS

FRAME_MS = 20
FRAME_S = FRAME_MS / 1000
FRAME_BYTES = FRAME_MS * BYTES_PER_MS
SILENCE = bytes(FRAME_BYTES)
