"""Speaks recordings to Aura in real time, and times the responses at the client."""

import asyncio
import math
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.people.caller import MicrophoneCaller, calling

AUDIBLE = 300
"""Samples above this level (-41 dBFS) are audible."""
AFTER_S = 0.6
"""A response is over when it has been silent for this long."""


@dataclass
class MeasuredTurn:
    """A question and its response; times in ms after the last sample of speech."""

    first_audio_ms: float | None = None
    first_audible_ms: float | None = None
    steps: dict[str, Any] = field(default_factory=dict)
    transcript: str = ""
    response: str = ""
    inside: bool = False
    """The response began while the question was still being spoken."""


async def ask(caller: MicrophoneCaller, pcm: bytes, *, timeout_s: float = 20.0) -> MeasuredTurn:
    """Speak *pcm* and return the turn once its response has been heard to the end."""
    caller.messages.clear()
    _, end = await caller.say(pcm)
    until = end + timeout_s
    while time.monotonic() < until:
        await asyncio.sleep(0.02)
        is_over = time.monotonic() > caller.heard_until(math.inf) + AFTER_S
        if is_over and _responded_after(caller, end):
            break
    return _turn(caller, end)


def _responded_after(caller: MicrophoneCaller, end: float) -> bool:
    """Return whether a response after *end* is complete; one that began before does not count."""
    sounds = caller.sounds()
    return bool(caller.of("turn_metrics", end) and sounds and sounds[-1].at > end)


def _turn(caller: MicrophoneCaller, end: float) -> MeasuredTurn:
    turn = MeasuredTurn(
        transcript=" | ".join(message.fields["text"] for message in caller.of("user_transcript")),
        response=" | ".join(
            message.fields["full_response"] for message in caller.of("ai_complete")
        ),
        inside=any(sound.at < end + 0.1 for sound in caller.sounds()),
    )
    if metrics := caller.of("turn_metrics"):
        turn.steps = {k: v for k, v in metrics[-1].fields.items() if k.endswith("_ms")}
    if after := caller.sounds(end + 0.1):
        turn.first_audio_ms = (after[0].at - end) * 1000
        sound = np.frombuffer(b"".join(sound.pcm for sound in after), np.int16)
        loud = np.nonzero(np.abs(sound.astype(np.int32)) > AUDIBLE)[0]
        if loud.size:
            turn.first_audible_ms = turn.first_audio_ms + loud[0] / 16
    return turn


async def ask_all(
    url: str, recordings: list[bytes], rounds: int, warm_up: int = 1
) -> list[MeasuredTurn]:
    """Ask *recordings* in turn, *rounds* times over, in one call; the warm-up is not returned."""
    turns: list[MeasuredTurn] = []
    async with calling(url, "audio=chunks&metrics=1&greeting=0") as caller:
        await asyncio.sleep(1.0)
        for number in range(-warm_up, rounds):
            for pcm in recordings:
                turn = await ask(caller, pcm)
                if number >= 0:
                    turns.append(turn)
                await asyncio.sleep(0.5)
    return turns
