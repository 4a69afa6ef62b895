"""A client is told of an event once, however often it comes."""

from __future__ import annotations

from typing import Any

from edge.call.event_forwarder import MOST_KNOWN, EventForwarder
from edge.core.messages.client_events import ClientEvent, Happened
from schemas.events import Event, RecordingEnded, ResponseCancelled, TranscriptFinal, TurnCommitted

WHOSE: dict[str, Any] = {"tenant": "t", "session": "s"}


def words(number: int) -> TranscriptFinal:
    return TranscriptFinal(
        **WHOSE, at_ms=number, utterance=number, text="Hi.", confidence=1.0,
        audio_ms=1, took_ms=1.0, model="m",
    )  # fmt: skip


def cancelled(turn: int) -> ResponseCancelled:
    return ResponseCancelled(**WHOSE, at_ms=turn, turn=turn, reason="retracted")


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
    lost, *came = range(1, MOST_KNOWN + 3)
    for seq in (*came, lost, *came):
        teller.forward_stored(words(seq), seq)
    assert len(found) == len(came)


def test_an_event_of_the_edge_is_told_at_once_and_not_when_it_comes_back() -> None:
    found: list[ClientEvent] = []
    teller = EventForwarder(found.append)
    committed = TurnCommitted(
        **WHOSE, at_ms=2, turn=1, text="Hi.", confidence=1.0, speculative=False
    )
    teller.forward(cancelled(1))
    teller.forward(committed)
    for _ in range(2):
        teller.forward_stored(cancelled(1), 7)
    assert found == told(cancelled(1), committed)


def test_the_memory_of_own_events_is_bounded_too_and_has_none_that_do_not_come_back() -> None:
    found: list[ClientEvent] = []
    teller = EventForwarder(found.append)
    own = [cancelled(turn) for turn in range(MOST_KNOWN + 1)]
    for event in own:
        teller.forward(event)
    for number in range(MOST_KNOWN):
        teller.forward(RecordingEnded(**WHOSE, at_ms=number, reason="quota"))
    found.clear()
    for seq, event in enumerate(own, 1):
        teller.forward_stored(event, seq)
    assert found == told(own[0]), "it was forgotten"
