"""The current response gets words and audio, and goes to the client at the pace of listening."""

from __future__ import annotations

from edge.core.messages.client_events import ResponseDone, Speech
from edge.core.messages.effects import ResyncSpeech
from edge.core.messages.inputs import ClientToolResult, Played, ResponseRequested
from edge.core.response.playback import PLAYBACK_LEAD_MS
from edge.core.response.response import ResponsePhase
from edge.core.session.step_call import id_of
from schemas import events as ev
from tests.unit.edge.core.aura_side import AuraSide
from tests.unit.edge.core.rehearsal import config


def test_nothing_of_a_speculative_response_is_sent() -> None:
    aura = AuraSide()
    response = aura.asks(speculative=True)
    aura.writes(response.turn, "It is fine.")
    aura.speaks(response.turn, 0, 1000)
    aura.passes(5000)
    assert aura.sent_ms == 0
    aura.requester.commit(response, aura.now_ms)
    aura.passes(5000)
    assert aura.sent_ms == 1000


def test_a_response_runs_less_than_the_lead_ahead_of_what_is_heard() -> None:
    aura = AuraSide()
    aura.responds("It is fine.", ms=5000)
    for _ in range(40):
        aura.passes(100)
        ahead_ms = aura.sent_ms - (aura.now_ms - 1_000_000)
        assert ahead_ms < PLAYBACK_LEAD_MS + aura.config.current.voice.chunk_ms
    aura.passes(5000)
    assert aura.sent_ms == 5000


def test_a_response_that_was_heard_to_its_end_is_settled_and_measured_once() -> None:
    aura = AuraSide()
    response = aura.responds("It is fine.", "Enjoy it.")
    aura.passes(1900)
    assert response.phase is ResponsePhase.ALL_SENT
    assert len(aura.told(ResponseDone)) == len(aura.published(ev.TurnMeasured)) == 1
    assert aura.published(ev.AnswerHeard) == []
    aura.passes(500)
    (heard,) = aura.published(ev.AnswerHeard)
    assert (heard.text, heard.complete, heard.played_ms) == ("It is fine. Enjoy it.", True, 2000)
    assert aura.current.response is None
    said = [response.request.caller_words, heard.text]
    assert [one.text for one in aura.history.messages] == said


def test_words_and_audio_of_another_turn_are_stale() -> None:
    aura = AuraSide()
    response = aura.responds("It is fine.")
    aura.writes(response.turn - 1, "That was before.")
    aura.speaks(response.turn - 1, 0, 1000)
    aura.passes(5000)
    assert aura.sent_ms == 1000
    assert "before" not in " ".join(one.text for one in aura.told(Speech))


def test_a_sentence_that_begins_is_noted_for_an_edge_that_may_go_on() -> None:
    aura = AuraSide("sentences")
    aura.responds("One.", "Two.", "Three.")
    aura.passes(2500)
    assert [one.index for one in aura.published(ev.AnswerReached)] == [1, 2]


def test_audio_that_is_said_to_be_ready_and_did_not_come_is_recovered() -> None:
    aura = AuraSide()
    response = aura.asks(speculative=False)
    aura.requester.commit(response, aura.now_ms)
    aura.writes(response.turn, "It is fine.")
    aura.ready(response.turn, 3, 1000)
    assert ResyncSpeech(response.turn) in aura.out.take()
    aura.speaks(response.turn, 0, 1000)
    aura.ready(response.turn, 3, 1000)
    assert ResyncSpeech(response.turn) not in aura.out.take()


def test_the_stages_have_as_long_as_the_deadline_since_something_came_last() -> None:
    aura = AuraSide()
    timeout_ms = aura.config.current.response.timeout_ms
    response = aura.asks(speculative=False)
    assert aura.responder.expires_ms == aura.now_ms + timeout_ms
    aura.now_ms += 1000
    aura.writes(response.turn, "It is fine.")
    assert aura.responder.expires_ms == aura.now_ms + timeout_ms
    aura.requester.commit(response, aura.now_ms)
    aura.speaks(response.turn, 0, 1000)
    aura.passes(900)
    assert response.phase is ResponsePhase.ALL_SENT
    assert aura.responder.expires_ms is None


def test_a_client_may_have_played_less_than_it_was_sent() -> None:
    aura = AuraSide("whole")
    response = aura.responds("It is fine.", ms=3000)
    aura.current.played(Played(response.turn, 0), aura.now_ms + 2000)
    aura.passes(3500)
    assert aura.current.response is response  # its end was put off
    aura.passes(2000)
    assert aura.current.response is None


def test_the_model_that_does_not_tell_the_end_of_turn_is_not_waited_for_again() -> None:
    aura = AuraSide(turns__ask_eot=True)
    response = aura.asks(speculative=True, ask_eot=True)
    assert aura.requester.eot_pending
    aura.writes(response.turn, "It is fine.")
    assert not aura.requester.eot_pending
    aura.current.retract(response, aura.now_ms)
    aura.asks(speculative=True, ask_eot=True)
    assert not aura.requester.eot_pending


def test_words_of_the_edge_are_read_in_a_response_that_is_asked_for_as_text() -> None:
    aura = AuraSide("chunks", tool_use__failure_words="That did not work.")
    aura.requester.respond(ResponseRequested("a", config("text")), aura.now_ms)
    assert aura.current.response is not None
    aura.tools.apologize(aura.current.response, aura.now_ms)
    (sentence,) = aura.published(ev.ResponseSentence)
    assert (sentence.text, sentence.text_only, sentence.fixed) == ("That did not work.", True, True)


def test_a_held_response_goes_on_after_a_while_without_words() -> None:
    aura = AuraSide("sentences")
    response = aura.responds("One.", "Two.")
    aura.passes(500)
    aura.current.suspect(aura.now_ms)
    since_ms = aura.now_ms
    due_ms = since_ms + aura.config.current.interruption.false_interruption_ms
    assert aura.responder.due_ms(aura.now_ms) == due_ms
    aura.passes(due_ms - since_ms - 1)
    assert (response.interruption.held, len(aura.told(Speech))) == (True, 1)
    aura.passes(1)
    assert (response.interruption.held, len(aura.told(Speech))) == (False, 2)


def test_a_sentence_without_a_sound_is_passed_over() -> None:
    aura = AuraSide("sentences")
    response = aura.asks(speculative=False)
    assert aura.responder.due_ms(aura.now_ms) is None
    aura.requester.commit(response, aura.now_ms)
    aura.writes(response.turn, "...", "It is fine.")
    aura.ready(response.turn, 0, 0)
    aura.speaks(response.turn, 1, 500)
    aura.passes(20)
    assert [(one.text, len(one.pcm)) for one in aura.told(Speech)] == [
        ("...", 0),
        ("It is fine.", 500 * 32),
    ]


def test_without_a_response_nothing_is_due_and_nothing_is_overdue() -> None:
    aura = AuraSide()
    aura.responder.advance(aura.now_ms)
    aura.current.played(Played(1, 100), aura.now_ms)
    assert aura.responder.due_ms(aura.now_ms) is None
    assert (aura.responder.expires_ms, aura.responder.tools_since_ms) == (None, None)
    assert aura.out.take() == []


def test_a_greeting_waits_for_its_client_until_its_time() -> None:
    aura = AuraSide("sentences", response__greeting_wait_ms=2000)
    aura.requester.greet("Hello.", aura.now_ms)
    aura.speaks(0, 0, 500)
    assert aura.responder.due_ms(aura.now_ms) == aura.now_ms + 2000
    aura.passes(1999)
    assert aura.sent_ms == 0
    aura.passes(1)
    assert aura.sent_ms == 500
    assert aura.published(ev.TurnMeasured) == []  # nobody waited for it


def test_a_tool_runs_in_its_response_alone_and_its_result_asks_for_the_next_step() -> None:
    aura = AuraSide("sentences", tools=[{"name": "book"}])
    response = aura.asks(speculative=False)
    aura.requester.commit(response, aura.now_ms)
    aura.calls(response.turn - 1, "book")
    assert aura.published(ev.ToolRequested) == []
    aura.calls(response.turn, "book")
    (requested,) = aura.published(ev.ToolRequested)
    assert requested.turn == response.turn
    assert aura.responder.tools_since_ms == aura.now_ms
    aura.returns(response.turn - 1, "old")
    assert aura.responder.tools_since_ms == aura.now_ms
    aura.returns(response.turn, "booked")
    assert aura.responder.tools_since_ms is None
    step = aura.published(ev.TurnTaken)[-1]
    assert (step.step, step.messages[-1].text) == (1, "booked")


def test_a_running_tool_has_a_deadline_of_its_own_in_place_of_the_stages() -> None:
    aura = AuraSide("sentences", tools=[{"name": "book", "deadline_ms": 60_000}])
    response = aura.asks(speculative=False)
    aura.requester.commit(response, aura.now_ms)
    aura.calls(response.turn, "book")
    assert aura.responder.expires_ms is None
    assert aura.responder.due_ms(aura.now_ms) == aura.now_ms + aura.config.current.tool_use.wait_ms


def test_a_caller_hears_the_wait_sound_while_a_tool_runs() -> None:
    aura = AuraSide(
        "sentences", tools=[{"name": "book"}], tool_use__wait_sound=True, tool_use__wait_words=""
    )
    response = aura.asks(speculative=False)
    aura.requester.commit(response, aura.now_ms)
    aura.calls(response.turn, "book", "Let me see.")
    aura.speaks(response.turn, 0, 500)
    aura.passes(500 + aura.config.current.tool_use.wait_ms - 1)
    assert [one.text for one in aura.told(Speech)] == ["Let me see."]
    aura.passes(1000)
    assert {one.text for one in aura.told(Speech)[1:]} == {""}
    assert aura.sent_ms > 500


def test_a_message_added_during_a_response_apart_is_entered_after_it() -> None:
    aura = AuraSide()
    aura.requester.respond(ResponseRequested("a", in_conversation=False), aura.now_ms)
    response = aura.current.response
    assert response is not None
    aura.history.turn_begins()
    aura.history.add("item", "user", "By the way.")
    assert aura.history.messages == []
    aura.current.finish(response, aura.now_ms, heard="", complete=False)
    assert [one.text for one in aura.history.messages] == ["By the way."]


def test_a_failed_response_is_given_up_and_missed_unless_it_is_speculative() -> None:
    for speculative in (True, False):
        aura = AuraSide()
        response = aura.asks(speculative=speculative)
        if not speculative:
            aura.requester.commit(response, aura.now_ms)
        assert aura.responder.awaits(response.turn)
        assert aura.responder.give_up("llm", aura.now_ms) is not speculative
        assert not aura.responder.awaits(response.turn)
        assert [one.reason for one in aura.published(ev.ResponseCancelled)] == ["failed"]


def test_a_failed_job_is_missed_until_all_that_it_was_to_bring_is_there() -> None:
    aura = AuraSide()
    response = aura.asks(speculative=False)
    jobs = [
        ev.JobFailed(tenant="t", session="s", at_ms=0, stage=stage, turn=response.turn, reason="x")
        for stage in ("llm", "tts")
    ]
    assert [aura.responder.misses(job) for job in jobs] == [True, True]
    aura.writes(response.turn, "It is fine.")
    assert [aura.responder.misses(job) for job in jobs] == [False, True]
    aura.speaks(response.turn, 0, 500)
    assert [aura.responder.misses(job) for job in jobs] == [False, False]


def test_a_greeting_without_a_voice_is_shown() -> None:
    aura = AuraSide()
    aura.requester.greet("Hello.", aura.now_ms)
    assert aura.responder.give_up("tts", aura.now_ms)
    assert aura.told(Speech) == [Speech(0, "Hello.", b"", ends=True)]


def test_the_model_is_overdue_until_it_has_written_and_then_the_voice() -> None:
    aura = AuraSide()
    response = aura.asks(speculative=False)
    aura.requester.commit(response, aura.now_ms)
    late_ms = aura.now_ms + aura.config.current.response.timeout_ms
    assert aura.responder.overdue(late_ms - 1) is None
    assert aura.responder.overdue(late_ms) == "llm"
    response.sentences.at(0).text = "It is fine."
    assert aura.responder.overdue(late_ms) == "tts"


def test_a_response_whose_tool_was_run_is_not_given_up_without_words() -> None:
    aura = AuraSide(tools=[{"name": "book"}, {"name": "ask", "kind": "client"}])
    response = aura.asks(speculative=False)
    aura.requester.commit(response, aura.now_ms)
    aura.calls(response.turn, "ask")
    aura.responder.client_result(
        ClientToolResult(id_of(response.steps.running[0]), "no"), aura.now_ms
    )
    assert [one.result for one in aura.published(ev.ToolReturned)] == ["no"]
    assert aura.responder.give_up("llm", aura.now_ms)
    assert response.text == aura.config.current.tool_use.failure_words
