"""What a terminal shows of a call: lines that are finished, and those that grow."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from aura.cli.sound.loudspeaker import Loudspeaker
from aura.cli.talk import Picture, Shown


def finished(shown: Shown, *messages: dict[str, Any]) -> list[str]:
    return [line.plain for message in messages for line in shown.add(message)]


def growing(shown: Shown) -> list[str]:
    return [line.plain for line in shown.growing()]


GREETED: dict[str, Any] = {"type": "greeting", "text": "Hello!", "audio": "", "session": "s_1"}


def test_words_grow_and_stay_once_the_next_turn_comes() -> None:
    shown = Shown()
    assert finished(shown, GREETED, {"type": "user_transcript_partial", "text": "What"}) == []
    assert growing(shown) == ["Aura  Hello!", "You   What ..."]
    lines = finished(shown, {"type": "user_transcript", "text": "What is it?"})
    assert lines == ["Aura  Hello!", "You   What is it?"]
    chunks = [{"type": "ai_audio_chunk", "text": text} for text in ("It is", " nothing.")]
    assert finished(shown, *chunks) == []
    assert growing(shown) == ["Aura  It is nothing."]
    assert [line.plain for line in shown.finished()] == ["Aura  It is nothing."]


def test_the_heard_part_of_an_interrupted_answer_stays() -> None:
    shown = Shown()
    finished(shown, {"type": "ai_audio_chunk", "text": "It is nothing at all."})
    assert finished(shown, {"type": "ai_interrupted", "heard": "It is"}) == ["Aura  It is -"]
    assert finished(shown, {"type": "ai_interrupted", "heard": ""}) == []


def test_errors_and_a_lost_line_are_said() -> None:
    error = {
        "type": "error",
        "message": "Language model error",
        "code": "LLM_ERROR",
        "details": "x",
    }
    again = {"type": "session", "session": "s_1", "resumed": True}
    assert finished(Shown(), error) == ["Language model error: x"]
    assert finished(Shown(), again) == ["The connection was lost; the call goes on."]


def test_the_picture_has_both_levels_and_the_waterfall() -> None:
    shown = Shown()
    finished(
        shown, {"type": "turn_metrics", "turn": 1, "first_token_ms": 200.0, "first_sent_ms": 500.0}
    )
    console = Console(file=io.StringIO(), width=100)
    console.print(Picture(shown, Loudspeaker(), caller=0.5))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert text.count("━") == 48
    assert "first audio sent" in text
    assert "turn" not in text.replace("end of turn", "")


def test_nothing_that_a_server_says_commands_the_terminal() -> None:
    hostile = "\x1b[2J\x07"
    shown = Shown()
    finished(shown, {"type": "ai_audio_chunk", "text": hostile})
    lines = finished(shown, {"type": "user_transcript", "text": hostile})
    assert not any("\x1b" in line or "\x07" in line for line in lines)
