"""The tool stage: a job is one tool call, and ends with its result or its failure.

An attempt that follows another one:

not idempotent: tool.begun is stored before the call is made; an attempt that finds the tool.begun
                of another one reports that the outcome is unknown
idempotent:     the call is made again, with the same key
"""

import asyncio
import json
import secrets
from collections.abc import Mapping

from runtime.bus.errors import BusAwayError
from schemas import codec, subjects
from schemas.events import (
    AnyEvent,
    StageName,
    ToolBegun,
    ToolFailed,
    ToolRequested,
    ToolReturned,
)
from schemas.tools import MOST_RESULT_BYTES, ToolKind
from workers.loop.job_target import JobTarget
from workers.loop.stage import JobContext
from workers.tools.backends import CallFailedError, ToolBackend
from workers.tools.schema_check import BadArgumentsError, BadSchemaError, check

LEAST_TIME_LEFT_S = 0.02
"""A call with less time left than this is too late."""


class ToolStage:
    """The tool stage: a job is one tool call."""

    name: StageName = "tool"
    job_type = ToolRequested

    def __init__(self, backends: Mapping[ToolKind, ToolBackend]) -> None:
        """Run calls by *backends*, one for each kind of tool."""
        self._backends = backends
        self.model = "+".join(sorted(backends))

    @property
    def wait_ms(self) -> int:
        return 0  # a call with a slot never waits

    async def warm(self) -> None:
        """There is nothing to load."""

    async def close(self) -> None:
        for backend in self._backends.values():
            await backend.close()

    def target(self, event: ToolRequested) -> JobTarget:
        """Return the target of the call, with its turn if the end of the turn cancels the call."""
        return JobTarget(turn=event.turn if event.tool.cancel else None, index=event.call)

    async def run(self, job: JobContext[ToolRequested]) -> None:
        earlier = [] if job.is_fresh else await _earlier(job)
        if any(isinstance(event, ToolReturned | ToolFailed) for event in earlier):
            return
        try:
            result = await self._result(job, earlier)
        except CallFailedError as error:
            await job.bus.publish(_failed(job, error))
            return
        returned = ToolReturned(
            **job.head(),
            turn=job.event.turn,
            step=job.event.step,
            call=job.event.call,
            name=job.event.tool.name,
            result=result,
            took_ms=job.took_ms(),
        )
        await job.bus.publish(returned)

    async def _result(self, job: JobContext[ToolRequested], earlier: list[AnyEvent]) -> str:
        """Return the result of the call.

        Raises:
            CallFailedError: there is none.
            BusAwayError: the job is worth another attempt.
        """
        event = job.event
        backend = self._backends.get(event.tool.kind)
        if backend is None:
            raise CallFailedError("unknown", f"this runner has no tools of kind {event.tool.kind}")
        await _check(event)
        if not event.tool.idempotent:
            await _begin(job, earlier)
        left_s = _left_s(job)
        if left_s < LEAST_TIME_LEFT_S:
            raise CallFailedError("timeout", "the deadline had passed before it began")
        try:
            async with asyncio.timeout(left_s):
                result = await backend.run(event, job.bus, left_s)
        except TimeoutError as error:
            done = "" if event.tool.idempotent else "; it may have been done all the same"
            raise CallFailedError("timeout", f"it did not answer in time{done}") from error
        return text_of(result)


def _left_s(job: JobContext[ToolRequested]) -> float:
    """Return the seconds until the call's deadline, by the age of the job."""
    allowed_s = (job.event.deadline_ms - job.event.at_ms) / 1000
    return allowed_s - job.waited_s - job.took_ms() / 1000


async def _check(event: ToolRequested) -> None:
    """Check the arguments against the tool's schema.

    Raises:
        CallFailedError: they do not fit, or the schema is invalid.
    """
    if not event.tool.parameters:
        return
    try:
        parsed = json.loads(event.arguments)
        await asyncio.to_thread(check, parsed, event.tool.parameters)
    except (BadArgumentsError, BadSchemaError) as error:
        raise CallFailedError("invalid", str(error)) from error
    except (ValueError, RecursionError) as error:
        raise CallFailedError("invalid", "the arguments are not JSON") from error


async def _earlier(job: JobContext[ToolRequested]) -> list[AnyEvent]:
    """Return the stored events of this call, from earlier attempts.

    Raises:
        BusAwayError: no answer.
    """
    event = job.event
    subject = subjects.session_events(event.tenant, event.session, ToolReturned.KIND)
    stored = await job.bus.read(subjects.EVENTS_STREAM, subject, after=job.seq)
    call_events: list[AnyEvent] = []
    for message in stored:
        if message.headers.get(codec.TYPE_HEADER, "tool.").startswith("tool."):
            stored_event = message.readable()
            if isinstance(stored_event, ToolBegun | ToolReturned | ToolFailed) and (
                (stored_event.turn, stored_event.step, stored_event.call)
                == (event.turn, event.step, event.call)
            ):
                call_events.append(stored_event)
    return call_events


async def _begin(job: JobContext[ToolRequested], earlier: list[AnyEvent]) -> None:
    """Mark the call as begun by this attempt, before it is made.

    Raises:
        CallFailedError: another attempt may have made it.
        BusAwayError: nothing is known.
    """
    event = job.event
    unknown = CallFailedError("unknown_outcome", "it may have been done; it was not done again")
    if any(isinstance(past, ToolBegun) for past in earlier):
        raise unknown
    runner = secrets.token_hex(8)
    begun = ToolBegun(
        **job.head(), turn=event.turn, step=event.step, call=event.call, runner=runner
    )
    subject, headers = subjects.event(begun), codec.headers(begun)
    try:
        is_ours = await job.bus.store(subject, codec.encode(begun), headers)
    except BusAwayError:  # it may be stored all the same
        marks = [past for past in await _earlier(job) if isinstance(past, ToolBegun)]
        if not marks:
            raise
        is_ours = marks[0].runner == runner
    if not is_ours:
        raise unknown


def text_of(data: bytes) -> str:
    """Return a result as text.

    Raises:
        CallFailedError: it is too long, or no text.
    """
    if len(data) > MOST_RESULT_BYTES:
        raise CallFailedError("invalid", f"its result is longer than {MOST_RESULT_BYTES} bytes")
    try:
        return data.decode() or '""'
    except UnicodeDecodeError as error:
        raise CallFailedError("invalid", "its result is neither JSON nor text") from error


def _failed(job: JobContext[ToolRequested], error: CallFailedError) -> ToolFailed:
    return ToolFailed(
        **job.head(),
        turn=job.event.turn,
        step=job.event.step,
        call=job.event.call,
        name=job.event.tool.name,
        reason=error.reason,
        detail=str(error)[:500],
        took_ms=job.took_ms(),
    )
