"""Models in turn: the next answers where the one before has no first word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from workers.engines.errors import EngineError, EngineRefusedError, EngineUnavailableError
from workers.engines.llm.fallbacks import REST_S, FallbackModels
from workers.engines.protocols import FunctionCall, LanguageModel, Prompt, Switched, Token, Usage

ASK = Prompt("", (("user", "Hi."),))
BUSY = EngineUnavailableError("busy (429)")


class Scripted:
    """A model that gives what it is told to: tokens, an error, or nothing for ever (None).

    Its usage follows if *usage*.
    """

    in_process = False

    def __init__(self, name: str, *script: Token | EngineError | None, usage: bool = True) -> None:
        self.name = name
        self.script: tuple[Token | EngineError | None, ...] = script
        self.usage = usage
        self.asked: list[str | None] = []
        self.is_closed = False

    async def warm(self) -> None:
        if self.script and isinstance(self.script[0], EngineError):
            raise self.script[0]

    async def stream(self, request: Prompt) -> AsyncGenerator[Token, None]:
        self.asked.append(request.model)
        try:
            for one in self.script:
                if isinstance(one, EngineError):
                    raise one
                if one is None:
                    await asyncio.Event().wait()
                else:
                    yield one
            if self.usage:
                yield Usage(1, 1, self.name)
        finally:
            self.is_closed = True


class Clock:
    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


def several(*models: LanguageModel, clock: Clock | None = None) -> FallbackModels:
    return FallbackModels(models, first_word_s=0.05, now_s=clock or Clock())


async def said(model: FallbackModels, prompt: Prompt = ASK) -> list[Token]:
    async with aclosing(model.stream(prompt)) as tokens:
        return [token async for token in tokens]


async def test_the_wanted_model_answers_where_it_can() -> None:
    first, second = Scripted("a", "Yes."), Scripted("b", "No.")
    assert await said(several(first, second)) == ["Yes.", Usage(1, 1, "a")]
    assert second.asked == []


@pytest.mark.parametrize("fault", [BUSY, EngineRefusedError("the key"), None])
async def test_one_without_a_first_word_is_followed_by_the_next(fault: EngineError | None) -> None:
    first, second = Scripted("a", "", fault), Scripted("b", "No.")
    tokens = await said(several(first, second))
    assert tokens[0] == ""  # a thought is no word
    switched = tokens[1]
    assert isinstance(switched, Switched)
    assert (switched.wanted, switched.model) == ("a", "b")
    assert switched.reason == f"a: {fault or 'no word within 0.05 s'}"
    assert tokens[2:] == ["No.", Usage(1, 1, "b")]
    assert first.is_closed


@pytest.mark.parametrize("script", [(), ("",), (" ", "\n")])
async def test_one_whose_answer_is_empty_is_followed_by_the_next(script: tuple[str, ...]) -> None:
    first, second = Scripted("a", *script), Scripted("b", "No.")
    tokens = await said(several(first, second))
    switched = Switched("a", "b", "a: an empty answer")
    assert tokens == [*script, switched, "No.", Usage(2, 2, "b")]  # what the first one spent, too
    await said(several(first, second))
    assert len(first.asked) == 2, "it was there, and does not rest"


async def test_one_that_gives_nothing_at_all_is_followed_by_the_next() -> None:
    tokens = await said(several(Scripted("a", usage=False), Scripted("b", "No.")))
    assert tokens[1:] == ["No.", Usage(1, 1, "b")]


async def test_a_call_of_a_tool_is_an_answer() -> None:
    call, second = FunctionCall("book", "{}"), Scripted("b", "No.")
    assert await said(several(Scripted("a", call), second)) == [call, Usage(1, 1, "a")]
    assert second.asked == []


async def test_where_all_are_empty_the_last_one_has_answered_that() -> None:
    tokens = await said(several(Scripted("a"), Scripted("b")))
    assert tokens == [Switched("a", "b", "a: an empty answer"), Usage(2, 2, "b")]


async def test_the_last_one_without_a_usage_of_its_own_has_that_of_those_before_it() -> None:
    tokens = await said(several(Scripted("a"), Scripted("b"), Scripted("c", usage=False)))
    assert tokens[1:] == [Usage(2, 2, "c")]


async def test_what_a_model_spent_before_its_error_counts() -> None:
    thought = Scripted("a", "", Usage(7, 40, "a"), EngineRefusedError("it only thought"))
    tokens = await said(several(thought, Scripted("b", "No.")))
    assert tokens[-1] == Usage(8, 41, "b")


async def test_of_two_usages_of_one_model_the_last_counts() -> None:
    tokens = await said(several(Scripted("a", "Yes.", Usage(5, 1, "a")), Scripted("b")))
    assert tokens == ["Yes.", Usage(1, 1, "a")]


async def test_once_a_word_is_out_nothing_is_switched() -> None:
    second = Scripted("b", "No.")
    with pytest.raises(EngineUnavailableError, match="429"):
        await said(several(Scripted("a", "Yes", BUSY), second))
    assert second.asked == []


async def test_a_slow_word_after_the_first_is_left_to_the_job() -> None:
    model = several(Scripted("a", "Yes", None), Scripted("b", "No."))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await said(model)


async def test_the_last_one_has_the_last_word_and_all_the_time_of_the_job() -> None:
    with pytest.raises(EngineRefusedError, match="no such model"):
        await said(several(Scripted("a", BUSY), Scripted("b", EngineRefusedError("no such model"))))
    last = several(Scripted("a", BUSY), Scripted("b", None))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await said(last)


async def test_the_model_of_a_job_is_the_first_servers() -> None:
    first, second = Scripted("a", BUSY), Scripted("b", "No.")
    tokens = await said(several(first, second), Prompt("", ASK.messages, model="big"))
    assert (first.asked, second.asked) == (["big"], [None])
    assert isinstance(tokens[0], Switched)
    assert tokens[0].wanted == "big"


async def test_a_model_that_was_not_available_rests_and_is_told_of_meanwhile() -> None:
    clock = Clock()
    first, second = Scripted("a", BUSY), Scripted("b", "No.")
    model = several(first, second, clock=clock)
    await said(model)
    tokens = await said(model)
    assert len(first.asked) == 1
    assert isinstance(tokens[0], Switched)
    assert "429" in tokens[0].reason
    clock.s += REST_S + 1
    first.script = ("Back.",)
    assert await said(model) == ["Back.", Usage(1, 1, "a")]


async def test_a_refused_request_says_nothing_of_the_next() -> None:
    first = Scripted("a", EngineRefusedError("400"))
    model = several(first, Scripted("b", "No."))
    await said(model)
    await said(model)
    assert len(first.asked) == 2


async def test_the_rest_of_one_model_of_a_server_is_not_that_of_another() -> None:
    first = Scripted("a", BUSY)
    model = several(first, Scripted("b", "No."))
    await said(model, Prompt("", ASK.messages, model="made-up"))
    await said(model)
    assert first.asked == ["made-up", None]


async def test_when_the_others_fail_one_at_rest_is_asked_all_the_same() -> None:
    first, second = Scripted("a", BUSY), Scripted("b", "No.")
    model = several(first, second)
    await said(model)
    first.script, second.script = ("Yes.",), (BUSY,)
    assert [token for token in await said(model) if isinstance(token, str)] == ["Yes."]
    assert (len(first.asked), len(second.asked)) == (2, 2)


async def test_closing_the_stream_closes_the_model_that_answers() -> None:
    second = Scripted("b", "No.", None)
    async with aclosing(several(Scripted("a", BUSY), second).stream(ASK)) as tokens:
        assert isinstance(await anext(tokens), Switched)
        assert await anext(tokens) == "No."
    assert second.is_closed


async def test_one_of_them_is_enough_to_begin_with() -> None:
    await several(Scripted("a", BUSY), Scripted("b", "No.")).warm()
    with pytest.raises(EngineRefusedError, match="first"):
        await several(Scripted("a", EngineRefusedError("first")), Scripted("b", BUSY)).warm()
