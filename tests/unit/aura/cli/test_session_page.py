"""A session as a page of its own."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from aura.cli.session_page import content, page
from runtime.sessions.listing import ListedSession, folded
from runtime.sessions.timeline import LANES, moments
from schemas import events as ev
from schemas.tools import ToolConfig
from tests.unit.runtime.story import T0, story


def row_of(told: list[ev.AnyEvent]) -> ListedSession:
    row = folded(told)
    assert row is not None
    return row


def a_tool() -> list[ev.AnyEvent]:
    at: dict[str, Any] = {"tenant": "acme", "session": "s_1", "turn": 1, "step": 0, "call": 0}
    tool = ToolConfig(name="book")
    return [
        ev.ToolRequested(**at, at_ms=T0 + 2000, tool=tool, arguments="{}", deadline_ms=T0),
        ev.ToolReturned(**at, at_ms=T0 + 2030, name="book", result="done", took_ms=30.0),
    ]


def test_a_page_has_a_lane_for_tools_where_there_are_some() -> None:
    told = story()
    lanes = [content(row_of(one), moments(one), {})["lanes"] for one in (told, [*told, *a_tool()])]
    assert lanes == [[lane for lane in LANES if lane != "tool"], list(LANES)]


def test_a_page_is_self_contained_and_words_cannot_end_its_script() -> None:
    told = story()
    told[6] = msgspec.structs.replace(told[6], text="</script><script>alert(1)</script>")
    text = page(row_of(told), moments(told), {"caller": b"\x00\x40" * 16000})
    assert text.count("</script>") == 2
    assert not re.search(r"(src|href)=|https?://(?!www\.w3\.org/2000/svg)|@import|url\(", text)
    data = json.loads(text.split('type="application/json">')[1].split("</script>")[0])
    assert data["row"]["session"] == "s_1"
    assert any("<script>" in moment[3] for moment in data["moments"])
