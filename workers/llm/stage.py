"""The LLM stage: one turn in, the response out sentence by sentence, each behind the fence."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing, nullcontext
from typing import Any, TypeVar

import structlog

from schemas.events import StageName, TurnTaken
from schemas.tools import ToolFunction
from workers.engines.errors import (
    EngineError,
    EngineRefusedError,
    OnlyReasoningError,
    ServerUnavailableError,
)
from workers.engines.protocols import (
    CallInfo,
    LanguageModel,
    Prompt,
    PromptReader,
    SentenceReader,
    Token,
)
from workers.executor.engine_limit import AWAKE_S
from workers.llm.read_ahead import ReadAhead
from workers.llm.response_chain import ResponseChain, ResponseWriter
from workers.llm.response_text import ResponseText
from workers.llm.tool_markup import Markup
from workers.loop.job_target import EngineHungError, JobTarget
from workers.loop.stage import JobContext

T = TypeVar("T")
log = structlog.get_logger(__name__)


class LlmStage:
    """The LLM stage: a job is one step of a response.

    A job that was taken over goes on after the published sentences. If it has a published call, it
    ends with the published calls: the model might repeat the call in other words.
    """

    name: StageName = "llm"
    job_type = TurnTaken

    def __init__(self, model: LanguageModel, *, limit_s: float) -> None:
        self.model = model.name
        self._model = model
        self._limit_s = limit_s
        self.ahead = ReadAhead(model.read_ahead) if isinstance(model, PromptReader) else None
        """None: the model cannot read ahead."""
        self._warned: set[tuple[str, str]] = set()
        """Models with markup that was logged."""
        self._begin_inside: set[str] = set()
        """Models whose stream began inside reasoning: later ones are held until its end."""

    @property
    def wait_ms(self) -> int:
        return 0  # a job with a slot never waits for the model

    async def warm(self) -> None:
        await self._model.warm()

    def target(self, event: TurnTaken) -> JobTarget:
        return JobTarget(utterance=event.utterance, turn=event.turn)

    async def run(self, job: JobContext[TurnTaken]) -> None:
        async with self.ahead.paused() if self.ahead else nullcontext():
            await self._respond(job)

    async def _respond(self, job: JobContext[TurnTaken]) -> None:
        event = job.event
        chain = ResponseChain(job, event.llm_model or self.model)
        if not job.is_fresh and await chain.is_done():
            return
        prompt = _prompt(job, chain.state.text)
        if event.ask_eot and job.attempt == 1:  # a retry is late already
            chain.eot_llm = await eot_probability(self._model, prompt, self._limit_s)
        text = ResponseText(
            first=not chain.state.sentences,
            hold=chain.model in self._begin_inside,
            tools=[tool.name for tool in event.tools],
            types={tool.name: _arguments(tool) for tool in event.tools},
            language=event.language,
        )
        wanted = chain.model
        writing = ResponseWriter(chain, text, job)
        async with aclosing(_each_within(self._model, prompt, self._limit_s)) as tokens:
            async for token in tokens:
                await writing.add(token)
        await writing.finish()
        if chain.model == wanted:
            self._learn(wanted, text)
        if text.tools.markup:
            self._warn(chain.model, text.tools.markup)
        if not chain.state.sentences and not chain.state.calls:
            if text.has_reasoning:
                raise OnlyReasoningError
            if text.tools.unknown and not event.step:  # in later steps the edge reports the failure
                raise EngineRefusedError(
                    "the language model wrote the call of a tool and said nothing: Aura offers it "
                    "none"
                )
        if not chain.state.calls:  # with calls, the edge waits for this event
            await job.bus.yield_to_jobs()  # the voice takes the last sentence first
        await chain.complete(writing.usage)

    def _warn(self, model: str, markup: Markup) -> None:
        """Log once that the server of *model* leaves calls in the text that cannot be parsed."""
        if (model, markup.family) not in self._warned:
            self._warned.add((model, markup.family))
            log.warning(
                "tool_markup_withheld", model=model, markup=markup.family, advice=markup.advice
            )

    def _learn(self, model: str, text: ResponseText) -> None:
        """Remember whether *model* begins inside reasoning, as *text* showed."""
        if text.began_inside:
            self._begin_inside.add(model)
        elif not text.has_reasoning:
            self._begin_inside.discard(model)


def _arguments(tool: ToolFunction) -> dict[str, Any]:
    """Return the schemas of the arguments of *tool*, by name."""
    schemas = tool.parameters.get("properties")
    return schemas if isinstance(schemas, dict) else {}


def _prompt(job: JobContext[TurnTaken], said: str) -> Prompt:
    """Return the job as a prompt; *said* is the part of its response that was published."""
    event = job.event
    return Prompt(
        system=event.system,
        messages=tuple(
            (message.role, message.text)
            for message in event.messages
            if message.role != "tool" and not (message.calls and not message.text)
        ),
        said=said,
        model=event.llm_model or None,
        max_tokens=event.max_tokens,
        temperature=event.temperature,
        seed=event.seed,
        tools=event.tools,
        tool_choice=event.tool_choice,
        exchange=event.messages if any(message.calls for message in event.messages) else (),
        caller=CallInfo(
            session=event.session,
            tenant=event.tenant,
            turn=event.turn,
            agent=event.agent,
            speculative=event.speculative,
            traceparent=job.traceparent,
        ),
    )


async def eot_probability(
    model: LanguageModel, prompt: Prompt, limit_s: float, *, awake_s: float = AWAKE_S
) -> float | None:
    """Return the probability (0..1) that the caller's sentence is over; None: unknown.

    Other errors are left to the response, which will meet them too.

    Raises:
        EngineHungError: a model in this process hangs.
    """
    if not isinstance(model, SentenceReader):
        return None
    try:
        return await _within(model.eot_llm(prompt), limit_s, awake_s)
    except EngineError:
        return None
    except TimeoutError as error:
        if not model.in_process:
            return None
        raise EngineHungError(f"nothing was read for {limit_s:g} s") from error


async def _each_within(
    model: LanguageModel, prompt: Prompt, limit_s: float
) -> AsyncGenerator[Token, None]:
    """Yield the response of *model*, no token later than *limit_s* after the one before.

    Raises:
        EngineHungError: a model in this process hangs.
        ServerUnavailableError: a server is silent.
    """
    async with aclosing(model.stream(prompt)) as stream:
        while True:
            try:
                token = await _within(anext(stream), limit_s)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                kind = EngineHungError if model.in_process else ServerUnavailableError
                raise kind(f"no token for {limit_s:g} s") from error
            yield token


async def _within(coming: Awaitable[T], limit_s: float, awake_s: float = AWAKE_S) -> T:
    """Return the result of *coming* within *limit_s* and the grace *awake_s*.

    The grace is for a process that was suspended: its time is over, but the model does not hang and
    the token is about to come.

    Raises:
        TimeoutError: it did not come.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as limit:
        awake = loop.call_later(limit_s, lambda: limit.reschedule(loop.time() + awake_s))
        try:
            return await coming
        finally:
            awake.cancel()
