"""One connection to NATS: stores events, sends unstored audio, and listens."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Self

import msgspec
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import AuthorizationError, NoServersError
from nats.errors import Error as NatsError

from runtime.bus import server_address, trace
from runtime.bus.bulk_reader import BulkReader
from runtime.bus.callbacks import call_each
from runtime.bus.configurations import Configurations
from runtime.bus.delivery import Delivery
from runtime.bus.errors import BusAwayError
from runtime.bus.link_liveness import LinkLiveness
from runtime.bus.publisher import Publisher
from runtime.bus.reader import Reader, Stored
from runtime.settings import Settings
from schemas import codec
from schemas.codec import Headers

log = structlog.get_logger(__name__)

PENDING_BYTES = 16 * 1024 * 1024

HEAD_START_S = 0.003
"""The time that a worker needs to start on a job after its publication."""
FLUSH_S = 10.0
LEAVE_S = 2.0
"""The time for the last messages to leave when the process ends."""

LINK_OPTIONS: Mapping[str, Any] = {
    "max_reconnect_attempts": -1,
    "reconnect_time_wait": 0.2,
    "connect_timeout": 2,
    "ping_interval": 5,
    "max_outstanding_pings": 2,
    "pending_size": PENDING_BYTES,
}
"""nats-py's options for each link, times in seconds: it reconnects for as long as it is needed."""

DeliveryHandler = Callable[[Delivery], Awaitable[None]]


class Bus:
    """The facade of the bus: a `Publisher` that stores, two readers, and messages without an ack.

    It has the methods of these parts, and inherits none.
    `connect` returns an open bus. `close`, or the end of a `with` block, first sends the messages
    that wait.
    """

    def __init__(self, nc: Client) -> None:
        self.nats_client = nc
        """nats-py's client; only modules of this package use it."""
        self.liveness = LinkLiveness(nc)
        self.reconnected: list[Callable[[], None]] = [self.liveness.reconnected]
        """Functions that are called after every reconnect, on the event loop."""
        self.is_closing = False
        self._open = AsyncExitStack()
        reader = Reader(nc)
        self.configurations = Configurations(reader)
        """The configurations that events name."""
        self._bulk = BulkReader(nc)
        self.newest = self._bulk.newest
        self.api, self.get, self.read = reader.api, reader.get, reader.read
        self.last, self.last_of = reader.last, reader.last_of
        publisher = Publisher(nc, reader)
        self.publish, self.publish_raw = publisher.publish, publisher.publish_raw
        self.publish_fenced, self.store = publisher.publish_fenced, publisher.store
        self.put, self.purge_key = publisher.put, publisher.purge_key

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def connected(self) -> bool:
        return self.nats_client.is_connected

    @property
    def is_over_tls(self) -> bool:
        return bool(self.nats_client._server_info.get("tls_required"))  # it has no public name

    async def session_events(self, session: str) -> list[Stored]:
        """Return the events of *session* as `BulkReader` does, with their configurations."""
        return await self.configurations.in_stored(await self._bulk.session_events(session))

    # ------------------------------------------ sent without an ack, and listened to

    async def send(self, subject: str, message: msgspec.Struct) -> bool:
        """Send *message* without an ack; return False if it was dropped because the bus is away.

        Late audio is useless, so a message never waits for a connection.
        """
        return self._is_up and await self.send_raw(subject, codec.encode(message), trace.headers())

    async def send_raw(self, subject: str, data: bytes, headers: Headers | None = None) -> bool:
        """Send bytes with *headers* like `send`."""
        if not self._is_up:
            return False
        try:
            await self.nats_client.publish(subject, data, headers=headers or None)
        except NatsError:
            return False
        return True

    @property
    def _is_up(self) -> bool:
        return self.nats_client.is_connected and not self.liveness.away

    async def yield_to_jobs(self) -> None:
        """Wait until a worker has started on the job that was just published.

        With few cores, other readers of the same event would else run first.
        """
        await asyncio.sleep(HEAD_START_S)

    @asynccontextmanager
    async def listening(
        self, subject: str, handler: DeliveryHandler, *, group: str = ""
    ) -> AsyncIterator[None]:
        """Call *handler* with each message on *subject*, in order, while the block is open.

        Each message goes to one subscriber of a *group*, or to all subscribers if *group* is empty.
        Messages that the handler sends belong to the trace of the message.
        """

        async def on_message(msg: Msg) -> None:
            delivery = Delivery.of(msg)
            with trace.trace_of(delivery.headers):
                await handler(delivery)

        subscription = await self.nats_client.subscribe(
            subject, group, cb=on_message, pending_bytes_limit=PENDING_BYTES
        )
        try:
            yield
        finally:
            if not self.nats_client.is_closed:
                await subscription.unsubscribe()

    async def flush(self) -> None:
        """Return when the server has received all messages and subscriptions.

        Raises:
            BusAwayError: the server does not answer.
        """
        if not await self.liveness.flushed(FLUSH_S):
            raise BusAwayError("the server does not confirm that it has received everything")

    async def open(self) -> Self:
        """Begin to watch the link."""
        await self._open.enter_async_context(self.liveness)
        self._open.push_async_callback(self._leave)
        return self

    async def close(self) -> None:
        """Send the messages that wait, then disconnect."""
        await self._open.aclose()

    async def _leave(self) -> None:
        self.is_closing = True
        if self.nats_client.is_closed:
            return
        if not await self.liveness.flushed(LEAVE_S):
            log.warning("bus_left_without_flush")
        with suppress(ConnectionError):  # nats-py writes what waits, even if the link is lost
            await self.nats_client.close()


async def connect(
    settings: Settings, name: str, *, role: str = "operator", wait_s: float = 5.0
) -> Bus:
    """Return a connection that reconnects by itself; the server's monitor shows it as *name*.

    *role* is the user on the embedded server; on any other server AURA_NATS_USER is.

    Raises:
        BusAwayError: no server answered within *wait_s*, or it refused us; the message names the
            setting.
        SettingsError: a certificate cannot be used.
    """
    link = _Link()
    url = server_address.url_of(settings)
    tls = server_address.tls_of(settings, url)
    if tls:
        logging.getLogger("asyncio").addFilter(_is_no_end_over_tls)
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
                **LINK_OPTIONS,
                user=user,
                password=password,
                inbox_prefix=f"_INBOX_{user}" if user else "_INBOX",
                tls=tls,
            )
    except (TimeoutError, OSError, NoServersError, NatsError) as error:
        await _abandon(nc)
        raise server_address.unreachable(
            error, settings, server_address.without_password(url), user
        ) from error
    link.bus = Bus(nc)
    return await link.bus.open()


async def _abandon(nc: Client) -> None:
    """Close a client that has not connected; after a failed TLS handshake that waits for ever."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LEAVE_S):
            await nc.close()


def _is_no_end_over_tls(record: logging.LogRecord) -> bool:
    """Return False for a warning that every end of a TLS connection of nats-py's causes."""
    return "eof_received() has no effect" not in str(record.msg)


class _TlsClient(Client):
    """A client that never sends its password to a server without TLS; nats-py's own does.

    It overrides a private method; pyproject.toml therefore pins nats-py's minor version.
    """

    def _connect_command(self) -> bytes:
        if not self._server_info.get("tls_required"):
            raise server_address.NoTlsError
        return super()._connect_command()


class _Link:
    """nats-py's callbacks for *bus*, which is None before the first connection."""

    bus: Bus | None = None

    async def error(self, error: Exception) -> None:
        # The publisher of a denied message only sees a timeout; the refusal itself arrives here.
        if self.bus is None:
            if "authorization violation" in str(error).lower():
                raise AuthorizationError  # another try would not help
            if isinstance(error, server_address.NoTlsError | ssl.SSLError):
                raise error
        elif isinstance(error, NatsError):
            log.error("bus_error", error=str(error)[:200])
        elif isinstance(error, OSError) and not self.bus.connected:
            pass  # reconnects fail several times a second; `bus_disconnected` was logged
        else:  # a handler failed
            log.error("handler_failed", exc_info=error)

    async def lost(self) -> None:
        if self.bus is None:  # there was no connection yet
            return
        self.bus.liveness.lost()
        if not self.bus.is_closing:
            log.warning("bus_disconnected")

    async def back(self) -> None:
        log.info("bus_reconnected")
        if self.bus:
            call_each(self.bus.reconnected)
