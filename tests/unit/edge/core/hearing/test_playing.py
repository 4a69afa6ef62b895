"""What the client plays at which time."""

from __future__ import annotations

import numpy as np

from edge.core.client_events import Interrupted, Speech
from edge.core.hearing.framing import FRAME_BYTES, SILENCE
from edge.core.hearing.playing import LINGERS_MS, TAIL_MS, Playing


def piece(value: int, ms: int) -> Speech:
    return Speech(1, "", np.full(ms * 16, value, "<i2").tobytes(), ends=False)


def values(frame: bytes | None) -> list[int]:
    """Return the first and the last sample of *frame*."""
    assert frame is not None
    assert len(frame) == FRAME_BYTES
    samples = np.frombuffer(frame, "<i2")
    return [int(samples[0]), int(samples[-1])]


def test_pieces_are_played_one_after_the_other_however_early_they_come() -> None:
    playing = Playing()
    playing.note_sent(piece(1, 30), 1000)
    playing.note_sent(piece(2, 40), 1000)
    assert values(playing.frame(1020)) == [1, 1]
    assert values(playing.frame(1040)) == [1, 2]
    assert values(playing.frame(1060)) == [2, 2]
    assert values(playing.frame(1080)) == [2, 0]


def test_a_piece_that_comes_after_a_pause_begins_when_it_comes() -> None:
    playing = Playing()
    playing.note_sent(piece(1, 20), 1000)
    playing.note_sent(piece(2, 20), 1030)
    assert values(playing.frame(1020)) == [1, 1]
    assert values(playing.frame(1040)) == [0, 2]


def test_nothing_comes_back_before_a_response_nor_long_after_it() -> None:
    playing = Playing()
    assert playing.frame(1000) is None
    playing.note_sent(piece(1, 20), 1000)
    assert playing.frame(1020 + TAIL_MS) == SILENCE
    assert playing.frame(1040 + TAIL_MS) is None


def test_a_client_that_is_stopped_plays_on_for_a_moment_unless_more_comes() -> None:
    playing, again = Playing(), Playing()
    for one in (playing, again):
        one.note_sent(piece(1, 5000), 1000)
        one.note_sent(Interrupted(1, ""), 1100)
    again.note_sent(piece(2, 100), 1200)
    assert values(playing.frame(1100 + LINGERS_MS)) == [1, 1]
    assert playing.frame(1120 + LINGERS_MS) == SILENCE
    assert playing.frame(1100 + LINGERS_MS + TAIL_MS + 20) is None
    assert values(again.frame(1200)) == [1, 1]
    assert values(again.frame(1220)) == [2, 2]
