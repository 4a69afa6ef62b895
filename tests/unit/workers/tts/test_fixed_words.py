"""The audio of a greeting is kept for the voice that spoke it, and for no other."""

from __future__ import annotations

from workers.engines.protocols import VoiceUsed
from workers.tts.fixed_words import FixedWords, Spoken

JOE = VoiceUsed("joe", "1")


def of(text: str, voice: VoiceUsed = JOE, speed: float = 1.0) -> Spoken:
    return Spoken.of(voice, speed, "en", text)


def test_words_are_the_same_however_they_are_spaced() -> None:
    kept = FixedWords()
    kept.keep(of("Hello, you."), [b"au", b"dio"])
    assert kept.get(of("  Hello,\n you. ")) == (b"au", b"dio")


def test_another_voice_speed_or_state_of_the_voices_file_is_another_sound() -> None:
    kept = FixedWords()
    kept.keep(of("Hello."), [b"au", b"dio"])
    for other in (
        of("Hello.", VoiceUsed("amy", "1")),
        of("Hello.", VoiceUsed("joe", "2")),
        of("Hello.", speed=1.1),
        of("Hello!"),
    ):
        assert kept.get(other) is None


def test_the_least_recently_said_goes_where_there_is_too_much() -> None:
    kept = FixedWords(most_bytes=10)
    kept.keep(of("a"), [b"12", b"34"])
    kept.keep(of("b"), [b"12", b"34"])
    assert kept.get(of("a"))
    kept.keep(of("c"), [b"12", b"34"])
    assert [bool(kept.get(of(text))) for text in "abc"] == [True, False, True]
    kept.keep(of("a"), [b"12"])  # replaced: its old bytes do not count
    kept.keep(of("d"), [b"12", b"34"])
    assert [bool(kept.get(of(text))) for text in "acd"] == [True, True, True]
    kept.keep(of("long"), [bytes(6), bytes(5)])
    assert kept.get(of("long")) is None
