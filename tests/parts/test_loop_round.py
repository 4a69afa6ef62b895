"""The count of work in a round of the event loop."""

from __future__ import annotations

import asyncio

from edge.door.limits.loop_round import ROUND_S, LoopRound


async def test_a_round_is_full_until_it_ends() -> None:
    here = LoopRound()
    here.count(ROUND_S / 2)
    assert not here.is_full
    here.count(ROUND_S)
    assert here.is_full
    await asyncio.sleep(0)
    assert not here.is_full


async def test_the_work_of_two_rounds_is_not_added_up() -> None:
    here = LoopRound()
    for _ in range(4):
        here.count(ROUND_S / 2)
        assert not here.is_full
        await asyncio.sleep(0)
