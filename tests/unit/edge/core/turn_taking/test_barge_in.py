"""Words over a response interrupt it, unless they are a backchannel, too few, or its own echo."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core.hearing.utterance import Onset
from edge.core.turn_taking import barge_in
from tests.unit.edge.core.aura_side import AuraSide

RESPONSE = "The weather in Hamburg is fine today."


def interrupts(text: str, **changes: Any) -> bool:
    aura = AuraSide(**changes)
    return barge_in.interrupts(text, aura.responds(RESPONSE), aura.config.current)


def is_backchannel(text: str, onset: Onset = Onset.NEW_TURN, **changes: Any) -> bool:
    aura = AuraSide(**changes)
    return barge_in.is_backchannel(text, onset, aura.responds(RESPONSE), aura.config.current)


@pytest.mark.parametrize(
    ("text", "counts"),
    [("Stop.", True), ("No, tomorrow please.", True), ("Mhm.", False), ("Okay.", False)],
)
def test_a_backchannel_interrupts_nothing(text: str, counts: bool) -> None:
    assert interrupts(text) is counts
    assert is_backchannel(text) is not counts


def test_so_many_words_are_wanted_as_the_session_says() -> None:
    assert not interrupts("Stop that.", interruption__min_words=3)
    assert interrupts("Stop that now.", interruption__min_words=3)


@pytest.mark.parametrize(
    ("text", "is_echo"),
    [
        ("The weather in Hamburg is fine.", True),
        ("weather in Hamburg", True),
        ("The weather", False),  # too little to tell
        ("And what about the weather in Berlin then?", False),
    ],
)
def test_the_responses_own_words_are_its_echo(text: str, is_echo: bool) -> None:
    assert interrupts(text, interruption__voice_ms=500) is not is_echo


def test_no_echo_is_looked_for_where_voice_alone_stops_nothing() -> None:
    assert interrupts(RESPONSE, interruption__voice_ms=0)


def test_a_reply_to_a_question_is_no_backchannel() -> None:
    assert not is_backchannel("Okay.", Onset.REPLY)


def test_without_a_response_nothing_is_a_backchannel() -> None:
    config = AuraSide().config.current
    assert not barge_in.is_backchannel("Okay.", Onset.NEW_TURN, None, config)


def test_where_nothing_may_interrupt_all_words_count() -> None:
    assert not is_backchannel("Okay.", interruption__allowed=False)
