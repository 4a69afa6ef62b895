"""A client says how the samples are laid out that it sends without a header."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edge.core.messages.client_commands import Audio, Begin, Reply
from edge.protocols.client_protocol import Handshake
from edge.protocols.continuous import ContinuousProtocol
from edge.protocols.conversational import ConversationalProtocol
from edge.protocols.pcm_format import FORMATS, pcm_format
from runtime.audio.containers import Container
from runtime.audio.conversion import AudioIn
from runtime.audio.wav import Format
from tests.unit.edge.protocols.connected import Listener

ORIGIN = {"origin": "https://example.com"}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("rate", [8000, "44100", 96_000])
def test_rate_and_format_of_the_query_are_used(rate: int | str, name: str) -> None:
    form, wrong = pcm_format({"rate": rate, "format": name}, 16_000)
    width, encoding = FORMATS[name]
    assert (form, wrong) == (Format(int(rate), 1, width, encoding), [])


def test_the_default_is_16_bit_at_the_operators_rate() -> None:
    assert pcm_format({}, 24_000) == (Format(24_000), [])
    assert pcm_format({"rate": None, "format": None}, 24_000) == (Format(24_000), [])


@pytest.mark.parametrize(
    "rate", ["7999", 96_001, "48k", "", "-8000", 16_000.5, True, [], "٤٨٠٠٠", "9" * 99]
)
def test_a_rate_that_cannot_be_is_told(rate: object) -> None:
    assert pcm_format({"rate": rate}, 16_000) == (
        *(Format(), ["rate must be a whole number from 8000 to 96000"]),
    )


@pytest.mark.parametrize("name", ["opus", "", "S16LE", 5, ["s16le"]])
def test_a_format_that_cannot_be_is_told(name: object) -> None:
    (line,) = pcm_format({"format": name}, 16_000)[1]
    assert line == "format must be one of s16le, s24le, s32le, f32le, mulaw, alaw"


def test_the_continuous_protocol_takes_them_from_its_query() -> None:
    query = {"rate": "8000", "format": "mulaw"}
    for headers in ({}, ORIGIN):
        protocol = ContinuousProtocol(Handshake("conn_0", query, headers))
        (begin,) = protocol.opened()
        assert isinstance(begin, Begin)
        (audio,) = protocol.receive(b"\xff" * 160)
        assert audio == Audio(b"\xff" * 160, Format(8000, 1, 1, "mulaw"))


def test_the_continuous_protocol_tells_those_that_cannot_be_and_goes_on() -> None:
    protocol = ContinuousProtocol(Handshake("conn_0", {"rate": "1", "format": "mp3"}))
    _, *told = protocol.opened()
    assert [one.message["code"] for one in told if isinstance(one, Reply)] == ["INVALID_OPTION"] * 2
    assert protocol.receive(b"abcd") == [Audio(b"abcd", Format())]


def test_a_page_that_says_a_rate_that_cannot_be_is_measured() -> None:
    protocol = ContinuousProtocol(Handshake("conn_0", {"rate": "1"}, ORIGIN))
    assert protocol.receive(b"abcd") == []
    assert protocol.keeps_back


def test_a_page_whose_samples_are_floats_is_measured_by_their_size() -> None:
    protocol = ContinuousProtocol(Handshake("conn_0", {"format": "f32le"}, ORIGIN))
    listener, heard = Listener(), b""
    tone = (np.sin(np.arange(48_000) * 2 * np.pi * 440 / 48_000) / 4).astype("<f4")
    for number in range(50):
        piece = tone[number * 960 : (number + 1) * 960].tobytes()
        heard += listener.hear(protocol.receive(piece, number * 20))
    form = Format(48_000, 1, 4, "float")
    assert len(heard) == len(AudioIn().feed(tone.tobytes(), form))


def test_a_conversation_takes_them_from_its_start() -> None:
    protocol = ConversationalProtocol(Handshake("conn_0"))
    start = {"type": "start_conversation", "rate": 48_000, "format": "f32le"}
    (begin,) = protocol.receive(json.dumps(start))
    assert isinstance(begin, Begin)
    assert protocol.receive(bytes(8)) == [Audio(bytes(8), Format(48_000, 1, 4, "float"))]


def test_a_conversation_with_an_invalid_format_does_not_begin() -> None:
    protocol = ConversationalProtocol(Handshake("conn_0"))
    for wrong in ({"rate": 5}, {"format": "mp3"}):
        (reply,) = protocol.receive(json.dumps({"type": "start_conversation", **wrong}))
        assert isinstance(reply, Reply)
        assert reply.message["code"] == "PROCESSING_ERROR"


@pytest.mark.parametrize("headers", [{}, ORIGIN])
def test_files_are_handed_on_as_they_are_by_either_protocol(headers: dict[str, str]) -> None:
    webm = b"\x1aE\xdf\xa3" + bytes(40)
    conversational = ConversationalProtocol(Handshake("conn_0", {}, headers))
    conversational.receive('{"type": "start_conversation"}')
    for protocol in (conversational, ContinuousProtocol(Handshake("conn_0", {}, headers))):
        assert protocol.receive(webm) == [Audio(webm, Container.WEBM, begins=True)]
        assert protocol.receive(b"more") == [Audio(b"more", Container.WEBM)]
        assert not protocol.keeps_back


def test_a_wav_in_the_continuous_protocol_says_its_own_rate() -> None:
    protocol = ContinuousProtocol(Handshake("conn_0", {}, ORIGIN))
    header = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\0\0\0\0\2\0\x10\0data\0\0\0\0"
    assert protocol.receive(header + b"ab") == [Audio(b"ab", Format(8000), begins=True)]
    (error,) = protocol.receive(b"RIFF0000WAVEfmt \1\0\0\0x")
    assert isinstance(error, Reply)
    assert error.message["code"] == "AUDIO_ERROR"
    assert error.message["details"].startswith("expected a WAV")
