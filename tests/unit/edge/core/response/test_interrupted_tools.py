"""A caller who speaks while tools run: what is cancelled, and what is told later."""

from __future__ import annotations

import json

from edge.core.messages.client_events import (
    ClientToolCancelled,
)
from edge.core.messages.inputs import Finished
from schemas import events as ev
from schemas.events import Message
from tests.unit.edge.core.aura_side import AuraSide
from tests.unit.edge.core.response.tool_table import Table


def test_a_cough_cancels_nothing() -> None:
    r = Table(interruption__voice_ms=450)
    r.types()
    r.calls(("ask", "{}"), words=("Let me see.",))
    r.speaks(0, 2000)
    r.says(200)
    r.quiet(400)
    r.hears("")
    r.quiet(500)
    assert not r.events(ev.ResponseCancelled)
    r.returns("1")
    assert r.asked.step == 1


def interrupted(*calls: tuple[str, str]) -> Table:
    """A caller who speaks over the first words of a turn whose tools run."""
    r = Table(tool_use__wait_words="")
    r.types()
    r.calls(*calls, words=("Let me see about that for you.",))
    r.speaks(0, 3000)
    r.wait(1000)
    r.types("No, wait. What do you have to drink?")
    return r


def test_an_interruption_cancels_only_calls_that_allow_it() -> None:
    r = interrupted(("book", "{}"), ("ask", "{}"), ("show", "{}"))
    assert r.events(ev.ResponseCancelled)[-1].reason == "interrupted"
    assert [one.call for one in r.told(ClientToolCancelled)] == ["call_1_0_2"]
    results = [one.text for one in r.asked.messages if one.role == "tool"]
    assert json.loads(results[0])["status"].startswith("still running")
    assert [json.loads(one) for one in results[1:]] == [{"error": "cancelled"}] * 2

    r.returns('{"ok": true}', turn=1)  # while the next answer is on its way
    assert r.asked.turn == 2
    r.says_words("Water.")
    r.speaks(0, 500)
    r.wait(1000)
    news = r.asked
    assert (news.turn, news.speculative) == (3, False)
    assert news.messages[-1] == Message("tool", '{"ok": true}', call="call_1_0_0_late")
    assert news.messages[-2].calls[0].id == "call_1_0_0_late"
    r.says_words("By the way, it is booked.")
    r.speaks(0, 500)
    r.wait(1000)
    assert r.events(ev.AnswerHeard)[-1].text == "By the way, it is booked."
    assert not r.call.responding
    r.wait(5000)
    assert r.asked.turn == 3


def test_a_late_result_that_a_turn_of_the_caller_has_told_opens_no_other() -> None:
    r = interrupted(("book", "{}"))
    r.returns("1", turn=1)
    r.types("And to eat?")
    assert r.asked.messages[-2].call == "call_1_0_0_late"
    r.says_words("Bread.")
    r.speaks(0, 500)
    r.wait(2000)
    assert r.asked.turn == 3


def test_words_are_not_asked_again_where_something_was_done() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"))
    r.types("For three, I mean.")  # nothing was heard of the answer yet
    assert [one.role for one in r.asked.messages] == ["user", "assistant", "tool", "user"]
    assert r.asked.messages[-1].text == "For three, I mean."


def test_a_call_that_has_ended_tells_no_news() -> None:
    r = interrupted(("book", "{}"))
    r.give(Finished("caller_left"))
    r.returns("1", turn=1)
    r.wait(1000)
    assert r.asked.turn == 2


def test_a_retracted_response_whose_tool_was_run_stays_in_the_history_with_its_result() -> None:
    aura = AuraSide(tools=[{"name": "book"}])
    response = aura.asks(speculative=False)
    aura.requester.commit(response, aura.now_ms)
    aura.calls(response.turn, "book")
    aura.returns(response.turn, "booked")
    aura.current.retract(response, aura.now_ms)
    assert [one.role for one in aura.history.messages] == ["user", "assistant", "tool"]
    assert aura.history.messages[-1].text == "booked"
    assert aura.history.carried == []  # the next turn would run the tool again


def test_a_tool_that_outlives_its_turn_answers_the_history_and_not_the_next_turn() -> None:
    r = Table()
    first = r.types()
    r.calls(("book", "{}"))
    second = r.types("Something else?")
    r.returns('"booked"', turn=first.turn)
    assert r.asked == second
    assert second.turn == first.turn + 1
    r.says_words("Yes.")
    r.speaks(0, 300)
    r.wait(2000)
    assert '"booked"' in [one.text for one in r.asked.messages]
