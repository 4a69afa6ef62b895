"""A session as a drawing in a terminal."""

from __future__ import annotations

import io
import re

from rich.console import Console

from aura.cli.show import Paint, drawing
from runtime.sessions.timeline import moments
from schemas import events as ev
from tests.unit.runtime.story import T0, row_of, story


def test_a_session_is_drawn_with_its_words_and_its_waterfall() -> None:
    events = story()
    text = "".join(drawing(row_of(events), moments(events), Paint(Console(file=io.StringIO()))))
    assert "\x1b" not in text
    for words in ("What is the capital of France?", "interrupted", "first audio sent", "Madrid,"):
        assert words in text


def test_a_greeting_is_heard_from_its_first_word_on() -> None:
    started, *rest = story()
    heard = ev.AnswerHeard(
        tenant="acme", session="s_1", at_ms=T0 + 900, turn=0, text="Hi!", complete=True,
        played_ms=700,
    )  # fmt: skip
    timeline = moments([started, heard, *rest])
    assert next((m.at_ms, m.lane) for m in timeline if m.name == "answer.sent") == (
        T0 + 200,
        "client",
    )


def test_a_drawing_has_colours_in_a_terminal_that_wants_them() -> None:
    events = story()
    plain, coloured = (
        Paint(Console(file=io.StringIO(), force_terminal=True, color_system="256", no_color=no))
        for no in (True, False)
    )
    text = "".join(drawing(row_of(events), moments(events), coloured))
    assert "\x1b[36m" in text
    without = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert without == "".join(drawing(row_of(events), moments(events), plain))
