"""OpenAI's own browser code for WebRTC, in Chromium with a microphone: it speaks and is heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr
from aiohttp import web
from playwright.async_api import Page

from runtime.audio.conversion import write_wav
from runtime.text.word_errors import word_error_rate
from tests.aura_process import AuraProcess
from tests.caller import silence
from tests.e2e.conftest import OUR_OWN
from tests.local_server import answering
from tests.talk_page import browser, needs_browser
from workers.engines import factory

pytest.importorskip("aiortc", reason="NOT TESTED HERE: the extra `webrtc` is not installed")

Say = Callable[[str], bytes]
CLIENT = """
// From OpenAI's guide "Realtime API with WebRTC"; only the address is another.
async (url, key) => {
  const pc = new RTCPeerConnection();
  const audioElement = document.createElement("audio");
  audioElement.autoplay = true;
  pc.ontrack = (e) => { audioElement.srcObject = e.streams[0]; window.listen(e.streams[0]); };
  const ms = await navigator.mediaDevices.getUserMedia({ audio: true });
  pc.addTrack(ms.getTracks()[0]);
  const dc = pc.createDataChannel("oai-events");
  dc.addEventListener("message", (e) => window.told.push(JSON.parse(e.data)));
  const offer = await pc.createOffer();
  await pc.setLocalDescription(offer);
  const sdpResponse = await fetch(url, {
    method: "POST",
    body: offer.sdp,
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/sdp" },
  });
  window.place = sdpResponse.headers.get("Location");
  const answer = { type: "answer", sdp: await sdpResponse.text() };
  await pc.setRemoteDescription(answer);
  window.pc = pc;
}
"""
EAR = """
window.told = [];
window.blocks = [];
window.listen = (stream) => {
  window.context = new AudioContext();
  const tap = window.tap = context.createScriptProcessor(2048, 1, 1);
  tap.onaudioprocess = (e) => blocks.push(Array.from(e.inputBuffer.getChannelData(0)));
  context.createMediaStreamSource(stream).connect(tap);
  tap.connect(context.destination);
};
"""


async def page_of(_: web.Request) -> web.Response:
    return web.Response(text="<!doctype html><title>A shop</title>", content_type="text/html")


async def until(page: Page, what: str, seconds: float = 30) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not await page.evaluate(what):
                await asyncio.sleep(0.05)
    except TimeoutError:
        told = await page.evaluate("told.map((one) => one.type)")
        raise AssertionError(f"never true: {what}; told {told}") from None


def told(kind: str) -> str:
    return f"told.filter((one) => one.type === '{kind}')"


async def heard(page: Page) -> bytes:
    """Return what came out of the track: s16le mono 16 kHz."""
    rate = await page.evaluate("context.sampleRate")
    blocks: list[Any] = await page.evaluate("blocks")
    samples = soxr.resample(np.concatenate(blocks).astype(np.float32), rate, 16_000)
    return bytes((samples.clip(-1, 1) * 32767).astype("<i2").tobytes())


@needs_browser
async def test_a_question_to_the_stock_page_is_answered_and_the_answer_is_heard(
    aura: AuraProcess, say: Say, tmp_path: Path
) -> None:
    microphone = tmp_path / "microphone.wav"
    spoken = silence(3000) + say("What is the capital of Italy?") + silence(30_000)
    microphone.write_bytes(write_wav(spoken))
    async with browser(microphone) as chromium:
        with answering({"GET /": page_of}) as shop:
            page = await chromium.new_page()
            await page.add_init_script(EAR)
            await page.goto(shop)
            url = f"{aura.url}/v1/realtime/calls?model=gpt-realtime"
            await page.evaluate(f"({CLIENT})({url!r}, 'demo_token')")
            await until(page, f"{told('output_audio_buffer.stopped')}.length > 0", 60)
            await asyncio.sleep(0.6)
            place = await page.evaluate("place")
            asked = await page.evaluate(
                f"{told('conversation.item.input_audio_transcription.completed')}"
                ".map((one) => one.transcript).join(' ')"
            )
            done = f"{told('response.output_audio_transcript.done')}.map((one) => one.transcript)"
            written = " ".join(await page.evaluate(done))
            session = await page.evaluate(f"{told('session.created')}[0].session.id")
            assert await page.evaluate(f"{told('error')}.length") == 0
            pcm = await heard(page)
            await page.evaluate("pc.close()")
            async with asyncio.timeout(10):
                await aura.until_nobody_calls()
    assert place == f"/v1/realtime/calls/{session}"
    assert "capital" in asked.lower()
    loud = np.flatnonzero(np.abs(np.frombuffer(pcm, np.int16).astype(np.int32)) > 200)
    answer = pcm[2 * int(loud[0]) : 2 * int(loud[-1])]
    again = factory.recognizer(OUR_OWN).transcribe(
        bytes(3200) + answer + bytes(9600), language="en"
    )
    assert word_error_rate(written, again.text) <= 0.25, (written, again.text)
