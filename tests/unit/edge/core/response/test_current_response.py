"""A response ends once: finished with what was heard, retracted, dropped, or left for a resume."""

from __future__ import annotations

from edge.core.client_events import Measured, ResponseDropped
from edge.core.effects import HangUp
from edge.core.inputs import ResponseRequested
from edge.core.response.response import Phase
from schemas import events as ev
from tests.unit.edge.core.aura_side import HEAD, AuraSide

QUESTION = "What is the weather like?"


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
    assert aura.history.take_carried("And tomorrow?") == f"{QUESTION} And tomorrow?"
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
    aura.current.leave(aura.now_ms)
    (heard,) = aura.published(ev.AnswerHeard)
    assert (heard.resumable, heard.sentence, heard.text) == (True, 1, "One.")


def test_a_speculative_response_is_dropped_and_not_left_open() -> None:
    aura = AuraSide()
    aura.asks(speculative=True)
    aura.current.leave(aura.now_ms)
    assert aura.published(ev.AnswerHeard) == []
    assert [one.reason for one in aura.published(ev.ResponseCancelled)] == ["hung_up"]


def test_the_cost_of_speculation_is_told_with_the_next_measured_turn() -> None:
    aura = AuraSide()
    wrong = aura.asks(speculative=True)
    aura.writes(wrong.turn, "It is", "fine.")
    aura.current.retract(wrong, aura.now_ms)
    right = aura.asks(speculative=True)
    aura.responder.requester.commit(right, aura.now_ms)
    aura.current.measure(right, aura.now_ms, interrupted=False)
    (measured,) = aura.published(ev.TurnMeasured)
    assert (measured.speculations, measured.retracted, measured.wasted_sentences) == (2, 1, 2)
    assert len(aura.told(Measured)) == 1
    assert aura.current.speculation.taken == 0


def test_a_response_is_that_of_its_turn_alone() -> None:
    aura = AuraSide()
    response = aura.asks(speculative=False)
    assert aura.current.of(response.turn) is response
    assert aura.current.of(response.turn + 1) is None


def test_the_call_is_hung_up_after_a_response_that_ends_it_and_not_if_it_is_cut() -> None:
    for complete in (True, False):
        aura = AuraSide()
        response = aura.responds("Goodbye.")
        response.tool_steps.note(
            ev.ToolCalled(
                **HEAD,
                turn=response.turn,
                step=0,
                call=0,
                name="end_call",
                arguments="{}",
                model="m",
                took_ms=1.0,
            )
        )
        response.tool_steps.texts[0] = "Goodbye."
        aura.current.finish(response, aura.now_ms, heard="Goodbye.", complete=complete)
        assert (HangUp() in aura.out.take()) == complete


def test_the_phases_of_a_response_that_is_not_there_are_none() -> None:
    aura = AuraSide()
    assert (aura.current.uncommitted, aura.current.held, aura.current.firm) == (None, False, False)
    aura.current.drop("failed", 0)
    aura.current.leave(0)
    assert aura.out.take() == []


def test_a_firm_response_is_known_as_such() -> None:
    aura = AuraSide()
    aura.responder.requester.say("Please hold the line.", aura.now_ms, firm=True)
    assert aura.current.firm
    assert aura.current.response is not None
    assert aura.current.response.phase is Phase.COMMITTED


def test_a_retracted_response_whose_tool_was_run_stays_in_the_history_with_its_result() -> None:
    aura = AuraSide(tools=[{"name": "book"}])
    response = aura.asks(speculative=False)
    aura.responder.requester.commit(response, aura.now_ms)
    aura.calls(response.turn, "book")
    aura.returns(response.turn, "booked")
    aura.current.retract(response, aura.now_ms)
    assert [one.role for one in aura.history.messages] == ["user", "assistant", "tool"]
    assert aura.history.messages[-1].text == "booked"
    assert aura.history.carried == []  # the next turn would run the tool again


def test_a_response_that_was_heard_to_its_end_when_the_caller_leaves_is_complete() -> None:
    aura = AuraSide()
    response = aura.responds("It is fine.")
    aura.passes(900)
    assert response.phase is Phase.ALL_SENT
    aura.current.leave(aura.now_ms + 1000)
    (heard,) = aura.published(ev.AnswerHeard)
    assert (heard.text, heard.complete, heard.resumable) == ("It is fine.", True, False)


def test_a_greeting_is_not_left_open_for_a_later_connection() -> None:
    aura = AuraSide("sentences")
    aura.responder.requester.greet("Hello.", aura.now_ms)
    aura.speaks(0, 0, 1000)
    aura.passes(500)
    aura.current.leave(aura.now_ms)
    assert [one.resumable for one in aura.published(ev.AnswerHeard)] == [False]


def test_a_message_added_during_a_response_apart_is_entered_after_it() -> None:
    aura = AuraSide()
    aura.responder.requester.respond(ResponseRequested("a", in_conversation=False), aura.now_ms)
    response = aura.current.response
    assert response is not None
    aura.history.turn_begins()
    aura.history.add("item", "user", "By the way.")
    assert aura.history.messages == []
    aura.current.finish(response, aura.now_ms, heard="", complete=False)
    assert [one.text for one in aura.history.messages] == ["By the way."]


def test_words_that_nobody_waited_for_are_not_measured() -> None:
    aura = AuraSide()
    aura.responder.requester.say("One moment.", aura.now_ms, firm=False)
    response = aura.current.response
    assert response is not None
    aura.current.measure(response, aura.now_ms, interrupted=False)
    assert aura.published(ev.TurnMeasured) == []
    assert aura.told(Measured) == []
