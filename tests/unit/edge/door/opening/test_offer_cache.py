"""Offers are made once, and others run meanwhile."""

from __future__ import annotations

import asyncio

from edge.door.callers.auth import Caller
from edge.door.opening.offer_cache import MOST_OFFERED_AGENTS, OfferCache
from tests.unit.edge.door.agents.test_agent_choice import ANN, OPERATOR, agents


async def test_offers_are_made_once_until_an_agent_changes() -> None:
    known, cache = agents(acme_cook="{}"), OfferCache()
    first = await cache.to(ANN, known, OPERATOR)
    assert await cache.to(ANN, known, OPERATOR) is first
    assert len(await cache.to(Caller("bob", "ac"), known, OPERATOR)) == 1
    known.note("tenant.acme.host", 99, b"{}")
    assert [one.name for one in await cache.to(ANN, known, OPERATOR)] == ["", "cook", "host"]


async def test_others_run_while_offers_are_made() -> None:
    secret = "callers: {may_choose: false}"
    known = agents(**{f"acme_n{number:03}": secret for number in range(30)})
    making = asyncio.create_task(OfferCache().to(ANN, known, OPERATOR))
    rounds = 0
    while not making.done():
        await asyncio.sleep(0)
        rounds += 1
    assert [one.name for one in making.result()] == [""]
    assert rounds > 30


async def test_of_very_many_the_first_are_offered() -> None:
    known = agents(**{f"acme_n{number:03}": "{}" for number in range(MOST_OFFERED_AGENTS + 20)})
    found = await OfferCache().to(ANN, known, OPERATOR)
    assert [one.name for one in found[:2]] == ["", "n000"]
    assert len(found) == MOST_OFFERED_AGENTS
