"""Malformed messages by the hundred thousand, over each client protocol and on the bus."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import nats
import psutil

from benchmarks import recordings
from benchmarks.client import ask_all
from benchmarks.soak import hostile
from schemas.stages import CONSUMERS

ANSWER_S = 40.0
"""A connection over its budget is slowed for up to 30 s before it is closed."""
IN_FLIGHT = 50
CONTINUOUS = "/ws/voice/continuous?token=demo_token&greeting=0"
STAGES_FAIL = {"AUDIO_ERROR", "STT_ERROR", "LLM_ERROR", "TTS_ERROR"}
TOLD = {
    "/ws": {"INVALID_JSON", "UNKNOWN_TYPE", "NO_SESSION", "PROCESSING_ERROR"},
    CONTINUOUS: {"INVALID_JSON", "UNKNOWN_TYPE", "RATE_LIMITED", *STAGES_FAIL},
}
DOCUMENTED_CLOSES = {4001, 4002, 4003, 4004, 1008, 1013}
"""Expected closes: minutes of noise in a second may exceed the deadlines of the stages, or the
budget of a connection."""


@dataclass
class FuzzResult:
    """The results of a barrage."""

    sent: int = 0
    answered: int = 0
    good_turns: int = 0
    good_turns_lost: int = 0
    wrong_answers: list[Any] = field(default_factory=list)
    closed: dict[int | None, int] = field(default_factory=dict)
    """Connections that the server ended, by code."""
    memory_growth: float = 0.0
    """The growth of the attacked process's memory: (after - before) / before."""


async def sockets(url: str, edge_pid: int, count: int, *, seed: int = 1) -> FuzzResult:
    """Send *count* messages over each client protocol while another caller has a good call."""
    result, edge = FuzzResult(), psutil.Process(edge_pid)
    before = 0
    async with aiohttp.ClientSession() as http:
        beside = asyncio.create_task(_good_calls(url, result))
        for path in TOLD:
            for begun in (False, True):
                share = count // 4
                messages = hostile.for_sockets(seed + begun, share)
                await _shoot(http, url, path, messages, result, begun=begun)
                before = before or edge.memory_info().rss  # the first quarter warms it up
        beside.cancel()
        await asyncio.wait([beside])
    result.memory_growth = edge.memory_info().rss / before - 1
    return result


class _ClosedError(Exception):
    """The server ended the connection, with a code."""


async def _shoot(
    http: aiohttp.ClientSession,
    url: str,
    path: str,
    messages: Iterator[str | bytes],
    result: FuzzResult,
    *,
    begun: bool,
) -> None:
    """Send *messages*, on a new connection after each close with a documented code."""
    while True:
        try:
            async with http.ws_connect(url + path, max_msg_size=0) as ws:
                if begun and path == "/ws":
                    await ws.send_json({"type": "start_conversation"})
                await _shoot_at(ws, path, messages, result, begun=begun)
                return
        except _ClosedError as closed:
            (code,) = closed.args
            result.closed[code] = result.closed.get(code, 0) + 1
            if code not in DOCUMENTED_CLOSES:
                result.wrong_answers.append({"closed": code})
        except ConnectionError:
            result.closed[1006] = result.closed.get(1006, 0) + 1


async def _shoot_at(
    ws: aiohttp.ClientWebSocketResponse,
    path: str,
    messages: Iterator[str | bytes],
    result: FuzzResult,
    *,
    begun: bool,
) -> None:
    """Send *messages* and check the replies to those of text."""
    waiting = 0
    for message in messages:
        result.sent += 1
        if isinstance(message, bytes):
            await ws.send_bytes(message)
            waiting += path == "/ws" and not begun
        else:
            await ws.send_str(message)
            waiting += not (begun and "audio_chunk" in message)
        while waiting > IN_FLIGHT:
            await _answer(ws, path, result)
            waiting -= 1
    # The edge still replies to a valid message.
    honest = {"type": "ping", "timestamp": 1} if path != "/ws" else {"type": "honest"}
    await asyncio.sleep(1.1)  # the limit of control messages counts one second
    await ws.send_json(honest)
    while True:
        answer = await _answer(ws, path, result)
        if answer["type"] == "pong" or "honest" in answer.get("message", ""):
            return


async def _answer(
    ws: aiohttp.ClientWebSocketResponse, path: str, result: FuzzResult
) -> dict[str, Any]:
    """Return the next message; note an error in *result*.

    Raises:
        _ClosedError: the edge closed the connection.
    """
    async with asyncio.timeout(ANSWER_S):
        message = await ws.receive()
    if message.type is not aiohttp.WSMsgType.TEXT:
        raise _ClosedError(ws.close_code)
    answer: dict[str, Any] = json.loads(message.data)
    if answer["type"] == "error":
        result.answered += 1
        if answer["code"] not in TOLD[path]:
            result.wrong_answers.append(answer)
    return answer


async def _good_calls(url: str, result: FuzzResult) -> None:
    """Hold one call after the other, until cancelled."""
    question = recordings.buzz(900)
    while True:
        (turn,) = await ask_all(url, [question], 1, warm_up=0)
        result.good_turns += 1
        result.good_turns_lost += not turn.response


async def on_bus(
    url: str, nats_url: str, worker_pid: int, count: int, *, seed: int = 1
) -> FuzzResult:
    """Publish *count* malformed messages on the subjects of a session."""
    result, worker = FuzzResult(), psutil.Process(worker_pid)
    before = 0
    client = await nats.connect(nats_url, error_cb=_quiet)
    beside = asyncio.create_task(_good_calls(url, result))
    async with aiohttp.ClientSession() as http, http.ws_connect(url + CONTINUOUS) as ws:
        subjects = _subjects_of(json.loads((await ws.receive()).data)["session"])
        for number, payload in enumerate(hostile.for_bus(seed, count)):
            subject = subjects[number % len(subjects)]
            await client.publish(subject, payload, headers={"Nats-Msg-Id": f"f{seed}.{number}"})
            result.sent += 1
            if number % 200 == 0:
                await client.flush()
            if number == count // 4:
                before = worker.memory_info().rss
        await client.flush()
        js = client.jetstream()
        async with asyncio.timeout(120):
            for consumer in CONSUMERS.values():
                while (await js.consumer_info("AURA_EVENTS", consumer)).num_pending:
                    await asyncio.sleep(0.1)
        result.answered = result.sent
        await ws.send_json({"type": "ping", "timestamp": 1})
        async with asyncio.timeout(ANSWER_S):
            while json.loads((await ws.receive()).data)["type"] != "pong":
                pass
    while not result.good_turns:
        await asyncio.sleep(0.1)
    beside.cancel()
    await asyncio.wait([beside])
    await client.close()
    result.memory_growth = worker.memory_info().rss / before - 1
    return result


def _subjects_of(session: str) -> list[str]:
    """Return the subjects that are subscribed to for *session*."""
    return [
        *(f"aura.ev.demo.{session}.{k}" for k in "life speech heard turn say out".split()),
        *(f"aura.live.demo.{session}.{k}" for k in "heard say out".split()),
        f"aura.au.{session}.1",
        f"aura.pcm.{session}.1",
        f"aura.part.{session}",
    ]


async def _quiet(_: Exception) -> None:
    return
