"""What the client plays at which time."""

from __future__ import annotations

import numpy as np

from edge.core.hearing.echo import LINGERS_MS
from edge.core.hearing.framing import FRAME_BYTES, SILENCE
from edge.core.hearing.playing import TAIL_MS, Playing, Playout
from edge.core.messages.client_events import Interrupted, Speech


def piece(value: int, ms: int) -> Speech:
    return Speech(1, "", np.full(ms * 16, value, "<i2").tobytes(), ends=False)


def values(frame: bytes | None) -> list[int]:
    """Return the first and the last sample of *frame*."""
    assert frame is not None
    assert len(frame) == FRAME_BYTES
    samples = np.frombuffer(frame, "<i2")
    return [int(samples[0]), int(samples[-1])]


def test_pieces_are_played_one_after_the_other_however_early_they_come() -> None:
    playing = Playing(LINGERS_MS)
    playing.note_sent(piece(1, 30), 1000)
    playing.note_sent(piece(2, 40), 1000)
    assert values(playing.frame(1020)) == [1, 1]
    assert values(playing.frame(1040)) == [1, 2]
    assert values(playing.frame(1060)) == [2, 2]
    assert values(playing.frame(1080)) == [2, 0]


def test_a_piece_that_comes_after_a_pause_begins_when_it_comes() -> None:
    playing = Playing(LINGERS_MS)
    playing.note_sent(piece(1, 20), 1000)
    playing.note_sent(piece(2, 20), 1030)
    assert values(playing.frame(1020)) == [1, 1]
    assert values(playing.frame(1040)) == [0, 2]


def test_nothing_comes_back_before_a_response_nor_long_after_it() -> None:
    playing = Playing(LINGERS_MS)
    assert playing.frame(1000) is None
    playing.note_sent(piece(1, 20), 1000)
    assert playing.frame(1020 + TAIL_MS) == SILENCE
    assert playing.frame(1040 + TAIL_MS) is None


def test_a_client_that_is_stopped_plays_on_for_a_moment_unless_more_comes() -> None:
    playing, again = Playing(LINGERS_MS), Playing(LINGERS_MS)
    for one in (playing, again):
        one.note_sent(piece(1, 5000), 1000)
        one.note_sent(Interrupted(1, ""), 1100)
    again.note_sent(piece(2, 100), 1200)
    assert values(playing.frame(1100 + LINGERS_MS)) == [1, 1]
    assert playing.frame(1120 + LINGERS_MS) == SILENCE
    assert playing.frame(1100 + LINGERS_MS + TAIL_MS + 20) is None
    assert values(again.frame(1200)) == [1, 1]
    assert values(again.frame(1220)) == [2, 2]


def test_the_audio_that_is_left_is_that_which_was_not_played_yet() -> None:
    playout = Playout()
    assert (playout.add(32 * 500, 1000), playout.add(32 * 300, 1100)) == (1000, 1500)
    assert (playout.until_ms, playout.left_bytes(1600)) == (1800, 32 * 200)
    assert playout.left_bytes(1900) == 0
    assert playout.add(32 * 10, 1900) == 1900


def test_a_client_that_stops_at_once_keeps_no_more_than_it_has_played() -> None:
    playing = Playing()
    for now_ms in (1000, 1010):
        playing.note_sent(piece(1, 100), now_ms)
    playing.note_sent(Interrupted(1, ""), 1140)
    playing.note_sent(piece(2, 50), 1200)
    assert [(at_ms, len(pcm) // 32) for at_ms, pcm in playing.pieces] == [
        (1000, 100),
        (1100, 40),
        (1200, 50),
    ]


def test_the_rest_of_a_piece_below_a_millisecond_is_recorded_and_shifts_no_echo() -> None:
    recorded, echo = Playing(), Playing(LINGERS_MS)
    odd = Speech(1, "", piece(1, 10).pcm + bytes(8), ends=False)
    for playing in (recorded, echo):
        playing.note_sent(odd, 1000)
        playing.note_sent(piece(2, 10), 1000)
    assert [len(pcm) for _, pcm in recorded.pieces] == [328, 320]
    assert echo.frame(1020) == piece(1, 10).pcm + piece(2, 10).pcm


def test_pieces_before_a_frame_are_dropped_and_the_last_stays_for_its_echo() -> None:
    playing = Playing(LINGERS_MS)
    for now_ms in range(1000, 1100, 20):
        playing.note_sent(piece(1, 20), now_ms)
    playing.frame(1080)
    assert [at_ms for at_ms, _ in playing.pieces] == [1060, 1080]
    playing.frame(1100 + TAIL_MS)
    assert [at_ms for at_ms, _ in playing.pieces] == [1080]
    playing.frame(1101 + TAIL_MS)
    assert not playing.pieces
