"""How far behind the stages are: what their consumers still hold, as the server counts it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec
from nats.errors import Error as NatsError

from runtime.bus.connection import ACK_TIMEOUT_S, Bus, BusAwayError, Stored
from schemas import subjects

STAGES = {"stt": "STT", "llm": "LLM", "tts": "TTS"}
"""Each stage's consumer."""


class Queue(msgspec.Struct, frozen=True):
    """One stage's consumer at one moment."""

    stage: str
    waiting: int
    """Jobs that no worker has yet."""
    in_flight: int
    """Jobs that a worker has and has not answered."""
    redelivered: int
    """Of those, how many were given to somebody before."""
    asked: int
    """Pull requests of workers that wait for a job."""
    oldest_ms: int = 0
    """How long the oldest waiting job has waited, by the server's clock."""


async def queues(bus: Bus) -> list[Queue]:
    """Return the queue of each stage.

    Raises:
        BusAwayError: no answer, or the bus is not provisioned.
    """
    return list(await asyncio.gather(*(_queue(bus, stage) for stage in STAGES)))


async def _queue(bus: Bus, stage: str) -> Queue:
    stream, consumer = subjects.EVENTS_STREAM, STAGES[stage]
    try:
        reply = await bus.nc.request(
            f"$JS.API.CONSUMER.INFO.{stream}.{consumer}", b"", timeout=ACK_TIMEOUT_S
        )
        told = msgspec.json.decode(reply.data)
        if "error" in told:
            raise BusAwayError(
                f"consumer {consumer}: {told['error'].get('description', 'no answer')}; "
                "if the bus is new, `aura provision` sets it up"
            )
        queue = Queue(
            stage,
            told["num_pending"],
            told["num_ack_pending"],
            told["num_redelivered"],
            told["num_waiting"],
        )
        if not queue.waiting:
            return queue
        oldest = await _next(bus, stream, told["delivered"]["stream_seq"], told["config"])
    except (NatsError, msgspec.DecodeError, KeyError) as error:
        raise BusAwayError(f"consumer {consumer} cannot be asked: {error!r}") from error
    if oldest is None:
        return queue
    waited_ms = _ms(told.get("ts", "")) - _ms(oldest.time)
    return msgspec.structs.replace(queue, oldest_ms=max(0, waited_ms))


async def _next(bus: Bus, stream: str, delivered: int, config: dict[str, str]) -> Stored | None:
    """Return the message that the consumer will deliver next, None where there is none."""
    request = {"seq": delivered + 1, "next_by_subj": config["filter_subject"]}
    reply = await bus.nc.request(
        f"$JS.API.DIRECT.GET.{stream}", msgspec.json.encode(request), timeout=ACK_TIMEOUT_S
    )
    return Stored.of(reply)


def _ms(rfc3339: str) -> int:
    """Return *rfc3339* as Unix ms; now, where it is empty (an old server tells no time)."""
    when = datetime.fromisoformat(rfc3339) if rfc3339 else datetime.now(UTC)
    return int(when.timestamp() * 1000)
