"""The stock `@openai/agents-realtime` in Chromium over WebRTC: answered, interrupted."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from tests.aura_process import SIMULATED, AuraProcess
from tests.clients.edge import INSTALLED
from tests.local_server import answering
from tests.realtime_caller import BEARER
from tests.talk_page import browser, needs_browser

pytestmark = pytest.mark.integration
BUNDLE = (
    INSTALLED / "node_modules/@openai/agents-realtime/dist/bundle/openai-realtime-agents.umd.js"
)
needs_bundle = pytest.mark.skipif(
    not BUNDLE.exists(), reason="NOT TESTED HERE: @openai/agents in a browser: run `make clients`"
)
PAGE = '<!doctype html><title>A shop</title><script src="/agents.js"></script>'
CLIENT = """
async ({url, key}) => {
  const {RealtimeAgent, RealtimeSession, OpenAIRealtimeWebRTC} = window.OpenAIAgentsRealtime;
  window.told = [];
  const transport = new OpenAIRealtimeWebRTC({baseUrl: url});
  const agent = new RealtimeAgent({name: "Ada", instructions: "Be brief."});
  const session = window.session = new RealtimeSession(agent, {transport, model: "gpt-realtime"});
  session.on("transport_event", (event) => told.push(event));
  session.on("error", ({error}) => told.push({type: "failed", error: String(error?.message)}));
  await session.connect({apiKey: key});
  return transport.callId;
}
"""


@pytest.fixture(scope="module")
def aura(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    env = {**SIMULATED, "AURA_SIM_TTS_AUDIO_MS": "4000"}
    process = AuraProcess(tmp_path_factory.mktemp("browser"), env=env)
    try:
        yield process.wait_until_ready()
    finally:
        process.stop()


def secret_of(aura: AuraProcess) -> str:
    request = urllib.request.Request(  # noqa: S310  # ours
        f"{aura.url}/v1/realtime/client_secrets", b"{}", BEARER, method="POST"
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  # ours
        return str(json.load(answer)["value"])


async def until(page: Any, kind: str, count: int = 1) -> None:
    what = f"told.filter((one) => one.type === '{kind}').length >= {count}"
    try:
        async with asyncio.timeout(20):
            while not await page.evaluate(what):
                await asyncio.sleep(0.05)
    except TimeoutError:
        told = await page.evaluate("told.map((one) => one.type)")
        raise AssertionError(f"no {kind} number {count}; told {told}") from None


@needs_bundle
@needs_browser
async def test_agents_in_a_browser_speak_and_interrupt(aura: AuraProcess) -> None:
    async def page_of(_: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def bundle(_: web.Request) -> web.Response:
        return web.Response(text=code, content_type="text/javascript")

    code = await asyncio.to_thread(BUNDLE.read_text)
    key = await asyncio.to_thread(secret_of, aura)
    async with browser() as chromium:
        with answering({"GET /": page_of, "GET /agents.js": bundle}) as shop:
            page = await chromium.new_page()
            await page.goto(shop)
            url = f"{aura.url}/v1/realtime/calls"
            call = await page.evaluate(CLIENT, {"url": url, "key": key})
            assert call.startswith("s_")
            await page.evaluate("session.mute(true)")  # Chromium's own microphone beeps
            await page.evaluate("session.sendMessage('Tell me a story.')")
            await until(page, "output_audio_buffer.started")
            await asyncio.sleep(0.8)
            await page.evaluate("session.interrupt()")
            await until(page, "output_audio_buffer.cleared")
            await until(page, "conversation.item.truncated")
            await until(page, "response.done")
            await page.evaluate("session.sendMessage('Go on.')")
            await until(page, "response.created", 2)
            wrong = await page.evaluate(
                "told.filter((one) => ['error', 'failed'].includes(one.type))"
            )
            assert wrong == []
            updated = await page.evaluate("told.find((one) => one.type === 'session.updated')")
            await page.evaluate("session.close()")
            assert updated["session"]["instructions"] == "Be brief."
