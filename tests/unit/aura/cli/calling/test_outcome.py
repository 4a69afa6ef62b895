"""What the server said of one question, and when the call is over."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from aura.cli.calling.outcome import HEARD_S, Outcome, length_s, levels, view
from aura.cli.sound.levels import METER_COLUMNS, Meter
from runtime.audio.conversion import write_wav
from schemas.audio import BYTES_PER_MS

DONE = {"type": "ai_complete", "full_response": "Rome."}
STEPS = {"type": "turn_metrics", "first_sent_ms": 400}


def audio(ms: int, text: str = "", kind: str = "ai_audio") -> dict[str, Any]:
    wav = write_wav(b"\1\0" * (ms * BYTES_PER_MS // 2))
    return {"type": kind, "text": text, "audio": base64.b64encode(wav).decode()}


def heard(*messages: dict[str, Any], at: float = 12.0, spoke_until_s: float = 10.0) -> Outcome:
    outcome = Outcome(spoke_until_s=spoke_until_s)
    for message in messages:
        outcome.add(message, at)
    return outcome


def test_words_grow_until_they_are_certain() -> None:
    outcome = heard({"type": "user_transcript_partial", "text": "what is"})
    assert view(outcome).plain == "You   what is"
    outcome.add({"type": "user_transcript", "text": "What is it?"}, 12)
    assert (outcome.transcript, outcome.partial) == ("What is it?", "")


def test_a_response_is_put_together_of_its_pieces_and_timed_from_the_last_word() -> None:
    outcome = heard(audio(300, "Rome "), audio(200, "it is.", "ai_audio_chunk"))
    assert outcome.response == "Rome it is."
    assert length_s(outcome.pcm) == pytest.approx(0.5)
    assert outcome.first_audio_ms == pytest.approx(2000)
    assert view(outcome).plain.endswith("Aura  Rome it is.")


def test_text_without_sound_is_no_first_audio() -> None:
    assert heard({"type": "ai_audio", "text": "Rome."}).first_audio_ms is None


def test_the_call_ends_once_the_response_was_played_and_measured() -> None:
    outcome = heard(audio(3000), DONE)
    assert outcome.ends_s is None, "its latencies may still come"
    outcome.add(STEPS, 12.1)
    assert outcome.ends_s == pytest.approx(12.0 + 3.0 + HEARD_S)
    assert heard(DONE, STEPS).ends_s == 10.0, "there is nothing to hear"


def test_an_error_ends_the_call_and_is_told_with_its_code() -> None:
    error = {"type": "error", "message": "Failed", "code": "STT_ERROR", "details": "no worker"}
    outcome = heard(error, {**error, "details": ""})
    assert outcome.errors == ["Failed (STT_ERROR): no worker", "Failed (STT_ERROR)"]
    assert outcome.ends_s == 10.0
    assert Outcome(errors=["x"]).ends_s is None, "the question is still spoken"


def test_an_interrupted_response_is_no_answer_and_another_one_follows() -> None:
    outcome = heard(audio(3000, "Rome"), DONE, STEPS, {"type": "ai_interrupted"})
    assert (outcome.response, bytes(outcome.pcm), outcome.interrupted) == ("", b"", 1)
    assert (outcome.ends_s, outcome.first_audio_ms) == (None, None)
    outcome.add({**STEPS, "interrupted": True}, 12)
    assert not outcome.steps, "the latencies of the interrupted turn"
    for message in (audio(100, "Paris"), DONE, STEPS):
        outcome.add(message, 15.0)
    assert outcome.ends_s == pytest.approx(15.1 + HEARD_S)


def test_the_patience_begins_with_the_last_message_or_word() -> None:
    outcome = Outcome(spoke_until_s=10.0, timeout_s=5)
    assert outcome.times_out_s(8.0) == 15.0
    assert outcome.times_out_s(12.0) == 17.0
    assert Outcome(timeout_s=5).times_out_s(1.0) == 6.0


def test_a_greeting_is_played_and_is_no_response() -> None:
    outcome = heard(audio(1500, kind="greeting"))
    assert outcome.greeting_s == pytest.approx(1.5)
    assert (outcome.response, bytes(outcome.pcm)) == ("", b"")
    assert outcome.sounding.until_s == pytest.approx(13.5)


def test_words_of_a_server_do_not_control_the_terminal() -> None:
    assert "\x1b" not in view(heard({"type": "user_transcript", "text": "\x1b[31mred"})).plain


def test_both_sides_have_a_meter() -> None:
    drawn = levels(heard(), Meter("cyan"), Meter("green"), 12.0)
    assert drawn.plain.split() == ["You", "━" * METER_COLUMNS, "Aura", "━" * METER_COLUMNS]
