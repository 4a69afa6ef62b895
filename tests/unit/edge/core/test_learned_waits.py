"""Waits by more than the words: the caller's pauses, a question, what the language model reads."""

from __future__ import annotations

from edge.core.endpointing.end_of_turn import WAITS
from edge.core.messages.inputs import Typed
from edge.core.session.history import History
from schemas import events as ev
from schemas.events import Message
from tests.unit.edge.core.rehearsal import Rehearsal
from tests.unit.edge.core.turn_taking.test_turns import ask, said


def hear(call: Rehearsal) -> None:
    """Let the answer be heard to its end."""
    call.answers("I will.")
    call.speaks(0, 400)
    call.quiet(1000)


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


def test_speech_before_the_response_to_a_typed_turn_is_no_pause_inside_a_turn() -> None:
    text = "Please call me back tomorrow."
    usual, call = ask(Rehearsal(), text), Rehearsal()
    call.give(Typed("Hello."))
    call.quiet(2000)
    assert ask(call, text) == usual


def test_yes_is_the_whole_answer_to_a_question_and_not_before_one() -> None:
    waits = {}
    for heard in ("Shall I book it?", "I have booked it."):
        history = History(messages=[Message("user", "Hi."), Message("assistant", heard)])
        waits[heard] = ask(Rehearsal(history=history), "Yes.")
    assert waits["Shall I book it?"] < waits["I have booked it."]


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
