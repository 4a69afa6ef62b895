"""The ports and addresses of WebRTC calls: one for all, of a router, over STUN or a relay."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_ports

pytest.importorskip("aiortc", reason="NOT TESTED HERE: the extra `webrtc` is not installed")
from aioice import stun  # it may be missing
from aioice.ice import Connection  # the same
from aiortc import (  # the same
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)

from edge.door.webrtc.peer import Peer  # the same
from edge.door.webrtc.udp_port import NoPortError, UdpPort  # the same
from tests.webrtc_caller import WebRtcCaller, offered  # the same


async def test_all_calls_share_a_port_and_a_range_holds_one_an_edge() -> None:
    first = await UdpPort.opened(["127.0.0.1"], [])
    at = first.addresses[0][1]
    second = await UdpPort.opened(["127.0.0.1"], range(at, at + 50))
    assert at < second.addresses[0][1] < at + 50
    with pytest.raises(NoPortError):
        await UdpPort.opened(["127.0.0.1"], [at])
    connections = [Connection(ice_controlling=False) for _ in range(2)]
    for one in connections:
        first.serve(one)
        await one.gather_candidates()
    found = [[(c.host, c.port) for c in one.local_candidates] for one in connections]
    assert found == [[("127.0.0.1", at)]] * 2
    for one in connections:
        await one.close()
    first.close()
    second.close()


async def test_an_address_of_the_router_is_told_and_packets_are_taken_on_any() -> None:
    port = await UdpPort.opened(["192.0.2.77"], [])
    assert port.addresses[0][0] == "192.0.2.77"
    port.close()


class Stun(asyncio.DatagramProtocol):
    """A STUN server that says what it sees."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = stun.parse_message(data)
        answer = stun.Message(asked.message_method, stun.Class.RESPONSE, asked.transaction_id)
        answer.attributes["XOR-MAPPED-ADDRESS"] = ("203.0.113.9", addr[1])
        self.transport.sendto(bytes(answer), addr)


async def test_a_stun_server_tells_the_address_that_the_port_has_outside() -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Stun, local_addr=("127.0.0.1", 0))
    port = await UdpPort.opened(["127.0.0.1"], [])
    server = transport.get_extra_info("sockname")
    connection = Connection(ice_controlling=False, stun_server=server)
    port.serve(connection)
    await connection.gather_candidates()
    outside = [one for one in connection.local_candidates if one.type == "srflx"]
    assert [(one.host, one.port) for one in outside] == [("203.0.113.9", port.addresses[0][1])]
    await connection.close()
    port.close()
    transport.close()


async def test_a_stun_server_that_is_silent_is_left_out() -> None:
    loop = asyncio.get_running_loop()
    silent, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )
    port = await UdpPort.opened(["127.0.0.1"], [])
    connection = Connection(ice_controlling=False, stun_server=silent.get_extra_info("sockname"))
    port.serve(connection, mapped_s=0.05)
    await connection.gather_candidates()
    assert [one.type for one in connection.local_candidates] == ["host"]
    await connection.close()
    port.close()
    silent.close()


@pytest.mark.skipif(
    shutil.which("turnserver") is None,
    reason="NOT TESTED HERE: TURN needs a server (apt-get install coturn)",
)
async def test_a_call_goes_over_a_relay_where_no_packet_reaches_the_edge(tmp_path: Path) -> None:
    relay = free_ports()
    servers = [RTCIceServer(f"turn:127.0.0.1:{relay}?transport=udp", "ada", "secret")]
    theirs = await UdpPort.opened(["127.0.0.1"], [])
    client = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    caller = WebRtcCaller(client)
    line = client.addTransceiver(caller.mouth, "sendrecv")
    peer = Peer(lambda _: None, lambda _: None, lambda: None)
    process = await asyncio.create_subprocess_exec(
        "turnserver", "-n", "--no-cli", "--no-tls", "--no-dtls", "--allow-loopback-peers",
        "--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "-p", str(relay),
        "--lt-cred-mech", "--realm", "aura", "--user", "ada:secret", "--log-file", "stdout",
        "--pidfile", str(tmp_path / "pid"), "--db", str(tmp_path / "db"),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await listens(relay)
        await client.setLocalDescription(await offered(client, line, theirs))
        answer = await peer.answer(client.localDescription.sdp, UdpPort([]), servers)
        assert "typ relay" in answer
        assert "typ host" not in answer
        await client.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await asyncio.wait_for(peer.open.wait(), 10)
        await peer.send('{"type": "over.the.relay"}')
        await caller.until("over.the.relay")
    finally:
        await client.close()
        await peer.close()
        theirs.close()
        process.terminate()
        await process.wait()


async def listens(port: int) -> None:
    """Wait until the relay takes connections, TCP as UDP."""
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
