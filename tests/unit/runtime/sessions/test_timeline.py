"""A drawing of a session shows what its events tell, on one clock."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import msgspec
from rich.console import Console

from aura.cli.session_page import content, page
from aura.cli.show import Paint, drawing
from runtime.sessions.listing import ListedSession, folded
from runtime.sessions.spans import spans
from runtime.sessions.timeline import LANES, moments
from schemas import events as ev
from schemas import inputs
from schemas.tools import ToolConfig
from tests.unit.runtime.story import T0, story


def row_of(told: list[ev.AnyEvent]) -> ListedSession:
    row = folded(told)
    assert row is not None
    return row


def test_moments_are_in_the_order_of_the_edges_clock_whatever_the_order_of_the_log() -> None:
    told = moments(reversed(story()))
    assert [one.at_ms for one in told] == sorted(one.at_ms for one in told)


def test_the_first_sound_of_an_answer_is_a_moment_though_no_event_says_when_it_left() -> None:
    sent = [one for one in moments(story()) if one.name == "answer.sent"]
    assert [one.at_ms - T0 for one in sent] == [1900 + 561, 5900 + 562]


def test_growing_words_are_found_in_the_inputs() -> None:
    rows = [inputs.InputRow(T0 + 1500, inputs.PARTIAL, (1, 700, "What is"))]
    delivered = ev.InputsDelivered(
        tenant="acme",
        session="s_1",
        at_ms=T0 + 9000,
        part=0,
        from_ms=T0,
        frames=0,
        voice=b"",
        rows=inputs.pack(rows, T0),
    )
    (partial,) = [m for m in moments([*story(), delivered]) if m.name == "transcript.partial"]
    assert (partial.at_ms, partial.fields["text"]) == (T0 + 1500, "What is")


def test_the_probabilities_of_an_end_of_turn_are_shown() -> None:
    told = {one.name: one.text for one in moments(_doubted(one) for one in story())}
    assert told["transcript.guess"].endswith("ended: 54%)")
    assert told["response.sentence"].endswith("the caller had ended: 8%)")
    assert "ended" not in "".join(one.text for one in moments(story()))


def _doubted(event: ev.AnyEvent) -> ev.AnyEvent:
    match event:
        case ev.TranscriptGuess():
            return msgspec.structs.replace(event, eot_stt=0.54)
        case ev.ResponseSentence():
            return msgspec.structs.replace(event, eot_llm=0.08)
        case _:
            return event


def a_tool() -> list[ev.AnyEvent]:
    at: dict[str, Any] = {"tenant": "acme", "session": "s_1", "turn": 1, "step": 0, "call": 0}
    tool = ToolConfig(name="book")
    return [
        ev.ToolRequested(**at, at_ms=T0 + 2000, tool=tool, arguments="{}", deadline_ms=T0),
        ev.ToolReturned(**at, at_ms=T0 + 2030, name="book", result="done", took_ms=30.0),
    ]


def test_every_lane_has_something_that_took_time() -> None:
    found = spans(moments([*story(), *a_tool()]))
    assert {span.lane for span in found} == set(LANES)
    (tool,) = [span for span in found if span.lane == "tool"]
    assert (tool.text, tool.end_ms - tool.start_ms) == ("book: done (30 ms)", 30)
    assert all(span.end_ms >= span.start_ms for span in found)
    assert [span.name for span in found if span.lane == "client"] == ["heard", "cut"]


def test_a_call_of_a_tool_is_in_the_tools_lane_from_the_models_word_on() -> None:
    """A client's tool is not asked of a tool runner."""
    _, returned = a_tool()
    called = ev.ToolCalled(
        tenant="acme", session="s_1", turn=1, step=0, call=0,
        at_ms=T0 + 1900, name="book", arguments="{}", model="m", took_ms=1.0,
    )  # fmt: skip
    told = moments([*story(), called, returned])
    assert {one.lane for one in told if one.name.startswith("tool.")} == {"tool"}
    (tool,) = [span for span in spans(told) if span.lane == "tool"]
    assert (tool.start_ms, tool.end_ms) == (T0 + 1900, T0 + 2030)


def test_a_page_has_a_lane_for_tools_where_there_are_some() -> None:
    told = story()
    lanes = [content(row_of(one), moments(one), {})["lanes"] for one in (told, [*told, *a_tool()])]
    assert lanes == [[lane for lane in LANES if lane != "tool"], list(LANES)]


def test_a_cancelled_answer_that_was_heard_to_its_end_says_so() -> None:
    def over_the_last_word(event: ev.AnyEvent) -> ev.AnyEvent:
        if isinstance(event, ev.AnswerHeard) and event.turn == 2:
            return msgspec.structs.replace(event, text="Madrid, of course, as everybody knows.")
        return event

    for told, expected in ((story(), None), ([over_the_last_word(e) for e in story()], True)):
        (cancelled,) = [one for one in moments(told) if one.name == "response.cancelled"]
        assert cancelled.fields.get("to_the_end") is expected


def test_a_completely_heard_answer_is_not_cut_by_a_hang_up() -> None:
    def hung_up(event: ev.AnyEvent, *, early: bool) -> ev.AnyEvent:
        if not isinstance(event, ev.AnswerHeard) or event.turn != 1:
            return event
        text = event.text.rsplit(" ", 1)[0] if early else event.text
        return msgspec.structs.replace(event, complete=False, text=text)

    for early, name, said in ((False, "heard", "all: "), (True, "cut", "cut: ")):
        told = moments(hung_up(one, early=early) for one in story())
        heard = next(one for one in told if one.name == "answer.heard")
        assert heard.text.startswith(said)
        assert heard.fields["complete"] is False, "what the log says is shown as it is"
        assert next(span.name for span in spans(told) if span.lane == "client") == name


def test_an_answer_is_cut_if_more_words_would_have_followed() -> None:
    unfinished = [
        one
        for one in story()
        if not (isinstance(one, ev.ResponseCompleted | ev.TurnMeasured) and one.turn == 2)
    ]
    whole = next(
        one for one in unfinished if isinstance(one, ev.ResponseSentence) and one.turn == 2
    )
    cut = [
        msgspec.structs.replace(one, text=whole.text)
        if isinstance(one, ev.AnswerHeard) and one.turn == 2
        else one
        for one in unfinished
    ]
    assert [span.name for span in spans(moments(cut)) if span.lane == "client"] == ["heard", "cut"]


def test_a_session_is_drawn_with_its_words_and_its_waterfall() -> None:
    told = story()
    text = "".join(drawing(row_of(told), moments(told), Paint(Console(file=io.StringIO()))))
    assert "\x1b" not in text
    for words in ("What is the capital of France?", "interrupted", "first audio sent", "Madrid,"):
        assert words in text


def test_a_greeting_is_heard_from_its_first_word_on() -> None:
    started, *rest = story()
    heard = ev.AnswerHeard(
        tenant="acme", session="s_1", at_ms=T0 + 900, turn=0, text="Hi!", complete=True,
        played_ms=700,
    )  # fmt: skip
    told = moments([started, heard, *rest])
    assert next((m.at_ms, m.lane) for m in told if m.name == "answer.sent") == (T0 + 200, "client")


def test_a_drawing_has_colours_in_a_terminal_that_wants_them() -> None:
    told = story()
    plain, coloured = (
        Paint(Console(file=io.StringIO(), force_terminal=True, color_system="256", no_color=no))
        for no in (True, False)
    )
    text = "".join(drawing(row_of(told), moments(told), coloured))
    assert "\x1b[36m" in text
    without = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert without == "".join(drawing(row_of(told), moments(told), plain))


def test_a_page_is_self_contained_and_words_cannot_end_its_script() -> None:
    told = story()
    told[6] = msgspec.structs.replace(told[6], text="</script><script>alert(1)</script>")
    text = page(row_of(told), moments(told), {"caller": b"\x00\x40" * 16000})
    assert text.count("</script>") == 2
    assert not re.search(r"(src|href)=|https?://(?!www\.w3\.org/2000/svg)|@import|url\(", text)
    data = json.loads(text.split('type="application/json">')[1].split("</script>")[0])
    assert data["row"]["session"] == "s_1"
    assert any("<script>" in moment[3] for moment in data["moments"])
