"""`aura up`: runs the bus, its streams, the edges and the workers on one machine."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from deploy import nats_server, resources
from deploy.claims import console_port, only_one, ports_of
from deploy.disk import Disk
from deploy.nats_server import MOST_STORE_BYTES
from deploy.provision import ProvisionError, provision, sized
from deploy.readiness import wait_until_ready
from deploy.supervisor import HopelessError, Program, Supervisor
from runtime.agents import store
from runtime.bus.connection import Bus, connect
from runtime.bus.errors import BusAwayError, FencedError
from runtime.first_cause import first_cause
from runtime.process import running
from runtime.process.stopping import on_stop
from runtime.settings import Settings, SettingsError
from runtime.tasks import cancel
from schemas import subjects
from schemas.events import StageName

START_ERRORS = (
    HopelessError,
    SettingsError,
    BusAwayError,
    FencedError,
    ProvisionError,
    nats_server.ServerMissingError,
)
"""Errors of a start that an operator can fix."""


AURA_PROCESS: tuple[str, ...] = (sys.executable, "-P", "-m", "aura.cli.main")
"""-P keeps files in the current folder from being imported as modules."""


@dataclass(frozen=True)
class Counts:
    """The number of processes of each role."""

    edges: int
    workers: Mapping[StageName, int]


def say(line: str) -> None:
    """Print a line for the operator."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def up(settings: Settings, counts: Counts, agents: Mapping[str, str]) -> int:
    """Run everything until SIGTERM or Ctrl-C; return the exit code.

    *agents* are texts by name, which are applied before the first call.

    Raises:
        SettingsError: a port is taken, or the data folder is in use.
        ServerMissingError, BusAwayError, ProvisionError: there is no bus, or it refuses.
        HopelessError: a process cannot run; it has printed why.
    """
    data = settings.data_dir.expanduser()
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"AURA_DATA_DIR {data} cannot be written: {error.strerror}") from error
    ports = ports_of(settings, counts.edges)
    with only_one(data), running.noted(settings, data):
        return await _Run(settings, counts, data, ports, agents).run()


class _Run:
    """A run of `aura up`."""

    def __init__(
        self,
        settings: Settings,
        counts: Counts,
        data: Path,
        ports: list[int],
        agents: Mapping[str, str],
    ) -> None:
        """Prepare a run; *agents* are texts by name."""
        self._settings = settings
        self._counts = counts
        self._data = data
        self._ports = ports
        self._agents = agents
        self._supervisor = Supervisor(say)
        self._nats_url = settings.nats_url
        self._port: int | None = None
        """The port of the embedded server, or None without one."""
        host = "127.0.0.1" if settings.reaches_everybody else settings.host
        scheme = "https" if settings.tls_cert else "http"
        self._urls = [f"{scheme}://{host}:{port}" for port in ports]
        """The URLs of the edges."""
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()

    async def run(self) -> int:
        on_stop(self._on_signal)
        failure: Exception | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                keeping = [
                    tasks.create_task(self._supervisor.keep(program)) for program in self._server()
                ]
                work = tasks.create_task(self._work(tasks))
                await self._stop.wait()
                work.cancel()
                await self._leave()
                await cancel([work, *keeping])
        except* START_ERRORS as failed:
            failure = first_cause(failed)
            await self._leave()
        finally:
            for name in ("up.json", "nats.url"):
                (self._data / name).unlink(missing_ok=True)
        if failure is not None:
            raise failure
        say("Aura has stopped.")
        return 0

    def _on_signal(self) -> None:
        if self._stop.is_set():
            self._hurry.set()
        else:
            say("Stopping after the running responses (press Ctrl-C again to stop at once) ...")
        self._stop.set()

    def _server(self) -> list[Program]:
        """Return the embedded server, or no program if NATS_URL names another server."""
        if self._nats_url:
            return []
        self._port = port = nats_server.free_port()
        self._nats_url = nats_server.url(port)
        (self._data / "nats.url").write_text(self._nats_url, encoding="utf-8")
        env = nats_server.environment(self._data)
        return [Program("nats-server", nats_server.command(self._data, port), env)]

    def _programs(self) -> list[Program]:
        """Return the edges and workers."""
        aura, env = AURA_PROCESS, {"NATS_URL": self._nats_url}
        programs = [
            Program(f"edge {number}", [*aura, "edge"], {**env, "PORT": str(port)})
            for number, port in enumerate(self._ports, 1)
        ]
        for stage, count in self._counts.workers.items():
            programs += [
                Program(f"{stage} worker {number}", [*aura, "worker", stage], env, shares=stage)
                for number in range(1, count + 1)
            ]
        return [self._with_metrics(program, index) for index, program in enumerate(programs)]

    def _console(self) -> Program:
        """Return the operator's console, which prints its address itself."""
        port = console_port(self._settings)
        env = {"NATS_URL": self._nats_url, "AURA_CONSOLE_PORT": str(port)}
        program = Program("console", [*AURA_PROCESS, "console"], env)
        return self._with_metrics(program, self._counts.edges + sum(self._counts.workers.values()))

    def _with_metrics(self, program: Program, number: int) -> Program:
        """Return *program* with its own metrics port, since processes cannot share one."""
        base = self._settings.metrics_port
        port = str(base + number) if base else "0"
        return replace(program, env={**program.env, "AURA_METRICS_PORT": port})

    async def _work(self, tasks: asyncio.TaskGroup) -> None:
        workers = ", ".join(f"{n} {stage}" for stage, n in self._counts.workers.items())
        own_bus = "" if self._port is None else "; a bus of its own"
        say(f"Starting Aura: {self._counts.edges} edge; workers: {workers}{own_bus} ...")
        await self._bus_listens()
        reach = self._settings.model_copy(update={"nats_url": self._nats_url})
        async with await connect(reach, "aura-up", wait_s=10) as bus:
            self._say_small_disk(await self._provision(bus))
            await self._apply_agents(bus)
            for program in self._programs():
                tasks.create_task(self._supervisor.keep(program))
            self._write_run_file()
            if self._port is not None:
                tasks.create_task(self._watch_disk())
            await wait_until_ready(self._urls, say)
            self._say_ready()
            if self._settings.console:
                tasks.create_task(self._supervisor.keep(self._console()))
            await self._provision_after_restarts(bus)

    async def _provision(self, bus: Bus) -> int | None:
        """Provision the bus; return the disk space for its streams, bytes, where it is ours."""
        own_disk = nats_server.file_bytes(self._data) if self._port else None
        await provision(bus, replicas=self._settings.replicas, file_bytes=own_disk)
        return own_disk

    def _say_small_disk(self, room: int | None) -> None:
        """Say how much of calls is kept where *room*, bytes, is less than `nats/` declares."""
        if room is None or room == MOST_STORE_BYTES:
            return
        mib = {
            stream["name"]: sized(stream, room)["max_bytes"] >> 20 for stream in resources.streams()
        }
        say(
            f"The disk of AURA_DATA_DIR {self._data} is small: of calls, the newest "
            f"{mib[subjects.EVENTS_STREAM]} MiB of events are kept and the newest "
            f"{mib[subjects.RECORDING_STREAM]} MiB of sound."
        )

    async def _apply_agents(self, bus: Bus) -> None:
        for name, text in self._agents.items():
            number, changed = await store.apply(bus, "", name, text)
            say(f"Agent {name}@{number} {'is applied' if changed else 'is in place'}.")

    async def _watch_disk(self) -> None:
        """Report a full disk, and restart the server once there is room again.

        A stream that failed to write its file does not retry by itself (nats-server 2.15).
        """
        disk = Disk()
        while not self._stop.is_set():
            match disk.seen(shutil.disk_usage(self._data).free):
                case "full":
                    say(f"The disk of AURA_DATA_DIR {self._data} is full: calls wait for room.")
                case "room":
                    say("There is room on the disk again; the bus restarts.")
                    self._supervisor.restart("nats-server")
                case None:
                    pass
            await asyncio.sleep(1)

    async def _provision_after_restarts(self, bus: Bus) -> None:
        """Create the audio stream, which a single server keeps in memory, after a restart."""
        back = asyncio.Event()
        bus.reconnected.append(back.set)
        while True:
            await back.wait()
            back.clear()
            try:
                await self._provision(bus)
            except (ProvisionError, SettingsError) as error:
                say(f"The bus is back, but: {error}")

    async def _bus_listens(self) -> None:
        """Wait for the embedded server.

        Raises:
            ServerMissingError: the server does not start; its log says why.
        """
        try:
            async with asyncio.timeout(15):
                while self._port is not None and not nats_server.listens(self._port):  # noqa: ASYNC110  # a port has no event
                    await asyncio.sleep(0.02)
        except TimeoutError as error:
            raise nats_server.ServerMissingError(
                f"nats-server does not start; {self._data / 'nats.log'} says why"
            ) from error

    def _write_run_file(self) -> None:
        run = {"pid": os.getpid(), "url": self._urls[0], "nats_url": self._nats_url}
        (self._data / "up.json").write_text(json.dumps(run), encoding="utf-8")

    def _say_ready(self) -> None:
        settings, url = self._settings, self._urls[0]
        following = 'aura call --say "How are you today?", aura tap, aura --help'
        say(f"Aura is ready on {url}. Next: {following}")
        if settings.has_talk_page:
            say(f"Talk to it in a browser: {url}/talk")
        if settings.debug and settings.reaches_everybody:
            say(
                "Open door: HOST is 0.0.0.0 and DEBUG is on, so anyone who reaches port "
                f"{self._ports[0]} can call with the demo token, and /ws without. To close it: "
                "HOST=127.0.0.1, or DEBUG=false with AURA_JWT_SECRET set."
            )

    async def _leave(self) -> None:
        """End the edges first, so that calls end properly, then the workers, then the bus."""
        for names in (
            lambda name: name.startswith("edge"),
            lambda name: "worker" in name or name == "console",
            lambda _: True,
        ):
            await self._supervisor.stop(names, hurry=self._hurry)
