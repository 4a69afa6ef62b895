"""The LLM stage: one turn in, the answer out sentence by sentence, each behind the fence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from typing import TypeVar

from runtime.bus.errors import FencedError
from runtime.bus.reader import Stored
from schemas import subjects
from schemas.events import ResponseCompleted, ResponseSentence, StageName, ToolCalled, TurnTaken
from schemas.tools import MOST_ARGUMENT_CHARS, MOST_CALLS
from workers.chain_state import ChainState
from workers.engine_executor import AWAKE_S
from workers.engines.protocols import (
    EngineError,
    EngineUnavailableError,
    FunctionCall,
    LanguageModel,
    OnlyThoughtError,
    Prompt,
    SentenceReader,
    Token,
    Usage,
)
from workers.response_text import ResponseText
from workers.stage import EngineHungError, JobContext, JobTarget

T = TypeVar("T")
MOST_NAME_CHARS = 64
"""Of a tool that a model calls; longer names are none of ours."""


class LlmStage:
    """A step of a response a job. A job taken over goes on after the sentences that are out.

    A job taken over after its first call ends with the calls that are out: asked again, the model
    might write the same call in other words, and it would be run twice.
    """

    name: StageName = "llm"
    job_type = TurnTaken

    def __init__(self, model: LanguageModel, *, limit_s: float) -> None:
        self.model = model.name
        self._model = model
        self._limit_s = limit_s
        self._begin_inside: set[str] = set()
        """Models whose stream began inside a thought: the next one is held until it ends."""

    @property
    def wait_ms(self) -> int:
        return 0  # a turn that has a slot has the model

    async def warm(self) -> None:
        await self._model.warm()

    def target(self, event: TurnTaken) -> JobTarget:
        return JobTarget(utterance=event.utterance, turn=event.turn)

    async def run(self, job: JobContext[TurnTaken]) -> None:
        event = job.event
        chain = _Chain(job, event.llm_model or self.model)
        if not job.is_fresh and await chain.is_done():
            return
        prompt = _prompt(event, chain.state.text)
        if event.ask_eot and job.attempt == 1:  # a later try is late enough
            chain.eot_llm = await opinion(self._model, prompt, self._limit_s)
        text = ResponseText(
            first=not chain.state.sentences,
            hold=chain.model in self._begin_inside,
            tools=bool(event.tools),
            language=event.language,
        )
        calls: list[FunctionCall] = []
        first_token_ms: float | None = None
        usage = Usage(0, 0, self.model)
        async with aclosing(_each_within(self._model, prompt, self._limit_s)) as tokens:
            async for token in tokens:
                if isinstance(token, Usage):
                    usage = token
                    continue
                if isinstance(token, FunctionCall):
                    calls.append(token)
                    continue
                pieces = text.feed(token)
                if first_token_ms is None and text.is_begun:
                    first_token_ms = job.took_ms()
                for piece in pieces:
                    await chain.say(piece, first_token_ms or job.took_ms())
            for piece in text.flush():
                await chain.say(piece, first_token_ms or job.took_ms())
        self._learn(chain.model, text)
        for call in [*calls, *text.calls][:MOST_CALLS]:
            await chain.call(call)
        if text.thought and not chain.state.sentences and not chain.state.calls:
            raise OnlyThoughtError
        if not chain.state.calls:  # whose results the edge waits for
            await job.bus.yield_to_jobs()  # the voice wakes for the last sentence
        await chain.complete(usage)

    def _learn(self, model: str, text: ResponseText) -> None:
        """Remember whether *model* begins inside a thought, as *text* showed."""
        if text.began_inside:
            self._begin_inside.add(model)
        elif not text.thought:
            self._begin_inside.discard(model)


def _prompt(event: TurnTaken, said: str) -> Prompt:
    """Return the job as a prompt; *said* of its response is out already."""
    return Prompt(
        system=event.system,
        messages=tuple(
            (one.role, one.text)
            for one in event.messages
            if one.role != "tool" and not (one.calls and not one.text)
        ),
        said=said,
        model=event.llm_model or None,
        max_tokens=event.max_tokens,
        temperature=event.temperature,
        seed=event.seed,
        tools=event.tools,
        exchange=event.messages if any(one.calls for one in event.messages) else (),
    )


class _Chain:
    """The sentences of one response in the log; every link names the one before it."""

    def __init__(self, job: JobContext[TurnTaken], model: str) -> None:
        self.state = ChainState(job.event.turn)
        self.eot_llm: float | None = None
        self._job = job
        self._subject = subjects.session_events(job.event.tenant, job.event.session, "say")
        self.model = model
        self._found = False

    async def find(self) -> None:
        """Go as far as the chain goes, which an earlier attempt may have begun."""
        watch = self._job.watch
        newest = await (watch.newest if watch else self._job.bus.last(self._subject))
        self._found = True
        self.state = await self._read(newest)

    async def is_done(self) -> bool:
        """Find what an earlier attempt did; return whether nothing is left to do."""
        await self.find()
        if self.state.calls and not self.state.is_over:
            await self.complete(Usage(0, 0, self.model))
            return True
        return self.state.is_over

    async def _read(self, newest: Stored | None) -> ChainState:
        """Return the chain as the log has it, where *newest* is its newest word."""
        job, state = self._job, ChainState(self._job.event.turn)
        if newest is None:
            return state
        state = state.after(newest.seq)
        if newest.seq > job.seq:  # or nothing was said since the turn was taken
            for link in await job.bus.read(subjects.EVENTS_STREAM, self._subject, after=job.seq):
                state = state.after(link.seq, link.event())
        return state

    async def say(self, text: str, first_token_ms: float) -> None:
        job, index = self._job, self._written
        sentence = ResponseSentence(
            **job.head(),
            turn=job.event.turn,
            index=index,
            text=text,
            first_token_ms=first_token_ms,
            took_ms=job.took_ms(),
            model=self.model,
            deadline_ms=job.event.deadline_ms,
            recorded=job.event.recorded,
            eot_llm=None if index else self.eot_llm,
            language=job.event.language,
            voice=job.event.voice,
            speed=job.event.speed,
        )
        self.state = self.state.after(await self._publish(sentence), sentence)

    @property
    def _written(self) -> int:
        """Sentences of the response so far, those of earlier steps included."""
        return self._job.event.spoken + len(self.state.sentences)

    async def call(self, call: FunctionCall) -> None:
        job = self._job
        called = ToolCalled(
            **job.head(),
            turn=job.event.turn,
            step=job.event.step,
            call=self.state.calls,
            name=call.name[:MOST_NAME_CHARS],
            arguments=call.arguments[: MOST_ARGUMENT_CHARS + 1],  # too long stays too long
            model=self.model,
            took_ms=job.took_ms(),
        )
        self.state = self.state.after(await self._publish(called), called)

    async def complete(self, usage: Usage) -> None:
        completed = ResponseCompleted(
            **self._job.head(),
            turn=self._job.event.turn,
            sentences=self._written,
            text=self.state.text,
            model=usage.model,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            took_ms=self._job.took_ms(),
            step=self._job.event.step,
            calls=self.state.calls,
        )
        await self._publish(completed)

    async def _publish(self, link: ResponseSentence | ToolCalled | ResponseCompleted) -> int:
        """Add *link* to the chain and return its sequence.

        A copy of the log that was a moment behind may have told of an older end of the chain. Then
        nothing of this response is new in the log, and the link is added once more.

        Raises:
            FencedError: the response was cancelled, or another worker goes on with it.
            BusAwayError: not acknowledged.
        """
        if not self._found:  # a fresh job began before it was looked up
            await self.find()
            if self.state.is_begun:
                raise FencedError("a fresh job is not the first to answer", self.state.last)
        bus = self._job.bus
        try:
            return await bus.publish_fenced(link, self.state.last)
        except FencedError as fenced:
            now = await self._read_until(fenced.newest)
            if not now.is_what_was_known(self.state):
                raise
            return await bus.publish_fenced(link, now.last)

    async def _read_until(self, seq: int) -> ChainState:
        """Return the chain as the log has it once that tells of *seq*, a second later at most."""
        for _ in range(20):
            now = await self._read(await self._job.bus.last(self._subject))
            if now.last >= seq:
                break
            await asyncio.sleep(0.05)
        return now


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
