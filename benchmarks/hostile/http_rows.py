"""Attacks by HTTP: the requests that each connection repeats. Pure."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass

MIB = 1 << 20
UPGRADE = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
WHOLE_UPGRADE = f"{UPGRADE}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
CALL = "GET /ws/voice/continuous?token=demo_token&greeting=0"
DEMO = "Authorization: Bearer demo_token\r\n"
JSON = f"{DEMO}Content-Type: application/json\r\n"
FORM = f"{DEMO}Content-Type: multipart/form-data; boundary=B\r\n"
SDP = f"{DEMO}Content-Type: application/sdp\r\n"
SPEAK, HEAR, OFFER = (
    "POST /v1/audio/speech",
    "POST /v1/audio/transcriptions",
    "POST /v1/realtime/calls",
)
OPUS = "a=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
KEYS = (
    "a=ice-ufrag:abcd\r\na=ice-pwd:abcdabcdabcdabcdabcdabcd\r\na=setup:actpass\r\n"
    f"a=fingerprint:sha-256 {':'.join(['AA'] * 32)}\r\n"
)
END = b"--B--\r\n"


@dataclass(frozen=True)
class HttpRow:
    """One attack by HTTP."""

    name: str
    line: str
    """Method and path."""
    headers: str = ""
    body: Callable[[], bytes] = lambda: b""
    missing_bytes: int = 0
    """Bytes of the announced body that are never sent: the connection is held."""
    times: int = 1
    """The number of requests that are sent at once."""
    cut: bool = False
    """The head has no end: the connection is held."""

    @property
    def held(self) -> bool:
        return self.cut or self.missing_bytes > 0

    def head(self, address_line: str, size: int) -> bytes:
        """Return the head of a request with a body of *size*; *address_line* is a line of it."""
        size += self.missing_bytes
        length = f"Content-Length: {size}\r\n" if size else ""
        head = f"{self.line} HTTP/1.1\r\nHost: x\r\n{address_line}{length}{self.headers}"
        return head.encode() if self.cut else (f"{head}\r\n".encode() * self.times)


def _field(name: str, value: bytes) -> bytes:
    return (
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
    )


def offer(count: int = 1) -> bytes:
    """Return an offer of *count* sections of audio, and one of data."""
    kinds = {str(number): ("audio 9 UDP/TLS/RTP/SAVPF 111", OPUS) for number in range(count)}
    kinds["data"] = ("application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=sctp-port:5000\r\n")
    sections = (
        f"m={kind}\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\n{more}{KEYS}"
        for mid, (kind, more) in kinds.items()
    )
    group = f"a=group:BUNDLE {' '.join(kinds)}\r\n"
    head = f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n{group}"
    return (head + "".join(sections)).encode()


def _packed() -> bytes:
    """Return a compressed body, which unpacks to a thousand times its size."""
    return gzip.compress(b"[" * (256 * MIB))


def _secret() -> bytes:
    return json.dumps({"session": {"type": "realtime", "instructions": "x" * 30_000}}).encode()


HTTP_ROWS: tuple[HttpRow, ...] = (
    HttpRow("upgrades half sent", "GET /ws", f"{UPGRADE}Sec-WebSo", cut=True),
    HttpRow("500 requests in a packet", "GET /health", times=500),
    HttpRow("a query of 7 kB", "GET /ws?" + "a=b&" * 1750, UPGRADE),
    HttpRow(
        "headers of 30 kB",
        "GET /health",
        "".join(f"X-{number}: {'x' * 200}\r\n" for number in range(140)),
    ),
    HttpRow("paths that lead out", "GET /" + "%2e%2e/" * 200),
    HttpRow(
        "sessions gone on with that are not there",
        f"{CALL}&session=s_0123456789abcdef0123",
        WHOLE_UPGRADE,
    ),
    HttpRow(
        "calls with numbers that cannot be",
        f"{CALL}&rate=1e308&silence_ms=NaN&prefix_ms=-9e99&interrupt_words=" + "9" * 4000,
        WHOLE_UPGRADE,
    ),
    HttpRow(
        "a body that unpacks to 256 MiB",
        SPEAK,
        f"{JSON}Content-Encoding: gzip\r\n",
        _packed,
    ),
    HttpRow("30,000 arrays in each other", SPEAK, JSON, lambda: b"[" * 30_000),
    HttpRow(
        "a form of 20,000 fields",
        HEAR,
        FORM,
        lambda: b"".join(_field(f"f{number}", b"x" * 20) for number in range(20_000)) + END,
    ),
    HttpRow("a megabyte of lines before a form", HEAR, FORM, lambda: b"\n" * MIB + END),
    HttpRow(
        "a file of 24 MiB that is no sound",
        HEAR,
        FORM,
        lambda: _field("file", b"RIFF" + bytes(24 * MIB)) + END,
    ),
    HttpRow(
        "heads of semicolons in a form",
        OFFER,
        FORM,
        lambda: (
            (b"--B\r\nContent-Disposition: form-data; " + b";" * 4000 + b"\r\n\r\n\r\n") * 45 + END
        ),
    ),
    HttpRow("an offer of 400 sections", OFFER, SDP, lambda: offer(400)),
    HttpRow("offers that nobody goes on with", OFFER, SDP, offer),
    HttpRow("client secrets without end", "POST /v1/realtime/client_secrets", JSON, _secret),
    HttpRow("calls asked for by a guess", "GET /v1/calls", "Authorization: Bearer guess\r\n"),
    HttpRow("a body that does not come", SPEAK, JSON, missing_bytes=60_000),
    HttpRow(
        "Twilio's questions, unsigned",
        "POST /twilio/voice",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        lambda: b"CallSid=CA1&From=%2B1&To=%2B2",
    ),
)
