"""A verdict on a call that was decided again says what is other, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from aura.cli.decide import Try, judge
from schemas import events as ev
from tests.unit.aura.replay.test_redecide import Recorded


def call() -> list[ev.AnyEvent]:
    r = Recorded(greeting="Hello.")
    r.says(800, "What is the capital of France?")
    r.quiet(600)
    r.answers("It is Paris.")
    r.speaks(0, 1000)
    r.quiet(1500)
    return r.recorded()


def changed(
    kind: type[ev.Event], how: Callable[[ev.AnyEvent], dict[str, Any]]
) -> list[ev.AnyEvent]:
    """Return the call with its events of *kind* changed."""
    return [msgspec.structs.replace(e, **how(e)) if isinstance(e, kind) else e for e in call()]


def test_the_same_code_decides_the_same() -> None:
    assert judge("s", call(), Try()).differences == []


def test_a_call_without_an_event_that_it_took_is_not_decided() -> None:
    verdict = judge("s", [e for e in call() if not isinstance(e, ev.TranscriptGuess)], Try())
    assert verdict.why == "its event transcript.guess.1.1 is missing"
    assert (verdict.differences, verdict.decisions) == (None, 0)


def test_a_call_that_breaks_is_a_noticeable_difference() -> None:
    verdict = judge("s", changed(ev.TranscriptGuess, lambda _: {"text": 1}), Try())
    assert verdict.differences
    assert verdict.differences[0].now.startswith("its call breaks: ")
    assert not verdict.unnoticed


def test_an_unnoticed_difference_is_named_as_such() -> None:
    verdict = judge("s", changed(ev.AnswerHeard, lambda _: {"played_ms": 1}), Try())
    assert verdict.differences
    (other,) = verdict.differences
    assert (other.recorded, verdict.unnoticed) == ("answer.heard played_ms=1", True)
    assert other.now.startswith("answer.heard played_ms=")


def test_a_noticeable_difference_is_named_as_such() -> None:
    verdict = judge("s", call(), Try(waits="300,300,300"))
    assert verdict.differences
    assert not verdict.unnoticed


def test_a_driven_session_is_decided_as_if_all_stages_had_answered_live() -> None:
    marked = {"recorded": ("stt",)}
    for kind in (ev.TurnTaken, ev.SpeechStarted, ev.ResponseSentence):
        assert judge("s", changed(kind, lambda _: marked), Try()).differences == []


@pytest.mark.parametrize(("edge", "why"), [("edge-1", "decide s_9"), ("replay", "")])
def test_a_copy_that_was_published_at_another_pace_is_not_decided(edge: str, why: str) -> None:
    verdict = judge(
        "s", changed(ev.SessionStarted, lambda _: {"replay_of": "s_9", "edge": edge}), Try()
    )
    assert why in verdict.why
    assert (verdict.differences is None) == bool(why)
