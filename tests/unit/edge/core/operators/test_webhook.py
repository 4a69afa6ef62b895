"""What an application is told of a call by its webhook."""

from __future__ import annotations

from typing import Any

from edge.core.messages.inputs import Finished, Reconfigured, Resumed, Typed
from edge.core.session.history import fold
from schemas import events as ev
from schemas.agent import AgentUsed
from tests.unit.edge.core.rehearsal import Rehearsal, config
from tests.unit.edge.core.response.resumed_tools import log_of, resumed, stage_events
from tests.unit.edge.core.response.tool_table import Table

URL = "https://app.example/aura"


def told(r: Rehearsal) -> list[tuple[str, dict[str, Any]]]:
    return [(one.moment, one.data) for one in r.events(ev.WebhookRequested)]


def a_turn(r: Rehearsal, text: str = "Hello there.", *, heard_ms: int = 1000) -> None:
    r.give(Typed(text))
    number = r.events(ev.TurnTaken)[-1].turn
    r.answers("It is fine.", turn=number)
    r.speaks(0, 500, turn=number)
    r.wait(heard_ms)


def test_an_agent_without_a_webhook_tells_nothing() -> None:
    r = Rehearsal("sentences")
    a_turn(r)
    assert not told(r)


def test_a_call_is_told_from_its_start_to_its_end_in_order() -> None:
    r = Rehearsal("sentences", webhook__url=URL)
    a_turn(r)
    r.give(Finished("end_call"))
    messages = r.events(ev.WebhookRequested)
    assert [one.moment for one in messages] == ["call.started", "call.turn", "call.ended"]
    assert [one.number for one in messages] == [0, 1, 2]
    assert {one.url for one in messages} == {URL}
    assert len({one.id for one in messages}) == 3
    started, turn, ended = (one.data for one in messages)
    assert started == {"agent": "", "user": "u", "protocol": "x"}
    assert turn == {
        "turn": 1,
        "caller": "Hello there.",
        "assistant": "It is fine.",
        "complete": True,
        "tools": [],
    }
    assert ended["reason"] == "end_call"
    assert (ended["turns"], ended["prompt_tokens"], ended["completion_tokens"]) == (1, 10, 5)
    assert ended["seconds"] == 1.0


def test_without_the_permission_no_words_are_sent() -> None:
    r = Rehearsal("sentences", webhook__url=URL, webhook__words=False)
    a_turn(r, "My number is 4711.")
    r.give(Finished("end_call"))
    assert "4711" not in str(told(r))
    assert "fine" not in str(told(r))
    assert dict(told(r))["call.turn"] == {"turn": 1, "complete": True, "tools": []}


def test_only_requested_types_are_sent() -> None:
    r = Rehearsal("sentences", webhook__url=URL, webhook__events=["call.ended"])
    a_turn(r)
    r.give(Finished("end_call"))
    assert [moment for moment, _ in told(r)] == ["call.ended"]


def test_a_turn_names_the_tools_that_were_called() -> None:
    r = Table(webhook__url=URL)
    r.types()
    r.calls(("book", '{"pin": "1234"}'))
    r.returns("done")
    r.says_words("It is booked.")
    r.speaks(0, 300)
    r.wait(1000)
    assert dict(told(r))["call.turn"]["tools"] == ["book"]
    assert "1234" not in str(told(r))


def test_a_transfer_is_told_and_the_new_agent_says_where_from_then_on() -> None:
    r = Rehearsal("sentences", webhook__url=URL)
    agent = AgentUsed(name="cook", revision=7)
    other = config("sentences", webhook__url="https://kitchen.example/")
    r.give(Reconfigured(other, agent, "call_1_0_0"))
    a_turn(r)
    messages = r.events(ev.WebhookRequested)
    assert [one.moment for one in messages] == ["call.started", "call.transferred", "call.turn"]
    assert messages[1].data == {"agent": "cook@7", "before": ""}
    assert messages[2].url == "https://kitchen.example/"


def test_a_caller_who_comes_back_goes_on_and_a_cut_turn_is_told_again() -> None:
    r = Rehearsal("sentences", webhook__url=URL)
    a_turn(r, heard_ms=100)
    r.give(Finished("caller_left", may_return=True))
    assert [moment for moment, _ in told(r)] == ["call.started", "call.turn", "call.ended"]
    assert not dict(told(r))["call.turn"]["complete"]
    sentence = ev.ResponseSentence(
        tenant="t",
        session="s",
        at_ms=r.now_ms,
        turn=1,
        index=0,
        text="It is fine.",
        first_token_ms=1.0,
        took_ms=1.0,
        model="m",
        deadline_ms=0,
    )
    history = fold([r.call.began, *r.events(ev.Event), sentence])
    again = Rehearsal("sentences", history=history, begins=Resumed(), webhook__url=URL)
    again.wait(10)
    assert [one.number for one in again.events(ev.WebhookRequested)][:1] == [3]
    again.answers("It is fine.", turn=1)
    again.speaks(0, 500, turn=1)
    again.wait(1500)
    turn = next(data for moment, data in told(again) if moment == "call.turn")
    assert (turn["caller"], turn["assistant"]) == ("Hello there.", "It is fine.")


def test_a_turn_that_began_on_another_edge_is_told_with_its_words_and_tools() -> None:
    r = Table(webhook__url=URL)
    r.types()
    r.calls(("book", "{}"))
    began, taken, committed, requested, *_ = [
        one for one in log_of(r) if not isinstance(one, ev.WebhookRequested)
    ]
    again = resumed([began, taken, committed, *stage_events(r), requested], webhook__url=URL)
    again.returns("1", turn=1)
    again.says_words("Done.")
    again.speaks(0, 500, turn=1)
    again.wait(1000)
    (turn,) = [data for moment, data in told(again) if moment == "call.turn"]
    assert (turn["caller"], turn["assistant"], turn["tools"]) == (
        "A table for two, please.", "Done.", ["book"],
    )  # fmt: skip
