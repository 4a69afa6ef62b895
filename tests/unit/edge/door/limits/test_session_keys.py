"""Which session keys a caller needs, and which of them are tried as the stored ones are."""

from __future__ import annotations

import pytest

from edge.door.callers.auth import Caller
from edge.door.limits.session_keys import (
    MOST_TRIES,
    PROBES,
    Limits,
    WantedKey,
    seq_after_fence,
)
from runtime.bus.reader import Stored
from schemas.tenant import TenantLimits

LIMITS = Limits(everywhere=50, per_tenant=30, per_user=2, joins_per_minute=6)
ADA = Caller("ada", "t")


def stored(key: str, seq: int, session: str) -> Stored:
    return Stored(f"$KV.AURA_SEATS.{key}", seq, session.encode(), {}, "")


def wanted(limits: Limits, caller: Caller | None) -> list[tuple[str, int]]:
    return [(one.prefix, one.limit) for one in limits.wanted(caller)]


def keys(tries: list[tuple[str, int]]) -> set[str]:
    return {key.removeprefix("$KV.AURA_SEATS.") for key, _ in tries}


def test_a_caller_needs_a_key_of_each_limit_the_narrowest_first() -> None:
    needs = [("join.t.ada", 6), ("user.t.ada", 2), ("tenant.t", 30), ("all", 50)]
    assert wanted(LIMITS, ADA) == needs
    assert [one.is_join for one in LIMITS.wanted(ADA)] == [True, False, False, False]


def test_a_stranger_needs_one_of_all_keys_and_one_of_those_for_strangers() -> None:
    assert wanted(LIMITS, None) == [("all", 50)]
    assert wanted(Limits(50, 30, 2, 6, without_token=25), None) == [("stranger", 25), ("all", 50)]


def test_a_tenants_own_limits_go_before_the_common_ones() -> None:
    assert LIMITS.but(TenantLimits()) == LIMITS
    own = TenantLimits(sessions=1, sessions_per_user=4, reconnects_per_minute=8)
    assert LIMITS.but(own) == Limits(50, 1, 4, 9)


def test_a_refusal_names_the_limit() -> None:
    assert WantedKey("user.t.ada", 2, "of this user").refusal == (
        "the limit of 2 of this user is reached"
    )


@pytest.mark.parametrize(("limit", "tries"), [(0, 0), (2, 2), (50, PROBES)])
def test_a_few_keys_are_tried_before_the_stored_ones_are_known(limit: int, tries: int) -> None:
    first = WantedKey("all", limit, "in all").first_tries()
    assert len(keys(first)) == tries
    assert keys(first) <= {f"all.{number}" for number in range(limit)}
    assert all(last == 0 for _, last in first)


def test_then_keys_that_are_free() -> None:
    key = WantedKey("all", 3, "in all")
    assert key.subject == "$KV.AURA_SEATS.all.*"
    others = [stored("all.0", 4, "s0"), stored("all.1", 5, "")]
    tries = key.next_tries(others, "s")
    assert keys(tries) == {"all.1", "all.2"}, "a key without a session is free"
    assert all(last == 0 for _, last in tries)
    assert len(WantedKey("all", 99, "in all").next_tries(others, "s")) == MOST_TRIES


def test_none_is_tried_when_all_are_taken() -> None:
    full = [stored("user.t.ada.0", 4, "s0"), stored("user.t.ada.1", 5, "s1")]
    assert WantedKey("user.t.ada", 2, "of this user").next_tries(full, "s") == []


def test_a_resumed_session_takes_its_own_key_but_joins_again() -> None:
    full = [stored("user.t.ada.0", 4, "s0"), stored("user.t.ada.1", 5, "s")]
    assert WantedKey("user.t.ada", 3, "of this user").next_tries(full, "s") == [
        ("$KV.AURA_SEATS.user.t.ada.1", 5)
    ]
    joined = [stored("join.t.ada.0", 4, "s")]
    assert keys(WantedKey("join.t.ada", 2, "joins", is_join=True).next_tries(joined, "s")) == {
        "join.t.ada.1"
    }


@pytest.mark.parametrize(
    ("session", "in_doubt", "seq"),
    [
        ("s", True, 7),  # our own write, whose answer was lost
        ("s", False, None),  # a newer connection of the session
        ("another", True, None),
        ("another", False, None),
        ("", False, 0),
    ],
)
def test_whose_key_it_is_after_a_refused_renewal(
    *, session: str, in_doubt: bool, seq: int | None
) -> None:
    assert seq_after_fence([stored("all.0", 7, session)], "s", in_doubt=in_doubt) == seq
    assert seq_after_fence([], "s", in_doubt=in_doubt) == 0, "it has expired"
