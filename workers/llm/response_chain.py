"""Publishes a response as a sentence chain, each link behind the fence."""

from collections.abc import Iterable

from runtime.bus.errors import FencedError
from runtime.bus.reader import Stored
from schemas import subjects
from schemas.events import ModelSwitched, ResponseCompleted, ResponseSentence, ToolCalled, TurnTaken
from schemas.tools import MOST_ARGUMENT_CHARS, MOST_CALLS
from workers.engines.protocols import FunctionCall, Switched, Token, Usage
from workers.llm.chain_state import ChainState
from workers.llm.response_text import ResponseText
from workers.loop.stage import JobContext

MOST_NAME_CHARS = 64
"""The most characters of a called tool's name; no tool has a longer one."""


class ResponseChain:
    """The sentence chain of one response; every link names the previous link."""

    def __init__(self, job: JobContext[TurnTaken], model: str) -> None:
        self.state = ChainState(job.event.turn)
        self.eot_llm: float | None = None
        self._job = job
        session_ref = (job.event.tenant, job.event.session)
        self._subject = subjects.session_events(*session_ref, ResponseSentence.KIND)
        self.model = model
        self._is_read = False
        """Whether the log was read; a fresh job writes before that."""

    async def find(self) -> None:
        """Read the chain, which an earlier attempt may have begun."""
        watch = self._job.watch
        newest = await (watch.newest if watch else self._job.bus.last(self._subject))
        self._is_read = True
        self.state = await self._read(newest)

    async def is_done(self) -> bool:
        """Read the chain; return whether an earlier attempt completed it."""
        await self.find()
        if self.state.calls and not self.state.is_over:
            await self.complete(Usage(0, 0, self.model))
            return True
        return self.state.is_over

    async def _read(self, newest: Stored | None) -> ChainState:
        """Return the chain in the log up to its newest event, *newest*."""
        job, state = self._job, ChainState(self._job.event.turn)
        if newest is None:
            return state
        state = state.after(newest.seq)
        if newest.seq > job.seq:  # else the chain has no link yet
            for link in await job.bus.read(subjects.EVENTS_STREAM, self._subject, after=job.seq):
                state = state.after(link.seq, link.readable())
        return state

    async def say(self, text: str, first_token_ms: float) -> None:
        """Publish *text* as the next sentence.

        Raises:
            FencedError: the response was cancelled, or another worker goes on with it.
            BusAwayError: not acknowledged.
        """
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
            text_only=job.event.text_only,
            language=job.event.language,
            voice=job.event.voice,
            speed=job.event.speed,
            eot_llm=None if index else self.eot_llm,
        )
        self.state = self.state.after(await self._publish(sentence), sentence)

    @property
    def _written(self) -> int:
        """Return the number of sentences so far, earlier steps included."""
        return self._job.event.first_index + len(self.state.sentences)

    async def switch(self, switched: Switched) -> None:
        """Publish that another model writes from here on."""
        job = self._job
        self.model = switched.model
        switched_event = ModelSwitched(
            **job.head(),
            turn=job.event.turn,
            step=job.event.step,
            wanted=switched.wanted,
            model=switched.model,
            reason=switched.reason,
            took_ms=job.took_ms(),
        )
        await job.bus.publish(switched_event)

    async def publish_call(self, call: FunctionCall) -> None:
        """Publish the model's *call* of a tool. Raises as `say`."""
        job = self._job
        called = ToolCalled(
            **job.head(),
            turn=job.event.turn,
            step=job.event.step,
            call=self.state.calls,
            name=call.name[:MOST_NAME_CHARS],
            arguments=call.arguments[: MOST_ARGUMENT_CHARS + 1],  # too long ones are refused
            model=self.model,
            took_ms=job.took_ms(),
        )
        self.state = self.state.after(await self._publish(called), called)

    async def complete(self, usage: Usage) -> None:
        """Publish the end of the response, or of this step of it. Raises as `say`."""
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

        The bus refuses the link if the log has a newer one than this worker has read. The worker
        then reads the chain again. If nothing of this response is new, the first reading came from
        a replica that was behind, and the link is published again.

        Raises:
            FencedError: the response was cancelled, or another worker goes on with it.
            BusAwayError: not acknowledged.
        """
        if not self._is_read:  # `JobContext.is_fresh`: the log was not read first
            await self.find()
            if self.state.is_begun:
                raise FencedError("a fresh job is not the first to respond", self.state.last)
        bus = self._job.bus
        try:
            return await bus.publish_fenced(link, self.state.last)
        except FencedError as fenced:
            newest = await bus.last(self._subject, at_least=fenced.newest)
            now = await self._read(newest)
            if not now.is_unchanged_since(self.state):
                raise
            return await bus.publish_fenced(link, now.last)


class ResponseWriter:
    """A response while the model writes it."""

    def __init__(
        self, chain: ResponseChain, text: ResponseText, job: JobContext[TurnTaken]
    ) -> None:
        self.usage = Usage(0, 0, chain.model)
        self._chain = chain
        self._text = text
        self._job = job
        self._calls: list[FunctionCall] = []
        self._first_token_ms: float | None = None

    async def add(self, token: Token) -> None:
        """Add the next piece; publish the sentences that it completes."""
        match token:
            case Usage():
                self.usage = token
            case FunctionCall():
                self._calls.append(token)
            case Switched():
                await self._chain.switch(token)
            case str():
                pieces = self._text.feed(token)
                if self._first_token_ms is None and self._text.is_begun:
                    self._first_token_ms = self._job.took_ms()
                await self._say(pieces)

    async def finish(self) -> None:
        """Publish the rest, then the tool calls.

        A call of a tool that was not offered is published if other tools were, and the response is
        nothing else: nobody runs it, and the model gets the failure. Calls in the text do not count
        if the server reports calls, since some servers also leave them in the text.
        """
        await self._say(self._text.flush())
        calls = self._calls or self._text.tools.calls
        if not calls and not self._chain.state.sentences and self._job.event.tools:
            calls = self._text.tools.unknown
        for call in calls[:MOST_CALLS]:
            await self._chain.publish_call(call)

    async def _say(self, pieces: Iterable[str]) -> None:
        for piece in pieces:
            await self._chain.say(piece, self._first_token_ms or self._job.took_ms())
