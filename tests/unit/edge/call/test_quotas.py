"""Bytes that a call may store, with time as an argument."""

from __future__ import annotations

import json
from pathlib import Path

from edge.call.quotas import (
    BURST_MINUTES,
    OVERHEAD_BYTES,
    RETENTION_S,
    LogQuota,
    LogQuotas,
    RecordingQuotas,
    StorageQuotas,
)
from runtime.settings import load

MINUTE_S = 60.0


def quotas(strangers_mb: int = 1000) -> LogQuotas:
    return LogQuotas(session_kb=100, connections=10, strangers_mb=strangers_mb)


def stored(quota: LogQuota, now_s: float, *, most: int = 100_000) -> tuple[int, str]:
    """Store events of 1000 bytes until it is too much; return how many, and why."""
    for count in range(1, most):
        if why := quota.spend(1000 - OVERHEAD_BYTES, now_s):
            return count, why
    return most, ""


def test_a_session_stores_its_minutes_at_once_and_then_is_told_which_share_is_used_up() -> None:
    quota = quotas().of("a", stranger=False)
    assert quota.begin(0.0) == ""
    count, why = stored(quota, 0.0)
    assert count == 100 * BURST_MINUTES + 1
    assert "AURA_LOG_KB_PER_MINUTE" in why


def test_honest_talk_is_never_too_much() -> None:
    quota = quotas().of("a", stranger=True)
    assert not [s for s in range(4 * 3600) if quota.spend(1000, float(s))]


def test_an_address_cannot_go_on_with_another_session_and_another_address_can() -> None:
    shared = quotas()
    quota = shared.of("a", stranger=False)
    sessions = 0
    while not quota.begin(0.0):
        sessions += 1
        stored(quota, 0.0)
    assert sessions == 4
    again = shared.of("a", stranger=False)
    assert "of this address" in again.begin(0.0)
    assert "try again in" in again.begin(0.0)
    assert shared.of("b", stranger=False).begin(0.0) == ""
    assert again.begin(2 * MINUTE_S) == ""


def test_all_strangers_together_store_twice_their_share_at_most_in_72_h() -> None:
    shared, total, refused = quotas(strangers_mb=10), 0, ""
    for hour in range(RETENTION_S // 3600):
        for address in range(50):
            quota = shared.of(f"{hour}.{address}", stranger=True)
            if not (refused := quota.begin(hour * 3600.0)):
                total += stored(quota, hour * 3600.0)[0]
    assert "AURA_LOG_MB_OF_STRANGERS" in refused
    assert 8000 <= total <= 20_500
    assert shared.of("x", stranger=False).begin(RETENTION_S) == ""


def test_strangers_of_many_addresses_leave_room_for_the_session_of_another() -> None:
    shared = quotas(strangers_mb=10)
    for _ in range(100):
        for number in range(100):
            greedy = shared.of(str(number), stranger=True)
            if not greedy.begin(0.0):
                stored(greedy, 0.0, most=20)
    assert "callers without a token" in shared.of("0", stranger=True).begin(0.0)
    other = shared.of("new", stranger=True)
    assert other.begin(0.0) == ""
    assert not [s for s in range(20) if other.spend(1000, float(s))]


def test_sound_as_fast_as_it_is_spoken_is_kept_until_the_tenants_share_is_used_up() -> None:
    quotas = RecordingQuotas(tenant_mb=10)
    quota, second = quotas.of("t"), 64_000  # both sides
    kept = next(s for s in range(10_000) if quota.spend(second, float(s)))
    assert 10e6 / second <= kept + 1 <= 10e6 / second + 5
    assert "AURA_RECORDED_MB_PER_TENANT" in quotas.of("t").spend(second, float(kept))
    assert "AURA_RECORDED_MB_PER_TENANT" in quotas.of("t").begin(float(kept))
    assert quotas.of("another").begin(float(kept)) == ""
    assert quotas.of("t").begin(kept + 3600.0) == ""
    assert quotas.of("another").spend(second, float(kept)) == ""


def test_sound_that_comes_too_fast_is_not_kept_for_long() -> None:
    quota = RecordingQuotas(tenant_mb=1000).of("t")
    kept = next(n for n in range(10_000) if quota.spend(32_000, n / 100))
    assert kept * 32_000 < 10e6
    assert "faster" in quota.spend(32_000, kept / 100)


def test_an_edge_has_the_quotas_of_its_settings() -> None:
    settings = load(_env_file=None, log_kb_per_minute=100, recorded_mb_per_tenant=1)
    edge = StorageQuotas.of(settings)
    session = edge.log.of("a", stranger=False)
    assert session.begin(0.0) == ""
    assert "this session (AURA_LOG_KB_PER_MINUTE)" in session.spend(100_000 * BURST_MINUTES, 0.0)
    assert edge.audio.of("t").spend(999_000, 0.0) == ""
    assert "AURA_RECORDED_MB_PER_TENANT" in edge.audio.of("t").spend(2000, 0.0)


def test_quotas_are_of_the_time_for_which_events_are_kept() -> None:
    streams = Path(__file__).parents[4] / "nats" / "streams"
    events = json.loads((streams / "AURA_EVENTS.json").read_text(encoding="utf-8"))
    assert events["max_age"] == RETENTION_S * 1_000_000_000
