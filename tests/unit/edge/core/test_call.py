"""What a caller would notice of the call's decisions."""

from __future__ import annotations

import pytest

from edge.core.messages.client_events import (
    CallerSilent,
    CallerTranscript,
    ResponseDone,
    ResponseStarted,
    Speech,
    Trouble,
)
from edge.core.messages.effects import ResyncSpeech
from edge.core.messages.inputs import (
    BackgroundAlone,
    Commanded,
    Finished,
    KeyPressed,
    Reconfigured,
    ResponseRequested,
    Resumed,
    TurnEnded,
)
from edge.core.session.history import History, fold
from edge.core.session.tool_steps import late
from edge.core.turn_taking.keypad import QUIET_MS
from schemas import events as ev
from schemas.agent import AgentUsed
from schemas.control import Mute
from schemas.events import Message
from tests.unit.edge.core.client_calls import final
from tests.unit.edge.core.questions import QUESTION, answered, asked
from tests.unit.edge.core.rehearsal import SILENCE, VOICE, Rehearsal
from tests.unit.edge.core.session.test_tool_steps import requested, returned


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
    frames = r.audio_messages(1)
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
    ended = r.events(ev.SessionEnded)[-1]
    assert (ended.reason, ended.connected_at_ms) == ("end_call", r.call.began.at_ms)


def test_a_resumed_call_remembers() -> None:
    history = History([Message("user", "My name is Ada."), Message("assistant", "Hi Ada.")], 4, 7)
    r = Rehearsal(history=history)
    r.says(800, "What is my name?")
    (taken,) = r.events(ev.TurnTaken)
    assert taken.turn == 5
    assert [m.text for m in taken.messages] == ["My name is Ada.", "Hi Ada.", "What is my name?"]
    assert r.events(ev.SpeechStarted)[0].utterance == 8


def test_lost_audio_is_read_again() -> None:
    r = asked()
    r.quiet(600)
    r.answers("It is Paris.")
    turn = r.events(ev.TurnTaken)[-1].turn
    took = {"first_chunk_ms": 1.0, "took_ms": 1.0}
    r.event(ev.SpeechReady, turn=turn, index=0, chunks=1, audio_ms=500, model="m", **took)
    assert [e.turn for e in r.effects if isinstance(e, ResyncSpeech)] == [turn]


def test_a_response_is_left_open_for_a_caller_who_comes_back_and_hears_its_rest() -> None:
    left = answered("sentences")
    left.quiet(500)
    left.give(Finished("caller_left", may_return=True))
    (cut,) = left.events(ev.AnswerHeard)
    assert (cut.resumable, cut.complete) == (True, False)
    assert not left.events(ev.ResponseCancelled)
    back = Rehearsal("sentences", history=fold(left.events(ev.Event)), begins=Resumed())
    assert back.call.responding
    assert back.call.history.unfinished is None
    back.answers("It is Paris.", "Do you want to go there?", turn=1)
    for index in range(2):
        back.speaks(index, 1000, turn=1)
    back.quiet(3000)
    (over,) = back.events(ev.AnswerHeard)
    assert (over.complete, over.earlier_connections) == (True, 1)
    assert left.spoken_ms() == 1000
    assert back.spoken_ms() == 2000 - cut.played_ms
    assert [one.text for one in back.call.history.messages] == [QUESTION, over.text]


def test_the_shell_is_told_whether_words_of_the_caller_are_wanted() -> None:
    r = Rehearsal(turns__by_client=True)
    assert (r.call.listening, r.call.wants_words) == (False, False)
    r.says(500)
    assert (r.call.listening, r.call.wants_words, r.call.awaits(1)) == (True, True, False)
    r.give(TurnEnded())
    assert (r.call.listening, r.call.wants_words, r.call.awaits(1)) == (False, True, True)
    final(r, QUESTION)
    assert (r.call.wants_words, r.call.awaits(1), r.call.responding) == (False, False, True)


def test_words_of_a_caller_who_still_speaks_are_told_and_begin_no_response() -> None:
    r = Rehearsal()
    r.says(500)
    r.partial("What is")
    assert r.told(CallerTranscript) == [CallerTranscript("What is", final=False)]
    assert not r.events(ev.TurnTaken)


def test_words_that_are_known_are_wanted_no_more() -> None:
    r = asked()
    assert (r.call.listening, r.call.wants_words) == (True, False)


def test_the_model_is_asked_to_speak_after_a_silence_unless_the_assistant_is_muted() -> None:
    for muted in (False, True):
        r = answered()
        r.give(Reconfigured(r.call.config.but({"turns.idle_ms": 5000})))
        r.quiet(3000)
        r.give(Commanded("c1", "op", Mute("assistant", muted=muted)))
        assert (r.call.due_ms(r.now_ms) is None) is muted
        r.wait(6000)
        assert r.told(CallerSilent) == ([] if muted else [CallerSilent(5000)])
        assert len(r.events(ev.TurnTaken)) == (1 if muted else 2)


def test_keys_become_a_turn_when_no_more_follow_and_nobody_speaks() -> None:
    r = Rehearsal()
    r.give(KeyPressed("42"))
    assert r.call.due_ms(r.now_ms) == r.now_ms + QUIET_MS
    r.says(500)
    r.wait(QUIET_MS)
    assert not r.events(ev.TurnTaken)
    r.hears("")
    r.wait(1000)
    assert [one.text for one in r.events(ev.TurnCommitted)] == ["[keys pressed: 42]"]


@pytest.mark.parametrize(
    ("respond", "muted", "responses"), [(True, False, 1), (False, False, 0), (True, True, 0)]
)
def test_a_result_that_came_late_is_told_once_nobody_speaks(
    *, respond: bool, muted: bool, responses: int
) -> None:
    result = late(requested(), returned(result="booked"))
    history = History(late_results=list(result))
    history.control.note("c1", Mute("assistant", muted=muted))
    r = Rehearsal(history=history, begins=Resumed(), turns__respond=respond)
    assert [one.messages for one in r.events(ev.TurnTaken)] == [result] * responses
    assert r.told(ResponseStarted) == [ResponseStarted(1)] * responses


def test_a_muted_assistant_begins_no_response_that_is_asked_for() -> None:
    r = Rehearsal(response__greeting="Hello.")  # the first request waits for its end
    for name, muted in (("a", True), ("b", False), ("c", False)):
        r.give(ResponseRequested(name))
        r.give(Commanded(name, "op", Mute("assistant", muted=muted)))
    assert r.told(ResponseStarted) == [ResponseStarted(1, "c")]


def test_another_agent_goes_on_with_its_own_configuration() -> None:
    r = Rehearsal()
    config = r.call.config.but({"response.system_prompt": "You are the cook."})
    for name, before in (("cook", ""), ("bar", "cook@1")):
        r.give(Reconfigured(config, AgentUsed(name=name, revision=1)))
        changed = r.events(ev.AgentChanged)[-1]
        assert (changed.agent.name, changed.before) == (name, before)
    assert (r.call.config, r.events(ev.SessionReconfigured)[-1].config) == (config, config)
    r.says(800, QUESTION)
    taken = r.events(ev.TurnTaken)[-1]
    assert (taken.agent, taken.system) == ("bar@1", "You are the cook.")


def test_nothing_follows_the_end() -> None:
    r = Rehearsal()
    r.give(Finished("end_call"))
    over = len(r.effects)
    r.give(BackgroundAlone())
    r.wait(60_000)
    assert r.effects[over:] == []
    assert r.call.due_ms(r.now_ms) is None


def test_two_configurations_of_the_same_moment_are_both_kept_by_the_log() -> None:
    r = Rehearsal()
    for respond in (False, True):
        r.give(Reconfigured(r.call.config.but({"turns.respond": respond})))
    first, second = r.events(ev.SessionReconfigured)
    assert first.id != second.id
