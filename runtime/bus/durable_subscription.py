"""Durable consumers of the event log, one for each group of subscribers.

The server deletes a group unused for 30 days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError
from schemas import subjects

NOT_FOUND = 10014
"""NATS's error code: no such consumer."""
FORGOTTEN_AFTER_S = 30 * 86400
MOST_UNANSWERED_EVENTS = 10_000
"""The most unacknowledged events of all members of a group together."""
MOST_DELIVERIES = 12
"""The deliveries after which an event is given up and recorded in AURA_DEAD."""
CONSUMER_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class StartPosition:
    """The point in the log where a new group begins to read."""

    policy: Literal["new", "all", "by_start_time"]
    at: datetime | None = None


@dataclass(frozen=True)
class Group:
    """A group of subscribers that share a durable consumer."""

    name: str
    filters: Sequence[str]
    """Subjects of AURA_EVENTS."""
    ack_wait_s: float


async def join(bus: Bus, group: Group, start: StartPosition) -> bool:
    """Create *group*, or return False if it exists; it then goes on where it stopped.

    Raises:
        BusAwayError: the server does not answer, or refuses.
    """
    stream, wanted = subjects.EVENTS_STREAM, _config(group)
    info = f"CONSUMER.INFO.{stream}.{group.name}"
    found = await bus.api(info, timeout_s=CONSUMER_TIMEOUT_S)
    if "error" in found and found["error"].get("err_code") != NOT_FOUND:
        raise _refused(group, found)
    is_new = "config" not in found
    if is_new:
        config = {**wanted, "deliver_policy": start.policy}
        if start.at is not None:
            config["opt_start_time"] = start.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    else:
        config = {**found["config"], **wanted}
        if config == found["config"]:
            return False
    body = {"stream_name": stream, "config": config, "action": "create" if is_new else "update"}
    try:
        made = await bus.api(
            f"CONSUMER.CREATE.{stream}.{group.name}", body, timeout_s=CONSUMER_TIMEOUT_S
        )
    except BusAwayError as error:  # a forbidden request gets no answer
        raise BusAwayError(
            f"the group {group.name} {'does not exist' if is_new else 'differs'}, and the "
            "server does not let this user change it. The operator can: run `aura provision` with "
            "the same --module, --group and --from"
        ) from error
    if "error" not in made:
        return is_new
    if is_new and "config" in await bus.api(info, timeout_s=CONSUMER_TIMEOUT_S):
        return False  # another member created it first
    raise _refused(group, made)


def _config(group: Group) -> dict[str, Any]:
    return {
        "durable_name": group.name,
        "name": group.name,
        "filter_subjects": list(group.filters),
        "ack_policy": "explicit",
        "ack_wait": int(group.ack_wait_s * 1e9),
        "max_deliver": MOST_DELIVERIES,
        "max_ack_pending": MOST_UNANSWERED_EVENTS,
        "inactive_threshold": int(FORGOTTEN_AFTER_S * 1e9),
    }


def _refused(group: Group, answer: dict[str, Any]) -> BusAwayError:
    reason = answer["error"].get("description", "refused")
    return BusAwayError(
        f"the group {group.name} cannot be had: {reason}; was `aura provision` run?"
    )
