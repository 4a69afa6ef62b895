"""Short messages that need no parser are told from all else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.door.websocket.frame_intake import MOST_DIRECT_BYTES, whole_messages
from edge.door.websocket.unparsed_frames import MOST_FRAMES
from tests.raw_websocket import BINARY, PING, TEXT, frame


@given(st.sampled_from([TEXT, BINARY]), st.integers(1, 4000))
def test_whole_messages_are_told_from_all_else(opcode: int, size: int) -> None:
    sound = frame(opcode, bytes(size), wide=2)
    assert whole_messages(sound) == ([sound], b"")
    assert whole_messages(sound * 3) == ([sound] * 3, b"")
    assert whole_messages(sound + sound[:-1]) == ([sound], sound[:-1])
    assert whole_messages(sound[:8]) == ([], sound[:8])
    long = frame(opcode, bytes(MOST_DIRECT_BYTES), wide=2)
    for other in (
        sound + sound[:5],
        sound + frame(PING),
        long[:-1],
        frame(opcode, bytes(size), wide=2, fin=False),
        frame(opcode, bytes(size), wide=2, masked=False),
        frame(opcode, bytes(size), wide=8),
        frame(PING, bytes(size), wide=2),
    ):
        assert whole_messages(other) is None


def test_many_messages_are_for_the_parser() -> None:
    small, sound = frame(BINARY, bytes(126)), frame(BINARY, bytes(640))
    assert whole_messages(small * MOST_FRAMES)
    for data in (small * (MOST_FRAMES + 1), sound * (MOST_DIRECT_BYTES // len(sound) + 1)):
        assert whole_messages(data) is None
