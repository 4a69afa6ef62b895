"""The HTTP endpoints against their OpenAPI document, asked in every way that schemathesis knows."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys
import urllib.error
import urllib.request
from email.message import Message
from pathlib import Path

import aiohttp
import psutil
import pytest
import websockets

from runtime.bus.connection import connect
from runtime.settings import load
from schemas import subjects
from tests.aura_process import SIMULATED, AuraProcess
from tests.integration.conftest import OPERATOR

OPENAPI = Path(__file__).parents[2] / "schemas" / "openapi.json"


@pytest.mark.timeout(320)  # a third of it on an idle machine
@pytest.mark.parametrize(("stranger", "examples"), [(False, "4"), (True, "2")])
def test_every_answer_is_as_documented_and_none_is_a_server_error(
    simulated: AuraProcess, tmp_path: Path, stranger: bool, examples: str
) -> None:
    before = len(simulated.said())
    done = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "schemathesis"), "run", str(OPENAPI)),
            *("--url", simulated.url, "--max-examples", examples, "--seed", "1", "--no-color"),
            *(() if stranger else ("--header", f"Authorization: Bearer {OPERATOR}")),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "Traceback" not in simulated.said()[before:]


def head(url: str, **headers: str) -> tuple[int, Message]:
    try:
        asked = urllib.request.Request(url, headers=headers)  # noqa: S310  # ours
        with urllib.request.urlopen(asked, timeout=5) as answer:  # noqa: S310  # the same
            return answer.status, answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.headers


@pytest.mark.parametrize("path", ["/", "/health", "/nothing"])
def test_no_answer_tells_versions_or_is_kept_or_framed(simulated: AuraProcess, path: str) -> None:
    _, headers = head(simulated.url + path)
    assert headers["Server"] == "Aura"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_a_request_that_cannot_be_parsed_is_told_nothing_of_us(simulated: AuraProcess) -> None:
    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", simulated.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n<script>: 1\r\n\r\n")
        try:
            return await asyncio.wait_for(reader.read(), 10)
        finally:
            writer.close()

    answer = asyncio.run(ask()).lower()
    assert answer.startswith((b"http/1.1 400 ", b"http/1.0 400 "))
    assert b"python" not in answer
    assert b"aiohttp" not in answer
    assert b"script" not in answer


async def test_pages_of_strangers_may_not_call_and_pages_of_here_may(
    simulated: AuraProcess,
) -> None:
    url = simulated.url.replace("http", "ws") + "/ws"
    for origin, status in (("https://evil.example", 403), (simulated.url, 101), ("null", 403)):
        try:
            async with websockets.connect(url, additional_headers={"Origin": origin}):
                got = 101
        except websockets.InvalidStatus as refused:
            got = refused.response.status_code
        assert got == status, origin
    _, headers = await asyncio.to_thread(head, simulated.url, Origin="https://evil.example")
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize("path", ["/v1/realtime/calls", "/v1/audio/speech"])
async def test_a_client_that_leaves_in_mid_body_is_no_fault(
    simulated: AuraProcess, path: str
) -> None:
    before, left = (simulated.said().count(one) for one in ("Traceback", "client_left"))
    kind = "application/sdp" if "calls" in path else "application/json"
    for aborts in (False, True):
        _, writer = await asyncio.open_connection("127.0.0.1", simulated.port)
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer demo_token\r\n"
            f"Content-Type: {kind}\r\nContent-Length: 60000\r\n\r\n{'x' * 30_000}".encode()
        )
        await writer.drain()
        await asyncio.sleep(0.1)
        if aborts:
            writer.transport.abort()
        else:
            writer.close()
    async with asyncio.timeout(20):
        while simulated.said().count("client_left") < left + 2:
            await asyncio.sleep(0.05)
    assert simulated.said().count("Traceback") == before


async def test_a_body_that_is_packed_is_not_unpacked(simulated: AuraProcess) -> None:
    packed = gzip.compress(bytes(64 << 20))
    headers = {
        "Authorization": "Bearer demo_token",
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
    }
    edge = psutil.Process(simulated.children()["edge"])
    before_s = sum(edge.cpu_times()[:2])
    async with aiohttp.ClientSession(headers=headers) as http:
        for path in ("/v1/audio/speech", "/v1/realtime/client_secrets", "/health"):
            async with http.post(f"{simulated.url}{path}", data=packed) as answer:
                assert answer.status == 415, path
                assert answer.headers["Accept-Encoding"] == "identity"
    assert sum(edge.cpu_times()[:2]) - before_s < 0.5


async def test_health_says_so_when_nothing_can_be_stored(simulated: AuraProcess) -> None:
    bus = await connect(load(nats_url=simulated.nats_url, _env_file=None), "test")
    name = subjects.SEATS_STREAM
    config = (await bus.api(f"STREAM.INFO.{name}"))["config"]

    async def until(status: int) -> None:
        async with asyncio.timeout(40):
            while (await asyncio.to_thread(simulated.health))[0] != status:
                await asyncio.sleep(0.5)

    try:
        await bus.api(f"STREAM.UPDATE.{name}", {**config, "max_msg_size": 100})
        await until(503)
        assert (await asyncio.to_thread(simulated.health))[1]["status"] == "unhealthy"
        await bus.api(f"STREAM.UPDATE.{name}", config)
        await until(200)
    finally:
        await bus.api(f"STREAM.UPDATE.{name}", config)
        await bus.close()


def test_an_edge_says_itself_that_its_door_is_open(tmp_path: Path) -> None:
    aura = AuraProcess(tmp_path, env={**SIMULATED, "HOST": "0.0.0.0"})
    try:
        aura.wait_for('"event": "open_door"', 60)
    finally:
        aura.stop()
