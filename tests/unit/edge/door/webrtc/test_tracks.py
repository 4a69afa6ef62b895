"""Aura's voice over WebRTC sends its packets at the right times, in simulated time."""

from __future__ import annotations

import asyncio

import pytest

from edge.core.messages.client_events import Interrupted, Speech

pytest.importorskip("aiortc", reason="NOT TESTED HERE: the extra `webrtc` is not installed")
from edge.door.webrtc.tracks import VoiceTrack  # it may be missing

FRAME = bytes(640)


def speech(pcm: bytes, *, ends: bool = False) -> Speech:
    return Speech(1, "", pcm, ends=ends)


async def times_ms(voice: VoiceTrack, count: int) -> list[int]:
    """Return the times at which the next *count* packets come, ms."""
    now_s, found = asyncio.get_running_loop().time, []
    for _ in range(count):
        await voice.recv()
        found.append(round(now_s() * 1000))
    return found


async def test_speech_goes_a_frame_in_20_ms_and_silence_after_it_is_rare() -> None:
    voice = VoiceTrack(lambda _: None)
    voice.tell(speech(3 * FRAME, ends=True))
    assert await times_ms(voice, 6) == [0, 20, 40, 100, 500, 900]


async def test_less_than_a_frame_waits_20_ms_for_more() -> None:
    sent: list[int] = []
    voice = VoiceTrack(lambda piece: sent.append(piece.played_ms))
    voice.tell(speech(FRAME + FRAME[:320]))
    assert await times_ms(voice, 2) == [0, 40]
    assert sent == [30]


async def test_the_loop_is_free_while_nothing_is_left_of_a_rest_that_waited() -> None:
    voice = VoiceTrack(lambda _: None)
    voice.tell(speech(FRAME + FRAME[:320]))
    await voice.recv()
    packets = asyncio.create_task(times_ms(voice, 2))
    await asyncio.sleep(0.03)  # simulated: the rest has waited for 10 ms
    voice.tell(Interrupted(1, ""))
    assert await packets == [60, 460]
