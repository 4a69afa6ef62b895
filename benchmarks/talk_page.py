"""The talk page in a call of ten minutes: its share of the latency, and its memory.

    python -m benchmarks.talk_page [--minutes 10]

Chromium with simulated engines; somebody speaks every twelve seconds and is answered. The heap is
read after a garbage collection. The page measures its share of the latency itself: from the
microphone to the socket, and from the socket to the loudspeaker's queue.
"""

import argparse
import asyncio
import re
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from playwright.async_api import CDPSession, Page

from benchmarks.recordings import buzz
from benchmarks.results import save
from edge.door.http.pages import PAGE_FILES
from runtime.audio.conversion import write_wav
from tests.aura_process import FRESH, SIMULATED, AuraProcess
from tests.talk_page import browser, until, words

EACH_S = 30.0
ROOM = {"AURA_OVERLOAD_WAIT_MS": "60000", "AURA_SIM_TTS_AUDIO_MS": "2000"}
ADDS = re.compile(r"adds (\d+) ms before the network and (\d+) ms after it")


def first_load_bytes(url: str) -> int:
    """Return the uncompressed size of all that the page loads."""
    total = 0
    for path in ("/talk", *(f"/talk/{name}" for name in PAGE_FILES), "/talk/config.json"):
        with urllib.request.urlopen(url + path, timeout=5) as answer:  # noqa: S310  # ours
            total += len(answer.read())
    return total


async def sample(page: Page, cdp: CDPSession, at_s: float) -> dict[str, Any]:
    await cdp.send("HeapProfiler.collectGarbage")
    heap = await cdp.send("Runtime.getHeapUsage")
    nodes = await page.evaluate("document.querySelectorAll('*').length")
    turns = await page.evaluate(f"{words('you')}.length")
    adds = ADDS.search(await page.inner_text("#numbers"))
    return {
        "at_s": round(at_s),
        "heap_kb": round(heap["usedSize"] / 1000),
        "nodes": nodes,
        "turns": turns,
        "capture_ms": int(adds[1]) if adds else None,
        "play_ms": int(adds[2]) if adds else None,
    }


async def hold(aura: AuraProcess, minutes: float, folder: Path) -> list[dict[str, Any]]:
    """Hold a call; return its measurements of every half minute."""
    (file := folder / "caller.wav").write_bytes(write_wav(buzz(900) + bytes(32 * 11_100)))
    loop, samples = asyncio.get_running_loop(), list[dict[str, Any]]()
    async with browser(file, again=True) as chromium:
        page = await chromium.new_page(viewport={"width": 1280, "height": 860})
        cdp = await page.context.new_cdp_session(page)
        await cdp.send("HeapProfiler.enable")
        await page.goto(f"{aura.url}/talk")
        await until(page, "document.getElementById('place').textContent.includes(':')")
        await page.click("#start")
        began = loop.time()
        while loop.time() - began < minutes * 60:
            await asyncio.sleep(EACH_S)
            samples.append(await sample(page, cdp, loop.time() - began))
            print("  ".join(f"{name} {value}" for name, value in samples[-1].items()), flush=True)
    return samples


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--minutes", type=float, default=10.0)
    minutes = asked.parse_args().minutes
    with tempfile.TemporaryDirectory(prefix="aura-page-") as name:
        aura = AuraProcess(Path(name) / "aura", env={**SIMULATED, **ROOM}, command=FRESH)
        try:
            aura.wait_until_ready()
            size = first_load_bytes(aura.url)
            samples = asyncio.run(hold(aura, minutes, Path(name)))
        finally:
            aura.stop()
    save("talk_page", first_load_bytes=size, minutes=minutes, samples=samples)
    print(f"first load {size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
