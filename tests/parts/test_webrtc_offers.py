from __future__ import annotations

import asyncio
import gc
import subprocess
import sys

import pytest

from benchmarks.hostile.http_rows import offer as whole_offer
from runtime.settings import SettingsError, load

pytest.importorskip("aiortc", reason="NOT TESTED HERE: the extra `webrtc` is not installed")
from edge.door.webrtc import opus, udp_port  # it may be missing
from edge.door.webrtc.peer import BadOfferError, Peer, readable  # the same
from edge.door.webrtc.port import WebRtcPort, ports_of  # the same

LINES = {
    "audio": "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "video": "m=video 9 UDP/TLS/RTP/SAVPF 96",
    "application": "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
}
CANDIDATES = (
    "a=candidate:1 1 udp 2113937151 192.0.2.7 50000 typ host",
    "a=candidate:2 1 udp 2113937151 0f1e2d3c.local 50001 typ host",
    "a=end-of-candidates",
)


def offer(*kinds: str) -> str:
    lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=group:BUNDLE 0 1"]
    for number, kind in enumerate(kinds):
        lines += [LINES[kind], "c=IN IP4 0.0.0.0", f"a=mid:{number}", *CANDIDATES]
    return "\r\n".join(lines) + "\r\n"


def test_an_offer_keeps_all_but_the_clients_addresses() -> None:
    given = offer("audio", "application")
    kept = readable(given, with_candidates=False)
    assert "candidate" not in kept
    assert [line for line in given.splitlines() if "candidate" not in line] == kept.splitlines()


def test_where_packets_come_only_from_where_ours_went_addresses_are_kept() -> None:
    kept = readable(offer("audio", "application"), with_candidates=True)
    assert kept.count("a=candidate") == 2
    assert ".local" not in kept
    assert "end-of-candidates" not in kept


@pytest.mark.parametrize(
    "kinds", [(), ("audio",), ("application",), ("audio", "audio", "application"), tuple(LINES)]
)
def test_an_offer_of_other_lines_is_refused(kinds: tuple[str, ...]) -> None:
    with pytest.raises(BadOfferError, match="one line `m=audio`"):
        readable(offer(*kinds), with_candidates=False)


def test_an_offer_that_bundles_nothing_is_refused() -> None:
    apart = offer("audio", "application").replace("a=group:BUNDLE 0 1\r\n", "")
    with pytest.raises(BadOfferError, match="BUNDLE"):
        readable(apart, with_candidates=False)


@pytest.mark.parametrize("text", ["", "hello", "v=0\r\nm=audio x\r\n", "m=\r\n", "\x00" * 100])
def test_what_is_no_offer_is_refused(text: str) -> None:
    with pytest.raises(BadOfferError):
        readable(text, with_candidates=False)


def test_the_modules_are_imported_before_the_first_call() -> None:
    """Their import takes 0.2 s, in which the event loop of an edge would serve nobody."""
    program = (
        "import sys; from edge.door.webrtc.port import WebRtcPort; "
        "from runtime.settings import load; WebRtcPort.of(load()); "
        "print('edge.door.webrtc.peer' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "True\n"


def test_ports_are_one_or_a_range() -> None:
    assert list(ports_of("")) == []
    assert list(ports_of("50000")) == [50_000]
    assert list(ports_of("50000-50002")) == [50_000, 50_001, 50_002]


@pytest.mark.parametrize("text", ["x", "0", "70000", "5-3", "1-70000", "-5", "5-"])
def test_ports_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="AURA_WEBRTC_PORTS"):
        ports_of(text)


async def test_servers_are_told_to_aiortc_as_they_are_set() -> None:
    settings = load(
        _env_file=None,
        webrtc_stun="stun:stun.example.com:3478",
        webrtc_turn="turn:turn.example.com:3478?transport=udp",
        webrtc_turn_user="ada",
        webrtc_turn_password="secret",
    )
    stun, turn = WebRtcPort(settings).servers
    assert stun.urls == "stun:stun.example.com:3478"
    assert (turn.urls, turn.username, turn.credential) == (
        "turn:turn.example.com:3478?transport=udp",
        "ada",
        "secret",
    )
    assert WebRtcPort(load(_env_file=None)).servers == []


def test_clients_are_told_the_addresses_that_are_set_or_those_of_the_host() -> None:
    assert udp_port.hosts_of("192.0.2.1, 2001:db8::1", "0.0.0.0") == ["192.0.2.1", "2001:db8::1"]
    assert udp_port.hosts_of("", "127.0.0.1") == ["127.0.0.1"]
    assert udp_port.hosts_of("", "0.0.0.0")


@pytest.mark.parametrize(
    ("payload", "ms"),
    [
        (b"", 0.0),
        (bytes([0 << 3]), 10),
        (bytes([3 << 3]), 60),
        (bytes([13 << 3]), 20),
        (bytes([16 << 3]), 2.5),
        (bytes([31 << 3 | 1]), 40),
        (bytes([31 << 3 | 3, 3]), 60),
        (bytes([31 << 3 | 3]), 0.0),
    ],
)
def test_a_packet_of_opus_tells_how_long_it_is(payload: bytes, ms: float) -> None:
    assert opus.lasts_ms(payload) == ms


def test_sound_comes_out_of_opus_as_it_went_in() -> None:
    encoder, decoder = opus.OpusEncoder(), opus.OpusDecoder()
    frame = (b"\x00\x20" * 8 + b"\x00\xe0" * 8) * 20  # 1 kHz
    heard = b"".join(decoder.decode(encoder.encode(frame)) for _ in range(10))
    assert len(heard) == 10 * 20 * 48 * 2
    assert (
        max(
            abs(int.from_bytes(heard[i : i + 2], "little", signed=True))
            for i in range(9600, 19200, 2)
        )
        > 4000
    )
    assert decoder.decode(b"\xff" * 40) == b""


def nothing(*_: object) -> None:
    """Do nothing."""


@pytest.mark.parametrize(
    ("left_out", "instead"),
    [
        ("a=fingerprint", ""),
        ("a=mid:0", ""),
        ("a=ice-", ""),
        ("a=setup", "a=setup:nonsense"),
        ("a=rtpmap", "a=rtpmap:111 nothing/48000/2"),
    ],
)
async def test_an_offer_that_cannot_be_answered_is_refused_and_no_fault(
    left_out: str, instead: str
) -> None:
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: faults.append(told))
    good = whole_offer().decode()
    lines = [instead if line.startswith(left_out) else line for line in good.splitlines()]
    port = await udp_port.UdpPort.opened(["127.0.0.1"], [])
    refused = []
    try:
        for offered in (good, "".join(f"{line}\r\n" for line in lines if line)):
            peer = Peer(nothing, nothing, nothing)
            try:
                await peer.answer(offered, port, [])
            except BadOfferError as why:
                refused.append(why)
            finally:
                await peer.close()
        gc.collect()
        await asyncio.sleep(0)
    finally:
        port.close()
    assert len(refused) == 1
    assert faults == []
