"""The smoothness of the console's page: frame times of a Chromium while events come in.

python -m benchmarks.console [SECONDS]      # for each rate of events; needs Chromium
"""

import asyncio
import json
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from playwright.async_api import Page, async_playwright

from aura.cli.console.app import build, readable_by
from aura.cli.console.watcher import Watcher
from benchmarks import nats_server
from benchmarks.nats_server import NatsServer
from deploy.nats_server import passwords
from deploy.provision import provision
from runtime.bus.connection import Bus, connect
from runtime.settings import load
from runtime.tasks import scoped_task
from schemas import events as ev

RATES = (0, 100, 500)
"""Events a second."""
CALLS = 20
FRAME_MS = 1000 / 60
FRAMES = """
() => {
  window.gaps = [];
  let before = performance.now();
  const step = (now) => {
    gaps.push(now - before);
    before = now;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}
"""


def event(number: int) -> ev.AnyEvent:
    """Return one of the most frequent events of calls, in turn."""
    turn, call = divmod(number // 4, CALLS)
    of: ev.Head = {"tenant": "bench", "session": f"s_{call}", "at_ms": round(time.time() * 1000)}
    match number % 4:
        case 0:
            text = f"And what about number {number}, would that be possible as well?"
            return ev.TurnCommitted(**of, turn=turn, text=text, confidence=0.9, speculative=True)
        case 1:
            return ev.AnswerHeard(
                **of, turn=turn, text="Certainly, it would be.", complete=True, played_ms=1900
            )
        case 2:
            return ev.TurnMeasured(
                **of, turn=turn, first_sent_ms=300.0 + number % 900, speculations=1
            )
        case _:
            return ev.SpeechPaused(
                **of, utterance=turn, pause=number, speech_end_ms=of["at_ms"] - 100
            )


async def publish(bus: Bus, rate: int, seconds: float, first: int) -> int:
    """Publish *rate* events a second and return their number."""
    began, sent = time.monotonic(), 0
    async with asyncio.TaskGroup() as tasks:
        while (elapsed := time.monotonic() - began) < seconds:
            while sent < elapsed * rate:
                tasks.create_task(bus.publish(event(first + sent)))
                sent += 1
            await asyncio.sleep(0.01)
    return sent


@asynccontextmanager
async def served(server: NatsServer) -> AsyncIterator[tuple[str, Bus]]:
    """Yield the address of a console, and an operator's connection to its bus."""
    settings = load(
        nats_url=server.bare_url,
        nats_user="console",
        nats_password=passwords(server.folder)["console"],
        _env_file=None,
    )
    async with await connect(load(nats_url=server.url, _env_file=None), "bench") as bus:
        await provision(bus)
        readable = readable_by(settings)
        watcher = Watcher(settings, readable)
        runner = web.AppRunner(build(settings, watcher, readable), shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with scoped_task(watcher.run()):
            yield f"http://127.0.0.1:{runner.addresses[0][1]}", bus
        await runner.cleanup()


async def measured(page: Page, bus: Bus, rate: int, seconds: float, first: int) -> dict[str, Any]:
    """Return the figures of the frames while *rate* events a second came in."""
    await page.evaluate("() => { gaps.length = 0; }")
    sent = await publish(bus, rate, seconds, first)
    gaps = sorted(await page.evaluate("gaps"))
    tools_line = await page.inner_text(".tools:has(~ .stream) .fine")
    return {
        "events_a_second": rate,
        "sent": sent,
        "frames_a_second": round(len(gaps) / seconds, 1),
        "frame_ms_p50": round(gaps[len(gaps) // 2], 1),
        "frame_ms_p99": round(gaps[int(len(gaps) * 0.99)], 1),
        "frame_ms_worst": round(gaps[-1], 1),
        "frames_late": sum(gap > 2.5 * FRAME_MS for gap in gaps),
        "page_says": tools_line,
    }


async def main(seconds: float) -> None:
    chromium_at = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium_at is None:
        raise SystemExit("needs Chromium: apt-get install chromium")
    with nats_server.running() as server:
        async with served(server) as (url, bus), async_playwright() as playwright:
            chromium = await playwright.chromium.launch(
                executable_path=chromium_at, args=["--no-sandbox"]
            )
            page = await chromium.new_page(viewport={"width": 1280, "height": 900})
            await page.goto(url)
            await page.wait_for_selector("#bus[data-is=here]")
            await page.evaluate(FRAMES)
            await publish(bus, 100, 3, 0)  # a warm-up
            first = 1000
            for rate in RATES:
                row = await measured(page, bus, rate, seconds, first)
                first += row["sent"]
                print(json.dumps(row))
            await chromium.close()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0))
