"""A protocol that Aura does not have is served by a real edge: a class and a path, nothing else."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestClient

from edge.app import build, edge_of
from edge.protocols.client_protocol import MOST_BYTES_WITHOUT_TOKEN
from runtime.bus.connection import Bus
from tests.caller import buzz, silence
from tests.edge_in_process import DEMO, Client, Server, settings_of
from tests.unit.edge.protocols.test_third_protocol import ToyProtocol

HELLO = json.dumps({"type": "hello", "token": DEMO})


@pytest.fixture
async def client(bus: Bus) -> AsyncIterator[Client]:
    async with asyncio.TaskGroup() as sessions:
        edge = edge_of(settings_of(), bus, "e", sessions, 1000)
        app = build(replace(edge, protocols={"/toy": ToyProtocol}))
        async with TestClient(Server(app)) as client:
            yield client


async def test_its_client_speaks_types_and_leaves(client: Client) -> None:
    async with asyncio.timeout(20), client.ws_connect("/toy") as ws:
        await ws.send_str(HELLO)
        assert (await ws.receive_json())["type"] == "hello"
        pcm = base64.b64encode(silence(300) + buzz(400)).decode()
        await ws.send_json({"type": "audio", "audio": pcm})
        await ws.send_json({"type": "text", "text": "Is anybody there?"})
        while (told := await ws.receive_json())["type"] != "heard":
            assert told["type"] != "error"
        assert told["text"] == "Is anybody there?"
        await ws.send_json({"type": "dance"})
        while told["type"] != "error":
            told = await ws.receive_json()
        assert told["message"] == "not understood: an unknown type"
        await ws.send_json({"type": "bye"})
        async for _ in ws:
            pass
        assert ws.close_code == 1000


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ('{"type": "hello", "token": "wrong"}', 1008),
        ('{"type": "hello"}', 1008),
        (HELLO + " " * MOST_BYTES_WITHOUT_TOKEN, 1009),
    ],
)
async def test_without_a_token_in_a_short_first_message_it_is_closed(
    client: Client, first: str, code: int
) -> None:
    async with asyncio.timeout(20), client.ws_connect("/toy") as ws:
        await ws.send_str(first)
        await ws.receive()
        assert ws.close_code == code
