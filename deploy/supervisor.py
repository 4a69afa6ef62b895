"""Processes that stay: started together, restarted when they die, gone when we go."""

from __future__ import annotations

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
"""Between SIGTERM and SIGKILL; more than a process takes to drain."""
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Program:
    """A process to keep alive."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    shares: str = ""
    """What it does together with others that share the same; empty: nobody does its work."""


class _Running(NamedTuple):
    program: Program
    process: asyncio.subprocess.Process


class HopelessError(Exception):
    """A process ended in a way that starting it again would not mend."""


class Supervisor:
    """Keeps programs alive until it is told to stop them."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._running: dict[str, _Running] = {}
        self._stopping = False

    async def keep(self, program: Program) -> None:
        """Run *program*, again and again, until `stop`.

        Raises:
            HopelessError: it said that its configuration is wrong.
        """
        record, loop = Restarts(), asyncio.get_running_loop()
        while not self._stopping:
            started = loop.time()
            process = await asyncio.create_subprocess_exec(
                *program.command,
                env={**os.environ, **program.env},
                stdin=asyncio.subprocess.DEVNULL,
                # A group of its own: Ctrl-C reaches us alone, and we end it in order.
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
            self._running[program.name] = _Running(program, process)
            code = await process.wait()
            del self._running[program.name]
            if self._stopping:
                return
            if is_hopeless(code):
                raise HopelessError(f"{program.name} cannot run; it said why above")
            others = bool(program.shares) and code != 0 and self._others(program)
            pause_s = record.after(loop.time() - started, others=others)
            self._say(f"{program.name} died ({how(code)}); starting it again in {pause_s:g} s")
            await asyncio.sleep(pause_s)

    def _others(self, program: Program) -> bool:
        return any(one.program.shares == program.shares for one in self._running.values())

    def restart(self, name: str) -> None:
        """End the program *name* kindly; `keep` starts it again."""
        if running := self._running.get(name):
            _signal(running.process, signal.SIGTERM)

    async def stop(self, names: Callable[[str], bool], *, hurry: asyncio.Event) -> None:
        """End the programs that *names* picks, kindly at first; *hurry* cuts the grace short."""
        self._stopping = True
        leaving = [one.process for name, one in self._running.items() if names(name)]
        for process in leaving:
            _signal(process, signal.SIGTERM)
        gone = [asyncio.ensure_future(process.wait()) for process in leaving]
        impatient = asyncio.ensure_future(hurry.wait())
        all_gone = asyncio.ensure_future(_all(gone))
        await asyncio.wait(
            {all_gone, impatient}, timeout=GRACE_S, return_when=asyncio.FIRST_COMPLETED
        )
        impatient.cancel()
        for process in leaving:
            if process.returncode is None:
                _signal(process, signal.SIGKILL)
        await all_gone


async def _all(waits: Sequence[asyncio.Future[int]]) -> None:
    for one in waits:
        await one


def _signal(process: asyncio.subprocess.Process, signum: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it was quicker
        process.send_signal(signum)


def _die_with_parent() -> None:
    """In the child, before exec: ask the kernel to end us if the supervisor is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
