"""When the frames of a microphone were spoken, whatever the network does."""

from __future__ import annotations

import numpy as np

from edge.core.hearing.microphone_clock import OFF_MS, PAUSED_MS, PERIOD_MS, MicrophoneClock


def spoken(arrivals: list[tuple[int, int]]) -> list[int]:
    """Return when the frames were spoken that came so many at a time, at these times."""
    clock, found = MicrophoneClock(), []
    for frames, now_ms in arrivals:
        clock.arrived(frames, now_ms)
        found += [clock.next_ms() for _ in range(frames)]
    return found


def test_jitter_does_not_move_the_clock() -> None:
    late = np.random.default_rng(1).integers(0, 100, 200)
    arrivals = [(1, 5000 + 20 * n + int(ms)) for n, ms in enumerate(late)]
    found = spoken(arrivals)
    off = [at - (5000 + 20 * n) for n, at in enumerate(found)]
    assert all(0 <= one <= 45 for one in off[50:])


def test_first_packets_that_were_the_late_ones_are_forgotten() -> None:
    found = spoken([*[(1, 5280)] * 14, *((1, 5000 + 20 * n) for n in range(14, 30))])
    assert found[0] == 5280
    assert all(0 <= at - (5000 + 20 * n) <= OFF_MS for n, at in enumerate(found) if n >= 14)


def test_packets_that_a_network_held_back_come_at_their_own_times() -> None:
    steady = [(1, 5000 + 20 * n) for n in range(50)]
    found = spoken([*steady, (30, 5000 + 20 * 79), (1, 5000 + 20 * 80)])
    assert found == [5000 + 20 * n for n in range(81)]


def test_a_microphone_that_paused_goes_on_at_the_present_time() -> None:
    steady = [(1, 5000 + 20 * n) for n in range(100)]
    long, short = 7000 + PAUSED_MS + 100, 7000 + PAUSED_MS // 2
    assert spoken([*steady, (1, long)])[-1] == long
    later = [(1, short + 20 * n) for n in range(2 * PERIOD_MS // 20 + 2)]
    assert spoken([*steady, *later])[-1] == later[-1][1]
