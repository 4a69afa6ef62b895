"""Frames leave in the order of their numbers; the stream is asked for those that are missing."""

from __future__ import annotations

import random

from runtime.bus.utterance_frames import REPAIR_S, FrameOrder
from schemas.audio import AudioFrame


def frame(seq: int) -> AudioFrame:
    return AudioFrame(seq=seq, pcm=bytes(640))


def ordered(*came: int) -> FrameOrder:
    order = FrameOrder()
    for seq in came:
        order.put(frame(seq))
    return order


def taken(order: FrameOrder) -> list[int]:
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
    order.put(frame(1))
    order.put(frame(2))
    assert taken(order) == [2]


def test_no_frame_after_a_gap_is_returned_before_the_gap_is_filled() -> None:
    order = ordered(0, 2, 3)
    assert taken(order) == [0]
    order.put(frame(1))
    assert taken(order) == [1, 2, 3]


def test_a_gap_is_repaired_at_once() -> None:
    order = ordered(0, 2)
    assert not order.needs_repair(0.0)  # frame 0 has not been taken yet
    taken(order)
    assert order.needs_repair(0.0)


def test_silence_is_repaired_after_a_while() -> None:
    order = ordered(0)
    taken(order)
    assert not order.needs_repair(0.0)
    assert order.needs_repair(REPAIR_S)


def test_a_frame_that_ends_a_silence_needs_no_repair() -> None:
    assert not ordered(0).needs_repair(REPAIR_S)
