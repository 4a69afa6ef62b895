"""What all connections of an edge share."""

from __future__ import annotations

from edge.door.limits.common_bounds import (
    LEAST_WAITING_BYTES,
    MOST_CLIENT_BYTES,
    WAITING_BYTES_OF_STRANGERS,
    CommonBounds,
    SendBuffer,
    message_bytes,
)
from runtime.settings import load
from tests.unit.edge.door.limits.test_address_limits import limits

PIECE = 10_000


def bounds(**settings: int) -> CommonBounds:
    return CommonBounds.of(load(_env_file=None, **settings))


def test_a_message_has_the_bytes_that_are_sent() -> None:
    assert [message_bytes(one) for one in ("", "abc", "aé", "नमस्ते", b"\xff\0")] == [0, 3, 3, 18, 2]


def buffer_of(shared: CommonBounds, address: str, *, stranger: bool) -> SendBuffer:
    return SendBuffer(shared.waiting.of(stranger=stranger).account(address))


def fill(waiting: SendBuffer) -> int:
    """Let audio wait until there is no space; return how many bytes that are."""
    size = 0
    while waiting.add(PIECE, 1):
        size += PIECE
    return size


def test_conversations_of_strangers_follow_their_seats_and_an_address_reaches_its_own_rate() -> (
    None
):
    assert bounds().sessions.size == 1000
    assert bounds(max_sessions=10).sessions.size == 2 * limits().sessions.a_minute
    assert bounds(joins_per_minute_without_token=7).sessions.size == 7


def test_a_slow_reader_has_the_buffer_of_one_client() -> None:
    waiting = buffer_of(bounds(), "a", stranger=True)
    size = fill(waiting)
    assert MOST_CLIENT_BYTES < size <= MOST_CLIENT_BYTES + PIECE
    while waiting.add(PIECE, 2):
        size += PIECE
    assert 2 * MOST_CLIENT_BYTES < size <= 2 * MOST_CLIENT_BYTES + PIECE


def test_slow_strangers_from_a_thousand_sockets_have_a_bound_and_take_nothing_from_callers() -> (
    None
):
    shared = bounds()
    slow = [buffer_of(shared, str(number % 100), stranger=True) for number in range(1000)]
    total = sum(fill(one) for one in slow)
    assert total <= WAITING_BYTES_OF_STRANGERS + 1000 * (LEAST_WAITING_BYTES + PIECE)
    assert fill(buffer_of(shared, "0", stranger=False)) > MOST_CLIENT_BYTES
    assert fill(buffer_of(shared, "new", stranger=True)) > LEAST_WAITING_BYTES


def test_a_client_that_reads_has_space_beside_any_number_that_do_not() -> None:
    shared = bounds()
    for number in range(1000):
        fill(buffer_of(shared, str(number), stranger=True))
    reads = buffer_of(shared, "reads", stranger=True)
    for _ in range(100):
        assert reads.has_space()
        assert reads.add(LEAST_WAITING_BYTES, 1)
        reads.sent(LEAST_WAITING_BYTES)


def test_who_leaves_gives_all_back() -> None:
    shared = bounds()
    slow = [buffer_of(shared, "a", stranger=True) for _ in range(9)]
    for one in slow:
        fill(one)
    for one in slow:
        one.give_all_back()
    assert shared.waiting.strangers.free_amount() == WAITING_BYTES_OF_STRANGERS


def test_bytes_that_were_sent_make_room_for_others_of_the_address() -> None:
    shared = bounds()
    waiting = buffer_of(shared, "a", stranger=True)
    size = fill(waiting)
    assert not waiting.has_space()
    waiting.sent(size)
    assert waiting.has_space()
    assert shared.waiting.strangers.account("b").fits(WAITING_BYTES_OF_STRANGERS // 2)


def test_audio_of_strangers_takes_nothing_from_callers() -> None:
    shared = bounds()
    for split in (shared.spoken, shared.decoded):
        stranger, size = split.strangers.account("a"), 0
        while stranger.fits(MOST_CLIENT_BYTES // 4):
            stranger.take(MOST_CLIENT_BYTES // 4)
            size += MOST_CLIENT_BYTES // 4
        assert size > 0
        assert not stranger.fits(MOST_CLIENT_BYTES // 4)
        assert split.callers.account("a").fits(MOST_CLIENT_BYTES // 4)
