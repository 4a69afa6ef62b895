"""Strangers at the door: what they hold ends by itself, and callers with a token come in.

Linux gives a machine all of 127.0.0.0/8, so that each test is an address of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest

from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import VOICE_MS, Caller, buzz, silence
from tests.integration.stranger_calls import HEAD, JOINS, QUIET, Socket, calling, refused

PROXY = "127.0.0.99"
SOCKETS = 8
TIMES = {
    "AURA_HTTP_TIMEOUT_S": "1",
    "AURA_MAX_SOCKET_IDLE_S": "2",
    "AURA_MAX_CALL_IDLE_S": "4",
    "AURA_MAX_CALL_S": "9",
}


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


async def ends_with(caller: Caller, code: str, seconds: float) -> dict[str, Any]:
    """Wait until *caller* is told *code* and sent away, and return what it was told."""
    told = await caller.until("error", seconds=seconds)
    assert told["code"] == code, told
    await asyncio.wait_for(caller.ws.wait_closed(), 5)
    assert caller.ws.close_code == 1000
    assert caller.ws.close_reason == told["details"]
    return told


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
                assert "no session for 2 s" in told["details"]


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


async def test_a_call_has_a_longest_duration_however_lively_and_often_resumed(
    aura: AuraProcess,
) -> None:
    began = time.monotonic()
    async with calling(aura, QUIET, "127.0.3.2") as first:
        session = (await first.until("session"))["session"]
        await first.speak(buzz(VOICE_MS) + silence(1500))
        await asyncio.sleep(max(0.0, began + 3 - time.monotonic()))
    async with calling(aura, f"{QUIET}&session={session}", "127.0.3.2") as caller:
        assert (await caller.until("session"))["resumed"]
        speaking = asyncio.create_task(caller.speak((buzz(VOICE_MS) + silence(1500)) * 6))
        told = await ends_with(caller, "CALL_TOO_LONG", 15)
        assert told["details"] == "it lasted 9 s, the limit"
        assert 8.5 < time.monotonic() - began < 12
        assert caller.told("ai_audio")
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
    async with calling(aura, f"{QUIET}&session={session}", "127.0.3.2") as again:
        assert not (await again.until("session"))["resumed"], "it was ended on purpose"


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
            async with asyncio.timeout(5):
                while sum(one.is_open() for one in held) >= SOCKETS:
                    await asyncio.sleep(0.05)
    finally:
        for one in held:
            one.close()


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
        assert f"{JOINS} sessions a minute from one address" in error["details"]
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
