"""WebSocket frames and messages that cost little to send. Pure."""

import json
import struct

CONTINUATION, TEXT, BINARY, PING = 0x0, 0x1, 0x2, 0x9
NO_MASK = bytes(4)
"""A masking key of zeros leaves the payload as it is."""


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True) -> bytes:
    """Return a client's frame."""
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 1 << 16:
        length = b"\xfe" + struct.pack(">H", size)
    else:
        length = b"\xff" + struct.pack(">Q", size)
    return bytes([0x80 * fin | opcode]) + length + NO_MASK + payload


def text(message: object) -> bytes:
    return frame(TEXT, json.dumps(message).encode())


def wav_header(data_bytes: int, *, rate_hz: int, bits: int) -> bytes:
    """Return the header of a mono WAV."""
    width = bits // 8
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + data_bytes, b"WAVE", b"fmt ", 16),
        *(1, 1, rate_hz, rate_hz * width, width, bits),
        *(b"data", data_bytes),
    )


def endless_header(size: int = 65_524) -> bytes:
    """Return a WAV header of empty chunks, which never comes to its data."""
    junk = b"junk" + bytes(4)
    return b"RIFF" + struct.pack("<I", 1 << 30) + b"WAVE" + junk * ((size - 12) // len(junk))


def many_keys(count: int = 600_000) -> bytes:
    """Return a JSON object of *count* keys, some 7 MB."""
    return ("{" + ",".join(f'"{number}":1' for number in range(count)) + "}").encode()
