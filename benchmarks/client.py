"""A caller with a stopwatch: speaks recordings in real time, times the responses at the client."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import numpy as np

from aura.cli.call import SILENCE, speech_end_ms
from runtime.audio import read_wav
from schemas.audio import BYTES_PER_MS

FRAME_BYTES = len(SILENCE)
AUDIBLE = 300
"""Samples above this (-41 dBFS) can be heard."""


@dataclass
class Turn:
    """A question and its response; times in ms after the last sample of speech."""

    first_audio_ms: float | None = None
    first_audible_ms: float | None = None
    steps: dict[str, Any] = field(default_factory=dict)
    transcript: str = ""
    answer: str = ""
    inside: bool = False
    """The answer began while the question was still being spoken."""


class StopwatchCaller:
    """A microphone that never stops, and an ear that notes the time of sounds."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self._ws = ws
        self._to_say: list[bytes] = []
        self._heard: list[tuple[float, bytes]] = []
        self._messages: list[tuple[float, dict[str, Any]]] = []
        self._began: float | None = None

    async def microphone(self) -> None:
        """Send 20 ms every 20 ms, each when its last sample is due."""
        start, sent = time.monotonic(), 0
        while not self._ws.closed:
            sent += 1
            await asyncio.sleep(max(0.0, start + sent * 0.02 - time.monotonic()))
            if self._to_say and self._began is None:
                self._began = start + (sent - 1) * 0.02
            with suppress(ConnectionError):  # it is being closed
                await self._ws.send_bytes(self._to_say.pop(0) if self._to_say else SILENCE)

    async def ear(self) -> None:
        async for message in self._ws:
            now = time.monotonic()
            said = json.loads(message.data)
            self._messages.append((now, said))
            if said["type"] in {"ai_audio", "ai_audio_chunk"} and said["audio"]:
                self._heard.append((now, read_wav(base64.b64decode(said["audio"]))))

    async def ask(self, pcm: bytes, *, patience_s: float = 20.0) -> Turn:
        """Speak *pcm* and return the turn once its answer has been heard to the end."""
        self._heard.clear()
        self._messages.clear()
        self._began = None
        self._to_say = [
            pcm[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\0")
            for at in range(0, len(pcm), FRAME_BYTES)
        ]
        while self._began is None:
            await asyncio.sleep(0.005)
        end = self._began + speech_end_ms(pcm) / 1000
        until = end + patience_s
        while time.monotonic() < until:
            await asyncio.sleep(0.02)
            if self._answered_after(end) and time.monotonic() > self._over():
                break
        return self._turn(end)

    def _answered_after(self, end: float) -> bool:
        """Tell whether a response after *end* is complete; one that cut in does not count."""
        measured = any(at > end and one["type"] == "turn_metrics" for at, one in self._messages)
        return measured and bool(self._heard) and self._heard[-1][0] > end

    def _over(self) -> float:
        """Time at which all audio has been played, plus a moment."""
        over = 0.0
        for at, pcm in self._heard:
            over = max(over, at) + len(pcm) / BYTES_PER_MS / 1000
        return over + 0.6

    def _kinds(self, kind: str) -> list[dict[str, Any]]:
        return [said for _, said in self._messages if said["type"] == kind]

    def _turn(self, end: float) -> Turn:
        turn = Turn(
            transcript=" | ".join(said["text"] for said in self._kinds("user_transcript")),
            answer=" | ".join(said["full_response"] for said in self._kinds("ai_complete")),
            inside=any(at < end + 0.1 for at, _ in self._heard),
        )
        if metrics := self._kinds("turn_metrics"):
            turn.steps = {k: v for k, v in metrics[-1].items() if k.endswith("_ms")}
        after = [(at, pcm) for at, pcm in self._heard if at >= end + 0.1]
        if after:
            turn.first_audio_ms = (after[0][0] - end) * 1000
            sound = np.frombuffer(b"".join(pcm for _, pcm in after), np.int16)
            loud = np.nonzero(np.abs(sound.astype(np.int32)) > AUDIBLE)[0]
            if loud.size:
                turn.first_audible_ms = turn.first_audio_ms + loud[0] / 16
        return turn


async def ask_all(url: str, recordings: list[bytes], rounds: int, warm_up: int = 1) -> list[Turn]:
    """Ask *recordings* in turn, *rounds* times over, in one call; the warm-up is not returned."""
    query = "token=demo_token&audio=chunks&metrics=1&greeting=0"
    address = url.replace("http", "ws", 1) + f"/ws/voice/continuous?{query}"
    turns: list[Turn] = []
    async with aiohttp.ClientSession() as http, http.ws_connect(address, max_msg_size=0) as ws:
        caller = StopwatchCaller(ws)
        tasks = [asyncio.create_task(caller.microphone()), asyncio.create_task(caller.ear())]
        await asyncio.sleep(1.0)
        for number in range(-warm_up, rounds):
            for pcm in recordings:
                turn = await caller.ask(pcm)
                if number >= 0:
                    turns.append(turn)
                await asyncio.sleep(0.5)
        for task in tasks:
            task.cancel()
    return turns
