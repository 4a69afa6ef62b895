"""The cost of a tool call on the bus: from the model's call to the job of the next step.

python -m benchmarks.tool_bus [CALLS]

The tool returns at once, so the rest is the bus: tool.called -> edge -> tool.requested -> runner ->
service -> tool.returned -> edge -> turn.taken of the next step. Times are those at which the server
stored each event. Then the wait of a caller is measured with a tool of 300 ms and without one: from
the typed words to the first audio of the response.
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime

import websockets

from benchmarks.aura_server import bus_url, running
from runtime.bus.connection import connect
from runtime.bus.reader import Stored
from runtime.bus.tool_services import ServiceCall, serving
from runtime.settings import load
from schemas import events as ev
from schemas.tools import ToolConfig

CALLS = 60
TURN_S = 1.0
"""The pause between typed turns: a connection may type one a second."""
ASKED_MS = 5.0
"""The project's own limit of the p50."""
SLOW_MS = 300
MOST_LONGER_MS = 350
"""The limit of the additional wait for a tool of SLOW_MS, p50."""
SETTINGS = {
    **{f"AURA_{stage}_ENGINE": "simulated" for stage in ("STT", "LLM", "TTS")},
    "AURA_TOOLS": "discover",
    "AURA_SIM_LLM_FIRST_MS": "0",
    "AURA_SIM_LLM_TOKENS": "1",
    "AURA_SIM_TTS_MS": "0",
    "AURA_SIM_TTS_AUDIO_MS": "20",
    "AURA_CONTROL_MESSAGES_PER_SECOND": "1000",
}
TOOL = ToolConfig(name="now", description="Answer at once.", idempotent=True)
SLOW = ToolConfig(name="slow", description="Answer later.", idempotent=True)
STEPS = ("requested by the edge", "begun by the runner and answered", "next step asked")


async def measure(calls: int) -> tuple[list[tuple[float, float, float]], list[float], list[float]]:
    """Return the ms of each of STEPS for each call, and the waits with a slow tool and without."""
    with running(**SETTINGS) as (url, process):
        settings = load(nats_url=bus_url(process.pid), _env_file=None)
        async with (
            await connect(settings, "benchmark") as bus,
            serving(bus, [(TOOL, _now), (SLOW, _late)]),
        ):
            await asyncio.sleep(6)  # the edge looks for services every 5 s
            session = await _talk(url, calls)
            stored = await bus.session_events(session)
            slow, none = await _waits(url, max(10, calls // 3))
    return list(_times(stored)), slow, none


async def _now(asked: ServiceCall) -> bytes:
    del asked
    return b'"now"'


async def _late(asked: ServiceCall) -> bytes:
    await asyncio.sleep(SLOW_MS / 1000)
    return await _now(asked)


async def _waits(url: str, calls: int) -> tuple[list[float], list[float]]:
    """Return the waits of a caller for the first audio of responses, with a slow tool and without.

    They alternate, so that other load affects both.
    """
    path = f"{url.replace('http', 'ws', 1)}/ws/voice/continuous?token=demo_token&greeting=0"
    waits: dict[str, list[float]] = {"CALL:slow": [], "Hello.": []}
    async with websockets.connect(path, max_size=None) as ws:
        for _ in range(calls):
            for text, waits_ms in waits.items():
                began, first = time.monotonic(), 0.0
                await ws.send(json.dumps({"type": "text", "text": text}))
                while (message := json.loads(await ws.recv()))["type"] != "ai_complete":
                    if message["type"] == "ai_audio":
                        first = first or time.monotonic()
                waits_ms.append((first - began) * 1000)
                await asyncio.sleep(TURN_S)
    return waits["CALL:slow"], waits["Hello."]


async def _talk(url: str, calls: int) -> str:
    path = f"{url.replace('http', 'ws', 1)}/ws/voice/continuous?token=demo_token&greeting=0"
    async with websockets.connect(path, max_size=None) as ws:
        session = ""
        for _ in range(calls):
            await ws.send(json.dumps({"type": "text", "text": "CALL:now"}))
            while (message := json.loads(await ws.recv()))["type"] != "ai_complete":
                session = session or message.get("session", "")
            await asyncio.sleep(TURN_S)
    return session


def _times(stored: Sequence[Stored]) -> Iterator[tuple[float, float, float]]:
    at: dict[tuple[int, str], float] = {}
    for message in stored:
        event = message.event()
        ms = datetime.fromisoformat(message.time[:26] + "+00:00").timestamp() * 1000
        match event:
            case ev.ToolCalled() | ev.ToolRequested() | ev.ToolReturned():
                at[event.turn, type(event).__name__] = ms
            case ev.TurnTaken(step=1, turn=turn):
                called, requested, returned = (
                    at[turn, name] for name in ("ToolCalled", "ToolRequested", "ToolReturned")
                )
                yield requested - called, returned - requested, ms - returned


def main() -> int:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    times, slow, none = asyncio.run(measure(calls))
    whole = sorted(sum(steps) for steps in times)
    for name, ms in zip(STEPS, zip(*times, strict=True), strict=True):
        print(f"{name:34} p50 {statistics.median(ms):6.2f} ms")
    p95 = whole[int(len(whole) * 0.95)]
    p50 = statistics.median(whole)
    print(f"{'whole, of ' + str(len(whole)) + ' calls':34} p50 {p50:6.2f} ms, p95 {p95:.2f} ms")
    longer = statistics.median(slow) - statistics.median(none)
    waits = f"{statistics.median(slow):.0f} ms, for none {statistics.median(none):.0f} ms"
    print(f"{'a caller waits for one of 300 ms':34} p50 {waits}: {longer:.0f} ms longer")
    return 0 if p50 <= ASKED_MS and longer <= MOST_LONGER_MS else 1


if __name__ == "__main__":
    sys.exit(main())
