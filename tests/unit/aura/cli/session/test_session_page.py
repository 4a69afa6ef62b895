"""A session as a page of its own."""

from __future__ import annotations

import json
import re

import msgspec

from aura.cli.session.session_page import content, page
from runtime.sessions.timeline import LANES, moments
from tests.unit.runtime.story import a_tool, row_of, story


def test_a_page_has_a_lane_for_tools_where_there_are_some() -> None:
    told = story()
    lanes = [
        content(row_of(events), moments(events), {})["lanes"]
        for events in (told, [*told, *a_tool()])
    ]
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
