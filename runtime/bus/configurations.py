"""The configurations that events name, read: an event is handed on with its own in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgpack
import msgspec
import structlog

from runtime.bus.errors import BusAwayError
from runtime.bus.reader import Reader, Stored
from schemas import codec, named_config, subjects
from schemas.events import AnyEvent, SessionResumed, SessionStarted

log = structlog.get_logger(__name__)

NAMING = frozenset(str(kind.__struct_config__.tag) for kind in (SessionStarted, SessionResumed))
"""Events that may name a configuration."""
MOST_KEPT = 100
"""The configurations that are kept in memory."""


class Configurations:
    """The configurations that were read so far: they never change."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: dict[str, dict[str, Any]] = {}

    async def in_stored(self, stored: Iterable[Stored]) -> list[Stored]:
        """Return the messages with the configurations that they name in them."""
        return [
            msgspec.structs.replace(one, data=await self.in_data(one.data))
            if one.headers.get(codec.TYPE_HEADER) in NAMING
            else one
            for one in stored
        ]

    async def in_event(self, event: AnyEvent) -> AnyEvent:
        """Return *event* with the configuration that it names."""
        if isinstance(event, SessionStarted | SessionResumed) and event.names_config:
            said = msgspec.to_builtins(event, builtin_types=(bytes,))
            del said["config"]
            if whole := await self._whole(said):
                return codec.decode(whole)
        return event

    async def in_data(self, data: bytes) -> bytes:
        """Return the event in *data* with the configuration that it names."""
        try:
            said = msgpack.unpackb(data)
        except (ValueError, TypeError, msgpack.UnpackException):
            return data
        if not isinstance(said, dict) or not named_config.names_one(said):
            return data
        return await self._whole(said) or data

    async def _whole(self, said: dict[str, Any]) -> bytes:
        """Return the bytes of the event *said*, its configuration in it; empty: it is not there."""
        try:
            base = await self._read(str(said["config_hash"]))
            return b"" if base is None else bytes(msgpack.packb(named_config.whole(said, base)))
        except (BusAwayError, ValueError, TypeError) as error:
            log.warning("config_not_read", error=type(error).__name__)
            return b""

    async def _read(self, name: str) -> dict[str, Any] | None:
        if name not in self._known:
            request = {"last_by_subj": subjects.config(subjects.token(name))}
            stored = await self._reader.get(subjects.CONFIGS_STREAM, request)
            if stored is None:
                log.warning("config_missing", config=name)
                return None
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[name] = msgpack.unpackb(stored.data)
        return self._known[name]
