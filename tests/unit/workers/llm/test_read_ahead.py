"""Prompts are read while no job runs; a job stops the reading, which goes on after it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from structlog.testing import capture_logs

from runtime.tasks import cancel
from schemas.prompts import PromptBeginning
from schemas.session_config import SessionConfig
from schemas.tools import ToolConfig
from workers.engines.errors import (
    EngineError,
    EngineRefusedError,
    EngineUnavailableError,
    ServerUnavailableError,
)
from workers.engines.protocols import Prompt
from workers.llm.read_ahead import MOST_WAITING_PROMPTS, ReadAhead, prompt_start

ONE, OTHER = (PromptBeginning(system=name) for name in ("one", "other"))


class Reader:
    """Reads at once, unless it is held."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.read: list[str] = []
        self.stopped = 0
        self.free = asyncio.Event()
        self.free.set()

    async def __call__(self, request: Prompt) -> None:
        self.begun.append(request.system)
        try:
            await self.free.wait()
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        if request.system == "refused":
            raise EngineRefusedError("no")
        if request.system == "broken":
            raise ZeroDivisionError
        self.read.append(request.system)


@asynccontextmanager
async def running(ahead: ReadAhead) -> AsyncIterator[None]:
    task = asyncio.create_task(ahead.run())
    yield
    await cancel([task])


async def settled() -> None:
    for _ in range(100):
        await asyncio.sleep(0)


async def test_the_prompt_that_came_last_is_read_first_and_each_once() -> None:
    reader = Reader()
    ahead = ReadAhead(reader)
    for beginning in (ONE, OTHER, ONE):
        ahead.enqueue(beginning)
    async with running(ahead):
        await settled()
        assert reader.read == ["one", "other"]


async def test_a_job_stops_the_reading_and_it_begins_anew_after_all_jobs() -> None:
    reader = Reader()
    reader.free.clear()
    ahead = ReadAhead(reader)
    async with running(ahead):
        ahead.enqueue(ONE)
        await settled()
        async with ahead.paused():
            assert reader.stopped == 1
            async with ahead.paused():
                ahead.enqueue(OTHER)
            reader.free.set()
            await settled()
            assert reader.begun == ["one"]
        await settled()
        assert sorted(reader.read) == ["one", "other"]


@pytest.mark.parametrize("how", ["refused", "broken"])
async def test_a_prompt_at_which_the_engine_fails_costs_the_next_nothing(how: str) -> None:
    reader = Reader()
    ahead = ReadAhead(reader)
    async with running(ahead):
        ahead.enqueue(ONE)
        ahead.enqueue(PromptBeginning(system=how))
        await settled()
        assert reader.read == ["one"]


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        (EngineRefusedError("no such model"), "no such model"),
        (ServerUnavailableError("the server answered 502"), "the server answered 502"),
        (EngineUnavailableError("busy with: Be brief."), "EngineUnavailableError"),
    ],
)
async def test_a_message_that_may_quote_the_prompt_is_not_logged(
    error: EngineError, logged: str
) -> None:
    async def fails(_: Prompt) -> None:
        raise error

    ahead = ReadAhead(fails)
    ahead.enqueue(PromptBeginning(system="Be brief."))
    with capture_logs() as logs:
        async with running(ahead):
            await settled()
    (line,) = logs
    assert (line["event"], line["error"]) == ("prompt_not_read_ahead", logged)


async def test_an_engine_that_hangs_keeps_neither_a_job_nor_the_end() -> None:
    free = asyncio.Event()

    async def hangs(request: Prompt) -> None:
        del request
        while not free.is_set():
            with suppress(asyncio.CancelledError):
                await free.wait()

    ahead = ReadAhead(hangs, stopped_s=0)
    ahead.enqueue(ONE)
    async with running(ahead):
        await settled()
        async with ahead.paused():
            pass
    free.set()


async def test_the_oldest_are_forgotten_where_too_many_wait() -> None:
    reader = Reader()
    ahead = ReadAhead(reader)
    for number in range(MOST_WAITING_PROMPTS + 2):
        ahead.enqueue(PromptBeginning(system=str(number)))
    async with running(ahead):
        await settled()
        assert reader.read == [str(number) for number in range(MOST_WAITING_PROMPTS + 1, 1, -1)]


@pytest.mark.parametrize(
    ("steps", "choice", "told"),
    [(3, "required", "required"), (3, "x", "auto"), (0, "required", "")],
)
def test_a_beginning_is_what_the_first_turn_of_a_call_sends(
    steps: int, choice: str, told: str
) -> None:
    tool = ToolConfig(name="book", description="Book.", parameters={"type": "object"})
    changes = {
        "response.system_prompt": "Be brief.",
        "response.greeting": "Good evening!",
        "tool_use.max_steps": steps,
        "tool_use.choice": choice,
    }
    prompt = prompt_start(PromptBeginning.of(SessionConfig(tools=(tool,)).but(changes)))
    assert (prompt.system, prompt.messages[0]) == ("Be brief.", ("assistant", "Good evening!"))
    assert [tool.name for tool in prompt.tools] == (["book"] if told else [])
    assert prompt.tool_choice == (told or "auto")
