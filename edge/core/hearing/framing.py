"""The frame: 20 ms of the caller's audio, the unit of voice activity."""

FRAME_MS = 20
FRAME_BYTES = 640
SILENCE = bytes(FRAME_BYTES)
