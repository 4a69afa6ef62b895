"""A client is told of an event once, however often it comes."""

from __future__ import annotations

from typing import Any

from edge.call.event_forwarder import MOST_TAKEN, EventForwarder
from edge.core.client_events import ClientEvent, Happened
from schemas.events import Event, ResponseCancelled, TranscriptFinal, TurnCommitted

WHOSE: dict[str, Any] = {"tenant": "t", "session": "s"}


def words(number: int) -> TranscriptFinal:
    return TranscriptFinal(
        **WHOSE, at_ms=number, utterance=number, text="Hi.", confidence=1.0,
        audio_ms=1, took_ms=1.0, model="m",
    )  # fmt: skip


def told(*events: Event) -> list[ClientEvent]:
    return [Happened(event) for event in events]


def test_an_event_that_comes_live_and_from_the_log_is_told_once() -> None:
    found: list[ClientEvent] = []
    teller = EventForwarder(found.append)
    for seq in (3, 1, 3):  # the message of 2 was lost
        teller.forward_stored(words(seq), seq)
    for seq in (1, 4, 2, 3):  # what was read of the log, and what comes live meanwhile
        teller.forward_stored(words(seq), seq)
    teller.forward_stored(words(4), 4)
    assert found == told(words(3), words(1), words(4), words(2))


def test_a_long_log_that_is_read_again_is_not_told_again() -> None:
    found: list[ClientEvent] = []
    teller = EventForwarder(found.append)
    for _ in range(2):
        for seq in range(1, 5000):
            teller.forward_stored(words(seq), seq)
    assert len(found) == 4999


def test_the_memory_is_bounded_so_that_an_event_lost_long_ago_is_not_told_any_more() -> None:
    found: list[ClientEvent] = []
    teller = EventForwarder(found.append)
    lost, *came = range(1, MOST_TAKEN + 3)
    for seq in (*came, lost, *came):
        teller.forward_stored(words(seq), seq)
    assert len(found) == len(came)


def test_an_event_of_the_edge_is_told_at_once_and_not_when_it_comes_back() -> None:
    found: list[ClientEvent] = []
    teller = EventForwarder(found.append)
    cancelled = ResponseCancelled(**WHOSE, at_ms=1, turn=1, reason="retracted")
    committed = TurnCommitted(
        **WHOSE, at_ms=2, turn=1, text="Hi.", confidence=1.0, speculative=False
    )
    teller.forward(cancelled)
    teller.forward(committed)
    for _ in range(2):
        teller.forward_stored(cancelled, 7)
    assert found == told(cancelled, committed)
