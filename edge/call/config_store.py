"""Stores the operator's configuration once, so that events can name it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

import msgpack
import msgspec
import structlog

from runtime.bus.errors import BusAwayError, BusRefusedError
from runtime.bus.reader import Stored
from schemas import codec, named_config, subjects
from schemas.events import Event, SessionResumed, SessionStarted
from schemas.session_config import SessionConfig

log = structlog.get_logger(__name__)

REFRESH_S = 60.0
"""The time until another try on a bus without the stream."""


class ConfigBus(Protocol):
    """What stores the configuration: a part of `runtime/bus/connection.py`."""

    reconnected: list[Callable[[], None]]

    async def get(self, stream: str, request: dict[str, Any]) -> Stored | None: ...
    async def store(self, subject: str, data: bytes, headers: dict[str, str]) -> bool: ...


class ConfigStore:
    """The configuration of an edge's calls, without their clients' changes."""

    def __init__(self, bus: ConfigBus, config: SessionConfig) -> None:
        self._bus = bus
        self._config = config
        self._subject = subjects.config(named_config.name(config))
        self.stored = False
        """Whether the configuration is stored."""
        self._look = asyncio.Event()

    def encode(self, event: Event) -> bytes:
        """Return the bytes of *event*; its configuration is named once it is stored."""
        if not (self.stored and isinstance(event, SessionStarted | SessionResumed)):
            return codec.encode(event)
        said = msgspec.to_builtins(event, builtin_types=(bytes,))
        return bytes(msgpack.packb(named_config.named(said, self._config)))

    async def keep(self) -> None:
        """Store the configuration; again after every reconnect: the server may lack it."""
        self._bus.reconnected.append(self._doubt)
        try:
            while True:
                self._look.clear()
                self.stored = await self._store()
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if self.stored else REFRESH_S):
                        await self._look.wait()
        finally:
            self._bus.reconnected.remove(self._doubt)

    def _doubt(self) -> None:
        self.stored = False
        self._look.set()

    async def _store(self) -> bool:
        """Store the configuration unless it exists; return whether it exists now."""
        try:
            if await self._there():
                return True
            try:
                await self._bus.store(self._subject, codec.encode(self._config), {})
            except BusAwayError:  # another edge may have been first
                return await self._there()
        except (BusAwayError, BusRefusedError) as error:
            log.warning("config_not_stored", error=str(error))
            return False
        return True

    async def _there(self) -> bool:
        request = {"last_by_subj": self._subject}
        return await self._bus.get(subjects.CONFIGS_STREAM, request) is not None
