"""What a caller would notice of the call's decisions."""

from __future__ import annotations

from edge.core.client_events import (
    CallerTranscript,
    ResponseDone,
    Speech,
    Trouble,
)
from edge.core.inputs import Finished
from edge.core.session.history import History
from schemas import events as ev
from schemas.events import Message
from tests.unit.edge.core.questions import QUESTION, answered, asked
from tests.unit.edge.core.rehearsal import SILENCE, VOICE, Rehearsal


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
    assert frames[-1].final_pause == 1
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
