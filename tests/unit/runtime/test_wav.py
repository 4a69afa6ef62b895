"""A WAV's header, however it comes, and those that nobody writes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.audio import AudioReader, write_wav
from runtime.wav import MOST_CHUNKS, Format, NotAudioError, WavHeader, parse_header

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
    assert found == parse_header(whole)
    assert found[0] == Format(8000)


def test_a_header_of_empty_chunks_is_no_header() -> None:
    """It would go on for 8189 chunks, each walked again by every message that follows."""
    assert parse_header(BEGIN + b"junk\0\0\0\0" * MOST_CHUNKS) is None
    with pytest.raises(NotAudioError, match="64 chunks"):
        parse_header(BEGIN + b"junk\0\0\0\0" * (MOST_CHUNKS + 1))


def test_no_part_of_a_header_is_read_twice() -> None:
    header, came = WavHeader(), BEGIN + FMT + b"LIST\x08\0\0\0" + bytes(4)
    assert header.read(came) is None
    spoilt = BEGIN + b"fmt " + bytes(len(came) - 16)  # what was read has changed, and is not seen
    found = header.read(spoilt + bytes(4) + DATA)
    assert found is not None
    assert found[0] == Format(8000)


def test_after_a_broken_header_samples_are_raw_and_a_new_file_may_begin() -> None:
    reader = AudioReader()
    with pytest.raises(NotAudioError):
        reader.feed(BEGIN + b"junk\0\0\0\0" * 100)
    assert reader.feed(b"abcd") == (b"abcd", Format(), False)
    samples, form, begins = reader.feed(write_wav(b"1234", 8000))
    assert (samples, form, begins) == (b"1234", Format(8000), True)
