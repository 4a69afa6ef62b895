"""A client that ends turns itself, edits the conversation, asks for responses, and truncates."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core.client_events import (
    CallerSilent,
    CallerStarted,
    CallerStopped,
    CallerTranscript,
    Interrupted,
    ResponseDropped,
    ResponseStarted,
    Speech,
    Trouble,
    TurnHandedIn,
)
from edge.core.inputs import (
    Cancelled,
    ItemAdded,
    ItemRemoved,
    ResponseAsked,
    Truncated,
    TurnDiscarded,
    TurnEnded,
)
from edge.core.session.history import fold
from schemas import events as ev
from schemas.events import Message
from tests.unit.edge.core.rehearsal import Rehearsal, config

QUESTION = "What is the capital of France?"
BY_CLIENT: dict[str, Any] = {
    "turns__by_client": True,
    "turns__respond": False,
    "turns__speculate": False,
    "interruption__allowed": False,
    "turns__min_speech_ms": 20,
}


def final(r: Rehearsal, text: str, utterance: int | None = None) -> None:
    """The recogniser tells the words of a whole utterance."""
    r.event(
        ev.TranscriptFinal,
        utterance=utterance or r.events(ev.SpeechStarted)[-1].utterance,
        text=text,
        confidence=0.9,
        audio_ms=500,
        took_ms=1.0,
        model="m",
    )


def responding(ms: int = 3000, **changes: Any) -> Rehearsal:
    """Return a call in which a response is being heard."""
    r = Rehearsal(**changes)
    r.says(800, QUESTION)
    r.quiet(600)
    r.answers("It is Paris, and it has been for long.")
    r.speaks(0, ms)
    r.quiet(1000)
    return r


def folded(r: Rehearsal) -> list[Message]:
    """Return the conversation as another edge reads it from the log."""
    return fold(r.events(ev.Event)).messages


# ---------------------------------------------------------------- what is told


def test_a_turn_is_told_from_its_start_to_the_response_in_this_order() -> None:
    r = responding()
    told = [type(one) for one in r.told(object) if not isinstance(one, Speech)]
    partial, last = CallerTranscript, CallerTranscript
    assert told[:5] == [CallerStarted, partial, CallerStopped, last, ResponseStarted]
    stopped, words = r.told(CallerStopped)[0], r.told(CallerTranscript)[-1]
    assert (stopped.utterance, stopped.discarded, words.utterance) == (1, False, 1)
    assert (words.text, words.key) == (QUESTION, "turn_1")
    assert r.told(ResponseStarted) == [ResponseStarted(1)]


def test_the_start_of_speech_is_told_with_how_long_ago_it_was() -> None:
    r = Rehearsal()
    r.quiet(1000)
    r.says(400)
    (started,) = r.told(CallerStarted)
    assert 300 <= started.ago_ms <= 400
    assert not started.over_response


def test_words_that_were_carried_are_of_the_turn_but_not_of_the_utterance() -> None:
    r = Rehearsal()
    r.says(800, QUESTION)
    r.quiet(600)
    r.says(800, "And of Spain?")
    r.quiet(3000)
    assert r.told(ResponseDropped) == [ResponseDropped(1, "retracted")]
    words = r.told(CallerTranscript)[-1]
    assert (words.text, words.goes_on) == ("And of Spain?", True)
    assert r.events(ev.TurnCommitted)[-1].text == f"{QUESTION} And of Spain?"


# ---------------------------------------------------------------- turns of the client


def test_a_turn_of_the_client_ends_when_it_says_so_and_no_pause_does() -> None:
    r = Rehearsal(**BY_CLIENT)
    r.says(800, QUESTION)
    r.quiet(5000)
    assert not r.events(ev.SpeechEnded)
    r.give(TurnEnded())
    assert r.told(TurnHandedIn) == [TurnHandedIn(1)]
    final(r, QUESTION)
    assert r.call.history.messages == [Message("user", QUESTION)]
    assert r.told(CallerTranscript)[-1].text == QUESTION
    assert not r.events(ev.TurnTaken)
    assert folded(r) == r.call.history.messages


def test_speech_after_the_clients_commit_is_another_turn() -> None:
    r = Rehearsal(**BY_CLIENT)
    r.says(600)
    r.give(TurnEnded())
    r.says(600)
    r.give(TurnEnded())
    assert r.told(TurnHandedIn) == [TurnHandedIn(1), TurnHandedIn(2)]
    final(r, "One.", 1)
    final(r, "Two.", 2)
    assert r.call.history.messages == [Message("user", "One."), Message("user", "Two.")]


def test_a_response_that_is_asked_for_waits_for_the_words_of_the_turn() -> None:
    r = Rehearsal(**BY_CLIENT)
    r.says(600)
    r.give(TurnEnded())
    r.give(ResponseAsked("a"))
    assert not r.events(ev.TurnTaken)
    final(r, QUESTION)
    (taken,) = r.events(ev.TurnTaken)
    assert taken.messages == (Message("user", QUESTION),)
    assert r.told(ResponseStarted) == [ResponseStarted(1, "a")]


def test_a_commit_without_a_voice_is_told_as_one() -> None:
    r = Rehearsal(**BY_CLIENT)
    r.quiet(600)
    r.give(TurnEnded())
    assert r.told(TurnHandedIn) == [TurnHandedIn(0)]


def test_words_that_never_come_are_told_and_the_client_may_go_on() -> None:
    r = Rehearsal(**BY_CLIENT)
    r.says(600)
    r.give(TurnEnded())
    r.wait(20_000)
    assert [one.stage for one in r.told(Trouble)] == ["stt"]
    r.give(ResponseAsked("a"))
    assert r.told(ResponseStarted)


def test_audio_that_the_client_drops_is_no_turn() -> None:
    r = Rehearsal()
    r.says(600, QUESTION)
    r.give(TurnDiscarded())
    r.quiet(1000)
    assert r.events(ev.SpeechEnded)[-1].discarded
    assert r.events(ev.ResponseCancelled)[-1].reason == "retracted"
    assert not r.events(ev.TurnCommitted)


# ---------------------------------------------------------------- no response, no interruption


def test_a_turn_without_a_response_enters_the_conversation() -> None:
    r = Rehearsal(turns__respond=False)
    r.says(800, QUESTION)
    r.quiet(600)
    assert not r.events(ev.TurnTaken)
    assert r.call.history.messages == [Message("user", QUESTION)]
    assert r.told(CallerTranscript)[-1].final
    assert folded(r) == r.call.history.messages


def test_a_response_that_may_not_be_interrupted_is_heard_and_the_turn_follows() -> None:
    r = responding(interruption__allowed=False)
    r.says(800, "And of Spain?")
    r.quiet(600)
    assert not r.told(Interrupted)
    assert r.spoken_ms(1) < 3000
    r.quiet(2000)
    assert r.spoken_ms(1) == 3000
    assert [one.text for one in r.events(ev.TurnTaken)[-1].messages] == [
        QUESTION,
        "It is Paris, and it has been for long.",
        "And of Spain?",
    ]
    assert folded(r) == r.call.history.messages
    assert len(r.told(ResponseStarted)) == 2


# ---------------------------------------------------------------- messages of the client


def test_messages_are_put_where_the_client_wants_them_and_taken_out() -> None:
    r = Rehearsal()
    r.give(ItemAdded("b", "user", "Second."))
    r.give(ItemAdded("c", "assistant", "Third."))
    r.give(ItemAdded("a", "user", "First.", ""))
    r.give(ItemAdded("d", "user", "After the second.", "b"))
    r.give(ItemAdded("d", "user", "The same name.", "b"))
    texts = [one.text for one in r.call.history.messages]
    assert texts == ["First.", "Second.", "After the second.", "Third."]
    r.give(ItemRemoved("b"))
    assert [one.text for one in r.call.history.messages] == texts[:1] + texts[2:]
    assert folded(r) == r.call.history.messages


def test_a_message_that_comes_while_a_response_is_spoken_follows_it() -> None:
    r = responding()
    r.give(ItemAdded("a", "user", "And of Spain?"))
    r.give(ItemAdded("b", "user", "Or of Italy?", "a"))
    r.give(ItemAdded("c", "user", "First of all.", ""))
    r.give(ItemRemoved("b"))
    r.give(ResponseAsked("x"))
    r.quiet(3000)
    texts = ["First of all.", QUESTION, "It is Paris, and it has been for long.", "And of Spain?"]
    assert [one.text for one in r.events(ev.TurnTaken)[-1].messages] == texts
    assert [one.text for one in r.call.history.messages] == texts
    r.give(Cancelled())
    assert folded(r) == r.call.history.messages


def test_a_system_message_is_told_the_model_beside_the_conversation() -> None:
    r = Rehearsal(response__system_prompt="Be brief.")
    r.give(ItemAdded("s", "system", "The caller is called Ada."))
    r.give(ResponseAsked("a"))
    (taken,) = r.events(ev.TurnTaken)
    assert taken.system == "Be brief.\n\nThe caller is called Ada."
    assert taken.messages == ()
    assert fold(r.events(ev.Event)).system("") == "The caller is called Ada."


def test_turns_can_be_removed_too_even_before_their_words_arrive() -> None:
    r = responding()
    r.give(ItemRemoved("response_1"))
    r.quiet(4000)
    assert r.call.history.messages == [Message("user", QUESTION)]
    r.give(ItemRemoved("turn_1"))
    assert r.call.history.messages == []
    assert folded(r) == []


# ---------------------------------------------------------------- responses that are asked for


def test_a_response_of_its_own_configuration_and_input_outside_the_conversation() -> None:
    r = Rehearsal()
    r.give(ItemAdded("a", "user", QUESTION))
    own = config("text", response__system_prompt="Classify.", response__max_tokens=5)
    r.give(ResponseAsked("x", own, (Message("user", "Hello."),), kept=False))
    (taken,) = r.events(ev.TurnTaken)
    assert (taken.system, taken.max_tokens, taken.text_only) == ("Classify.", 5, True)
    assert taken.messages == (Message("user", "Hello."),)
    r.answers("greeting")
    r.quiet(40)
    told = [(one.text, one.pcm, one.ends) for one in r.told(Speech)]
    assert told == [("greeting", b"", False), ("", b"", True)]
    assert r.call.history.messages == [Message("user", QUESTION)]
    assert folded(r) == r.call.history.messages


def test_responses_that_are_asked_for_come_one_after_the_other() -> None:
    r = responding()
    r.give(ResponseAsked("a"))
    r.give(ResponseAsked("b"))
    assert len(r.events(ev.TurnTaken)) == 1
    r.quiet(3000)
    assert [one.ask for one in r.told(ResponseStarted)] == ["", "a"]
    r.answers("More.")
    r.speaks(0, 100)
    r.quiet(500)
    assert [one.ask for one in r.told(ResponseStarted)] == ["", "a", "b"]


def test_a_text_response_is_read_sentence_by_sentence_and_remembered() -> None:
    r = Rehearsal("text")
    r.give(ItemAdded("a", "user", QUESTION))
    r.give(ResponseAsked("x"))
    r.answers("It is Paris.", "It has been for long.")
    r.quiet(40)
    assert [one.text for one in r.told(Speech)] == ["It is Paris.", " It has been for long.", ""]
    answer = "It is Paris. It has been for long."
    assert r.call.history.messages[-1] == Message("assistant", answer)
    assert folded(r) == r.call.history.messages


def test_a_text_response_that_is_cancelled_is_remembered_as_far_as_it_came() -> None:
    r = Rehearsal("text")
    r.give(ItemAdded("a", "user", QUESTION))
    r.give(ResponseAsked("x"))
    sentence: dict[str, Any] = {
        "first_token_ms": 1.0,
        "took_ms": 1.0,
        "model": "m",
        "deadline_ms": 0,
    }
    r.event(ev.ResponseSentence, turn=1, index=0, text="It is Paris.", **sentence)
    r.give(Cancelled())
    assert r.told(ResponseDropped) == [ResponseDropped(1, "interrupted")]
    assert r.call.history.messages[-1] == Message("assistant", "It is Paris.")


# ---------------------------------------------------------------- the client's word for the heard


@pytest.mark.parametrize("played_ms", [0, 500, 900])
def test_a_truncation_after_an_interruption_is_the_history(played_ms: int) -> None:
    r = responding()
    r.says(800, "Stop it now, please.")
    before = r.call.history.messages[1].text
    r.give(Truncated(1, played_ms))
    (truncated,) = r.events(ev.AnswerTruncated)
    assert before.startswith(truncated.text)
    assert len(truncated.text) < len(before)
    said = [one.text for one in r.call.history.messages]
    assert said == ([QUESTION, truncated.text] if truncated.text else [QUESTION])
    r.quiet(1000)
    assert folded(r)[: len(said)] == r.call.history.messages[: len(said)]


def test_a_truncation_of_a_response_that_goes_on_ends_it_there() -> None:
    r = responding()
    r.give(Truncated(1, 600))
    heard = r.events(ev.AnswerHeard)[-1]
    assert (heard.played_ms, heard.complete) == (600, False)
    sent = r.spoken_ms()
    r.quiet(3000)
    assert r.spoken_ms() == sent


def test_a_truncation_while_words_are_awaited_moves_where_the_response_goes_on() -> None:
    r = responding(interruption__voice_ms=200)
    r.says(400)
    (interrupted,) = r.told(Interrupted)
    sent = r.spoken_ms()
    r.give(Truncated(1, interrupted.played_ms - 300))
    r.quiet(200)
    r.hears("")
    r.quiet(5000)
    assert r.spoken_ms() - sent == 3000 - (interrupted.played_ms - 300)
    assert r.call.history.messages[-1].text == "It is Paris, and it has been for long."


def test_no_truncation_claims_more_than_was_sent() -> None:
    r = responding()
    sent = r.spoken_ms()
    r.give(Truncated(1, 10_000_000))
    assert r.events(ev.AnswerHeard)[-1].played_ms == sent


# ---------------------------------------------------------------- a caller who stays silent


def test_aura_speaks_up_after_the_silence_that_the_session_allows() -> None:
    r = responding(turns__idle_ms=5000)
    r.quiet(2500)
    assert r.call.history.messages[-1].role == "assistant"
    r.wait(4000)
    assert not r.told(CallerSilent)
    r.wait(1500)
    assert r.told(CallerSilent) == [CallerSilent(5000)]
    assert len(r.events(ev.TurnTaken)) == 2
    r.answers("Are you there?")
    r.speaks(0, 400)
    r.quiet(6500)
    assert len(r.told(CallerSilent)) == 2


def test_a_silent_session_that_allows_it_is_let_be() -> None:
    r = responding()
    r.quiet(3000)
    r.wait(600_000)
    assert not r.told(CallerSilent)
    assert r.call.due_ms(r.now_ms) is None
