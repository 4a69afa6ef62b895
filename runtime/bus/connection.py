"""One connection to NATS: publish facts that are stored, send audio that is not, listen."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Self

import msgspec
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import AuthorizationError, NoServersError
from nats.errors import Error as NatsError

from runtime.bus import server_address, trace
from runtime.bus.bulk_reader import BulkReader
from runtime.bus.configurations import Configurations
from runtime.bus.delivery import Delivery
from runtime.bus.errors import BusAwayError
from runtime.bus.link_liveness import LinkLiveness
from runtime.bus.publisher import Publisher
from runtime.bus.reader import Reader, Stored
from runtime.settings import Settings
from schemas import codec

log = structlog.get_logger(__name__)

PENDING_BYTES = 16 * 1024 * 1024

HEAD_START_S = 0.003
"""Time a worker needs to start after a publish, seconds."""
FLUSH_S = 10.0
LEAVE_S = 2.0
"""Time for the last messages to arrive when the process leaves."""

Listener = Callable[[Delivery], Awaitable[None]]


class Bus:
    """The use that Aura makes of NATS: it stores by a `Publisher`, reads by two readers, and sends.

    It is open as `connect` returns it; `close`, or leaving it as a block, sends what waits.
    """

    def __init__(self, nc: Client) -> None:
        self._nc = nc
        """nats-py's client, for the modules of this package alone."""
        self.liveness = LinkLiveness(nc)
        self.reconnected: list[Callable[[], None]] = [self.liveness.reconnected]
        """Called after every reconnect, on the loop."""
        self.leaving = False
        self._open = AsyncExitStack()
        reader = Reader(nc)
        self.configurations = Configurations(reader)
        """Those that events name, to be read."""
        self._bulk = BulkReader(nc)
        self.newest = self._bulk.newest
        self.api, self.get, self.read = reader.api, reader.get, reader.read
        self.last, self.last_of = reader.last, reader.last_of
        publisher = Publisher(nc, reader)
        self.publish, self.publish_raw = publisher.publish, publisher.publish_raw
        self.publish_fenced, self.store = publisher.publish_fenced, publisher.store
        self.put, self.forget = publisher.put, publisher.forget

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def connected(self) -> bool:
        return self._nc.is_connected

    async def session_events(self, session: str) -> list[Stored]:
        """Return its events as `BulkReader` does, with the configurations that they name."""
        return await self.configurations.in_stored(await self._bulk.session_events(session))

    # ------------------------------------------ sent without an ack, and listened to

    async def send(self, subject: str, message: msgspec.Struct) -> bool:
        """Send *message* without an ack; return False if it was dropped: the bus is away.

        Late audio is worth nothing, so a message never waits for a connection.
        """
        return self._is_up and await self.send_raw(subject, codec.encode(message), trace.headers())

    async def send_raw(self, subject: str, data: bytes, head: dict[str, str] | None = None) -> bool:
        """Send bytes with the headers *head* like `send`."""
        if not self._is_up:
            return False
        try:
            await self._nc.publish(subject, data, headers=head or None)
        except NatsError:
            return False
        return True

    @property
    def _is_up(self) -> bool:
        return self._nc.is_connected and not self.liveness.away

    async def yield_to_jobs(self) -> None:
        """Wait until a worker has started on the job that was just published.

        On few cores, lower-priority readers of the same event would run first.
        """
        await asyncio.sleep(HEAD_START_S)

    @asynccontextmanager
    async def listening(
        self, subject: str, listener: Listener, *, group: str = ""
    ) -> AsyncIterator[None]:
        """Call *listener* with each message on *subject*, in order, until the block is left.

        Of those who listen in one *group* each message goes to one; empty: to all.

        What it sends belongs to the trace of that message.
        """

        async def on_message(msg: Msg) -> None:
            delivery = Delivery.of(msg)
            with trace.trace_of(delivery.headers):
                await listener(delivery)

        subscription = await self._nc.subscribe(
            subject, group, cb=on_message, pending_bytes_limit=PENDING_BYTES
        )
        try:
            yield
        finally:
            if not self._nc.is_closed:
                await subscription.unsubscribe()

    async def flush(self) -> None:
        """Return when the server has received all messages and subscriptions.

        Raises:
            BusAwayError: it does not answer.
        """
        if not await self.liveness.flushed(FLUSH_S):
            raise BusAwayError("the server does not say that it has everything")

    async def open(self) -> Self:
        """Watch the link until `close`."""
        await self._open.enter_async_context(self.liveness)
        self._open.push_async_callback(self._leave)
        return self

    async def close(self) -> None:
        """Send what waits, then leave."""
        await self._open.aclose()

    async def _leave(self) -> None:
        self.leaving = True
        if self._nc.is_closed:
            return
        if not await self.liveness.flushed(LEAVE_S):
            log.warning("bus_left_without_flush")
        await self._nc.close()


async def connect(
    settings: Settings, name: str, *, role: str = "operator", wait_s: float = 5.0
) -> Bus:
    """Return a connection that reconnects by itself; the server's monitor shows its *name*.

    *role* is our user on the embedded server; on any other, AURA_NATS_USER is.

    Raises:
        BusAwayError: no server answered within *wait_s*, or it refused us; names the setting.
        SettingsError: a certificate cannot be used.
    """
    link = _Link()
    url = server_address.url_of(settings)
    tls = server_address.tls_of(settings, url)
    nc = _TlsClient() if tls else Client()
    user, password = server_address.credentials(settings, url, role)
    try:
        async with asyncio.timeout(wait_s):
            await nc.connect(
                [server.strip() for server in url.split(",")],
                name=name,
                error_cb=link.error,
                disconnected_cb=link.lost,
                reconnected_cb=link.back,
                max_reconnect_attempts=-1,
                reconnect_time_wait=0.2,  # type: ignore[arg-type]  # seconds, slept as they are
                connect_timeout=2,
                ping_interval=5,
                max_outstanding_pings=2,
                pending_size=PENDING_BYTES,
                user=user,
                password=password,
                inbox_prefix=f"_INBOX_{user}" if user else "_INBOX",
                tls=tls,
            )
    except (TimeoutError, OSError, NoServersError, NatsError) as error:
        with suppress(TimeoutError):  # a handshake of TLS that failed is waited for, for ever
            async with asyncio.timeout(LEAVE_S):
                await nc.close()
        raise server_address.unreachable(
            error, settings, server_address.without_password(url), user
        ) from error
    link.bus = Bus(nc)
    return await link.bus.open()


class _TlsClient(Client):
    """nats-py says its password to a server without TLS, whatever it was told; this one does not.

    The private part of nats-py that it uses is pinned with its minor version in pyproject.toml.
    """

    def _connect_command(self) -> bytes:
        if not self._server_info.get("tls_required"):
            raise server_address.NoTlsError
        return super()._connect_command()


class _Link:
    """The callbacks of nats-py for the connection of *bus*; None: not connected yet."""

    bus: Bus | None = None

    async def error(self, error: Exception) -> None:
        # The publisher of a denied message sees a timeout: the refusal is told here alone.
        if self.bus is None:
            if "authorization violation" in str(error).lower():
                raise AuthorizationError  # another try would not help
            if isinstance(error, server_address.NoTlsError | ssl.SSLError):
                raise error
        elif isinstance(error, NatsError):
            log.error("bus_error", error=str(error)[:200])
        elif isinstance(error, OSError) and not self.bus.connected:
            pass  # an attempt to come back, several a second: `bus_disconnected` was told
        else:  # a listener failed; its message stays out of the log
            log.error("listener_failed", error=type(error).__name__)

    async def lost(self) -> None:
        if self.bus is None:  # it never was connected
            return
        self.bus.liveness.lost()
        if not self.bus.leaving:
            log.warning("bus_disconnected")

    async def back(self) -> None:
        log.info("bus_reconnected")
        for call in tuple(self.bus.reconnected) if self.bus else ():
            call()
