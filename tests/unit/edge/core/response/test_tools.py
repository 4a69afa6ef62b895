"""Tool calls: which run and where, how they fail, and when the edge gives them up."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.messages.client_events import ClientToolCalled, ClientToolCancelled
from edge.core.messages.effects import AgentTransfer, Publish, Tell
from edge.core.messages.inputs import ClientToolResult
from edge.core.response.tools import BUILT_IN_RESULTS, TOOL_GRACE_MS
from edge.core.session.tool_steps import ToolSteps
from schemas import events as ev
from schemas.tools import MOST_ARGUMENT_CHARS, MOST_RESULT_BYTES, ToolConfig, functions_of
from tests.unit.edge.core.response.tool_bench import (
    BOOK,
    HOOK,
    NOW_MS,
    THEIR_TRANSFER,
    TOOLS,
    Bench,
    call_of,
    events,
    failure,
    head,
)

# ---------------------------------------------------------------- what is offered


@pytest.mark.parametrize(
    ("most_steps", "step", "count"), [(0, 0, 0), (1, 0, 7), (1, 1, 0), (3, 2, 7), (3, 3, 0)]
)
def test_the_last_step_is_offered_no_tool(most_steps: int, step: int, count: int) -> None:
    offered = Bench(most_steps=most_steps).tools.offered(step)
    assert offered == functions_of(TOOLS)[:count]


# ---------------------------------------------------------------- where calls run


@pytest.mark.parametrize("tool", [BOOK, HOOK], ids=lambda tool: tool.kind)
def test_a_call_goes_to_the_runner_with_its_deadline(tool: ToolConfig) -> None:
    bench = Bench()
    (requested,) = events(bench.run(call_of(tool.name, '{"guests": 2}', number=1)))
    assert requested == ev.ToolRequested(
        **head(),
        turn=3,
        step=0,
        call=1,
        tool=tool,
        arguments='{"guests": 2}',
        deadline_ms=NOW_MS + tool.timeout_ms,
    )
    assert bench.steps.running == [requested]


def test_a_call_of_the_client_is_told_to_it_and_is_no_job_of_a_runner() -> None:
    published, told = Bench().run(call_of("show", ' {"page": 1}'))
    assert isinstance(published, Publish)
    assert isinstance(published.event, ev.ToolRequested)
    assert published.event.recorded == ("tool",)
    assert told == Tell(ClientToolCalled("call_3_0_0", "show", ' {"page": 1}'))


def test_the_end_of_the_call_is_answered_at_once() -> None:
    requested, returned = events(Bench().run(call_of("end_call")))
    assert isinstance(requested, ev.ToolRequested)
    assert requested.recorded == ("tool",)
    assert isinstance(returned, ev.ToolReturned)
    assert (returned.result, returned.by_edge) == (BUILT_IN_RESULTS["end_call"], True)


def test_a_transfer_hands_over_to_the_named_agent_and_waits_for_it() -> None:
    bench = Bench()
    effects = bench.run(call_of("transfer", '{"agent": "vault"}'))
    assert effects[1:] == [AgentTransfer("call_3_0_0", "vault")]
    assert bench.steps.running


def test_a_clients_own_tool_may_be_called_transfer() -> None:
    effects = Bench(THEIR_TRANSFER).run(call_of("transfer", '{"agent": "anybody"}'))
    assert effects[1:] == [Tell(ClientToolCalled("call_3_0_0", "transfer", '{"agent": "anybody"}'))]


def test_a_call_runs_once_and_only_in_the_current_step() -> None:
    bench = Bench()
    assert len(bench.run(call_of("book"), call_of("hook", number=1))) == 2
    assert bench.run() == []
    bench.steps.step = 1
    assert bench.run() == []
    (requested,) = events(bench.run(call_of("book", step=1)))
    assert isinstance(requested, ev.ToolRequested)
    assert requested.step == 1


# ---------------------------------------------------------------- calls that do not run


@pytest.mark.parametrize(
    ("name", "arguments", "reason", "detail"),
    [
        ("drop_all", "{}", "unknown", "there is no such tool"),
        ("BOOK", "{}", "unknown", "there is no such tool"),
        ("alien", "{}", "unknown", "there is no such tool"),  # built in, and nothing runs it
        ("book", "[1]", "invalid", "the arguments are not a JSON object"),
        ("book", "guests=2", "invalid", "the arguments are not a JSON object"),
        ("book", '{"guests": NaN}', "invalid", "the arguments are not a JSON object"),
        ("book", '{"guests": -Infinity}', "invalid", "the arguments are not a JSON object"),
        ("book", '{"name": "\\ud800"}', "invalid", "the arguments are not a JSON object"),
        ("book", "[" * 5_000, "invalid", "the arguments are not a JSON object"),
        ("book", '{"a":' * 3_000, "invalid", "the arguments are not a JSON object"),
        ("transfer", "{}", "invalid", "agent is one of: sales, vault"),
        ("transfer", '{"agent": "rival"}', "invalid", "agent is one of: sales, vault"),
        ("transfer", '{"agent": ["sales"]}', "invalid", "agent is one of: sales, vault"),
    ],
)
def test_a_call_that_cannot_run_fails_with_the_reason_for_the_model(
    name: str, arguments: str, reason: str, detail: str
) -> None:
    bench = Bench()
    assert failure(bench.run(call_of(name, arguments))) == (reason, detail)
    assert not bench.steps.pending
    assert not bench.steps.running


@pytest.mark.parametrize(("most_steps", "step"), [(0, 0), (1, 1), (1, 2)])
def test_after_the_last_step_with_tools_no_call_runs(most_steps: int, step: int) -> None:
    bench = Bench(most_steps=most_steps)
    bench.steps.step = step
    effects = bench.run(call_of("book", step=step))
    assert failure(effects) == ("unknown", "no tool may be called any more")


@pytest.mark.parametrize("longer", [0, 1])
def test_arguments_have_a_limit(longer: int) -> None:
    padding = "x" * (MOST_ARGUMENT_CHARS - len('{"a": ""}') + longer)
    (event,) = events(Bench().run(call_of("book", json.dumps({"a": padding}))))
    assert isinstance(event, ev.ToolFailed if longer else ev.ToolRequested)


@pytest.mark.parametrize("arguments", ["", "  ", "{}", "{ }", "\n"])
def test_no_arguments_are_an_empty_object(arguments: str) -> None:
    (event,) = events(Bench().run(call_of("book", arguments)))
    assert isinstance(event, ev.ToolRequested)
    assert event.arguments == "{}"


@given(st.text(max_size=30) | st.recursive(st.none() | st.integers(), st.lists).map(json.dumps))
def test_what_runs_has_a_json_object_as_arguments(arguments: str) -> None:
    (event,) = events(Bench().run(call_of("book", arguments)))
    if isinstance(event, ev.ToolRequested):
        assert isinstance(json.loads(event.arguments), dict)
        assert event.arguments in {arguments, "{}"}
    else:
        assert isinstance(event, ev.ToolFailed)


@pytest.mark.parametrize("name", ["x" * 1000, ""])
def test_what_the_model_writes_as_a_name_is_cut_in_the_log(name: str) -> None:
    (event,) = events(Bench().run(call_of(name)))
    assert isinstance(event, ev.ToolFailed)
    assert event.name == name[:64]


def test_on_another_edge_the_running_calls_of_the_client_are_told_again_and_jobs_are_not() -> None:
    bench = Bench()
    bench.run(call_of("book"), call_of("show", number=1), call_of("end_call", number=2))
    bench.steps.read(call_of("hook", number=3))  # it was not requested there yet
    bench.tools.run_on(bench.steps, NOW_MS + 900)
    told, requested = bench.out.take()
    assert told == Tell(ClientToolCalled("call_3_0_1", "show", "{}"))
    assert isinstance(requested, Publish)
    assert isinstance(requested.event, ev.ToolRequested)
    assert (requested.event.tool, requested.event.at_ms) == (HOOK, NOW_MS + 900)


def test_on_another_edge_a_transfer_is_asked_for_again() -> None:
    bench = Bench()
    bench.run(call_of("transfer", '{"agent": "sales"}'))
    bench.tools.run_on(bench.steps, NOW_MS + 900)
    assert bench.out.take() == [AgentTransfer("call_3_0_0", "sales")]


def test_only_calls_of_the_client_that_end_with_their_turn_are_cancelled() -> None:
    bench = Bench()
    bench.run(call_of("book"), call_of("show", number=1), call_of("keep", number=2))
    bench.tools.cancel(bench.steps)
    assert bench.out.take() == [Tell(ClientToolCancelled("call_3_0_1"))]


def test_a_call_that_has_its_result_is_not_cancelled() -> None:
    bench = Bench()
    bench.run(call_of("show"))
    bench.tell("call_3_0_0")
    bench.tools.cancel(bench.steps)
    assert bench.out.take() == []


# ---------------------------------------------------------------- the client's results


def test_the_clients_result_is_taken_once_with_the_time_it_took() -> None:
    bench = Bench()
    bench.run(call_of("show"))
    (returned,) = events(bench.tell("call_3_0_0", '"shown"'))
    assert returned == ev.ToolReturned(
        **head(NOW_MS + 40),
        turn=3,
        step=0,
        call=0,
        name="show",
        result='"shown"',
        took_ms=40.0,
        by_edge=True,
    )
    assert bench.steps.current_calls[0].result == returned
    assert bench.tell("call_3_0_0", '"again"') == []


@pytest.mark.parametrize("call", ["", "call_3_0_1", "call_4_0_0", "call_3_0_0 "])
def test_a_result_of_an_unknown_call_is_ignored(call: str) -> None:
    bench = Bench()
    bench.run(call_of("show"))
    assert bench.tell(call) == []
    assert bench.steps.running


def test_a_result_without_a_response_is_ignored() -> None:
    bench = Bench()
    bench.tools.client_result(None, ClientToolResult("call_3_0_0", "1"), NOW_MS)
    assert bench.out.take() == []


@pytest.mark.parametrize("longer", [0, 1])
def test_a_result_has_a_limit_in_bytes(longer: int) -> None:
    bench = Bench()
    bench.run(call_of("show"))
    text = "ü" * (MOST_RESULT_BYTES // 2) + "x" * longer
    effects = bench.tell("call_3_0_0", text)
    if longer:
        detail = f"the result is longer than {MOST_RESULT_BYTES} bytes"
        assert failure(effects) == ("invalid", detail)
    else:
        assert isinstance(events(effects)[0], ev.ToolReturned)


def test_an_error_of_the_client_is_told_to_the_model_and_cut() -> None:
    bench = Bench()
    bench.run(call_of("show"))
    assert failure(bench.tell("call_3_0_0", "no page " * 100, failed=True)) == (
        "refused",
        ("no page " * 100)[:500],
    )


@pytest.mark.parametrize("failed", [False, True])
def test_a_result_of_a_background_call_waits_for_the_next_turn(failed: bool) -> None:
    bench = Bench()
    bench.run(call_of("keep"))
    bench.history.enter_turn("keep it", "", bench.steps, 3)
    bench.steps = ToolSteps()  # another turn has begun
    (event,) = events(bench.tell("call_3_0_0", "done", failed=failed))
    assert isinstance(event, ev.ToolFailed if failed else ev.ToolReturned)
    assert event.took_ms == 40
    assert bench.history.enter_late(event)
    assert not bench.history.background_calls
    assert len(bench.history.late_results) == 2, "the call and its result"
    assert bench.tell("call_3_0_0", "again") == []


# ---------------------------------------------------------------- calls without a result


def test_an_overdue_call_is_given_up_after_the_grace_of_its_runner() -> None:
    bench = Bench()
    assert bench.tools.due_ms(bench.steps) is None
    bench.run(call_of("hook"), call_of("book", number=1))
    due_ms = NOW_MS + BOOK.timeout_ms + TOOL_GRACE_MS
    assert bench.tools.due_ms(bench.steps) == due_ms
    bench.tools.expire(bench.steps, due_ms - 1)
    assert bench.out.take() == []
    bench.tools.expire(bench.steps, due_ms)
    assert failure(bench.out.take()) == ("timeout", "it did not answer in time")
    assert [request.tool.name for request in bench.steps.running] == ["hook"]
    assert bench.tools.due_ms(bench.steps) == NOW_MS + HOOK.timeout_ms + TOOL_GRACE_MS
    bench.tools.expire(bench.steps, due_ms)
    assert bench.out.take() == []


def test_a_call_that_was_not_requested_never_expires() -> None:
    bench = Bench()
    bench.steps.read(call_of("book"))
    bench.tools.expire(bench.steps, NOW_MS * 2)
    assert bench.out.take() == []
    assert bench.tools.due_ms(bench.steps) is None
