"""A WAV's header, however it comes, and those that nobody writes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.audio.conversion import AudioReader, write_wav
from runtime.audio.wav import MOST_CHUNKS, Format, NotAudioError, WavHeader

BEGIN = b"RIFF\xff\xff\xff\xffWAVE"
FMT = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
DATA = b"data" + struct.pack("<I", 8) + bytes(8)
CHUNKS = st.lists(
    st.builds(
        lambda body: b"LIST" + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2),
        st.binary(max_size=40),
    ),
    max_size=5,
)


@given(CHUNKS, st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_a_header_in_pieces_is_read_like_a_whole_one(chunks: list[bytes], sizes: list[int]) -> None:
    whole = BEGIN + b"".join(chunks) + FMT + DATA
    header, came, at, found = WavHeader(), b"", 0, None
    while found is None:
        size = sizes[at % len(sizes)]
        came, at = whole[: len(came) + size], at + 1
        found = header.read(came)
    assert found == WavHeader().read(whole)
    assert found[0] == Format(8000)


def test_a_header_of_empty_chunks_is_no_header() -> None:
    """It would go on for 8189 chunks, each walked again by every message that follows."""
    assert WavHeader().read(BEGIN + b"junk\0\0\0\0" * MOST_CHUNKS) is None
    with pytest.raises(NotAudioError, match="64 chunks"):
        WavHeader().read(BEGIN + b"junk\0\0\0\0" * (MOST_CHUNKS + 1))


def test_no_part_of_a_header_is_read_twice() -> None:
    header, came = WavHeader(), BEGIN + FMT + b"LIST\x08\0\0\0" + bytes(4)
    assert header.read(came) is None
    spoilt = BEGIN + b"fmt " + bytes(len(came) - 16)  # what was read has changed, and is not seen
    header_read = header.read(spoilt + bytes(4) + DATA)
    assert header_read is not None
    assert header_read[0] == Format(8000)


def test_after_a_broken_header_samples_are_raw_and_a_new_file_may_begin() -> None:
    reader = AudioReader()
    with pytest.raises(NotAudioError):
        reader.feed(BEGIN + b"junk\0\0\0\0" * 100)
    assert reader.feed(b"abcd") == (b"abcd", Format(), False)
    samples, form, begins = reader.feed(write_wav(b"1234", 8000))
    assert (samples, form, begins) == (b"1234", Format(8000), True)


def wav(fmt: bytes, *chunks: bytes) -> bytes:
    return BEGIN + b"fmt " + struct.pack("<I", len(fmt)) + fmt + b"".join(chunks)


def fmt(tag: int = 1, channels: int = 1, rate_hz: int = 8000, bits: int = 16) -> bytes:
    return struct.pack("<HHIIHH", tag, channels, rate_hz, 0, 0, bits)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"OggS", "begins with RIFF"),
        (b"RIFF\0\0\0\0AVI ", "begins with RIFF"),
        (wav(bytes(8), DATA), "16 bytes at least"),
        (BEGIN + DATA + FMT, "comes before its data"),
        (wav(fmt(tag=2), DATA), "not format 2"),
        (wav(fmt(bits=12), DATA), "not 12 bits"),
        (wav(fmt(bits=40), DATA), "8 or 16 or 24 or 32 bits a sample of pcm, not 40"),
        (wav(fmt(tag=3), DATA), "32 or 64 bits a sample of float, not 16"),
        (wav(fmt(rate_hz=3999), DATA), "not 3999"),
        (wav(fmt(channels=9), DATA), "not 9"),
        (wav(fmt(channels=0), DATA), "not 0"),
        (wav(fmt(tag=6), DATA), "8 bits a sample of alaw, not 16"),
        (wav(fmt(tag=7), DATA), "8 bits a sample of mulaw, not 16"),
        (BEGIN + b"LIST" + struct.pack("<I", 70_000), "first 64 KiB"),
    ],
)
def test_what_is_no_wav_that_can_be_read_is_told_by_what_was_expected(
    data: bytes, why: str
) -> None:
    with pytest.raises(NotAudioError, match=why):
        WavHeader().read(data)


def test_a_format_that_nothing_decodes_cannot_be_made() -> None:
    with pytest.raises(NotAudioError, match="8 bits a sample of mulaw, not 16"):
        Format(8000, encoding="mulaw")


def test_an_extensible_header_names_its_encoding_further_back() -> None:
    extension = struct.pack("<HHIH14x", 22, 32, 4, 3)  # floats
    head = wav(fmt(tag=0xFFFE, channels=2, rate_hz=48_000, bits=32) + extension, DATA)
    header_read = WavHeader().read(head)
    assert header_read == (Format(48_000, 2, 4, "float"), len(head) - 8, 8)
    assert (header_read[0].frame_bytes, header_read[0].bytes_per_second) == (8, 384_000)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_samples_of_an_unknown_length_go_on_to_the_end(size: int) -> None:
    data = BEGIN + FMT + b"data" + struct.pack("<I", size)
    assert WavHeader().read(data) == (Format(8000), len(data), -1)


@pytest.mark.parametrize("length", [0, 3, 12, 19, 30, 43])
def test_too_little_of_a_header_tells_nothing_yet(length: int) -> None:
    assert WavHeader().read((BEGIN + FMT + DATA)[:length]) is None


@given(st.binary(max_size=200))
def test_no_header_is_a_fault_of_ours(tail: bytes) -> None:
    for data in (tail, b"RIFF" + tail, b"RIFF\0\0\0\0WAVEfmt " + tail):
        try:
            WavHeader().read(data)
        except NotAudioError:
            continue
