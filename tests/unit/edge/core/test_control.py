"""What operators have a call do, as its caller and its log would notice."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from edge.core import effects
from edge.core.client_events import CallerTranscript, Interrupted, Speech
from edge.core.effects import HangUp
from edge.core.inputs import (
    Cancelled,
    Commanded,
    Finished,
    KeyPressed,
    Reconfigured,
    Resumed,
    Typed,
)
from edge.core.session.history import fold
from schemas import events as ev
from schemas.agent import AgentUsed
from schemas.control import AnyCommand, End, Instruct, Interrupt, Mute, Say, Transfer
from schemas.events import Message
from tests.unit.edge.core.rehearsal import Rehearsal

QUESTION = "What is the capital of France?"
NUMBERS = itertools.count()


def commanded(r: Rehearsal, command: AnyCommand, id: str = "") -> None:  # noqa: A002  # its name
    r.give(Commanded(id or f"c{next(NUMBERS)}", "sam", command))


def voiced(r: Rehearsal, ms: int = 1000) -> int:
    """TTS speaks all sentences of the latest given text; return its turn."""
    turn = r.events(ev.ControlSpoken)[-1].turn
    for sentence in [one for one in r.events(ev.ResponseSentence) if one.turn == turn]:
        r.speaks(sentence.index, ms, turn=turn)
    return turn


def answered(**changes: Any) -> Rehearsal:
    """A caller whose question is being answered for two seconds."""
    r = Rehearsal(**changes)
    r.says(800, QUESTION)
    r.quiet(600)
    r.answers("It is Paris.")
    r.speaks(0, 2000)
    return r


def resumed(before: Rehearsal) -> Rehearsal:
    """The session goes on elsewhere: its edge died now."""
    log = [*before.events(ev.Event)]
    return Rehearsal(history=fold(log), begins=Resumed())


# ---------------------------------------------------------------- say


def test_a_text_is_spoken_and_becomes_history() -> None:
    r = Rehearsal()
    commanded(r, Say("The shop closes in five minutes."))
    turn = voiced(r)
    r.quiet(1500)
    assert r.spoken_ms(turn) == 1000
    assert "".join(one.text for one in r.told(Speech)) == "The shop closes in five minutes."
    (heard,) = r.events(ev.AnswerHeard)
    assert heard.complete
    assert r.call.history.messages == [Message("assistant", "The shop closes in five minutes.")]
    assert not r.events(ev.TurnTaken)
    assert not r.events(ev.TurnMeasured)  # nobody waited for it


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


def test_a_text_waits_for_the_answer_that_is_being_heard() -> None:
    r = answered()
    r.quiet(300)
    commanded(r, Say("One more thing."))
    r.quiet(1000)
    assert not r.events(ev.ControlSpoken)
    r.quiet(1200)
    voiced(r)
    r.quiet(1500)
    assert [heard.text for heard in r.events(ev.AnswerHeard)] == ["It is Paris.", "One more thing."]
    assert all(heard.complete for heard in r.events(ev.AnswerHeard))


def test_a_text_waits_for_the_caller_and_their_answer() -> None:
    r = Rehearsal()
    r.says(400)
    commanded(r, Say("One more thing."))
    r.quiet(160)
    r.hears(QUESTION)
    r.quiet(600)
    assert not r.events(ev.ControlSpoken)
    r.answers("It is Paris.")
    r.speaks(0, 500)
    r.quiet(1000)
    assert r.events(ev.ControlSpoken)


def test_texts_are_spoken_in_their_order_each_a_turn_of_its_own() -> None:
    r = Rehearsal()
    for text in ("First.", "Second.", "Third."):
        commanded(r, Say(text))
    for _ in range(3):
        voiced(r, 300)
        r.quiet(500)
    assert [heard.text for heard in r.events(ev.AnswerHeard)] == ["First.", "Second.", "Third."]
    assert [spoken.turn for spoken in r.events(ev.ControlSpoken)] == [1, 2, 3]


def test_a_text_can_be_interrupted_and_its_heard_part_is_history() -> None:
    r = Rehearsal()
    commanded(r, Say("This is quite a long text about our opening hours."))
    voiced(r, 3000)
    r.quiet(1000)
    r.says(600, "Stop, please.")
    (told,) = r.told(Interrupted)
    assert told.heard
    (heard,) = r.events(ev.AnswerHeard)
    assert not heard.complete
    r.quiet(1500)
    assert r.events(ev.TurnCommitted)[-1].text == "Stop, please."


def test_a_firm_text_is_spoken_to_its_end_and_then_the_caller_is_answered() -> None:
    r = Rehearsal()
    commanded(r, Say("This call is recorded.", interruptible=False))
    voiced(r, 3000)
    r.quiet(500)
    r.says(800, QUESTION)
    r.give(Cancelled())
    r.quiet(400)
    assert not r.told(Interrupted)
    assert not r.events(ev.TurnTaken)
    r.quiet(2500)
    assert r.spoken_ms(1) == 3000
    assert r.events(ev.AnswerHeard)[0].complete
    assert [turn.text for turn in r.events(ev.TurnCommitted)] == [QUESTION]


def test_a_turn_typed_over_a_firm_text_is_answered_after_it() -> None:
    r = Rehearsal()
    commanded(r, Say("This call is recorded.", interruptible=False))
    voiced(r, 1000)
    r.quiet(200)
    r.give(Typed("Hello?"))
    assert not r.events(ev.TurnTaken)
    r.quiet(1000)
    assert [turn.text for turn in r.events(ev.TurnCommitted)] == ["Hello?"]


def test_a_turn_typed_over_a_firm_text_is_not_answered_in_an_ending_call() -> None:
    r = Rehearsal()
    commanded(r, Say("This call is recorded.", interruptible=False))
    voiced(r, 3000)
    r.quiet(200)
    r.give(Typed("Hello?"))
    commanded(r, End(words="Goodbye."))
    voiced(r, 300)
    r.quiet(800)
    assert not r.events(ev.TurnTaken)
    assert hung_up(r)


def test_a_text_that_the_caller_forestalls_waits_again() -> None:
    r = Rehearsal()
    commanded(r, Say("The shop closes."))
    r.says(800, QUESTION)  # before any of it had a voice
    r.quiet(600)
    assert [gone.reason for gone in r.events(ev.ResponseCancelled)] == ["retracted"]
    r.answers("It is Paris.")
    r.speaks(0, 500)
    r.quiet(800)
    voiced(r, 500)
    r.quiet(800)
    assert [one.text for one in r.events(ev.AnswerHeard)] == ["It is Paris.", "The shop closes."]


def test_a_long_text_is_cut_into_sentences() -> None:
    r = Rehearsal()
    text = " ".join(
        f"This is sentence number {n}, which is long enough to stand by itself." for n in range(9)
    )
    commanded(r, Say(text))
    sentences = r.events(ev.ResponseSentence)
    assert len(sentences) == 9
    assert " ".join(one.text for one in sentences) == text


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


# ---------------------------------------------------------------- instruct


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


# ---------------------------------------------------------------- interrupt, mute


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


def test_sound_of_a_muted_caller_is_not_sent_later_as_a_prefix() -> None:
    r = Rehearsal(turns__prefix_ms=600)
    commanded(r, Mute())
    r.says(400)
    commanded(r, Mute(muted=False))
    r.quiet(100)
    r.says(200)
    sent = b"".join(frame.pcm for frame in r.frames(1))
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


# ---------------------------------------------------------------- end


def hung_up(r: Rehearsal) -> list[HangUp]:
    return [one for one in r.effects if isinstance(one, HangUp)]


def test_end_hangs_up_at_once_and_says_why() -> None:
    r = answered()
    r.quiet(500)
    commanded(r, End(reason="We close now."))
    assert hung_up(r) == [HangUp("CALL_ENDED", "We close now.")]
    assert r.events(ev.AnswerHeard)
    r.quiet(2000)
    r.give(Finished("end_call"))
    r.quiet(1000)
    assert len(hung_up(r)) == 1


def test_end_speaks_its_last_words_to_their_end_whatever_the_caller_does() -> None:
    r = answered()
    r.quiet(500)
    commanded(r, Say("Never heard."))
    commanded(r, End(words="Goodbye, and thank you."))
    assert len(r.told(Interrupted)) == 1
    voiced(r, 2000)
    r.says(1000)
    r.give(Typed("Wait!"))
    assert not hung_up(r)
    r.quiet(1500)
    assert hung_up(r) == [HangUp("CALL_ENDED", "ended by the operator")]
    assert [one.text for one in r.events(ev.AnswerHeard)][-1] == "Goodbye, and thank you."
    assert len(r.events(ev.ControlSpoken)) == 1


def test_a_call_ends_even_if_its_last_words_get_no_voice() -> None:
    r = Rehearsal()
    commanded(r, End(words="Goodbye."))
    r.wait(16_000)
    assert hung_up(r)


@pytest.mark.parametrize("command", [Say("More."), Instruct("More."), Mute(), End()])
def test_a_call_that_ends_takes_no_command(command: AnyCommand) -> None:
    r = Rehearsal()
    commanded(r, End(words="Goodbye."))
    assert r.call.control.refuses("c", command) == "call_ending"
    commanded(r, command)
    assert len(r.events(ev.ControlReceived)) == 1


def test_too_many_texts_are_refused() -> None:
    r = Rehearsal()
    for _ in range(51):  # the first is spoken
        commanded(r, Say("More."))
    assert r.call.control.refuses("c", Say("More.")) == "too_many_texts"
    assert r.call.control.refuses("c", Instruct("More.", respond=True)) == "too_many_texts"
    assert r.call.control.refuses("c", Interrupt()) is None


# ---------------------------------------------------------------- an edge that dies


def test_texts_that_were_not_heard_to_their_end_are_spoken_by_the_next_edge() -> None:
    r = Rehearsal()
    for text in ("First.", "Second."):
        commanded(r, Say(text))
    voiced(r, 2000)
    r.quiet(500)
    again = resumed(r)
    for _ in range(2):
        voiced(again, 300)
        again.quiet(500)
    assert [one.text for one in again.events(ev.AnswerHeard)] == ["First.", "Second."]
    assert min(one.turn for one in again.events(ev.ControlSpoken)) > 1


def test_a_call_that_was_being_ended_ends_at_the_next_edge() -> None:
    r = Rehearsal()
    commanded(r, End(words="Goodbye."))
    assert hung_up(resumed(r))


# ---------------------------------------------------------------- idle


def idle(**changes: Any) -> Rehearsal:
    return Rehearsal(idle__after_s=20, **changes)


def test_an_idle_caller_is_asked_and_then_the_call_ends() -> None:
    r = idle()
    r.wait(19_900)
    assert not r.events(ev.CallerIdle)
    r.wait(200)
    voiced(r, 1000)
    r.quiet(1200)
    assert [one.text for one in r.events(ev.AnswerHeard)] == ["Are you still there?"]
    r.wait(19_500)
    assert len(r.events(ev.CallerIdle)) == 1
    r.wait(1000)
    voiced(r, 500)
    r.quiet(1000)
    assert [one.ends for one in r.events(ev.CallerIdle)] == [False, True]
    assert hung_up(r) == [HangUp("CALL_IDLE", "nobody spoke for 20 s")]


def test_a_caller_who_answers_the_question_is_asked_anew_later() -> None:
    r = idle()
    for _ in range(2):
        r.wait(20_100)
        voiced(r, 500)
        r.quiet(600)
        r.give(Typed("Yes."))
        r.answers("Good.")
        r.speaks(0, 500)
        r.quiet(600)
    assert [one.ends for one in r.events(ev.CallerIdle)] == [False, False]


def test_noise_is_no_word_and_a_muted_call_is_not_idle() -> None:
    r = idle()
    r.quiet(10_000)
    r.says(200, "")
    r.quiet(10_100)
    assert len(r.events(ev.CallerIdle)) == 1
    muted = idle()
    commanded(muted, Mute(side="assistant"))
    muted.wait(60_000)
    assert not muted.events(ev.CallerIdle)


def test_without_a_question_an_idle_call_ends_at_once_and_without_the_setting_never() -> None:
    r = idle(idle__prompt="", idle__goodbye="")
    r.wait(20_100)
    assert hung_up(r)
    never = Rehearsal()
    never.wait(4_000_000)
    assert not never.events(ev.CallerIdle)
