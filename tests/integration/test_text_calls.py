"""A model that writes its calls as text: only those of offered tools leave the worker as calls."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from runtime.bus.connection import Bus
from schemas.events import JobFailed, ResponseCompleted, ResponseSentence, ToolCalled
from schemas.tools import ToolFunction
from tests.at_work import stored, turn, until_logged, working
from workers.engines.protocols import FunctionCall, Prompt, Token, Usage
from workers.llm.stage import LlmStage

BOOK = '{"name": "book", "arguments": {"guests": 2}}'
DROP = '{"name": "drop_all", "arguments": {"tenant": "rival"}}'


KIMI = (
    "<|tool_calls_section_begin|><|tool_call_begin|>functions.book:0<|tool_call_argument_begin|>"
    '{"guests": 2}<|tool_call_end|><|tool_calls_section_end|>'
)


class Writes:
    """A model that writes the same text to everything."""

    name = "writes"
    in_process = True

    def __init__(self, text: str, *calls: FunctionCall) -> None:
        self._text = text
        self._calls = calls

    async def warm(self) -> None: ...

    async def stream(self, request: Prompt) -> AsyncGenerator[Token, None]:
        del request
        for at in range(0, len(self._text), 7):
            yield self._text[at : at + 7]
        for call in self._calls:
            yield call
        yield Usage(1, 1, self.name)


@pytest.mark.parametrize(
    ("text", "tools", "said", "called"),
    [
        (f"Let me see. {BOOK}", ["book"], ["Let me see."], ["book"]),
        (f"{DROP} {BOOK}", ["book"], [], ["book"]),
        (f"Let me see. {DROP}", ["book"], ["Let me see."], []),
        (DROP, ["book"], [], ["drop_all"]),  # the edge refuses it, and the model hears why
        (f"Well. {DROP}", [], ["Well."], []),
        (KIMI, ["book"], [], ["book"]),
        (KIMI, ["other"], [], ["book"]),
        (f"Well. {KIMI}", [], ["Well."], []),
        (
            "<|tool_calls_section_begin|>?<|tool_calls_section_end|>",
            ["book"],
            [],
            ["unreadable_call"],
        ),
    ],
)
async def test_what_was_not_offered_is_neither_said_nor_called(
    bus: Bus, text: str, tools: list[str], said: list[str], called: list[str]
) -> None:
    async with working(bus, LlmStage(Writes(text), limit_s=5)):
        await bus.publish(turn("s", tools=tuple(ToolFunction(name=name) for name in tools)))
        await until_logged(bus, "s", "say", "response.completed")
    events = [one.event() for one in await stored(bus, "s", "say")]
    assert [one.text for one in events if isinstance(one, ResponseSentence)] == said
    assert [one.name for one in events if isinstance(one, ToolCalled)] == called
    (completed,) = [one for one in events if isinstance(one, ResponseCompleted)]
    assert completed.calls == len(called)


async def test_a_call_that_the_server_tells_and_leaves_in_the_text_is_one(bus: Bus) -> None:
    model = Writes(f"One moment. {KIMI}", FunctionCall("book", '{"guests":2}'))
    async with working(bus, LlmStage(model, limit_s=5)):
        await bus.publish(turn("s", tools=(ToolFunction(name="book"),)))
        await until_logged(bus, "s", "say", "response.completed")
    events = [one.event() for one in await stored(bus, "s", "say")]
    assert [one.arguments for one in events if isinstance(one, ToolCalled)] == ['{"guests":2}']


@pytest.mark.parametrize("text", [BOOK, KIMI])
async def test_a_call_and_not_a_word_where_nothing_is_offered_is_told_as_that(
    bus: Bus, text: str
) -> None:
    async with working(bus, LlmStage(Writes(text), limit_s=5)):
        await bus.publish(turn("s"))
        await until_logged(bus, "s", "out", "job.failed")
    (failed,) = [one.event() for one in await stored(bus, "s", "out")]
    assert isinstance(failed, JobFailed)
    assert "Aura offers it none" in failed.reason
