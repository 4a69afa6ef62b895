"""A request for speech or for words, whose client leaves before it has them."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import FormData

from runtime.bus.connection import Bus
from runtime.sessions.finding import decoded
from schemas import subjects
from schemas.events import (
    AnyEvent,
    Event,
    ResponseCancelled,
    ResponseSentence,
    SessionEnded,
    SpeechStarted,
)
from tests.caller import buzz, wav
from tests.edge_in_process import DEMO, bearer, serving


async def log_until(bus: Bus, kind: type[Event]) -> list[AnyEvent]:
    """Return the log once it has an event of *kind*."""
    async with asyncio.timeout(10):
        while True:
            found = decoded(await bus.read(subjects.EVENTS_STREAM, "aura.ev.demo.>"))
            if any(isinstance(one, kind) for one in found):
                return found
            await asyncio.sleep(0.02)


def text() -> dict[str, Any]:
    return {"json": {"input": "One. Two. Three."}}


def recording() -> dict[str, Any]:
    form = FormData()
    form.add_field("file", io.BytesIO(wav(buzz(60_000))), filename="a.wav")
    return {"data": form}


@pytest.mark.parametrize(
    ("path", "body", "job"),
    [("speech", text, ResponseSentence), ("transcriptions", recording, SpeechStarted)],
)
async def test_the_request_ends_with_the_job_that_it_waits_for(
    bus: Bus, path: str, body: Callable[[], dict[str, Any]], job: type[Event]
) -> None:
    async with serving(bus) as (_, client):
        asked = asyncio.create_task(
            client.post(f"/v1/audio/{path}", headers=bearer(DEMO), **body())
        )
        await log_until(bus, job)  # no worker is there to do it
        asked.cancel()
        events = await log_until(bus, SessionEnded)
    assert sum(isinstance(one, job) for one in events) == 1
    assert any(isinstance(one, ResponseCancelled) for one in events) == (path == "speech")
