"""Listens in on a running call: words to the terminal, sound to a file or a player."""

import asyncio
import sys
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import TextIO

from aura.cli.sound.live_sound import LISTENING_DELAY_MS, LiveSound
from edge.call.clock import now_ms
from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from runtime.text.printable import printable
from schemas import codec, subjects
from schemas.audio import RATE_HZ, AudioFrame, SpeechChunk
from schemas.control import CallState
from schemas.events import (
    AnswerHeard,
    AnyEvent,
    CallerIdle,
    ControlReceived,
    ControlSpoken,
    ResponseCancelled,
    SessionEnded,
    TroubleTold,
    TurnCommitted,
    tag,
)

OFTEN_S = 0.2
STDOUT = "-"
Write = Callable[[bytes], object]
"""Writes a piece of sound, s16le stereo."""


SAYING = ("text", "words", "agent")
"""Fields of commands with words or values to show."""


def words(event: AnyEvent) -> str:
    """Return the line for *event*, or "" if a monitor needs none."""
    match event:
        case TurnCommitted(text=text) if text:
            return f"caller: {text}"
        case AnswerHeard(text=text, complete=complete) if text:
            return f"aura:   {text}{'' if complete else ' -'}"
        case ControlReceived(by=by, command=command):
            shown = next(
                (getattr(command, name, "") for name in SAYING if hasattr(command, name)), ""
            )
            return f"{by}: {tag(command)} {shown}".rstrip()
        case CallerIdle(silent_ms=silent_ms):
            return f"        nobody spoke for {silent_ms / 1000:.0f} s"
        case TroubleTold(stage=stage, reason=reason):
            return f"        {stage}: {reason}"
        case SessionEnded(reason=reason):
            return f"        ended: {reason}"
        case _:
            return ""


class _CallMonitor:
    """Collects the words and the sound of one call."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self.sound = LiveSound(now_ms())
        self.ended = asyncio.Event()

    async def on_event(self, message: Delivery) -> None:
        if (event := message.readable()) is None:
            return
        match event:
            case TurnCommitted(turn=turn) | ControlSpoken(turn=turn):
                self.sound.certain(turn, now_ms())
            case ResponseCancelled(turn=turn):
                self.sound.cancelled(turn, now_ms())
            case SessionEnded():
                self.ended.set()
            case _:
                pass
        if line := words(event):
            self._text.write(f"{time.strftime('%H:%M:%S')} {printable(line)}\n")
            self._text.flush()

    async def on_audio(self, delivery: Delivery) -> None:
        number = delivery.subject.rpartition(".")[2]
        message = codec.decode_as(AudioFrame, delivery.data)
        self.sound.caller(int(number), message, now_ms())

    async def on_speech(self, message: Delivery) -> None:
        self.sound.speech(codec.decode_as(SpeechChunk, message.data), now_ms())


async def listen_in(bus: Bus, call: CallState, out: str) -> None:
    """Listen to *call* until it ends; its sound goes to the file *out*, or to stdout for `-`."""
    monitor = _CallMonitor(sys.stderr if out == STDOUT else sys.stdout)
    async with AsyncExitStack() as stack:
        write = stack.enter_context(_written_to(out)) if out else None
        for subject, on_message in (
            (subjects.live(call.tenant, call.session), monitor.on_event),
            (subjects.utterance(call.session), monitor.on_audio),
            (subjects.speech(call.session), monitor.on_speech),
        ):
            await stack.enter_async_context(bus.listening(subject, on_message))
        while not monitor.ended.is_set():
            await asyncio.sleep(OFTEN_S)
            if write:
                write(monitor.sound.read(now_ms()))
        if write:
            write(monitor.sound.read(now_ms() + LISTENING_DELAY_MS))


@contextmanager
def _written_to(out: str) -> Iterator[Write]:
    if out == STDOUT:
        yield sys.stdout.buffer.write
        sys.stdout.flush()
        return
    with wave.open(out, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        yield file.writeframes
