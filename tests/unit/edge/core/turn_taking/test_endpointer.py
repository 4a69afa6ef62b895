"""How long silence must last, for these words of this caller."""

from __future__ import annotations

from typing import Any

from edge.core.turn_taking.endpointer import Endpointer
from schemas.events import Message
from tests.unit.edge.core.aura_side import AuraSide, transcript


def endpointing(**changes: Any) -> tuple[AuraSide, Endpointer]:
    aura = AuraSide(**changes)
    return aura, Endpointer(aura.config, aura.history, aura.requester)


def test_a_question_is_answered_sooner_than_words_that_go_on() -> None:
    _, endpointer = endpointing()
    question_ms = endpointer.wait_ms(transcript("What is the weather like?"))
    open_ms = endpointer.wait_ms(transcript("I would like to"))
    assert endpointer.least_ms <= question_ms < open_ms


def test_a_silence_that_is_set_holds_whatever_the_words() -> None:
    _, endpointer = endpointing(turns__silence_ms=700)
    assert endpointer.wait_ms(transcript("Stop.")) == 700
    assert endpointer.wait_ms(transcript("I would like to")) == 700
    assert not endpointer.asks_model(transcript("I would like"))


def test_a_response_is_worth_it_unless_the_words_are_open() -> None:
    _, endpointer = endpointing()
    assert endpointer.may_be_over(transcript("What is the weather like?"))
    assert not endpointer.may_be_over(transcript("I would like to"))


def test_carried_words_are_part_of_the_turn() -> None:
    aura, endpointer = endpointing()
    alone_ms = endpointer.wait_ms(transcript("Hamburg?"))
    aura.history.carry("What is the weather like in")
    assert endpointer.wait_ms(transcript("Hamburg?")) < alone_ms


def test_a_short_reply_to_a_question_ends_the_turn() -> None:
    aura, endpointer = endpointing()
    alone_ms = endpointer.wait_ms(transcript("Yes, please."))
    aura.history.messages.append(Message("assistant", "Shall I book a table?"))
    assert endpointer.wait_ms(transcript("Yes, please.")) < alone_ms


def test_a_caller_who_pauses_often_is_waited_for_longer() -> None:
    _, endpointer = endpointing()
    words = transcript("What is the weather like?")
    before_ms = endpointer.wait_ms(words)
    for _ in range(3):
        endpointer.pauses.continued(1000)
        endpointer.pauses.ended()
    assert endpointer.wait_ms(words) > max(before_ms, 1000)


def test_the_language_models_word_counts_while_its_response_may_be_taken_back() -> None:
    aura, endpointer = endpointing(turns__ask_eot=True)
    words = transcript("And then we went", eot_stt=0.5)
    response = aura.asks(words.text, speculative=True)
    response.sentences.eot_llm = 0.99
    sure_ms = endpointer.wait_ms(words)
    response.sentences.eot_llm = 0.01
    assert endpointer.wait_ms(words) > sure_ms


def test_words_sounded_finished_by_themselves_whatever_their_sound() -> None:
    _, endpointer = endpointing()
    assert endpointer.sounded_finished(transcript("Call me back.", eot_audio=0.0))
    assert not endpointer.sounded_finished(transcript("I want to", eot_audio=1.0))
    assert not endpointer.sounded_finished(None)
