"""Who listens in reads what was said, by whom, and why it ended."""

from __future__ import annotations

from typing import Any

import pytest

from aura.cli.sound.listening import words
from schemas import events as ev
from schemas.control import End, Instruct, Mute, Say, Transfer

WHO: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": 1}


def committed(text: str) -> ev.TurnCommitted:
    return ev.TurnCommitted(**WHO, turn=1, text=text, confidence=1.0, speculative=False)


def answered(text: str, *, complete: bool) -> ev.AnswerHeard:
    return ev.AnswerHeard(**WHO, turn=1, text=text, complete=complete, played_ms=1)


def control(command: Any) -> ev.ControlReceived:
    return ev.ControlReceived(**WHO, command_id="c", by="ann", command=command)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (committed("Hello?"), "caller: Hello?"),
        (answered("Good day.", complete=True), "aura:   Good day."),
        (answered("Good", complete=False), "aura:   Good -"),
        (control(Say("Wait.")), "ann: say Wait."),
        (control(Instruct("Be brief.")), "ann: instruct Be brief."),
        (control(End(words="Bye.", reason="closed")), "ann: end Bye."),
        (control(Transfer("cook")), "ann: transfer cook"),
        (control(Mute()), "ann: mute"),
        (ev.CallerIdle(**WHO, silent_ms=12_400, ends=False), "        nobody spoke for 12 s"),
        (ev.SessionEnded(**WHO, reason="caller_left", turns=1), "        ended: caller_left"),
    ],
)
def test_a_line_says_who_spoke_or_what_happened(event: ev.AnyEvent, line: str) -> None:
    assert words(event) == line


@pytest.mark.parametrize("event", [committed(""), answered("", complete=True)])
def test_what_has_no_words_is_no_line(event: ev.AnyEvent) -> None:
    assert words(event) == ""


def test_the_work_of_the_stages_is_no_line() -> None:
    started = ev.SpeechStarted(**WHO, utterance=1, language="en", deadline_ms=0)
    assert words(started) == ""
