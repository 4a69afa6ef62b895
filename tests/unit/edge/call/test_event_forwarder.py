"""A client is told of an event once, however often it comes."""

from __future__ import annotations

from edge.call.event_forwarder import MOST_REMEMBERED_IDS, EventForwarder
from edge.core.client_events import ClientEvent, Happened
from schemas.events import AnswerReached


def reached(index: int) -> AnswerReached:
    return AnswerReached(tenant="t", session="s", at_ms=index, turn=1, index=index)


def test_an_event_that_comes_back_over_the_bus_is_told_once() -> None:
    told: list[ClientEvent] = []
    teller = EventForwarder(told.append)
    for index in (0, 1, 0, 1, 2):
        teller.forward(reached(index))
    assert told == [Happened(reached(index)) for index in (0, 1, 2)]


def test_what_was_told_long_ago_is_forgotten() -> None:
    told: list[ClientEvent] = []
    teller = EventForwarder(told.append)
    for index in (*range(MOST_REMEMBERED_IDS + 1), 0):
        teller.forward(reached(index))
    assert told[-1] == Happened(reached(0))
