"""Words that had not come when a connection was lost are entered by the next one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edge.core.call import Call
from edge.core.hearing.utterance import LONGEST_MS
from edge.core.messages.client_events import CallerTranscript
from edge.core.messages.inputs import Commanded, Finished, Resumed, TurnEnded
from edge.core.session.awaited_words import AwaitedWords
from edge.core.session.history import fold
from schemas import events as ev
from schemas.control import AnyCommand, End, Mute
from schemas.events import Message
from tests.unit.edge.core.client_calls import BY_CLIENT, QUESTION, final
from tests.unit.edge.core.rehearsal import VOICE, Rehearsal, config

RESPONDS: dict[str, Any] = {**BY_CLIENT, "turns__respond": True}


def handed_in() -> Rehearsal:
    """Return a call whose client has ended the turn, and whose words have not come."""
    call = Rehearsal(**RESPONDS)
    call.says(600)
    call.give(TurnEnded())
    return call


def cut() -> Rehearsal:
    """Return a call whose first utterance was ended for its length; the caller speaks on."""
    call = Rehearsal()
    call.burst(VOICE * (LONGEST_MS // 20 + 30))
    return call


def resumed(log: list[ev.Event], **changes: Any) -> Rehearsal:
    return Rehearsal(history=fold(log), begins=Resumed(), **changes)


@pytest.mark.parametrize("edge_died", [False, True])
@pytest.mark.parametrize("came_meanwhile", [False, True])
def test_a_turn_that_was_handed_in_is_entered_after_a_resume_and_gets_its_response(
    *, edge_died: bool, came_meanwhile: bool
) -> None:
    left = handed_in()
    if not edge_died:
        left.give(Finished("caller_left", may_return=True))
    if came_meanwhile:
        final(left, QUESTION)  # nobody takes it, and the next connection reads the log again
    log = left.log if not edge_died else [one for one in left.log if not _is_later(one)]
    back = resumed(log, **RESPONDS)
    assert back.call.awaits(1)
    assert back.call.wants_words
    final(back, QUESTION, 1)
    (taken,) = back.events(ev.TurnTaken)
    assert taken.messages == (Message("user", QUESTION),)
    assert not fold([*log, *back.log]).awaited.ends


def _is_later(event: ev.Event) -> bool:
    """Tell whether *event* is one that an edge which died did not store."""
    return isinstance(event, ev.MessageAdded | ev.TurnTaken | ev.TurnCommitted)


def command(sent: AnyCommand) -> Callable[[Rehearsal], None]:
    return lambda call: call.give(Commanded("c1", "op", sent))


def fail(call: Rehearsal) -> None:
    call.event(ev.JobFailed, stage="stt", utterance=1, reason="it is broken")


ENDS: dict[str, Callable[[Rehearsal], None]] = {
    "words": lambda call: final(call, QUESTION, 1),
    "no words": lambda call: final(call, "", 1),
    "failure": fail,
    "end": command(End()),
    "mute": command(Mute("caller")),
}


@pytest.mark.parametrize("begin", [handed_in, cut])
@pytest.mark.parametrize("end", [*ENDS])
def test_the_log_tells_which_words_are_awaited(begin: Callable[[], Rehearsal], end: str) -> None:
    call = begin()
    assert fold(call.log).awaited == call.call.history.awaited != AwaitedWords()
    ENDS[end](call)
    told = fold(call.log)
    assert told.awaited == call.call.history.awaited == AwaitedWords()
    assert told.carried == call.call.history.carried


def test_a_mute_of_the_assistant_and_other_failures_leave_the_words_awaited() -> None:
    call = handed_in()
    call.give(Commanded("c1", "op", Mute("assistant")))
    call.event(ev.JobFailed, stage="stt", utterance=7, reason="it is broken")
    call.event(ev.JobFailed, stage="llm", turn=1, reason="it is broken")
    assert call.call.awaits(1)
    assert fold(call.log).awaited == call.call.history.awaited


def test_words_that_never_come_are_given_up_once() -> None:
    call = handed_in()
    call.wait(20_000)
    assert fold(call.log).awaited == call.call.history.awaited == AwaitedWords()


def test_a_later_connection_waits_anew() -> None:
    log = handed_in().log
    at_ms = log[-1].at_ms + 50_000
    began = ev.SessionResumed(tenant="t", session="s", at_ms=at_ms, edge="e", config=config())
    call = Call(began, fold(log))
    call.step(Resumed(), at_ms)
    assert call.stages.words_expire_ms == at_ms + config().response.timeout_ms
    assert fold([*log, began]).awaited == call.history.awaited


@pytest.mark.parametrize("came_meanwhile", [False, True])
def test_the_first_part_of_a_very_long_turn_begins_the_next_turn_after_a_resume(
    *, came_meanwhile: bool
) -> None:
    left = cut()
    if came_meanwhile:
        final(left, "First part", 1)
    back = resumed(left.log)
    for _ in range(2):
        final(back, "First part", 1)
    back.says(1000)
    back.quiet(160)
    back.hears("and the second part.")
    back.quiet(800)
    whole = "First part and the second part."
    assert [one.text for one in back.events(ev.TurnCommitted)] == [whole]
    assert [told.text for told in back.told(CallerTranscript) if told.final] == [whole]
    assert not fold([*left.log, *back.log]).awaited.ends
