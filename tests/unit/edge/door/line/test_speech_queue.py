from __future__ import annotations

from edge.core.messages.client_events import Interrupted, Speech
from edge.door.line.speech_queue import Sent, SpeechQueue

FRAME = 640


def speech(turn: int, ms: int, *, ends: bool = False, sound: bytes = b"\x01") -> Speech:
    return Speech(turn, "", sound * (32 * ms), ends)


def test_speech_goes_out_in_frames_and_each_piece_is_told_at_its_end() -> None:
    queue = SpeechQueue(16_000)
    queue.tell(speech(1, 50))
    queue.tell(speech(1, 30, ends=True))
    frames, told = [], []
    while queue:
        frame, sent = queue.pop_frame()
        frames.append(frame)
        told.append(sent)
    assert [len(frame) for frame in frames] == [FRAME] * 4
    assert told == [[], [], [Sent(1, 50, False)], [Sent(1, 80, True)]]


def test_the_end_of_a_response_is_filled_with_silence() -> None:
    queue = SpeechQueue(16_000)
    queue.tell(speech(1, 30, ends=True))
    queue.pop_frame()
    assert queue.pop_frame() == (b"\x01" * 320 + bytes(320), [Sent(1, 30, True)])
    assert not queue


def test_too_little_waits_for_more_unless_it_has_waited() -> None:
    queue = SpeechQueue(16_000)
    queue.tell(speech(1, 10))
    assert queue.pop_frame() == (b"", [])
    queue.tell(speech(1, 10, sound=b"\x02"))
    assert queue.pop_frame()[0] == b"\x01" * 320 + b"\x02" * 320
    queue.tell(speech(1, 10))
    assert queue.pop_frame() == (b"", [])
    assert queue.pop_frame() == (b"\x01" * 320 + bytes(320), [Sent(1, 30, False)])


def test_an_end_without_sound_is_told_by_itself() -> None:
    queue = SpeechQueue(16_000)
    queue.tell(speech(3, 20))
    queue.tell(Speech(3, "", b"", ends=True))
    assert queue.pop_frame()[1] == [Sent(3, 20, False), Sent(3, 20, True)]


def test_an_interruption_drops_all_that_waits_and_what_follows_is_counted_from_there() -> None:
    queue = SpeechQueue(16_000)
    queue.tell(speech(1, 400))
    assert queue.position == Sent(1, 0, ends=False)
    queue.pop_frame()
    assert queue.position == Sent(1, 20, ends=False)
    queue.tell(Interrupted(1, "so far", 20))
    assert queue.pop_frame() == (b"", [])
    queue.tell(speech(1, 20, ends=True))
    assert queue.pop_frame()[1] == [Sent(1, 40, True)]
    queue.tell(speech(2, 20, ends=True))
    assert queue.pop_frame()[1] == [Sent(2, 20, True)]


def test_speech_behind_a_full_frame_waits_for_the_next_frame() -> None:
    queue = SpeechQueue(16_000)
    queue.tell(speech(1, 20))
    queue.tell(speech(1, 20, sound=b"\x02", ends=True))
    assert queue.pop_frame() == (b"\x01" * FRAME, [Sent(1, 20, False)])
    assert queue.pop_frame() == (b"\x02" * FRAME, [Sent(1, 40, True)])
