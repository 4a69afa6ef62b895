"""What a session sets of its turn-taking by name, and what it learns of its caller."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core.client_events import Interrupted
from edge.core.endpointing.end_of_turn import WAITS
from edge.core.session.history import History
from schemas import events as ev
from schemas.events import Message
from tests.unit.edge.core.rehearsal import Rehearsal


def answered(**changes: Any) -> Rehearsal:
    """Return a call in which a response is being heard."""
    call = Rehearsal(**changes)
    ask(call, "What is the capital of France?")
    call.answers("It is Paris, and it has been for a very long time.")
    call.speaks(0, 4000)
    return call


def ask(call: Rehearsal, text: str, silence_ms: int = 1600) -> int:
    """Say *text* and return the silence after which it was taken for the whole turn."""
    committed = len(call.events(ev.TurnCommitted))
    call.says(500)
    call.quiet(200)
    call.hears(text)
    waited = 200
    while len(call.events(ev.TurnCommitted)) == committed and waited < silence_ms:
        call.quiet(20)
        waited += 20
    return waited


def hear(call: Rehearsal) -> None:
    """Let the answer be heard to its end."""
    call.answers("I will.")
    call.speaks(0, 400)
    call.quiet(1000)


@pytest.mark.parametrize("text", ["Stop the music, please.", "I would like to", "Well"])
def test_a_named_silence_ends_a_turn_whatever_its_words(text: str) -> None:
    call = Rehearsal(turns__silence_ms=600)
    assert 600 <= ask(call, text) <= 640


def test_a_named_least_speech_keeps_short_sounds_out() -> None:
    call = Rehearsal(turns__min_speech_ms=300)
    call.says(200)
    call.quiet(300)
    assert not call.events(ev.SpeechStarted)
    call.says(300)
    assert call.events(ev.SpeechStarted)


def test_a_named_prefix_is_sent_with_the_speech() -> None:
    sent = {}
    for prefix_ms in (100, 800):
        call = Rehearsal(turns__prefix_ms=prefix_ms)
        call.quiet(1000)
        call.says(200)
        call.quiet(100)
        sent[prefix_ms] = sum(len(frame.pcm) for frame in call.frames(1)) // 32
    assert sent[800] - sent[100] == 700


def test_an_answer_may_need_several_words_to_be_interrupted() -> None:
    call = answered(interruption__min_words=3)
    call.says(1000)
    call.partial("Wait please")
    assert not call.told(Interrupted)
    call.partial("Wait please I have a question")
    assert call.told(Interrupted)


def test_too_few_words_let_the_answer_go_on() -> None:
    call = answered(interruption__min_words=3)
    call.says(400)
    call.quiet(200)
    call.hears("Wait please.")
    call.quiet(200)
    assert not call.told(Interrupted)
    assert call.events(ev.InterruptionDismissed)


def test_a_caller_who_pauses_inside_sentences_gets_a_longer_wait() -> None:
    call = Rehearsal()
    text = "Please call me back tomorrow."
    first = ask(call, text)
    hear(call)
    for _ in range(2):
        call.says(500)
        call.quiet(200)
        call.hears("and so I")
        call.quiet(800)
        ask(call, text)
        hear(call)
    assert ask(call, text) > max(first, 1000)


def test_yes_is_the_whole_answer_to_a_question_and_not_before_one() -> None:
    waits = {}
    for heard in ("Shall I book it?", "I have booked it."):
        history = History(messages=[Message("user", "Hi."), Message("assistant", heard)])
        waits[heard] = ask(Rehearsal(history=history), "Yes.")
    assert waits["Shall I book it?"] < waits["I have booked it."]


@pytest.mark.parametrize(("left_ms", "taken"), [(300, True), (2500, False)])
def test_a_yes_over_the_end_of_a_question_is_the_answer_to_it(left_ms: int, *, taken: bool) -> None:
    call = Rehearsal("sentences")
    ask(call, "I would like a table, please.")
    call.answers("Shall I book it for two?")
    call.speaks(0, 3000)
    call.quiet(3000 - left_ms)
    call.says(300)
    call.quiet(200)
    call.hears("Yes.")
    call.quiet(1500)
    assert (len(call.events(ev.TurnCommitted)) == 2) is taken


def test_words_before_anything_is_heard_belong_to_the_question_however_few() -> None:
    call = Rehearsal(interruption__min_words=3)
    ask(call, "I would like a room for tonight.")
    ask(call, "With breakfast.")
    assert (
        call.events(ev.TurnCommitted)[-1].text == "I would like a room for tonight. With breakfast."
    )


def said(call: Rehearsal, text: str) -> None:
    call.says(500)
    call.quiet(200)
    call.hears(text)


def test_a_turn_that_sounds_finished_waits_for_what_the_language_model_reads() -> None:
    call = Rehearsal(turns__ask_eot=True)
    said(call, "I want to fly to Madrid.")
    call.quiet(600)
    assert not call.events(ev.TurnCommitted)
    call.answers("Sure.", eot_llm=0.6)
    call.quiet(20)
    assert call.events(ev.TurnCommitted)


def test_a_language_model_that_expects_more_words_has_the_caller_listened_to_longer() -> None:
    call = Rehearsal(turns__ask_eot=True)
    said(call, "I want to fly to Madrid.")
    call.answers("Sure.", eot_llm=0.01)
    call.quiet(WAITS["auto"].unclear_ms - 300)
    assert not call.events(ev.TurnCommitted)
    call.quiet(200)
    assert call.events(ev.TurnCommitted)


def test_with_a_fixed_silence_the_words_do_not_matter() -> None:
    call = Rehearsal(turns__ask_eot=True, turns__silence_ms=600)
    assert ask(call, "I want to fly to Madrid.") <= 620
    assert not call.events(ev.TurnTaken)[-1].ask_eot


def test_a_call_from_before_language_models_read_asks_none() -> None:
    call = Rehearsal(turns__ask_eot=False)
    assert ask(call, "I want to fly to Madrid.") <= WAITS["auto"].stated_ms + 20
    assert not call.events(ev.TurnTaken)[-1].ask_eot


def test_a_language_model_that_never_says_is_not_waited_for_again() -> None:
    call = Rehearsal(turns__ask_eot=True)
    said(call, "I want to fly to Madrid.")
    call.quiet(600)
    hear(call)
    assert len(call.events(ev.TurnCommitted)) == 1
    assert ask(call, "And then I want to fly to Rome.") < 800


def test_a_language_model_that_is_silent_is_waited_for_no_longer_than_an_unclear_end() -> None:
    call = Rehearsal(turns__ask_eot=True)
    unclear_ms = WAITS["auto"].unclear_ms
    waited_ms = ask(call, "I want to fly to Madrid.")
    assert unclear_ms - 100 < waited_ms <= unclear_ms + 20
