"""What is kept of the sound is what was said and what was played, each at its time."""

from __future__ import annotations

from edge.core.notices import Interrupted, Speak
from edge.core.recorder import Recorder


def sound(ms: int, value: int = 1) -> bytes:
    return bytes([value]) * (32 * ms)


def test_the_caller_is_kept_in_pieces_of_a_second_without_a_gap() -> None:
    recorder, kept = Recorder(), []
    for k in range(120):
        recorder.heard(sound(20, k), 1000 + 20 * (k + 1))
        kept += recorder.take(1000 + 20 * (k + 1))
    kept += recorder.take(3400, ended=True)
    assert [(side, piece.seq, piece.from_ms) for side, piece in kept] == [
        ("caller", 0, 1000),
        ("caller", 1, 2000),
        ("caller", 2, 3000),
    ]
    assert b"".join(piece.pcm for _, piece in kept) == b"".join(sound(20, k) for k in range(120))


def test_an_answer_is_kept_when_it_is_played_one_piece_after_the_other() -> None:
    recorder = Recorder()
    recorder.told(Speak(1, "a", sound(500, 1), ends=False), 1000)
    recorder.told(Speak(1, "b", sound(300, 2), ends=True), 1010)
    assert recorder.take(1400) == []
    kept = recorder.take(1800)
    assert [(piece.from_ms, len(piece.pcm) // 32) for _, piece in kept] == [
        (1000, 500),
        (1500, 300),
    ]


def test_what_an_interrupted_client_dropped_is_not_kept() -> None:
    recorder = Recorder()
    recorder.told(Speak(1, "a", sound(500), ends=False), 1000)
    recorder.told(Speak(1, "b", sound(500), ends=True), 1000)
    recorder.told(Interrupted(1, "a"), 1200)
    recorder.told(Speak(2, "c", sound(100, 3), ends=True), 1300)
    kept = recorder.take(2000, ended=True)
    assert [(piece.from_ms, len(piece.pcm) // 32) for _, piece in kept] == [
        (1000, 200),
        (1300, 100),
    ]


def test_a_call_that_ends_keeps_what_was_played_until_then() -> None:
    recorder = Recorder()
    recorder.told(Speak(1, "a", sound(500), ends=True), 1000)
    ((side, piece),) = recorder.take(1100, ended=True)
    assert (side, len(piece.pcm) // 32) == ("client", 100)
