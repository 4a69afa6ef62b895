"""A greeting waits for a page that may not listen yet."""

from __future__ import annotations

import pytest

from edge.core.messages.client_events import Speech
from edge.protocols.client_protocol import Handshake
from edge.protocols.continuous import PAGE_WAIT_MS, ContinuousProtocol
from schemas import events as ev
from tests.unit.edge.core.rehearsal import Rehearsal

GREETING = "Hello there."


def greeted(wait_ms: int) -> Rehearsal:
    """A call whose greeting is spoken, and whose client has sent nothing."""
    r = Rehearsal("sentences", response__greeting=GREETING, response__greeting_wait_ms=wait_ms)
    r.speaks(0, 600, turn=0)
    return r


def test_a_greeting_is_sent_at_once_to_a_client_that_waits_for_nothing() -> None:
    assert [one.text for one in greeted(0).told(Speech)] == [GREETING]


def test_a_greeting_waits_for_the_first_audio_of_its_client() -> None:
    r = greeted(5000)
    r.wait(1000)
    assert r.events(ev.ResponseSentence)
    assert not r.told(Speech)
    r.quiet(20)
    assert [one.text for one in r.told(Speech)] == [GREETING]


def test_a_greeting_waits_no_longer_than_it_may() -> None:
    r = greeted(5000)
    r.wait(4999)
    assert not r.told(Speech)
    r.wait(1)
    assert [one.text for one in r.told(Speech)] == [GREETING]


@pytest.mark.parametrize(
    ("query", "headers", "wait_ms"),
    [
        ({}, {"origin": "x"}, PAGE_WAIT_MS),
        ({"rate": "48000"}, {"origin": "x"}, None),
        ({}, {}, None),
    ],
)
def test_only_a_page_that_says_no_rate_is_waited_for(
    query: dict[str, str], headers: dict[str, str], wait_ms: int | None
) -> None:
    (begin, *_) = ContinuousProtocol(Handshake("conn_0", query, headers)).opened()
    assert begin.changes.get("response.greeting_wait_ms") == wait_ms  # type: ignore[union-attr]  # Begin
