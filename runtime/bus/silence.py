"""How long to wait for the answers of all who were asked: their number is not known."""

import asyncio
from contextlib import suppress
from typing import Final

SILENCE_S: Final = 0.12
"""Time without a further answer after which somebody at a terminal has them all."""


async def until_silent(came: asyncio.Event, wait_s: float, silence_s: float | None) -> None:
    """Wait for *wait_s*, or until no answer has come for *silence_s* after the first.

    With *silence_s* None, wait the whole *wait_s*. *came* is set by each answer.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            await came.wait()
            while came.is_set():
                came.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(came.wait(), silence_s)
