"""Frames become utterances, with audio before their onset; a microphone that stops is silence."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest

from edge.core.hearing.framing import FRAME_BYTES, FRAME_MS, SILENCE
from edge.core.hearing.segmenter import (
    BREATH_MS,
    LONGEST_GAP_MS,
    SLACK_MS,
    SegmentedFrame,
    Segmenter,
)
from edge.core.hearing.speech_detector import CONTINUE_MS, PAUSE_MS, SpeechChange
from edge.core.hearing.utterance import FRAMES_PER_MESSAGE, UtteranceMove
from edge.core.messages.effects import SendAudio
from edge.core.messages.inputs import Sound
from schemas.audio import BYTES_PER_MS
from schemas.session_config import SessionConfig, TurnConfig, bounds

VOICE = b"\x01" * FRAME_BYTES
CONFIG = SessionConfig().turns
ONSET_MS = CONFIG.min_speech_ms


class Caller:
    """A microphone that sends a frame every 20 ms, and what a segmenter notices of it."""

    def __init__(self, config: TurnConfig = CONFIG) -> None:
        self.sent: list[SendAudio] = []
        self.segmenter = Segmenter(config, 6, self.sent.append)
        self.now_ms = 1_000_000
        self.noticed: list[SegmentedFrame] = []

    def sends(self, frame: bytes, ms: int) -> None:
        for _ in range(ms // FRAME_MS):
            self.now_ms += FRAME_MS
            sound = Sound((frame,), (frame == VOICE,), FRAME_BYTES)
            self.noticed += self.segmenter.segment(sound, self.now_ms)

    def stops(self, ms: int) -> None:
        """Let *ms* pass without a frame."""
        self.now_ms += ms
        self.noticed += self.segmenter.wait(self.now_ms)

    def silence_due_ms(self) -> int:
        """Return the time until the next frames of silence."""
        assert self.segmenter.silent_from_ms is not None
        return self.segmenter.silent_from_ms - self.now_ms

    def changes(self) -> list[SpeechChange]:
        return [notice.change for notice in self.noticed if notice.change]


def speaking(ms: int = 500) -> Caller:
    caller = Caller()
    caller.sends(SILENCE, 1000)
    caller.sends(VOICE, ms)
    return caller


def audio_ms(sent: Iterable[SendAudio]) -> int:
    return sum(len(audio.message.pcm) for audio in sent) // BYTES_PER_MS


def test_silence_is_not_sent() -> None:
    caller = Caller()
    caller.sends(SILENCE, 2000)
    assert caller.noticed == []
    assert caller.segmenter.utterance is None


def test_utterances_count_on_from_those_of_earlier_connections() -> None:
    assert {audio.utterance for audio in speaking().sent} == {7}


def test_an_utterance_begins_with_the_audio_before_its_onset() -> None:
    caller = speaking()
    caller.sends(SILENCE, PAUSE_MS)
    assert audio_ms(caller.sent) == CONFIG.prefix_ms + 500 - ONSET_MS + PAUSE_MS
    first = caller.sent[0].message
    assert first.seq == 0
    assert first.pcm.startswith(SILENCE)


@pytest.mark.parametrize("min_speech_ms", [*bounds("turns.min_speech_ms"), 30])
@pytest.mark.parametrize("prefix_ms", bounds("turns.prefix_ms"))
@pytest.mark.parametrize("split", [False, True])
def test_all_voice_is_sent_whatever_is_set(
    *, min_speech_ms: int, prefix_ms: int, split: bool
) -> None:
    named = msgspec.structs.replace(CONFIG, min_speech_ms=min_speech_ms, prefix_ms=prefix_ms)
    caller = Caller(named)
    caller.sends(SILENCE, 1000)
    caller.sends(VOICE, 1000)
    caller.sends(SILENCE, PAUSE_MS)
    caller.sends(VOICE, CONTINUE_MS)
    assert caller.changes() == [SpeechChange.STARTED, SpeechChange.PAUSED, SpeechChange.CONTINUED]
    utterance = caller.segmenter.utterance
    assert utterance
    if split:
        utterance = caller.segmenter.split(utterance, caller.now_ms)
    caller.segmenter.end(utterance, final_pause=0)
    sent = b"".join(audio.message.pcm for audio in caller.sent if not split or audio.utterance == 8)
    voice_ms = CONTINUE_MS + (0 if split else 1000)
    assert sent.count(VOICE[:1]) == voice_ms * BYTES_PER_MS


def test_messages_are_numbered_without_a_gap() -> None:
    numbers = [audio.message.seq for audio in speaking(2000).sent]
    assert numbers == list(range(len(numbers)))


def test_a_pause_is_marked_and_knows_when_speech_ended() -> None:
    caller = speaking()
    speech_end_ms = caller.now_ms
    caller.sends(SILENCE, PAUSE_MS)
    assert caller.changes() == [SpeechChange.STARTED, SpeechChange.PAUSED]
    assert caller.sent[-1].message.pause == 1
    utterance = caller.segmenter.utterance
    assert utterance is not None
    assert (utterance.speech_end_ms, utterance.paused_ms) == (speech_end_ms, caller.now_ms)


def test_a_caller_who_goes_on_stays_in_the_utterance() -> None:
    caller = speaking()
    caller.sends(SILENCE, PAUSE_MS)
    caller.sends(VOICE, 200)
    assert caller.changes()[-1] is SpeechChange.CONTINUED
    assert {message.utterance for message in caller.sent} == {7}


def test_the_last_message_ends_the_utterance_and_the_next_speech_begins_another() -> None:
    caller = speaking()
    caller.sends(SILENCE, PAUSE_MS)
    utterance = caller.segmenter.utterance
    assert utterance
    caller.segmenter.end(utterance, final_pause=1)
    assert (caller.sent[-1].message.end, caller.sent[-1].message.final_pause) == (True, 1)
    assert caller.segmenter.utterance is None
    caller.sends(SILENCE, 1000)
    caller.sends(VOICE, 500)
    assert caller.sent[-1].utterance == 8


def test_a_chunk_of_many_frames_is_noticed_at_the_times_of_its_frames() -> None:
    segmenter, frames = Segmenter(CONFIG, 0, lambda _: None), 50
    sound = Sound((VOICE,) * frames, (True,) * frames, FRAME_BYTES * frames)
    started = next(notice for notice in segmenter.segment(sound, 1_000_000) if notice.change)
    before_ms = frames * FRAME_MS - ONSET_MS
    assert started.at_ms == 1_000_000 - before_ms


def test_a_microphone_that_stops_in_an_utterance_makes_a_pause() -> None:
    caller = speaking()
    caller.stops(SLACK_MS)
    assert SpeechChange.PAUSED not in caller.changes()  # the next chunk may only be late
    caller.stops(PAUSE_MS + FRAME_MS)
    assert caller.changes()[-1] is SpeechChange.PAUSED


def test_silence_before_the_words_is_taken_a_message_at_a_time_and_then_a_frame() -> None:
    caller = speaking()
    caller.stops(SLACK_MS + PAUSE_MS + FRAME_MS // 2)
    awaited = caller.segmenter.utterance
    assert awaited
    assert caller.silence_due_ms() == FRAMES_PER_MESSAGE * FRAME_MS
    awaited.move(UtteranceMove.WORDS)
    assert caller.silence_due_ms() == FRAME_MS
    awaited.move(UtteranceMove.CONTINUE)
    caller.stops(FRAME_MS)
    assert caller.silence_due_ms() == FRAME_MS


def test_a_microphone_that_stops_in_silence_is_not_waited_for() -> None:
    caller = Caller()
    caller.sends(SILENCE, 1000)
    assert caller.segmenter.silent_from_ms is None
    caller.stops(60_000)
    assert caller.noticed == []


def test_a_machine_that_was_suspended_for_hours_takes_a_bounded_silence() -> None:
    caller = speaking()
    noticed = len(caller.noticed)
    caller.stops(8 * 3_600_000)
    assert len(caller.noticed) - noticed <= LONGEST_GAP_MS // FRAME_MS
    assert caller.segmenter.silence_ms >= LONGEST_GAP_MS
    caller.sends(VOICE, 200)
    assert caller.changes()[-1] is SpeechChange.CONTINUED
    assert caller.now_ms - 200 < caller.noticed[-1].at_ms <= caller.now_ms


def test_a_longer_chunk_is_waited_for_longer() -> None:
    def silent_after_ms(frames: int) -> int:
        segmenter = Segmenter(CONFIG, 0, lambda _: None)
        sound = Sound((VOICE,) * frames, (True,) * frames, FRAME_BYTES * frames)
        list(segmenter.segment(sound, 1_000_000))
        assert segmenter.silent_from_ms is not None
        return segmenter.silent_from_ms - 1_000_000

    assert silent_after_ms(50) - silent_after_ms(25) == 25 * FRAME_MS


def test_a_client_may_say_that_the_caller_pauses() -> None:
    caller = speaking()
    (notice,) = caller.segmenter.pause(caller.now_ms)
    assert notice.change is SpeechChange.PAUSED
    assert list(caller.segmenter.pause(caller.now_ms)) == []  # it does already


def test_a_split_utterance_goes_on_with_the_audio_since_its_pause() -> None:
    caller = speaking()
    caller.sends(SILENCE, PAUSE_MS)
    ended = caller.segmenter.utterance
    assert ended
    caller.sends(VOICE, 60)
    before = len(caller.sent)
    after = caller.segmenter.split(ended, caller.now_ms)
    caller.sends(VOICE, 540)
    last, *following = caller.sent[before:]
    assert (last.utterance, last.message.end, last.message.final_pause) == (7, True, ended.pause)
    assert caller.segmenter.utterance is after
    assert (after.number, after.is_split) == (8, True)
    assert {message.utterance for message in following} == {8}
    assert b"".join(message.message.pcm for message in following) == (
        SILENCE * (PAUSE_MS // FRAME_MS) + VOICE * ((60 + 540) // FRAME_MS)
    )


@pytest.mark.parametrize(
    ("pause_ms", "voice_ms"), [(PAUSE_MS, 500 + 500), (BREATH_MS, 500 + 500), (BREATH_MS * 2, 500)]
)
@pytest.mark.parametrize("closed", [False, True])
def test_voice_is_counted_together_across_a_breath(
    *, pause_ms: int, voice_ms: int, closed: bool
) -> None:
    caller = speaking()
    caller.sends(SILENCE, PAUSE_MS)
    if closed:
        assert caller.segmenter.utterance
        caller.segmenter.end(caller.segmenter.utterance, final_pause=1)
    caller.sends(SILENCE, pause_ms - PAUSE_MS)
    caller.sends(VOICE, 500)
    assert caller.segmenter.utterance
    assert caller.segmenter.utterance.voice_ms == voice_ms


def test_the_silence_after_an_utterance_that_was_closed_at_its_pause_is_not_sent() -> None:
    caller = speaking()
    caller.now_ms += 60_000
    shown = caller.segmenter.wait(caller.now_ms)
    paused = next(frame for frame in shown if frame.change)
    assert caller.segmenter.utterance
    caller.segmenter.end(caller.segmenter.utterance, final_pause=1)
    sent = list(caller.sent)
    assert paused.change is SpeechChange.PAUSED
    assert list(shown) == []
    assert caller.sent == sent


def test_an_onset_set_while_the_caller_speaks_holds_from_the_next_utterance_on() -> None:
    caller = speaking()
    caller.segmenter.configure(msgspec.structs.replace(CONFIG, min_speech_ms=400))
    assert caller.segmenter.utterance
    caller.segmenter.end(caller.segmenter.utterance, final_pause=0)
    caller.sends(SILENCE, 200)
    caller.sends(VOICE, 380)
    assert caller.changes() == [SpeechChange.STARTED]
    caller.sends(VOICE, FRAME_MS)
    assert caller.changes() == [SpeechChange.STARTED] * 2


def test_the_voice_of_a_closed_utterance_is_no_onset_of_the_next() -> None:
    caller = speaking()
    assert caller.segmenter.utterance
    caller.segmenter.end(caller.segmenter.utterance, final_pause=0)
    caller.sends(VOICE, ONSET_MS - FRAME_MS)
    assert caller.segmenter.utterance is None
