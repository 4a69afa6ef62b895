"""Speech, sounds and nods over the answer of a call."""

from __future__ import annotations

import pytest

from edge.core.messages.client_events import (
    Interrupted,
)
from schemas import events as ev
from schemas.events import Message
from tests.unit.edge.core.questions import QUESTION, answered, asked


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
