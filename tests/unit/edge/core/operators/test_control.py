"""What operators have a call do, as its caller and its log would notice."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core.messages import effects
from edge.core.messages.client_events import Interrupted, Speech
from edge.core.messages.inputs import (
    Reconfigured,
    Typed,
)
from edge.core.session.control_memory import MOST_WAITING_TEXTS
from edge.core.session.history import fold
from schemas import events as ev
from schemas.agent import AgentUsed
from schemas.control import End, Fault, Instruct, Interrupt, Mute, Say, Side, Transfer
from schemas.events import Message
from tests.unit.edge.core.commands import QUESTION, answered, commanded, hung_up, resumed, voiced
from tests.unit.edge.core.rehearsal import Rehearsal


def test_a_transfer_is_asked_for_once_and_the_new_agent_greets_when_nobody_speaks() -> None:
    r = answered()
    commanded(r, Transfer("billing"), "t1")
    commanded(r, Transfer("billing"), "t1")
    (asked,) = [one for one in r.effects if isinstance(one, effects.AgentTransfer)]
    assert (asked.agent, len(r.events(ev.ControlReceived))) == ("billing", 1)
    config = r.call.config.but({"response.greeting": "Billing, hello."})
    r.give(Reconfigured(config, AgentUsed(name="billing", revision=3), asked.call))
    assert not r.events(ev.ControlSpoken)
    r.quiet(2500)
    voiced(r)
    r.quiet(1500)
    assert [one.text for one in r.events(ev.AnswerHeard)] == ["It is Paris.", "Billing, hello."]
    assert r.events(ev.AgentChanged)[0].agent.name == "billing"
    r.says(800, QUESTION)
    r.quiet(600)
    assert r.events(ev.TurnTaken)[-1].agent == "billing@3"


def test_an_agent_that_comes_to_an_ending_call_does_not_greet() -> None:
    r = Rehearsal()
    commanded(r, Transfer("billing"), "t1")
    commanded(r, End(words="Goodbye."))
    config = r.call.config.but({"response.greeting": "Billing, hello."})
    asked = next(one for one in r.effects if isinstance(one, effects.AgentTransfer))
    r.give(Reconfigured(config, AgentUsed(name="billing", revision=3), asked.call))
    voiced(r, 300)
    r.quiet(500)
    assert [one.text for one in r.events(ev.ResponseSentence)] == ["Goodbye."]
    assert hung_up(r)


def test_a_transfer_to_an_agent_without_a_greeting_says_nothing() -> None:
    r = Rehearsal()
    commanded(r, Transfer("quiet"), "t1")
    asked = next(one for one in r.effects if isinstance(one, effects.AgentTransfer))
    config = r.call.config.but({"response.greeting": ""})
    r.give(Reconfigured(config, AgentUsed(name="quiet", revision=1), asked.call))
    r.quiet(2000)
    assert not r.events(ev.ControlSpoken)


def test_the_same_command_is_done_once() -> None:
    r = Rehearsal()
    commanded(r, Say("Once."), "k1")
    commanded(r, Say("Once."), "k1")
    voiced(r, 300)
    r.quiet(800)
    assert len(r.events(ev.ControlReceived)) == 1
    assert len(r.events(ev.ControlSpoken)) == 1
    again = resumed(r)
    commanded(again, Say("Once."), "k1")
    assert not again.events(ev.ControlReceived)


def test_an_instruction_is_part_of_the_prompt_of_later_turns_and_a_resume_keeps_it() -> None:
    r = Rehearsal(response__system_prompt="Be kind.")
    commanded(r, Instruct("The caller is a gold member."))
    assert not r.events(ev.TurnTaken)
    r.says(800, QUESTION)
    assert r.events(ev.TurnTaken)[-1].system == "Be kind.\n\nThe caller is a gold member."
    again = resumed(r)
    again.give(Typed("Hello?"))
    assert again.events(ev.TurnTaken)[-1].system.endswith("The caller is a gold member.")


def test_an_instruction_may_ask_for_a_response_at_once() -> None:
    r = answered()
    r.quiet(2500)
    commanded(r, Instruct("Offer a discount.", respond=True))
    taken = r.events(ev.TurnTaken)[-1]
    assert taken.messages[-1] == Message("user", "Offer a discount.")
    r.answers("You can have it for half.")
    r.speaks(0, 500)
    r.quiet(800)
    assert r.call.history.messages[2:] == [Message("assistant", "You can have it for half.")]
    assert fold(r.events(ev.Event)).messages == r.call.history.messages


def test_interrupt_stops_firm_and_waiting_texts_too() -> None:
    r = Rehearsal()
    commanded(r, Say("This call is recorded.", interruptible=False))
    commanded(r, Say("And there is more."))
    voiced(r, 3000)
    r.quiet(1000)
    commanded(r, Interrupt())
    r.quiet(4000)
    assert len(r.told(Interrupted)) == 1
    assert len(r.events(ev.ControlSpoken)) == 1
    assert not resumed(r).events(ev.ControlSpoken)


def test_a_call_with_as_many_waiting_texts_as_may_be_refuses_further_ones() -> None:
    r = answered()
    for number in range(MOST_WAITING_TEXTS):
        commanded(r, Say("More."), f"k{number}")
    refusals: list[tuple[str, Any, Fault | None]] = [
        ("new", Say("Too much."), "too_many_texts"),
        ("new", Instruct("Too much.", respond=True), "too_many_texts"),
        ("new", Instruct("Be kind."), None),
        ("new", Mute(), None),
        ("k0", Say("More."), None),  # it is done already
    ]
    for command_id, command, fault in refusals:
        assert r.call.control.refuses(command_id, command) == fault
    commanded(r, Say("Too much."), "new")
    assert len(r.events(ev.ControlReceived)) == MOST_WAITING_TEXTS


@pytest.mark.parametrize(("side", "deaf"), [("caller", True), ("assistant", False)])
def test_a_mute_makes_one_side_deaf_or_silent_until_it_is_undone(side: Side, *, deaf: bool) -> None:
    r = answered()
    r.quiet(1000)
    r.says(200)
    control, memory = r.call.control, r.call.history.control
    commanded(r, Mute(side))
    assert (control.deaf, memory.model_off, control.ends) == (deaf, not deaf, False)
    assert r.call.listening is not deaf
    assert r.call.responding is deaf  # a muted caller hears on, a muted assistant is interrupted
    commanded(r, Mute(side, muted=False))
    assert (control.deaf, memory.model_off) == (False, False)


def test_texts_that_wait_are_spoken_at_once_behind_dropped_instructions() -> None:
    r = answered()
    for text in ("Be kind.", "Be short."):
        commanded(r, Instruct(text, respond=True))
    commanded(r, Say("Sam here."))
    commanded(r, Mute("assistant"))
    assert voiced(r) == 2
    assert [one.text for one in r.events(ev.ResponseSentence)][-1] == "Sam here."


def test_an_instruction_to_respond_is_dropped_while_the_assistant_is_muted() -> None:
    r = Rehearsal()
    commanded(r, Mute("assistant"))
    commanded(r, Instruct("Offer a discount.", respond=True))
    commanded(r, Say("Sam here."))
    r.quiet(40)
    assert not r.events(ev.TurnTaken)
    assert [one.text for one in r.events(ev.ResponseSentence)] == ["Sam here."]


@pytest.mark.parametrize("words", ["", "  ", "Goodbye."])
@pytest.mark.parametrize("reason", ["", "We close now."])
def test_an_end_ignores_the_caller_and_hangs_up_after_its_last_words(
    words: str, reason: str
) -> None:
    r = Rehearsal()
    r.says(300)
    commanded(r, End(words=words, reason=reason))
    control, memory = r.call.control, r.call.history.control
    assert (control.deaf, memory.model_off, control.ends) == (True, True, True)
    assert [one.discarded for one in r.events(ev.SpeechEnded)] == [True]
    if words.strip():
        assert hung_up(r) == []
        voiced(r, 300)
        assert r.call.responding
        r.quiet(500)
    assert hung_up(r) == [effects.HangUp("CALL_ENDED", reason or "ended by the operator")]
    assert len(r.events(ev.ControlSpoken)) == bool(words.strip())


def test_an_idle_caller_is_asked_after_the_set_time_and_the_call_ends_after_it_again() -> None:
    r = Rehearsal(idle__after_s=5, idle__goodbye="")
    began_ms = r.now_ms
    assert r.call.due_ms(r.now_ms) == began_ms + 5000
    r.wait(5000)
    (asked,) = r.events(ev.CallerIdle)
    assert (asked.at_ms, asked.silent_ms, asked.ends) == (began_ms + 5000, 5000, False)
    voiced(r, 500)
    r.quiet(600)
    assert "".join(one.text for one in r.told(Speech)) == "Are you still there?"
    due_ms = r.call.due_ms(r.now_ms)
    assert due_ms is not None
    assert began_ms + 5000 + 500 + 5000 <= due_ms <= r.now_ms + 5000
    r.wait(due_ms - r.now_ms)
    assert [one.ends for one in r.events(ev.CallerIdle)] == [False, True]
    assert hung_up(r) == [effects.HangUp("CALL_IDLE", "nobody spoke for 5 s")]
    assert r.call.due_ms(r.now_ms) is None


def test_a_muted_or_an_ending_call_has_no_time_for_the_question() -> None:
    r = Rehearsal(idle__after_s=5)
    commanded(r, Mute())
    assert r.call.due_ms(r.now_ms) is None
    commanded(r, Mute(muted=False))
    assert r.call.due_ms(r.now_ms) == r.now_ms + 5000
    commanded(r, End(words="Goodbye."))
    r.wait(6000)
    assert r.events(ev.CallerIdle) == []


@pytest.mark.parametrize(
    ("then", "words", "ends"),
    [("end", "", True), ("end", "Over.", True), ("listen", "Over.", False)],
)
def test_a_reached_limit_is_told_once_and_ends_the_call_or_silences_the_model(
    then: str, words: str, *, ends: bool
) -> None:
    r = Rehearsal("sentences", spend__tokens=15, spend__then=then, spend__words=words)
    r.give(Typed("Hello."))
    r.answers("It is fine.")
    r.speaks(0, 200)
    r.quiet(400)
    if words:
        voiced(r, 200)
        r.quiet(400)
    assert [one.text for one in r.told(Speech)] == ["It is fine.", *([words] if words else [])]
    over = [effects.HangUp("SPEND_LIMIT", "it has used up what it may")]
    assert hung_up(r) == (over if ends else [])
    control, memory = r.call.control, r.call.history.control
    assert (control.ends, memory.model_off) == (ends, True)
    r.give(Typed("Hello?"))
    r.quiet(400)
    assert len(r.events(ev.TurnTaken)) == 1


def test_a_call_that_ends_refuses_further_commands_and_answers_a_repeated_one() -> None:
    r = Rehearsal()
    commanded(r, End("Goodbye."), "k1")
    assert r.call.control.refuses("k2", Say("One more thing.")) == "call_ending"
    assert r.call.control.refuses("k1", End("Goodbye.")) is None
    commanded(r, Say("One more thing."), "k2")
    assert [one.command_id for one in r.events(ev.ControlReceived)] == ["k1"]


def test_an_agent_that_no_command_asked_for_does_not_greet() -> None:
    r = Rehearsal()
    config = r.call.config.but({"response.greeting": "Billing, hello."})
    r.give(Reconfigured(config, AgentUsed(name="billing", revision=3)))
    r.quiet(2000)
    assert [one.agent.name for one in r.events(ev.AgentChanged)] == ["billing"]
    assert not r.events(ev.ControlSpoken)
