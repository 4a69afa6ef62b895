"""What a connection may cost, with time as an argument."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from edge.door.limits.allowance import PATIENCE_S, OverBudgetError
from edge.door.limits.connection_budget import (
    ADDRESS_MULTIPLE,
    MOST_ADDRESSES,
    MOST_OUTSTANDING,
    MOST_OUTSTANDING_OF_ADDRESS,
    Budgets,
    ConnectionBudget,
)
from edge.door.limits.costs import (
    AT_ONCE_S,
    BURST_BYTES,
    BURST_FRAMES,
    BURST_SOUND_S,
    BURST_WORK_S,
    CHECK_BYTES,
    CHECK_FRAMES,
    CHECK_WORK_S,
    REFUSAL_WORK_S,
    SOUND_PACE,
    TURNS_AT_ONCE,
    WORK_AT_ONCE_S,
    Costs,
)
from edge.door.limits.sound_ahead import EDGE_SHARE, EDGE_WAIT_S, STRANGERS_SHARE, STRANGERS_TURNS

COSTS = Costs(frames_a_second=100, sound_at_once_s=60.0)


@dataclass
class Told:
    """A session's recognition, as a test says it."""

    outstanding: int = 0
    speaking: bool = False


@pytest.fixture
def stack() -> ExitStack:
    return ExitStack()


def opened(
    stack: ExitStack, budgets: Budgets | None = None, address: str = "a"
) -> ConnectionBudget:
    return stack.enter_context((budgets or Budgets(COSTS)).opened(address, 0.0))


def flood(budget: ConnectionBudget, spent: dict[str, float]) -> tuple[str, float]:
    """Spend as fast as it is read; return why the connection is closed, and when."""
    now_s = 0.0
    for _ in range(100_000):
        for name, amount in spent.items():
            setattr(budget, name, getattr(budget, name) + amount)
        try:
            now_s += 0.001 + budget.check(now_s)
        except OverBudgetError as over:
            return str(over), now_s
    return "", now_s


def test_a_live_caller_is_never_ahead_and_never_waits(stack: ExitStack) -> None:
    """50 frames a second for an hour, 15 ms of work in each, and a stall of 3 s now and then."""
    budget = opened(stack)
    for second in range(3600):
        came = 0 if second % 60 < 3 else 4 if second % 60 == 3 else 1
        budget.frames += 50 * came
        budget.bytes += 33_000 * came
        budget.work_s += 0.015 * came
        budget.sound_s += came
        assert budget.check(float(second)) == 0.0
        assert not budget.is_ahead
        assert not budget.load or second % 60 in range(3, 6)  # after the stall


@pytest.mark.parametrize(
    "spent",
    [
        {"frames": BURST_FRAMES + 1},
        {"bytes": BURST_BYTES + 1},
        {"work_s": BURST_WORK_S + 0.001},
        {"sound_s": BURST_SOUND_S + 0.1},
    ],
)
def test_who_sends_more_at_once_than_a_live_caller_bursts_for_a_while(
    stack: ExitStack, spent: dict[str, float]
) -> None:
    budget = opened(stack)
    for name, amount in spent.items():
        setattr(budget, name, amount)
    assert budget.check(0.0) == 0.0
    assert budget.load
    assert not budget.is_ahead
    budget.check(2.0)
    assert not budget.load


def test_a_recording_is_welcome_up_to_a_bound_then_paced(stack: ExitStack) -> None:
    budget = opened(stack)
    budget.sound_s += 60
    assert budget.check(0.0) == 0.0
    assert budget.is_ahead
    budget.sound_s += 10
    assert budget.check(0.0) == pytest.approx(10 / SOUND_PACE)
    assert budget.check(5.0) == 0.0


def test_one_message_with_far_more_is_closed_at_once(stack: ExitStack) -> None:
    budget = opened(stack)
    budget.sound_s += 60 + SOUND_PACE * PATIENCE_S + 1
    with pytest.raises(OverBudgetError, match="sound faster than it is spoken: more than 60 s"):
        budget.check(0.0)


def test_who_is_slowed_for_too_long_is_closed(stack: ExitStack) -> None:
    why, now_s = flood(opened(stack), {"sound_s": 4.0})
    assert why.startswith("sound")
    assert PATIENCE_S <= now_s <= PATIENCE_S + 5


def test_who_was_slowed_once_and_then_speaks_is_not_closed(stack: ExitStack) -> None:
    budget = opened(stack)
    budget.sound_s += 100
    now_s = budget.check(0.0)
    for _ in range(300):
        now_s += 1
        budget.sound_s += 1
        assert budget.check(now_s) == 0.0


@pytest.mark.parametrize(
    ("spent", "why"),
    [
        ({"frames": 10}, "WebSocket frames"),
        ({"bytes": 300_000}, "bytes"),
        ({"work_s": 0.03}, "work"),
        ({"turns": 1}, "typed turns"),
    ],
)
def test_everything_that_costs_is_paced_and_then_closed(
    stack: ExitStack, spent: dict[str, float], why: str
) -> None:
    """Sent as fast as it is read: the flood gets its rate, for half a minute."""
    told, now_s = flood(opened(stack), spent)
    assert why in told
    assert PATIENCE_S <= now_s < 2 * PATIENCE_S


def test_frames_of_a_stall_come_at_once_and_cost_no_wait(stack: ExitStack) -> None:
    budget = opened(stack)
    budget.frames += int(AT_ONCE_S * COSTS.frames_a_second)
    assert budget.check(0.0) == 0.0


def test_the_connections_of_an_address_share_what_may_be_ahead(stack: ExitStack) -> None:
    budgets = Budgets(COSTS)
    several = [opened(stack, budgets) for _ in range(6)]
    waits = []
    for budget in several:
        budget.stranger = False
        budget.sound_s += 60
        waits.append(budget.check(0.0))
    assert [wait_s > 0 for wait_s in waits] == [False] * int(ADDRESS_MULTIPLE) + [True] * 4
    other = opened(stack, budgets, "b")
    other.stranger = False
    other.sound_s += 60
    assert other.check(0.0) == 0.0


@pytest.mark.parametrize(("stranger", "share"), [(True, STRANGERS_SHARE), (False, EDGE_SHARE)])
def test_all_addresses_share_the_sound_that_may_be_ahead(
    stack: ExitStack, stranger: bool, share: float
) -> None:
    budgets, waits = Budgets(COSTS), []
    for number in range(100):
        budget = opened(stack, budgets, f"{number}")
        budget.stranger = stranger
        budget.sound_s += 60
        waits.append(budget.check(0.0))
    free = int(share)
    assert [wait_s > 0 for wait_s in waits] == [False] * free + [True] * (100 - free)
    assert max(waits) <= EDGE_WAIT_S
    assert budget.check(EDGE_WAIT_S) == 0.0  # it may have come late, over a bad line
    caller = opened(stack, budgets, "with a token")
    caller.stranger = not stranger
    caller.sound_s += 60
    assert caller.check(0.0) == 0.0
    live = opened(stack, budgets, "live")
    for second in range(60):
        live.sound_s += 1
        live.frames += 50
        assert live.check(float(second)) == 0.0


def test_a_live_caller_does_not_pay_the_debt_of_its_address(stack: ExitStack) -> None:
    budgets = Budgets(COSTS)
    for budget in [opened(stack, budgets) for _ in range(6)]:
        budget.sound_s += 60
        budget.work_s += WORK_AT_ONCE_S
        budget.check(0.0)
    live = opened(stack, budgets)
    for second in range(60):
        live.sound_s += 1
        live.frames += 50
        assert live.check(float(second)) == 0.0


def test_a_new_connection_is_no_fresh_start_for_its_address() -> None:
    budgets, free = Budgets(COSTS), 0
    for _ in range(10):
        with budgets.opened("a", 0.0) as budget:
            budget.stranger = False
            budget.sound_s += 60
            free += budget.check(0.0) == 0.0
    assert free == ADDRESS_MULTIPLE
    for number in range(MOST_ADDRESSES + 5):
        with budgets.opened(f"n{number}", 0.0) as budget:
            budget.sound_s += 15
            budget.check(0.0)
    assert len(budgets._addresses) == MOST_ADDRESSES


def test_an_address_that_spent_nothing_is_not_remembered() -> None:
    budgets = Budgets(COSTS)
    for number in range(10):
        with budgets.opened(f"n{number}", 0.0) as budget:
            budget.frames += 10
            budget.check(0.0)
    assert not budgets._addresses


def test_sound_that_is_ahead_waits_for_its_own_utterances(stack: ExitStack) -> None:
    budget = opened(stack)
    budget.recognition = told = Told(outstanding=MOST_OUTSTANDING)
    assert not budget.is_held(strained=True)  # it is live
    budget.sound_s += 30
    budget.check(0.0)
    assert budget.is_held(strained=False)
    told.outstanding = 1
    assert not budget.is_held(strained=False)
    assert budget.is_held(strained=True)
    told.speaking = True
    assert not budget.is_held(strained=True)  # a wait would be taken for silence


def test_it_waits_for_those_of_its_address_too(stack: ExitStack) -> None:
    budgets = Budgets(COSTS)
    several = [opened(stack, budgets) for _ in range(MOST_OUTSTANDING_OF_ADDRESS)]
    for budget in several:
        budget.recognition = Told(outstanding=1)
        budget.sound_s += 15
        budget.check(0.0)
    assert all(budget.is_held(strained=False) for budget in several)
    assert budgets.is_ahead("a")
    assert not budgets.is_ahead("b")
    assert not opened(stack, budgets, "b").is_held(strained=True)


def test_it_is_checked_every_few_frames(stack: ExitStack) -> None:
    budget = opened(stack)
    for _ in range(CHECK_FRAMES):
        assert budget.is_small
        budget.frames += 1
    assert not budget.is_small


@pytest.mark.parametrize(
    ("what", "amount"), [("bytes", CHECK_BYTES), ("work_s", CHECK_WORK_S), ("turns", 1)]
)
def test_more_than_live_sound_costs_is_reckoned_up_at_once(
    stack: ExitStack, what: str, amount: float
) -> None:
    budget = opened(stack)
    setattr(budget, what, amount)
    assert not budget.is_small


def test_whoever_owes_or_bursts_is_checked_every_time(stack: ExitStack) -> None:
    types, hurries = opened(stack), opened(stack, address="b")
    types.turns += int(TURNS_AT_ONCE) + 1
    assert types.check(0.0) == pytest.approx(1.0)
    assert not types.is_small
    assert types.check(1.0) == 0.0
    assert types.is_small
    hurries.frames += int(BURST_FRAMES) + 1
    hurries.check(0.0)
    assert not hurries.is_small


def test_typed_turns_come_at_once_up_to_a_bound(stack: ExitStack) -> None:
    budget = opened(stack)
    budget.turns += int(TURNS_AT_ONCE)
    assert budget.check(0.0) == 0.0
    budget.turns += 2
    assert budget.check(0.0) == pytest.approx(2.0)


def test_strangers_who_type_share_what_they_type_and_callers_do_not(stack: ExitStack) -> None:
    budgets = Budgets(COSTS)
    typed = 0
    for number in range(100):
        budget = opened(stack, budgets, f"a{number}")
        for _ in range(int(TURNS_AT_ONCE)):
            budget.turns += 1
            if budget.check(0.0):
                assert budget.check(EDGE_WAIT_S) == 0.0  # it is late, and not lost
                break
            typed += 1
    assert typed < STRANGERS_TURNS < 100 * TURNS_AT_ONCE
    caller = opened(stack, budgets, "caller")
    caller.stranger = False
    caller.turns += int(TURNS_AT_ONCE)
    assert caller.check(0.0) == 0.0


def test_who_is_refused_again_and_again_is_slowed_and_who_tries_now_and_then_is_not(
    stack: ExitStack,
) -> None:
    patient, greedy = opened(stack), opened(stack, address="b")
    for second in range(600):
        patient.work_s += REFUSAL_WORK_S
        assert patient.check(float(second)) == 0.0
    refused = 0
    while not greedy.check(0.0):
        greedy.work_s += REFUSAL_WORK_S
        refused += 1
    assert refused <= WORK_AT_ONCE_S / REFUSAL_WORK_S + 1
    assert greedy.load


def live(budget: ConnectionBudget, seconds: float = 1.0) -> None:
    """Spend what a live caller does."""
    budget.frames += int(50 * seconds)
    budget.bytes += int(1000 * seconds)
    budget.work_s += 0.015 * seconds
    budget.sound_s += seconds


def test_a_live_caller_is_settled_every_second_and_never_checked(stack: ExitStack) -> None:
    budget = opened(stack)
    for second in range(1, 3600):
        live(budget)
        assert budget.settle(float(second))
        assert budget.is_small


def test_who_was_checked_is_settled_again_once_all_is_refilled(stack: ExitStack) -> None:
    budget = opened(stack)
    live(budget)
    assert not budget.settle(0.1)
    assert budget.check(0.1) == 0.0
    live(budget, 0.2)
    assert not budget.settle(0.3)
    live(budget, 0.8)
    assert budget.settle(2.0)


@pytest.mark.parametrize("long_s", [1.0, 1000.0])
def test_a_burst_counts_as_if_nothing_had_been_settled(stack: ExitStack, long_s: float) -> None:
    budget = opened(stack)
    live(budget)
    assert budget.settle(long_s)
    budget.sound_s += BURST_SOUND_S - 1 + 0.1
    assert not budget.settle(long_s)
    budget.check(long_s)
    assert budget.load


@pytest.mark.parametrize(
    "spent",
    [
        {"frames": BURST_FRAMES + 1},
        {"bytes": BURST_BYTES + 1},
        {"work_s": BURST_WORK_S + 0.001},
        {"sound_s": BURST_SOUND_S + 0.1},
        {"turns": 1},
    ],
)
def test_a_silence_saves_nothing_up(stack: ExitStack, spent: dict[str, float]) -> None:
    budget = opened(stack)
    for name, amount in spent.items():
        setattr(budget, name, amount)
    assert not budget.settle(1000.0)


def test_fewer_frames_than_live_ones_are_settled_where_the_operator_allows_few(
    stack: ExitStack,
) -> None:
    budget = opened(stack, Budgets(Costs(frames_a_second=10)))
    budget.frames += 11
    assert not budget.settle(1.0)
    budget.check(1.0)
    budget.frames += 5
    assert budget.settle(4.0)
