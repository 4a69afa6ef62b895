"""Words over a response interrupt it, unless they are a backchannel, too few, or its own echo."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core.barge_in import BargeIn
from edge.core.hearing.utterance import Onset, Utterance
from tests.unit.edge.core.aura_side import AuraSide

RESPONSE = "The weather in Hamburg is fine today."


def over_response(**changes: Any) -> BargeIn:
    aura = AuraSide(**changes)
    aura.responds(RESPONSE)
    return BargeIn(aura.config, aura.current)


@pytest.mark.parametrize(
    ("text", "interrupts"),
    [("Stop.", True), ("No, tomorrow please.", True), ("Mhm.", False), ("Okay.", False)],
)
def test_a_backchannel_interrupts_nothing(text: str, interrupts: bool) -> None:
    assert over_response().interrupts(text) is interrupts
    assert over_response().is_backchannel(Utterance(1), text) is not interrupts


def test_so_many_words_are_wanted_as_the_session_says() -> None:
    barge_in = over_response(interruption__min_words=3)
    assert not barge_in.interrupts("Stop that.")
    assert barge_in.interrupts("Stop that now.")


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
    assert over_response(interruption__voice_ms=500).interrupts(text) is not is_echo


def test_no_echo_is_looked_for_where_voice_alone_stops_nothing() -> None:
    assert over_response(interruption__voice_ms=0).interrupts(RESPONSE)


def test_a_reply_to_a_question_is_no_backchannel() -> None:
    assert not over_response().is_backchannel(Utterance(1, onset=Onset.REPLY), "Okay.")


def test_without_a_response_nothing_is_a_backchannel() -> None:
    aura = AuraSide()
    assert not BargeIn(aura.config, aura.current).is_backchannel(Utterance(1), "Okay.")


def test_where_nothing_may_interrupt_all_words_count() -> None:
    barge_in = over_response(interruption__allowed=False)
    assert not barge_in.is_backchannel(Utterance(1), "Okay.")
