"""Take the pictures of README and docs from real calls: `make pictures`.

An Aura with its real engines is started, and talked to in its own voice by a Chromium whose
microphone is a WAV: a question, and one over an answer. What is seen on the way is what is kept, as
WebP in docs/pictures: talk page, console and timeline, light and dark, and a short animation.
"""

import asyncio
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import av

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from playwright.async_api import Page  # noqa: E402  # after the checkout is on the path

from runtime.audio.conversion import write_wav  # noqa: E402  # after the path is set
from runtime.settings import load  # noqa: E402  # after the path is set
from tests.aura_process import FRESH, AuraProcess  # noqa: E402  # after the path is set
from tests.caller import silence  # noqa: E402  # after the path is set
from tests.talk_page import CHROMIUM, browser, until, words  # noqa: E402  # after the path is set
from workers.engines import factory  # noqa: E402  # after the path is set

OUT = HERE / "pictures"
WIDE = {"width": 1280, "height": 800}
TALL = {"width": 1280, "height": 1000}
PHONE = {"width": 390, "height": 844}
QUALITY = 82
FRAME_S = 0.25
ANIMATED_WIDTH = 800
ANIMATED_QUALITY = 55
SPOKEN = (
    # silence before, ms, and words: the page's greeting first
    (7500, "What is the capital of Italy?"),
    (5500, "Tell me a story about the sea."),
    (2600, "Stop. What is the capital of France?"),
)
LASTS_S = 31.0

Scheme = Literal["light", "dark"]


def microphone(folder: Path) -> Path:
    """Return the WAV of a caller with Aura's own voice."""
    voice = factory.synthesizer(load(_env_file=None))
    said = (silence(ms) + b"".join(voice.synthesize(text)) for ms, text in SPOKEN)
    (file := folder / "microphone.wav").write_bytes(write_wav(b"".join(said) + silence(30_000)))
    return file


def kept(name: str, png: bytes) -> None:
    """Keep a picture as WebP."""
    with av.open(io.BytesIO(png)) as found:
        frame = next(found.decode(video=0))
    with av.open(str(OUT / f"{name}.webp"), "w", format="webp") as file:
        stream = file.add_stream("libwebp", rate=1, options={"quality": str(QUALITY)})
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "bgra"
        file.mux(stream.encode(frame.reformat(format="bgra")))
        file.mux(stream.encode(None))


def animated(name: str, pngs: Sequence[bytes]) -> None:
    """Keep pictures FRAME_S after one another as one that moves."""
    options = {"quality": str(ANIMATED_QUALITY), "loop": "0", "compression_level": "6"}
    per_s = round(1 / FRAME_S)
    with av.open(str(OUT / f"{name}.webp"), "w", format="webp", options={"loop": "0"}) as file:
        stream = file.add_stream("libwebp_anim", rate=per_s, options=options)
        for number, png in enumerate(pngs):
            with av.open(io.BytesIO(png)) as found:
                frame = next(found.decode(video=0))
            height = round(frame.height * ANIMATED_WIDTH / frame.width / 2) * 2
            if not number:
                stream.width, stream.height, stream.pix_fmt = ANIMATED_WIDTH, height, "bgra"
            small = frame.reformat(ANIMATED_WIDTH, height, "bgra", interpolation="LANCZOS")
            small.pts = number
            file.mux(stream.encode(small))
        file.mux(stream.encode(None))


async def seen(page: Page, name: str, scheme: Scheme, size: Any = WIDE) -> None:
    """Keep what *page* shows now."""
    await page.emulate_media(color_scheme=scheme)
    await page.set_viewport_size(size)
    await asyncio.sleep(0.25)
    kept(name, await page.screenshot())


async def a_call(page: Page, aura: AuraProcess) -> list[bytes]:
    """Have the call; return what was seen of it, a frame each FRAME_S."""
    loop = asyncio.get_running_loop()
    await page.goto(f"{aura.url}/talk")
    await until(page, "document.getElementById('place').textContent.includes(':')")
    await seen(page, "talk-start-dark", "dark")
    await seen(page, "talk-start", "light")
    await page.click("#start")
    began_s, frames = loop.time(), list[bytes]()
    while loop.time() - began_s < LASTS_S:
        frames.append(await page.screenshot())
        await asyncio.sleep(max(0.0, began_s + FRAME_S * len(frames) - loop.time()))
    await stills(page)
    await console(await page.context.new_page(), aura)
    await page.click("#hang-up")
    await asyncio.sleep(1.5)
    return frames


async def stills(page: Page) -> None:
    """Keep the page in the middle of an answer, once the animation has all its frames."""
    said = len(await page.evaluate(words("agent")))
    await page.fill("#typed", "Tell me about the moon.")
    await page.press("#typed", "Enter")
    await until(page, f"{words('agent')}[{said}]?.length > 5")
    await seen(page, "talk-dark", "dark")
    await seen(page, "talk-phone", "light", PHONE)
    await seen(page, "talk", "light")


async def timeline(page: Page, aura: AuraProcess, folder: Path) -> bytes:
    """Keep the timeline of the call that was just held; return it as a frame."""
    file = folder / "call.html"
    show = [*FRESH, "show", "--html", str(file)]
    await asyncio.to_thread(subprocess.run, show, env=aura.env, check=True, timeout=60)
    await page.goto(file.as_uri())
    await page.set_viewport_size({"width": 1280, "height": 900})
    with suppress(Exception):
        await page.locator("#tools button.slowest").click()
    await seen(page, "timeline-dark", "dark", {"width": 1280, "height": 900})
    await seen(page, "timeline", "light", {"width": 1280, "height": 900})
    await page.set_viewport_size(WIDE)
    await page.click("#all")
    await asyncio.sleep(0.3)
    return await page.screenshot()


async def console(page: Page, aura: AuraProcess) -> None:
    """Keep the operator's console while the call goes on."""
    await asyncio.to_thread(aura.wait_for, "See what goes on in a browser")
    [address] = re.findall(r"See what goes on in a browser: (http\S+)", aura.said())
    await page.goto(address)
    await asyncio.sleep(2)
    await seen(page, "console-dark", "dark", TALL)
    await seen(page, "console", "light", TALL)
    await page.close()


async def take(aura: AuraProcess, folder: Path) -> None:
    async with browser(await asyncio.to_thread(microphone, folder)) as chromium:
        context = await chromium.new_context(viewport=WIDE, color_scheme="light")
        page = await context.new_page()
        frames = await a_call(page, aura)
        last = await timeline(page, aura, folder)
    began = 24  # the greeting is shown by a still picture
    animated("call", [*frames[began:], *[last] * 12])


def main() -> int:
    """Take all pictures."""
    if CHROMIUM is None:
        sys.stderr.write("pictures need Chromium (apt-get install chromium)\n")
        return 1
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="aura-pictures-") as name:
        folder = Path(name)
        env = {"AURA_RECORD_AUDIO": "always", "NEXT_PUBLIC_DEBUG": "false"}
        env |= {"AURA_CONSOLE": "true", "AURA_CONSOLE_PORT": "0"}
        aura = AuraProcess(folder / "aura", env={**os.environ, **env}, command=FRESH)
        try:
            aura.wait_until_ready(180)
            asyncio.run(take(aura, folder))
        finally:
            aura.stop()
    for file in sorted(OUT.glob("*.webp")):
        sys.stdout.write(f"{file.name:24} {file.stat().st_size / 1000:6.0f} kB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
