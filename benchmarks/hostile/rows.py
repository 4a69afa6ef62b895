"""The rows of the measurement: messages, number of sockets and addresses. Pure."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from benchmarks.hostile.frames import (
    BINARY,
    CONTINUATION,
    PING,
    TEXT,
    endless_header,
    frame,
    many_keys,
    text,
    wav_header,
)

Source = Literal["socket", "address", "/64", "hundred"]
SOURCES: tuple[Source, ...] = ("socket", "address", "/64", "hundred")
SOCKETS: dict[Source, int] = {"socket": 1, "address": 8, "/64": 40, "hundred": 100}
START = text({"type": "start_conversation"})
END = text({"type": "end_conversation"})
MIB = 1 << 20
SPEECH_S = 44
"""The length of the speech that is sent at once."""


def address(source: Source, row: int, number: int) -> str:
    """Return the address of a row's *number*-th socket; rows share no address."""
    match source:
        case "socket" | "address":
            return f"203.0.113.{row + 1}"
        case "/64":
            return f"2001:db8:0:{row + 1:x}::{number + 1:x}"
        case "hundred":
            return f"198.18.{row + 1}.{number % 100 + 1}"


@dataclass(frozen=True)
class Row:
    """One attack over WebSockets."""

    name: str
    first: Callable[[bytes], bytes] = lambda _: START
    """Makes the messages sent once a socket, from speech (s16le mono 16 kHz)."""
    block: Callable[[bytes], bytes] = lambda _: b""
    """Makes the messages sent repeatedly after them; empty: the socket idles."""
    bytes_per_s: float = 0.0
    """Pace of a socket; 0: as fast as the server reads."""
    once: bool = False
    """The block is sent once."""
    sockets: dict[Source, int] = field(default_factory=lambda: SOCKETS)
    path: str = "/ws"
    shows_token: bool = False
    """Whether each socket has a valid token, of its own user."""


def _noise(size: int) -> bytes:
    return random.Random(1).randbytes(MIB) * (size // MIB)


def _at_once(speech: bytes) -> bytes:
    wanted = SPEECH_S * 32_000
    long = (speech * (wanted // max(1, len(speech)) + 1))[:wanted]
    pieces = [frame(BINARY, long[at : at + 32_000]) for at in range(0, len(long), 32_000)]
    return b"".join(pieces * 2)


def _many(data: bytes, count: int = 1000) -> Callable[[bytes], bytes]:
    return lambda _: data * count


def _rates(_: bytes) -> bytes:
    """Return conversations with audio of a hundred rates: each needs a new resampler."""
    return b"".join(
        text({"type": "start_conversation", "rate": rate}) + frame(BINARY, bytes(2000))
        for rate in range(8001, 8101)
    )


def _files(_: bytes) -> bytes:
    """Return files with a valid start and noise: each needs a new decoder."""
    noise = random.Random(2).randbytes(3000)
    heads = (b"\x1aE\xdf\xa3", b"ID3", b"fLaC", b"OggS\0\2", b"\0\0\0\x18ftypisom")
    return b"".join(START + frame(BINARY, head + noise) for head in heads) * 5


EMPTY = frame(BINARY)
COMPRESSED = bytes([0xC1]) + frame(TEXT, b"\xaa" * 60)[1:]
"""A text frame with RSV1, as in permessage-deflate."""
ENDLESS_MP4 = b"\0\0\0\x18ftypisom" + bytes(12) + b"\x7f\xff\xff\xffmdat"
CLOSE = b"\x88\x80\0\0\0\0"
SAME_KEYS = b"{" + b'"type":1,' * 300_000 + b'"type":"ping"}'
LONG_NUMBER = b'{"type":"ping","timestamp":' + b"9" * 5_000_000 + b"}"
BASE64 = b'{"type":"audio_chunk","audio_data":"' + b"QUJD" * (3 * MIB // 2) + b'"}'
IMPOSSIBLE = b"".join(
    frame(TEXT, b'{"type":"start_conversation","rate":' + rate + b',"format":' + form + b"}")
    for rate in (b"1e308", b"NaN", b"-1", b"[]", b"9" * 300, b"null", b"96001")
    for form in (b'"f64le"', b"[[]]", b'"mulaw"')
)
PARAMETERS = b'{"event":"start","start":{"customParameters":%s}}' % many_keys().replace(
    b":1", b':""'
)
UPDATE = text(
    {
        "type": "session.update",
        "session": {"type": "realtime", "instructions": "x" * 3000, "output_modalities": ["text"]},
    }
)
RECORDED = text({"type": "start_conversation", "record": True})
ROWS: tuple[Row, ...] = (
    Row(
        "a WAV header without end, then empty frames",
        first=lambda _: START + frame(BINARY, endless_header()),
        block=_many(EMPTY),
    ),
    Row(
        "the same header, 200 empty frames",
        first=lambda _: START + frame(BINARY, endless_header()),
        block=_many(EMPTY, 200),
        once=True,
    ),
    Row("empty binary frames", block=_many(EMPTY)),
    Row("binary frames of a byte", block=_many(frame(BINARY, b"x"))),
    Row(
        "empty continuation frames",
        first=lambda _: START + frame(BINARY, fin=False),
        block=_many(frame(CONTINUATION, fin=False)),
    ),
    Row("WebSocket pings", block=_many(frame(PING))),
    Row("JSON of 600,000 keys", block=lambda _: frame(TEXT, many_keys())),
    Row("text of a character", block=_many(frame(TEXT, b"x"))),
    Row(
        "empty binary frames before a start, 100 kB/s",
        first=lambda _: b"",
        block=_many(EMPTY, 100),
        bytes_per_s=100_000,
    ),
    Row("7 MiB of noise a frame", block=lambda _: frame(BINARY, _noise(7 * MIB))),
    Row(
        "a WAV of 35 minutes in a frame",
        block=lambda _: frame(
            BINARY, wav_header(8 * MIB - 100, rate_hz=4000, bits=8) + bytes(8 * MIB - 100)
        ),
        once=True,
    ),
    Row(
        "4000 WAVs of 4001 Hz",
        block=_many(frame(BINARY, wav_header(64, rate_hz=4001, bits=16) + bytes(64)), 4000),
        once=True,
    ),
    Row("44 s of speech at once, twice", block=_at_once, once=True),
    Row(
        "sockets that idle",
        first=lambda _: b"",
        sockets={"socket": 1, "address": 20, "/64": 300, "hundred": 300},
    ),
    Row("conversations without pause", block=_many(START, 50)),
    Row("conversations begun and ended", block=_many(START + END, 50)),
    Row(
        "recordings",
        first=lambda speech: RECORDED + frame(BINARY, speech[:64_000]),
        block=lambda speech: frame(BINARY, speech[:3200]),
        bytes_per_s=32_000,
    ),
    Row("compressed frames, which nobody agreed to", block=_many(COMPRESSED, 50)),
    Row(
        "text in fragments of a byte",
        first=lambda _: START + frame(TEXT, b"{", fin=False),
        block=_many(frame(CONTINUATION, b" ", fin=False)),
    ),
    Row("a key 300,000 times in JSON", block=lambda _: frame(TEXT, SAME_KEYS)),
    Row("a number of 5,000,000 digits", block=lambda _: frame(TEXT, LONG_NUMBER)),
    Row("6 MiB of base64 in JSON", block=lambda _: frame(TEXT, BASE64)),
    Row("starts with rates and formats that cannot be", block=_many(IMPOSSIBLE, 20)),
    Row("starts of ever other rates", block=_rates),
    Row(
        "typed turns",
        block=_many(text({"type": "text", "text": "And what then?"}), 1),
        bytes_per_s=50,
    ),
    Row(
        "opened, and gone before a word",
        first=lambda _: CLOSE,
        path="/ws/voice/continuous?token=demo_token&greeting=0",
    ),
    Row(
        "an MP4 whose contents never come",
        first=lambda _: START + frame(BINARY, ENDLESS_MP4),
        block=_many(frame(BINARY, bytes(60_000)), 10),
    ),
    Row("beginnings of WebM, MP3, FLAC and Ogg", block=_files),
    Row(
        "Realtime: updates without end",
        first=lambda _: b"",
        block=_many(UPDATE, 50),
        path="/v1/realtime?model=x",
        shows_token=True,
    ),
    Row(
        "Twilio: parameters without end",
        first=lambda _: b"",
        block=lambda _: frame(TEXT, PARAMETERS),
        path="/twilio/media",
    ),
    Row("handshakes with wrong tokens", path="/ws/voice/continuous?token=guess"),
)
