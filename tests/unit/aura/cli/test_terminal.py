"""Nothing that a stranger wrote commands an operator's terminal."""

from __future__ import annotations

import io
import re
from typing import Any

import msgspec
import pytest
from rich.cells import cell_len
from rich.console import Console

from aura.cli import drive, main, sessions, show, tap, terminal
from aura.cli.calling import outcome
from aura.cli.evaluation.results import Result, table
from aura.cli.running import CommandError
from aura.replay.compare import compare
from runtime.sessions.listing import folded
from runtime.sessions.timeline import moments
from runtime.text.printable import printable
from schemas import codec
from schemas.events import AnyEvent, JobFailed, TroubleTold
from tests.unit.runtime.story import story

HOSTILE = "\x1b]0;PWNED\x07\x1b[2J\x9b31m\x1b]8;;http://evil\x07\u202elive\r\u2028\x00"
COMMANDS = {chr(code) for code in (*range(32), *range(0x7F, 0xA0), 0x202E, 0x2028)} - {"\n"}


CHOSEN = {"stage", "reason", "role"}
"""Decoding lets only a few words through here, unless it is a reason of JobFailed."""


def hostile(event: AnyEvent) -> AnyEvent:
    """Return *event* with every text in it replaced, where any text may be."""
    texts: dict[str, Any] = {
        name: HOSTILE
        for name in event.__struct_fields__
        if isinstance(getattr(event, name), str) and name not in CHOSEN
    }
    found: AnyEvent = msgspec.structs.replace(event, **texts)
    return found


EVENTS = [
    *map(hostile, story()),
    JobFailed(tenant=HOSTILE, session=HOSTILE, at_ms=1, stage="stt", reason=HOSTILE),
    TroubleTold(tenant=HOSTILE, session=HOSTILE, at_ms=1, stage="stt", reason=HOSTILE),
]


def plain() -> Console:
    return Console(file=io.StringIO(), no_color=True, width=200)


def said(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_every_character_is_visible_and_words_of_people_stay_as_they_are() -> None:
    for char in map(chr, range(0x11000)):
        assert printable(char).isprintable()
    for words in ("Grüße, 世界! ¿Qué tal? مرحبا", "tab", "a [bracket]"):
        assert printable(words) == words
    assert printable("\x1b\x9b\u202e\n") == r"\x1b\x9b\u202e\x0a"


def test_a_session_that_is_shown() -> None:
    row = folded(EVENTS)
    assert row
    drawn = "".join(show.drawing(row, moments(EVENTS), show.Paint(plain())))
    assert "PWNED" in drawn
    assert not COMMANDS & set(drawn)


def test_sessions_that_are_listed() -> None:
    row = folded(EVENTS)
    assert row
    drawn = "".join(segment.text for segment in sessions.drawing([row]))
    assert "PWNED" in drawn
    assert not COMMANDS & set(drawn)


@pytest.mark.parametrize("as_json", [True, False])
def test_hostile_words_in_tapped_events_command_no_terminal(
    capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    console = plain()
    for event in EVENTS:
        tap.say(console, f"aura.ev.t.{HOSTILE}.life", codec.encode(event), as_json=as_json)
    shown = said(console) + capsys.readouterr().out
    assert "PWNED" in shown
    assert not COMMANDS & set(shown)


def test_answers_of_a_server_to_a_call() -> None:
    result = outcome.Outcome(transcript=HOSTILE, partial=HOSTILE, response=HOSTILE)
    console = plain()
    console.print(outcome.view(result))
    assert not COMMANDS & set(said(console))


def test_two_recordings_beside_each_other_and_results_of_a_suite() -> None:
    console = plain()
    console.print(drive.words_of(compare(EVENTS, EVENTS)))
    console.print(table([Result(HOSTILE, wrong=[HOSTILE], error=HOSTILE)]))
    assert "PWNED" in said(console)
    assert not COMMANDS & set(said(console))


def test_the_one_line_of_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        raise CommandError(HOSTILE)

    with pytest.raises(SystemExit):
        main.run(fails)
    errors = capsys.readouterr().err
    assert "PWNED" in errors
    assert not COMMANDS & set(errors)


def test_a_line_is_cut_to_the_width_of_a_terminal_and_of_nothing_else() -> None:
    events = story()
    row = folded(events)
    assert row
    for width in (80, 120):
        console = Console(file=io.StringIO(), force_terminal=True, no_color=True, width=width)
        shown = "".join(show.drawing(row, moments(events), show.Paint(console)))
        listed = "".join(segment.text for segment in sessions.drawing([row], width))
        for event in events:
            tap.say(console, "aura.ev.t.s.life", codec.encode(event), as_json=False)
        plain_text = re.sub(r"\x1b\[[0-9;]*m", "", shown + listed + said(console))
        for line in plain_text.splitlines():
            assert cell_len(line) <= width, line
    piped = "".join(show.drawing(row, moments(events), show.Paint(plain())))
    assert "What is the capital of France?" in piped
    assert "…" not in piped


def test_words_are_cut_by_the_columns_that_they_take() -> None:
    assert terminal.cut("世界世界", 5) == "世界…"
    assert terminal.cut("abcdef", 6) == "abcdef"
    assert terminal.cut("abcdef", 0) == ""
    assert terminal.cut("abcdef", None) == "abcdef"
