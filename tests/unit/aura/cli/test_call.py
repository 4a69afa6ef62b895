"""When a call may end, and how its failures are said."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from aura.cli.calling.call_failures import ended, failure, refused
from aura.cli.calling.outcome import HEARD_S, Outcome, levels
from aura.cli.sound.levels import Meter
from aura.client import LOST, CallError
from runtime.audio.conversion import write_wav
from tests.caller import buzz


def chunk(seconds: float) -> dict[str, Any]:
    audio = base64.b64encode(write_wav(bytes(int(32000 * seconds)))).decode()
    return {"type": "ai_audio_chunk", "text": " word", "audio": audio}


DONE = {"type": "ai_complete", "full_response": "word"}
METRICS = {"type": "turn_metrics", "interrupted": False}
INTERRUPTED = {"type": "ai_interrupted", "heard": "wo"}


def told(*messages: tuple[float, dict[str, Any]], spoke_until_s: float | None = 10.0) -> Outcome:
    outcome = Outcome(spoke_until_s=spoke_until_s)
    for now, message in messages:
        outcome.add(message, now)
    return outcome


def test_a_call_ends_when_the_answer_was_played_to_its_end() -> None:
    outcome = told((12.0, chunk(2.0)), (12.1, chunk(1.5)), (12.2, DONE), (12.2, METRICS))
    assert outcome.ends_s == pytest.approx(12.0 + 3.5 + HEARD_S)


def test_a_gap_in_the_answer_is_played_as_silence() -> None:
    outcome = told((12.0, chunk(1.0)), (20.0, chunk(1.0)), (20.0, DONE), (20.0, METRICS))
    assert outcome.ends_s == pytest.approx(21.0 + HEARD_S)


def test_a_call_does_not_end_before_all_was_said_or_while_an_answer_may_come() -> None:
    assert told((12.0, chunk(1.0)), (12.0, METRICS)).ends_s is None
    whole = ((5.0, chunk(1.0)), (5.0, DONE), (5.0, METRICS))
    assert told(*whole, spoke_until_s=None).ends_s is None
    assert told(*whole).ends_s == 10.0


def test_the_wait_for_an_answer_begins_when_all_was_said() -> None:
    greeted = told((5.0, chunk(1.0)), spoke_until_s=None)
    assert greeted.times_out_s(5.0) == 35.0
    greeted.spoke_until_s = 400.0
    assert greeted.times_out_s(5.0) == 430.0


def test_an_answer_interrupted_by_the_recording_does_not_end_the_wait() -> None:
    cut = ((5.0, chunk(9.0)), (5.1, DONE), (5.1, METRICS), (6.0, INTERRUPTED))
    assert told(*cut).ends_s is None
    assert told(*cut, (6.0, {"type": "turn_metrics", "interrupted": True})).ends_s is None
    after = told(*cut, (12.0, chunk(1.0)), (12.0, DONE), (12.0, METRICS))
    assert after.ends_s == pytest.approx(13.0 + HEARD_S)


def test_both_levels_are_shown_at_the_time_at_which_they_sound() -> None:
    outcome = told((12.0, chunk(1.0)))
    outcome.sounding.add(buzz(1000), 12.0)
    outcome.caller = 0.5
    drawn = [levels(outcome, Meter("cyan"), Meter("green"), at) for at in (12.5, 13.5)]
    lengths = [
        [len(picture.plain[s.start : s.end]) for s in picture.spans if s.style == "green"]
        for picture in drawn
    ]
    assert all("You" in picture.plain and "Aura" in picture.plain for picture in drawn)
    assert max(lengths[0]) < max(lengths[1]), "silence first, then the sound"


def test_an_error_ends_a_call_once_all_was_said() -> None:
    error = {"type": "error", "message": "Language model error", "code": "LLM_ERROR", "details": ""}
    outcome = told((5.0, error))
    assert (outcome.ends_s, outcome.errors) == (10.0, ["Language model error (LLM_ERROR)"])


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (1000, "open elsewhere"),
        (None, "call again"),
        (LOST, "call again"),
        (1008, "--token"),
        (1011, "its log"),
        (1012, "call again"),
        (1013, "call again"),
        (4001, "aura doctor"),
        (4002, "aura workers"),
        (3999, "aura doctor"),
    ],
)
def test_every_end_of_a_call_is_a_line_with_the_next_step(code: int | None, advice: str) -> None:
    reason = ended(code, "Speech-to-text failed (STT_ERROR)")
    assert advice in reason
    assert "STT_ERROR" in reason
    assert str(code or LOST) in reason
    assert "\n" not in reason


def test_a_refusal_says_when_or_where_to_call() -> None:
    assert "call again in 7 s" in refused("http://h", 503, "7")
    assert "call again in a few s" in refused("http://h", 429, None)
    assert "--url" in refused("http://h", 404, None)
    assert "AURA_ALLOWED_ORIGINS" in refused("http://h", 403, None)


def test_every_end_of_a_call_is_reported_with_the_next_step() -> None:
    busy = CallError("REFUSED", "", code=503, retry_after_s="7")
    assert "call again in 7 s" in failure(busy, "http://h")
    assert "SSL_CERT_FILE" in failure(CallError("TLS", "self-signed"), "https://h")
    assert "`aura up`" in failure(CallError("UNREACHABLE", "refused"), "http://h")
    closed = CallError("CLOSED", "tts is down", code=4004)
    assert "tts is down" in failure(closed, "http://h")
    assert "Text-to-speech failed" in failure(closed, "http://h", "Text-to-speech failed")
