"""The tokens of a model become sentences at once, and calls at their end."""

from __future__ import annotations

import pytest

from schemas import events as ev
from schemas.tools import MOST_CALLS, ToolFunction
from tests.unit.workers.fenced_log import FencedLog, job
from workers.engines.protocols import FunctionCall, Token, Usage
from workers.llm.response_chain import ResponseChain, ResponseWriter
from workers.llm.response_text import ResponseText

BOOK = FunctionCall("book", "{}")


async def written(log: FencedLog, *tokens: Token, tools: bool = True) -> ResponseWriter:
    offered = (ToolFunction(name="book"),) if tools else ()
    context = job(log, tools=offered)
    text = ResponseText(tools=[tool.name for tool in offered])
    writer = ResponseWriter(ResponseChain(context, "m"), text, context)
    for token in tokens:
        await writer.add(token)
    await writer.finish()
    return writer


@pytest.mark.parametrize(
    ("tokens", "sentences", "calls"),
    [
        (["Hello there. ", "How are you?"], ["Hello there.", "How are you?"], []),
        (["<think>Hm.</think>", "Hello there."], ["Hello there."], []),
        (["Let me see.", BOOK], ["Let me see."], ["book"]),
        ([BOOK, BOOK], [], ["book", "book"]),
        (['{"name": "book", "arguments": {}}'], [], ["book"]),
        # a server that reports calls may leave them in the text as well
        (['{"name": "book", "arguments": {}}', BOOK], [], ["book"]),
        # nobody runs it, and the model is told so
        (['{"name": "cook", "arguments": {}}'], [], ["cook"]),
        (['{"name": "cook", "arguments": {}} Well then.'], ["Well then."], []),
        ([BOOK] * (MOST_CALLS + 2), [], ["book"] * MOST_CALLS),
        ([], [], []),
    ],
)
async def test_sentences_are_spoken_at_once_and_calls_follow_them(
    tokens: list[Token], sentences: list[str], calls: list[str]
) -> None:
    log = FencedLog()
    await written(log, *tokens)
    events = log.events
    assert [event.text for event in events if isinstance(event, ev.ResponseSentence)] == sentences
    assert [event.name for event in events if isinstance(event, ev.ToolCalled)] == calls
    assert len(events) == len(sentences) + len(calls)


async def test_without_tools_a_call_of_another_one_is_dropped() -> None:
    log = FencedLog()
    await written(log, '{"name": "cook", "arguments": {}}', tools=False)
    assert log.events == []


async def test_the_usage_is_the_last_that_the_model_told() -> None:
    writer = await written(FencedLog(), "Hello there.", Usage(40, 7, "big"))
    assert writer.usage == Usage(40, 7, "big")
    assert (await written(FencedLog())).usage == Usage(0, 0, "m")
