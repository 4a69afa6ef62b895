"""Watches the bus for the console: live events, and the state of all processes every second."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import structlog

from aura.cli.console.last_hour import HOUR_MS, LastHour
from aura.cli.console.last_words import LastWords
from aura.cli.console.log_reading import before_now
from aura.cli.console.readable import Readable
from aura.cli.console.refusals import Refusals
from aura.cli.console.viewer import MOST_SHOWN_ROWS, PageMessage, Row, Viewer
from aura.cli.workers import look_of
from edge.call.clock import now_ms
from runtime.bus.calls import running
from runtime.bus.connection import Bus, connect
from runtime.bus.consumer_lag import queues
from runtime.bus.delivery import Delivery
from runtime.bus.discovery import Service, discover
from runtime.bus.errors import BusAwayError
from runtime.bus.server_address import embedded_url
from runtime.sessions.finding import decoded
from runtime.sessions.listing import folded
from runtime.sessions.timeline import moments
from runtime.settings import Settings
from schemas import codec, subjects
from schemas import events as ev
from schemas.audio import TranscriptPartial

log = structlog.get_logger(__name__)

SNAPSHOT_INTERVAL_S = 1.0
UNSEEN_LOOK_S = 10.0
"""The time between two looks without an open page, to count the edges' refusals."""
HOUR_EVERY_MS, HOUR_AGES_MS = 1_000, 30_000
"""The intervals at which the hour's numbers are computed: with news, and without."""
CONNECT_TIMEOUT_S = 2.0
RECONNECT_S = 0.5
AWAY_S = 5.0
"""The time without a bus after which its address is looked up again: `aura up` changes the port."""
WRONG = {"trouble.told", "job.failed", "tool.failed"}


class Watcher:
    """Watches the bus while it runs, and feeds the viewers of all pages."""

    def __init__(self, settings: Settings, readable: Readable) -> None:
        self._settings = settings
        self._readable = readable
        self._bus: Bus | None = None
        self._viewers: set[Viewer] = set()
        self._hour = LastHour()
        self._words = LastWords()
        self._refusals = Refusals()
        self._rows: deque[Row] = deque(maxlen=MOST_SHOWN_ROWS)
        self._state: PageMessage = {
            "bus": "away",
            "why": "The bus is being looked for.",
            "calls": [],
        }
        self._summed = (-1, 0)
        """The change count of the latest numbers of the hour, and the time of their computation."""
        self._read_to = 0
        """The sequence of the newest counted event."""
        self._held: list[tuple[int, ev.AnyEvent, bool]] | None = None
        """Events that arrive while older ones are read; None if no reading is under way."""

    @property
    def bus(self) -> Bus:
        """Return the connection.

        Raises:
            BusAwayError: there is no connection.
        """
        if self._bus is None or not self._bus.connected:
            raise BusAwayError("the event bus is away")
        return self._bus

    @property
    def is_watching(self) -> bool:
        return self._bus is not None and self._bus.connected

    @asynccontextmanager
    async def seen_by(self, viewer: Viewer) -> AsyncIterator[None]:
        """Feed *viewer* while the block is open."""
        viewer.state(self._state)
        for row in self._rows:
            viewer.row(row)
        self._viewers.add(viewer)
        try:
            yield
        finally:
            self._viewers.discard(viewer)

    async def watch(self, viewer: Viewer, session: str) -> None:
        """Let *viewer* watch a call: its history, then its live events.

        Raises:
            BusAwayError: the server does not answer.
        """
        viewer.watch(session)
        stored = await self.bus.session_events(session)
        events = decoded(stored)
        row = folded(events)
        shown_events = [shown for event in events if (shown := self._event_of_call(event))]
        history = {"row": row.as_json() if row else None, "events": shown_events}
        viewer.history(session, history, stored[-1].seq if stored else 0)

    # ---------------------------------------------------------------- the connection

    async def run(self) -> None:
        """Watch until cancelled, reconnecting whenever the bus was away."""
        while True:
            try:
                async with await connect(
                    self._settings, "aura-console", role="console", wait_s=CONNECT_TIMEOUT_S
                ) as bus:
                    self._bus = bus
                    log.info("console_watches")
                    await self._hold(bus)
            except BusAwayError as error:
                self._is_away(str(error))
            finally:
                self._bus = None
            await asyncio.sleep(RECONNECT_S)

    async def _hold(self, bus: Bus) -> None:
        """Watch the connection *bus* until it is lost for good.

        Raises:
            BusAwayError: the bus was away for AWAY_S.
        """
        back, clock = asyncio.Event(), asyncio.get_running_loop().time
        bus.reconnected.append(back.set)
        back.set()
        here_s, services, services_s = clock(), list[Service](), clock()
        url = embedded_url(self._settings)
        async with (
            bus.listening(subjects.live("*", "*"), self._on_event),
            bus.listening(subjects.partials("*"), self._on_partial),
        ):
            while True:
                began_s = clock()
                try:
                    if not bus.connected or bus.liveness.away:
                        raise BusAwayError("The bus does not answer; waiting for it.")
                    if back.is_set():
                        await self._catch_up(bus)
                        back.clear()
                    if self._viewers or not services or began_s - services_s >= UNSEEN_LOOK_S:
                        services = await self._look(bus, services, began_s - services_s)
                        services_s = began_s
                    here_s = clock()
                except BusAwayError as error:
                    self._is_away(str(error))
                    moved = embedded_url(self._settings) != url
                    if moved or (not bus.connected and clock() - here_s > AWAY_S):
                        raise
                await asyncio.sleep(max(0.1, SNAPSHOT_INTERVAL_S - (clock() - began_s)))

    def _is_away(self, why: str) -> None:
        if self._state["bus"] != "away":
            log.warning("console_without_bus")
        self._tell({"bus": "away", "why": why, "now_ms": now_ms()})

    # ---------------------------------------------------------------- events

    async def _on_event(self, message: Delivery) -> None:
        if (event := message.readable()) is None:
            return
        if self._bus and isinstance(event, ev.SessionStarted | ev.SessionResumed):
            event = await self._bus.configurations.in_event(event)
        if self._held is not None:
            self._held.append((message.seq, event, message.is_copy))
        else:
            self._count(message.seq, event, is_copy=message.is_copy)
        self._show(message.seq, event)

    async def _on_partial(self, message: Delivery) -> None:
        session = message.subject.rpartition(".")[2]
        try:
            partial = codec.decode_as(TranscriptPartial, message.data)
        except codec.BadMessageError:
            return
        self._words.grows(session, partial.text)
        for viewer in self._viewers:
            if viewer.watches == session:
                viewer.grows(self._readable.text(partial.text))

    def _count(self, number: int, event: ev.AnyEvent, *, is_copy: bool) -> None:
        self._read_to = max(self._read_to, number)
        if not is_copy:
            self._hour.count(event)
            self._words.note(event)

    def _show(self, number: int, event: ev.AnyEvent) -> None:
        row = self._row(number, event)
        if row is None:
            return
        self._rows.append(row)
        watching = [viewer for viewer in self._viewers if viewer.watches == event.session]
        shown = self._event_of_call(event) if watching else None
        for viewer in self._viewers:
            viewer.row(row)
        if shown:
            for viewer in watching:
                viewer.of_call(number, shown)

    def _row(self, number: int, event: ev.AnyEvent) -> Row | None:
        """Return the row of *event* in the stream, or None for events that are not listed."""
        if isinstance(event, ev.InputsDelivered):
            return None
        (moment, *_) = moments([event])
        shown = self._readable.moment(moment)
        wrong = moment.name in WRONG
        return number, event.at_ms, event.tenant, event.session, moment.name, shown.text, wrong

    def _event_of_call(self, event: ev.AnyEvent) -> PageMessage | None:
        """Return *event* in the form of the call's page, or None if nothing of it is shown."""
        if isinstance(event, ev.InputsDelivered):
            return None
        fields = msgspec.to_builtins(event)
        data = self._readable.fields(ev.own_fields(fields))
        return {"name": fields["type"], "at": event.at_ms, "data": data}

    # ---------------------------------------------------------------- the log

    async def _catch_up(self, bus: Bus) -> None:
        """Count the events that were stored in the last hour, or while the bus was away.

        Raises:
            BusAwayError: the server does not answer.
        """
        self._held = []
        try:
            read = await before_now(bus, self._read_to, now_ms())
            if read.since_ms:
                self._hour.since_ms = read.since_ms
            numbers = {number for number, _, _ in read.events}
            for number, is_copy, event in read.events:
                self._count(number, event, is_copy=is_copy)
            for number, event, is_copy in self._held:
                if number not in numbers:
                    self._count(number, event, is_copy=is_copy)
        finally:
            self._held = None

    # ---------------------------------------------------------------- looking around

    async def _look(self, bus: Bus, before: Sequence[Service], elapsed_s: float) -> list[Service]:
        """Ask all processes for their state, and tell all viewers.

        Raises:
            BusAwayError: the server does not answer.
        """
        calls, services, stages = await asyncio.gather(running(bus, ""), discover(bus), queues(bus))
        at_ms = now_ms()
        edges = {
            service.id: service.status.refused or {}
            for service in services
            if service.role == "edge"
        }
        self._refusals.look(edges, at_ms)
        look = look_of(services, before, elapsed_s, stages)
        shown = [self._with_words(msgspec.to_builtins(call)) for call in calls]
        state: PageMessage = {
            "bus": "here",
            "why": "",
            "now_ms": at_ms,
            "calls": shown,
            **msgspec.to_builtins(look),
            "refused": self._refusals.last_hour(at_ms),
            "refused_since_ms": max(self._refusals.since_ms, at_ms - HOUR_MS),
        }
        changes, made_ms = self._summed
        every_ms = HOUR_EVERY_MS if changes != self._hour.changes else HOUR_AGES_MS
        if self._viewers and at_ms - made_ms >= every_ms:
            state["hour"] = self._hour.summary(at_ms)
            self._summed = (self._hour.changes, at_ms)
        self._tell(state)
        return services

    def _with_words(self, call: dict[str, Any]) -> dict[str, Any]:
        last = self._words.of(call["session"])
        caller, aura = self._readable.text(last.caller), self._readable.text(last.aura)
        return {**call, "caller": caller, "aura": aura, "growing": last.growing}

    def _tell(self, state: PageMessage) -> None:
        self._state = {**self._state, **state}
        for viewer in self._viewers:
            viewer.state(state)
