"""Spans of a session: what took time, by lane."""

from __future__ import annotations

from runtime.sessions.spans import spans
from runtime.sessions.timeline import LANES, moments
from schemas import events as ev
from tests.unit.runtime.story import T0, a_tool, story


def test_every_lane_has_something_that_took_time() -> None:
    drawn = spans(moments([*story(), *a_tool()]))
    assert {span.lane for span in drawn} == set(LANES)
    (tool,) = [span for span in drawn if span.lane == "tool"]
    assert (tool.text, tool.end_ms - tool.start_ms) == ("book: done (30 ms)", 30)
    assert all(span.end_ms >= span.start_ms for span in drawn)
    assert [span.name for span in drawn if span.lane == "client"] == ["heard", "cut"]


def test_a_call_of_a_tool_is_in_the_tools_lane_from_the_models_word_on() -> None:
    """A client's tool is not asked of a tool runner."""
    _, returned = a_tool()
    called = ev.ToolCalled(
        tenant="acme", session="s_1", turn=1, step=0, call=0,
        at_ms=T0 + 1900, name="book", arguments="{}", model="m", took_ms=1.0,
    )  # fmt: skip
    timeline = moments([*story(), called, returned])
    assert {span.lane for span in timeline if span.name.startswith("tool.")} == {"tool"}
    (tool,) = [span for span in spans(timeline) if span.lane == "tool"]
    assert (tool.start_ms, tool.end_ms) == (T0 + 1900, T0 + 2030)
