"""Programs are kept alive, and none outlives the stop."""

from __future__ import annotations

import asyncio
import sys

from deploy.supervisor import Program, Supervisor

SLEEPS = (sys.executable, "-c", "import time; time.sleep(60)")


async def test_a_program_that_begins_during_the_stop_is_ended_too() -> None:
    supervisor = Supervisor(lambda _: None)
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        tasks.create_task(supervisor.keep(Program("sleeper", SLEEPS)))
        await asyncio.sleep(0)  # it is being started
        await supervisor.stop(lambda _: True, hurry=asyncio.Event())


async def test_a_program_that_dies_is_started_again_until_the_stop() -> None:
    said: list[str] = []
    dies = (sys.executable, "-c", "raise SystemExit(1)")
    supervisor = Supervisor(said.append)
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(supervisor.keep(Program("mayfly", dies)))
        while len(said) < 2:
            await asyncio.sleep(0.05)
        await supervisor.stop(lambda _: True, hurry=asyncio.Event())
    assert said[0].startswith("mayfly died")


async def test_only_the_programs_that_leave_are_not_started_again() -> None:
    died = asyncio.Event()
    dies = (sys.executable, "-c", "raise SystemExit(1)")
    supervisor = Supervisor(lambda _: died.set())
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(supervisor.keep(Program("edge", SLEEPS)))
        tasks.create_task(supervisor.keep(Program("worker", dies)))
        await died.wait()
        await supervisor.stop(lambda name: name == "edge", hurry=asyncio.Event())
        died.clear()
        await died.wait()
        await supervisor.stop(lambda _: True, hurry=asyncio.Event())
