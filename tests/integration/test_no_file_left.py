"""An edge whose process may open no further file."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from contextlib import AsyncExitStack
from pathlib import Path
from unittest.mock import ANY

import pytest
import websockets

from tests.aura_process import SIMULATED, AuraProcess
from tests.forked_commands import OPEN_FILES
from tests.integration.stranger_calls import HEAD, QUIET, Socket, calling, refused
from tests.ports import free_ports


async def test_where_no_file_is_left_calls_go_on_and_the_health_says_so(tmp_path: Path) -> None:
    files, in_calls, reserved = 100, 36, 64
    assert files - reserved == in_calls
    metrics = free_ports(5)
    aura = AuraProcess(
        tmp_path,
        env={**SIMULATED, "AURA_METRICS_PORT": str(metrics), OPEN_FILES: str(files)},
    )
    try:
        aura.wait_until_ready()
        assert await asyncio.to_thread(ready, metrics) == 200
        async with AsyncExitStack() as calls:
            held = [Socket(aura, f"127.0.8.{1 + number // 20}", HEAD) for number in range(60)]
            callers = [
                await calls.enter_async_context(calling(aura, QUIET, f"127.0.9.{1 + number // 10}"))
                for number in range(in_calls)  # the sockets that ask for nothing make room
            ]
            for one in callers:
                await one.until("session")
            with pytest.raises((ConnectionError, websockets.InvalidMessage)):
                await refused(aura, QUIET, "127.0.9.9")
            assert await asyncio.to_thread(ready, metrics) == 503
            await callers[0].send({"type": "ping", "timestamp": 1})
            await callers[0].until("pong")
            for socket_ in held:
                socket_.close()
        assert await asyncio.to_thread(aura.health) == (503, ANY)
        lines = [json.loads(line) for line in aura.said().splitlines() if line[:1] == "{"]
        told = [line for line in lines if line["event"] == "no_room_for_connections"]
        assert len(told) == 1
        await aura.until_healthy()
        assert await asyncio.to_thread(ready, metrics) == 200
    finally:
        assert aura.stop() == 0


def ready(port: int) -> int:
    try:
        with urllib.request.urlopen(  # ours
            f"http://127.0.0.1:{port}/health/ready", timeout=5
        ) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
