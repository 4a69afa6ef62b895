"""Strangers at the door: what they hold ends by itself, and callers with a token come in.

Linux gives a machine all of 127.0.0.0/8, so that each test is an address of its own.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import jwt
import pytest
import websockets

from tests.aura_process import COMMAND, SIMULATED, AuraProcess
from tests.caller import DEMO, VOICE_MS, Caller, buzz, silence
from tests.ports import free_ports

SECRET = "a secret that is long enough for HS256"
PROXY = "127.0.0.99"
SOCKETS = 8
JOINS = 12
STRANGERS_JOINS = 4
TIMES = {
    "AURA_HTTP_TIMEOUT_S": "1",
    "AURA_MAX_SOCKET_IDLE_S": "2",
    "AURA_MAX_CALL_IDLE_S": "4",
    "AURA_MAX_CALL_S": "9",
}
QUIET = f"{DEMO}&greeting=0"


@pytest.fixture(scope="module")
def aura(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    """An Aura of the first day: open, with everything scaled down."""
    process = AuraProcess(
        tmp_path_factory.mktemp("open"),
        env={
            **SIMULATED,
            **TIMES,
            "AURA_TRUSTED_PROXIES": PROXY,
            "AURA_MAX_CONNECTIONS_PER_IP": "4",
            "AURA_MAX_SOCKETS_PER_IP": str(SOCKETS),
            "AURA_JOINS_PER_MINUTE_PER_IP": str(JOINS),
            "AURA_JOINS_PER_MINUTE_WITHOUT_TOKEN": "1000",
            "AURA_MAX_SESSIONS": "4",
        },
    )
    try:
        yield process.wait_until_ready()
    finally:
        assert process.stop() == 0


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    """One that strangers reach."""
    process = AuraProcess(
        tmp_path_factory.mktemp("guarded"),
        env={
            **SIMULATED,
            "DEBUG": "false",
            "AURA_JWT_SECRET": SECRET,
            "AURA_JOINS_PER_MINUTE_PER_IP": str(JOINS),
        },
    )
    try:
        yield process.wait_until_ready()
    finally:
        assert process.stop() == 0


def token(user: str) -> str:
    return jwt.encode({"sub": user, "exp": int(time.time()) + 600}, SECRET, "HS256")


@asynccontextmanager
async def calling(
    aura: AuraProcess, path: str, address: str, **headers: str
) -> AsyncIterator[Caller]:
    """Yield a caller from *address*, behind a proxy where it is ours."""
    url = aura.url.replace("http", "ws", 1) + path
    async with websockets.connect(
        url, local_addr=(address, 0), additional_headers=headers, max_size=None
    ) as ws:
        caller = Caller(ws)
        listening = asyncio.create_task(caller.listen())
        try:
            yield caller
        finally:
            await ws.close()
            await listening


async def refused(aura: AuraProcess, path: str, address: str, **headers: str) -> int:
    """Return the status of a handshake; 101: it was let in."""
    try:
        async with calling(aura, path, address, **headers):
            return 101
    except websockets.InvalidStatus as answer:
        status = answer.response.status_code
        later = int(answer.response.headers.get("Retry-After", 0)) >= 1
    assert later == (status == 429)
    return status


class Socket:
    """A TCP connection that may say little."""

    def __init__(self, aura: AuraProcess, address: str, said: bytes = b"") -> None:
        self.began = time.monotonic()
        self._socket = socket.create_connection(
            ("127.0.0.1", aura.port), timeout=10, source_address=(address, 0)
        )
        if said:
            self.say(said)

    def say(self, said: bytes) -> None:
        self._socket.sendall(said)

    async def ended_after_s(self) -> float:
        """Return how long it took the edge to end it; what was answered is dropped."""
        return await asyncio.to_thread(self._until_the_end)

    def _until_the_end(self) -> float:
        try:
            while self._socket.recv(4096):
                pass
        except ConnectionError:
            pass
        return time.monotonic() - self.began

    def is_open(self) -> bool:
        self._socket.setblocking(False)
        try:
            return self._socket.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except ConnectionError:
            return False

    def close(self) -> None:
        self._socket.close()


async def ends_with(caller: Caller, code: str, seconds: float) -> dict[str, Any]:
    """Wait until *caller* is told *code* and sent away, and return what it was told."""
    told = await caller.until("error", seconds=seconds)
    assert told["code"] == code, told
    await asyncio.wait_for(caller.ws.wait_closed(), 5)
    assert caller.ws.close_code == 1000
    assert caller.ws.close_reason == told["details"]
    return told


# ------------------------------------------------------------ seats


async def test_sockets_that_idle_on_ws_take_no_seat_and_end(aura: AuraProcess) -> None:
    async with AsyncExitStack() as idle:
        idlers = [
            await idle.enter_async_context(calling(aura, "/ws", f"127.0.1.{1 + number // 4}"))
            for number in range(8)  # twice as many as there are seats
        ]
        async with calling(aura, QUIET, "127.0.1.9") as caller:
            await caller.until("session")
            for one in idlers:
                told = await ends_with(one, "SOCKET_IDLE", 8)
                assert "no conversation for 2 s" in told["details"]


async def test_strangers_have_half_of_the_seats_and_give_them_back(aura: AuraProcess) -> None:
    async with AsyncExitStack() as calls:
        first, second, third = [
            await calls.enter_async_context(calling(aura, "/ws", "127.0.2.1")) for _ in range(3)
        ]
        for one in (first, second):
            await one.send({"type": "start_conversation"})
            await one.until("conversation_started")
        await third.send({"type": "start_conversation"})
        error = await third.until("error")
        assert error["code"] == "SESSION_LIMIT"
        assert error["details"] == "the limit of 2 without a token is reached"
        await third.send({"type": "audio_chunk", "audio_data": "AAAA"})
        assert (await third.until("error", 2))["code"] == "NO_SESSION"

        known = await calls.enter_async_context(calling(aura, QUIET, "127.0.2.2"))
        await known.until("session")

        await first.send({"type": "end_conversation"})
        await first.until("conversation_ended")
        await third.send({"type": "start_conversation"})
        await third.until("conversation_started")


# ------------------------------------------------------------ time


async def test_a_call_without_a_word_ends_and_says_so(aura: AuraProcess) -> None:
    async with (
        calling(aura, QUIET, "127.0.3.1") as live,
        calling(aura, "/ws", "127.0.3.1") as json_,
    ):
        await json_.send({"type": "start_conversation"})
        humming = asyncio.create_task(live.speak(silence(8000)))  # an open microphone is no word
        for one in (live, json_):
            told = await ends_with(one, "CALL_IDLE", 8)
            assert told["details"] == "nobody spoke for 4 s"
        humming.cancel()
        await asyncio.gather(humming, return_exceptions=True)


async def test_a_call_has_a_longest_duration_however_lively(aura: AuraProcess) -> None:
    async with calling(aura, QUIET, "127.0.3.2") as caller:
        began = time.monotonic()
        speaking = asyncio.create_task(caller.speak((buzz(VOICE_MS) + silence(1500)) * 6))
        told = await ends_with(caller, "CALL_TOO_LONG", 15)
        assert told["details"] == "it lasted 9 s, the limit"
        assert 8.5 < time.monotonic() - began < 12
        assert caller.told("ai_audio")
        session = caller.told("session")[0]["session"]
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
    async with calling(aura, f"{QUIET}&session={session}", "127.0.3.2") as again:
        assert not (await again.until("session"))["resumed"], "it was ended on purpose"


# ------------------------------------------------------------ slow and many sockets


HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"


async def test_who_asks_for_nothing_or_slowly_is_gone_in_time(aura: AuraProcess) -> None:
    slow = {
        "nothing": Socket(aura, "127.0.4.1"),
        "half a head": Socket(aura, "127.0.4.1", HEAD),
        "half a handshake": Socket(aura, "127.0.4.1", b"GET /ws HTTP/1.1\r\nUpgrade: webso"),
        "an answer, then nothing": Socket(aura, "127.0.4.1", HEAD + b"\r\n"),
        "an answer, then half a head": Socket(aura, "127.0.4.1", HEAD + b"\r\n" + HEAD),
        "a body that never comes": Socket(aura, "127.0.4.1", HEAD + b"Content-Length: 9\r\n\r\n"),
    }
    try:
        took = dict(
            zip(
                slow,
                await asyncio.gather(*(one.ended_after_s() for one in slow.values())),
                strict=True,
            )
        )
    finally:
        for one in slow.values():
            one.close()
    assert all(0.8 < seconds < 8 for seconds in took.values()), took


async def test_a_head_that_drips_is_not_waited_for(aura: AuraProcess) -> None:
    one = Socket(aura, "127.0.4.2", HEAD)
    try:
        until = time.monotonic() + 6
        while one.is_open():
            assert time.monotonic() < until
            await asyncio.sleep(0.2)
            with suppress(ConnectionError):
                one.say(b"X-A: b\r\n")
        assert time.monotonic() - one.began < 4
    finally:
        one.close()


async def test_sockets_of_an_address_are_counted_and_a_caller_among_them_is_served(
    aura: AuraProcess,
) -> None:
    held = [Socket(aura, "127.0.4.3", HEAD) for _ in range(4 * SOCKETS)]
    try:
        async with calling(aura, QUIET, "127.0.4.3") as caller:
            await caller.until("session")
            held += [Socket(aura, "127.0.4.3", HEAD) for _ in range(2 * SOCKETS)]
            await caller.send({"type": "ping", "timestamp": 1})
            await caller.until("pong")
            await asyncio.sleep(0.2)
            assert sum(one.is_open() for one in held) < SOCKETS
    finally:
        for one in held:
            one.close()


# ------------------------------------------------------------ rates


async def test_handshakes_have_a_rate_whatever_the_door(aura: AuraProcess) -> None:
    paths = ["/ws", QUIET] * (JOINS // 2)
    assert [await refused(aura, path, "127.0.5.1") for path in paths] == [101] * JOINS
    assert await refused(aura, "/ws", "127.0.5.1") == 429
    assert await refused(aura, QUIET, "127.0.5.1") == 429
    assert await refused(aura, "/ws", "127.0.5.2") == 101


async def test_conversations_have_a_rate_over_all_connections_of_an_address(
    aura: AuraProcess,
) -> None:
    async with calling(aura, "/ws", "127.0.5.3") as caller:
        for number in range(JOINS - 1):
            await caller.send({"type": "start_conversation"})
            await caller.until("conversation_started", number + 1)
    async with calling(aura, "/ws", "127.0.5.3") as caller:
        await caller.send({"type": "start_conversation"})
        await caller.until("conversation_started")
        await caller.send({"type": "start_conversation"})
        error = await caller.until("error")
        assert error["code"] == "RATE_LIMITED"
        assert f"{JOINS} conversations a minute from one address" in error["details"]
    async with calling(aura, QUIET, "127.0.5.3") as caller:  # the other door has the same rate
        assert (await caller.until("error"))["code"] == "RATE_LIMITED"
        await asyncio.wait_for(caller.ws.wait_closed(), 5)
        assert caller.ws.close_code == 1013


async def test_ipv6_counts_by_64_and_mapped_addresses_as_what_they_are(aura: AuraProcess) -> None:
    for addresses in (
        [f"2001:db8:0:7::{number:x}" for number in range(1, 6)],
        [f"::ffff:192.0.2.{n}" if n else "192.0.2.7" for n in (7, 0, 7, 0, 7)],
        [f"fe80::{number}%eth{number}" for number in range(1, 6)],
    ):
        async with AsyncExitStack() as calls:
            for one in addresses[:4]:
                headers = {"X-Forwarded-For": one}
                await calls.enter_async_context(calling(aura, "/ws", PROXY, **headers))
            behind = {"X-Forwarded-For": addresses[4]}
            assert await refused(aura, "/ws", PROXY, **behind) == 429, addresses
    behind = {"X-Forwarded-For": "2001:db8:0:8::1"}
    assert await refused(aura, "/ws", PROXY, **behind) == 101


# ------------------------------------------------------------ with DEBUG off


@pytest.mark.parametrize("query", ["", "?token=wrong", "?token=demo_token"])
async def test_ws_asks_for_a_token_and_says_so(guarded: AuraProcess, query: str) -> None:
    async with calling(guarded, f"/ws{query}", "127.0.6.1") as caller:
        error = await caller.until("error")
        assert (error["message"], error["code"]) == ("Invalid Token", "INVALID_TOKEN")
        assert "Authorization: Bearer" in error["details"]
        assert "?token=" in error["details"]
        await asyncio.wait_for(caller.ws.wait_closed(), 5)
        assert (caller.ws.close_code, caller.ws.close_reason) == (1008, "Invalid Token")
        assert not caller.told("connection_established")


async def test_ws_with_a_token_is_the_protocol_of_its_document(guarded: AuraProcess) -> None:
    bearer = {"Authorization": f"Bearer {token('ada')}"}
    for path, headers in (("/ws", bearer), (f"/ws?token={token('ada')}", {})):
        async with calling(guarded, path, "127.0.6.2", **headers) as caller:
            await caller.until("connection_established")
            await caller.send({"type": "start_conversation"})
            await caller.until("conversation_started")
            await caller.speak(buzz(VOICE_MS) + silence(1200), 100, as_json=True)
            await caller.until("ai_response")


async def test_who_knows_the_id_of_a_demo_call_does_not_go_on_with_it_without_its_key(
    aura: AuraProcess,
) -> None:
    async def told(address: str, more: str) -> dict[str, Any]:
        async with calling(aura, f"{QUIET}{more}", address) as caller:
            return await caller.until("session")

    key = "&resume_key=only-its-own-client-knows"
    begun = await told("127.0.6.7", key)
    back = f"&session={begun['session']}"
    assert begun["resumed"] is False
    for guess in ("", f"{key}-not", "&resume_key=short"):
        assert (await told("127.0.6.8", back + guess))["session"] != begun["session"]
    again = await told("127.0.6.9", back + key)
    assert (again["session"], again["resumed"]) == (begun["session"], True)
    assert "only-its-own-client-knows" not in aura.said()


async def test_a_user_has_one_call_over_both_doors(guarded: AuraProcess) -> None:
    path = f"/ws/voice/continuous?greeting=0&token={token('bob')}"
    async with calling(guarded, path, "127.0.6.3") as live:
        await live.until("session")
        async with calling(guarded, f"/ws?token={token('bob')}", "127.0.6.3") as json_:
            await json_.until("connection_established")
            await json_.send({"type": "start_conversation"})
            error = await json_.until("error")
            assert (error["code"], error["details"]) == (
                "SESSION_LIMIT",
                "the limit of 1 of this user is reached",
            )


async def test_tokens_cannot_be_guessed_fast(guarded: AuraProcess) -> None:
    wrong = "/ws/voice/continuous?token=wrong"
    for _ in range(JOINS // 2):
        async with calling(guarded, wrong, "127.0.6.4") as caller:
            await asyncio.wait_for(caller.ws.wait_closed(), 5)
            assert caller.ws.close_code == 1008
    assert await refused(guarded, wrong, "127.0.6.4") == 429
    assert await refused(guarded, f"/ws?token={token('cy')}", "127.0.6.5") == 101


# ------------------------------------------------------------ as the operator says


async def test_a_protocol_that_is_not_served_is_not_there(tmp_path: Path) -> None:
    env = {**SIMULATED, "AURA_DIALECTS": "continuous", "DEBUG": "false", "AURA_WS_AUTH": "open"}
    aura = AuraProcess(tmp_path, env=env)
    try:
        aura.wait_until_ready()
        assert await refused(aura, "/ws", "127.0.0.1") == 404
        assert await refused(aura, QUIET, "127.0.0.1") == 101
    finally:
        assert aura.stop() == 0


async def begun(aura: AuraProcess, address: str) -> str:
    """Begin a conversation on /ws; return why that is refused, empty: it is not."""
    async with calling(aura, "/ws", address) as caller:
        await caller.send({"type": "start_conversation"})
        async with asyncio.timeout(20):
            while not (errors := caller.told("error")) and not caller.told("conversation_started"):
                await asyncio.sleep(0.01)
        return str(errors[0]["details"]) if errors else ""


async def test_ws_is_open_with_debug_off_where_the_operator_says_so(tmp_path: Path) -> None:
    env = {
        **SIMULATED,
        "DEBUG": "false",
        "AURA_WS_AUTH": "open",
        "HOST": "0.0.0.0",
        "AURA_JWT_SECRET": SECRET,
        "AURA_JOINS_PER_MINUTE_WITHOUT_TOKEN": str(STRANGERS_JOINS),
    }
    aura = AuraProcess(tmp_path, env=env)
    try:
        aura.wait_until_ready()
        async with calling(aura, "/ws", "127.0.0.1") as caller:
            await caller.until("connection_established")
        warned = [json.loads(line) for line in aura.said().splitlines() if '"open_door"' in line]
        assert [line["why"] for line in warned] == ["AURA_WS_AUTH is open"]
        refused_as = [await begun(aura, f"127.0.6.{number}") for number in range(10, 20)]
        assert not any(refused_as[: STRANGERS_JOINS // 2])
        told = f"{STRANGERS_JOINS} conversations a minute of callers without a token"
        assert told in refused_as[-1]
        path = f"/ws/voice/continuous?greeting=0&token={token('eve')}"
        async with calling(aura, path, "127.0.6.20") as caller:
            await caller.until("session")
    finally:
        assert aura.stop() == 0


# ------------------------------------------------------------ the end of file descriptors


async def test_where_no_file_is_left_calls_go_on_and_the_health_says_so(tmp_path: Path) -> None:
    files, in_calls, reserved = 100, 36, 64
    assert files - reserved == in_calls
    metrics = free_ports(5)
    aura = AuraProcess(
        tmp_path,
        env={**SIMULATED, "AURA_METRICS_PORT": str(metrics)},
        command=("bash", "-c", f'ulimit -n {files}; exec "$@"', "-", *COMMAND),
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
        await asyncio.sleep(5.5)
        assert (await asyncio.to_thread(aura.health))[0] == 200
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
