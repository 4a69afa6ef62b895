"""Every message of the bus is printed, decoded, on one line or as one object."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from aura.cli.tap import decoded, line, say
from schemas import codec, subjects
from schemas.audio import AudioFrame, SpeechChunk, TranscriptPartial
from schemas.events import TranscriptFinal

FINAL = TranscriptFinal(
    tenant="t",
    session="s_0123456789abcdef",
    at_ms=1_700_000_000_042,
    utterance=1,
    text="Hello \x1b[31m" + "word " * 30,
    confidence=0.5,
    audio_ms=900,
    took_ms=1,
    model="m",
)


def test_an_event_is_shown_with_its_type_and_its_own_fields() -> None:
    subject = subjects.event(FINAL)
    fields = decoded(subject, codec.encode(FINAL))
    assert (fields["type"], fields["utterance"]) == ("transcript.final", 1)
    text = line(fields, subject).plain
    assert ".042 " in text[:14]
    assert "456789abcdef" in text
    assert "utterance=1" in text
    assert "tenant" not in text


def test_long_words_are_cut_and_do_not_control_the_terminal() -> None:
    text = line(decoded("x", codec.encode(FINAL)), "x").plain
    assert "..." in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("subject", "message", "shown"),
    [
        (subjects.utterance("s", 1), AudioFrame(seq=1, pcm=bytes(640)), ("pcm", "640 B")),
        (
            subjects.speech("s", 1),
            SpeechChunk(turn=1, index=0, chunk=0, pcm=bytes(32)),
            ("pcm", "32 B"),
        ),
        (
            subjects.partials("s"),
            TranscriptPartial(utterance=1, text="Hi", audio_ms=1),
            ("text", "Hi"),
        ),
    ],
)
def test_other_messages_are_known_by_their_subject_and_sound_is_told_by_its_size(
    subject: str, message: AudioFrame | SpeechChunk | TranscriptPartial, shown: tuple[str, str]
) -> None:
    fields = decoded(subject, codec.encode(message))
    assert fields["type"] == type(message).__name__
    assert fields[shown[0]] == shown[1]
    assert " s            " in line(fields, subject).plain


@pytest.mark.parametrize("subject", ["aura.ev.t.s.heard", "aura.pcm.s.1", "nonsense", ""])
def test_bytes_that_are_no_message_are_counted(subject: str) -> None:
    fields = decoded(subject, b"\xc1\xc1")
    assert fields == {"type": "?", "bytes": 2}
    assert "bytes=2" in line(fields, subject).plain


def test_json_is_one_object_a_line_and_names_its_subject(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console = Console(file=io.StringIO())
    say(console, "aura.live.t.s.heard", codec.encode(FINAL), as_json=True)
    (only,) = capsys.readouterr().out.splitlines()
    printed = json.loads(only)
    assert (printed["subject"], printed["text"]) == ("aura.live.t.s.heard", FINAL.text)


def test_a_line_that_is_piped_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    out = io.StringIO()
    say(Console(file=out, width=40), "aura.live.t.s.heard", codec.encode(FINAL), as_json=False)
    assert "took_ms=1" in out.getvalue()
    assert out.getvalue().count("\n") == 1
    assert capsys.readouterr().out == ""
