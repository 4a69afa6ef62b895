"""The last words of running calls."""

from __future__ import annotations

from aura.cli.console.last_hour import HOUR_MS
from aura.cli.console.last_words import MOST_CALLS_REMEMBERED, LastWords
from schemas import events as ev

NOW_MS = 10 * HOUR_MS


def head(session: str = "s_1", ago_ms: int = 1000) -> ev.Head:
    return {"tenant": "acme", "session": session, "at_ms": NOW_MS - ago_ms}


def test_the_last_words_grow_and_go_with_the_call() -> None:
    words = LastWords()
    words.grows("s_1", "what is")
    assert (words.of("s_1").caller, words.of("s_1").growing) == ("what is", True)
    words.note(
        ev.TurnCommitted(**head(), turn=1, text="What is it?", confidence=1.0, speculative=False)
    )
    words.note(ev.AnswerHeard(**head(), turn=1, text="A call.", complete=True, played_ms=5))
    last = words.of("s_1")
    assert (last.caller, last.growing, last.aura) == ("What is it?", False, "A call.")
    words.note(ev.SessionEnded(**head(), reason="caller_left", turns=1))
    assert words.of("s_1").caller == ""


def test_other_events_say_nothing_and_the_oldest_of_many_calls_are_forgotten() -> None:
    words = LastWords()
    words.note(ev.AnswerReached(**head(), turn=1, index=0))
    assert words.of("s_1").caller == ""
    for number in range(MOST_CALLS_REMEMBERED + 1):
        words.grows(f"s_{number}", "hello")
    assert (words.of("s_0").caller, words.of("s_1").caller) == ("", "hello")
