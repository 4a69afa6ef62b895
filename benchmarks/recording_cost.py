"""The CPU cost of recording audio, as a share of the cost of a call.

It is less than the noise between two runs on a busy machine, so it is measured alone: many seconds
of audio go through the edge's recorder into a real nats-server. The CPU time (user and system) of
both, less that of the same loop without a recorder, is divided by the seconds. The cost of a call
is that of all processes of Aura, with the real engines and with simulated ones.
"""

import asyncio
from typing import Any

import psutil

from benchmarks import aura_server, nats_server
from benchmarks.recordings import spoken
from benchmarks.simulated_calls import CONTINUOUS, QUESTION, SECONDS, hold
from benchmarks.soak import processes
from benchmarks.soak.trial import SIMULATED
from deploy.provision import provision
from edge.call.quotas import RecordingQuotas
from edge.call.recording_writer import RecordingWriter
from edge.core.messages.client_events import Speech
from runtime.bus.connection import connect
from runtime.settings import load
from schemas.audio import BYTES_PER_MS

CALLS = 20
KEPT_CALLS, KEPT_S, TIMES = 20, 120, 3
ANSWER_EVERY_MS, ANSWER_MS, CHUNK_MS = 10_000, 3_000, 64
ROLES = ("edge", "nats-server")


def whole(question: bytes, calls: int, **engines: str) -> dict[str, float]:
    """Return the CPU of every process, ms a second of call, without recording."""
    with aura_server.running(**{**engines, "AURA_OVERLOAD_WAIT_MS": "0"}) as (url, process):
        watched = {role: of[0] for role, of in processes.of(process.pid).items()}
        asyncio.run(hold(url, CONTINUOUS, calls, question))  # a warm-up
        before = {role: processes.cpu_s(process) for role, process in watched.items()}
        asyncio.run(hold(url, CONTINUOUS, calls, question))
        spent = {role: processes.cpu_s(process) - before[role] for role, process in watched.items()}
    return {role: round(1000 * s / (calls * SECONDS), 3) for role, s in spent.items()}


def _not(*_: object) -> None:
    """Record nothing."""


async def _keep(nats_url: str, *, keep: bool = True) -> None:
    """Process KEPT_CALLS calls of KEPT_S seconds without pauses; *keep*: record both sides."""
    bus = await connect(load(nats_url=nats_url), "bench")
    await provision(bus)
    frame, chunk = bytes(640), Speech(1, "", bytes(BYTES_PER_MS * CHUNK_MS), ends=False)
    for number in range(KEPT_CALLS):
        recording = RecordingWriter(
            bus, "bench", f"s_{number}", RecordingQuotas(10_000).of("bench")
        )
        note_received = recording.note_received if keep else _not
        note_sent = recording.note_sent if keep else _not
        storing = asyncio.ensure_future(recording.run())
        next_chunk_ms = 0
        for at_ms in range(0, KEPT_S * 1000, 20):
            note_received(frame, at_ms)
            if at_ms % ANSWER_EVERY_MS < ANSWER_MS and at_ms >= next_chunk_ms:
                note_sent(chunk, at_ms)
                next_chunk_ms = at_ms + CHUNK_MS
            if at_ms % 1000 == 0:
                await asyncio.sleep(0.001)
        recording.finish(KEPT_S * 1000)
        await storing
    await bus.close()


def alone() -> dict[str, float]:
    """Return the CPU of recording in edge and nats-server, ms a second of call."""
    with nats_server.running() as bus:
        own, server = psutil.Process(), psutil.Process(bus.pid)
        asyncio.run(_keep(bus.url))  # a warm-up
        spent = [0.0, 0.0]
        for keep, sign in ((True, 1), (False, -1)) * TIMES:
            before = processes.cpu_s(own), processes.cpu_s(server)
            asyncio.run(_keep(bus.url, keep=keep))
            spent = [
                sum_s + sign * (processes.cpu_s(process) - before_s)
                for sum_s, process, before_s in zip(spent, (own, server), before, strict=True)
            ]
    seconds = KEPT_CALLS * KEPT_S * TIMES
    return {role: round(1000 * s / seconds, 3) for role, s in zip(ROLES, spent, strict=True)}


def measure() -> dict[str, Any]:
    """Return the CPU of a call and that of recording it, ms a second of call."""
    kept, simulated = alone(), whole(QUESTION, CALLS, **SIMULATED)
    real = whole(next(iter(spoken().values())), 1)
    more = sum(kept.values())
    shares = {
        "share": round(more / sum(real.values()), 4),
        "share_simulated": round(more / sum(simulated.values()), 4),
    }
    print(
        f"  keeping the sound: {kept}; a call: {real}, simulated {simulated}; {shares}", flush=True
    )
    return {"kept_ms": kept, "call_ms": real, "simulated_call_ms": simulated, **shares}


if __name__ == "__main__":
    measure()
