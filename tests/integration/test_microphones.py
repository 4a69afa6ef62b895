"""Microphones of pages and recorders, over the whole of Aura with simulated engines."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
import websockets

from runtime.audio import media
from runtime.audio.conversion import PcmStream
from runtime.audio.wav import Format
from tests.aura_process import AuraProcess
from tests.caller import VOICE_MS, Caller, buzz, calling, heard, silence
from tests.recorder import KINDS, NEEDS, recorded

QUIET = "/ws/voice/continuous?token=demo_token&greeting=0"
needs_av = pytest.mark.skipif(not media.available(), reason=NEEDS)
UTTERANCE = buzz(VOICE_MS) + silence(1200)


@asynccontextmanager
async def page(url: str) -> AsyncIterator[Caller]:
    """Call as a web page of the edge at *url* does, which cannot leave out its origin."""
    address = f"ws{url.removeprefix('http')}{QUIET}"
    async with (
        websockets.connect(address, origin=websockets.Origin(url)) as ws,
        heard(ws) as caller,
    ):
        yield caller


def at_rate(pcm: bytes, rate_hz: int) -> bytes:
    """Return *pcm* of 16 kHz as a page's microphone at *rate_hz* records it."""
    samples = np.frombuffer(pcm, "<i2").astype(float)
    at = np.arange(int(len(samples) * rate_hz / 16_000)) * 16_000 / rate_hz
    made: bytes = np.interp(at, np.arange(len(samples)), samples).astype("<i2").tobytes()
    return made


async def test_a_page_is_understood_whatever_its_rate_and_its_first_second(
    simulated: AuraProcess,
) -> None:
    async with asyncio.TaskGroup() as pages:
        for rate_hz in (16_000, 48_000):
            pages.create_task(understood(simulated, rate_hz))


async def understood(simulated: AuraProcess, rate_hz: int) -> None:
    async with page(simulated.url) as caller:
        pcm = at_rate(silence(300) + UTTERANCE + silence(1500), rate_hz)
        size = rate_hz // 10 * 2
        await asyncio.sleep(0.1)  # the first packet comes with the second
        for at in range(0, len(pcm), size):
            await caller.ws.send(pcm[at : at + size])
            stalls, behind = at == 4 * size, 5 * size < at <= 9 * size
            await asyncio.sleep(0.5 if stalls else 0 if behind else 0.1)
        transcript = await caller.until("user_transcript")
        assert transcript["text"] == "Hello, how are you today?"
        await caller.until("ai_complete")


async def test_a_page_that_sends_one_recording_and_no_more_is_heard(simulated: AuraProcess) -> None:
    async with page(simulated.url) as caller:
        await caller.ws.send(buzz(VOICE_MS))
        await caller.until("user_transcript")


@needs_av
async def test_a_recorders_file_is_understood_as_it_comes(simulated: AuraProcess) -> None:
    async with asyncio.TaskGroup() as recorders:
        for name in ("a browser's webm", "a browser's mp4", "ogg", "mp3", "flac"):
            recorders.create_task(understood_as_it_comes(simulated, name))


async def understood_as_it_comes(simulated: AuraProcess, name: str) -> None:
    file = recorded(UTTERANCE, KINDS[name])
    pieces = [file[at : at + len(file) // 8 + 1] for at in range(0, len(file), len(file) // 8 + 1)]
    async with calling(simulated.url, QUIET) as live, calling(simulated.url, "/ws") as json_:
        await json_.send({"type": "start_conversation"})
        await json_.until("conversation_started")
        for piece in pieces:
            await live.ws.send(piece)
            audio = base64.b64encode(piece).decode()
            await json_.send({"type": "audio_chunk", "audio_data": audio})
            await asyncio.sleep(0.25)
        await live.until("user_transcript")
        await json_.until("ai_response")
        assert not live.told("error")
        assert not json_.told("error")


@needs_av
async def test_a_whole_file_in_one_message_is_understood(simulated: AuraProcess) -> None:
    async with calling(simulated.url, "/ws") as caller:
        await caller.send({"type": "start_conversation"})
        file = recorded(UTTERANCE, KINDS["m4a whose table comes last"])
        audio = base64.b64encode(file).decode()
        await caller.send({"type": "audio_chunk", "audio_data": audio})
        await caller.until("ai_response")


async def test_a_file_that_cannot_be_read_is_told_once_and_the_call_goes_on(
    simulated: AuraProcess,
) -> None:
    broken = b"\x1aE\xdf\xa3" + bytes(4000)
    async with calling(simulated.url, QUIET) as live, calling(simulated.url, "/ws") as json_:
        await json_.send({"type": "start_conversation"})
        await json_.until("conversation_started")
        for piece in (broken, bytes(4000), bytes(4000)):
            await live.ws.send(piece)
            await json_.ws.send(piece)
        told = await live.until("error")
        assert told["code"] == "AUDIO_ERROR"
        assert "WebM" in told["details"]
        told = await json_.until("error")
        assert told["code"] == "PROCESSING_ERROR"
        assert "WebM" in told["message"]
        await json_.speak(UTTERANCE, 100, as_json=True)
        await json_.until("ai_response")
        assert len(json_.told("error")) == len(live.told("error")) == 1


async def test_samples_without_a_header_may_be_of_any_rate_and_format_that_is_said(
    simulated: AuraProcess,
) -> None:
    floats = (np.frombuffer(UTTERANCE, "<i2") / 32768).astype("<f4").repeat(2).tobytes()
    assert len(PcmStream(Format(32_000, 1, 4, "float")).feed(floats)) > len(UTTERANCE) - 1000
    async with calling(simulated.url, "/ws") as caller:
        await caller.send({"type": "start_conversation", "rate": 32_000, "format": "f32le"})
        await caller.ws.send(floats)
        await caller.until("ai_response")
