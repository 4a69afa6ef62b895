"""Audio of a caller on `/ws`: recordings, headers and raw samples."""

from __future__ import annotations

import pytest

from runtime.audio.conversion import write_wav
from tests.unit.edge.protocols.connected import Listener
from tests.unit.edge.protocols.conversational_client import chunk, connected, error_of


@pytest.mark.parametrize(
    "frame",
    [
        '{"type": "audio_chunk"}',
        '{"type": "audio_chunk", "audio_data": 7}',
        '{"type": "audio_chunk", "audio_data": "a"}',
        chunk(b"RIFF\x00\x00\x00\x00JUNK"),
        chunk(write_wav(b"12")[:20] + b"\xff" * 24),
    ],
)
def test_bad_audio_is_told_and_the_conversation_goes_on(frame: str) -> None:
    d = connected(started=True)
    error = error_of(d.receive(frame))
    assert error["code"] == "PROCESSING_ERROR"
    assert error["message"].startswith("Audio processing error: ")
    assert Listener().hear(d.receive(chunk(write_wav(b"1234")))) == b"1234"


def test_audio_may_be_wavs_or_one_header_and_raw_pcm_or_raw_pcm() -> None:
    d, listener = connected(started=True), Listener()
    assert listener.hear(d.receive(chunk(write_wav(b"abcd")))) == b"abcd"
    assert listener.hear(d.receive(chunk(b"efgh"))) == b"efgh"
    assert listener.hear(d.receive(b"ijk")) == b"ij"
    assert listener.hear(d.receive(b"l")) == b"kl"


def test_a_wav_that_begins_begins_with_a_whole_sample() -> None:
    d, listener = connected(started=True), Listener()
    assert listener.hear(d.receive(b"abc")) == b"ab"
    assert listener.hear(d.receive(chunk(write_wav(b"defg")))) == b"defg"


def test_a_header_that_comes_alone_is_followed_by_a_whole_sample() -> None:
    d, listener = connected(started=True), Listener()
    assert listener.hear(d.receive(b"abc")) == b"ab"
    assert listener.hear(d.receive(chunk(write_wav(b"")))) == b""
    assert listener.hear(d.receive(b"defg")) == b"defg"


def test_wavs_may_change_their_rate() -> None:
    d, listener = connected(started=True), Listener()
    second = bytes(2 * 8000)
    assert len(listener.hear(d.receive(chunk(write_wav(second, 8000))))) > 29_000
    heard = listener.hear(d.receive(chunk(write_wav(b"abcd"))))
    assert heard.endswith(b"abcd")
