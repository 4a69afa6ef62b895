"""Trials: the bus is a cluster of three and loses nodes, killed or asked to leave."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ack_audit import AckAudit
from benchmarks.nats_cluster import NODES, NatsCluster
from benchmarks.soak.crowd import SoakCaller, Tally, crowd
from benchmarks.soak.trial import Scale, TrialOutcome, Trials, aura, talk
from runtime.bus.connection import Bus, connect
from runtime.settings import load

STALL_S, LAME_S = 10.0, 1.5


@dataclass
class Three:
    """An Aura on a bus of three, its callers, and an audit of the bus."""

    cluster: NatsCluster
    bus: Bus
    audit: AckAudit
    callers: list[SoakCaller]
    tally: Tally

    async def leader(self) -> str:
        info = await self.bus.api("STREAM.INFO.AURA_EVENTS", timeout_s=10)
        return str(info["cluster"]["leader"])

    async def back(self, node: str) -> None:
        """Start *node* again and wait until it has caught up."""
        self.cluster.start_node(node)
        await asyncio.to_thread(self.cluster.wait_until_whole, 60)

    async def outcome(self, times: int, most_s: float, *, callers_too: bool) -> TrialOutcome:
        audit, tally = self.audit, self.tally
        worst_s, missing = audit.longest_wait_s, await audit.missing()
        figures = {
            "times": times,
            "stall_max_s": round(worst_s, 2),
            "acknowledged": len(audit.stored),
            "acknowledged_and_missing": missing,
            **tally.figures(),
        }
        held = worst_s <= most_s and not missing and tally.clean
        return TrialOutcome(held and not (callers_too and tally.errors), figures)


@asynccontextmanager
async def three(callers: int) -> AsyncIterator[Three]:
    with tempfile.TemporaryDirectory(prefix="aura-soak-") as folder:
        cluster = NatsCluster(Path(folder))
        try:
            await asyncio.to_thread(cluster.start)
            async with (
                aura(
                    *("--stt", "2", "--llm", "2", "--tts", "2"),
                    NATS_URL=cluster.url,
                    AURA_REPLICAS="3",
                ) as run,
                crowd(run.urls, callers) as (those, tally),
            ):
                bus = await connect(load(nats_url=cluster.url, data_dir=Path(folder)), "audit")
                audit = AckAudit(bus)
                writing = asyncio.create_task(audit.write())
                try:
                    yield Three(cluster, bus, audit, those, tally)
                finally:
                    writing.cancel()
                    await bus.close()
        finally:
            await asyncio.to_thread(cluster.stop)


async def leader_dies(scale: Scale) -> TrialOutcome:
    """kill -9 the leader of the event stream; it comes back and catches up."""
    times = scale.times(5)
    async with three(10) as here:

        async def kill_leaders(_stop: asyncio.Event) -> None:
            for _ in range(times):
                await asyncio.sleep(6)
                lost = await here.leader()
                here.cluster.kill(lost)
                await asyncio.sleep(12)
                await here.back(lost)

        await talk(here.callers, 600, kill_leaders)
        return await here.outcome(times, STALL_S, callers_too=False)


async def lame_duck(scale: Scale) -> TrialOutcome:
    """Ask the leader to leave."""
    del scale
    async with three(10) as here:

        async def send_away(_stop: asyncio.Event) -> None:
            await asyncio.sleep(5)
            leaving = await here.leader()
            here.cluster.lame_duck(leaving)
            await asyncio.to_thread(here.cluster.wait_until_left, leaving)
            await here.back(leaving)

        await talk(here.callers, 300, send_away)
        return await here.outcome(1, LAME_S, callers_too=True)


async def rolling_restart(scale: Scale) -> TrialOutcome:
    """Each node is asked to leave, ends, and comes back, one after the other."""
    del scale
    async with three(10) as here:

        async def restart_each(_stop: asyncio.Event) -> None:
            for node in NODES:
                await asyncio.sleep(3)
                here.cluster.lame_duck(node)
                await asyncio.to_thread(here.cluster.wait_until_left, node)
                await here.back(node)

        await talk(here.callers, 600, restart_each)
        return await here.outcome(len(NODES), STALL_S, callers_too=True)


TRIALS: Trials = {
    "kill -9 the leader of three": leader_dies,
    "lame duck: the leader of three leaves": lame_duck,
    "rolling restart of three": rolling_restart,
}
