"""Sound of any form becomes ours, in pieces of any size."""

from __future__ import annotations

import functools
import io
import struct
import wave
from collections.abc import Callable
from queue import SimpleQueue

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from runtime.audio.containers import Container
from runtime.audio.conversion import AudioIn, AudioOut, AudioReader, PcmStream, read_wav, write_wav
from runtime.audio.resampling import kept_back
from runtime.audio.wav import Encoding, Format, NotAudioError

TONE = (np.sin(np.arange(16000) * 2 * np.pi * 440 / 16000) * 9000).astype("<i2")


def g711(wave_: NDArray[np.float64], law: Callable[[int], int]) -> bytes:
    """Encode a wave, which is the same in all channels."""
    samples = (wave_[:, 0] * 32767).astype(int).tolist()
    return b"".join(bytes([law(sample)]) * wave_.shape[1] for sample in samples)


@functools.cache
def mulaw(sample: int) -> int:
    """Encode a sample of 16 bit by G.711."""
    size = min(abs(sample), 32635) + 132
    exponent = size.bit_length() - 8
    code = exponent << 4 | size >> exponent + 3 & 15
    return code ^ 0x7F if sample < 0 else code ^ 0xFF


@functools.cache
def alaw(sample: int) -> int:
    """Encode a sample of 16 bit by G.711."""
    size = min(abs(sample), 32767) >> 3
    exponent = max(0, size.bit_length() - 5)
    code = exponent << 4 | size >> max(1, exponent) & 15
    return code ^ 0x55 if sample < 0 else code ^ 0xD5


def encoded(rate: int, channels: int, kind: str) -> bytes:
    """A second of a 440 Hz tone as a WAV."""
    t = np.arange(rate) / rate
    wave_ = np.repeat((np.sin(t * 2 * np.pi * 440) * 0.27)[:, None], channels, 1)
    tag, data = 1, b""
    match kind:
        case "u8":
            data, width = (wave_ * 127 + 128).astype(np.uint8).tobytes(), 1
        case "i16":
            data, width = (wave_ * 32767).astype("<i2").tobytes(), 2
        case "i24":
            wide = (wave_ * 8388607).astype("<i4").reshape(-1)
            data, width = wide.view(np.uint8).reshape(-1, 4)[:, :3].tobytes(), 3
        case "i32":
            data, width = (wave_ * 2147483647).astype("<i4").tobytes(), 4
        case "f32":
            data, width, tag = wave_.astype("<f4").tobytes(), 4, 3
        case "alaw":
            data, width, tag = g711(wave_, alaw), 1, 6
        case "mulaw":
            data, width, tag = g711(wave_, mulaw), 1, 7
        case _:
            data, width, tag = wave_.astype("<f8").tobytes(), 8, 3
    fmt = struct.pack(
        "<HHIIHH", tag, channels, rate, rate * channels * width, channels * width, width * 8
    )
    body = b"WAVEfmt " + struct.pack("<I", 16) + fmt + b"LIST\4\0\0\0INFO"
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("kind", ["u8", "i16", "i24", "i32", "f32", "f64", "mulaw", "alaw"])
@pytest.mark.parametrize(("rate", "channels"), [(16000, 1), (8000, 1), (44100, 2), (48000, 6)])
def test_every_format_becomes_the_same_tone(rate: int, channels: int, kind: str) -> None:
    pcm = np.frombuffer(read_wav(encoded(rate, channels, kind)), "<i2").astype(float)
    assert abs(len(pcm) - 16000) < 200
    peak = np.abs(np.fft.rfft(pcm[2000:14000]))
    assert abs(np.argmax(peak) * 16000 / 12000 - 440) < 3
    assert abs(np.abs(pcm).max() - 8850) < 700


def test_written_wavs_are_readable_here_and_by_other_libraries() -> None:
    data = write_wav(TONE.tobytes())
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (16000, 1, 16000)
    assert read_wav(data) == TONE.tobytes()


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"x", b"RIFF", b"OggS" + bytes(99), write_wav(b"")[:30], write_wav(b"")),
        encoded(16000, 1, "i16")[:22] + bytes([0, 0]) + bytes(400),
    ],
)
def test_bytes_that_are_no_recording_are_refused(data: bytes) -> None:
    with pytest.raises(NotAudioError):
        read_wav(data)


@given(
    st.lists(st.integers(1, 700), min_size=1, max_size=80), st.sampled_from([8000, 16000, 44100])
)
def test_a_stream_cut_anywhere_is_the_same_stream(sizes: list[int], rate: int) -> None:
    whole, stream = PcmStream(Format(rate)), PcmStream(Format(rate))
    data, pieces, at = TONE.tobytes(), b"", 0
    for size in sizes:
        pieces += stream.feed(data[at : at + size])
        at += size
    cut = np.frombuffer(pieces + stream.flush(), "<i2").astype(int)
    once = np.frombuffer(whole.feed(data[:at]) + whole.flush(), "<i2").astype(int)
    assert len(cut) == len(once)
    assert np.abs(cut - once).max(initial=0) <= 2, "the resampler dithers its last bit"


class Client:
    """A client that sends WAVs, at its connection."""

    def __init__(self) -> None:
        self._reader, self._audio_in = AudioReader(), AudioIn()

    def sends(self, chunk: bytes) -> bytes:
        samples, form, begins = self._reader.feed(chunk)
        return self._audio_in.feed(samples, form, begins=begins)


def test_wavs_one_header_and_raw_pcm_in_any_chunks() -> None:
    client = Client()
    assert client.sends(b"abcd") == b"abcd"
    assert client.sends(write_wav(b"efgh")) == b"efgh"
    assert client.sends(b"ijkl") == b"ijkl"
    header = write_wav(b"")
    assert client.sends(header[:20]) == b""
    assert client.sends(header[20:] + b"mn") == b"mn"
    with pytest.raises(NotAudioError):
        client.sends(b"RIFF0000WAVEfmt \1\0\0\0x")
    assert client.sends(b"op") == b"op"


def test_chunks_after_a_wav_have_its_format_and_after_a_broken_one_are_raw() -> None:
    reader = AudioReader(Format(rate_hz=24000))
    assert reader.feed(b"ab") == (b"ab", Format(rate_hz=24000), False)
    assert reader.feed(write_wav(b"cd", 8000)) == (b"cd", Format(rate_hz=8000), True)
    assert reader.feed(b"ef") == (b"ef", Format(rate_hz=8000), False)
    with pytest.raises(NotAudioError):
        reader.feed(b"RIFF0000WAVEfmt \1\0\0\0x")
    assert reader.feed(b"gh") == (b"gh", Format(rate_hz=24000), False)


def test_an_endless_header_is_no_wav() -> None:
    reader = AudioReader()
    endless = write_wav(b"")[:36] + b"LIST" + (70_000).to_bytes(4, "little")
    with pytest.raises(NotAudioError):
        reader.feed(endless)
    assert reader.feed(b"ab") == (b"ab", Format(), False)


@pytest.mark.parametrize(
    ("encoding", "values"),
    [
        ("mulaw", {0xFF: 0, 0x7F: 0, 0x00: -32124, 0x80: 32124, 0xFE: 8, 0x7E: -8, 0xEF: 132}),
        ("alaw", {0xD5: 8, 0x55: -8, 0x2A: -32256, 0xAA: 32256, 0xD4: 24, 0xC5: 264, 0x45: -264}),
    ],
)
def test_a_telephones_codes_stand_for_the_standards_values(
    encoding: Encoding, values: dict[int, int]
) -> None:
    stream = PcmStream(Format(width=1, encoding=encoding))
    assert np.frombuffer(stream.feed(bytes(values)), "<i2").tolist() == list(values.values())


@pytest.mark.parametrize("encoding", ["mulaw", "alaw"])
def test_every_g711_code_survives_a_round_trip(encoding: Encoding) -> None:
    codes = bytes(code for code in range(256) if (encoding, code) != ("mulaw", 0x7F))  # minus 0
    samples = np.frombuffer(PcmStream(Format(width=1, encoding=encoding)).feed(codes), "<i2")
    encode = mulaw if encoding == "mulaw" else alaw
    assert bytes(encode(int(sample)) for sample in samples) == codes


def test_audio_goes_on_after_a_change_of_format() -> None:
    audio, heard = AudioIn(), b""
    for rate in (16000, 8000, 48000, 16000):
        second = (np.sin(np.arange(rate) * 2 * np.pi * 440 / rate) * 9000).astype("<i2").tobytes()
        heard += audio.feed(second, Format(rate_hz=rate))
    samples = np.frombuffer(heard, "<i2").astype(float)
    led = kept_back(8000, 16000) + kept_back(48000, 16000)
    assert len(samples) - led == pytest.approx(4 * 16000, abs=20), "what was kept back is told, too"
    for at in range(0, 64000, 16000):
        part = samples[at + 2000 : at + 14000]
        assert abs(np.abs(np.fft.rfft(part)).argmax() * 16000 / len(part) - 440) < 3
    telephone = audio.feed(b"\xff" * 8000, Format(8000, 1, 1, "mulaw"))
    assert len(telephone) == pytest.approx(32000, abs=3000)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 24_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("message_ms", [20, 40, 100])
def test_frames_are_complete_with_the_message_that_ends_them(rate_hz: int, message_ms: int) -> None:
    audio, form, sent, heard = AudioIn(), Format(rate_hz), 0, 0
    for number in range(1, 50):
        until = rate_hz * message_ms * number // 1000 + (rate_hz * message_ms * number % 1000 > 0)
        heard += len(audio.feed(bytes(2 * (until - sent)), form)) // 2
        sent = until
        assert 0 <= heard - 16 * message_ms * number <= kept_back(rate_hz, 16_000) + 1


def test_half_a_sample_waits_unless_something_begins() -> None:
    audio, form = AudioIn(), Format()
    assert audio.feed(b"abc", form) == b"ab"
    assert audio.feed(b"d", form) == b"cd"
    assert audio.feed(b"efg", form) == b"ef"
    assert audio.feed(b"hi", form, begins=True) == b"hi"
    assert audio.feed(b"jkl", form) == b"jk"
    assert audio.feed(b"\x80" * 2, Format(width=1, encoding="mulaw")) == b"\x7c\x7d" * 2


def test_resampling_to_the_same_rate_is_no_work() -> None:
    pcm = TONE.tobytes()
    assert AudioOut(16000).feed(pcm) is pcm
    assert AudioIn().feed(pcm, Format()) is pcm
    assert abs(len(AudioOut(8000).feed(pcm)) - len(pcm) // 2) < 8


def test_the_pieces_of_a_stream_for_the_client_join_and_an_interrupted_rest_is_dropped() -> None:
    pcm = TONE.tobytes()
    out = AudioOut(8000)
    pieces = b"".join(out.feed(pcm[at : at + 640], more=True) for at in range(0, len(pcm), 640))
    whole = pieces + out.feed(b"")
    assert len(whole) == len(pcm) // 2
    assert len(pieces) < len(whole), "some ms are kept back while more follows"
    out.feed(pcm[:640], more=True)
    out.drop()
    assert out.feed(b"") == b""


def test_a_new_resampler_is_foreseen_where_the_rate_is_new() -> None:
    audio = AudioIn()
    telephone = Format(8000)
    for form, data, makes in (
        (Format(), b"ab", False),
        (telephone, b"", False),
        (Container.OGG, b"OggS", False),
        (telephone, b"ab", True),
    ):
        assert audio.makes_resampler(form, data) is makes
    audio.feed(b"ab", telephone)
    assert not audio.makes_resampler(telephone, b"ab")
    assert audio.makes_resampler(Format(24_000), b"ab")


def test_a_file_goes_to_the_decoder_and_ends_the_stream_before_it() -> None:
    told: SimpleQueue[str] = SimpleQueue()
    audio = AudioIn(fail=told.put)
    assert audio.waiting_bytes == 0
    begun = audio.feed(TONE.tobytes()[:1600], Format(8000))
    rest = audio.feed(b"fLaC" + bytes(60), Container.FLAC, begins=True)
    assert len(begun + rest) > 2 * 1600 - 8, "what the resampler kept back is returned"
    assert audio.feed(bytes(60), Container.FLAC) == b""
    assert audio.feed(b"abcd", Format()) == b"abcd"
    assert told.get(timeout=10).startswith("FLAC that ")
    audio.close()
    assert audio.waiting_bytes == 0


def test_a_file_begins_a_container_and_later_chunks_go_on_with_it() -> None:
    reader = AudioReader()
    assert reader.is_raw
    assert reader.feed(b"fLaC" + bytes(8)) == (b"fLaC" + bytes(8), Container.FLAC, True)
    assert reader.feed(b"abcd") == (b"abcd", Container.FLAC, False)
    assert not reader.is_raw
    assert reader.feed(write_wav(b"ef")[:20]) == (b"", Container.FLAC, False)
    assert reader.feed(b"") == (b"", Container.FLAC, False)
    assert reader.feed(write_wav(b"ef")[20:]) == (b"ef", Format(), True)


def test_a_recording_may_be_too_long() -> None:
    assert read_wav(write_wav(bytes(32_000)), most_s=1) == bytes(32_000)
    with pytest.raises(NotAudioError, match=r"0\.5 s of sound at most"):
        read_wav(write_wav(bytes(32_000)), most_s=0.5)


def test_numbers_that_are_none_are_silence_and_too_large_ones_are_cut() -> None:
    values = np.array([np.nan, np.inf, -np.inf, 0.5], "<f4").tobytes()
    stream = PcmStream(Format(width=4, encoding="float"))
    assert np.frombuffer(stream.feed(values), "<i2").tolist() == [0, 32767, -32768, 16383]
    assert not stream.resamples
    assert stream.lead == b""
