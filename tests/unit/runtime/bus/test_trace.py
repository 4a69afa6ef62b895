"""What is sent belongs to the trace of what it answers, across tasks, without being told so."""

from __future__ import annotations

import asyncio
import re

from runtime.bus import trace
from schemas.codec import TRACE_HEADER

THEIRS = {TRACE_HEADER: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}


def test_without_a_trace_no_header_is_sent() -> None:
    assert trace.headers() == {}


def test_a_new_trace_is_in_the_form_of_w3c_and_its_own() -> None:
    found = set()
    for _ in range(2):
        with trace.new_trace():
            found.add(trace.headers()[TRACE_HEADER])
    assert len(found) == 2
    assert all(re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", one) for one in found)
    assert trace.headers() == {}


def test_a_job_goes_on_with_the_trace_it_came_with() -> None:
    with trace.trace_of({**THEIRS, "Aura-Type": "turn.taken"}):
        assert trace.headers() == THEIRS
    assert trace.headers() == {}


def test_a_message_of_no_trace_ends_none() -> None:
    with trace.trace_of(THEIRS), trace.trace_of({}):
        assert trace.headers() == THEIRS


async def test_tasks_that_begin_in_a_trace_belong_to_it_and_others_do_not() -> None:
    async def said() -> dict[str, str]:
        return trace.headers()

    before = asyncio.create_task(said())
    with trace.trace_of(THEIRS):
        inside = asyncio.create_task(said())
    assert await before == {}
    assert await inside == THEIRS
