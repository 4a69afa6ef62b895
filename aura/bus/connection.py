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
from nats.errors import AuthorizationError, NoRespondersError, NoServersError
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.errors import APIError, NoStreamResponseError

from aura.settings import Settings
from schemas import codec, subjects
from schemas.events import AnyEvent, Event

log = structlog.get_logger(__name__)

WRONG_LAST_SEQUENCE = 10071
ACK_TIMEOUT_S = 2.0
PATIENCE_S = 12.0
"""A publisher waits so long: longer than a cluster that lost a leader takes to elect another."""
AGAIN_S = 0.1
PENDING_BYTES = 16 * 1024 * 1024
DEFAULT_URL = "nats://127.0.0.1:4222"
PASSWORDS_FILE = "nats.passwords.json"  # a file's name
"""In data_dir: role to password on the embedded server."""


class BusError(Exception):
    """Anything the bus could not do."""


class BusAwayError(BusError):
    """No server answers; the message may or may not have been stored. Safe to publish again."""


class FencedError(BusError):
    """The subject holds something newer than the publisher had seen."""

    def __init__(self, message: str, newest: int = 0) -> None:
        """Take the sequence of the subject's newest message; 0: not known."""
        super().__init__(message)
        self.newest = newest


Listener = Callable[[Msg], Awaitable[None]]


class Bus:
    """What the rest of Aura may do with NATS."""

    def __init__(self, nc: Client) -> None:
        self.nc = nc
        self._js = nc.jetstream(timeout=ACK_TIMEOUT_S)
        self.reconnected: list[Callable[[], None]] = []
        """Called after every reconnect, on the loop."""
        self.leaving = False

    @property
    def connected(self) -> bool:
        return self.nc.is_connected

    async def publish(
        self, event: Event, *, patience_s: float = PATIENCE_S, trace: str = ""
    ) -> int:
        """Store *event* and return its sequence in the stream; the same event twice is one.

        Raises:
            BusAwayError: not acknowledged within *patience_s*.
        """
        head = codec.headers(event, trace)
        return await self.publish_raw(
            subjects.event(event), codec.encode(event), head, patience_s=patience_s
        )

    async def publish_raw(
        self, subject: str, data: bytes, head: dict[str, str], *, patience_s: float = PATIENCE_S
    ) -> int:
        """Store bytes with the headers *head* and return their sequence in the stream.

        Raises:
            BusAwayError: not acknowledged within *patience_s*.
        """
        what = head.get(codec.ID_HEADER, subject)
        give_up_at = asyncio.get_running_loop().time() + patience_s
        while True:
            try:
                ack = await self._js.publish(subject, data, headers=head)
            except (NatsTimeoutError, NoStreamResponseError, NoRespondersError) as error:
                if asyncio.get_running_loop().time() >= give_up_at:
                    raise BusAwayError(f"{what} was not acknowledged") from error
                await asyncio.sleep(AGAIN_S)
            except (NatsError, APIError) as error:
                raise BusAwayError(f"{what} was not stored: {error}") from error
            else:
                return ack.seq

    async def publish_fenced(self, event: Event, last: int, *, trace: str = "") -> int:
        """Store *event* only if sequence *last* is still the newest of its subject.

        The fence, not the id, decides: a worker that slept through its job being given away
        would otherwise be told "stored" for words that another one wrote.

        Raises:
            FencedError: something newer is there.
            BusAwayError: not acknowledged.
        """
        subject, data = subjects.event(event), codec.encode(event)
        head = codec.headers(event, trace)
        head["Nats-Expected-Last-Subject-Sequence"] = str(last)
        clock = asyncio.get_running_loop().time
        give_up_at = clock() + PATIENCE_S
        while clock() < give_up_at:
            try:
                ack = await self._js.publish(subject, data, headers=head)
                if not ack.duplicate:
                    return ack.seq
                newest = ack.seq
            except APIError as error:
                if error.err_code != WRONG_LAST_SEQUENCE:
                    raise BusAwayError(f"{event.id} was not stored: {error}") from error
                newest = _sequence_in(error.description)
            except NatsError:  # it may have been stored all the same: the next try finds out
                await asyncio.sleep(AGAIN_S)
                continue
            stored = await self.last(subject, at_least=newest)
            if stored is not None and stored.data == data:
                return stored.seq
            raise FencedError(f"{event.id}: the subject has moved on", newest)
        raise BusAwayError(f"{event.id} was not acknowledged")

    async def put(self, key: str, value: str, last: int, *, ttl_s: int) -> int:
        """Write *key* if sequence *last* is still its newest (0: it is not there); lives *ttl_s*.

        Raises:
            FencedError: somebody else wrote it, or it is gone.
            BusAwayError: not acknowledged.
        """
        head = {"Nats-Expected-Last-Subject-Sequence": str(last), "Nats-TTL": f"{ttl_s}s"}
        try:
            ack = await self._js.publish(key, value.encode(), headers=head)
        except APIError as error:
            if error.err_code == WRONG_LAST_SEQUENCE:
                raise FencedError(f"{key} is not as it was") from error
            raise BusAwayError(f"{key} was not stored: {error}") from error
        except NatsError as error:
            raise BusAwayError(f"{key} was not acknowledged") from error
        return ack.seq

    async def forget(self, key: str) -> None:
        """Remove *key*.

        Raises:
            BusAwayError: no answer.
        """
        stream = subjects.SEATS_STREAM
        request = msgspec.json.encode({"filter": key})
        try:
            await self.nc.request(f"$JS.API.STREAM.PURGE.{stream}", request, timeout=ACK_TIMEOUT_S)
        except NatsError as error:
            raise BusAwayError(f"{key} was not removed") from error

    async def send(self, subject: str, message: msgspec.Struct) -> bool:
        """Send *message* without an ack; False where there is no connection and it was dropped.

        Audio of a minute ago is worth nothing, so nothing of it waits for a connection.
        """
        if not self.nc.is_connected:
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

    async def last(self, subject: str, *, at_least: int = 0) -> Stored | None:
        """Return the newest stored message of *subject* in the event stream.

        In a cluster any copy of the stream answers, and one may be a moment behind: where the
        caller knows of sequence *at_least*, an older answer is asked for again, a second at most.

        Raises:
            BusAwayError: no answer.
        """
        request = msgspec.json.encode({"last_by_subj": subject})
        for _ in range(20):
            try:
                reply = await self.nc.request(
                    f"$JS.API.DIRECT.GET.{subjects.EVENTS_STREAM}", request, timeout=ACK_TIMEOUT_S
                )
            except NatsError as error:
                raise BusAwayError(f"cannot read {subject}: {error!r}") from error
            stored = Stored.of(reply)
            if (stored.seq if stored else 0) >= at_least:
                break
            await asyncio.sleep(0.05)
        return stored

    async def read(self, stream: str, subject: str, *, after: int = 0) -> list[Stored]:
        """Return all that *stream* holds of *subject* after sequence *after*, oldest first.

        Raises:
            BusAwayError: no answer.
        """
        found: list[Stored] = []
        inbox = self.nc.new_inbox()
        subscription = await self.nc.subscribe(inbox, pending_bytes_limit=-1, pending_msgs_limit=-1)
        try:
            while True:
                request = {"seq": after + 1, "next_by_subj": subject, "batch": 1000}
                await self.nc.publish(
                    f"$JS.API.DIRECT.GET.{stream}", msgspec.json.encode(request), reply=inbox
                )
                got = 0
                while True:
                    stored = Stored.of(await subscription.next_msg(timeout=ACK_TIMEOUT_S))
                    if stored is None:
                        break
                    found.append(stored)
                    after, got = stored.seq, got + 1
                if got < 1000:
                    return found
        except NatsError as error:
            raise BusAwayError(f"cannot read {subject}: {error!r}") from error
        finally:
            await subscription.unsubscribe()

    async def close(self) -> None:
        """Hand over what is still to be sent, then leave."""
        self.leaving = True
        if self.nc.is_closed:
            return
        try:
            await self.nc.flush(timeout=2)
        except NatsError:
            log.warning("bus_left_without_flush")
        await self.nc.close()


class Stored(msgspec.Struct, frozen=True):
    """A message as a stream keeps it."""

    subject: str
    seq: int
    data: bytes
    headers: dict[str, str]
    time: str
    """RFC 3339, the server's clock."""

    @staticmethod
    def of(msg: Msg) -> Stored | None:
        """Return the message in a direct-get answer, None where the answer says there is none."""
        head = msg.headers or {}
        if "Status" in head or "Nats-Sequence" not in head:
            return None
        subject, time = head.get("Nats-Subject", ""), head.get("Nats-Time-Stamp", "")
        return Stored(subject, int(head["Nats-Sequence"]), msg.data, head, time)

    def event(self) -> AnyEvent:
        """Return it decoded.

        Raises:
            codec.BadMessageError: it is no event.
        """
        return codec.decode(self.data)


async def connect(
    settings: Settings, name: str, *, role: str = "operator", wait_s: float = 5.0
) -> Bus:
    """Return a connection that keeps itself alive; *name* is what the server's monitor shows.

    *role* is whom the embedded server takes us for; elsewhere AURA_NATS_USER says it.

    Raises:
        BusAwayError: no server answered within *wait_s*, or it refused us; names the setting.
    """
    bus: Bus | None = None

    async def on_error(error: Exception) -> None:
        # A denied publish looks like a timeout to its caller; here is where it is told.
        if bus is None:
            if "authorization violation" in str(error).lower():
                raise AuthorizationError  # it will not change its mind
        elif isinstance(error, NatsError):
            log.error("bus_error", error=str(error)[:200])
        else:  # a listener of ours failed; what it was listening to stays out of the log
            log.error("listener_failed", error=type(error).__name__)

    async def on_disconnect() -> None:
        if not (bus and bus.leaving):
            log.warning("bus_disconnected")

    async def on_reconnect() -> None:
        log.info("bus_reconnected")
        for call in bus.reconnected if bus else ():
            call()

    url = settings.nats_url or embedded_url(settings) or DEFAULT_URL
    nc = Client()
    user, password = _credentials(settings, url, role)
    try:
        async with asyncio.timeout(wait_s):
            await nc.connect(
                [one.strip() for one in url.split(",")],
                name=name,
                error_cb=on_error,
                disconnected_cb=on_disconnect,
                reconnected_cb=on_reconnect,
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
        if isinstance(error, AuthorizationError):
            raise BusAwayError(
                f"the NATS server at {_without_password(url)} refuses "
                f"{f'user {user}' if user else 'a client without a user'}: set AURA_NATS_USER and "
                f"AURA_NATS_PASSWORD. Those of `aura up` are in AURA_DATA_DIR/{PASSWORDS_FILE}."
            ) from error
        raise BusAwayError(
            f"no NATS server answers at {_without_password(url)}. Start one, set NATS_URL to one, "
            "or let `aura up` run its own."
        ) from error
    bus = Bus(nc)
    return bus


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


def _sequence_in(refusal: str | None) -> int:
    """Return n of "wrong last sequence: n", 0 where it is not told."""
    number = (refusal or "").rpartition(":")[2].strip()
    return int(number) if number.isdecimal() else 0


def _without_password(url: str) -> str:
    return ",".join(one.rpartition("@")[2] for one in url.split(","))
