"""A client that says how far a response was heard."""

from __future__ import annotations

import pytest

from edge.core.messages.client_events import Interrupted
from edge.core.messages.inputs import Finished, ItemAdded, Truncated
from schemas import events as ev
from tests.unit.edge.core.client_calls import QUESTION, folded, responding


@pytest.mark.parametrize("played_ms", [0, 500, 900])
def test_a_truncation_after_an_interruption_is_the_history(played_ms: int) -> None:
    r = responding()
    r.says(800, "Stop it now, please.")
    before = r.call.history.messages[1].text
    r.give(Truncated(1, played_ms))
    (truncated,) = r.events(ev.AnswerTruncated)
    assert before.startswith(truncated.text)
    assert len(truncated.text) < len(before)
    said = [one.text for one in r.call.history.messages]
    assert said == ([QUESTION, truncated.text] if truncated.text else [QUESTION])
    r.quiet(1000)
    assert folded(r)[: len(said)] == r.call.history.messages[: len(said)]


def test_a_truncation_of_a_response_that_goes_on_ends_it_there() -> None:
    r = responding()
    r.give(Truncated(1, 600))
    heard = r.events(ev.AnswerHeard)[-1]
    assert (heard.played_ms, heard.complete) == (600, False)
    sent = r.spoken_ms()
    r.quiet(3000)
    assert r.spoken_ms() == sent


def test_a_truncation_while_words_are_awaited_moves_where_the_response_goes_on() -> None:
    r = responding(interruption__voice_ms=200)
    r.says(400)
    (interrupted,) = r.told(Interrupted)
    sent = r.spoken_ms()
    r.give(Truncated(1, interrupted.played_ms - 300))
    r.quiet(200)
    r.hears("")
    r.quiet(5000)
    assert r.spoken_ms() - sent == 3000 - (interrupted.played_ms - 300)
    assert r.call.history.messages[-1].text == "It is Paris, and it has been for long."


def test_no_truncation_claims_more_than_was_sent() -> None:
    r = responding()
    sent = r.spoken_ms()
    r.give(Truncated(1, 10_000_000))
    assert r.events(ev.AnswerHeard)[-1].played_ms == sent


def test_nothing_of_a_client_changes_a_call_that_is_over() -> None:
    r = responding()
    r.give(Finished("end_call"))
    effects, messages = len(r.effects), list(r.call.history.messages)
    r.give(Truncated(1, 100))
    r.give(ItemAdded("k", "user", "Hello?"))
    assert (len(r.effects), r.call.history.messages) == (effects, messages)
    assert isinstance(r.events(ev.Event)[-1], ev.SessionEnded)
