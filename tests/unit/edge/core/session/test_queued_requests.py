"""Requests that waited when a connection was lost are taken by the next one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edge.core.call import Call
from edge.core.messages.inputs import (
    Commanded,
    Finished,
    ResponseRequested,
    Resumed,
    StageSaid,
    TurnEnded,
    Typed,
)
from edge.core.session.history import fold
from edge.core.session.queued_requests import QueuedRequests
from schemas import events as ev
from schemas.control import AnyCommand, End, Interrupt, Mute, Say
from schemas.events import Message
from tests.unit.edge.core.client_calls import BY_CLIENT, QUESTION, final, responding
from tests.unit.edge.core.rehearsal import Rehearsal, config

FIRM = Say("Please hold the line.", interruptible=False)
TAKEN = (ev.TurnTaken, ev.TurnCommitted)


def typed() -> Rehearsal:
    """Return a call with two turns that were typed over a firm text."""
    call = Rehearsal()
    call.give(Commanded("c0", "op", FIRM))
    call.give(Typed("One."))
    call.give(Typed("Two."))
    return call


def requested(*, in_conversation: bool = True) -> Rehearsal:
    """Return a call in which a requested response waits for the words of a turn."""
    call = Rehearsal(**BY_CLIENT)
    call.says(600)
    call.give(TurnEnded())
    own = config("text", response__system_prompt="Classify.", **BY_CLIENT)
    call.give(ResponseRequested("a", own, in_conversation=in_conversation))
    return call


def remarked() -> Rehearsal:
    """Return a call with words over a response that is not interrupted."""
    call = responding(interruption__allowed=False)
    call.says(800, "And of Spain?")
    call.quiet(600)
    return call


def resumed(log: list[ev.Event], **changes: Any) -> Rehearsal:
    return Rehearsal(history=fold(log), begins=Resumed(), **changes)


def lost(call: Rehearsal, *, edge_died: bool) -> list[ev.Event]:
    """Return the log of *call*, whose connection or edge is lost now."""
    if not edge_died:
        call.give(Finished("caller_left", may_return=True))
    return call.log


def answer(call: Rehearsal) -> None:
    call.answers("Yes.")
    call.speaks(0, 300)
    call.wait(2000)


@pytest.mark.parametrize("edge_died", [False, True])
def test_typed_turns_that_waited_get_their_responses_after_a_resume(*, edge_died: bool) -> None:
    log = lost(typed(), edge_died=edge_died)
    back = resumed(log)
    answer(back)
    answer(back)
    assert [one.text for one in back.events(ev.TurnCommitted)] == ["One.", "Two."]
    assert back.events(ev.ControlSpoken), "the text that was cut is spoken again"
    assert fold([*log, *back.log]).queued == QueuedRequests()


@pytest.mark.parametrize("edge_died", [False, True])
def test_a_requested_response_that_waited_begins_after_a_resume(*, edge_died: bool) -> None:
    log = lost(requested(), edge_died=edge_died)
    back = resumed(log, **BY_CLIENT)
    assert not back.events(ev.TurnTaken), "the words of the turn are awaited"
    final(back, QUESTION, 1)
    (taken,) = back.events(ev.TurnTaken)
    assert (taken.messages, taken.system) == ((Message("user", QUESTION),), "Classify.")
    assert taken.text_only
    assert fold([*log, *back.log]).queued == QueuedRequests()


def test_a_response_apart_ends_with_the_connection_whose_client_knows_its_name() -> None:
    log = requested(in_conversation=False).log
    at_ms = log[-1].at_ms + 1000
    began = ev.SessionResumed(tenant="t", session="s", at_ms=at_ms, edge="e", config=config())
    assert fold(log).queued.has_responses
    call = Call(began, fold(log))
    call.step(Resumed(), at_ms)
    assert not call.history.queued.has_responses
    assert not fold([*log, began]).queued.has_responses
    assert fold([*requested().log, began]).queued.has_responses


@pytest.mark.parametrize("edge_died", [False, True])
def test_words_over_a_response_are_responded_to_after_a_resume(*, edge_died: bool) -> None:
    log = lost(remarked(), edge_died=edge_died)
    back = resumed(log, interruption__allowed=False)
    for one in log:
        if isinstance(one, ev.ResponseSentence | ev.ResponseCompleted):
            back.give(StageSaid(one))  # the log is read again
    back.speaks(0, 3000, turn=1)
    back.wait(4000)
    (taken,) = back.events(ev.TurnTaken)
    assert taken.messages[-1] == Message("user", "And of Spain?")
    assert fold([*log, *back.log]).queued == QueuedRequests()


def test_an_entered_turn_whose_edge_died_before_its_response_gets_one_after_a_resume() -> None:
    left = Rehearsal(**BY_CLIENT | {"turns__respond": True})
    left.says(600)
    left.give(TurnEnded())
    final(left, QUESTION)
    log = [one for one in left.log if not isinstance(one, TAKEN)]
    back = resumed(log, **BY_CLIENT)
    assert [one.messages for one in back.events(ev.TurnTaken)] == [(Message("user", QUESTION),)]
    assert not resumed(left.log, **BY_CLIENT).call.history.queued.wants_response


def command(sent: AnyCommand) -> Callable[[Rehearsal], None]:
    return lambda call: call.give(Commanded("c1", "op", sent))


@pytest.mark.parametrize("begin", [typed, requested, remarked])
@pytest.mark.parametrize(
    "then",
    [Interrupt(), Mute("caller"), Mute("caller", muted=False), Mute("assistant"), End()],
    ids=repr,
)
def test_the_log_tells_which_requests_wait(
    begin: Callable[[], Rehearsal], then: AnyCommand
) -> None:
    call = begin()
    assert fold(call.log).queued == call.call.history.queued != QueuedRequests()
    command(then)(call)
    assert fold(call.log).queued == call.call.history.queued
    call.wait(20_000)
    assert fold(call.log).queued == call.call.history.queued


def test_a_typed_turn_that_waited_is_entered_once_if_the_assistant_is_muted() -> None:
    call = typed()
    call.give(Commanded("c1", "op", Mute("assistant")))
    call.wait(20_000)
    assert [one.text for one in call.events(ev.TurnCommitted)] == ["One.", "Two."]
    assert fold(call.log).queued == QueuedRequests()


def test_a_request_to_a_muted_assistant_does_not_wait() -> None:
    call = typed()
    call.give(Commanded("c1", "op", Mute("assistant")))
    before = len(call.log)
    call.give(Commanded("c2", "op", FIRM))
    call.wait(100)
    call.give(ResponseRequested("a"))
    assert not [one for one in call.log[before:] if isinstance(one, ev.RequestQueued)]
    assert not call.call.history.queued.has_responses


def test_a_request_that_begins_at_once_is_not_told_to_wait() -> None:
    call = Rehearsal()
    call.give(ResponseRequested("a"))
    assert [one.requested_ms for one in call.events(ev.TurnCommitted)] == [call.now_ms]
    assert not call.events(ev.RequestQueued)
