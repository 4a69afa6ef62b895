"""A response is held, stopped, goes on or ends, as the caller speaks over it."""

from __future__ import annotations

from edge.core.client_events import Interrupted
from edge.core.inputs import ResponseRequested, Truncated
from edge.core.response.interruption import InterruptionState
from schemas import events as ev
from tests.unit.edge.core.aura_side import AuraSide

QUESTION = "What is the weather like?"


def heard_so_far(ms: int = 1000) -> AuraSide:
    """Return a response of two sentences of 2 s, of which *ms* were heard."""
    aura = AuraSide("sentences")
    aura.responds("One two three four.", "Five six.", ms=2000)
    aura.passes(ms)
    return aura


def test_a_suspected_interruption_holds_the_response_and_a_dismissed_one_lets_it_go_on() -> None:
    aura = heard_so_far()
    aura.responder.interruptions.suspect(aura.now_ms)
    assert aura.current.held
    aura.passes(1500)
    assert aura.sent_ms == 2000  # the first sentence was sent, and no more
    aura.responder.interruptions.dismiss(aura.now_ms)
    aura.passes(100)
    assert aura.sent_ms == 4000
    assert [one.played_ms for one in aura.published(ev.InterruptionSuspected)] == [1000]
    assert [one.played_ms for one in aura.published(ev.InterruptionDismissed)] == [2000]


def test_a_suspicion_that_nothing_confirms_passes_by_itself() -> None:
    aura = heard_so_far()
    aura.responder.interruptions.suspect(aura.now_ms)
    aura.passes(aura.config.now.interruption.false_interruption_ms)
    assert not aura.current.held
    assert len(aura.published(ev.InterruptionDismissed)) == 1


def test_a_response_is_held_for_longer_while_the_caller_speaks() -> None:
    aura = heard_so_far()
    aura.responder.interruptions.suspect(aura.now_ms)
    aura.passes(aura.config.now.interruption.false_interruption_ms - 100)
    aura.responder.interruptions.hold_on(aura.now_ms)
    aura.passes(200)
    assert aura.current.held


def test_a_stopped_response_is_rewound_to_the_heard_part() -> None:
    aura = heard_so_far()
    aura.responder.interruptions.suspect(aura.now_ms)
    aura.responder.interruptions.stop(aura.now_ms)
    (told,) = aura.told(Interrupted)
    assert (told.heard, told.played_ms) == ("One two", 1000)
    aura.responder.interruptions.stop(aura.now_ms)  # once
    assert len(aura.told(Interrupted)) == 1
    aura.responder.interruptions.dismiss(aura.now_ms)
    aura.passes(100)
    assert aura.sent_ms == 2000 + 1000  # the rest of the first sentence once more


def test_a_response_that_is_not_held_cannot_be_stopped() -> None:
    aura = heard_so_far()
    aura.responder.interruptions.stop(aura.now_ms)
    assert aura.told(Interrupted) == []


def test_an_interrupted_response_is_history_as_far_as_it_was_heard() -> None:
    aura = heard_so_far()
    aura.responder.interruptions.interrupt(aura.now_ms)
    (heard,) = aura.published(ev.AnswerHeard)
    assert (heard.text, heard.complete, heard.played_ms) == ("One two", False, 1000)
    assert [one.reason for one in aura.published(ev.ResponseCancelled)] == ["interrupted"]
    assert [one.interrupted for one in aura.published(ev.TurnMeasured)] == [True]


def test_a_caller_who_goes_on_with_the_turn_takes_the_response_back() -> None:
    aura = heard_so_far(100)
    aura.responder.interruptions.interrupt(aura.now_ms, gone_on=True)
    assert [one.carried for one in aura.published(ev.AnswerHeard)] == [True]
    assert aura.history.carried == [QUESTION]


def test_a_response_of_which_nothing_was_heard_is_taken_back() -> None:
    aura = AuraSide()
    aura.asks(speculative=True)
    aura.responder.interruptions.interrupt(aura.now_ms)
    assert [one.reason for one in aura.published(ev.ResponseCancelled)] == ["retracted"]


def test_a_firm_response_is_not_held() -> None:
    aura = AuraSide()
    aura.responder.requester.say("Please hold the line.", aura.now_ms, firm=True)
    aura.responder.interruptions.suspect(aura.now_ms)
    assert not aura.current.held


def test_the_clients_word_cuts_a_response_that_is_being_heard() -> None:
    aura = heard_so_far(1500)
    response = aura.current.response
    assert response is not None
    aura.responder.interruptions.truncate(Truncated(response.turn, 500), aura.now_ms)
    assert response.interruption is InterruptionState.CONFIRMED
    (heard,) = aura.published(ev.AnswerHeard)
    assert (heard.text, heard.played_ms) == ("One", 500)


def test_the_clients_word_cuts_the_last_response_after_its_end() -> None:
    aura = heard_so_far(5000)
    last = aura.current.last
    assert last is not None
    aura.responder.interruptions.truncate(Truncated(last.turn, 1000), aura.now_ms)
    (cut,) = aura.published(ev.AnswerTruncated)
    assert (cut.text, cut.played_ms) == ("One two", 1000)
    assert aura.history.messages[-1].text == "One two"


def test_a_held_response_of_which_nothing_was_sent_is_not_stopped() -> None:
    aura = AuraSide()
    aura.asks(speculative=True)
    aura.responder.interruptions.suspect(aura.now_ms)
    aura.responder.interruptions.stop(aura.now_ms)
    assert aura.told(Interrupted) == []
    assert aura.published(ev.InterruptionSuspected) == []
    assert aura.published(ev.InterruptionStopped) == []
    aura.responder.interruptions.dismiss(aura.now_ms)
    assert aura.published(ev.InterruptionDismissed) == []


def test_there_is_nothing_to_interrupt_without_a_response() -> None:
    aura = AuraSide()
    interruptions = aura.responder.interruptions
    interruptions.suspect(aura.now_ms)
    interruptions.hold_on(aura.now_ms)
    interruptions.stop(aura.now_ms)
    interruptions.dismiss(aura.now_ms)
    interruptions.interrupt(aura.now_ms)
    interruptions.truncate(Truncated(1, 100), aura.now_ms)
    assert aura.out.take() == []


def test_a_response_that_was_heard_to_its_end_is_complete_though_the_caller_interrupts() -> None:
    aura = heard_so_far(3900)
    aura.responder.interruptions.interrupt(aura.now_ms + 1000)
    (heard,) = aura.published(ev.AnswerHeard)
    assert (heard.text, heard.complete) == ("One two three four. Five six.", True)
    assert aura.published(ev.ResponseCancelled) == []
    assert aura.told(Interrupted) == []


def test_a_stopped_response_goes_on_from_where_the_client_says_it_was_heard() -> None:
    aura = heard_so_far(1000)
    response = aura.current.response
    assert response is not None
    aura.responder.interruptions.suspect(aura.now_ms)
    aura.responder.interruptions.stop(aura.now_ms)
    aura.responder.interruptions.truncate(Truncated(response.turn, 500), aura.now_ms)
    assert aura.current.response is response
    aura.responder.interruptions.dismiss(aura.now_ms)
    aura.passes(100)
    assert aura.sent_ms == 2000 + 1500  # the first sentence again, but for its first 500 ms


def test_a_caller_who_goes_on_after_the_stop_is_not_told_of_it_twice() -> None:
    aura = heard_so_far(100)
    aura.responder.interruptions.suspect(aura.now_ms)
    aura.responder.interruptions.stop(aura.now_ms)
    aura.responder.interruptions.interrupt(aura.now_ms, gone_on=True)
    assert len(aura.told(Interrupted)) == 1


def test_a_client_that_cuts_a_response_apart_changes_no_history() -> None:
    aura = AuraSide("sentences")
    aura.responder.requester.respond(ResponseRequested("a", in_conversation=False), aura.now_ms)
    response = aura.current.response
    assert response is not None
    aura.writes(response.turn, "One two three four.")
    aura.speaks(response.turn, 0, 1000)
    aura.passes(3000)
    assert aura.current.last is response
    aura.responder.interruptions.truncate(Truncated(response.turn, 500), aura.now_ms)
    assert aura.published(ev.AnswerTruncated) == []
