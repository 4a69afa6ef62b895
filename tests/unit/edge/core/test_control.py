"""What operators have a call do, as its caller and its log would notice."""

from __future__ import annotations

from edge.core import effects
from edge.core.client_events import Interrupted
from edge.core.inputs import (
    Reconfigured,
    Typed,
)
from edge.core.session.history import fold
from schemas import events as ev
from schemas.agent import AgentUsed
from schemas.control import Instruct, Interrupt, Say, Transfer
from schemas.events import Message
from tests.unit.edge.core.commands import QUESTION, answered, commanded, resumed, voiced
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
