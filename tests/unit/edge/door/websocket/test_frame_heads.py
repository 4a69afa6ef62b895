"""The heads of a client's frames are followed however the stream is cut."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from edge.door.limits.message_memory import LONG_BYTES
from edge.door.websocket.frame_heads import FrameHeads
from tests.raw_websocket import BINARY, CONT, PING, TEXT, frame

FRAMES = st.lists(
    st.builds(
        frame,
        st.sampled_from([TEXT, BINARY, PING]),
        st.binary(max_size=300),
        wide=st.sampled_from([0, 2, 8]),
    ),
    max_size=8,
)


ALL = 1_000_000


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@given(FRAMES, st.lists(st.integers(0, 10_000), max_size=12))
def test_masked_frames_are_never_refused(frames: list[bytes], cuts: list[int]) -> None:
    heads = FrameHeads()
    assert not any(heads.follow(piece, ALL).unmasked for piece in pieces(b"".join(frames), cuts))


@given(FRAMES, st.binary(min_size=1, max_size=200), st.lists(st.integers(0, 10_000), max_size=12))
def test_an_unmasked_frame_is_seen_behind_any_others(
    frames: list[bytes], payload: bytes, cuts: list[int]
) -> None:
    heads = FrameHeads()
    stream = b"".join(frames) + frame(TEXT, payload, masked=False)
    assert any(heads.follow(piece, ALL).unmasked for piece in pieces(stream, cuts))


@given(FRAMES, st.lists(st.integers(0, 10_000), max_size=12))
def test_the_end_of_a_message_is_found(frames: list[bytes], cuts: list[int]) -> None:
    heads = FrameHeads()
    for piece in pieces(b"".join(frames), cuts):
        heads.follow(piece, ALL)
    assert heads.between_messages
    heads.follow(frame(BINARY, bytes(200), fin=False), ALL)
    assert not heads.between_messages
    heads.follow(frame(CONT, bytes(200)) + frame(TEXT, b"hi")[:3], ALL)
    assert not heads.between_messages


def test_what_stands_before_the_unmasked_frame_is_still_read() -> None:
    good = frame(TEXT, b"{}")
    seen = FrameHeads().follow(good + frame(TEXT, b"x", masked=False), ALL)
    assert seen == (len(good), 1, True)


@given(FRAMES, st.integers(1, 4), st.lists(st.integers(0, 10_000), max_size=12))
def test_a_few_frames_are_followed_at_a_time_and_none_is_counted_twice(
    frames: list[bytes], most: int, cuts: list[int]
) -> None:
    heads, counted = FrameHeads(), 0
    for piece in pieces(b"".join(frames), cuts):
        rest = piece
        while rest:
            until, count, unmasked = heads.follow(rest, most)
            assert count <= most
            assert until > 0
            assert not unmasked
            counted, rest = counted + count, rest[until:]
    assert counted == len(frames)


def test_a_long_message_is_followed_to_its_head_before_it_is_read() -> None:
    heads = FrameHeads()
    short, long = frame(TEXT, b"{}"), frame(BINARY, bytes(LONG_BYTES + 1))
    stream = short + long + short
    until, frames, _ = heads.follow(stream, ALL)
    assert (until, frames, heads.unread_bytes, heads.number) == (
        len(short) + 10,
        2,
        LONG_BYTES + 1,
        2,
    )
    until, frames, _ = heads.follow(stream, ALL, until)
    assert (until, frames, heads.unread_bytes, heads.number) == (len(stream), 1, 0, 3)


def test_the_parts_of_a_message_count_together() -> None:
    heads, part = FrameHeads(), bytes(LONG_BYTES // 2 + 1)
    stream = frame(BINARY, part, fin=False) + frame(PING) + frame(CONT, part)
    until, frames, _ = heads.follow(stream, ALL)
    assert (frames, heads.unread_bytes, heads.number) == (3, 2 * len(part), 1)
    assert heads.follow(stream, ALL, until).until == len(stream)
    assert heads.unread_bytes == 0


@given(st.integers(2, 20))
def test_a_message_that_is_complete_is_not_unread_while_a_control_frame_is(cut: int) -> None:
    heads = FrameHeads()
    long, ping = frame(BINARY, bytes(LONG_BYTES + 1)), frame(PING, bytes(15))
    at = heads.follow(long, ALL).until
    assert heads.unread_bytes == LONG_BYTES + 1
    heads.follow(long, ALL, at)
    heads.follow(ping[:cut], ALL)
    assert (heads.unread_bytes, heads.number) == (0, 1)
    heads.follow(ping[cut:] + frame(TEXT, b"hi")[:7], ALL)
    assert (heads.unread_bytes, heads.number) == (2, 2)
