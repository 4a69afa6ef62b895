"""A sentence's audio becomes chunks: the first one early, the last one at hand, none too large."""

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from schemas.audio import BYTES_PER_MS, FIRST_CHUNK_MS
from workers.tts.speech_chunks import (
    LATER_CHUNK_BYTES,
    MOST_CHUNK_BYTES,
    TAIL_BYTES,
    ChunkCutter,
    chunks_of,
    next_audio,
)

FIRST_MS = FIRST_CHUNK_MS + TAIL_BYTES // BYTES_PER_MS


def sound(ms: int) -> bytes:
    """Return audio of which no two milliseconds are alike."""
    return b"".join(number.to_bytes(4, "little") * (BYTES_PER_MS // 4) for number in range(ms))


@given(st.lists(st.integers(0, 90_000), max_size=8))
def test_the_chunks_are_the_audio_in_order_whatever_the_pieces(sizes: list[int]) -> None:
    pcm = sound(sum(sizes) // BYTES_PER_MS + 1)[: sum(sizes)]
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    pieces = [pcm[at : at + size] for at, size in zip(starts, sizes, strict=True)]
    chunks = [*chunks_of(iter(pieces))]
    assert b"".join(chunks) == pcm
    assert all(0 < len(chunk) <= MOST_CHUNK_BYTES for chunk in chunks)
    assert all(len(chunk) >= LATER_CHUNK_BYTES - TAIL_BYTES for chunk in chunks[1:-1])


def test_the_first_chunk_leaves_as_soon_as_it_has_enough() -> None:
    cutter = ChunkCutter()
    assert cutter.wanted == FIRST_MS * BYTES_PER_MS
    assert not [*cutter.cut(sound(FIRST_MS))], "nothing would be kept back but the tail"
    (first,) = cutter.cut(sound(1))
    assert len(first) == (FIRST_CHUNK_MS + 1) * BYTES_PER_MS
    assert len(cutter.rest) == TAIL_BYTES


def test_later_chunks_wait_for_more_audio_than_the_first_one() -> None:
    cutter = ChunkCutter()
    assert [*cutter.cut(sound(300))]
    assert cutter.wanted == LATER_CHUNK_BYTES - TAIL_BYTES
    assert not [*cutter.cut(sound(490))]
    assert len([*cutter.cut(sound(20))]) == 1


def test_audio_at_once_is_cut_into_chunks_of_the_largest_size() -> None:
    sizes = [len(chunk) for chunk in chunks_of(iter([sound(2600)]))]
    assert sizes == [MOST_CHUNK_BYTES] * 2 + [600 * BYTES_PER_MS - TAIL_BYTES, TAIL_BYTES]


def test_a_sound_shorter_than_the_tail_is_still_a_chunk_and_nothing_is_none() -> None:
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
