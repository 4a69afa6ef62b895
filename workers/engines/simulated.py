"""Simulated engines for load and fault tests: fixed delays, fixed words, no CPU. Never a default.

A marker in the input sets off an engine's fault: in the text of a language model or a voice, and as
UTF-8 bytes in the audio of a recognizer.
"""

import asyncio
import math
import os
import re
import struct
import threading
import time
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from schemas.audio import BYTES_PER_MS, RATE_HZ
from workers.engines.errors import EngineUnavailableError
from workers.engines.protocols import FunctionCall, Prompt, Recognition, Token, Usage, check_model

Fail = Literal["none", "raise", "hang", "nonsense", "exit"]
HEARD: Final = "Hello, how are you today?"
RESPONSE: Final = ("Sure", *[" word"] * 18, " done.")
NONSENSE: Final = "\ufffd\x00 %s {} \u202e"
PIECE_MS: Final = 100
EXIT_CODE: Final = 70


@dataclass(frozen=True, slots=True)
class Fault:
    """The fault of jobs with *marker* in their input."""

    fail: Fail = "none"
    marker: str = "poison"
    hang_s: float = 3600.0

    def applies_to(self, data: str | bytes) -> bool:
        """Return whether the job with this input has the fault, which the engine then performs."""
        if self.fail == "none":
            return False
        return self.marker.encode() in (data.encode() if isinstance(data, str) else data)

    def nonsense(self) -> bool:
        """Raise ('raise'), end the process ('exit'), or return whether nonsense is the response."""
        if self.fail == "raise":
            raise EngineUnavailableError("simulated: this job fails")
        if self.fail == "exit":
            os._exit(EXIT_CODE)  # like a segmentation fault: without cleanup
        return self.fail == "nonsense"


_WRITTEN: Final = re.compile(rb"SAY:([ -:<-~]{1,80});")
_TAG: Final = re.compile(r"#\w+")
_CALL: Final = re.compile(r"CALL:([\w-]+)(\{[^{}]*\})?")
_AGAIN: Final = re.compile(r"AGAIN:([\w-]+)")


class SimulatedRecognizer:
    """Returns the same sentence for any audio, or the text of `SAY:...;` in its bytes."""

    name = "simulated-recognizer"

    def __init__(self, *, delay_ms: float = 50, fault: Fault | None = None) -> None:
        """Take *delay_ms* for every utterance."""
        self._delay_ms = delay_ms
        self._fault = fault or Fault()

    def warm(self) -> None:
        """Do nothing."""

    def transcribe(self, pcm: bytes, *, language: str) -> Recognition:
        """Return the fixed sentence in any *language*."""
        del language
        began_s = time.perf_counter()
        written = _WRITTEN.search(pcm)
        text = written[1].decode() if written else HEARD if pcm else ""
        if self._fault.applies_to(pcm):
            text = _block(self._fault, text)
        time.sleep(self._delay_ms / 1000)
        took_ms = (time.perf_counter() - began_s) * 1000
        return Recognition(text, 1.0 if text else 0.0, len(pcm) // BYTES_PER_MS, took_ms)


class SimulatedLanguageModel:
    """Responds with sentences of twenty tokens; the first one repeats a #tag of the caller.

    With tools, it makes each call of the caller's `CALL:name{"a":1}` once, and that of `AGAIN:name`
    in every step; then the #tag is that of the last result.
    """

    name = "simulated-language-model"
    in_process = True

    def __init__(
        self,
        *,
        first_ms: float = 100,
        token_ms: float = 10,
        tokens: int = len(RESPONSE),
        fault: Fault | None = None,
    ) -> None:
        """Take *first_ms* to the first of *tokens* and *token_ms* from each to the next."""
        sentence = (f" {RESPONSE[0]}", *RESPONSE[1:])
        more = -(-tokens // len(RESPONSE)) - 1
        self._response = (*RESPONSE, *sentence * more)[:tokens]
        self._first_ms = first_ms
        self._token_ms = token_ms
        self._fault = fault or Fault()

    async def warm(self) -> None:
        """Do nothing."""

    async def stream(self, request: Prompt) -> AsyncGenerator[Token, None]:
        """Yield the tokens on schedule, without those that were spoken already.

        Raises:
            EngineRefusedError: another model is asked for.
        """
        check_model(self.name, request.model)
        loop = asyncio.get_running_loop()
        due_s = loop.time() + self._first_ms / 1000
        tokens = self._response[: request.max_tokens]
        last = request.lines[-1].text if request.lines else ""
        if calls := _simulated_calls(request):
            await asyncio.sleep(self._first_ms / 1000)
            for call in calls:
                yield call
            yield Usage(len(request.messages), len(calls), self.name)
            return
        if tag := _TAG.search(last):
            tokens = (f"{tokens[0]} {tag[0]}", *tokens[1:])
        if self._fault.applies_to(last):
            if self._fault.fail == "hang":
                await asyncio.sleep(self._fault.hang_s)
            elif self._fault.nonsense():
                tokens = (NONSENSE,) * len(tokens)
        before = 0
        for at, token in enumerate(tokens):
            end = before + len(token)
            fresh = token[max(0, len(request.said) - before) :]
            before = end
            # Due times are absolute, so that a late wake-up does not delay the rest.
            await asyncio.sleep(max(0.0, due_s + at * self._token_ms / 1000 - loop.time()))
            if fresh:
                yield fresh
        yield Usage(len(request.messages), len(tokens), self.name)


def _simulated_calls(request: Prompt) -> list[FunctionCall]:
    """Return the calls that the caller's last words ask for in this step."""
    lines = request.lines
    question = next((line.text for line in reversed(lines) if line.role == "user"), "")
    if not request.tools or request.said:
        return []
    again = [FunctionCall(name, "{}") for name in _AGAIN.findall(question)]
    once = [FunctionCall(name, arguments or "{}") for name, arguments in _CALL.findall(question)]
    calls = again + (once if lines[-1].role == "user" else [])
    if not calls and request.tool_choice != "auto":
        wanted = request.tool_choice
        return [FunctionCall(request.tools[0].name if wanted == "required" else wanted, "{}")]
    return calls


class SimulatedSynthesizer:
    """Returns two seconds of a 400 Hz tone for any text."""

    name = "simulated-synthesizer"

    def __init__(
        self, *, delay_ms: float = 50, audio_ms: int = 2000, fault: Fault | None = None
    ) -> None:
        """Take *delay_ms*, then return *audio_ms* of tone at once."""
        self._delay_ms = delay_ms
        self._audio_ms = audio_ms
        self._fault = fault or Fault()

    def warm(self) -> None:
        """Do nothing."""

    def synthesize(self, text: str) -> Iterator[bytes]:
        """Yield the tone in pieces of 100 ms, or nothing for an empty text."""
        if not text.strip():
            return
        piece = _TONE
        if self._fault.applies_to(text) and _block(self._fault, "") == NONSENSE:
            piece = b"\x7f"  # half a sample
        time.sleep(self._delay_ms / 1000)
        for start_ms in range(0, self._audio_ms, PIECE_MS):
            yield piece[: min(PIECE_MS, self._audio_ms - start_ms) * BYTES_PER_MS]


def _block(fault: Fault, text: str) -> str:
    """Perform the fault, which may block this thread; return the text instead of *text*."""
    if fault.fail == "hang":
        threading.Event().wait(fault.hang_s)
        return text
    return NONSENSE if fault.nonsense() else text


def _tone() -> bytes:
    step = 2 * math.pi * 400 / RATE_HZ  # 100 ms hold 40 whole waves: pieces join cleanly
    samples = (int(8000 * math.sin(step * at)) for at in range(RATE_HZ * PIECE_MS // 1000))
    return b"".join(struct.pack("<h", sample) for sample in samples)


_TONE: Final = _tone()
