"""The log on the server: how much is stored of what, and how it is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError

WAIT_S = 10.0
ERASED_AT_ONCE = 200


async def ask(bus: Bus, verb: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return JetStream's answer to *verb*.

    Raises:
        BusAwayError: no answer, or a refusal.
    """
    answer = await bus.api(verb, body, timeout_s=WAIT_S)
    if "error" in answer:
        raise BusAwayError(f"{verb}: {answer['error'].get('description', 'refused')}")
    return answer


async def count(bus: Bus, stream: str, subject: str) -> dict[str, int]:
    """Return how many messages *stream* holds of each subject that *subject* covers.

    Raises:
        BusAwayError: no answer.
    """
    found: dict[str, int] = {}
    while True:
        body = {"subjects_filter": subject, "offset": len(found)}
        answer = await ask(bus, f"STREAM.INFO.{stream}", body)
        page = answer["state"].get("subjects") or {}
        found |= page
        if not page or len(found) >= answer.get("total", 0):
            return found


async def erase(bus: Bus, stream: str, numbers: Sequence[int]) -> None:
    """Delete messages by sequence and overwrite them on the disk.

    Raises:
        BusAwayError: no answer.
    """
    for k in range(0, len(numbers), ERASED_AT_ONCE):
        verb = f"STREAM.MSG.DELETE.{stream}"
        await asyncio.gather(
            *(ask(bus, verb, {"seq": seq}) for seq in numbers[k : k + ERASED_AT_ONCE])
        )
