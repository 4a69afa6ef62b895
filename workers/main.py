"""A worker process: engine, warm-up, then the worker loop until SIGTERM."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

import structlog

from runtime import metrics
from runtime.bus.connection import connect
from runtime.bus.discovery import announced
from runtime.gc_tuning import settle
from runtime.redaction import Redaction
from runtime.settings import Settings, SettingsError
from schemas.events import StageName
from schemas.tools import ToolKind
from workers import call_webhooks
from workers.analytics import envelopes
from workers.engine_executor import EngineExecutor
from workers.engines import factory
from workers.engines.protocols import Speaker
from workers.llm import LlmStage
from workers.stage import Stage
from workers.stt import SttStage
from workers.tools.bodies import Body, NatsBody, WebhookBody
from workers.tools.stage import ToolStage
from workers.tts import TtsStage
from workers.worker_loop import Worker

log = structlog.get_logger(__name__)

HUNG_EXIT = 70
"""EX_SOFTWARE: the supervisor replaces the process."""


def build(settings: Settings, stage: StageName) -> tuple[Stage[Any], int]:
    """Return the stage and its slots.

    Raises:
        EngineError: an engine is not installed, or a setting or file is missing.
        BadRulesError: the rules of redaction cannot be used.
        SettingsError: a secret that signs webhooks is none.
    """
    match stage:
        case "stt":
            recognizer = factory.recognizer(settings)
            simulated = settings.stt_engine == "simulated"
            waits = simulated or factory.stt_engine(settings) == "openai"  # and does not compute
            threads = settings.stt_slots if waits else settings.stt_workers
            executor = EngineExecutor(threads, limit_s=settings.engine_limit_s)
            interval_ms = settings.stt_partial_interval_ms
            turns = None if simulated else factory.turn_model(settings)
            listening = SttStage(
                recognizer,
                executor,
                partial_interval_ms=interval_ms,
                turns=turns,
                most_at_once=settings.stt_batch,
                redaction=Redaction.of(settings.redact),
            )
            return listening, settings.stt_slots
        case "llm":
            model = factory.language_model(settings)
            return LlmStage(model, limit_s=settings.engine_limit_s), factory.llm_slots(settings)
        case "tool":
            bodies: dict[ToolKind, Body] = {
                "nats": NatsBody(),
                "webhook": WebhookBody(_tool_keys(settings)),
            }
            return ToolStage(bodies), settings.tool_slots
        case "tts":
            executor = EngineExecutor(settings.tts_slots, limit_s=settings.engine_limit_s)
            speaker = Speaker(language=settings.language, speed=settings.tts_speed)
            synthesizer = factory.synthesizer(settings)
            # a simulated voice is there at once, and may be told to fail at it
            greeting = "" if settings.tts_engine == "simulated" else settings.greeting
            speaking = TtsStage(synthesizer, executor, greeting=greeting, speaker=speaker)
            return speaking, settings.tts_slots


def _tool_keys(settings: Settings) -> list[bytes]:
    """Return the keys that sign calls of webhook tools; there may be none.

    Raises:
        SettingsError: the secret is none.
    """
    try:
        return envelopes.keys(settings.tool_secret.get_secret_value())
    except envelopes.SecretError as error:
        raise SettingsError(f"AURA_TOOL_SECRET is {error}: {envelopes.HOW_TO}") from error


async def serve(settings: Settings, stage_name: StageName) -> int:
    """Run a worker until SIGTERM or SIGINT; return the process's exit code.

    Raises:
        BusAwayError: no server answers.
        EngineError: the engine is missing; the message names the way out.
        BadRulesError: the rules of redaction cannot be used.
        SettingsError: a secret that signs webhooks is none.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    async with metrics.served(settings, stage_name) as condition:
        healthy = await _work(settings, stage_name, stop, condition)
    if not healthy:
        sys.stdout.flush()
        os._exit(HUNG_EXIT)  # an orderly exit would wait for the thread that hangs
    return 0


async def _work(
    settings: Settings,
    stage_name: StageName,
    stop: asyncio.Event,
    condition: metrics.Condition,
) -> bool:
    """Work until *stop*; return False if the engine hung."""
    stage, slots = build(settings, stage_name)
    telling = call_webhooks.subscriber(settings) if stage_name == "tool" else None
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
            settle()
            condition.ready = lambda: bus.connected and not stop.is_set()
            log.info("worker_ready", model=stage.model, slots=slots)
            async with asyncio.TaskGroup() as tasks:
                if telling:
                    tasks.create_task(call_webhooks.deliver(bus, settings, telling, stop))
                healthy = await worker.run(stop)
        if isinstance(stage, ToolStage):
            await stage.close()
        log.info("worker_left", done=worker.done, failed=worker.failed)
    return healthy
