"""The session log on the server: list subjects, read, store and erase messages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from runtime.bus.connection import Bus, BusAwayError, Stored
from runtime.bus.fast_headers import quickly
from schemas import codec, subjects

BATCH = 1000
"""Subjects in one request; the server accepts at most 1024."""
READ_AT_ONCE = 20_000
WAIT_S = 10.0
ERASED_AT_ONCE = 200
DIRECT_GET = f"$JS.API.DIRECT.GET.{subjects.EVENTS_STREAM}"


async def ask(bus: Bus, verb: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send the JetStream request *verb* and return the server's answer.

    Raises:
        BusAwayError: the server does not answer, or refuses.
    """
    try:
        reply = await bus.nc.request(f"$JS.API.{verb}", json.dumps(body).encode(), timeout=WAIT_S)
    except NatsError as error:
        raise BusAwayError(f"the server does not answer {verb}") from error
    answer: dict[str, Any] = json.loads(reply.data)
    if "error" in answer:
        raise BusAwayError(f"{verb}: {answer['error'].get('description', 'refused')}")
    return answer


async def count(bus: Bus, stream: str, subject: str) -> dict[str, int]:
    """Return the number of messages in *stream* for each subject that matches *subject*.

    Raises:
        BusAwayError: the server does not answer.
    """
    found: dict[str, int] = {}
    while True:
        body = {"subjects_filter": subject, "offset": len(found)}
        answer = await ask(bus, f"STREAM.INFO.{stream}", body)
        page = answer["state"].get("subjects") or {}
        found |= page
        if not page or len(found) >= answer.get("total", 0):
            return found


async def newest(bus: Bus, names: Sequence[str]) -> list[Stored]:
    """Return the newest event of each subject in *names*.

    Raises:
        BusAwayError: the server does not answer.
    """
    found: list[Stored] = []
    batches = [names[k : k + BATCH] for k in range(0, len(names), BATCH)]
    ended, done = 0, asyncio.Event()

    async def on_message(msg: Msg) -> None:
        nonlocal ended
        stored = Stored.of(msg)
        if stored is not None:
            found.append(stored)
            return
        ended += 1
        if ended == len(batches):
            done.set()

    if not batches:
        return found
    try:
        async with _answers(bus, on_message) as inbox:
            for batch in batches:
                request = msgspec.json.encode({"multi_last": batch, "batch": BATCH})
                await bus.nc.publish(DIRECT_GET, request, reply=inbox)
            await done.wait()
    except (TimeoutError, NatsError) as error:
        raise BusAwayError("the server does not tell the newest events") from error
    return found


@asynccontextmanager
async def _answers(bus: Bus, on_message: Callable[[Msg], Awaitable[None]]) -> AsyncIterator[str]:
    """Yield a reply subject; *on_message* gets every answer to it, thousands within WAIT_S."""
    inbox = bus.nc.new_inbox()
    subscription = await bus.nc.subscribe(
        inbox, cb=on_message, pending_bytes_limit=-1, pending_msgs_limit=-1
    )
    try:
        with quickly(bus.nc):
            async with asyncio.timeout(WAIT_S):
                yield inbox
    finally:
        await subscription.unsubscribe()


async def read(bus: Bus, session: str) -> list[Stored]:
    """Return all events of *session* in the order of the log, whatever its tenant.

    Raises:
        BusAwayError: the server does not answer.
    """
    found: list[Stored] = []
    ended: asyncio.Queue[int] = asyncio.Queue()

    async def on_message(msg: Msg) -> None:
        stored = Stored.of(msg)
        if stored is not None:
            found.append(stored)
        else:  # the end of a batch carries the number of messages after it
            ended.put_nowait(int((msg.headers or {}).get("Nats-Num-Pending", 0)))

    subject, left = subjects.session_events("*", session), 1
    try:
        async with _answers(bus, on_message) as inbox:
            while left:
                after = found[-1].seq if found else 0
                request = {"seq": after + 1, "next_by_subj": subject, "batch": READ_AT_ONCE}
                await bus.nc.publish(DIRECT_GET, msgspec.json.encode(request), reply=inbox)
                left = await ended.get()
    except (TimeoutError, NatsError) as error:
        raise BusAwayError(f"cannot read session {session}") from error
    return found


async def store(bus: Bus, subject: str, data: bytes, headers: dict[str, str]) -> bool:
    """Store a copy of a recorded message; return False if the server already has its id.

    Raises:
        BusAwayError: the server does not acknowledge it.
    """
    js = bus.nc.jetstream(timeout=WAIT_S)
    try:
        ack = await js.publish(subject, data, headers=headers)
    except NatsError as error:
        raise BusAwayError(f"{headers.get(codec.ID_HEADER, subject)} was not stored") from error
    return not ack.duplicate


async def erase(bus: Bus, stream: str, numbers: Sequence[int]) -> None:
    """Delete the messages with these sequences and overwrite them on the disk.

    Raises:
        BusAwayError: the server does not answer.
    """
    for k in range(0, len(numbers), ERASED_AT_ONCE):
        verb = f"STREAM.MSG.DELETE.{stream}"
        await asyncio.gather(
            *(ask(bus, verb, {"seq": seq}) for seq in numbers[k : k + ERASED_AT_ONCE])
        )
