"""Messages leave in the order of their numbers; the stream is asked for those that are missing."""

from __future__ import annotations

import random

from runtime.bus.audio_order import MOST_AHEAD_MS, AudioOrder
from schemas.audio import BYTES_PER_MS, AudioFrame

SILENT_S = 0.3


def message(seq: int) -> AudioFrame:
    return AudioFrame(seq=seq, pcm=bytes(640))


def ordered(*came: int) -> AudioOrder:
    order = AudioOrder()
    for seq in came:
        order.put(message(seq))
    return order


def taken(order: AudioOrder) -> list[int]:
    found = []
    while (due := order.next()) is not None:
        found.append(due.seq)
    return found


def test_frames_leave_in_order_however_they_come() -> None:
    numbers = list(range(50))
    random.Random(3).shuffle(numbers)
    assert taken(ordered(*numbers)) == list(range(50))


def test_a_frame_that_comes_twice_leaves_once() -> None:
    order = ordered(0, 1, 1, 0)
    assert taken(order) == [0, 1]
    order.put(message(1))
    order.put(message(2))
    assert taken(order) == [2]


def test_no_frame_after_a_gap_is_returned_before_the_gap_is_filled() -> None:
    order = ordered(0, 2, 3)
    assert taken(order) == [0]
    order.put(message(1))
    assert taken(order) == [1, 2, 3]


def test_a_gap_is_repaired_at_once() -> None:
    order = ordered(0, 2)
    assert not order.needs_repair(0.0)  # message 0 has not been taken yet
    taken(order)
    assert order.needs_repair(0.0)


def test_silence_is_repaired_after_a_while() -> None:
    order = ordered(0)
    taken(order)
    assert not order.needs_repair(0.0)
    assert order.needs_repair(SILENT_S)


def test_a_frame_that_ends_a_silence_needs_no_repair() -> None:
    assert not ordered(0).needs_repair(SILENT_S)


def test_missing_frames_whose_words_are_known_are_not_waited_for() -> None:
    order = AudioOrder(known_ms=200)
    order.put(AudioFrame(seq=2, pcm=bytes(640), from_ms=200))
    assert taken(order) == [2]


def test_missing_frames_whose_words_are_not_known_are_waited_for() -> None:
    order = AudioOrder(known_ms=180)
    order.put(AudioFrame(seq=2, pcm=bytes(640), from_ms=200))
    assert taken(order) == []
    assert order.needs_repair(0.0)


def test_a_gap_before_almost_a_minute_of_audio_counts_as_lost() -> None:
    order, a_second = ordered(0), bytes(1000 * BYTES_PER_MS)
    assert taken(order) == [0]
    for seq in range(2, 2 + MOST_AHEAD_MS // 1000 - 1):
        order.put(AudioFrame(seq=seq, pcm=a_second))
    assert taken(order) == []
    order.put(AudioFrame(seq=1 + MOST_AHEAD_MS // 1000, pcm=a_second))
    assert taken(order) == list(range(2, 2 + MOST_AHEAD_MS // 1000))
