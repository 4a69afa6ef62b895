"""One connection to NATS: publish facts that are stored, send audio that is not, listen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import AuthorizationError, NoServersError
from nats.errors import Error as NatsError

from runtime.bus.errors import BusAwayError, BusError, FencedError
from runtime.bus.link_liveness import Pulse
from runtime.bus.publisher import ACK_TIMEOUT_S, Storing
from runtime.bus.reader import Stored
from runtime.settings import Settings
from schemas import codec

__all__ = [
    "ACK_TIMEOUT_S",
    "PASSWORDS_FILE",
    "Bus",
    "BusAwayError",
    "BusError",
    "FencedError",
    "Stored",
    "connect",
    "embedded_url",
]

log = structlog.get_logger(__name__)

PENDING_BYTES = 16 * 1024 * 1024
DEFAULT_URL = "nats://127.0.0.1:4222"
PASSWORDS_FILE = "nats.passwords.json"  # a file's name
"""In data_dir: role to password on the embedded server."""

Listener = Callable[[Msg], Awaitable[None]]


class Bus(Storing):
    """What the rest of Aura may do with NATS."""

    def __init__(self, nc: Client) -> None:
        self.nc = nc
        self._js = nc.jetstream(timeout=ACK_TIMEOUT_S)
        self.reconnected: list[Callable[[], None]] = []
        """Called after every reconnect, on the loop."""
        self.pulse = Pulse(nc)
        self.reconnected.append(self.pulse.reconnected)
        self.leaving = False

    @property
    def connected(self) -> bool:
        return self.nc.is_connected

    async def send(self, subject: str, message: msgspec.Struct) -> bool:
        """Send *message* without an ack; False where there is no connection and it was dropped.

        Audio of a minute ago is worth nothing, so nothing of it waits for a connection, nor on one
        that does not answer.
        """
        if not self.nc.is_connected or self.pulse.away:
            return False
        try:
            await self.nc.publish(subject, codec.encode(message))
        except NatsError:
            return False
        return True

    @asynccontextmanager
    async def listening(self, subject: str, listener: Listener) -> AsyncIterator[None]:
        """Call *listener* with what arrives on *subject*, in order, until the block is left."""
        subscription = await self.nc.subscribe(
            subject, cb=listener, pending_bytes_limit=PENDING_BYTES
        )
        try:
            yield
        finally:
            if not self.nc.is_closed:
                await subscription.unsubscribe()

    async def close(self) -> None:
        """Hand over what is still to be sent, then leave."""
        self.leaving = True
        self.pulse.stop()
        if self.nc.is_closed:
            return
        try:
            await self.nc.flush(timeout=2)
        except NatsError:
            log.warning("bus_left_without_flush")
        await self.nc.close()


async def connect(
    settings: Settings, name: str, *, role: str = "operator", wait_s: float = 5.0
) -> Bus:
    """Return a connection that keeps itself alive; *name* is what the server's monitor shows.

    *role* is whom the embedded server takes us for; elsewhere AURA_NATS_USER says it.

    Raises:
        BusAwayError: no server answered within *wait_s*, or it refused us; names the setting.
    """
    link = _Link()
    url = settings.nats_url or embedded_url(settings) or DEFAULT_URL
    nc = Client()
    user, password = _credentials(settings, url, role)
    try:
        async with asyncio.timeout(wait_s):
            await nc.connect(
                [one.strip() for one in url.split(",")],
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
            )
    except (TimeoutError, OSError, NoServersError, NatsError) as error:
        await nc.close()
        raise _unreachable(error, _without_password(url), user) from error
    link.bus = Bus(nc)
    return link.bus


class _Link:
    """What nats-py calls when something befalls the connection of *bus*, None: of none yet."""

    bus: Bus | None = None

    async def error(self, error: Exception) -> None:
        # A denied publish looks like a timeout to its caller; here is where it is told.
        if self.bus is None:
            if "authorization violation" in str(error).lower():
                raise AuthorizationError  # it will not change its mind
        elif isinstance(error, NatsError):
            log.error("bus_error", error=str(error)[:200])
        else:  # a listener of ours failed; what it was listening to stays out of the log
            log.error("listener_failed", error=type(error).__name__)

    async def lost(self) -> None:
        if not (self.bus and self.bus.leaving):
            log.warning("bus_disconnected")

    async def back(self) -> None:
        log.info("bus_reconnected")
        for call in tuple(self.bus.reconnected) if self.bus else ():
            call()


def _unreachable(error: Exception, url: str, user: str | None) -> BusAwayError:
    if isinstance(error, AuthorizationError):
        return BusAwayError(
            f"the NATS server at {url} refuses "
            f"{f'user {user}' if user else 'a client without a user'}: set AURA_NATS_USER and "
            f"AURA_NATS_PASSWORD. Those of `aura up` are in AURA_DATA_DIR/{PASSWORDS_FILE}."
        )
    return BusAwayError(
        f"no NATS server answers at {url}. Start one, set NATS_URL to one, "
        "or let `aura up` run its own."
    )


def embedded_url(settings: Settings) -> str:
    """Return the URL of the server that `aura up` runs under data_dir, empty where none does."""
    try:
        return (Path(settings.data_dir) / "nats.url").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _credentials(settings: Settings, url: str, role: str) -> tuple[str | None, str | None]:
    """Return user and password: as set, or those that the embedded server gave to *role*."""
    if settings.nats_user:
        return settings.nats_user, settings.nats_password.get_secret_value()
    if url == embedded_url(settings):
        try:
            found = (Path(settings.data_dir) / PASSWORDS_FILE).read_text(encoding="utf-8")
            return role, str(msgspec.json.decode(found)[role])
        except (OSError, msgspec.DecodeError, KeyError):
            pass  # a server without users, or a folder that is not ours to read: it will be told
    return None, None


def _without_password(url: str) -> str:
    return ",".join(one.rpartition("@")[2] for one in url.split(","))
