"""Messages are packed and read back; other bytes are refused, and newer fields are left out."""

import msgpack
import pytest

from schemas import codec
from schemas.audio import AudioFrame, SpeechChunk
from schemas.events import SCHEMA_VERSION, AnswerReached

EVENT = AnswerReached(tenant="t", session="s", at_ms=5, turn=1, index=2)


def test_an_event_is_read_back_as_its_type() -> None:
    assert codec.decode(codec.encode(EVENT)) == EVENT


def test_audio_stays_bytes() -> None:
    frame = AudioFrame(seq=3, pcm=b"\x00\xff" * 10)
    assert msgpack.unpackb(codec.encode(frame))["pcm"] == frame.pcm
    assert codec.decode_as(AudioFrame, codec.encode(frame)) == frame


def test_fields_of_a_newer_version_are_left_out() -> None:
    fields = msgpack.unpackb(codec.encode(EVENT)) | {"colour": "red"}
    assert codec.decode(msgpack.packb(fields)) == EVENT


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"\x91" * 5000,
        msgpack.packb([1]),
        msgpack.packb({"type": "no.such.event"}),
        msgpack.packb(msgpack.unpackb(codec.encode(EVENT)) | {"turn": "one"}),
        codec.encode(AudioFrame(seq=0, pcm=b"")),
    ],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(codec.BadMessageError):
        codec.decode(data)


def test_an_event_of_a_newer_version_is_told_from_damage() -> None:
    newer = msgpack.packb({"type": "turn.imagined", "tenant": "t", "session": "s", "at_ms": 5})
    with pytest.raises(codec.UnknownTypeError, match=r"turn\.imagined"):
        codec.decode(newer)
    assert codec.readable(newer) is None
    damaged = msgpack.packb(msgpack.unpackb(codec.encode(EVENT)) | {"turn": "one"})
    for data in (damaged, b"", newer[:-1], msgpack.packb({"type": ["turn.taken"]})):
        with pytest.raises(codec.BadMessageError) as refused:
            codec.decode(data)
        assert not isinstance(refused.value, codec.UnknownTypeError)


def test_a_message_of_another_type_is_refused() -> None:
    with pytest.raises(codec.BadMessageError):
        codec.decode_as(SpeechChunk, codec.encode(AudioFrame(seq=0, pcm=b"")))


def test_the_headers_name_the_event_its_type_and_the_version() -> None:
    assert codec.headers(EVENT) == {
        "Nats-Msg-Id": EVENT.id,
        "Aura-Type": "answer.reached",
        "Aura-Schema": str(SCHEMA_VERSION),
    }
