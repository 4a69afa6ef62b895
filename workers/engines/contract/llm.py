"""The contract of a language model; the engine and its checks share an event loop."""

import asyncio
import inspect
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final

from runtime.tasks import scoped_task
from schemas.tools import ToolFunction
from workers.engines.contract.check import Check, ContractError, expect, has_a_name
from workers.engines.protocols import FunctionCall, Prompt, Switched, Usage

CLOSED_S: Final = 5.0
BLOCKED_S: Final = 0.5
"""The longest block of the event loop, which also sends the heartbeats of jobs."""

_PROMPT: Final = Prompt(
    "You are a friendly assistant. Answer in one short sentence.",
    (("assistant", "Hello!"), ("user", "What is the capital of France?")),
    max_tokens=24,
)


async def _response(engine: Any, prompt: Prompt = _PROMPT) -> list[Any]:
    tokens = engine.stream(prompt)
    if not isinstance(tokens, AsyncGenerator):
        raise ContractError("`stream` is an async generator: `async def` with `yield`")
    async with aclosing(tokens):
        pieces = [token async for token in tokens]
    for token in pieces:
        if not isinstance(token, str | FunctionCall | Switched | Usage):
            raise ContractError(f"a piece is a text, a call or a Usage, not {type(token).__name__}")
    usages = [token for token in pieces if isinstance(token, Usage)]
    expect(len(usages) == 1 and pieces[-1] is usages[0], "the last piece, and no other, is a Usage")
    return pieces


def says_where_it_runs(engine: Any) -> None:
    expect(isinstance(engine.in_process, bool), "`in_process` is True or False")


async def can_be_awaited_until_it_is_warm(engine: Any) -> None:
    coming = engine.warm()
    if not inspect.isawaitable(coming):
        raise ContractError("`warm` is async: the event loop awaits it")
    await coming


async def responds_and_counts(engine: Any) -> None:
    pieces = await _response(engine)
    text = "".join(piece for piece in pieces if isinstance(piece, str))
    expect(text.strip(), "there is a response")
    usage = pieces[-1]
    expect(usage.prompt_tokens >= 0 and usage.completion_tokens >= 0, "counts are not negative")
    expect(isinstance(usage.model, str), "a Usage names the model")


async def goes_on_with_what_was_said(engine: Any) -> None:
    await _response(engine, replace(_PROMPT, said="The capital"))


async def takes_conversations_of_any_shape(engine: Any) -> None:
    shapes = (
        (("user", "Hi."),),
        (("user", "Hi."), ("user", "Are you there?")),
        (("assistant", "Hello!"), ("assistant", "Still there?"), ("user", "Yes.")),
    )
    for messages in shapes:
        await _response(engine, replace(_PROMPT, messages=messages, seed=7))


async def takes_tools_whether_it_calls_them_or_not(engine: Any) -> None:
    tool = ToolFunction(name="get_time", description="Tells the time.", parameters={})
    for piece in await _response(engine, replace(_PROMPT, tools=(tool,))):
        if isinstance(piece, FunctionCall):
            expect(isinstance(piece.arguments, str), "`arguments` of a call are JSON as text")


async def stops_when_it_is_closed(engine: Any) -> None:
    tokens = engine.stream(replace(_PROMPT, max_tokens=200))
    await anext(tokens)
    try:
        async with asyncio.timeout(CLOSED_S):
            await tokens.aclose()
    except TimeoutError as error:
        raise ContractError(f"closing the stream stops it within {CLOSED_S:g} s") from error
    await _response(engine)


async def responds_to_several_at_once(engine: Any) -> None:
    await asyncio.gather(_response(engine), _response(engine))


async def never_blocks_the_event_loop(engine: Any) -> None:
    loop = asyncio.get_running_loop()
    longest_s = 0.0
    async with scoped_task(_response(engine)) as response:
        while not response.done():
            before_s = loop.time()
            await asyncio.sleep(0.01)
            longest_s = max(longest_s, loop.time() - before_s)
    expect(
        longest_s < BLOCKED_S,
        f"the event loop was blocked for {longest_s * 1000:.0f} ms: a model that computes does so "
        "in a thread (asyncio.to_thread), one that asks a server awaits it",
    )


async def tells_whether_a_sentence_is_over(engine: Any) -> None:
    if not hasattr(engine, "eot_llm"):
        return
    likely = await engine.eot_llm(_PROMPT)
    expect(likely is None or 0 <= likely <= 1, f"`eot_llm` is None or 0 to 1, not {likely}")


async def reads_ahead_and_stops_when_it_is_cancelled(engine: Any) -> None:
    if not hasattr(engine, "read_ahead"):
        return
    await engine.read_ahead(_PROMPT)
    other = replace(_PROMPT, system="You are a clerk at a railway station. " * 20)
    # no task group: it would wait for an engine that does not stop
    reading = asyncio.ensure_future(engine.read_ahead(other))
    try:
        await asyncio.sleep(0.05)
    finally:
        reading.cancel()
    _, late = await asyncio.wait({reading}, timeout=CLOSED_S)
    expect(not late, f"cancelling `read_ahead` stops it within {CLOSED_S:g} s")
    await _response(engine, other)


CHECKS: Final[tuple[Check, ...]] = (
    can_be_awaited_until_it_is_warm,
    has_a_name,
    says_where_it_runs,
    responds_and_counts,
    goes_on_with_what_was_said,
    takes_conversations_of_any_shape,
    takes_tools_whether_it_calls_them_or_not,
    stops_when_it_is_closed,
    responds_to_several_at_once,
    never_blocks_the_event_loop,
    tells_whether_a_sentence_is_over,
    reads_ahead_and_stops_when_it_is_cancelled,
)
