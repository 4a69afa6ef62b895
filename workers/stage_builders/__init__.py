"""Builds each stage, in a module of its own: a worker imports only that of its stage."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from runtime.bus.connection import Bus
from runtime.settings import Settings
from schemas.events import StageName
from workers.loop.stage import Stage


def _nothing(bus: Bus, stop: asyncio.Event) -> AbstractAsyncContextManager[None]:
    del bus, stop
    return nullcontext()


@dataclass(frozen=True)
class BuiltStage:
    """A stage, with its number of slots."""

    stage: Stage[Any]
    slots: int
    companion: Callable[[Bus, asyncio.Event], AbstractAsyncContextManager[None]] = _nothing
    """Opens what runs while the worker works, until the event is set."""


def build(settings: Settings, stage: StageName) -> BuiltStage:
    """Return the stage with its engine, which is not loaded yet.

    Raises:
        EngineError: an engine is not installed, or a setting or file is missing.
        BadRulesError: the rules of redaction cannot be used.
        SettingsError: a secret that signs webhooks is invalid.
    """
    builder: Callable[[Settings], BuiltStage] = import_module(f"{__name__}.{stage}").build
    return builder(settings)
