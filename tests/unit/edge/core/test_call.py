"""What a caller would notice of the call's decisions."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core.client_events import (
    CallerTranscript,
    Interrupted,
    Measured,
    ResponseDone,
    Speech,
    Trouble,
)
from edge.core.hearing.framing import FRAME_BYTES, FRAME_MS
from edge.core.hearing.utterance import LONGEST_MS, PART_MS
from edge.core.inputs import Finished
from edge.core.session.history import History
from edge.core.turns import RESPONSE_MS
from schemas import events as ev
from schemas.audio import BYTES_PER_MS
from schemas.events import Message
from schemas.session_config import Delivery
from tests.unit.edge.core.rehearsal import SILENCE, VOICE, Rehearsal

QUESTION = "What is the capital of France?"


def asked(delivery: Delivery = "chunks", **rules: Any) -> Rehearsal:
    """A caller who asked a question and fell silent long enough."""
    r = Rehearsal(delivery, **rules)
    r.says(800, QUESTION)
    return r


def answered(delivery: Delivery = "chunks") -> Rehearsal:
    r = asked(delivery)
    r.quiet(600)
    r.answers("It is Paris.", "Do you want to go there?")
    r.speaks(0, 1000)
    r.speaks(1, 1000)
    return r


def test_a_question_is_answered_and_becomes_history() -> None:
    r = answered()
    r.quiet(3000)

    assert r.spoken_ms() == 2000
    assert [w.text for w in r.told(CallerTranscript) if w.final] == [QUESTION]
    (done,) = r.told(ResponseDone)
    assert done.text == "It is Paris. Do you want to go there?"
    (heard,) = r.events(ev.AnswerHeard)
    assert (heard.complete, heard.played_ms) == (True, 2000)
    assert r.call.history.messages == [Message("user", QUESTION), Message("assistant", done.text)]


def test_the_model_is_asked_on_a_guess_and_nothing_is_heard_before_it_is_certain() -> None:
    r = asked()
    (taken,) = r.events(ev.TurnTaken)
    assert taken.speculative
    r.answers("It is Paris.")
    r.speaks(0, 500)
    assert not r.told(Speech)
    assert not r.events(ev.TurnCommitted)

    r.quiet(600)
    assert [c.turn for c in r.events(ev.TurnCommitted)] == [taken.turn]
    assert len(r.events(ev.TurnTaken)) == 1
    assert r.told(Speech)


def test_a_guess_is_retracted_when_the_caller_goes_on() -> None:
    r = asked()
    r.answers("It is Paris.")
    r.speaks(0, 500)
    r.says(400)
    (cancelled,) = r.events(ev.ResponseCancelled)
    assert cancelled.reason == "retracted"
    r.quiet(160)
    r.hears(f"{QUESTION} And of Spain?")
    r.quiet(600)
    r.answers("Paris and Madrid.")
    r.speaks(0, 500)
    r.quiet(1500)

    assert [s.text.strip() for s in r.told(Speech) if s.text] != []
    assert "".join(s.text for s in r.told(Speech)) == "Paris and Madrid."
    (measured,) = r.told(Measured)
    assert (measured.waterfall.speculations, measured.waterfall.retracted) == (2, 1)
    assert measured.waterfall.wasted_sentences == 1
    assert r.call.history.messages[0].text == f"{QUESTION} And of Spain?"


def test_unfinished_words_are_listened_to_longer_and_guessed_on_shortly_before_the_end() -> None:
    r = Rehearsal()
    r.says(800, "I would like to go to the")
    r.quiet(1440 - RESPONSE_MS - 200)
    assert not r.events(ev.TurnTaken)
    r.quiet(200)
    assert [t.speculative for t in r.events(ev.TurnTaken)] == [True]
    assert not r.events(ev.TurnCommitted)
    r.quiet(RESPONSE_MS)
    assert len(r.events(ev.TurnTaken)) == 1
    assert r.events(ev.TurnCommitted)


def test_a_late_guess_is_made_once_a_pause_and_retracted_when_the_caller_goes_on() -> None:
    r = Rehearsal()
    r.says(800, "I would like to go to the")
    r.quiet(1200)
    r.says(800, "I would like to go to the zoo.")
    r.quiet(1200)
    assert [t.speculative for t in r.events(ev.TurnTaken)] == [True, True]
    assert len(r.events(ev.ResponseCancelled)) == 1
    assert [c.text for c in r.events(ev.TurnCommitted)] == ["I would like to go to the zoo."]


def test_where_speculation_is_off_there_is_no_late_guess_either() -> None:
    r = Rehearsal(turns__speculate=False)
    r.says(800, "I would like to go to the")
    r.quiet(1600)
    assert [t.speculative for t in r.events(ev.TurnTaken)] == [False]


def test_hello_and_a_short_pause_is_not_answered_by_halves() -> None:
    r = Rehearsal()
    r.says(400, "Hello.")
    r.quiet(140)
    r.says(800, "Hello, how are you today?")
    r.quiet(600)
    assert [c.text for c in r.events(ev.TurnCommitted)] == ["Hello, how are you today?"]


def test_speech_over_the_answer_interrupts_it_and_only_what_was_heard_is_history() -> None:
    r = answered()
    r.quiet(1200)
    r.says(300)
    sent_when_held = r.spoken_ms()
    r.partial("No wait stop")
    (interrupted,) = r.told(Interrupted)
    assert interrupted.heard.startswith("It is Paris.")
    assert r.spoken_ms() == sent_when_held
    assert r.events(ev.ResponseCancelled)[-1].reason == "interrupted"
    (heard,) = r.events(ev.AnswerHeard)
    assert not heard.complete
    assert len(heard.text) < len("It is Paris. Do you want to go there?")
    assert r.call.history.messages[-1] == Message("assistant", heard.text)


def test_the_answer_is_silent_from_the_first_suspicion() -> None:
    r = answered()
    r.quiet(600)
    r.says(200)
    held = r.spoken_ms()
    assert r.events(ev.InterruptionSuspected)
    r.says(300)
    assert r.spoken_ms() == held


@pytest.mark.parametrize("sound", ["", "Mhm.", "Okay."])
def test_a_cough_or_a_nod_does_not_interrupt(sound: str) -> None:
    r = answered()
    r.quiet(600)
    r.says(200, sound)
    r.quiet(300)
    assert r.events(ev.InterruptionDismissed)
    r.quiet(3200)
    assert not r.told(Interrupted)
    assert r.spoken_ms() == 2000
    assert len(r.events(ev.TurnTaken)) == 1


def test_an_interruption_without_words_ends_after_two_seconds() -> None:
    r = answered()
    r.quiet(600)
    r.says(200)
    r.quiet(2200)
    assert r.events(ev.InterruptionDismissed)


def test_long_sound_without_words_interrupts_nothing() -> None:
    """Music, say."""
    r = answered()
    r.quiet(600)
    r.says(1500)
    r.partial("")
    r.quiet(160)
    r.hears("")
    assert not r.told(Interrupted)
    assert r.events(ev.InterruptionDismissed)


def test_long_speech_interrupts_with_its_first_words() -> None:
    r = answered()
    r.quiet(600)
    r.says(500)
    r.partial("Wait, I")
    assert r.told(Interrupted)


def test_words_before_the_answer_is_heard_join_the_question() -> None:
    r = asked()
    r.quiet(600)
    assert r.events(ev.TurnCommitted)
    r.says(400, "And of Spain?")
    r.quiet(900)
    texts = [c.text for c in r.events(ev.TurnCommitted)]
    assert texts == [QUESTION, f"{QUESTION} And of Spain?"]
    assert not r.told(Interrupted)
    r.answers("Paris and Madrid.")
    r.speaks(0, 300)
    r.quiet(1000)
    assert [m.text for m in r.call.history.messages] == [texts[1], "Paris and Madrid."]


def test_words_and_audio_of_a_dead_turn_change_nothing() -> None:
    r = asked()
    old = r.events(ev.TurnTaken)[-1].turn
    r.says(400, "Something else entirely.")
    r.quiet(600)
    r.answers("Old answer.", turn=old)
    r.speaks(0, 500, turn=old)
    assert not r.told(Speech)


def test_the_same_message_twice_is_heard_once() -> None:
    r = asked()
    r.quiet(600)
    for _ in range(2):
        r.answers("It is Paris.")
        r.speaks(0, 500)
    r.quiet(1500)
    for _ in range(2):
        r.answers("It is Paris.")
        r.speaks(0, 500)
    assert r.spoken_ms() == 500
    assert len(r.told(ResponseDone)) == 1


def test_sentences_are_played_in_order_whatever_the_order_of_workers() -> None:
    r = asked("sentences")
    r.quiet(600)
    r.answers("One.", "Two.", "Three.")
    r.speaks(2, 100)
    r.speaks(1, 100)
    r.speaks(0, 100)
    r.quiet(1000)
    assert [s.text for s in r.told(Speech)] == ["One.", "Two.", "Three."]


def test_sentences_never_overlap_in_a_client_that_plays_each_at_once() -> None:
    r = asked("sentences")
    r.quiet(600)
    r.answers("One.", "Two.")
    r.speaks(0, 1000)
    r.speaks(1, 1000)
    assert len(r.told(Speech)) == 1
    r.quiet(900)
    assert len(r.told(Speech)) == 1
    r.quiet(200)
    assert len(r.told(Speech)) == 2


def test_a_whole_answer_is_one_piece() -> None:
    r = answered("whole")
    (speak,) = r.told(Speech)
    assert speak.text == "It is Paris. Do you want to go there?"
    assert len(speak.pcm) == 2000 * 32


def test_noise_without_words_is_forgotten() -> None:
    r = Rehearsal()
    r.says(300, "")
    r.quiet(1000)
    assert [e.discarded for e in r.events(ev.SpeechEnded)] == [True]
    assert not r.events(ev.TurnTaken)


def test_a_client_that_stops_sending_has_fallen_silent() -> None:
    r = Rehearsal()
    r.burst(VOICE * 50 + SILENCE * 2)
    r.wait(3000)
    assert r.events(ev.SpeechPaused)
    r.hears(QUESTION)
    r.wait(1000)
    assert [c.text for c in r.events(ev.TurnCommitted)] == [QUESTION]


def test_frames_of_an_utterance_are_numbered_and_marked() -> None:
    r = asked()
    r.quiet(600)
    frames = r.frames(1)
    assert [f.seq for f in frames] == list(range(len(frames)))
    assert [f.pause for f in frames if f.pause] == [1]
    assert frames[-1].end
    assert frames[-1].stands == 1
    assert sum(len(f.pcm) for f in frames) >= 800 * 32


def test_the_greeting_is_spoken_first_and_is_history() -> None:
    r = Rehearsal(response__greeting="Hello!")
    assert [s.text for s in r.events(ev.ResponseSentence)] == ["Hello!"]
    r.speaks(0, 700, turn=0)
    assert [(s.turn, s.text) for s in r.told(Speech)] == [(0, "Hello!")]
    r.wait(1000)
    assert r.call.history.messages == [Message("assistant", "Hello!")]


def test_a_greeting_without_a_voice_is_still_a_greeting() -> None:
    r = Rehearsal(response__greeting="Hello!")
    r.event(ev.JobFailed, stage="tts", turn=0, reason="no voice")
    assert [(s.text, s.pcm) for s in r.told(Speech)] == [("Hello!", b"")]
    assert [t.stage for t in r.told(Trouble)] == ["tts"]


@pytest.mark.parametrize("stage", ["llm", "tts"])
def test_a_failed_stage_is_told_and_the_call_goes_on(stage: str) -> None:
    r = asked()
    r.quiet(600)
    turn = r.events(ev.TurnTaken)[-1].turn
    r.event(ev.JobFailed, stage=stage, turn=turn, reason="broken")
    assert [(t.stage, t.fatal) for t in r.told(Trouble)] == [(stage, False)]
    r.says(600, "Are you still there?")
    r.quiet(600)
    r.answers("Yes, I am.")
    r.speaks(0, 300)
    r.quiet(600)
    assert r.told(ResponseDone)


def test_a_stage_that_never_answers_is_told_of() -> None:
    r = asked()
    r.quiet(600)
    r.quiet(16_000)
    assert [t.stage for t in r.told(Trouble)] == ["llm"]


def test_a_recogniser_that_never_answers_is_told_of() -> None:
    r = Rehearsal()
    r.says(600)
    r.quiet(16_000)
    assert [t.stage for t in r.told(Trouble)] == ["stt"]


def test_a_stage_that_stays_down_ends_the_call() -> None:
    r = Rehearsal()
    for _ in range(3):
        r.says(600, QUESTION)
        r.quiet(600)
        turn = r.events(ev.TurnTaken)[-1].turn
        r.event(ev.JobFailed, stage="llm", turn=turn, reason="down")
    assert [t.fatal for t in r.told(Trouble)] == [False, False, True]


def test_a_guess_that_failed_is_asked_again_when_the_turn_is_certain() -> None:
    r = asked()
    r.event(ev.JobFailed, stage="llm", turn=r.events(ev.TurnTaken)[-1].turn, reason="busy")
    assert not r.told(Trouble)
    r.quiet(600)
    assert [t.speculative for t in r.events(ev.TurnTaken)] == [True, False]


def test_an_answer_to_words_that_are_given_up_is_given_up_too() -> None:
    r = asked()
    heard = r.events(ev.SpeechStarted)[-1].utterance
    r.event(ev.JobFailed, stage="stt", utterance=heard, reason="broken")
    assert [t.stage for t in r.told(Trouble)] == ["stt"]
    assert r.events(ev.ResponseCancelled)[-1].reason == "failed"
    assert not r.call.responding


def test_hanging_up_cancels_what_is_under_way() -> None:
    r = asked()
    r.quiet(600)
    r.give(Finished("end_call"))
    assert r.events(ev.ResponseCancelled)[-1].reason == "hung_up"
    assert r.events(ev.SessionEnded)[-1].reason == "end_call"


def test_a_resumed_call_remembers() -> None:
    history = History([Message("user", "My name is Ada."), Message("assistant", "Hi Ada.")], 4, 7)
    r = Rehearsal(history=history)
    r.says(800, "What is my name?")
    (taken,) = r.events(ev.TurnTaken)
    assert taken.turn == 5
    assert [m.text for m in taken.messages] == ["My name is Ada.", "Hi Ada.", "What is my name?"]
    assert r.events(ev.SpeechStarted)[0].utterance == 8


def test_a_speech_longer_than_an_utterance_may_be_is_recognised_in_parts() -> None:
    r = Rehearsal()
    r.says(LONGEST_MS + 1000)
    assert [e.utterance for e in r.events(ev.SpeechEnded)] == [1]
    sent = sum(len(frame.pcm) for number in (1, 2) for frame in r.frames(number))
    assert LONGEST_MS + 900 <= sent // BYTES_PER_MS <= LONGEST_MS + 1000, "no audio is in both"
    r.says(1000)
    r.event(
        ev.TranscriptFinal,
        utterance=1,
        text="First part",
        confidence=0.9,
        audio_ms=LONGEST_MS,
        took_ms=1.0,
        model="m",
    )
    r.quiet(160)
    r.hears("and the second part.")
    r.quiet(800)
    assert [c.text for c in r.events(ev.TurnCommitted)] == ["First part and the second part."]


def speaks_on(r: Rehearsal) -> None:
    """Speak a first part as long as a part may be, pause, and go on."""
    r.says(PART_MS, "This is the first part.")
    r.says(100)


def test_a_long_speech_is_entered_at_a_pause_after_which_the_caller_goes_on() -> None:
    r = Rehearsal()
    speaks_on(r)
    r.says(900, "And this is the second.")
    r.quiet(800)
    assert [e.utterance for e in r.events(ev.SpeechStarted)] == [1, 2]
    assert [(e.text, e.role) for e in r.events(ev.MessageAdded)] == [
        ("This is the first part.", "user")
    ]
    assert [c.text for c in r.events(ev.TurnCommitted)] == ["And this is the second."]
    (*_, taken) = r.events(ev.TurnTaken)
    assert [m.text for m in taken.messages] == [
        "This is the first part.",
        "And this is the second.",
    ]
    assert [(t.text, t.goes_on) for t in r.told(CallerTranscript) if t.final] == [
        ("This is the first part.", False),
        ("And this is the second.", True),
    ]
    pauses = [frame.pause for frame in r.frames(1) if frame.pause]
    assert r.frames(1)[-1].stands == pauses[-1], "what came after the pause is not recognised"
    first = b"".join(frame.pcm for frame in r.frames(2))
    voiced = [first[at : at + FRAME_BYTES] == VOICE for at in range(0, len(first), FRAME_BYTES)]
    assert sum(voiced) * FRAME_MS == 1000, "all that was said after the pause, and nothing before"


def test_who_makes_a_sound_without_words_after_a_long_speech_is_answered() -> None:
    r = Rehearsal()
    speaks_on(r)
    r.quiet(160)
    r.hears("")
    r.quiet(600)
    assert [e.discarded for e in r.events(ev.SpeechEnded)] == [False, True]
    (*_, taken) = r.events(ev.TurnTaken)
    assert [m.text for m in taken.messages] == ["This is the first part."]
    assert not taken.speculative


def test_a_long_speech_whose_words_are_not_known_yet_is_not_ended_at_a_pause() -> None:
    r = Rehearsal()
    r.says(PART_MS)
    r.quiet(160)
    r.says(900, "All of it.")
    r.quiet(800)
    assert [e.utterance for e in r.events(ev.SpeechStarted)] == [1]
    assert [c.text for c in r.events(ev.TurnCommitted)] == ["All of it."]


def test_lost_audio_is_read_again() -> None:
    from edge.core.effects import Recover  # noqa: PLC0415  # only here

    r = asked()
    r.quiet(600)
    r.answers("It is Paris.")
    turn = r.events(ev.TurnTaken)[-1].turn
    r.event(
        ev.SpeechReady,
        turn=turn,
        index=0,
        chunks=1,
        audio_ms=500,
        first_chunk_ms=1.0,
        took_ms=1.0,
        model="m",
    )
    assert [e.turn for e in r.effects if isinstance(e, Recover)] == [turn]
