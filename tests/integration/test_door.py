"""An Aura as it would face the world: TLS, tokens only, known pages, a proxy in front."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import json
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import jwt
import pytest
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import VOICE_MS, Caller, buzz, silence
from tests.raw_websocket import upgraded

SECRET = "a secret that is long enough for HS256"
PAGE = "https://app.example.com"
PATH = "/ws/voice/continuous?greeting=0"


def certificate(folder: Path) -> Path:
    """Return a PEM file with a key and a certificate for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "aura test")])
    now = datetime.datetime.now(datetime.UTC)
    own = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(minutes=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(own, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "aura.pem"
    pem.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem


class Door:
    """A guarded Aura, and how to reach it."""

    def __init__(self, folder: Path) -> None:
        pem = certificate(folder)
        self.aura = AuraProcess(
            folder / "aura",
            env={
                **SIMULATED,
                "DEBUG": "false",
                "AURA_JWT_SECRET": SECRET,
                "AURA_TLS_CERT": str(pem),
                "AURA_ALLOWED_ORIGINS": PAGE,
                "AURA_TRUSTED_PROXIES": "127.0.0.1",
                "AURA_MAX_CONNECTIONS_PER_IP": "2",
                "AURA_API_REQUESTS_PER_MINUTE": "5",
                "AURA_HEARTBEAT_S": "0.5",
                "AURA_CALL_ENDS_WITH_TOKEN": "true",
                "AURA_JWT_LEEWAY_S": "1",
                "AURA_HTTP_TIMEOUT_S": "2",
                "AURA_JOINS_PER_MINUTE_PER_IP": "1000",
            },
        )
        self.tls = ssl.create_default_context(cafile=str(pem))
        self.url = f"https://127.0.0.1:{self.aura.port}"
        self.ws = f"wss://127.0.0.1:{self.aura.port}"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    door = Door(tmp_path_factory.mktemp("door"))
    try:
        door.aura.wait_until_ready()
        yield door
    finally:
        assert door.aura.stop() == 0


def bearer(user: str, lives_s: int = 600) -> dict[str, str]:
    claims = {"sub": user, "exp": int(time.time()) + lives_s}
    return {"Authorization": f"Bearer {jwt.encode(claims, SECRET, 'HS256')}"}


async def test_a_call_over_tls_with_a_bearer_token(door: Door) -> None:
    async with websockets.connect(
        door.ws + PATH, ssl=door.tls, additional_headers=bearer("ada"), max_size=None
    ) as ws:
        caller = Caller(ws)
        listening = asyncio.create_task(caller.listen())
        await caller.speak(buzz(VOICE_MS) + silence(1500))
        assert (await caller.until("ai_complete"))["full_response"]
        listening.cancel()


async def test_the_demo_token_is_refused_with_debug_off(door: Door) -> None:
    async with websockets.connect(f"{door.ws}{PATH}&token=demo_token", ssl=door.tls) as ws:
        with pytest.raises(websockets.ConnectionClosed):
            await ws.recv()
        assert ws.close_code == 1008


async def test_a_call_ends_with_its_token_and_goes_on_with_a_new_one(door: Door) -> None:
    async with websockets.connect(
        door.ws + PATH, ssl=door.tls, additional_headers=bearer("dora", 2)
    ) as ws:
        session = json.loads(await ws.recv())["session"]
        await asyncio.wait_for(ws.wait_closed(), 10)
        assert (ws.close_code, ws.close_reason) == (1008, "Token expired")
    async with websockets.connect(
        f"{door.ws}{PATH}&session={session}", ssl=door.tls, additional_headers=bearer("dora")
    ) as ws:
        again = json.loads(await ws.recv())
        assert (again["session"], again["resumed"]) == (session, True)


async def test_bytes_that_are_no_text_are_a_token_that_is_refused(door: Door) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.aura.port, ssl=door.tls)
    writer.write(
        b"GET /ws/voice/continuous HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nAuthorization: Bearer \xff\r\n\r\n"
    )
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    assert b" 101 " in head
    frame = await asyncio.wait_for(reader.readexactly(4), 10)
    assert int.from_bytes(frame[2:], "big") == 1008
    writer.close()
    assert "Traceback" not in door.aura.said()


async def test_the_start_does_not_call_a_closed_door_open(door: Door) -> None:
    assert "Open door" not in door.aura.said()
    assert f"https://127.0.0.1:{door.aura.port}" in door.aura.said()


async def test_a_page_of_another_origin_may_not_call(door: Door) -> None:
    for origin, status in ((PAGE, 101), ("https://evil.example.com", 403), ("null", 403)):
        headers = {**bearer("bob"), "Origin": origin}
        try:
            async with websockets.connect(
                door.ws + PATH, ssl=door.tls, additional_headers=headers
            ) as ws:
                assert (await ws.recv()) is not None
                got = 101
        except websockets.InvalidStatus as refused:
            got = refused.response.status_code
        assert got == status, origin


async def test_a_page_that_may_call_may_read_the_health(door: Door) -> None:
    async with aiohttp.ClientSession() as http:
        for origin, allowed in ((PAGE, PAGE), ("https://evil.example.com", None)):
            headers = {"Origin": origin, "X-Forwarded-For": "198.51.100.7"}
            async with http.get(f"{door.url}/health", headers=headers, ssl=door.tls) as answer:
                assert answer.headers.get("Access-Control-Allow-Origin") == allowed


async def test_limits_count_the_client_behind_the_proxy(door: Door) -> None:
    async with aiohttp.ClientSession() as http:

        async def status(client: str) -> int:
            headers = {"X-Forwarded-For": f"6.6.6.6, {client}"}
            async with http.get(f"{door.url}/", headers=headers, ssl=door.tls) as answer:
                if answer.status == 429:
                    assert int(answer.headers["Retry-After"]) >= 1
                return answer.status

        assert [await status("203.0.113.1") for _ in range(6)] == [200] * 5 + [429]
        assert await status("203.0.113.2") == 200


async def test_no_header_lifts_the_limit_of_requests(door: Door) -> None:
    """Only what opens a WebSocket where there is one is no request of the API."""
    headers = {"X-Forwarded-For": "203.0.113.9", "Sec-WebSocket-Key": "x"}
    async with aiohttp.ClientSession() as http:
        got = []
        for path in ("/wsx", "/ws", "/ws/voice/continuous", "/wsx", "/ws", "/wsx"):
            async with http.get(f"{door.url}{path}", headers=headers, ssl=door.tls) as answer:
                got.append(answer.status)
    assert got[-1] == 429


async def test_a_tls_handshake_that_stops_is_not_waited_for(door: Door) -> None:
    for said in (b"", b"\x16\x03\x01\x02\x00\x01"):
        began = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", door.aura.port)
        writer.write(said)
        with suppress(ConnectionError):
            await asyncio.wait_for(reader.read(), 10)
        assert 1.5 < time.monotonic() - began < 6
        writer.close()


async def test_two_calls_behind_the_proxy_leave_no_place_for_a_third(door: Door) -> None:
    headers = {"X-Forwarded-For": "203.0.113.3", **bearer("carol")}
    async with aiohttp.ClientSession() as http:
        calls = [
            await http.ws_connect(f"{door.ws}/ws", headers=headers, ssl=door.tls) for _ in range(2)
        ]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(f"{door.ws}/ws", headers=headers, ssl=door.tls)
        assert refused.value.status == 429
        for call in calls:
            await call.close()


async def test_a_client_that_answers_no_ping_is_gone_soon(tmp_path: Path) -> None:
    """With a short heartbeat: it is gone after one and a half of them, whatever their length."""
    aura = AuraProcess(tmp_path, env={**SIMULATED, "AURA_HEARTBEAT_S": "0.5"})
    try:
        aura.wait_until_ready()
        async with upgraded(aura.url, "/ws"):
            async with asyncio.timeout(10):
                await aura.until_nobody_calls()
    finally:
        assert aura.stop() == 0
