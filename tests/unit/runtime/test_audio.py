"""Sound of any form becomes ours, in pieces of any size."""

from __future__ import annotations

import io
import struct
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.audio import (
    Format,
    NotAudioError,
    PcmStream,
    WavStream,
    parse_header,
    read_wav,
    resample,
    write_wav,
)

TONE = (np.sin(np.arange(16000) * 2 * np.pi * 440 / 16000) * 9000).astype("<i2")


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
        case _:
            data, width, tag = wave_.astype("<f8").tobytes(), 8, 3
    fmt = struct.pack(
        "<HHIIHH", tag, channels, rate, rate * channels * width, channels * width, width * 8
    )
    body = b"WAVEfmt " + struct.pack("<I", 16) + fmt + b"LIST\4\0\0\0INFO"
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("kind", ["u8", "i16", "i24", "i32", "f32", "f64"])
@pytest.mark.parametrize(("rate", "channels"), [(16000, 1), (8000, 1), (44100, 2), (48000, 6)])
def test_every_format_becomes_the_same_tone(rate: int, channels: int, kind: str) -> None:
    pcm = np.frombuffer(read_wav(encoded(rate, channels, kind)), "<i2").astype(float)
    assert abs(len(pcm) - 16000) < 200
    peak = np.abs(np.fft.rfft(pcm[2000:14000]))
    assert abs(np.argmax(peak) * 16000 / 12000 - 440) < 3
    assert abs(np.abs(pcm).max() - 8850) < 700


def test_what_we_write_others_read_and_so_do_we() -> None:
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
def test_what_is_no_recording_is_refused(data: bytes) -> None:
    with pytest.raises(NotAudioError):
        read_wav(data)


@pytest.mark.parametrize(
    "fmt",
    [(2, 1, 16000, 16), (1, 0, 16000, 16), (1, 1, 100, 16), (1, 1, 16000, 12), (3, 1, 8000, 16)],
)
def test_formats_that_nobody_speaks_in_are_named(fmt: tuple[int, int, int, int]) -> None:
    tag, channels, rate, bits = fmt
    head = struct.pack("<HHIIHH", tag, channels, rate, 0, 0, bits)
    data = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + head + b"data\4\0\0\0abcd"
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


def test_wavs_one_header_and_raw_pcm_in_any_chunks() -> None:
    stream = WavStream()
    assert stream.feed(b"abcd") == b"abcd"
    assert stream.feed(write_wav(b"efgh")) == b"efgh"
    assert stream.feed(b"ijkl") == b"ijkl"
    header = write_wav(b"")
    assert stream.feed(header[:20]) == b""
    assert stream.feed(header[20:] + b"mn") == b"mn"
    with pytest.raises(NotAudioError):
        stream.feed(b"RIFF0000WAVEfmt \1\0\0\0x")
    assert stream.feed(b"op") == b"op"


@given(st.binary(max_size=200))
def test_no_header_is_a_fault_of_ours(tail: bytes) -> None:
    for data in (tail, b"RIFF" + tail, b"RIFF\0\0\0\0WAVEfmt " + tail):
        try:
            parse_header(data)
        except NotAudioError:
            continue


def test_resampling_to_the_same_rate_is_no_work() -> None:
    pcm = TONE.tobytes()
    assert resample(pcm, 16000, 16000) is pcm
    assert abs(len(resample(pcm, 16000, 8000)) - len(pcm) // 2) < 8
