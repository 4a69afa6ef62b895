"""The queue of each stage: the server's counts of its consumer's jobs."""

from datetime import UTC, datetime

import msgspec

from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError
from schemas import subjects
from schemas.stages import STAGES, StageRow


class Queue(msgspec.Struct, frozen=True):
    """The state of one stage's consumer at one moment."""

    stage: str
    waiting: int
    """Jobs that no worker has taken."""
    in_flight: int
    """Jobs that a worker has taken and not answered yet."""
    redelivered: int
    """Jobs in flight that were delivered before."""
    pull_requests: int = msgspec.field(name="asked")
    """Pull requests that wait for a job."""
    oldest_ms: int = 0
    """How long the oldest waiting job has waited, by the server's clock."""


async def queues(bus: Bus) -> list[Queue]:
    """Return the queue of each stage.

    Raises:
        BusAwayError: no answer, or the bus is not provisioned.
    """
    return [await _queue(bus, stage) for stage in STAGES]


async def _queue(bus: Bus, stage: StageRow) -> Queue:
    consumer = stage.consumer
    info = await bus.api(f"CONSUMER.INFO.{subjects.EVENTS_STREAM}.{consumer}")
    if "error" in info:
        raise BusAwayError(
            f"consumer {consumer}: {info['error'].get('description', 'no answer')}; "
            "if the bus is new, `aura provision` sets it up"
        )
    try:
        queue = Queue(
            stage.name,
            info["num_pending"],
            info["num_ack_pending"],
            info["num_redelivered"],
            info["num_waiting"],
        )
        if not queue.waiting:
            return queue
        after = info["delivered"]["stream_seq"]
        next_job = {"seq": after + 1, "next_by_subj": info["config"]["filter_subject"]}
    except KeyError as error:
        raise BusAwayError(f"consumer {consumer} cannot be asked: {error!r}") from error
    oldest = await bus.get(subjects.EVENTS_STREAM, next_job)
    if oldest is None:
        return queue
    waited_ms = _ms(info.get("ts", "")) - _ms(oldest.time)
    return msgspec.structs.replace(queue, oldest_ms=max(0, waited_ms))


def _ms(rfc3339: str) -> int:
    """Return *rfc3339* as Unix ms, or the present if it is empty (an old server sends no time)."""
    when = datetime.fromisoformat(rfc3339) if rfc3339 else datetime.now(UTC)
    return int(when.timestamp() * 1000)
