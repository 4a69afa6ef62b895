"""A bus that holds a log in a list, for tests of what reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from runtime.bus.reader import Stored
from schemas import codec, subjects
from schemas.events import Event

PAGE = 3
"""The most subjects in one answer."""


class StoredLog:
    """The event stream of a server, with the numbers that the events were stored under."""

    def __init__(self, *events: tuple[int, Event]) -> None:
        """Hold *events*, each with its sequence."""
        self.stored = [stored(seq, event) for seq, event in events]
        self.refuses = ""
        """The reason for which each request is refused; empty: none is."""
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.read_after: list[int] = []

    async def api(
        self, verb: str, body: dict[str, Any] | None = None, *, timeout_s: float = 1
    ) -> dict[str, Any]:
        del timeout_s
        self.asked.append((verb, body or {}))
        if self.refuses:
            return {"error": {"description": self.refuses}}
        if verb.startswith("STREAM.MSG.DELETE"):
            self.stored = [message for message in self.stored if message.seq != (body or {})["seq"]]
            return {"success": True}
        return self._info(body or {})

    def _info(self, body: dict[str, Any]) -> dict[str, Any]:
        counts: dict[str, int] = {}
        for message in self.stored:
            if fnmatchcase(message.subject, body.get("subjects_filter", "*")):
                counts[message.subject] = counts.get(message.subject, 0) + 1
        offset = body.get("offset", 0)
        page = dict(list(counts.items())[offset : offset + PAGE])
        last = max((message.seq for message in self.stored), default=0)
        return {"state": {"last_seq": last, "subjects": page or None}, "total": len(counts)}

    async def get(self, stream: str, request: dict[str, Any]) -> Stored | None:
        assert stream == subjects.EVENTS_STREAM
        since = request.get("start_time", "")
        return next(
            (
                message
                for message in self.stored
                if message.seq >= request.get("seq", 0)
                and (not since or _moment(message.time) >= _moment(since))
                and fnmatchcase(message.subject, request["next_by_subj"])
            ),
            None,
        )

    async def read(
        self, stream: str, subject: str, *, after: int = 0, at_least: int = 0
    ) -> list[Stored]:
        assert stream == subjects.EVENTS_STREAM
        assert at_least <= max((message.seq for message in self.stored), default=0)
        self.read_after.append(after)
        return [
            message
            for message in self.stored
            if message.seq > after and fnmatchcase(message.subject, subject)
        ]

    async def newest(self, names: list[str]) -> list[Stored]:
        newest = {message.subject: message for message in self.stored}
        return [newest[name] for name in names]


def stored(seq: int, event: Event, **headers: str) -> Stored:
    """Return *event* as it is stored at its own time."""
    time = datetime.fromtimestamp(event.at_ms / 1000, UTC).isoformat()
    return Stored(subjects.event(event), seq, codec.encode(event), headers, time)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
