"""The spend of a session: each event counts once, in the log as in the call."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.session.spend import Spend
from schemas import events as ev
from schemas.session_config import Prices
from tests.unit.edge.core.session.connection_events import ended, head, resumed, started


def completed(turn: int = 1, step: int = 0, **changes: Any) -> ev.ResponseCompleted:
    event = ev.ResponseCompleted(
        **head(),
        turn=turn,
        step=step,
        sentences=1,
        text="It is fine.",
        model="m",
        prompt_tokens=100,
        completion_tokens=7,
        took_ms=1.0,
    )
    return msgspec.structs.replace(event, **changes)


def ready(turn: int = 1, index: int = 0, audio_ms: int = 500) -> ev.SpeechReady:
    return ev.SpeechReady(
        **head(),
        turn=turn,
        index=index,
        chunks=1,
        audio_ms=audio_ms,
        first_chunk_ms=1.0,
        took_ms=1.0,
        model="v",
    )


def final(utterance: int = 1, audio_ms: int = 800) -> ev.TranscriptFinal:
    return ev.TranscriptFinal(
        **head(),
        utterance=utterance,
        text="Hello.",
        confidence=0.9,
        audio_ms=audio_ms,
        took_ms=1.0,
        model="w",
    )


def counted(*events: ev.Event) -> Spend:
    spend = Spend()
    for event in events:
        spend.count(event)
    return spend


def figures(spend: Spend) -> tuple[int, int, int, int]:
    return (spend.prompt_tokens, spend.completion_tokens, spend.recognised_ms, spend.synthesized_ms)


@pytest.mark.parametrize(
    ("event", "adds"),
    [
        (completed(), (100, 7, 0, 0)),
        (completed(prompt_tokens=0, completion_tokens=0), (0, 0, 0, 0)),
        (final(audio_ms=800), (0, 0, 800, 0)),
        (ready(audio_ms=500), (0, 0, 0, 500)),
    ],
)
def test_the_work_of_a_stage_adds_to_the_spend_once(event: ev.Event, adds: tuple[int, ...]) -> None:
    spend = Spend()
    assert spend.count(event)
    assert figures(spend) == adds
    assert not spend.count(event)
    assert figures(spend) == adds


@pytest.mark.parametrize(
    "event",
    [
        completed(model=""),  # words that were given: no model wrote them
        started(0),
        resumed(0),
        ended(0),
        ev.ResponseCancelled(**head(), turn=1, reason="retracted"),
    ],
)
def test_any_other_event_adds_nothing(event: ev.Event) -> None:
    spend = Spend()
    assert not spend.count(event)
    assert figures(spend) == (0, 0, 0, 0)


def test_given_words_leave_room_for_the_step_of_the_model_in_the_same_turn() -> None:
    assert figures(counted(completed(model=""), completed())) == (100, 7, 0, 0)


def test_steps_sentences_and_utterances_count_each() -> None:
    spend = counted(
        *(completed(1), completed(1, step=1), completed(2)),
        *(ready(1, 0), ready(1, 1), ready(2, 0), ready(0, 0)),
        *(final(1), final(2)),
    )
    assert figures(spend) == (300, 21, 1600, 2000)


def test_tokens_are_kept_by_model() -> None:
    spend = counted(completed(1), completed(2, model="other"), completed(3, completion_tokens=1))
    assert spend.tokens == {"m": (200, 8), "other": (100, 7)}
    assert (spend.prompt_tokens, spend.completion_tokens) == (300, 15)


@given(
    st.lists(
        st.builds(completed, st.integers(0, 3), st.integers(0, 2))
        | st.builds(ready, st.integers(0, 3), st.integers(0, 3))
        | st.builds(final, st.integers(1, 4)),
        max_size=20,
    ),
    st.randoms(use_true_random=False),
)
def test_a_log_that_is_read_twice_in_any_order_tells_the_same_spend(
    events: list[ev.Event], order: Any
) -> None:
    again = [*events, *events]
    order.shuffle(again)
    assert figures(counted(*again)) == figures(counted(*events))


def test_the_connections_of_the_session_are_counted_too() -> None:
    assert counted(started(1_000), ended(4_000), resumed(8_000)).call_ms(9_000) == 4_000


@pytest.mark.parametrize(
    ("prices", "price"),
    [
        (Prices(), 0.0),
        (Prices(models={"m": (2.0, 0.0)}), 2.0 * 100 / 1_000_000),
        (Prices(models={"m": (0.0, 30.0)}), 30.0 * 7 / 1_000_000),
        (Prices(models={"unused": (9.0, 9.0)}), 0.0),
        (Prices(call_minute=0.6), 0.6 * 2),
        (Prices(heard_minute=0.6), 0.6 * 800 / 60_000),
        (Prices(spoken_minute=0.6), 0.6 * 500 / 60_000),
        (Prices(models={"m": (2.0, 30.0)}, call_minute=0.01), 0.00041 + 0.02),
    ],
)
def test_the_price_is_the_sum_of_tokens_and_minutes(prices: Prices, price: float) -> None:
    spend = counted(started(0), completed(), final(), ready())
    assert spend.price(prices, 120_000) == pytest.approx(price)


def test_a_price_has_eight_digits_after_the_point() -> None:
    assert counted(started(0)).price(Prices(call_minute=1.0), 1) == 0.00001667
