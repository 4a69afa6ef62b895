"""What sessions do is counted once, and without a word of anybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from nats.aio.client import Client
from prometheus_client import REGISTRY

from runtime.bus.connection import Bus
from schemas import events as ev
from schemas.session_config import SessionConfig
from tests.unit.settings import defaults_but
from workers.analytics.metrics import count
from workers.analytics.subscribers import Context

WHO: dict[str, Any] = {"tenant": "t", "session": "metrics", "at_ms": 1}


class Counted:
    """The metrics since the beginning of a test."""

    def __init__(self) -> None:
        self._before = {sample: self._now(*sample) for sample in self._all()}

    def __call__(self, name: str, **labels: str) -> float:
        key = (f"aura_session{name}", tuple(sorted(labels.items())))
        return round(self._now(*key) - self._before.get(key, 0.0), 6)

    @staticmethod
    def _now(name: str, labels: tuple[tuple[str, str], ...]) -> float:
        return REGISTRY.get_sample_value(name, dict(labels)) or 0.0

    @staticmethod
    def _all() -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
        for metric in REGISTRY.collect():
            for sample in metric.samples:
                yield sample.name, tuple(sorted(sample.labels.items()))


@pytest.fixture
def counted() -> Counted:
    return Counted()


async def told(*events: ev.AnyEvent) -> None:
    async with count.opens(Context(Bus(Client()), defaults_but(), "")) as handler:
        for event in events:
            await handler(event)


def measured(turn: int, **said: Any) -> ev.TurnMeasured:
    return ev.TurnMeasured(**{**WHO, "turn": turn, **said})


async def test_sessions_are_counted_by_protocol_and_by_reason(counted: Counted) -> None:
    started = ev.SessionStarted(
        **WHO, user="ann", protocol="twilio", edge="e", config=SessionConfig()
    )
    ended = ev.SessionEnded(**WHO, reason="caller_left", turns=4)
    await told(started, ended)
    assert counted("s_started_total", dialect="twilio") == 1
    assert counted("s_ended_total", reason="caller_left") == 1
    assert counted("_turns_sum") == 4


async def test_an_event_that_comes_again_counts_once(counted: Counted) -> None:
    again = ev.AnswerHeard(**WHO, turn=1, text="Hi.", complete=True, played_ms=1500)
    await told(again, again)
    assert counted("_talk_seconds_total", who="aura") == 1.5


async def test_noise_without_words_is_no_talk_of_the_caller(counted: Counted) -> None:
    def final(utterance: int, text: str) -> ev.TranscriptFinal:
        return ev.TranscriptFinal(
            **WHO,
            utterance=utterance,
            text=text,
            confidence=0.8,
            audio_ms=2000,
            took_ms=1,
            model="m",
        )

    await told(final(1, "Hello."), final(2, ""))
    assert counted("_talk_seconds_total", who="caller") == 2
    assert counted("_transcript_confidence_ratio_count") == 1


async def test_only_what_the_caller_meant_is_a_confirmed_interruption(counted: Counted) -> None:
    await told(
        ev.ResponseCancelled(**WHO, turn=21, reason="interrupted"),
        ev.ResponseCancelled(**WHO, turn=22, reason="retracted"),
    )
    assert counted("_interruptions_total", outcome="meant") == 1


async def test_tokens_are_counted_by_model_and_a_greeting_has_none(counted: Counted) -> None:
    def completed(turn: int) -> ev.ResponseCompleted:
        return ev.ResponseCompleted(
            **WHO,
            turn=turn,
            sentences=1,
            text="Hi.",
            model="m",
            prompt_tokens=10,
            completion_tokens=3,
            took_ms=1,
        )

    await told(completed(0), completed(31))
    assert counted("_tokens_total", model="m", direction="prompt") == 10
    assert counted("_tokens_total", model="m", direction="completion") == 3


async def test_a_wait_is_counted_in_seconds_where_there_was_one(counted: Counted) -> None:
    await told(
        measured(41, first_sent_ms=800.0),
        measured(42, first_sent_ms=-20.0),  # it began before the end of speech
        measured(43, first_sent_ms=None),
    )
    assert (counted("_wait_seconds_count"), counted("_wait_seconds_sum")) == (2, 0.8)


async def test_speculations_are_right_unless_they_were_retracted(counted: Counted) -> None:
    await told(measured(51, speculations=3, retracted=2), measured(52, retracted=1))
    assert counted("_guesses_total", outcome="right") == 1
    assert counted("_guesses_total", outcome="wrong") == 3


def test_imported_sessions_and_replays_are_not_counted() -> None:
    assert count.calls_only
