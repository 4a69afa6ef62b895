"""Reads the configuration that an event names by its hash, and puts it into the event."""

from collections.abc import Iterable
from typing import Any

import msgpack
import msgspec
import structlog

from runtime.bus.errors import BusAwayError
from runtime.bus.reader import Reader, Stored
from schemas import codec, named_config, subjects
from schemas.events import AnyEvent, SessionResumed, SessionStarted, tag

log = structlog.get_logger(__name__)

NAMING = frozenset(tag(kind) for kind in (SessionStarted, SessionResumed))
"""Types of events that may name a configuration."""
MOST_KEPT_CONFIGURATIONS = 100
"""The most configurations that are kept in memory."""


class Configurations:
    """A cache of stored configurations, which never change."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: dict[str, dict[str, Any]] = {}

    async def in_stored(self, stored: Iterable[Stored]) -> list[Stored]:
        """Return the messages, with the named configuration in each event that names one."""
        return [
            msgspec.structs.replace(message, data=await self.in_data(message.data))
            if message.headers.get(codec.TYPE_HEADER) in NAMING
            else message
            for message in stored
        ]

    async def in_event(self, event: AnyEvent) -> AnyEvent:
        """Return *event*, with its configuration in it if it only names one."""
        if isinstance(event, SessionStarted | SessionResumed) and event.names_config:
            fields = msgspec.to_builtins(event, builtin_types=(bytes,))
            del fields["config"]
            if whole := await self._whole(fields):
                return codec.decode(whole)
        return event

    async def in_data(self, data: bytes) -> bytes:
        """Return the event in *data*, with its configuration in it if it only names one."""
        try:
            fields = msgpack.unpackb(data)
        except (ValueError, TypeError, msgpack.UnpackException):
            return data
        if not isinstance(fields, dict) or not named_config.names_one(fields):
            return data
        return await self._whole(fields) or data

    async def _whole(self, fields: dict[str, Any]) -> bytes:
        """Return the event *fields* with its configuration, or b"" if that cannot be read."""
        try:
            base = await self._read(str(fields["config_hash"]))
            return b"" if base is None else bytes(msgpack.packb(named_config.whole(fields, base)))
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
            if len(self._known) >= MOST_KEPT_CONFIGURATIONS:
                self._known.clear()
            self._known[name] = msgpack.unpackb(stored.data)
        return self._known[name]
