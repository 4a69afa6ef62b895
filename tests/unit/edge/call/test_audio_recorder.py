"""What is kept of the sound is what was said and what was played, each at its time."""

from __future__ import annotations

from edge.call.audio_recorder import AudioRecorder
from edge.core.messages.client_events import Interrupted, Speech


def sound(ms: int, value: int = 1) -> bytes:
    return bytes([value]) * (32 * ms)


def test_the_caller_is_kept_in_pieces_of_five_seconds_without_a_gap() -> None:
    recorder, kept = AudioRecorder(), []
    for k in range(600):
        now_ms = 1000 + 20 * (k + 1)
        if recorder.note_received(sound(20, k % 256), now_ms):
            kept += recorder.take(now_ms)
    kept += recorder.take(13_000, ended=True)
    assert [(side, piece.seq, len(piece.pcm) // 32) for side, piece in kept] == [
        ("caller", 0, 5020),
        ("caller", 1, 5000),
        ("caller", 2, 1980),
    ]
    assert [piece.from_ms for _, piece in kept] == [1000, 6020, 11_020]
    said = b"".join(sound(20, k % 256) for k in range(600))
    assert b"".join(piece.pcm for _, piece in kept) == said


def test_a_microphone_that_was_off_leaves_a_gap_and_a_late_network_none() -> None:
    recorder = AudioRecorder()
    for k in range(100):
        late_ms = 300 if 20 <= k < 30 else 0  # they wait in the network, then come at once
        recorder.note_received(sound(20), 1000 + 20 * (k + 1) + late_ms)
    for k in range(100):
        recorder.note_received(sound(20, 2), 10_000 + 20 * (k + 1))
    kept = [piece for _, piece in recorder.take(12_000, ended=True)]
    assert kept[0].from_ms == 1000
    assert sum(len(piece.pcm) for piece in kept) == 200 * 640
    last = kept[-1]
    assert last.from_ms + len(last.pcm) // 32 == 12_000  # within a second the time is right again


def test_an_answer_is_kept_when_it_is_played_one_piece_after_the_other() -> None:
    recorder = AudioRecorder()
    recorder.note_sent(Speech(1, "a", sound(500, 1), ends=False), 1000)
    recorder.note_sent(Speech(1, "b", sound(300, 2), ends=True), 1010)
    assert recorder.take(1400) == []
    ((side, piece),) = recorder.take(1800)
    assert (side, piece.from_ms, piece.pcm) == ("client", 1000, sound(500, 1) + sound(300, 2))


def test_an_answer_in_many_chunks_is_kept_in_few_pieces_and_a_gap_ends_one() -> None:
    recorder, kept = AudioRecorder(), []
    for k in range(100):
        now_ms = 1000 + 64 * k
        recorder.note_sent(Speech(1, "a", sound(64, k), ends=k == 99), now_ms)
        if k == 80:
            kept += recorder.take(now_ms)
    recorder.note_sent(Speech(2, "b", sound(64), ends=True), 9000)
    kept += recorder.take(20_000)
    found = [(piece.seq, piece.from_ms, len(piece.pcm) // 32) for _, piece in kept]
    assert found == [(0, 1000, 5120), (1, 6120, 1280), (2, 9000, 64)]
    assert b"".join(piece.pcm for _, piece in kept[:2]) == b"".join(
        sound(64, k) for k in range(100)
    )


def test_pauses_between_chunks_are_silence_in_one_piece() -> None:
    recorder = AudioRecorder()
    for at_ms in (1000, 1080, 1160):
        recorder.note_sent(Speech(1, "a", sound(64), ends=at_ms == 1160), at_ms)
    ((_, piece),) = recorder.take(2000)
    assert piece.pcm == sound(64) + bytes(32 * 16) + sound(64) + bytes(32 * 16) + sound(64)


def test_what_an_interrupted_client_dropped_is_not_kept() -> None:
    recorder = AudioRecorder()
    recorder.note_sent(Speech(1, "a", sound(500), ends=False), 1000)
    recorder.note_sent(Speech(1, "b", sound(500), ends=True), 1000)
    recorder.note_sent(Interrupted(1, "a"), 1200)
    recorder.note_sent(Speech(2, "c", sound(100, 3), ends=True), 1300)
    kept = recorder.take(2000, ended=True)
    ((_, piece),) = kept
    assert (piece.from_ms, piece.pcm) == (1000, sound(200) + bytes(32 * 100) + sound(100, 3))


def test_a_call_that_ends_keeps_what_was_played_until_then() -> None:
    recorder = AudioRecorder()
    recorder.note_sent(Speech(1, "a", sound(500), ends=True), 1000)
    ((side, piece),) = recorder.take(1100, ended=True)
    assert (side, len(piece.pcm) // 32) == ("client", 100)


def test_responses_are_due_without_audio_of_the_caller_who_keeps_their_own_time() -> None:
    recorder = AudioRecorder()
    assert not recorder.note_sent(Speech(1, "a", sound(500), ends=True), 1000)
    assert not recorder.note_sent(Speech(1, "", b"", ends=True), 5999)
    assert recorder.note_sent(Speech(2, "b", sound(500), ends=True), 6000)
    assert [(side, piece.from_ms) for side, piece in recorder.take(6000)] == [("client", 1000)]
    recorder.note_received(sound(20), 7000)
    kept = recorder.take(8000)
    assert [(side, piece.from_ms) for side, piece in kept] == [("caller", 6980), ("client", 6000)]
