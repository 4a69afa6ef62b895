"""Trials: the disk, or JetStream's quota of it, is full for a while.

They mount a small disk in memory, which needs root.
"""

import asyncio
import functools
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import aura_server
from benchmarks.soak import processes
from benchmarks.soak.crowd import SoakCaller, crowd
from benchmarks.soak.trial import Scale, TrialOutcome, Trials, aura, talk
from runtime.bus.connection import connect
from runtime.settings import load

DISK_MIB = 700
BACK_WITHIN_S = 10.0


@contextmanager
def small_disk() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="aura-soak-") as folder:
        size = f"size={DISK_MIB}m"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


class Quota:
    """Another stream takes all storage of the server."""

    def __init__(self, url: str, disk: Path) -> None:
        self._url = url
        del disk

    async def fill(self) -> str:
        """Store zeros until the server refuses; return its message."""
        config = {"name": "FILLER", "subjects": ["filler"], "storage": "file"}
        bus = await connect(load(nats_url=self._url), "filler")
        request = {**config, "num_replicas": 1, "retention": "limits"}
        await bus.api("STREAM.CREATE.FILLER", request, timeout_s=10)
        piece = bytes(1 << 19)
        try:
            while True:
                await asyncio.gather(
                    *(bus.publish_raw("filler", piece, {}, timeout_s=20) for _ in range(16))
                )
        except Exception as error:  # noqa: BLE001  # its message is the result
            return f"{type(error).__name__}: {error}"[:120]
        finally:
            await bus.close()

    async def make_room(self) -> None:
        bus = await connect(load(nats_url=self._url), "filler")
        await bus.api("STREAM.DELETE.FILLER", timeout_s=30)
        await bus.close()


class FullDisk:
    """A file takes all the space of the disk."""

    def __init__(self, url: str, disk: Path) -> None:
        self._file = disk / "filler"
        del url

    async def fill(self) -> str:
        try:
            with self._file.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(1 << 20))
        except OSError as error:
            return str(error.strerror)

    async def make_room(self) -> None:
        self._file.unlink()


async def full(what: type[Quota | FullDisk], scale: Scale) -> TrialOutcome:
    """Callers are told, no process dies, and turns work again once there is room."""
    with small_disk() as disk:
        async with aura(AURA_DATA_DIR=str(disk / "data")) as run, crowd(run.urls, 5) as met:
            callers, tally = met
            filler = what(await asyncio.to_thread(aura_server.bus_url, run.pid), disk)
            await asyncio.gather(*(caller.turn() for caller in callers))
            ours, began = _ours(run.pid), time.monotonic()
            refused = await filler.fill()
            await talk(callers, scale.seconds(20))
            in_vain, callers_told = tally.lost, [_told(caller, began) for caller in callers]
            await filler.make_room()
            room, tally.lost = time.monotonic(), 0
            await asyncio.gather(*(_until_answered(caller) for caller in callers))
            back_s = max(caller.first_audio_at for caller in callers) - room
            alive = ours == _ours(run.pid)
    figures = {
        "refused_with": refused,
        "turns_lost_while_full": in_vain,
        "callers_told": sum(callers_told),
        "nobody_died": alive,
        "all_answered_after_s": round(back_s, 1),
        **tally.figures(),
    }
    clean = not (tally.doubled or tally.mixed or tally.reordered)
    return TrialOutcome(
        bool(refused) and all(callers_told) and alive and clean and back_s <= BACK_WITHIN_S, figures
    )


async def _until_answered(caller: SoakCaller) -> None:
    for _ in range(5):
        if await caller.turn(timeout_s=5):
            return


def _ours(pid: int) -> set[int]:
    return {
        process.pid
        for role, those in processes.of(pid).items()
        for process in those
        if role != "nats-server"
    }


def _told(caller: SoakCaller, after: float) -> bool:
    return any(kind == "error" and at > after for at, kind, _ in caller.told)


TRIALS: Trials = {
    "JetStream quota full": functools.partial(full, Quota),
    "disk full": functools.partial(full, FullDisk),
}
