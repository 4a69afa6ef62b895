"""A sentence's audio becomes chunks of fixed lengths: the first one early, none too large."""

from collections.abc import Iterator
from itertools import accumulate, count, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.audio.wav import Format
from schemas.audio import BYTES_PER_MS, FIRST_CHUNK_MS
from workers.engines.tts.openai_rest import converted
from workers.tts.speech_chunks import (
    GROWING_CHUNKS_MS,
    MOST_CHUNK_BYTES,
    ChunkCutter,
    chunks_of,
    next_audio,
)


def sound(ms: int) -> bytes:
    """Return audio of which no two milliseconds are alike."""
    return b"".join(number.to_bytes(4, "little") * (BYTES_PER_MS // 4) for number in range(ms))


def in_pieces(audio: bytes, size: int) -> Iterator[bytes]:
    return (audio[at : at + size] for at in range(0, len(audio), size))


@given(st.lists(st.integers(0, 90_000), max_size=8))
def test_the_chunks_are_the_audio_in_order_whatever_the_pieces(sizes: list[int]) -> None:
    pcm = sound(sum(sizes) // BYTES_PER_MS + 1)[: sum(sizes)]
    pieces = [pcm[start:end] for start, end in pairwise(accumulate(sizes, initial=0))]
    chunks = [*chunks_of(iter(pieces))]
    assert b"".join(chunks) == pcm
    assert all(0 < len(chunk) <= MOST_CHUNK_BYTES for chunk in chunks)
    assert chunks == [*chunks_of(iter([pcm]))], "a redelivered job sends the same chunks"


@pytest.mark.parametrize("sizes", [(1500, 8192), (1, 96_000), (6400, 6401)])
def test_a_sound_that_arrives_in_other_pieces_has_the_same_chunks(sizes: tuple[int, int]) -> None:
    """The edge joins the chunks of two tries by number: 576 of these bytes were lost once."""
    first, second = (list(chunks_of(in_pieces(sound(3000), size))) for size in sizes)
    assert first == second
    for broke_off in range(len(first)):
        assert b"".join(first[:broke_off] + second[broke_off:]) == sound(3000)


def test_a_server_whose_network_reads_differ_has_the_same_chunks() -> None:
    at = np.arange(24_000 * 2)
    raw = (np.sin(at / 20) * 12_000).astype("<i2").tobytes()
    read = [
        list(chunks_of(converted(in_pieces(raw, size), Format(24_000))))
        for size in (1500, 8192, 4097, len(raw))
    ]
    assert len(read[0]) > 5
    assert all(chunks == read[0] for chunks in read)


def test_the_first_chunk_leaves_as_soon_as_it_has_enough() -> None:
    cutter = ChunkCutter()
    assert cutter.wanted == FIRST_CHUNK_MS * BYTES_PER_MS
    assert not [*cutter.cut(sound(FIRST_CHUNK_MS))], "it may be the last one"
    (first,) = cutter.cut(b"ab")
    assert len(first) == FIRST_CHUNK_MS * BYTES_PER_MS
    assert cutter.rest == b"ab"


def test_a_chunk_is_half_as_long_as_those_before_it_and_a_second_at_most() -> None:
    until = 0
    for ms in GROWING_CHUNKS_MS:
        assert not until or ms == pytest.approx(until / 2, abs=1)
        until += ms
    sizes = [len(chunk) // BYTES_PER_MS for chunk in chunks_of(iter([sound(until + 2600)]))]
    assert sizes == [*GROWING_CHUNKS_MS, 1000, 1000, 600]
    assert MOST_CHUNK_BYTES == 1000 * BYTES_PER_MS


def test_a_sentence_that_ends_with_a_chunk_has_no_empty_one() -> None:
    assert [*chunks_of(iter([sound(FIRST_CHUNK_MS)]))] == [sound(FIRST_CHUNK_MS)]


def test_a_sound_shorter_than_a_chunk_is_still_a_chunk_and_nothing_is_none() -> None:
    assert [*chunks_of(iter([b"ab"]))] == [b"ab"]
    assert [*chunks_of(iter([]))] == [*chunks_of(iter([b""]))] == []


def test_an_engine_is_asked_for_no_more_than_a_chunk_needs() -> None:
    """The engine computes as it is asked: the first chunk must not wait for the second."""
    asked = count()
    pieces = (bytes(10) for _ in asked)
    assert next_audio(pieces, 25) == bytes(30)
    assert next(asked) == 3
    assert next_audio(iter([bytes(10)]), 25) == bytes(10)
    assert next_audio(iter([]), 25) == b""
