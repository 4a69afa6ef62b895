"""A good call beside an attack, with timed pings and audio; and new calls meanwhile."""

import asyncio
import base64
import itertools
import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import jwt

SECRET = "the secret of a measurement, 32 bytes or more"  # noqa: S105  # for this run only
PATH = "/ws/voice/continuous"
PING_EVERY_S = 0.1
FRAME = 640
CYCLE_S = 4.0
"""The time between two questions."""
LET_IN_S = 5.0
_NUMBERS = itertools.count()


def token(user: str, tenant: str = "good") -> str:
    """Return a token of *user*."""
    return jwt.encode({"sub": user, "tenant": tenant, "exp": time.time() + 7200}, SECRET, "HS256")


@dataclass
class BystanderTimes:
    """The measurements since the last `look`."""

    pings_ms: list[float] = field(default_factory=list)
    late_ms: float = 0.0
    """The longest delay of a piece of a response."""
    answers: int = 0
    """Responses that came to their end."""
    lost: bool = False
    """The call was closed."""


class Bystander:
    """One call, while `run` runs."""

    def __init__(self, url: str, speech: bytes) -> None:
        self._url = url
        self.speech = speech
        self._sent: dict[int, float] = {}
        self._times = BystanderTimes()
        self._due = 0.0
        self.ready = asyncio.Event()

    def look(self) -> BystanderTimes:
        """Return the measurements since the last look; pings without a pong count as late."""
        times, self._times = self._times, BystanderTimes(lost=self._times.lost)
        now = time.monotonic()
        times.pings_ms += [
            (now - at) * 1000 for at in self._sent.values() if now - at > PING_EVERY_S
        ]
        return times

    async def run(self) -> None:
        """Hold the call until cancelled."""
        query = f"token={token('bystander')}&audio=chunks&greeting=0"
        address = self._url.replace("http", "ws", 1) + f"{PATH}?{query}"
        headers = {"X-Forwarded-For": "192.0.2.1"}
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(address, headers=headers, max_msg_size=0) as ws,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(self._speak(ws))
            tasks.create_task(self._ping(ws))
            self.ready.set()
            async for message in ws:
                self._hear(json.loads(message.data))
            self._times.lost = True

    async def _ping(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        for number in itertools.count():
            self._sent[number] = time.monotonic()
            with suppress(ConnectionError):
                await ws.send_json({"type": "ping", "timestamp": number})
            await asyncio.sleep(PING_EVERY_S)

    async def _speak(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        cycle = self.speech.ljust(int(CYCLE_S * 32_000), b"\0")
        start = time.monotonic()
        for number in itertools.count():
            at = number * FRAME % len(cycle)
            await asyncio.sleep(max(0.0, start + number * 0.02 - time.monotonic()))
            with suppress(ConnectionError):
                await ws.send_bytes(cycle[at : at + FRAME])

    def _hear(self, message: dict[str, Any]) -> None:
        now = time.monotonic()
        match message["type"]:
            case "pong" if (at := self._sent.pop(message["timestamp"], None)) is not None:
                self._times.pings_ms.append((now - at) * 1000)
            case "ai_audio_chunk" | "ai_audio":
                length_s = (len(base64.b64decode(message["audio"])) - 44) / 32_000
                if self._due:
                    self._times.late_ms = max(self._times.late_ms, (now - self._due) * 1000)
                self._due = max(self._due, now) + length_s
            case "ai_complete" | "ai_interrupted":
                self._times.answers += 1
                self._due = 0.0


async def refused(url: str, stop: asyncio.Event) -> list[str]:
    """Call once a second with a token, until *stop*; return why some calls were refused."""
    reasons: list[str] = []
    async with aiohttp.ClientSession() as http:
        while not stop.is_set():
            if why := await _call(http, url, next(_NUMBERS)):
                reasons.append(why)
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await stop.wait()
    return reasons


async def _call(http: aiohttp.ClientSession, url: str, number: int) -> str:
    """Call, wait for the session, hang up; return the reason of a failure, else "".

    Too long a wait says what was waited for.
    """
    address = url.replace("http", "ws", 1) + f"{PATH}?token={token(f'u{number}')}&greeting=0"
    headers = {"X-Forwarded-For": f"192.0.2.{number % 200 + 20}"}
    step = "handshake"
    try:
        async with (
            asyncio.timeout(LET_IN_S),
            http.ws_connect(address, headers=headers) as ws,
        ):
            step = "session"
            message = await ws.receive_json()
            if message["type"] != "session":
                return str(message.get("code") or message["type"])
            await ws.send_json({"type": "end_call"})
            step = "close"
    except aiohttp.WSServerHandshakeError as error:
        return f"status {error.status}"
    except TimeoutError:
        return f"no {step} within {LET_IN_S:g} s"
    except (aiohttp.ClientError, TypeError, OSError) as error:
        return type(error).__name__
    return ""
