"""Keeps processes alive: restarts them when they die, and ends them together."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from deploy.restarts import Restarts, how, is_hopeless

GRACE_S = 12.0
"""The time between SIGTERM and SIGKILL; a process drains in less."""
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Program:
    """A process to keep alive."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    shares: str = ""
    """The group of programs that do the same work; empty: none."""


class _Running(NamedTuple):
    program: Program
    process: asyncio.subprocess.Process


class HopelessError(Exception):
    """A process ended in a way that a restart would not fix."""


class Supervisor:
    """Keeps programs alive until `stop`."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._running: dict[str, _Running] = {}
        self._leaving: list[Callable[[str], bool]] = []
        """Tells of the names of programs that are not started again."""

    async def keep(self, program: Program) -> None:
        """Run *program* until `stop`, restarting it when it dies.

        Raises:
            HopelessError: the program's configuration is wrong; it has printed why.
        """
        record, loop = Restarts(), asyncio.get_running_loop()
        while not self._leaves(program):
            started_s = loop.time()
            process = await asyncio.create_subprocess_exec(
                *program.command,
                env={**os.environ, **program.env},
                stdin=asyncio.subprocess.DEVNULL,
                # It gets its own process session: Ctrl-C only reaches the supervisor, which ends
                # it.
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
            self._running[program.name] = _Running(program, process)
            if self._leaves(program):  # `stop` ran meanwhile and did not know this process
                _signal(process, signal.SIGTERM)
            code = await process.wait()
            del self._running[program.name]
            if self._leaves(program):
                return
            if is_hopeless(code):
                raise HopelessError(f"{program.name} cannot run; it said why above")
            others = bool(program.shares) and code != 0 and self._others(program)
            pause_s = record.after(loop.time() - started_s, others=others)
            self._say(f"{program.name} died ({how(code)}); starting it again in {pause_s:.1f} s")
            await asyncio.sleep(pause_s)

    def _leaves(self, program: Program) -> bool:
        return any(leaving(program.name) for leaving in self._leaving)

    def _others(self, program: Program) -> bool:
        return any(other.program.shares == program.shares for other in self._running.values())

    def restart(self, name: str) -> None:
        """End the program *name* by SIGTERM; `keep` starts it again."""
        if running := self._running.get(name):
            _signal(running.process, signal.SIGTERM)

    async def stop(self, names: Callable[[str], bool], *, hurry: asyncio.Event) -> None:
        """End the programs in *names* by SIGTERM, then SIGKILL; *hurry* skips the wait."""
        self._leaving.append(names)
        leaving = [running.process for name, running in self._running.items() if names(name)]
        for process in leaving:
            _signal(process, signal.SIGTERM)
        async with asyncio.TaskGroup() as tasks:
            gone = tasks.create_task(_all_gone(leaving))
            hurried = tasks.create_task(hurry.wait())
            await asyncio.wait(
                {gone, hurried}, timeout=GRACE_S, return_when=asyncio.FIRST_COMPLETED
            )
            hurried.cancel()
            for process in leaving:
                if process.returncode is None:
                    _signal(process, signal.SIGKILL)


async def _all_gone(processes: Sequence[asyncio.subprocess.Process]) -> None:
    for process in processes:
        await process.wait()


def _signal(process: asyncio.subprocess.Process, signum: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it has just ended
        process.send_signal(signum)


def _die_with_parent() -> None:
    """Ask the kernel, in the child, to end the child if the supervisor is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
