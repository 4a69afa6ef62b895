"""A turn with tools: who runs what and when, and what the model is told."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.messages.client_events import (
    CallsDone,
    ClientToolCalled,
    ResponseDone,
    Speech,
)
from edge.core.messages.effects import AgentTransfer, HangUp
from edge.core.messages.inputs import ClientToolResult, Reconfigured, ResponseRequested, StageSaid
from schemas import events as ev
from schemas.agent import AgentUsed
from schemas.events import Message, ToolCall
from schemas.tools import transfer_tool
from tests.unit.edge.core.rehearsal import config
from tests.unit.edge.core.response.resumed_tools import log_of, resumed, stage_events
from tests.unit.edge.core.response.tool_table import BOOK, TOOLS, Table


def test_the_model_is_offered_the_tools_and_told_the_result_in_a_further_step() -> None:
    r = Table()
    first = r.types()
    assert [tool.name for tool in first.tools] == ["book", "ask", "show", "end_call"]
    r.calls(("book", '{"guests": 2}'), words=("Let me see.",))
    (requested,) = r.events(ev.ToolRequested)
    assert (requested.tool, requested.arguments) == (BOOK, '{"guests": 2}')
    assert requested.deadline_ms == r.now_ms + 5000
    r.returns('{"ok": true}')

    second = r.asked
    assert (second.turn, second.step, second.first_index) == (first.turn, 1, 1)
    assert second.id == f"{first.id}.step1" != first.id
    call = ToolCall("call_1_0_0", "book", '{"guests": 2}')
    assert second.messages == (
        Message("user", "A table for two, please."),
        Message("assistant", "Let me see.", calls=(call,)),
        Message("tool", '{"ok": true}', call="call_1_0_0"),
    )
    r.says_words("It is booked.")
    for index in range(2):
        r.speaks(index, 500)
    r.wait(2000)
    (heard,) = r.events(ev.AnswerHeard)
    assert (heard.text, heard.complete) == ("Let me see. It is booked.", True)
    (done,) = r.told(ResponseDone)
    assert done.text == heard.text
    assert r.call.history.messages[1:] == [
        Message("assistant", "", calls=(call,)),
        Message("tool", '{"ok": true}', call="call_1_0_0"),
        Message("assistant", "Let me see. It is booked."),
    ]


def test_parallel_calls_make_one_further_step() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"), ("ask", "{}"))
    r.returns('"a"', 0)
    assert r.asked.step == 0
    r.returns('"b"', 1)
    r.returns('"b"', 1)  # the log is read twice
    assert [taken.step for taken in r.events(ev.TurnTaken)] == [0, 1]
    assert [one.text for one in r.asked.messages[-2:]] == ['"a"', '"b"']


def test_a_result_that_comes_before_the_step_is_over_waits_for_it() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"), end=False)
    r.returns("1")
    assert r.asked.step == 0
    r.event(
        ev.ResponseCompleted,
        turn=1,
        sentences=0,
        text="",
        model="m",
        prompt_tokens=0,
        completion_tokens=0,
        took_ms=0.0,
        calls=1,
    )
    assert r.asked.step == 1


def test_a_guessed_turn_runs_nothing_before_it_is_committed() -> None:
    r = Table()
    r.says(800, "I want a table for two.")
    assert r.asked.speculative
    r.calls(("book", "{}"))
    assert not r.requested
    r.quiet(2500)
    assert r.events(ev.TurnCommitted)
    assert r.requested == ["book"]


def test_only_the_first_step_has_to_call() -> None:
    r = Table(tool_use__choice="required")
    r.types()
    assert r.asked.tool_choice == "required"
    r.calls(("book", "{}"))
    r.returns("done")
    assert (r.asked.step, r.asked.tool_choice) == (1, "auto")


def test_a_call_in_the_step_that_offers_none_is_not_run() -> None:
    r = Table(tool_use__max_steps=1)
    r.types()
    r.calls(("book", "{}"))
    r.returns("done")
    assert not r.asked.tools
    r.calls(("book", "{}"))
    assert r.requested == ["book"]
    (failed,) = r.events(ev.ToolFailed)
    assert (failed.reason, failed.step) == ("unknown", 1)
    assert r.events(ev.ResponseSentence)[-1].text == "I am sorry, I could not do that."


@given(
    st.text(max_size=40),
    st.lists(
        st.tuples(
            st.sampled_from(["book", "BOOK", "ask", "theirs", "transfer", "end_call", "../book"])
            | st.text(max_size=12),
            st.sampled_from(["{}", '{"agent": "vault"}', '{"tenant": "rival"}', "", "[", "{{pin}}"])
            | st.text(max_size=20),
        ),
        max_size=4,
    ),
)
def test_only_the_calls_own_tools_run_and_for_its_own_tenant(
    said: str, calls: list[tuple[str, str]]
) -> None:
    r = Table()
    r.types(said)
    r.calls(*calls)
    requested = r.events(ev.ToolRequested)
    assert all(one.tool in TOOLS for one in requested)
    assert {(one.tenant, one.session) for one in r.events(ev.Event)} == {("t", "s")}
    assert not r.events(ev.AgentChanged)
    assert not [one for one in r.effects if isinstance(one, AgentTransfer)]
    for one in requested:
        assert isinstance(json.loads(one.arguments), dict)


def test_a_guess_that_is_taken_back_has_run_nothing() -> None:
    r = Table()
    r.says(800, "I want a table for two.")
    r.calls(("book", "{}"))
    r.says(600)
    assert r.events(ev.ResponseCancelled)
    r.quiet(3000)
    assert not r.requested


def test_a_call_of_the_client_is_told_and_its_answer_taken_once() -> None:
    r = Table()
    r.types()
    r.calls(("show", '{"page": 1}'))
    assert r.told(ClientToolCalled) == [ClientToolCalled("call_1_0_0", "show", '{"page": 1}')]
    (requested,) = r.events(ev.ToolRequested)
    assert "tool" in requested.recorded, "no runner takes it"
    r.give(ClientToolResult("call_9_0_0", "x"))
    assert r.asked.step == 0
    r.give(ClientToolResult("call_1_0_0", '"shown"'))
    r.give(ClientToolResult("call_1_0_0", '"again"'))
    assert r.asked.messages[-1].text == '"shown"'
    assert len(r.events(ev.ToolReturned)) == 1


@pytest.mark.parametrize("greeting", ["", "The kitchen, hello!"])
def test_the_agent_that_takes_over_begins_with_its_greeting_or_its_model(greeting: str) -> None:
    r = Table([transfer_tool({"cook": ""})])
    r.types()
    r.calls(("transfer", '{"agent": "cook"}'))
    (transfer,) = [one for one in r.effects if isinstance(one, AgentTransfer)]
    changed = config("sentences", response__greeting=greeting, tools=[])
    r.give(Reconfigured(changed, AgentUsed(name="cook", revision=7), transfer.call))
    assert [one.text for one in r.events(ev.ResponseSentence)] == ([greeting] if greeting else [])
    assert (r.asked.step, r.asked.agent) == ((0, "") if greeting else (1, "cook@7"))
    (told,) = r.events(ev.ToolReturned)
    assert json.loads(told.result)["status"].startswith("you are cook now")


def test_a_caller_who_hears_nothing_for_a_second_is_told_to_wait_once() -> None:
    r = Table(tool_use__wait_ms=1000, tool_use__wait_sound=True)
    r.types()
    r.calls(("book", "{}"))
    assert r.call.due_ms(r.now_ms) == r.now_ms + 1000
    r.wait(999)
    assert not r.events(ev.ResponseSentence)
    r.wait(1)
    assert [one.text for one in r.events(ev.ResponseSentence)] == ["One moment, please."]
    r.speaks(0, 500)
    r.wait(3000)
    assert len(r.events(ev.ResponseSentence)) == 1
    assert (r.told(Speech)[-1].text, bool(r.told(Speech)[-1].pcm)) == ("", True)  # the wait sound


def test_a_call_that_takes_too_long_is_given_up_at_its_deadline() -> None:
    r = Table(tool_use__wait_words="")
    r.types()
    r.calls(("book", "{}"))
    r.wait(BOOK.timeout_ms - 1)
    assert r.asked.step == 0
    r.wait(2000)
    assert [one.reason for one in r.events(ev.ToolFailed)] == ["timeout"]
    assert r.asked.step == 1


@pytest.mark.parametrize(("goodbye", "says"), [("Goodbye.", 1), ("", 0)])
def test_a_call_of_end_call_ends_the_call_after_a_goodbye(goodbye: str, says: int) -> None:
    r = Table()
    r.types()
    r.calls(("end_call", "{}"), words=(goodbye,) if goodbye else ())
    if not goodbye:  # the model is asked for it, and offered no tools
        assert (r.asked.step, r.asked.tools) == (1, ())
        r.says_words("Bye.")
    assert not [one for one in r.effects if isinstance(one, HangUp)]
    r.speaks(0, 300)
    r.wait(1000)
    assert [one for one in r.effects if isinstance(one, HangUp)] == [HangUp()]
    assert len(r.events(ev.TurnTaken)) == 2 - says


def test_a_client_is_told_that_it_has_all_calls_after_the_words_before_them() -> None:
    r = Table()
    r.types()
    r.calls(("show", "{}"), words=("Look here.",))
    assert not r.told(CallsDone)
    r.speaks(0, 300)
    r.wait(20)
    assert r.told(CallsDone) == [CallsDone(1, 1, 1)]


def test_the_end_of_a_step_that_is_read_twice_asks_for_the_next_one_once() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"))
    r.returns("done")
    _, end = stage_events(r)
    assert isinstance(end, ev.ResponseCompleted)
    r.give(StageSaid(end))
    r.returns("done", turn=7)  # of an unknown turn
    assert [one.step for one in r.events(ev.TurnTaken)] == [0, 1]


def test_a_turn_whose_model_says_nothing_of_the_results_ends_with_an_apology() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"))
    r.returns("done")
    r.says_words()
    assert [one.text for one in r.events(ev.ResponseSentence)] == [
        "I am sorry, I could not do that."
    ]


def test_a_turn_whose_tool_runs_goes_on_at_another_edge_without_a_second_run() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"))
    began, taken, committed, requested = log_of(r)
    again = resumed([began, taken, committed, *stage_events(r), requested])
    again.returns('"yes"', turn=1)
    assert again.requested == []
    assert (again.asked.turn, again.asked.step) == (1, 1)
    assert again.asked.messages[-1].text == '"yes"'


def test_a_response_apart_is_followed_up_on_its_own_messages() -> None:
    r = Table()
    own = (Message("user", "Translate this."),)
    r.give(ResponseRequested("a", messages=own, in_conversation=False))
    r.calls(("book", "{}"))
    r.returns("done")
    assert r.asked.step == 1
    assert [one.text for one in r.asked.messages] == ["Translate this.", "", "done"]


def test_calls_that_fit_no_event_with_their_results_end_in_an_apology() -> None:
    r = Table()
    r.types()
    r.calls(*[("book", json.dumps({"a": "\U0001f37d" * 16_000}, ensure_ascii=False))] * 8)
    for call in range(8):
        r.returns("x" * 1900, call)
    assert [job.step for job in r.events(ev.TurnTaken)] == [0]
    assert r.events(ev.ResponseSentence)[0].text == r.call.config.tool_use.failure_words
