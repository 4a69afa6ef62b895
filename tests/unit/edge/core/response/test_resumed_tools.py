"""Another edge goes on with a turn whose tools were called."""

from __future__ import annotations

from edge.core.session.history import fold
from edge.core.session.tool_steps import ToolSteps
from schemas import events as ev
from tests.unit.edge.core.response.resumed_tools import log_of, resumed, stage_events
from tests.unit.edge.core.response.tool_bench import NOW_MS, Bench, call_of, events
from tests.unit.edge.core.response.tool_table import Table


def test_another_edge_waits_for_the_results_and_asks_for_the_next_step() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"))
    began, taken, committed, requested = log_of(r)
    after = resumed([began, taken, committed, *stage_events(r), requested])
    assert not after.requested, "it runs already"
    after.returns("1", turn=1)
    assert (after.asked.turn, after.asked.step) == (1, 1)
    assert after.asked.messages[0].text == "A table for two, please."
    after.says_words("Done.")
    after.speaks(0, 500, turn=1)
    after.wait(1000)
    assert after.events(ev.AnswerHeard)[-1].text == "Done."


def test_another_edge_has_the_call_run_that_its_edge_did_not_come_to() -> None:
    r = Table()
    r.types()
    after = resumed([*log_of(r), *stage_events(r)])
    assert after.requested == ["book"]


def test_another_edge_asks_for_the_step_that_its_edge_did_not_come_to() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"))
    began, taken, committed, requested = log_of(r)
    returned = ev.ToolReturned(
        tenant="t",
        session="s",
        at_ms=r.now_ms,
        turn=1,
        step=0,
        call=0,
        name="book",
        result="1",
        took_ms=1.0,
    )
    log = [began, taken, committed, *stage_events(r), requested, returned]
    after = resumed(log)
    assert (after.asked.turn, after.asked.step) == (1, 1)
    assert not after.requested


def test_the_history_read_back_from_the_log_is_that_of_the_call() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"))
    log = [*log_of(r)[:3], *stage_events(r), *log_of(r)[3:]]
    known = len(r.events(ev.Event))
    r.returns("1")
    log.append(
        ev.ToolReturned(
            tenant="t",
            session="s",
            at_ms=r.now_ms,
            turn=1,
            step=0,
            call=0,
            name="book",
            result="1",
            took_ms=2.0,
        )
    )
    r.says_words("Done.")
    r.speaks(0, 500)
    r.wait(1000)
    log += r.events(ev.Event)[known:]
    assert fold(log).messages == r.call.history.messages


def test_a_call_for_the_end_whose_edge_died_before_its_answer_is_answered() -> None:
    bench = Bench()
    requested, returned = events(bench.run(call_of("end_call")))
    bench.steps = ToolSteps()
    for event in (call_of("end_call"), requested):
        bench.steps.read(event)
    bench.tools.run_on(bench.steps, NOW_MS)
    assert events(bench.out.take()) == [returned]
    assert not bench.steps.running
