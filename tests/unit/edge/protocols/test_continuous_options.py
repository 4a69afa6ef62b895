"""Options of `/ws/voice/continuous` in the query of its address."""

from __future__ import annotations

import pytest

from edge.core.messages.client_commands import Begin, Reply
from edge.core.messages.client_events import (
    Measured,
)
from edge.protocols.client_protocol import Handshake
from edge.protocols.continuous import ContinuousProtocol
from schemas.events import TurnMeasured
from tests.unit.edge.protocols.continuous_client import connected, ignored


def test_options_are_read_from_the_query_and_invalid_ones_reported() -> None:
    query = {"audio": "chunks", "greeting": "0", "eagerness": "wild", "metrics": "2"}
    d = connected({**query, "silence_ms": "700", "interrupt_words": "-1", "x": "y"})
    begin, told = ignored(d)
    assert begin == Begin({"turns.silence_ms": 700, "voice.delivery": "chunks"}, greeting=False)
    assert told == [
        "eagerness must be low, auto or high",
        "interrupt_words must be a whole number from 1 to 20",
        "x is no option",
        "metrics must be 0 or 1",
    ]
    measured = Measured(TurnMeasured(tenant="t", session="s", at_ms=1, turn=1))
    assert d.messages(measured) == []


@pytest.mark.parametrize(
    ("name", "value", "details"),
    [
        ("audio", "mp3", "audio must be chunks or sentences"),
        ("partials", "yes", "partials must be 0 or 1"),
        ("metrics", "true", "metrics must be 0 or 1"),
        ("greeting", "", "greeting must be 0 or 1"),
        ("record", "on", "record must be 0 or 1"),
        ("language", "ü", "language must be a code such as en"),
        ("eagernes", "low", "eagernes is no option"),
        ("Language", "en", "Language is no option"),
        ("a\nb", "1", "a?b is no option"),
    ],
)
def test_a_name_that_means_nothing_and_a_value_that_cannot_be_are_told(
    name: str, value: str, details: str
) -> None:
    begin, told = ignored(connected({name: value}))
    assert told == [details]
    assert begin == Begin({"voice.delivery": "sentences"}, greeting=True)


def test_all_that_can_be_asked_for_is_told_as_no_mistake() -> None:
    asked = {
        "audio": "sentences",
        "partials": "0",
        "metrics": "1",
        "greeting": "1",
        "record": "1",
        "eagerness": "low",
        "language": "de",
        "silence_ms": "0",
        "min_speech_ms": "100",
        "prefix_ms": "400",
        "interrupt_words": "2",
        "rate": "48000",
        "format": "f32le",
        "token": "t",
        "session": "s_1",
    }
    begin, told = ignored(connected(asked))
    assert told == []
    assert begin.greeting
    assert begin.changes == {
        "turns.eagerness": "low",
        "language": "de",
        "turns.silence_ms": 0,
        "turns.min_speech_ms": 100,
        "turns.prefix_ms": 400,
        "interruption.min_words": 2,
        "record_audio": True,
        "voice.delivery": "sentences",
    }


def test_the_token_is_in_the_query_or_in_a_header() -> None:
    assert connected({"token": "of the query"}).token == "of the query"
    bearer = {"authorization": "Bearer of-the-header"}
    assert connected(headers=bearer).token == "of-the-header"
    assert connected({"token": "q"}, headers={"authorization": "Basic abc"}).token == "q"
    assert connected().token == ""


def test_a_session_to_go_on_with_is_named_in_the_query() -> None:
    assert connected({"session": "s_1"}).resumes == "s_1"
    assert connected({"session": "not a.name"}).resumes == ""
    assert connected().resumes == ""


def test_a_key_of_a_session_that_can_be_guessed_is_told_and_not_taken() -> None:
    for key, taken in (("short", ""), ("k" * 16, "k" * 16), ("k" * 129, "")):
        handshake = Handshake("conn_1", {"resume_key": key})
        assert handshake.resume_key == taken
        errors = [one for one in ContinuousProtocol(handshake).opened() if isinstance(one, Reply)]
        assert bool(errors) == (not taken)
