"""The real language model, as a call uses it: what it answers, and that it stops."""

import asyncio
import time
from collections.abc import Awaitable
from contextlib import aclosing
from itertools import pairwise
from typing import Any

import pytest

from tests.e2e.conftest import OUR_OWN
from workers.engines import llm_factory
from workers.engines.llm.llama import BASE_MODEL_BATCH_TOKENS, LlamaModel
from workers.engines.protocols import LanguageModel, Prompt, Usage


@pytest.fixture(scope="module")
def gemma() -> LlamaModel:
    """One model for all tests: each test has its own event loop, the model does not mind."""
    model = llm_factory.language_model(OUR_OWN)
    assert isinstance(model, LlamaModel)
    asyncio.run(model.warm())
    return model


async def answer(model: LanguageModel, text: str, **more: Any) -> tuple[str, Usage]:
    async with aclosing(model.stream(Prompt("", (("user", text),), **more))) as tokens:
        told = [token async for token in tokens]
    assert isinstance(told[-1], Usage)
    return "".join(str(token) for token in told[:-1]), told[-1]


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("What is the capital of France?", "Paris"),
        ("Can you tell me two facts about the moon?", "moon"),
        ("Hello, how are you today?", ""),
        ("Please tell me a short joke while we wait.", ""),
    ],
)
async def test_gemma_answers_in_a_line(gemma: LlamaModel, question: str, named: str) -> None:
    said, usage = await answer(gemma, question)
    assert named in said
    assert 5 < len(said) < 300
    assert "\n" not in said
    assert usage.completion_tokens > 0
    assert usage.prompt_tokens > 100


@pytest.mark.parametrize(
    ("whole", "cut"),
    [
        ("I would like to order a large pizza with mushrooms.", "I would like to order."),
        ("Can you tell me what the weather will be like in Berlin?", "Can you tell me?"),
        ("She told me that the shop is closed on Sundays.", "She told me that the shop."),
    ],
)
async def test_gemma_reads_whether_a_sentence_is_over_whatever_its_mark(
    gemma: LlamaModel, whole: str, cut: str
) -> None:
    async def over(text: str) -> float:
        likely = await gemma.eot_llm(Prompt("", (("user", text),)))
        assert likely is not None
        return likely

    assert 0 <= await over(cut) < await over(whole) <= 1
    assert await over(whole) == pytest.approx(await over(whole.rstrip(".?")), abs=0.02)


async def test_gemma_is_not_asked_for_an_opinion_while_others_wait(gemma: LlamaModel) -> None:
    prompt = Prompt("", (("user", "Tell me a fact about the moon."),))
    async with aclosing(gemma.stream(prompt)) as tokens:
        await anext(tokens)
        assert await gemma.eot_llm(prompt) is None
    assert await gemma.eot_llm(prompt) is not None


async def test_gemma_goes_on_where_it_was(gemma: LlamaModel) -> None:
    said, _ = await answer(gemma, "What is the capital of France?", said="The capital of France is")
    assert said.strip().startswith("Paris")


async def test_a_closed_stream_stops_the_model_and_frees_its_slot(gemma: LlamaModel) -> None:
    story = "Tell me a very long story."
    began = time.perf_counter()
    await answer(gemma, story, max_tokens=40)
    quarter_s = time.perf_counter() - began
    prompt = Prompt("", (("user", story),), max_tokens=160)
    began = time.perf_counter()
    for _ in range(6):
        async with aclosing(gemma.stream(prompt)) as tokens:
            await anext(tokens)
    said, _ = await answer(gemma, "What is the capital of France?")
    assert "Paris" in said
    assert time.perf_counter() - began < max(12, 6 * quarter_s), "of 24 quarters"


def test_a_long_prompt_is_read_in_parts_of_which_each_is_told(gemma: LlamaModel) -> None:
    """Else a large model on a slow machine would seem to hang while it reads."""
    pieces: list[dict[str, Any]] = []
    asked = {"prompt": "one two three " * 100, "max_tokens": 1, "return_progress": True}
    gemma._complete(asked, pieces.append)
    told = [piece["prompt_progress"]["processed"] for piece in pieces if "prompt_progress" in piece]
    steps = [after - before for before, after in pairwise(told)]
    assert max(told) > 200
    assert max(steps) <= BASE_MODEL_BATCH_TOKENS


async def test_the_event_loop_goes_on_while_gemma_writes(gemma: LlamaModel) -> None:
    """A loaded machine delays the loop, too: so it is asked before."""

    async def slow_tick_s(work: Awaitable[object]) -> float:
        """Return what 19 of 20 rounds of the event loop stay below during *work*."""
        gaps, last = [], time.perf_counter()
        task = asyncio.ensure_future(work)
        while not task.done():
            await asyncio.sleep(0.005)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now
        await task
        return sorted(gaps)[int(0.95 * len(gaps))]

    alone_s = await slow_tick_s(asyncio.sleep(0.5))
    beside_s = await slow_tick_s(answer(gemma, "Can you tell me two facts about the moon?"))
    assert beside_s < max(0.1, 10 * alone_s)


async def test_more_calls_than_slots_are_all_answered(gemma: LlamaModel) -> None:
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(answer(gemma, "What is the capital of France?", max_tokens=12))
            for _ in range(5)
        ]
    assert all("Paris" in task.result()[0] for task in running)


async def test_a_prompt_that_is_far_too_long_is_cut_not_refused(gemma: LlamaModel) -> None:
    said, _ = await answer(gemma, "word " * 5000 + "What is the capital of France?")
    assert said
