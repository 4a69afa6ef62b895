"""One UDP port of an edge, shared by all its calls over WebRTC.

aiortc takes a port for each call. Here one port serves all: a client's first packets name the call
(the user name in ICE's checks, signed by the call's password), later ones by their address.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from functools import partial
from typing import Any

import structlog
from aioice import stun
from aioice.candidate import Candidate, candidate_foundation, candidate_priority
from aioice.ice import (
    Connection,
    StunProtocol,
    get_host_addresses,
    server_reflexive_candidate,
)

from edge.door.limits.packet_limits import CallPackets, PacketLimits, is_short_stun
from runtime.settings.fields import listed

log = structlog.get_logger(__name__)

Address = tuple[str, int]
BUFFER_BYTES = 1 << 20
FIRST_OF_STUN = 4
"""The first byte of a STUN packet is below this (RFC 7983)."""
STUN_ANSWER_BIT = 0x10
"""A bit that is set in the second byte of STUN answers only."""
TRANSACTION = slice(8, 20)
MOST_REQUESTS = 64
"""The most requests of a call whose answers are accepted."""
MOST_CLIENTS = 32
"""The most addresses of one call's client: interfaces, relays, and NAT mappings."""
MOST_PORT_TRIES = 20
"""The most tries to find a port that is free on all addresses."""
MAPPED_S = 3.0
"""The longest wait for the answer of a STUN server, seconds."""


class NoPortError(OSError):
    """No port is free."""


class _Member(asyncio.DatagramTransport):
    """One call's part of a socket."""

    def __init__(self, line: _Socket, connection: Connection, component: int) -> None:
        super().__init__()
        self.line = line
        self.connection = connection
        self.name = connection.local_username
        self.packets = CallPackets()
        self.clients: OrderedDict[Address, None] = OrderedDict()
        """Addresses that have proved the password, the latest at the end."""
        self.requests: deque[bytes] = deque()
        """The transactions of its latest requests."""
        self.protocol = StunProtocol(connection)
        self.protocol.connection_made(self)
        self.protocol.local_candidate = Candidate(
            foundation=candidate_foundation("host", "udp", line.address[0]),
            component=component,
            transport="udp",
            priority=candidate_priority(component, "host"),
            host=line.address[0],
            port=line.address[1],
            type="host",
        )

    def sendto(self, data: Any, addr: Any = None) -> None:
        if data[0] < FIRST_OF_STUN and not (data[0] & 1 or data[1] & STUN_ANSWER_BIT):
            self.line.asks(data[TRANSACTION], self)
        if not self.line.transport.is_closing():
            self.line.transport.sendto(data, addr)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.line.transport.get_extra_info(name, default)

    def close(self) -> None:
        self.line.remove(self)
        self.protocol.connection_lost(None)


class _Socket(asyncio.DatagramProtocol):
    """The port on one address."""

    transport: asyncio.DatagramTransport

    def __init__(self, host: str, port: int) -> None:
        """Take *host* and *port*, as clients get them."""
        self.address: Address = (host, port)
        self._names: dict[str, list[_Member]] = {}
        """The calls by user name; a call has several names until its streams are bundled."""
        self._clients: dict[Address, _Member] = {}
        """The calls by the addresses of clients that have proved the call's password."""
        self._limits = PacketLimits()
        self._requests: dict[bytes, _Member] = {}
        """The calls that sent STUN requests, by transaction."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def add(self, connection: Connection, component: int) -> StunProtocol:
        member = _Member(self, connection, component)
        self._names.setdefault(member.name, []).append(member)
        return member.protocol

    def asks(self, transaction: bytes, member: _Member) -> None:
        """Note that *member* sends a request, which may be answered."""
        if transaction not in self._requests:
            self._requests[transaction] = member
            member.requests.append(transaction)
            if len(member.requests) > MOST_REQUESTS:
                self._requests.pop(member.requests.popleft(), None)

    def remove(self, member: _Member) -> None:
        of_name = self._names.get(member.name, [])
        if member in of_name:
            of_name.remove(member)
        if not of_name:
            self._names.pop(member.name, None)
        for address in member.clients:
            if self._clients.get(address) is member:
                del self._clients[address]
        for transaction in member.requests:
            self._requests.pop(transaction, None)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        client, now_s = (addr[0], addr[1]), time.monotonic()
        member = self._clients.get(client)
        if member is not None and not member.packets.may(data, now_s):
            return
        try:
            if data and data[0] < FIRST_OF_STUN:
                if not is_short_stun(data):
                    return
                if member is None and not self._limits.stranger_may(addr[0], now_s):
                    return
                member = self._member_of(data, client) or member
            if member:
                member.protocol.datagram_received(data, client)
        except Exception as error:  # noqa: BLE001  # aioice's parser raises many types
            log.debug("packet_malformed", why=type(error).__name__)

    def _member_of(self, data: bytes, client: Address) -> _Member | None:
        """Return the call of a STUN request or response."""
        try:
            message = stun.parse_message(data)
        except ValueError:
            return None
        if message.message_class is not stun.Class.REQUEST:
            return self._requests.get(message.transaction_id)
        name = str(message.attributes.get("USERNAME", "")).partition(":")[0]
        member = next(iter(self._names.get(name, ())), None)
        if member is None or "MESSAGE-INTEGRITY" not in message.attributes:
            return None
        if not message.check_message_integrity(member.connection.local_password.encode()):
            return None
        self._clients[client] = member
        member.clients[client] = None
        member.clients.move_to_end(client)
        if len(member.clients) > MOST_CLIENTS:
            self._clients.pop(member.clients.popitem(last=False)[0], None)
        return member


class UdpPort:
    """The port, on each address of the edge."""

    def __init__(self, sockets: Sequence[_Socket]) -> None:
        self._sockets = sockets

    @property
    def addresses(self) -> list[Address]:
        return [sock.address for sock in self._sockets]

    @staticmethod
    async def opened(hosts: Sequence[str], ports: Sequence[int]) -> UdpPort:
        """Open the first free one of *ports*; none: any port.

        Clients are told the *hosts*. A host that is no address of this machine, but of a router
        before it, means all addresses.

        Raises:
            NoPortError: none is free.
        """
        for port in ports or [0] * MOST_PORT_TRIES:
            sockets: list[_Socket] = []
            try:
                for host in hosts:
                    sockets.append(
                        await _bound(host, port or (sockets[0].address[1] if sockets else 0))
                    )
            except OSError:
                for sock in sockets:
                    sock.transport.close()
                continue
            log.info("webrtc_port_opened", hosts=list(hosts), port=sockets[0].address[1])
            return UdpPort(sockets)
        raise NoPortError("no UDP port of AURA_WEBRTC_PORTS is free")

    def serve(self, connection: Connection, *, mapped_s: float = MAPPED_S) -> None:
        """Let a call's *connection* use only this port; a STUN server has *mapped_s* to answer."""
        connection.get_component_candidates = partial(  # type: ignore[method-assign]  # aioice has no option for it
            self._candidates, connection, connection.get_component_candidates, mapped_s
        )

    async def _candidates(
        self, connection: Connection, of_aioice: Any, mapped_s: float, component: int, **_: Any
    ) -> list[Candidate]:
        """Return the call's candidates: this port, its address by a STUN server, and relays."""
        protocols = [sock.add(connection, component) for sock in self._sockets]
        connection._protocols += protocols
        found = [protocol.local_candidate for protocol in protocols]
        if connection.stun_server:
            found += await _mapped(protocols, connection.stun_server, mapped_s)
        relayed: list[Candidate] = await of_aioice(component=component, addresses=[])
        return found + relayed

    def close(self) -> None:
        for sock in self._sockets:
            sock.transport.close()


async def _bound(host: str, port: int) -> _Socket:
    """Return a socket at *port* of *host*, or of all addresses if *host* is not this machine's.

    Raises:
        OSError: it is not free.
    """
    everywhere = "::" if ":" in host else "0.0.0.0"  # noqa: S104  # a router may forward to any address
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        try:
            made.bind((host, port))
        except OSError:
            if is_ours(host):
                raise
            made.bind((everywhere, port))
        line = _Socket(host, made.getsockname()[1])
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: line, sock=made)
    except OSError:
        made.close()
        raise
    return line


async def _mapped(protocols: list[StunProtocol], server: Address, most_s: float) -> list[Candidate]:
    """Return the port's addresses as the STUN *server* sees them, if it answers in *most_s*."""

    async def mapped(protocol: StunProtocol) -> Candidate | None:
        try:
            async with asyncio.timeout(most_s):
                return (await server_reflexive_candidate(protocol, server))[0]
        except (TimeoutError, OSError, KeyError, stun.TransactionError) as error:
            log.info("stun_server_silent", why=type(error).__name__)
            return None

    async with asyncio.TaskGroup() as asking:
        lookups = [
            asking.create_task(mapped(protocol))
            for protocol in protocols
            if ":" not in protocol.local_candidate.host
        ]
    return [found for task in lookups if (found := task.result())]


def hosts_of(configured: str, host: str) -> list[str]:
    """Return the addresses for clients: those in *configured*, or else of *host*.

    *host* is the edge's listening address; if it is a wildcard, all addresses of the machine.
    """
    if named := listed(configured):
        return list(named)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = ipaddress.ip_address(socket.gethostbyname(host or "0.0.0.0"))  # noqa: S104  # the operator's own choice
    if not address.is_unspecified:
        return [str(address)]
    return get_host_addresses(use_ipv4=True, use_ipv6=True) or ["127.0.0.1"]


def is_ours(host: str) -> bool:
    """Return whether *host* is an address of this machine."""
    loopback = ipaddress.ip_address(host).is_loopback
    return loopback or host in get_host_addresses(use_ipv4=True, use_ipv6=True)
