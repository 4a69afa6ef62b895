"""A client may send a burst of events, and then as many a second as allowed."""

from edge.protocols.realtime.limits import BURST_S, EventLimit
from edge.protocols.realtime.wire import Ids


def test_a_burst_is_taken_and_no_event_more() -> None:
    limit = EventLimit(5)
    assert all(limit.takes(1000) for _ in range(5 * BURST_S))
    assert not limit.takes(1000)


def test_the_allowance_grows_with_time_up_to_the_burst() -> None:
    limit = EventLimit(5)
    while limit.takes(1000):
        pass
    assert [limit.takes(1200), limit.takes(1200)] == [True, False]
    assert sum(limit.takes(10_000_000) for _ in range(1000)) == 5 * BURST_S


def test_a_clock_that_goes_back_gives_nothing() -> None:
    limit = EventLimit(1)
    while limit.takes(5000):
        pass
    assert not limit.takes(1000)


def test_the_client_is_told_what_is_left_and_when_all_is_back() -> None:
    limit = EventLimit(2)
    for _ in range(10):
        limit.takes(0)
    event = limit.as_event(Ids("c"))
    assert event["type"] == "rate_limits.updated"
    [told] = event["rate_limits"]
    assert told == {"name": "requests", "limit": 40, "remaining": 30, "reset_seconds": 5.0}
