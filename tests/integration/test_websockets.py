"""Who is let in at a WebSocket, and what the others are told."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer

from edge.app import build, edge_of
from edge.door.http import websockets as routes
from edge.door.http.websockets import MOST_FIRST_MESSAGES, NEEDS_TOKEN, websocket
from edge.door.limits.admission_control import StageLoad
from edge.door.state import Edge
from edge.protocols import PROTOCOLS
from edge.protocols.client_protocol import CloseCode
from runtime.bus.connection import Bus
from tests.edge_in_process import DEMO, Client, serving, settings_of, token

CONTINUOUS = "/ws/voice/continuous?greeting=0"
TWILIO = "/twilio/media"
CROWD = 100
"""Pieces of work that wait: five seconds, with the rests between them."""
START = {
    "event": "start",
    "sequenceNumber": "1",
    "streamSid": "MZ1",
    "start": {
        "streamSid": "MZ1",
        "accountSid": "AC1",
        "callSid": "CA1",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {},
    },
}


async def refused(client: Client, path: str, **headers: str) -> WSServerHandshakeError:
    with pytest.raises(WSServerHandshakeError) as raised:
        await client.ws_connect(path, headers=headers)
    return raised.value


async def closed(ws: ClientWebSocketResponse) -> tuple[list[Any], int | None]:
    """Return the messages until the close, and its code."""
    told = []
    async with asyncio.timeout(5):
        async for message in ws:
            assert message.type is WSMsgType.TEXT
            told.append(json.loads(message.data))
    return told, ws.close_code


async def until_open(edge: Edge, count: int) -> None:
    async with asyncio.timeout(5):
        while len(edge.open) != count:
            await asyncio.sleep(0.002)


async def test_a_page_of_another_origin_gets_no_connection(bus: Bus) -> None:
    async with serving(bus) as (edge, client):
        error = await refused(client, f"{CONTINUOUS}&token={DEMO}", Origin="https://evil.example")
        assert error.status == 403
        async with client.ws_connect(
            f"{CONTINUOUS}&token={DEMO}", headers={"Origin": "http://localhost:3000"}
        ):
            await until_open(edge, 1)


async def test_an_edge_that_restarts_sends_new_callers_away_at_once(bus: Bus) -> None:
    async with serving(bus) as (edge, client):
        edge.draining = True
        error = await refused(client, f"{CONTINUOUS}&token={DEMO}")
        assert error.status == 503
        assert error.headers is not None
        assert error.headers["Retry-After"] == "1"


async def test_an_edge_that_restarts_begins_no_session_on_an_open_connection(bus: Bus) -> None:
    async with serving(bus) as (edge, client), client.ws_connect("/ws") as ws:
        assert (await ws.receive_json())["type"] == "connection_established"
        edge.draining = True
        await ws.send_json({"type": "start_conversation"})
        told, code = await closed(ws)
        assert [one.get("code", one["type"]) for one in told] == ["RESTARTING"]
        assert code == CloseCode.SERVICE_RESTART


async def test_a_caller_with_a_token_waits_for_no_crowd(bus: Bus) -> None:
    async with serving(bus) as (edge, client):
        begun = 0

        def work() -> None:
            nonlocal begun
            begun += 1
            edge.work_queue.worked("crowd", 1.0)  # so that the others rest after each piece

        for _ in range(CROWD):
            edge.work_queue.put("crowd", work)
        async with client.ws_connect(f"{CONTINUOUS}&token={DEMO}"):
            assert begun < CROWD


@pytest.mark.parametrize("path", PROTOCOLS)
async def test_a_busy_edge_refuses_by_http_only_where_the_protocol_wants_it(
    bus: Bus, path: str
) -> None:
    async with serving(bus, overload_wait_ms=1000, overload_calm_s=60) as (edge, client):
        late = {"stt": StageLoad(1, 1, oldest_ms=5000)}
        edge.stages._admission.update(late, time.monotonic())
        if PROTOCOLS[path].admission.refuses_by_http:
            error = await refused(client, path)
            assert error.headers is not None
            assert (error.status, error.headers["Retry-After"]) == (503, "60")
        else:
            async with client.ws_connect(path):
                pass


@pytest.mark.parametrize("query", ["", "&token=wrong"])
async def test_without_a_valid_token_the_connection_closes_and_counts(bus: Bus, query: str) -> None:
    async with serving(bus, joins_per_minute_per_ip=4) as (edge, client):
        for _ in range(2):
            async with client.ws_connect(CONTINUOUS + query) as ws:
                assert await closed(ws) == ([], CloseCode.POLICY_VIOLATION)
        assert not edge.open
        error = await refused(client, f"{CONTINUOUS}&token={DEMO}")
        assert error.status == 429, "a right token does not help who tries many"


async def test_the_author_of_a_client_that_needs_no_token_elsewhere_is_told_how_to_get_in(
    bus: Bus,
) -> None:
    async with serving(bus, debug=False) as (_, client), client.ws_connect("/ws") as ws:
        (told,), code = await closed(ws)
    assert code == CloseCode.POLICY_VIOLATION
    assert NEEDS_TOKEN in json.dumps(told)


async def test_a_stranger_is_a_user_of_its_own_without_a_name(bus: Bus) -> None:
    async with serving(bus) as (edge, client), client.ws_connect("/ws"), client.ws_connect("/ws"):
        await until_open(edge, 2)
        callers = [connection._caller for connection in edge.open]
        assert {(one.tenant, one.named) for one in callers} == {(routes.STRANGERS, False)}
        assert len({one.user for one in callers}) == 2


async def test_one_address_has_so_many_connections_and_may_have_another_once_one_is_left(
    bus: Bus,
) -> None:
    path = f"{CONTINUOUS}&token={DEMO}"
    limits = {"max_connections_per_ip": 1, "joins_per_minute_per_ip": 10_000}
    async with serving(bus, **limits) as (edge, client):
        async with client.ws_connect(path):
            await until_open(edge, 1)
            assert (await refused(client, path)).status == 429
        async with asyncio.timeout(5):
            while not edge.address_limits.connections.take("127.0.0.1"):
                await asyncio.sleep(0.002)
        edge.address_limits.connections.give_back("127.0.0.1")
        async with client.ws_connect(path):
            await until_open(edge, 1)


async def test_a_telephone_call_shows_its_token_in_a_message(bus: Bus) -> None:
    start = json.loads(json.dumps(START))
    start["start"]["customParameters"]["token"] = token("bob")
    async with serving(bus) as (edge, client), client.ws_connect(TWILIO) as ws:
        await ws.send_json({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        assert not edge.open
        await ws.send_json(start)
        await until_open(edge, 1)
        (connection,) = edge.open
        assert (connection._caller.user, connection._caller.tenant) == ("bob", "acme")


@pytest.mark.parametrize(
    "messages",
    [
        [START],
        [{"event": "connected", "protocol": "Call", "version": "1.0.0"}] * MOST_FIRST_MESSAGES,
        ["no JSON"],
    ],
)
async def test_a_telephone_call_whose_first_messages_have_no_token_is_closed(
    bus: Bus, messages: list[Any]
) -> None:
    async with serving(bus) as (edge, client), client.ws_connect(TWILIO) as ws:
        for message in messages:
            await ws.send_str(message if isinstance(message, str) else json.dumps(message))
        assert await closed(ws) == ([], CloseCode.POLICY_VIOLATION)
        assert not edge.open


async def test_a_telephone_call_that_says_nothing_is_closed(bus: Bus) -> None:
    async with asyncio.TaskGroup() as sessions:
        app = build(edge_of(settings_of(), bus, "e", sessions, 1000))
        app.router.add_get("/soon", websocket(PROTOCOLS[TWILIO], first_message_s=0.02))
        async with TestClient(TestServer(app)) as client, client.ws_connect("/soon") as ws:
            assert await closed(ws) == ([], CloseCode.POLICY_VIOLATION)


async def test_a_call_ends_with_its_token_where_the_operator_wants_it(bus: Bus) -> None:
    """The token is over already, and its leeway in a moment."""
    now_s = time.time()
    path = f"{CONTINUOUS}&token={token(exp=int(now_s))}"
    async with (
        serving(bus, call_ends_with_token=True, jwt_leeway_s=now_s % 1 + 0.4) as (edge, client),
        client.ws_connect(path) as ws,
    ):
        await until_open(edge, 1)
        _, code = await closed(ws)
        assert code == CloseCode.POLICY_VIOLATION


async def test_a_connection_is_named_by_its_edge_and_has_what_its_request_says(bus: Bus) -> None:
    async with serving(bus, twilio_transfer_key="0") as (edge, client):
        seen = []

        async def note(request: Any) -> Any:
            seen.append(routes.handshake_of(request, edge))
            raise ConnectionError

        client.app.router._frozen = False
        client.app.router.add_get("/seen", note)
        for _ in range(2):
            await client.get("/seen?a=b", headers={"X-Own": "Value"})
    first, second = seen
    assert first.connection != second.connection
    assert first.nonce != second.nonce
    assert (first.query["a"], first.headers["x-own"]) == ("b", "Value")
    assert first.settings.transfer_key == "", "there is nobody to transfer a caller to"
