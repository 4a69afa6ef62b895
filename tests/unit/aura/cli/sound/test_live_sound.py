"""What a listener of a running call hears, and when."""

from __future__ import annotations

from array import array

from aura.cli.sound.live_sound import LISTENING_DELAY_MS, LiveSound
from schemas.audio import BYTES_PER_MS, AudioFrame, SpeechChunk


def pcm(ms: int, value: int = 1) -> bytes:
    return array("h", [value] * (ms * BYTES_PER_MS // 2)).tobytes()


def chunk(turn: int, number: int, ms: int) -> SpeechChunk:
    return SpeechChunk(turn=turn, index=0, chunk=number, pcm=pcm(ms, 2))


def heard(sound: LiveSound, now_ms: int) -> tuple[list[int], list[int]]:
    """Return the values of each ms, caller and Aura."""
    both = array("h", sound.read(now_ms + LISTENING_DELAY_MS))
    return list(both[0::32]), list(both[1::32])


def test_both_sides_are_in_their_time_and_silence_is_between() -> None:
    sound = LiveSound(1000 + LISTENING_DELAY_MS)
    sound.caller(1, AudioFrame(seq=0, pcm=pcm(100)), 1300)
    sound.caller(1, AudioFrame(seq=0, pcm=pcm(100)), 1310)  # sent again
    sound.speech(chunk(0, 0, 200), 1400)
    sound.speech(chunk(0, 0, 200), 1410)
    left, right = heard(sound, 2000)
    assert len(left) == len(right) == 1000
    assert (left[199], left[200], left[299], left[300]) == (0, 1, 1, 0)
    assert (right[399], right[400], right[599], right[600]) == (0, 2, 2, 0)


def test_a_response_is_heard_once_it_is_certain_and_until_it_is_cancelled() -> None:
    sound = LiveSound(1000 + LISTENING_DELAY_MS)
    sound.speech(chunk(1, 0, 400), 1000)
    sound.certain(1, 1100)
    sound.speech(chunk(1, 1, 400), 1100)
    sound.cancelled(1, 1600)
    sound.speech(chunk(2, 0, 400), 1700)
    sound.cancelled(2, 1800)
    sound.certain(3, 1800)
    _, right = heard(sound, 2000)
    assert right == [0] * 100 + [2] * 500 + [0] * 400


def test_pieces_join_without_a_gap() -> None:
    sound = LiveSound(LISTENING_DELAY_MS)
    sound.speech(chunk(0, 0, 300), 0)
    first, second = heard(sound, 100)[1], heard(sound, 400)[1]
    assert first == [2] * 100
    assert second == [2] * 200 + [0] * 100
    assert sound.read(0) == b""
