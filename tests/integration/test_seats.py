"""Session limits: two edges count as one, and the keys of a dead edge become free."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from nats.aio.client import Client

from edge.door.callers.auth import Caller
from edge.door.limits import session_limits
from edge.door.limits.session_keys import Limits
from edge.door.limits.session_limits import FullError, SessionLimits
from runtime.bus.connection import Bus
from runtime.bus.reader import API_TIMEOUT_S
from runtime.tasks import scoped_task
from schemas import subjects
from schemas.tenant import TenantLimits
from tests.aura_process import AuraProcess
from tests.caller import calling
from tests.nats_server import NatsServer

TTL_S = 3
"""A key's life where a test waits for its end: longer than a busy machine stands still."""
LIMITS = Limits(everywhere=5, per_tenant=3, per_user=1, joins_per_minute=4)


def caller(name: str, tenant: str = "t") -> Caller:
    return Caller(name, tenant)


async def test_two_edges_count_as_one(bus: Bus) -> None:
    here, there = SessionLimits(bus, LIMITS), SessionLimits(bus, LIMITS)
    held = await here.take(caller("ada"), "s1")
    with pytest.raises(FullError, match="1 of this user"):
        await there.take(caller("ada"), "s2")
    await there.take(caller("bob"), "s3")
    await here.take(caller("cy"), "s4")
    with pytest.raises(FullError, match="3 of this tenant"):
        await there.take(caller("dan"), "s5")
    await here.take(caller("eve", "other"), "s6")
    await there.take(None, "s7")
    with pytest.raises(FullError, match="5 in all"):
        await here.take(None, "s8")
    await here.give_back(held)
    await there.take(caller("ada"), "s9")


async def test_a_tenants_own_limits_go_before_those_of_the_settings(bus: Bus) -> None:
    own = {"big": TenantLimits(sessions=4, sessions_per_user=2), "small": TenantLimits(sessions=1)}
    here = SessionLimits(bus, LIMITS, lambda name: own.get(name, TenantLimits()))
    for number in range(2):
        await here.take(caller("ada", "big"), f"b{number}")
    with pytest.raises(FullError, match="2 of this user"):
        await here.take(caller("ada", "big"), "b3")
    await here.take(caller("ada", "small"), "c1")
    with pytest.raises(FullError, match="1 of this tenant"):
        await here.take(caller("bob", "small"), "c2")


async def test_many_at_once_never_exceed_the_limit(bus: Bus) -> None:
    edges = [SessionLimits(bus, Limits(20, 20, 1, 9)) for _ in range(3)]
    tries = [edges[n % 3].take(caller(f"user{n}"), f"s{n}") for n in range(60)]
    results: list[Any] = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(result, FullError) for result in results) == 20
    assert all(isinstance(result, FullError | session_limits.SessionKeys) for result in results)


async def test_strangers_share_a_part_of_the_seats(bus: Bus) -> None:
    here = SessionLimits(bus, replace(LIMITS, without_token=2))
    there = SessionLimits(bus, replace(LIMITS, without_token=2))
    await here.take(None, "s21")
    held = await there.take(None, "s22")
    with pytest.raises(FullError, match="2 without a token"):
        await here.take(None, "s23")
    await here.take(caller("ada"), "s24")
    await there.give_back(held)
    await here.take(None, "s25")


class WatchedBus(Bus):
    """A bus that calls *watch* before and after each key that is written."""

    def __init__(self, client: Client, watch: Callable[[], None]) -> None:
        super().__init__(client)
        put = self.put

        async def watched(*asked: Any, **how: Any) -> int:
            watch()
            try:
                return await put(*asked, **how)
            finally:
                watch()

        self.put = watched


async def cut_off(bus: Bus, who: Caller, at: int) -> bool:
    """Have *who* leave at step *at* of taking a seat; tell whether it came so far."""
    step = itertools.count()

    def watch() -> None:
        if next(step) == at:
            taking.cancel()

    edge = SessionLimits(WatchedBus(bus.nats_client, watch), LIMITS)
    taking = asyncio.create_task(edge.take(who, f"s3{at}"))
    (held,) = await asyncio.gather(taking, return_exceptions=True)
    if isinstance(held, session_limits.SessionKeys):
        await edge.give_back(held)
    return taking.cancelled()


async def test_who_leaves_at_any_step_of_taking_a_seat_leaves_no_key_behind(bus: Bus) -> None:
    at = 0
    while await cut_off(bus, caller(f"user{at}", "busy"), at):
        at += 1
    assert at == 8, "before and after each of four keys"
    edge = SessionLimits(bus, LIMITS)
    for number in range(LIMITS.per_tenant):
        await edge.take(caller(f"other{number}", "busy"), f"s4{number}")


async def test_a_refusal_leaves_no_key_behind(bus: Bus) -> None:
    edge = SessionLimits(bus, Limits(1, 3, 1, 9))
    held = await edge.take(caller("ada"), "s11")
    with pytest.raises(FullError, match="1 in all"):
        await edge.take(caller("bob"), "s12")
    await edge.give_back(held)
    await edge.take(caller("bob"), "s13")


async def test_a_session_that_comes_back_takes_its_keys_over(bus: Bus) -> None:
    dead, alive = SessionLimits(bus, LIMITS), SessionLimits(bus, LIMITS)
    await dead.take(caller("ada"), "mine")
    with pytest.raises(FullError, match="1 of this user"):
        await alive.take(caller("ada"), "another")
    await alive.take(caller("ada"), "mine")


async def test_the_old_connection_does_not_free_the_keys_of_its_successor(bus: Bus) -> None:
    old, new = SessionLimits(bus, LIMITS), SessionLimits(bus, LIMITS)
    before = await old.take(caller("ada"), "mine")
    after = await new.take(caller("ada"), "mine")
    await old.give_back(before)
    with pytest.raises(FullError, match="1 of this user"):
        await old.take(caller("ada"), "another")
    await new.give_back(after)
    await old.take(caller("ada"), "another")


async def test_the_old_connection_renews_no_key_of_its_successor(bus: Bus) -> None:
    old, new = SessionLimits(bus, LIMITS, renew_s=0.02), SessionLimits(bus, LIMITS)
    before = await old.take(caller("ada"), "mine")
    user, *_ = before.keys
    after = await new.take(caller("ada"), "mine")
    assert user in after.keys
    async with scoped_task(old.renew()), asyncio.timeout(20):
        while user in before.keys:
            await asyncio.sleep(0.01)
    await old.give_back(before)
    with pytest.raises(FullError, match="1 of this user"):
        await old.take(caller("ada"), "another")
    (stored,) = await bus.read(subjects.SEATS_STREAM, user)
    assert stored.seq == after.keys[user]


async def test_a_session_that_is_resumed_twice_at_once_is_refused_to_nobody(bus: Bus) -> None:
    dead, *edges = (SessionLimits(bus, Limits(90, 90, 1, 9)) for _ in range(3))
    callers = [(caller(f"user{number}"), f"s{number}") for number in range(10)]
    for who in callers:
        await dead.take(*who)
    for who in callers:
        await asyncio.gather(*(edge.take(*who) for edge in edges))


async def test_who_leaves_while_the_bus_is_away_waits_once_for_all_keys(
    bus: Bus, nats_server: NatsServer
) -> None:
    edge = SessionLimits(bus, LIMITS)
    held = await edge.take(caller("ada"), "s26")
    assert len(held.keys) == 3
    nats_server.freeze()
    try:
        async with asyncio.timeout(1.5 * API_TIMEOUT_S):
            await edge.give_back(held)
    finally:
        nats_server.thaw()


async def test_a_key_is_found_again_after_an_outage(bus: Bus) -> None:
    edge = SessionLimits(bus, LIMITS, renew_s=0.05)
    held = await edge.take(caller("ada"), "mine")
    user, *_ = held.keys
    lost = held.keys[user]
    await bus.purge_key(user, lost)  # as if it had expired
    async with scoped_task(edge.renew()), asyncio.timeout(10):
        while held.keys.get(user, 0) <= lost:
            await asyncio.sleep(0.01)
    with pytest.raises(FullError, match="1 of this user"):
        await edge.take(caller("ada"), "another")


async def test_a_key_whose_renewal_had_no_answer_is_found_again(
    bus: Bus, nats_server: NatsServer
) -> None:
    edge = SessionLimits(bus, LIMITS, renew_s=0.05)
    held = await edge.take(caller("ada"), "mine")
    keys = dict(held.keys)
    nats_server.freeze()
    async with scoped_task(edge.renew()):
        try:
            async with asyncio.timeout(10):
                while not held.in_doubt:
                    await asyncio.sleep(0.01)
        finally:
            nats_server.thaw()
        async with asyncio.timeout(20):
            while held.in_doubt or held.keys.items() & keys.items():
                await asyncio.sleep(0.01)
    assert held.keys.keys() == keys.keys()


async def test_joins_in_a_minute_are_counted_even_if_each_call_is_short(bus: Bus) -> None:
    edge = SessionLimits(bus, LIMITS)
    for _ in range(4):
        await edge.give_back(await edge.take(caller("ada"), "s14"))
    with pytest.raises(FullError, match="4 joins of this user a minute"):
        await edge.take(caller("ada"), "s15")


async def test_the_keys_of_a_dead_edge_become_free(bus: Bus) -> None:
    dead, alive = (SessionLimits(bus, Limits(1, 1, 1, 999), ttl_s=TTL_S) for _ in range(2))
    await dead.take(caller("ada"), "s16")
    with pytest.raises(FullError):
        await alive.take(caller("bob"), "s17")
    async with asyncio.timeout(20):
        while True:
            try:
                await alive.take(caller("bob"), "s18")
                return
            except FullError:
                await asyncio.sleep(0.1)


async def test_a_key_that_is_renewed_stays(bus: Bus) -> None:
    limits = Limits(1, 1, 1, 9)
    here, there = (SessionLimits(bus, limits, ttl_s=TTL_S, renew_s=0.2) for _ in range(2))
    async with scoped_task(here.renew()):
        await here.take(caller("ada"), "s19")
        await asyncio.sleep(TTL_S + 0.5)
        with pytest.raises(FullError):
            await there.take(caller("bob"), "s20")


async def test_who_leaves_while_keys_are_renewed_leaves_no_key_behind(bus: Bus) -> None:
    edge = SessionLimits(bus, Limits(40, 40, 1, 9), renew_s=0.0)
    held = [await edge.take(caller(f"user{n}"), f"r{n}") for n in range(12)]
    async with scoped_task(edge.renew()):
        for one in held:
            await asyncio.sleep(0.003)
            await edge.give_back(one)
        async with asyncio.timeout(15):  # half of the time after which a key ends by itself
            while await keys_held(bus):
                await asyncio.sleep(0.05)


async def keys_held(bus: Bus) -> list[str]:
    """Return the keys of seats that are held."""
    stored = await bus.read(subjects.SEATS_STREAM, f"{subjects.SEATS}.>")
    return [key.subject for key in stored if key.data and ".join." not in key.subject]


async def test_the_eleventh_control_message_of_a_second_is_told_and_the_call_goes_on(
    simulated: AuraProcess,
) -> None:
    async with calling(
        simulated.url, "/ws/voice/continuous?token=demo_token&greeting=0"
    ) as someone:
        for _ in range(15):
            await someone.send({"type": "ping", "timestamp": "x"})
        error = await someone.until("error")
        assert error["code"] == "RATE_LIMITED"
        assert 10 <= len(someone.told("pong")) < 15
        await asyncio.sleep(1.1)
        await someone.send({"type": "ping", "timestamp": "again"})
        await someone.until("pong", len(someone.told("pong")) + 1)
