"""Bytes as encoders of other languages write them are understood; golden bytes of no events."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import msgpack
import msgspec
import pytest

from schemas import codec, events, generate
from schemas.audio import SpeechChunk
from tests.contract.test_events import sample, survives

GOLDEN = Path(__file__).parent / "golden" / "messages-v1.json"
READY: dict[str, Any] = {
    "type": "speech.ready",
    "tenant": "acme",
    "session": "s_1",
    "at_ms": 1_700_000_000_000,
    "turn": 1,
    "index": 0,
    "chunks": 2,
    "audio_ms": 900,
    "first_chunk_ms": 80.5,
    "took_ms": 120.0,
    "model": "m",
}


def packed(message: dict[str, Any], **raw: bytes) -> bytes:
    """Return *message* as a MessagePack map with a 32-bit length, and the fields *raw* as given."""
    both = {name: msgpack.packb(value) for name, value in message.items()} | raw
    pairs = b"".join(msgpack.packb(name) + value for name, value in both.items())
    return b"\xdf" + struct.pack(">I", len(both)) + pairs


def ready(**raw: bytes) -> Any:
    return codec.decode(packed(READY, **raw))


@pytest.mark.parametrize("kind", generate.SIDE, ids=lambda kind: str(kind.__name__))
def test_golden_bytes_of_other_messages_keep_their_fields(kind: type[msgspec.Struct]) -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    data = bytes.fromhex(golden[kind.__name__])
    message = codec.decode_as(kind, data)
    assert message == sample(kind)
    assert survives(msgpack.unpackb(data), msgpack.unpackb(codec.encode(message)))


@pytest.mark.parametrize(
    "turn",
    [b"\x01", b"\xcc\x01", b"\xd0\x01", b"\xcd\x00\x01", b"\xcf" + bytes(7) + b"\x01"],
    ids=["fixint", "uint8", "int8", "uint16", "uint64"],
)
def test_an_integer_may_have_any_width(turn: bytes) -> None:
    assert ready(turn=turn).turn == 1


def test_a_number_may_be_an_integer_or_a_float_of_32_bits() -> None:
    assert ready(took_ms=b"\x05").took_ms == 5.0
    assert ready(took_ms=b"\xca" + struct.pack(">f", 0.5)).took_ms == 0.5


def test_the_order_of_fields_means_nothing() -> None:
    assert codec.decode(packed(dict(reversed(READY.items())))) == ready()


def test_a_field_with_a_default_may_be_absent_and_an_unknown_one_is_ignored() -> None:
    failed = {"type": "job.failed", "tenant": "t", "session": "s", "at_ms": 1, "stage": "tts"}
    event = codec.decode(packed({**failed, "reason": "gone", "new": {"a": [1]}}))
    assert isinstance(event, events.JobFailed)
    assert (event.turn, event.attempts) == (0, 1)


def test_null_is_none_where_the_schema_says_so_and_an_error_elsewhere() -> None:
    guess = msgspec.to_builtins(sample(events.TranscriptGuess))
    assert getattr(codec.decode(packed(guess, ended=b"\xc0")), "eot_stt", "") is None
    with pytest.raises(codec.BadMessageError, match="turn"):
        ready(turn=b"\xc0")


@pytest.mark.parametrize(
    "pcm", [b"\xc4\x02\x01\x02", b"\xc5\x00\x02\x01\x02", b"\xc6\x00\x00\x00\x02\x01\x02"]
)
def test_sound_is_bin_of_any_width(pcm: bytes) -> None:
    chunk = codec.decode_as(SpeechChunk, packed({"turn": 1, "index": 0, "chunk": 0}, pcm=pcm))
    assert (chunk.pcm, chunk.last) == (b"\x01\x02", False)


def test_our_own_bytes_hold_bin_for_sound_and_str_for_names() -> None:
    data = codec.encode(SpeechChunk(turn=1, index=0, chunk=0, pcm=b"\x01\x02"))
    assert b"\xa3pcm\xc4\x02\x01\x02" in data
