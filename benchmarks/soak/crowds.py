"""Trials: many calls, and throughput by the number of workers."""

import asyncio
import time
from typing import Any

from benchmarks import aura_server
from benchmarks.soak.crowd import SoakCaller, crowd
from benchmarks.soak.trial import SIMULATED, Scale, TrialOutcome, Trials, aura, memory, talk


async def many_calls(scale: Scale) -> TrialOutcome:
    """200 calls for ten minutes: nothing lost, and memory does not grow after the second."""
    async with (
        aura("--stt", "1", "--llm", "1", "--tts", "1") as run,
        crowd(run.urls, 200) as (callers, tally),
    ):
        early: dict[int, int] = {}

        async def watch(stop: asyncio.Event) -> None:
            await asyncio.sleep(scale.seconds(120))
            early.update(memory(run.pid))
            while not stop.is_set():
                await asyncio.sleep(1)

        await talk(callers, scale.seconds(600), watch, pause_s=6.0)
        late = memory(run.pid)
    growth = max(late[pid] / early[pid] - 1 for pid in late if pid in early)
    figures = {"memory_growth_percent": round(100 * growth, 1), **tally.figures()}
    return TrialOutcome(tally.clean and growth < 0.05, figures)


async def full_house(scale: Scale) -> TrialOutcome:
    """1000 calls, a tenth of them speaking: all are served, the next one is refused."""
    size = scale.times(1000)
    async with (
        aura(AURA_MAX_SESSIONS=str(size)) as run,
        crowd(run.urls, size) as (callers, tally),
    ):
        await talk(callers[: size // 10], scale.seconds(60), pause_s=6.0)
        refused = await _refused(callers[0], run.urls[0])
    figures = {"calls": size, "one_more_refused": refused, **tally.figures()}
    return TrialOutcome(tally.clean and refused, figures)


async def _refused(caller: SoakCaller, url: str) -> bool:
    path = "/ws/voice/continuous?token=demo_token&greeting=0"
    async with caller._http.ws_connect(url + path) as ws:  # one of its HTTP sessions is enough
        message = await ws.receive_json()
        return bool(message.get("code") == "SESSION_LIMIT")


async def scaling(scale: Scale) -> TrialOutcome:
    """1, 2, 4, 8 workers with an engine of 200 ms and one slot: throughput grows with them."""
    rates: dict[int, float] = {}
    for workers in (1, 2, 4, 8):
        rates[workers] = await _throughput(workers, scale.seconds(15))
    least = min(rates[n] / (n * rates[1]) for n in rates)
    figures = {f"jobs_per_s_{n}": round(rate, 2) for n, rate in rates.items()}
    return TrialOutcome(least >= 0.95, {"of_linear": round(least, 3), **figures})


async def _throughput(workers: int, seconds: float) -> float:
    """Return the TTS jobs a second of *workers* that always have more jobs than slots."""
    import nats  # noqa: PLC0415  # only this trial uses the bus directly

    from schemas import codec, subjects  # noqa: PLC0415  # the same
    from schemas.events import ResponseSentence  # noqa: PLC0415  # the same

    jobs = int(workers * seconds * 5)
    slow = {"AURA_SIM_TTS_MS": "200", "AURA_SIM_TTS_AUDIO_MS": "20", "AURA_TTS_SLOTS": "1"}
    async with aura("--tts", str(workers), engines=SIMULATED | slow) as run:
        client = await nats.connect(await asyncio.to_thread(aura_server.bus_url, run.pid))
        done, enough = [], asyncio.Event()

        async def on_ready(_: Any) -> None:
            done.append(time.monotonic())
            if len(done) >= jobs:
                enough.set()

        await client.subscribe("aura.live.soak.*.out", cb=on_ready)
        for number in range(jobs):
            event = ResponseSentence(
                tenant="soak",
                session=f"s{number}",
                at_ms=int(time.time() * 1000),
                turn=1,
                index=0,
                text="One sentence.",
                model="none",
                first_token_ms=0.0,
                took_ms=0.0,
                deadline_ms=0,
            )
            await client.publish(
                subjects.event(event), codec.encode(event), headers=codec.headers(event)
            )
        async with asyncio.timeout(seconds * 6 + 30):
            await enough.wait()
        await client.close()
    tenth = len(done) // 10  # the first and the last are not a steady state
    return (len(done) - 2 * tenth) / (done[-tenth - 1] - done[tenth])


TRIALS: Trials = {
    "200 calls": many_calls,
    "1000 calls, a tenth speaking": full_house,
    "1, 2, 4, 8 workers": scaling,
}
