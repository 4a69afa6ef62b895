"""Lets a language model read the starts of prompts ahead, while it has no other work.

A model on few cores reads an agent's prompt and tools for seconds. An edge publishes the likely
prompts; the first event of a call has its own prompt, which is read during the greeting. A job
stops the reading, and uses what was read.
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
from schemas.events import SessionReconfigured, SessionStarted, tag
from schemas.prompts import PromptBeginning, PromptsReply
from workers.engines.errors import EngineError
from workers.engines.protocols import Prompt
from workers.loop.retry_policy import loggable

log = structlog.get_logger(__name__)

MOST_WAITING_PROMPTS: Final = 8
"""The most waiting prompts; older ones are dropped."""
STOPPED_S: Final = 5.0
"""The longest wait until a stopped model has freed its slot."""
ASK_AGAIN_S: Final = 5.0
"""The pause between requests, since an edge may start after its workers."""
TELLING: Final = frozenset(tag(kind) for kind in (SessionStarted, SessionReconfigured))


def prompt_start(beginning: PromptBeginning) -> Prompt:
    """Return a prompt with the start *beginning*; its end does not matter."""
    greeting = (("assistant", beginning.greeting),) if beginning.greeting else ()
    return Prompt(
        system=beginning.system,
        messages=(*greeting, ("user", "Hello.")),
        model=beginning.model or None,
        tools=beginning.tools,
        tool_choice=beginning.tool_choice,
    )


class ReadAhead:
    """Reads one prompt after another, the newest first, while no job runs."""

    def __init__(
        self, read: Callable[[Prompt], Awaitable[None]], *, stopped_s: float = STOPPED_S
    ) -> None:
        """Take *read*, which reads a prompt until it is cancelled, and *stopped_s* to stop it."""
        self._read = read
        self._stopped_s = stopped_s
        self._waiting: OrderedDict[bytes, Prompt] = OrderedDict()
        self._jobs = 0
        self._reading: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    def enqueue(self, beginning: PromptBeginning) -> None:
        """Queue the start *beginning*."""
        self._add(codec.encode(beginning), prompt_start(beginning))
        self._wake.set()

    def _add(self, key: bytes, prompt: Prompt) -> None:
        self._waiting[key] = prompt
        self._waiting.move_to_end(key)
        if len(self._waiting) > MOST_WAITING_PROMPTS:
            self._waiting.popitem(last=False)

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Read nothing inside the block, in which a job uses the model."""
        self._jobs += 1
        try:
            if self._reading is not None:
                await self._stop(self._reading)
            yield
        finally:
            self._jobs -= 1
            self._wake.set()

    async def run(self) -> None:
        """Read queued prompts until cancelled."""
        while True:
            while self._waiting and not self._jobs:
                await self._read_next()
            self._wake.clear()
            await self._wake.wait()

    async def _read_next(self) -> None:
        key, prompt = self._waiting.popitem()
        # a task group would wait for a hung engine, and jobs would wait with it
        self._reading = reading = asyncio.create_task(self._read_one(prompt))
        try:
            await asyncio.wait({reading})
        finally:
            await self._stop(reading)
            self._reading = None
        if reading.cancelled():  # a job has come, and goes first
            self._add(key, prompt)

    async def _read_one(self, prompt: Prompt) -> None:
        try:
            await self._read(prompt)
        except EngineError as error:
            log.warning("prompt_not_read_ahead", error=loggable(error))
        except Exception:  # the boundary: a custom engine's fault must not affect calls
            log.exception("prompt_not_read_ahead")

    async def _stop(self, reading: asyncio.Task[None]) -> None:
        """Stop *reading*; a hung engine is reported by the next job."""
        reading.cancel()
        await asyncio.wait({reading}, timeout=self._stopped_s)


class PromptListener:
    """Takes the starts of prompts from the bus."""

    def __init__(self, bus: Bus, ahead: ReadAhead) -> None:
        self._bus = bus
        self._ahead = ahead

    async def run(self) -> None:
        """Request the likely prompts from an edge, and take those of calls, until cancelled."""
        async with (
            self._bus.listening(subjects.live("*", "*", SessionStarted.KIND), self._on_life),
            self._bus.listening(subjects.PROMPTS_NOW, self._on_prompts),
        ):
            while True:
                try:
                    self._enqueue_prompts(await likely(self._bus))
                    break
                except BusError:
                    await asyncio.sleep(ASK_AGAIN_S)
            await asyncio.Event().wait()

    async def _on_life(self, message: Delivery) -> None:
        if message.type not in TELLING or message.is_copy or not (event_read := message.readable()):
            return
        event = await self._bus.configurations.in_event(event_read)
        if isinstance(event, SessionStarted | SessionReconfigured):
            self._ahead.enqueue(PromptBeginning.of(event.config))

    async def _on_prompts(self, message: Delivery) -> None:
        if reply := message_of(PromptsReply, message.data):
            self._enqueue_prompts(reply)

    def _enqueue_prompts(self, reply: PromptsReply) -> None:
        for beginning in reversed(reply.prompts):
            self._ahead.enqueue(beginning)
