"""Runs a scenario as a call: a microphone that is always on, and a log of all messages."""

import asyncio
import base64
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aura.cli.call import speech_end_ms
from aura.cli.calling.call_failures import ended
from aura.cli.calling.outcome import length_s
from aura.cli.evaluation.judge import StepMessages
from aura.cli.evaluation.suite import Scenario, Step
from aura.client import CallClient, CallError
from edge.core.hearing.framing import FRAME_BYTES, FRAME_S, SILENCE
from runtime.audio.conversion import read_wav
from runtime.tasks import scoped_task

REACTION_S = 2.5
"""Seconds after a noise within which Aura would react to it."""
BREATH_S = 0.4
"""The pause between the end of a response and the next words, seconds."""
RESPONSE_S = 30.0
REPLY_POLL_S = 0.02


@dataclass
class Messages:
    """The messages so far. Times are monotonic seconds."""

    transcripts: list[tuple[float, str]] = field(default_factory=list)
    sounds: list[tuple[float, float, str]] = field(default_factory=list)
    """(arrival time, seconds of audio, words)."""
    interrupted: list[float] = field(default_factory=list)
    completed: list[float] = field(default_factory=list)
    responses: list[tuple[float, str]] = field(default_factory=list)
    errors: list[tuple[float, str]] = field(default_factory=list)
    playing_until: float = 0.0
    """The time at which the client will have played all audio."""

    def add(self, message: dict[str, Any], now: float) -> None:
        """Add one message of the server."""
        match message.get("type"):
            case "user_transcript":
                self.transcripts.append((now, message["text"]))
            case "greeting" | "ai_audio" | "ai_audio_chunk":
                encoded = message.get("audio")
                seconds = length_s(read_wav(base64.b64decode(encoded))) if encoded else 0.0
                self.playing_until = max(self.playing_until, now) + seconds
                self.sounds.append((now, seconds, message["text"]))
                if message["type"] == "greeting":
                    self.completed.append(now)
            case "ai_complete":
                self.completed.append(now)
                self.responses.append((now, message["full_response"]))
            case "ai_interrupted":
                self.interrupted.append(now)
                self.playing_until = now
            case "error":
                self.errors.append((now, str(message.get("code"))))
            case _:
                pass


class _Microphone:
    """Sends 20 ms of audio every 20 ms: the given audio, or silence."""

    def __init__(self, line: CallClient) -> None:
        self._line = line
        self._pcm = b""

    def play(self, pcm: bytes) -> None:
        self._pcm = pcm

    @property
    def busy(self) -> bool:
        return bool(self._pcm)

    async def run(self) -> None:
        start, sent = time.monotonic(), 0
        while self._line.open:
            # a frame can be sent once its last sample was spoken
            await asyncio.sleep(max(0.0, start + (sent + 1) * FRAME_S - time.monotonic()))
            frame, self._pcm = self._pcm[:FRAME_BYTES], self._pcm[FRAME_BYTES:]
            await self._line.send(frame.ljust(FRAME_BYTES, b"\0") if frame else SILENCE)
            sent += 1


async def perform(
    scenario: Scenario,
    sounds: Mapping[Step, bytes],
    client: CallClient,
    *,
    within_s: float | None = None,
) -> list[StepMessages]:
    """Make the call by *client*, and return what happened in each step.

    *within_s* is the suite's limit for steps that have none.

    Raises:
        CallError: no server answers, or the call is refused.
    """
    seen: list[StepMessages] = []
    async with client:
        messages, microphone = Messages(), _Microphone(client)
        async with (
            scoped_task(microphone.run()),
            scoped_task(_listen(client, messages)) as listening,
        ):
            try:
                async with asyncio.timeout(scenario.limit_s):
                    line = _Line(messages, microphone, listening, within_s or 0.0)
                    await _perform(scenario, sounds, seen, line)
            except TimeoutError:
                _lost(scenario, seen, f"not over within {scenario.limit_s:g} s")
            except CallLostError as lost:
                _lost(scenario, seen, str(lost))
    return seen


class CallLostError(Exception):
    """The server ended the call before the scenario was over."""


@dataclass
class _Line:
    messages: Messages
    microphone: _Microphone
    listening: asyncio.Task[str]
    within_s: float

    async def until(self, is_over: Callable[[], bool], seconds: float) -> bool:
        """Wait until *is_over* returns true; return False after *seconds*.

        Raises:
            CallLostError: the server ended the call.
        """
        until = time.monotonic() + seconds
        while not is_over():
            if self.listening.done():
                raise CallLostError(self.listening.result())
            if time.monotonic() > until:
                return False
            await asyncio.sleep(REPLY_POLL_S)
        return True


async def _listen(client: CallClient, messages: Messages) -> str:
    """Read messages until the server ends the call; return the reason."""
    while True:
        try:
            messages.add(await client.receive(), time.monotonic())
        except CallError as over:
            return ended(over.code, f"told {messages.errors[-1][1]}" if messages.errors else "")


def _lost(scenario: Scenario, seen: list[StepMessages], reason: str) -> None:
    """Record *reason* for the unfinished step and all later ones."""
    seen += [StepMessages(lost=reason) for _ in range(len(scenario.steps) - len(seen))]


async def _perform(
    scenario: Scenario, sounds: Mapping[Step, bytes], seen: list[StepMessages], line: _Line
) -> None:
    messages, response_from = line.messages, 0.0
    before: tuple[float, float] | None = None
    """Start and end of speech of the previous step, if this step speaks over its response."""
    if scenario.greeting:
        await line.until(lambda: bool(messages.sounds), RESPONSE_S)
    for number, step in enumerate(scenario.steps):
        await _wait_for_start(step, line, response_from)
        began, pcm = time.monotonic(), sounds[step]
        response_from = began
        speech_end = began + speech_end_ms(pcm) / 1000
        line.microphone.play(pcm)
        await line.until(lambda: not line.microphone.busy, length_s(pcm) + 5)
        after = scenario.steps[number + 1 : number + 2]
        spoken_over = bool(after) and after[0].over_answer_s is not None
        await _outcome(step, line, began, spoken_over=spoken_over)
        if before:
            until = next((at for at, _ in messages.transcripts if at > began), math.inf)
            seen.append(_seen_in_step(messages, *before, until=min(until, *_cuts(messages, began))))
        before = (began, speech_end) if spoken_over else None
        if not spoken_over:
            seen.append(_seen_in_step(messages, began, speech_end))


async def _wait_for_start(step: Step, line: _Line, response_from: float) -> None:
    """Wait until *step* has to begin."""
    messages = line.messages
    if step.over_answer_s is None:
        await line.until(lambda: time.monotonic() > messages.playing_until + BREATH_S, RESPONSE_S)
        return
    await line.until(lambda: _first_sound(messages, response_from) is not None, RESPONSE_S)
    first = _first_sound(messages, response_from) or 0.0
    await asyncio.sleep(max(0.0, first + step.over_answer_s - time.monotonic()))


async def _outcome(step: Step, line: _Line, began: float, *, spoken_over: bool) -> None:
    """Wait until *step* has got a response or has failed.

    *spoken_over*: the next step speaks over the response, so wait only for the first sound.
    """
    messages = line.messages
    if step.expect.ignored:
        await asyncio.sleep(REACTION_S)
        return

    def responded() -> bool:
        if spoken_over:
            return _first_sound(messages, began) is not None
        since = max((at for at, _ in messages.transcripts if at > began), default=None)
        return since is not None and any(at > since for at in messages.completed)

    def failed() -> bool:
        return any(at > began for at, _ in messages.errors)

    limit_s = step.expect.within_s or line.within_s
    await line.until(lambda: responded() or failed(), timeout_s(limit_s))


def timeout_s(limit_s: float) -> float:
    """Return the wait for a response that should begin within *limit_s*, or 0 for no limit."""
    return max(RESPONSE_S, 2 * limit_s)


def _first_sound(messages: Messages, since: float, until: float = math.inf) -> float | None:
    """Return the time of the first audio of the response to the words from *since* on."""
    words = [at for at, _ in messages.transcripts if since < at < until]
    if not words and since:
        return None
    after = words[-1] if words else since
    return next((at for at, seconds, _ in messages.sounds if after <= at < until and seconds), None)


def _cuts(messages: Messages, since: float) -> list[float]:
    return [at for at in messages.interrupted if at > since] or [math.inf]


def _seen_in_step(
    messages: Messages, began: float, speech_end: float, *, until: float = math.inf
) -> StepMessages:
    """Return what happened in a step from *began* on and before *until*."""
    transcripts = [text for at, text in messages.transcripts if began < at < until]
    first = _first_sound(messages, began, until)
    responses = [
        text for at, text in messages.responses if first is not None and first <= at < until
    ]
    spoken = [text for at, _, text in messages.sounds if first is not None and first <= at < until]
    return StepMessages(
        transcript=transcripts[-1] if transcripts else "",
        response=responses[-1] if responses else "".join(spoken).strip(),
        first_audio_ms=None if first is None else (first - speech_end) * 1000,
        interrupted=any(began < at < until for at in messages.interrupted),
        errors=[code for at, code in messages.errors if began < at < until],
    )
