"""An Aura under attack, with a bystander's call beside it, and all measurements of it."""

import asyncio
import json
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks import aura_server
from benchmarks.hostile.bystander import CYCLE_S, SECRET, Bystander, refused
from benchmarks.hostile.frames import BINARY, frame
from benchmarks.hostile.order import Order
from benchmarks.hostile.rows import END, START
from benchmarks.hostile.verdict import RowFigures
from benchmarks.hostile.wire import HandshakeRefusedError, Socket, WireTally
from benchmarks.soak import processes
from runtime.bus.connection import Bus, connect
from runtime.settings import load
from schemas import subjects

CALM_S = 8.0
"""The time after which a stage that a hundred callers strained is calm again."""
WHISPER_CALM_S = 25.0
"""The same with the real recogniser, which works on the warm-up for some seconds."""
PIECE_BYTES = 3200
CROWD = 100
"""The conversations of the warm-up."""
WITHOUT_S = 1.0
"""How long the bystander is timed before each attack."""
FAULTS = ("connection_broken", "call_broken", "session_broken", "bus_disconnected", "Traceback")
FULL = re.compile(r"stage\W+(\w+).*?new_calls_refused\b")
"""A line of the log: JSON whose first field is the stage."""
SETTINGS = {
    "DEBUG": "true",
    "AURA_JWT_SECRET": SECRET,
    "AURA_TRUSTED_PROXIES": "127.0.0.1",
    "AURA_CONTROL_MESSAGES_PER_SECOND": "20",
    "AURA_MAX_SESSIONS": "200",
    "AURA_MAX_SESSIONS_PER_TENANT": "200",
}
"""Strangers may call; a header has their address; 200 seats are soon taken."""
SIMULATED = {
    "AURA_LLM_ENGINE": "simulated",
    "AURA_TTS_ENGINE": "simulated",
    "AURA_SIM_TTS_AUDIO_MS": "1000",
    "AURA_SIM_LLM_TOKENS": "6",
}


@dataclass
class Aura:
    """A running Aura, with its bystander."""

    url: str
    pid: int
    log: Path
    bus: Bus
    bystander: Bystander
    speech: Path

    @property
    def pids(self) -> dict[str, list[int]]:
        return processes.pids(self.pid)

    async def stored(self, stream: str, what: str) -> int:
        """Return the `bytes` or `messages` of *stream*."""
        info = await self.bus.api(f"STREAM.INFO.{stream}", timeout_s=5)
        return int(info["state"][what])


@asynccontextmanager
async def running(speech: Path, *, whisper: bool) -> AsyncIterator[Aura]:
    """Yield an Aura whose bystander is in its call."""
    engine = "whisper" if whisper else "simulated"
    settings = {**SETTINGS, **SIMULATED, "AURA_STT_ENGINE": engine}
    with aura_server.running(**settings) as (url, process):
        data = Path(psutil.Process(process.pid).environ()["AURA_DATA_DIR"])
        bus_url = aura_server.bus_url(process.pid)
        async with await connect(load(nats_url=bus_url, _env_file=None), "hostile") as bus:
            bystander = Bystander(url, await asyncio.to_thread(speech.read_bytes))
            call = asyncio.create_task(bystander.run())
            await asyncio.wait_for(bystander.ready.wait(), 10)
            await _warm(url, bystander.speech)
            await asyncio.sleep(WHISPER_CALM_S if whisper else CALM_S)
            bystander.look()
            try:
                yield Aura(url, process.pid, data.parent / "log", bus, bystander, speech)
            finally:
                call.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await call


async def _warm(url: str, speech: bytes) -> None:
    """Hold short conversations of a crowd: the memory of any crowd does not count as growth.

    Each says a second of *speech* in real time, which takes most of a call's memory.
    """

    async def converse(number: int) -> None:
        with suppress(HandshakeRefusedError, OSError):
            socket = await Socket.open(url, "/ws", f"192.0.2.{number + 20}", WireTally())
            await socket.send(START)
            for at in range(0, 32_000, PIECE_BYTES):
                await socket.send(frame(BINARY, speech[at : at + PIECE_BYTES]))
                await asyncio.sleep(PIECE_BYTES / 32_000)
            await socket.send(END)
            await asyncio.sleep(0.5)
            socket.writer.close()

    await asyncio.gather(*(converse(number) for number in range(CROWD)))


async def measure(aura: Aura, name: str, order: Order) -> RowFigures:
    """Run the attack *order*, and return its figures."""
    bystander, pids = aura.bystander, aura.pids
    bystander.look()
    await asyncio.sleep(WITHOUT_S)
    without = bystander.look()
    edge = psutil.Process(pids["edge"][0])
    log_at, before = aura.log.stat().st_size, _used(edge)
    before_log = await _stored(aura)
    began, stop = time.monotonic(), asyncio.Event()
    others = asyncio.create_task(refused(aura.url, stop))
    worst = asyncio.create_task(_stolen(stop))
    sent = await _attack(order)
    took_s = time.monotonic() - began
    stop.set()
    times, turned_away, stolen = bystander.look(), await others, await worst
    after = before
    with suppress(psutil.Error):
        after = _used(edge)
    more = await _more(aura, before_log)
    log_text = (await asyncio.to_thread(aura.log.read_bytes))[log_at:].decode("utf-8", "replace")
    faults, full = _told_in(log_text)
    return RowFigures(
        name=name,
        source=order.source,
        pings_ms=times.pings_ms,
        without_ms=without.pings_ms,
        late_ms=times.late_ms,
        unanswered=not times.answers and took_s > 1.5 * CYCLE_S,
        lost=times.lost,
        growth=after[0] / before[0] - 1,
        cpu=(after[1] - before[1]) / took_s,
        refused=turned_away,
        log_kb_per_s=more[0] / 1000 / took_s,
        recorded=more[1],
        died=[role for role, pids_before in pids.items() if aura.pids.get(role) != pids_before],
        faults=faults,
        full=full,
        stolen=stolen,
        sent=sent,
    )


async def _stored(aura: Aura) -> tuple[int, int]:
    """Return the bytes of stored events, and the pieces of recorded audio."""
    events = await aura.stored(subjects.EVENTS_STREAM, "bytes")
    return events, await aura.stored(subjects.RECORDING_STREAM, "messages")


async def _more(aura: Aura, before: tuple[int, int]) -> tuple[int, int]:
    """Return what was stored since *before*; nothing while the bus is away, which the log says."""
    with suppress(Exception):
        now = await _stored(aura)
        return now[0] - before[0], now[1] - before[1]
    return 0, 0


async def _stolen(stop: asyncio.Event) -> float:
    """Return the largest share of a second's CPU time that the host gave to other machines."""
    worst, before = 0.0, psutil.cpu_times()
    while not stop.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await stop.wait()
        now = psutil.cpu_times()
        if (passed_s := float(sum(now) - sum(before))) > 0:
            stolen_s = float(getattr(now, "steal", 0.0) - getattr(before, "steal", 0.0))
            worst = max(worst, stolen_s / passed_s)
        before = now
    return worst


def _used(process: psutil.Process) -> tuple[int, float]:
    """Return its memory, bytes, and its CPU time so far, s."""
    return process.memory_info().rss, sum(process.cpu_times()[:2])


def _told_in(log: str) -> tuple[list[str], list[str]]:
    """Return the faults in a log, and the stages that were full."""
    full = {stage for line in log.splitlines() for stage in FULL.findall(line)}
    return [fault for fault in FAULTS if fault in log], sorted(full)


async def _attack(order: Order) -> dict[str, Any]:
    """Run the attacker's process and return its tally; it ends by itself, or is killed."""
    command = (sys.executable, "-m", "benchmarks.hostile.attacker", json.dumps(asdict(order)))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(order.seconds + 15):
            out, _ = await process.communicate()
    except TimeoutError:
        return {"error": "the attacker did not end"}
    finally:
        if process.returncode is None:  # Ctrl-C does not reach it
            process.kill()
    tally: dict[str, Any] = json.loads(out) if out else {"error": "no tally"}
    return tally
