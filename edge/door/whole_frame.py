"""The message in a frame that is a whole one, unmasked by aiohttp's own function."""

from __future__ import annotations

from aiohttp._websocket.helpers import websocket_mask

from edge.door.frame_heads import HEAD_BYTES, KEY_BYTES, WHOLE_TEXT


def message_in(frame: bytes) -> str | bytes | None:
    """Return what is in *frame*; None: it is no text, and aiohttp's parser closes for it."""
    payload = bytearray(frame[HEAD_BYTES:])
    websocket_mask(frame[HEAD_BYTES - KEY_BYTES : HEAD_BYTES], payload)
    try:
        return payload.decode() if frame[0] == WHOLE_TEXT else bytes(payload)
    except UnicodeDecodeError:
        return None
