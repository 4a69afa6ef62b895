"""Calls whose caller or whose assistant an operator muted."""

from __future__ import annotations

from edge.core.messages.client_events import CallerTranscript, Interrupted
from edge.core.messages.inputs import (
    KeyPressed,
    Typed,
)
from edge.core.turn_taking.keypad import QUIET_MS
from schemas import events as ev
from schemas.control import Mute, Say
from tests.unit.edge.core.commands import QUESTION, answered, commanded, resumed, voiced
from tests.unit.edge.core.rehearsal import Rehearsal


def test_a_muted_caller_is_neither_heard_nor_answered_until_it_ends() -> None:
    r = Rehearsal()
    r.says(400)
    commanded(r, Mute())
    assert r.call.control.deaf
    assert r.events(ev.SpeechEnded)[-1].discarded
    r.says(800)
    r.give(Typed("Hello?"))
    r.give(KeyPressed("123"))
    r.quiet(2000)
    assert len(r.events(ev.SpeechStarted)) == 1
    assert not r.events(ev.TurnTaken)
    assert not r.events(ev.KeysPressed)
    commanded(r, Mute(muted=False))
    r.says(800, QUESTION)
    assert r.events(ev.TurnTaken)


def test_keys_pressed_before_a_mute_are_no_turn() -> None:
    r = Rehearsal()
    r.give(KeyPressed("5"))
    r.quiet(300)
    commanded(r, Mute())
    r.quiet(QUIET_MS)
    commanded(r, Mute(muted=False))
    r.quiet(QUIET_MS)
    assert not r.events(ev.TurnTaken)


def test_sound_of_a_muted_caller_is_not_sent_later_as_a_prefix() -> None:
    r = Rehearsal(turns__prefix_ms=600)
    commanded(r, Mute())
    r.says(400)
    commanded(r, Mute(muted=False))
    r.quiet(100)
    r.says(200)
    sent = b"".join(frame.pcm for frame in r.audio_messages(1))
    assert len(sent.strip(b"\x00")) <= 200 * 32


def test_a_muted_assistant_understands_and_says_only_what_an_operator_says() -> None:
    r = answered()
    r.quiet(500)
    commanded(r, Mute(side="assistant"))
    assert len(r.told(Interrupted)) == 1
    r.says(800, "Are you there?")
    r.quiet(800)
    assert len(r.events(ev.TurnTaken)) == 1
    assert r.told(CallerTranscript)[-1].text == "Are you there?"
    commanded(r, Say("Sam here, how can I help?"))
    voiced(r, 500)
    r.quiet(800)
    said = [one.text for one in r.call.history.messages]
    assert said[-2:] == ["Are you there?", "Sam here, how can I help?"]
    again = resumed(r)
    assert [one.text for one in again.call.history.messages[-2:]] == said[-2:]
    again.says(800, "Hello?")
    again.quiet(800)
    assert not again.events(ev.TurnTaken)
    commanded(again, Mute(side="assistant", muted=False))
    again.give(Typed("Hello?"))
    assert again.events(ev.TurnTaken)


def test_turns_typed_before_the_mute_are_entered_together_and_the_next_text_is_spoken() -> None:
    r = Rehearsal()
    commanded(r, Say("Please listen.", interruptible=False))
    voiced(r)
    r.wait(300)
    for text in ("One.", "Two.", "Three."):
        r.give(Typed(text))
    commanded(r, Say("Sam here."))
    commanded(r, Mute(side="assistant"))
    assert [one.text for one in r.events(ev.TurnCommitted)] == ["One.", "Two.", "Three."]
    assert len(r.events(ev.ControlSpoken)) == 2
