"""The session's own events as a client sees them: which, and nothing more of them."""

from __future__ import annotations

from typing import Any

import msgspec

from edge.core.messages.client_commands import Begin
from edge.core.messages.client_events import Happened
from edge.core.messages.inputs import Cancelled
from edge.protocols.client_protocol import Handshake
from edge.protocols.continuous import ContinuousProtocol
from edge.protocols.session_events import SHOWN
from schemas import events as ev
from schemas.events import tag
from schemas.generate import event_types
from tests.neutral import taken

WHOSE: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": 1_700_000_000_000}
SECRET = "You are a bank's assistant; the vault's code is 1234."


def connected(**query: str) -> ContinuousProtocol:
    return ContinuousProtocol(Handshake(connection="conn_0", query=query))


def test_every_field_that_is_told_is_one_of_its_event() -> None:
    fields = {tag(kind): set(kind.__struct_encode_fields__) for kind in event_types()}
    for name, told in SHOWN.items():
        assert set(told) <= fields[name], name


def test_a_job_is_sent_without_its_content() -> None:
    told = taken(
        **WHOSE,
        turn=3,
        utterance=2,
        system=SECRET,
        messages=(ev.Message("user", SECRET),),
        speculative=True,
    )
    (message,) = connected(events="1").messages(Happened(told))
    assert message == {
        "type": "event",
        "event": "turn.taken",
        "at_ms": WHOSE["at_ms"],
        "data": {"turn": 3, "utterance": 2, "pause": 1, "speculative": True},
    }
    assert SECRET.encode() not in msgspec.json.encode(message)


def test_words_are_sent_when_they_are_spoken_and_internal_types_never() -> None:
    sentence = ev.ResponseSentence(
        **WHOSE, turn=1, index=0, text=SECRET, first_token_ms=1, took_ms=2, model="m", deadline_ms=0
    )
    (message,) = connected().messages(Happened(sentence))
    assert SECRET.encode() not in msgspec.json.encode(message)
    reached = ev.AnswerReached(**WHOSE, turn=1, index=0)
    assert connected().messages(Happened(reached)) == []


def test_events_are_told_only_where_they_are_asked_for() -> None:
    for query, asked in (({}, False), ({"events": "0"}, False), ({"events": "1"}, True)):
        begin, *ignored = connected(**query).opened()
        assert isinstance(begin, Begin)
        assert begin.events is asked
        assert ignored == []
    assert len(connected(events="yes").opened()) == 2


def test_a_client_may_interrupt_by_a_message() -> None:
    assert connected().receive('{"type": "interrupt"}') == [Cancelled()]
