"""Aura's voice over WebRTC sends its packets at the right times, in simulated time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

import pytest

from edge.core.messages.client_events import Interrupted, Speech

pytest.importorskip("aiortc", reason="NOT TESTED HERE: the extra `webrtc` is not installed")
from edge.door.webrtc.tracks import VoiceTrack  # it may be missing

FRAME = bytes(640)
MOST_READINGS = 1000
"""The most readings of the clock between two waits of the event loop."""


class SimulatedTime(asyncio.SelectorEventLoop):
    """An event loop whose time passes only while it waits, and then at once."""

    def __init__(self) -> None:
        super().__init__()
        self._now_s = 0.0
        self._readings = 0
        selector: Any = cast("Any", self)._selector
        select = selector.select

        def select_at_once(timeout_s: float | None) -> Any:
            self._readings = 0
            self._now_s += timeout_s or 0.0
            return select(0)

        selector.select = select_at_once

    def time(self) -> float:
        self._readings += 1
        if self._readings > MOST_READINGS:
            raise AssertionError("a task reads the clock without end and waits for nothing")
        return self._now_s


def run(talk: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=SimulatedTime) as runner:
        runner.run(talk)


def speech(pcm: bytes, *, ends: bool = False) -> Speech:
    return Speech(1, "", pcm, ends=ends)


async def times_ms(voice: VoiceTrack, count: int) -> list[int]:
    """Return the times at which the next *count* packets come, ms."""
    now_s, found = asyncio.get_running_loop().time, []
    for _ in range(count):
        await voice.recv()
        found.append(round(now_s() * 1000))
    return found


def test_speech_goes_a_frame_in_20_ms_and_silence_after_it_is_rare() -> None:
    async def talk() -> None:
        voice = VoiceTrack(lambda _: None)
        voice.tell(speech(3 * FRAME, ends=True))
        assert await times_ms(voice, 6) == [0, 20, 40, 100, 500, 900]

    run(talk())


def test_less_than_a_frame_waits_20_ms_for_more() -> None:
    async def talk() -> None:
        sent: list[int] = []
        voice = VoiceTrack(lambda piece: sent.append(piece.played_ms))
        voice.tell(speech(FRAME + FRAME[:320]))
        assert await times_ms(voice, 2) == [0, 40]
        assert sent == [30]

    run(talk())


def test_the_loop_is_free_while_nothing_is_left_of_a_rest_that_waited() -> None:
    async def talk() -> None:
        voice = VoiceTrack(lambda _: None)
        voice.tell(speech(FRAME + FRAME[:320]))
        await voice.recv()
        packets = asyncio.create_task(times_ms(voice, 2))
        await asyncio.sleep(0.03)  # simulated: the rest has waited for 10 ms
        voice.tell(Interrupted(1, ""))
        assert await packets == [60, 460]

    run(talk())
