"""Callers who check that each response comes once, complete, in order, for its own question."""

import asyncio
import itertools
import json
import statistics
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from benchmarks.recordings import buzz
from schemas.audio import BYTES_PER_MS

PATH = "/ws/voice/continuous?token=demo_token&greeting=0&audio=chunks"
VOICE_MS = 700
CHUNK_MS = 250
"""Large, because on a busy machine the callers themselves may be late."""
GOES_ON_WITHIN_S = 1.0
"""Wait for the rest of a response that was cut off."""
_numbers = itertools.count(1)


def question(tag: str, extra: str = "") -> bytes:
    """Return audio in which the simulated recogniser reads *tag*: s16le mono 16 kHz."""
    sound = bytearray(buzz(VOICE_MS))
    words = f"SAY:Hello, my word is {tag}{extra}.;".encode()
    words += b" " * (len(words) % 2)
    sound[12_000 : 12_000 + len(words)] = words
    return bytes(sound)


@dataclass
class Tally:
    """The results of all callers."""

    turns: int = 0
    lost: int = 0
    doubled: int = 0
    mixed: int = 0
    reordered: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    """Codes of the errors that callers received."""
    resumed: int = 0
    went_on: int = 0
    """Responses that another edge finished."""
    felt_ms: list[float] = field(default_factory=list)
    """End of speech to first audio, of each turn."""
    why: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        felt = sorted(self.felt_ms)
        return {
            "turns": self.turns,
            "lost": self.lost,
            "doubled": self.doubled,
            "mixed": self.mixed,
            "reordered": self.reordered,
            "errors": self.errors,
            "error_codes": dict(self.codes),
            "resumed": self.resumed,
            "went_on": self.went_on,
            "felt_p50_ms": round(statistics.median(felt)) if felt else None,
            "felt_p99_ms": round(felt[int(0.99 * (len(felt) - 1))]) if felt else None,
            "felt_max_ms": round(felt[-1]) if felt else None,
        }

    @property
    def errors(self) -> int:
        return self.codes.total()

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.mixed or self.reordered)


class SoakCaller:
    """A caller with one turn after the other, who reconnects after a lost connection."""

    def __init__(self, http: aiohttp.ClientSession, urls: list[str], tally: Tally) -> None:
        self.number = next(_numbers)
        self.tally = tally
        self.session = ""
        self._http = http
        self._urls = urls
        self._at = self.number % len(urls)
        self.asked = 0
        """Turns so far."""
        self._ws: aiohttp.ClientWebSocketResponse | None = None
        self.heard: list[dict[str, Any]] = []
        """Messages since the caller began to speak."""
        self.told: deque[tuple[float, str, str]] = deque(maxlen=1000)
        """Time (monotonic), type and words of all messages except audio."""
        self.first_audio_at = 0.0
        self._listening: asyncio.Task[None] | None = None
        self.cut_off = asyncio.Event()

    async def connect(self) -> None:
        """Connect, or reconnect, to any edge that answers.

        Raises:
            RuntimeError: no edge did within 30 s.
        """
        until = time.monotonic() + 30
        while time.monotonic() < until:
            url = self._urls[self._at % len(self._urls)] + PATH
            url += f"&session={self.session}" if self.session else ""
            with suppress(aiohttp.ClientError, OSError, asyncio.TimeoutError, TypeError, KeyError):
                self._ws = await self._http.ws_connect(
                    url, max_msg_size=0, timeout=aiohttp.ClientWSTimeout(ws_close=10)
                )
                message = await self._ws.receive_json()
                if message["type"] == "session":
                    self.tally.resumed += bool(message["resumed"])
                    self.session = message["session"]
                    self.cut_off.clear()
                    self._listening = asyncio.create_task(self._listen(self._ws))
                    return
            self._at += 1
            await asyncio.sleep(0.2)
        raise RuntimeError("no edge answers")

    async def _listen(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        async for message in ws:
            if message.type is aiohttp.WSMsgType.TEXT:
                fields = {**json.loads(message.data), "at": time.monotonic()}
                if fields["type"] == "ai_audio_chunk" and not self.first_audio_at:
                    self.first_audio_at = time.monotonic()
                self.heard.append(fields)
                if not fields.get("audio"):
                    keys = ("full_response", "text", "code")
                    words = next((fields[key] for key in keys if fields.get(key)), "")
                    self.told.append((fields["at"], fields["type"], words))
        self.cut_off.set()

    async def turn(self, *, timeout_s: float = 25.0, extra: str = "") -> bool:
        """Ask a question and check the response; return False if the turn was lost."""
        self.asked += 1
        tag = f"#c{self.number}t{self.asked}"
        self.tally.turns += 1
        for attempt in range(3):  # after a lost connection the caller asks again
            if self._ws is None or self._ws.closed or self.cut_off.is_set():
                self.heard, self.first_audio_at = [], 0.0
                await self.connect()
                if attempt and await self._spoken_on(timeout_s):
                    texts = [message["full_response"] for message in self._done()]
                    self.tally.mixed += not any(tag in text for text in texts)
                    self.tally.went_on += 1
                    return True
            self.heard, self.first_audio_at = [], 0.0
            ended = await self._speak(self.question(tag, extra))
            if await self._answered(timeout_s):
                self._check(tag, ended)
                return True
            if not self.cut_off.is_set():
                break
        self.tally.lost += 1
        self.tally.why.append(f"{tag}: {[message['type'] for message in self.heard][-8:]}")
        return False

    async def say(self, extra: str) -> None:
        """Ask a question without waiting for a response."""
        await self._speak(question(f"{extra}"))
        await self._speak(bytes(BYTES_PER_MS * 1500))

    async def silence(self) -> None:
        await self._speak(bytes(BYTES_PER_MS * CHUNK_MS))

    def question(self, tag: str, extra: str) -> bytes:
        """Return the next question, s16le mono 16 kHz."""
        return question(tag, extra)

    def is_mine(self, tag: str, answer: str) -> bool:
        """Return whether *answer* belongs to the question."""
        return f"{tag} " in f"{answer} "

    async def _speak(self, pcm: bytes) -> float:
        """Send *pcm* like a microphone; return the time at which its last sample was due."""
        start = time.monotonic()
        size = BYTES_PER_MS * CHUNK_MS
        for number, at in enumerate(range(0, len(pcm), size)):
            await asyncio.sleep(max(0.0, start + (number + 1) * CHUNK_MS / 1000 - time.monotonic()))
            await self._send(pcm[at : at + size])
        return start + len(pcm) / 32_000

    async def _send(self, pcm: bytes) -> None:
        assert self._ws is not None
        with suppress(ConnectionError):
            await self._ws.send_bytes(pcm)

    async def _answered(self, timeout_s: float) -> bool:
        until = time.monotonic() + timeout_s
        while time.monotonic() < until and not self.cut_off.is_set():
            if any(message["type"] == "ai_complete" for message in self.heard):
                await asyncio.sleep(0.4)  # a second response would come now
                return True
            await self._send(bytes(BYTES_PER_MS * CHUNK_MS))
            await asyncio.sleep(CHUNK_MS / 1000)
        return False

    async def _spoken_on(self, timeout_s: float) -> bool:
        """Return whether the new connection finishes the response that was cut off."""
        until = time.monotonic() + GOES_ON_WITHIN_S
        while time.monotonic() < until:
            if any(message["type"] in {"ai_audio_chunk", "ai_complete"} for message in self.heard):
                return await self._answered(timeout_s)
            await self._send(bytes(BYTES_PER_MS * CHUNK_MS))
            await asyncio.sleep(CHUNK_MS / 1000)
        return False

    def _check(self, tag: str, ended: float) -> None:
        def of_kind(kind: str) -> list[dict[str, Any]]:
            return [message for message in self.heard if message["type"] == kind]

        tally, chunks, done = self.tally, of_kind("ai_audio_chunk"), of_kind("ai_complete")
        tally.codes.update(str(message.get("code")) for message in of_kind("error"))
        words = [message["text"] for message in of_kind("user_transcript")]
        if len(done) > 1 or len(words) > 1:
            tally.doubled += 1
            tally.why.append(f"{tag}: heard {words}, answered {len(done)} times")
        answer = done[0]["full_response"]
        heard = "".join(chunk["text"] for chunk in chunks)
        tally.mixed += not (self.is_mine(tag, answer) and self.is_mine(tag, heard))
        ends = [chunk["is_complete"] for chunk in chunks]
        tally.reordered += heard != answer or ends != [False] * (len(ends) - 1) + [True]
        if heard != answer:
            tally.why.append(f"{tag}: heard {heard!r} of {answer!r}")
        tally.felt_ms.append((self.first_audio_at - ended) * 1000)

    def _done(self) -> list[dict[str, Any]]:
        return [message for message in self.heard if message["type"] == "ai_complete"]

    async def leave(self) -> None:
        if self._ws is not None:
            await self._ws.close()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])


@asynccontextmanager
async def crowd(
    urls: list[str], count: int, kind: type[SoakCaller] = SoakCaller
) -> AsyncIterator[tuple[list[SoakCaller], Tally]]:
    """Yield *count* connected callers and their tally."""
    tally = Tally()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        callers = [kind(http, urls, tally) for _ in range(count)]
        for at in range(0, count, 20):
            await asyncio.gather(*(caller.connect() for caller in callers[at : at + 20]))
        try:
            yield callers, tally
        finally:
            await asyncio.gather(*(caller.leave() for caller in callers))


async def talk_until(callers: list[SoakCaller], stop: asyncio.Event, pause_s: float = 1.0) -> None:
    """Let every caller have turns, not all at once, until *stop*."""

    async def run_caller(caller: SoakCaller, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        while not stop.is_set():
            await caller.turn()
            await asyncio.sleep(pause_s)

    async with asyncio.TaskGroup() as tasks:
        for number, caller in enumerate(callers):
            tasks.create_task(run_caller(caller, (number % 50) * 0.07))
