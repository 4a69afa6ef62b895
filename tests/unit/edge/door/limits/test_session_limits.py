"""Keys of sessions are taken in order, renewed, found again, and given back whatever happens."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from edge.door.callers.auth import Caller
from edge.door.limits.session_keys import Limits
from edge.door.limits.session_limits import (
    JOIN_TTL_S,
    MOST_READS,
    RENEW_S,
    TTL_S,
    FullError,
    SessionLimits,
)
from runtime.bus.connection import Bus
from runtime.tasks import scoped_task
from tests.unit.edge.door.limits.key_bucket import KeyBucket

ANN, BOB = Caller("ann", "t"), Caller("bob", "t")
ANNS_KEYS = {"user.t.ann", "tenant.t", "all"}
ONE_EACH = Limits(everywhere=1, per_tenant=1, per_user=1, joins_per_minute=9)
MANY = Limits(everywhere=9, per_tenant=9, per_user=9, joins_per_minute=9)


def an_edge(bucket: KeyBucket, limits: Limits = ONE_EACH) -> SessionLimits:
    return SessionLimits(cast("Bus", bucket), limits)  # the part of a bus that keys need


async def refusal(edge: SessionLimits, caller: Caller | None, session: str) -> FullError:
    with pytest.raises(FullError) as raised:
        await edge.take(caller, session)
    return raised.value


def held_by(bucket: KeyBucket, session: str) -> set[str]:
    """Return the keys of *session* but its join."""
    return {key for key, of in bucket.held.items() if of == session and not key.startswith("join.")}


# ------------------------------------------------------------------ taken in order, or refused


async def test_the_narrowest_limit_refuses_and_no_key_of_a_wider_one_is_written() -> None:
    bucket = KeyBucket()
    edge = an_edge(bucket, Limits(everywhere=5, per_tenant=5, per_user=1, joins_per_minute=9))
    await edge.take(ANN, "s1")
    before = bucket.seq
    refused = await refusal(edge, ANN, "s2")
    assert (refused.code, str(refused)) == (
        "SESSION_LIMIT",
        "the limit of 1 of this user is reached",
    )
    assert bucket.seq == before + 1, "its join alone"
    assert bucket.purged == []


async def test_who_is_refused_by_the_widest_limit_frees_all_other_keys_but_has_joined() -> None:
    bucket = KeyBucket()
    edge = an_edge(bucket, Limits(everywhere=1, per_tenant=9, per_user=9, joins_per_minute=9))
    await edge.take(None, "s1")
    assert "1 in all" in str(await refusal(edge, ANN, "s2"))
    assert bucket.held == {"all": "s1", "join.t.ann": "s2"}


async def test_a_limit_of_none_refuses_everybody() -> None:
    bucket = KeyBucket()
    edge = an_edge(bucket, Limits(everywhere=9, per_tenant=9, per_user=0, joins_per_minute=9))
    assert "0 of this user" in str(await refusal(edge, ANN, "s1"))
    await edge.take(None, "s2")


async def test_while_others_are_always_first_the_keys_are_read_a_few_times_and_no_more() -> None:
    bucket = KeyBucket()
    bucket.others_first = True
    assert "9 in all" in str(await refusal(an_edge(bucket, MANY), None, "s1"))
    assert bucket.reads == MOST_READS


async def test_joins_are_counted_for_a_minute_though_no_session_is_left_to_renew_them() -> None:
    bucket = KeyBucket()
    edge = an_edge(bucket, Limits(everywhere=9, per_tenant=9, per_user=9, joins_per_minute=2))
    async with scoped_task(edge.renew()):
        held = await edge.take(ANN, "s1")
        assert len(held.keys) == len(ANNS_KEYS), "the join is no key of the session"
        await edge.give_back(await edge.take(ANN, "s2"))
        assert "2 joins of this user a minute" in str(await refusal(edge, ANN, "s3"))
        await asyncio.sleep(JOIN_TTL_S - 1)
        await refusal(edge, ANN, "s4")
        await asyncio.sleep(2)
        await edge.take(ANN, "s5")


# ------------------------------------------------------------------ renewed, or free by itself


async def test_renewed_keys_last_and_those_of_a_dead_edge_are_free_after_half_a_minute() -> None:
    bucket = KeyBucket()
    dead, alive = an_edge(bucket), an_edge(bucket)
    async with scoped_task(dead.renew()):
        await dead.take(ANN, "s1")
        await asyncio.sleep(3600)
        await refusal(alive, ANN, "s2")
    await asyncio.sleep(TTL_S - RENEW_S - 1)
    await refusal(alive, ANN, "s3")
    await asyncio.sleep(RENEW_S + 2)
    await alive.take(ANN, "s4")


async def test_a_key_that_expired_is_taken_again() -> None:
    bucket = KeyBucket()
    edge = an_edge(bucket)
    held = await edge.take(ANN, "s1")
    await asyncio.sleep(TTL_S + 1)
    assert bucket.held.keys() == {"join.t.ann"}
    async with scoped_task(edge.renew()):
        await asyncio.sleep(RENEW_S + 1)
        assert held_by(bucket, "s1") == ANNS_KEYS
    await edge.give_back(held)
    assert held_by(bucket, "s1") == set()


async def test_a_key_that_expired_and_is_anothers_is_neither_renewed_nor_freed() -> None:
    bucket = KeyBucket()
    slow, other = an_edge(bucket), an_edge(bucket)
    held = await slow.take(ANN, "s1")
    await asyncio.sleep(TTL_S + 1)
    theirs = await other.take(BOB, "s2")
    async with scoped_task(slow.renew()):
        await asyncio.sleep(RENEW_S + 1)
        assert held_by(bucket, "s1") == {"user.t.ann"}, "that one was free"
        assert len(held.keys) == 1
    await slow.give_back(held)
    assert held_by(bucket, "s2") == {"user.t.bob", "tenant.t", "all"}
    assert len(theirs.keys) == 3


async def test_a_renewal_whose_answer_was_lost_is_known_as_ours_by_the_next_one() -> None:
    bucket = KeyBucket()
    edge = an_edge(bucket, ONE_EACH)
    held = await edge.take(None, "s1")
    ((key, first),) = held.keys.items()
    async with scoped_task(edge.renew()):
        bucket.answer_lost = True
        await asyncio.sleep(RENEW_S + 1)
        assert held.in_doubt == {key}
        assert held.keys == {key: first}
        await asyncio.sleep(RENEW_S)
        assert held.keys == {key: bucket.seq}
        assert not held.in_doubt
        await asyncio.sleep(3600)
    assert held_by(bucket, "s1") == {"all"}


# ------------------------------------------------------------------ the bus is away


async def test_while_the_bus_is_away_sessions_begin_uncounted() -> None:
    bucket = KeyBucket()
    edge = an_edge(bucket)
    bucket.away_after = 0
    taken = [await edge.take(ANN, f"s{number}") for number in range(3)]
    assert [held.keys for held in taken] == [{}] * 3


async def test_the_keys_taken_before_the_bus_went_away_are_renewed_and_given_back() -> None:
    bucket = KeyBucket()
    edge = an_edge(bucket)
    bucket.away_after = 2  # the join and the user's
    held = await edge.take(ANN, "s1")
    bucket.away_after = None
    async with scoped_task(edge.renew()):
        await asyncio.sleep(10 * TTL_S)
        assert held_by(bucket, "s1") == {"user.t.ann"}
        await edge.give_back(held)
    assert held_by(bucket, "s1") == set()


async def test_an_outage_that_is_shorter_than_a_keys_life_costs_no_key() -> None:
    bucket = KeyBucket()
    edge = an_edge(bucket)
    await edge.take(ANN, "s1")
    async with scoped_task(edge.renew()):
        bucket.away_after = 0
        await asyncio.sleep(2 * RENEW_S + 1)
        bucket.away_after = None
        await asyncio.sleep(TTL_S)
    assert held_by(bucket, "s1") == ANNS_KEYS


async def test_keys_that_are_given_back_during_an_outage_are_renewed_no_more() -> None:
    bucket = KeyBucket()
    edge = an_edge(bucket)
    held = await edge.take(ANN, "s1")
    async with scoped_task(edge.renew()):
        bucket.away_after = 0
        await edge.give_back(held)
        assert held.keys == {}
        bucket.away_after = None
        assert held_by(bucket, "s1") == ANNS_KEYS
        await asyncio.sleep(TTL_S + 1)
        assert held_by(bucket, "s1") == set()


# ------------------------------------------------------------------ left meanwhile, or resumed


async def test_who_leaves_while_a_write_is_under_way_leaves_no_key_behind() -> None:
    bucket = KeyBucket()
    edge = an_edge(bucket)
    bucket.answers.clear()
    taking = asyncio.create_task(edge.take(None, "s1"))
    await asyncio.sleep(1)
    taking.cancel()
    await asyncio.sleep(1)
    assert bucket.held == {"all": "s1"}, "the server has stored it, and the edge does not know"
    bucket.answers.set()
    with pytest.raises(asyncio.CancelledError):
        await taking
    assert bucket.held == {}
    await an_edge(bucket).take(None, "s2")


async def test_a_session_that_leaves_while_its_key_is_renewed_leaves_no_key_behind() -> None:
    bucket = KeyBucket()
    edge = an_edge(bucket)
    held = await edge.take(None, "s1")
    async with scoped_task(edge.renew()):
        bucket.answers.clear()
        await asyncio.sleep(RENEW_S + 1)
        await edge.give_back(held)
        assert held_by(bucket, "s1") == {"all"}, "the renewed key is newer than the one given back"
        bucket.answers.set()
        await asyncio.sleep(1)
        assert bucket.held == {}
        await asyncio.sleep(RENEW_S)
        assert bucket.held == {}, "it is not renewed again"


async def test_a_session_that_leaves_while_its_key_is_looked_for_takes_no_key_again() -> None:
    bucket = KeyBucket()
    edge = an_edge(bucket)
    held = await edge.take(None, "s1")
    await asyncio.sleep(TTL_S + 1)
    async with scoped_task(edge.renew()):
        bucket.answers.clear()
        await asyncio.sleep(RENEW_S + 1)
        assert bucket.reads == 1
        await edge.give_back(held)
        before = bucket.writes
        bucket.answers.set()
        await asyncio.sleep(1)
        assert bucket.writes == before


async def test_the_edge_that_a_session_has_left_frees_none_of_the_keys_it_took_along() -> None:
    bucket = KeyBucket()
    old, new = an_edge(bucket), an_edge(bucket)
    before = await old.take(ANN, "s1")
    async with scoped_task(old.renew()):
        bucket.away_after = 0
        await asyncio.sleep(RENEW_S + 1)
        assert before.in_doubt == before.keys.keys()
        bucket.away_after = None
        await asyncio.sleep(RENEW_S)
        after = await new.take(ANN, "s1")
        assert before.keys.keys() == after.keys.keys()
        await asyncio.sleep(RENEW_S)
        assert before.keys == {}, "a write of another is no lost answer of ours"
    await old.give_back(before)
    assert held_by(bucket, "s1") == ANNS_KEYS
    await new.give_back(after)
    assert held_by(bucket, "s1") == set()
