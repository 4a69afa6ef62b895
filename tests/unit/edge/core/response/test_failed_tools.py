"""Calls that cannot be, tools and models that fail, and turns that never end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edge.core.messages.inputs import ClientToolResult
from schemas import events as ev
from schemas.tools import MOST_RESULT_BYTES
from tests.unit.edge.core.response.tool_table import Table


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("nothing", "{}", "unknown"),
        ("book", "[1]", "invalid"),
        ("book", '{"a": NaN}', "invalid"),
        ("book", '{"a": "\\ud83d"}', "invalid"),
        ("book", "{" * 5000, "invalid"),
        ("book", '{"a": "' + "x" * 20_000 + '"}', "invalid"),
    ],
)
def test_an_invalid_call_is_reported_to_the_model(name: str, arguments: str, reason: str) -> None:
    r = Table()
    r.types()
    r.calls((name, arguments))
    assert not r.requested
    (failed,) = r.events(ev.ToolFailed)
    assert failed.reason == reason
    assert r.asked.step == 1
    assert json.loads(r.asked.messages[-1].text)["error"] == reason


def test_a_turn_has_a_limited_number_of_steps_and_ends_with_a_sentence() -> None:
    r = Table(tool_use__max_steps=2)
    r.types()
    for step in range(3):
        assert (r.asked.step, bool(r.asked.tools)) == (step, step < 2)
        r.calls(("book", "{}"))
        r.returns("1", step=step)
    assert r.asked.step == 2
    assert r.events(ev.ResponseSentence)[-1].text == "I am sorry, I could not do that."
    r.speaks(0, 500)
    r.wait(1000)
    assert r.events(ev.AnswerHeard)[-1].complete
    assert not r.call.responding


@pytest.mark.parametrize("words", ["", "Sorry."])
def test_a_model_with_nothing_to_say_to_a_result_costs_one_sentence(words: str) -> None:
    r = Table(tool_use__failure_words=words)
    r.types()
    r.calls(("book", "{}"))
    r.returns("1")
    r.says_words()
    assert [one.text for one in r.events(ev.ResponseSentence)] == ([words] if words else [])
    if words:
        r.speaks(0, 500)
    r.wait(1000)
    assert not r.call.responding


def test_a_model_that_fails_after_a_tool_was_run_costs_one_sentence() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"))
    r.returns("1")
    r.event(ev.JobFailed, stage="llm", turn=1, reason="down")
    assert [one.text for one in r.events(ev.ResponseSentence)] == [
        "I am sorry, I could not do that."
    ]
    r.speaks(0, 500)
    r.wait(1000)
    (heard,) = r.events(ev.AnswerHeard)
    assert heard.complete


def test_an_apology_is_over_at_its_end_though_the_tool_still_runs() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"), end=False)
    r.event(ev.JobFailed, stage="llm", turn=1, reason="down")
    r.speaks(0, 500)
    ends_ms = r.now_ms + 500
    r.wait(2000)
    (heard,) = r.events(ev.AnswerHeard)
    assert (heard.complete, heard.at_ms) == (True, ends_ms)


def test_a_tool_that_never_answers_is_given_up_at_its_deadline() -> None:
    r = Table(tool_use__wait_words="")
    r.types()
    r.calls(("book", "{}"))
    r.wait(5400)
    assert r.asked.step == 0
    r.wait(200)
    (failed,) = r.events(ev.ToolFailed)
    assert failed.reason == "timeout"
    assert r.asked.step == 1
    r.returns('"too late"')
    assert [taken.step for taken in r.events(ev.TurnTaken)] == [0, 1]


def test_the_stages_deadline_does_not_hold_for_tools() -> None:
    slow: dict[str, Any] = {"response__deadline_ms": 1000, "tool_use__wait_words": ""}
    r = Table(**slow)
    r.types()
    r.calls(("book", "{}"))
    r.wait(4000)
    assert not r.events(ev.TroubleTold)
    assert r.call.stages.needs_resync(r.now_ms)  # the log is read meanwhile
    r.returns("1")
    r.wait(1100)
    (told,) = r.events(ev.TroubleTold)
    assert told.stage == "llm"


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (ClientToolResult("call_1_0_0", "no screen", failed=True), "refused"),
        (ClientToolResult("call_1_0_0", "x" * (MOST_RESULT_BYTES + 1)), "invalid"),
    ],
)
def test_a_client_that_cannot_or_says_too_much(result: ClientToolResult, reason: str) -> None:
    r = Table()
    r.types()
    r.calls(("show", "{}"))
    r.give(result)
    assert json.loads(r.asked.messages[-1].text)["error"] == reason
