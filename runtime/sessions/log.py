"""Counts and erases messages of the session log on the server."""

import asyncio
from collections.abc import Sequence
from typing import Any

from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError

ERASE_TIMEOUT_S = 10.0
ERASED_AT_ONCE = 200
"""The number of messages that are erased in parallel."""


async def ask(bus: Bus, verb: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send the JetStream request *verb* and return the server's answer.

    Raises:
        BusAwayError: the server does not answer, or refuses.
    """
    answer = await bus.api(verb, body, timeout_s=ERASE_TIMEOUT_S)
    if "error" in answer:
        raise BusAwayError(f"{verb}: {answer['error'].get('description', 'refused')}")
    return answer


async def count(bus: Bus, stream: str, subject: str) -> dict[str, int]:
    """Return the number of messages in *stream* for each subject that matches *subject*.

    Raises:
        BusAwayError: the server does not answer.
    """
    counts: dict[str, int] = {}
    while True:
        body = {"subjects_filter": subject, "offset": len(counts)}
        answer = await ask(bus, f"STREAM.INFO.{stream}", body)
        page = answer["state"].get("subjects") or {}
        counts |= page
        if not page or len(counts) >= answer.get("total", 0):
            return counts


async def erase(bus: Bus, stream: str, numbers: Sequence[int]) -> None:
    """Delete the messages with these sequences and overwrite them on the disk.

    Raises:
        BusAwayError: the server does not answer.
    """
    verb = f"STREAM.MSG.DELETE.{stream}"
    for first in range(0, len(numbers), ERASED_AT_ONCE):
        batch = numbers[first : first + ERASED_AT_ONCE]
        # `gather`, since a task group would raise a group in place of BusAwayError
        await asyncio.gather(*(ask(bus, verb, {"seq": seq}) for seq in batch))
