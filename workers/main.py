"""A worker process: engine, warm-up, then the worker loop until SIGTERM."""

import asyncio
import os
import sys
from typing import Any

import structlog

from runtime.bus.connection import connect
from runtime.bus.discovery import announced
from runtime.process import metrics
from runtime.process.gc_tuning import freeze_objects
from runtime.process.stopping import stop_event
from runtime.settings import Settings
from schemas.events import StageName
from workers.loop.worker_loop import HUNG_EXIT, Worker
from workers.stage_builders import build

log = structlog.get_logger(__name__)


async def serve(settings: Settings, stage_name: StageName) -> int:
    """Run a worker until SIGTERM or SIGINT; return the process's exit code.

    Raises:
        BusAwayError: no server answers.
        EngineError: the engine is missing; the message says what to do.
        BadRulesError: the rules of redaction cannot be used.
        SettingsError: a secret that signs webhooks is invalid.
    """
    stop = stop_event()
    async with metrics.served(settings, stage_name) as condition:
        exit_code = await _work(settings, stage_name, stop, condition)
    if exit_code == HUNG_EXIT:
        sys.stdout.flush()
        os._exit(HUNG_EXIT)  # a normal exit would wait for the hung thread
    return exit_code


async def _work(
    settings: Settings,
    stage_name: StageName,
    stop: asyncio.Event,
    condition: metrics.Condition,
) -> int:
    """Work until *stop*; return the process's exit code."""
    built = build(settings, stage_name)
    stage, slots = built.stage, built.slots
    await stage.warm()
    async with await connect(settings, f"aura-{stage_name}", role=stage_name) as bus:
        metrics.BUS.set_function(lambda: bus.connected)
        worker = Worker(bus, stage, slots, drain_s=settings.drain_s)

        def describe() -> dict[str, Any]:
            return {
                "model": stage.model,
                "slots": slots,
                "in_flight": worker.jobs.in_flight,
                "wait_ms": stage.wait_ms,
                "done": worker.done,
                "failed": worker.failed,
                "pid": os.getpid(),
            }

        async with announced(bus, stage_name, describe):
            freeze_objects()
            condition.ready = lambda: bus.connected and not stop.is_set()
            log.info("worker_ready", model=stage.model, slots=slots)
            async with built.companion(bus, stop):
                exit_code = await worker.run(stop)
        log.info("worker_left", done=worker.done, failed=worker.failed)
    return exit_code
