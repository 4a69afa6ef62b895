"""Has a language model read what prompts begin with before they come, while it has no other work.

A model on few cores reads an agent's prompt and tools for seconds. What calls are going to begin
with, an edge tells; what a call does begin with, its first event tells, and its greeting is heard
meanwhile. A job stops the reading, and goes on with what was read.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery, message_of
from runtime.bus.errors import BusError
from runtime.bus.prompts import likely
from schemas import codec, subjects
from schemas.events import SessionReconfigured, SessionStarted
from schemas.prompts import PromptBeginning, PromptsReply
from workers.engines.errors import EngineError
from workers.engines.protocols import Prompt

log = structlog.get_logger(__name__)

MOST_WAITING: Final = 8
"""Prompts that wait to be read; the oldest are forgotten."""
STOPPED_S: Final = 5.0
"""A model that was stopped is waited for so long: it has to let go of what it read."""
ASK_AGAIN_S: Final = 5.0
"""An edge may start after its workers."""
TELLING: Final = frozenset(
    str(kind.__struct_config__.tag) for kind in (SessionStarted, SessionReconfigured)
)


def beginning(one: PromptBeginning) -> Prompt:
    """Return a prompt that begins as those of calls do; what it ends with is no matter."""
    greeting = (("assistant", one.greeting),) if one.greeting else ()
    return Prompt(
        system=one.system,
        messages=(*greeting, ("user", "Hello.")),
        model=one.model or None,
        tools=one.tools,
        tool_choice=one.tool_choice,
    )


class ReadAhead:
    """Reads one prompt after another, the one that came last first, while no job runs."""

    def __init__(self, read: Callable[[Prompt], Awaitable[None]]) -> None:
        """Take *read*, which reads a prompt until it is cancelled."""
        self._read = read
        self._waiting: OrderedDict[bytes, Prompt] = OrderedDict()
        self._jobs = 0
        self._reading: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    def want(self, one: PromptBeginning) -> None:
        """Have the beginning *one* read as soon as there is time."""
        self._wait(codec.encode(one), beginning(one))
        self._wake.set()

    def _wait(self, key: bytes, prompt: Prompt) -> None:
        self._waiting[key] = prompt
        self._waiting.move_to_end(key)
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Read nothing while the block is open: a job has the model."""
        self._jobs += 1
        try:
            if self._reading is not None:
                await _stopped(self._reading)
            yield
        finally:
            self._jobs -= 1
            self._wake.set()

    async def run(self) -> None:
        """Read what is wanted until cancelled."""
        while True:
            while self._waiting and not self._jobs:
                await self._read_next()
            self._wake.clear()
            await self._wake.wait()

    async def _read_next(self) -> None:
        key, prompt = self._waiting.popitem()
        self._reading = reading = asyncio.create_task(self._read_one(prompt))
        try:
            await asyncio.wait({reading})
        finally:
            await _stopped(reading)
            self._reading = None
        if reading.cancelled():  # a job came
            self._wait(key, prompt)

    async def _read_one(self, prompt: Prompt) -> None:
        try:
            await self._read(prompt)
        except EngineError as error:
            log.warning("prompt_not_read_ahead", error=str(error))
        except Exception:  # the boundary: an engine of one's own that fails at it costs no call
            log.exception("prompt_not_read_ahead")


async def _stopped(reading: asyncio.Task[None]) -> None:
    """Stop *reading*; an engine that hangs is left to the next job, which tells of it."""
    reading.cancel()
    await asyncio.wait({reading}, timeout=STOPPED_S)


class PromptListener:
    """Hears on the bus what prompts begin with."""

    def __init__(self, bus: Bus, ahead: ReadAhead) -> None:
        self._bus = bus
        self._ahead = ahead

    async def run(self) -> None:
        """Ask an edge for what is likely, and hear of what is going on, until cancelled."""
        async with (
            self._bus.listening(subjects.live("*", "*", "life"), self._on_life),
            self._bus.listening(subjects.PROMPTS_NOW, self._on_prompts),
        ):
            while True:
                try:
                    self._take(await likely(self._bus))
                    break
                except BusError:
                    await asyncio.sleep(ASK_AGAIN_S)
            await asyncio.Event().wait()

    async def _on_life(self, message: Delivery) -> None:
        if message.type not in TELLING or message.is_copy:
            return
        event = await self._bus.configurations.in_event(message.event())
        if isinstance(event, SessionStarted | SessionReconfigured):
            self._ahead.want(PromptBeginning.of(event.config))

    async def _on_prompts(self, message: Delivery) -> None:
        if reply := message_of(PromptsReply, message.data):
            self._take(reply)

    def _take(self, reply: PromptsReply) -> None:
        for one in reversed(reply.prompts):
            self._ahead.want(one)
