"""A response is held or goes on, and ends once: finished, retracted, dropped or left open."""

from __future__ import annotations

from edge.core.messages.client_events import Interrupted, Measured, ResponseDropped
from edge.core.messages.inputs import ResponseRequested, Truncated
from edge.core.response.interruption import InterruptionState
from edge.core.response.response import ResponsePhase
from schemas import events as ev
from tests.unit.edge.core.aura_side import AuraSide

QUESTION = "What is the weather like?"


def heard_so_far(ms: int = 1000) -> AuraSide:
    """Return a response of two sentences of 2 s, of which *ms* were heard."""
    aura = AuraSide("sentences")
    aura.responds("One two three four.", "Five six.", ms=2000)
    aura.passes(ms)
    return aura


def test_a_speculative_response_that_is_retracted_leaves_nothing() -> None:
    aura = AuraSide()
    response = aura.asks(speculative=True)
    assert aura.current.uncommitted is response
    aura.current.retract(response, aura.now_ms)
    (cancelled,) = aura.published(ev.ResponseCancelled)
    assert (cancelled.turn, cancelled.reason) == (response.turn, "retracted")
    assert aura.current.response is None
    assert (aura.history.messages, aura.history.carried) == ([], [])
    assert aura.told(ResponseDropped) == []  # the client knew nothing of it


def test_a_retracted_turn_that_was_certain_is_carried_into_the_next_one() -> None:
    aura = AuraSide()
    response = aura.responds("It is fine.")
    aura.current.retract(response, aura.now_ms)
    (heard,) = aura.published(ev.AnswerHeard)
    assert (heard.text, heard.carried, heard.complete) == ("", True, False)
    assert aura.history.with_carried("And tomorrow?") == f"{QUESTION} And tomorrow?"
    assert aura.history.messages == []


def test_a_dropped_response_is_history_as_far_as_it_was_heard() -> None:
    aura = AuraSide("sentences")
    aura.responds("One.", "Two.")
    aura.passes(1000)
    aura.current.drop("hung_up", aura.now_ms)
    (heard,) = aura.published(ev.AnswerHeard)
    assert (heard.text, heard.complete) == ("One.", False)
    assert [one.text for one in aura.history.messages] == [QUESTION, "One."]


def test_a_response_that_is_left_may_be_spoken_on_from_where_it_was_heard() -> None:
    aura = AuraSide("sentences")
    aura.responds("One.", "Two.", "Three.")
    aura.passes(1000)
    aura.current.suspend(aura.now_ms)
    (heard,) = aura.published(ev.AnswerHeard)
    assert (heard.resumable, heard.sentence, heard.text) == (True, 1, "One.")


def test_a_speculative_response_is_dropped_and_not_left_open() -> None:
    aura = AuraSide()
    aura.asks(speculative=True)
    aura.current.suspend(aura.now_ms)
    assert aura.published(ev.AnswerHeard) == []
    assert [one.reason for one in aura.published(ev.ResponseCancelled)] == ["hung_up"]


def test_the_cost_of_speculation_is_told_with_the_next_measured_turn() -> None:
    aura = AuraSide()
    wrong = aura.asks(speculative=True)
    aura.writes(wrong.turn, "It is", "fine.")
    aura.current.retract(wrong, aura.now_ms)
    right = aura.asks(speculative=True)
    aura.requester.commit(right, aura.now_ms)
    aura.current.measure(right, aura.now_ms, interrupted=False)
    (measured,) = aura.published(ev.TurnMeasured)
    assert (measured.speculations, measured.retracted, measured.wasted_sentences) == (2, 1, 2)
    assert len(aura.told(Measured)) == 1
    assert aura.current.speculation.asked == 0


def test_a_response_is_that_of_its_turn_alone() -> None:
    aura = AuraSide()
    response = aura.asks(speculative=False)
    assert aura.current.of(response.turn) is response
    assert aura.current.of(response.turn + 1) is None


def test_the_phases_of_a_response_that_is_not_there_are_none() -> None:
    aura = AuraSide()
    assert (aura.current.uncommitted, aura.current.held, aura.current.firm) == (None, False, False)
    aura.current.drop("failed", 0)
    aura.current.suspend(0)
    assert aura.out.take() == []


def test_a_firm_response_is_not_held() -> None:
    aura = AuraSide()
    aura.requester.say("Please hold the line.", aura.now_ms, firm=True)
    aura.current.suspect(aura.now_ms)
    assert aura.current.firm
    assert not aura.current.held
    assert aura.current.response is not None
    assert aura.current.response.phase is ResponsePhase.COMMITTED


def test_a_response_that_was_heard_to_its_end_when_the_caller_leaves_is_complete() -> None:
    aura = AuraSide()
    response = aura.responds("It is fine.")
    aura.passes(900)
    assert response.phase is ResponsePhase.ALL_SENT
    aura.current.suspend(aura.now_ms + 1000)
    (heard,) = aura.published(ev.AnswerHeard)
    assert (heard.text, heard.complete, heard.resumable) == ("It is fine.", True, False)


def test_a_greeting_is_not_left_open_for_a_later_connection() -> None:
    aura = AuraSide("sentences")
    aura.requester.greet("Hello.", aura.now_ms)
    aura.speaks(0, 0, 1000)
    aura.passes(500)
    aura.current.suspend(aura.now_ms)
    assert [one.resumable for one in aura.published(ev.AnswerHeard)] == [False]


def test_words_that_nobody_waited_for_are_not_measured() -> None:
    aura = AuraSide()
    aura.requester.say("One moment.", aura.now_ms, firm=False)
    response = aura.current.response
    assert response is not None
    aura.current.measure(response, aura.now_ms, interrupted=False)
    assert aura.published(ev.TurnMeasured) == []
    assert aura.told(Measured) == []


# ---------------------------------------------------------------- speech over it


def test_a_suspected_interruption_holds_the_response_and_a_dismissed_one_lets_it_go_on() -> None:
    aura = heard_so_far()
    aura.current.suspect(aura.now_ms)
    assert aura.current.held
    aura.passes(1500)
    assert aura.sent_ms == 2000  # the first sentence was sent, and no more
    aura.current.dismiss(aura.now_ms)
    aura.passes(100)
    assert aura.sent_ms == 4000
    assert [one.played_ms for one in aura.published(ev.InterruptionSuspected)] == [1000]
    assert [one.played_ms for one in aura.published(ev.InterruptionDismissed)] == [2000]


def test_a_suspicion_that_nothing_confirms_passes_by_itself() -> None:
    aura = heard_so_far()
    aura.current.suspect(aura.now_ms)
    aura.passes(aura.config.current.interruption.false_interruption_ms)
    assert not aura.current.held
    assert len(aura.published(ev.InterruptionDismissed)) == 1


def test_a_response_is_held_for_longer_while_the_caller_speaks() -> None:
    aura = heard_so_far()
    aura.current.suspect(aura.now_ms)
    aura.passes(aura.config.current.interruption.false_interruption_ms - 100)
    aura.current.hold_on(aura.now_ms)
    aura.passes(200)
    assert aura.current.held


def test_a_stopped_response_is_rewound_to_the_heard_part() -> None:
    aura = heard_so_far()
    aura.current.suspect(aura.now_ms)
    aura.current.stop(aura.now_ms)
    (told,) = aura.told(Interrupted)
    assert (told.heard, told.played_ms) == ("One two", 1000)
    aura.current.stop(aura.now_ms)  # once
    assert len(aura.told(Interrupted)) == 1
    aura.current.dismiss(aura.now_ms)
    aura.passes(100)
    assert aura.sent_ms == 2000 + 1000  # the rest of the first sentence once more


def test_a_response_that_is_not_held_cannot_be_stopped() -> None:
    aura = heard_so_far()
    aura.current.stop(aura.now_ms)
    assert aura.told(Interrupted) == []


def test_an_interrupted_response_is_history_as_far_as_it_was_heard() -> None:
    aura = heard_so_far()
    aura.current.interrupt(aura.now_ms)
    (heard,) = aura.published(ev.AnswerHeard)
    assert (heard.text, heard.complete, heard.played_ms) == ("One two", False, 1000)
    assert [one.reason for one in aura.published(ev.ResponseCancelled)] == ["interrupted"]
    assert [one.interrupted for one in aura.published(ev.TurnMeasured)] == [True]


def test_a_caller_who_goes_on_with_the_turn_takes_the_response_back() -> None:
    aura = heard_so_far(100)
    aura.current.interrupt(aura.now_ms, gone_on=True)
    assert [one.carried for one in aura.published(ev.AnswerHeard)] == [True]
    assert aura.history.carried == [QUESTION]


def test_a_response_of_which_nothing_was_heard_is_taken_back() -> None:
    aura = AuraSide()
    aura.asks(speculative=True)
    aura.current.interrupt(aura.now_ms)
    assert [one.reason for one in aura.published(ev.ResponseCancelled)] == ["retracted"]


def test_the_clients_word_cuts_a_response_that_is_being_heard() -> None:
    aura = heard_so_far(1500)
    response = aura.current.response
    assert response is not None
    aura.current.truncate(Truncated(response.turn, 500), aura.now_ms)
    assert response.interruption.state is InterruptionState.CONFIRMED
    (heard,) = aura.published(ev.AnswerHeard)
    assert (heard.text, heard.played_ms) == ("One", 500)


def test_the_clients_word_cuts_the_last_response_after_its_end() -> None:
    aura = heard_so_far(5000)
    last = aura.current.last
    assert last is not None
    aura.current.truncate(Truncated(last.turn, 1000), aura.now_ms)
    (cut,) = aura.published(ev.AnswerTruncated)
    assert (cut.text, cut.played_ms) == ("One two", 1000)
    assert aura.history.messages[-1].text == "One two"


def test_a_held_response_of_which_nothing_was_sent_is_not_stopped() -> None:
    aura = AuraSide()
    aura.asks(speculative=True)
    aura.current.suspect(aura.now_ms)
    aura.current.stop(aura.now_ms)
    assert aura.told(Interrupted) == []
    assert aura.published(ev.InterruptionSuspected) == []
    assert aura.published(ev.InterruptionStopped) == []
    aura.current.dismiss(aura.now_ms)
    assert aura.published(ev.InterruptionDismissed) == []


def test_there_is_nothing_to_interrupt_without_a_response() -> None:
    aura = AuraSide()
    current = aura.current
    current.suspect(aura.now_ms)
    current.hold_on(aura.now_ms)
    current.stop(aura.now_ms)
    current.dismiss(aura.now_ms)
    current.interrupt(aura.now_ms)
    current.truncate(Truncated(1, 100), aura.now_ms)
    assert aura.out.take() == []


def test_a_response_that_was_heard_to_its_end_is_complete_though_the_caller_interrupts() -> None:
    aura = heard_so_far(3900)
    aura.current.interrupt(aura.now_ms + 1000)
    (heard,) = aura.published(ev.AnswerHeard)
    assert (heard.text, heard.complete) == ("One two three four. Five six.", True)
    assert aura.published(ev.ResponseCancelled) == []
    assert aura.told(Interrupted) == []


def test_a_stopped_response_goes_on_from_where_the_client_says_it_was_heard() -> None:
    aura = heard_so_far(1000)
    response = aura.current.response
    assert response is not None
    aura.current.suspect(aura.now_ms)
    aura.current.stop(aura.now_ms)
    aura.current.truncate(Truncated(response.turn, 500), aura.now_ms)
    assert aura.current.response is response
    aura.current.dismiss(aura.now_ms)
    aura.passes(100)
    assert aura.sent_ms == 2000 + 1500  # the first sentence again, but for its first 500 ms


def test_a_caller_who_goes_on_after_the_stop_is_not_told_of_it_twice() -> None:
    aura = heard_so_far(100)
    aura.current.suspect(aura.now_ms)
    aura.current.stop(aura.now_ms)
    aura.current.interrupt(aura.now_ms, gone_on=True)
    assert len(aura.told(Interrupted)) == 1


def test_a_client_that_cuts_a_response_apart_changes_no_history() -> None:
    aura = AuraSide("sentences")
    aura.requester.respond(ResponseRequested("a", in_conversation=False), aura.now_ms)
    response = aura.current.response
    assert response is not None
    aura.writes(response.turn, "One two three four.")
    aura.speaks(response.turn, 0, 1000)
    aura.passes(3000)
    assert aura.current.last is response
    aura.current.truncate(Truncated(response.turn, 500), aura.now_ms)
    assert aura.published(ev.AnswerTruncated) == []
