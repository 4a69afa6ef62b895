"""The LLM stage: one turn in, the answer out sentence by sentence, each behind the fence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from typing import TypeVar

from runtime.bus.connection import FencedError, Stored
from runtime.bus.jobs import HEAD_START_S
from schemas import subjects
from schemas.events import (
    AnyEvent,
    ResponseCancelled,
    ResponseCompleted,
    ResponseSentence,
    StageName,
    TurnTaken,
)
from workers.engine_executor import AWAKE_S
from workers.engines.protocols import (
    EngineError,
    EngineUnavailableError,
    LanguageModel,
    Prompt,
    SentenceReader,
    Token,
    Usage,
)
from workers.sentences import SentenceCutter
from workers.stage import EngineHungError, Task

T = TypeVar("T")


class LlmStage:
    """An answer a job. A job taken over goes on after the sentences that are already out."""

    name: StageName = "llm"

    def __init__(self, model: LanguageModel, *, limit_s: float) -> None:
        self.model = model.name
        self._model = model
        self._limit_s = limit_s

    @property
    def wait_ms(self) -> int:
        return 0  # a turn that has a slot has the model

    async def warm(self) -> None:
        await self._model.warm()

    def is_job(self, event: AnyEvent) -> bool:
        return isinstance(event, TurnTaken) and self.name not in event.recorded

    async def run(self, task: Task) -> None:
        event = task.event
        assert isinstance(event, TurnTaken)  # noqa: S101  # is_job said so
        chain = _Chain(task, event, event.llm_model or self.model)
        if not task.fresh:
            await chain.find(task.newest)
            if chain.over:
                return
        prompt = Prompt(
            system=event.system,
            messages=tuple((message.role, message.text) for message in event.messages),
            said=" ".join(chain.sentences),
            model=event.llm_model or None,
            max_tokens=event.max_tokens,
            temperature=event.temperature,
            seed=event.seed,
        )
        if event.ask_eot and task.attempt == 1:  # a later try is late enough
            chain.eot_llm = await opinion(self._model, prompt, self._limit_s)
        cutter = SentenceCutter(first=not chain.sentences)
        first_token_ms: float | None = None
        usage = Usage(0, 0, self.model)
        async with aclosing(_each_within(self._model, prompt, self._limit_s)) as tokens:
            async for token in tokens:
                if isinstance(token, Usage):
                    usage = token
                    continue
                if first_token_ms is None:
                    first_token_ms = task.took_ms()
                for piece in cutter.feed(token):
                    await chain.say(piece, first_token_ms)
            for piece in cutter.flush():
                await chain.say(piece, first_token_ms or task.took_ms())
        await asyncio.sleep(HEAD_START_S)  # the voice wakes for the last sentence
        await chain.complete(usage)


class _Chain:
    """The sentences of one answer in the log; every link names the one before it."""

    def __init__(self, task: Task, event: TurnTaken, model: str) -> None:
        self._task = task
        self._event = event
        self._model = model
        self._found = False
        self.last = 0
        self.sentences: list[str] = []
        self.eot_llm: float | None = None
        self.over = False

    async def find(self, newest: Awaitable[Stored | None] | None = None) -> None:
        """Go as far as the chain goes, which an earlier try may have begun.

        *newest* is its last link where somebody knows it; None: it is read.
        """
        task, event = self._task, self._event
        self._found = True
        subject = subjects.session_events(event.tenant, event.session, "say")
        link = await (newest or task.bus.last(subject))
        self.last = link.seq if link else 0
        if self.last <= task.seq:  # nothing was said since the turn was taken
            return
        for stored in await task.bus.read(subjects.EVENTS_STREAM, subject, after=task.seq):
            self.last = stored.seq
            match stored.event():
                case ResponseSentence(turn=turn, text=text) if turn == event.turn:
                    self.sentences.append(text)
                case ResponseCompleted(turn=turn) | ResponseCancelled(turn=turn):
                    self.over = self.over or turn >= event.turn
                case _:
                    pass

    async def say(self, text: str, first_token_ms: float) -> None:
        sentence = ResponseSentence(
            **self._task.stamp(
                turn=self._event.turn,
                index=len(self.sentences),
                text=text,
                first_token_ms=first_token_ms,
                took_ms=self._task.took_ms(),
                model=self._model,
                deadline_ms=self._event.deadline_ms,
                recorded=self._event.recorded,
                eot_llm=None if self.sentences else self.eot_llm,
            )
        )
        self.last = await self._publish(sentence)
        self.sentences.append(text)

    async def complete(self, usage: Usage) -> None:
        completed = ResponseCompleted(
            **self._task.stamp(
                turn=self._event.turn,
                sentences=len(self.sentences),
                text=" ".join(self.sentences),
                model=usage.model,
                prompt_tokens=usage.prompt_tokens,
                completion_tokens=usage.completion_tokens,
                took_ms=self._task.took_ms(),
            )
        )
        await self._publish(completed)

    async def _publish(self, link: ResponseSentence | ResponseCompleted) -> int:
        """Add *link* to the chain and return its sequence.

        A copy of the log that was a moment behind may have told us of an older end of the chain
        than it had. Then nothing of this answer is new there, and the link is added once more.

        Raises:
            FencedError: the answer was cancelled, or another worker goes on with it.
            BusAwayError: not acknowledged.
        """
        if not self._found:  # a fresh job began before it was looked up
            await self.find(self._task.newest)
            if self.over or self.sentences:
                raise FencedError("a fresh job is not the first to answer", self.last)
        bus, trace = self._task.bus, self._task.trace
        try:
            return await bus.publish_fenced(link, self.last, trace=trace)
        except FencedError as fenced:
            for _ in range(20):
                now = _Chain(self._task, self._event, self._model)
                await now.find()
                if now.last >= fenced.newest:
                    break
                await asyncio.sleep(0.05)
            if now.over or now.sentences != self.sentences or now.last <= self.last:
                raise
            return await bus.publish_fenced(link, now.last, trace=trace)


async def opinion(model: LanguageModel, prompt: Prompt, limit_s: float) -> float | None:
    """Return how surely the caller's sentence is over, 0..1; None: *model* cannot tell.

    What it fails at is left to the answer to tell: that is what was asked for.

    Raises:
        EngineHungError: the model fell silent, and its thread is ours.
    """
    if not isinstance(model, SentenceReader):
        return None
    try:
        return await _within(model.sentence_end(prompt), limit_s)
    except EngineError:
        return None
    except TimeoutError as error:
        if not model.in_process:
            return None
        raise EngineHungError(f"nothing was read for {limit_s:g} s") from error


async def _each_within(
    model: LanguageModel, prompt: Prompt, limit_s: float
) -> AsyncGenerator[Token, None]:
    """Yield the answer of *model*, no token later than *limit_s* after the one before.

    Raises:
        EngineHungError: the model fell silent, and its thread is ours.
        EngineUnavailableError: a server fell silent.
    """
    async with aclosing(model.stream(prompt)) as stream:
        while True:
            try:
                token = await _within(anext(stream), limit_s)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                kind = EngineHungError if model.in_process else EngineUnavailableError
                raise kind(f"no token for {limit_s:g} s") from error
            yield token


async def _within(coming: Awaitable[T], limit_s: float) -> T:
    """Return what is *coming* if it comes within *limit_s*.

    A process that was asleep finds that the time is up and the token about to come: it waits for
    that, or the end of its sleep would look like a model that hangs.

    Raises:
        TimeoutError: it did not come.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as limit:
        awake = loop.call_later(limit_s, lambda: limit.reschedule(loop.time() + AWAKE_S))
        try:
            return await coming
        finally:
            awake.cancel()
