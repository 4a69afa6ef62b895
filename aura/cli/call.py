"""`aura call`: speaks a recording or words like a microphone, and shows the response."""

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console, Group
from rich.live import Live

from aura.cli.calling.call_failures import failure
from aura.cli.calling.outcome import NO_RESPONSE_AFTER_S, Outcome, length_s, levels, view
from aura.cli.calling.spoken import spoken
from aura.cli.options import AgentName, Token, Url, Variables, agent_query, edge_of
from aura.cli.running import CommandError, run
from aura.cli.session.waterfall import at_the_client, waterfall
from aura.cli.sound.levels import Meter, level
from aura.client import CallClient, CallError
from edge.core.hearing.framing import FRAME_BYTES, FRAME_MS, FRAME_S, SILENCE
from runtime.audio.conversion import read_wav, write_wav
from runtime.audio.wav import NotAudioError
from runtime.settings import load
from runtime.tasks import scoped_task
from runtime.text.printable import printable

QUIET_DB = -40.0
"""The level, below the loudest 10 ms of a recording, under which there is no speech."""


def read_question(path: Path) -> bytes:
    """Return the recording as s16le mono 16 kHz.

    Raises:
        CommandError: no such file, or no audio.
    """
    try:
        return read_wav(path.read_bytes())
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
    except NotAudioError as error:
        raise CommandError(f"{path} is not a recording: expected {error}") from error


def speech_end_ms(pcm: bytes) -> float:
    """Return the end of speech in *pcm* (s16le mono 16 kHz), ms from its beginning."""
    samples = np.frombuffer(pcm, np.int16)
    windows = samples[: samples.size // 160 * 160].astype(np.float64).reshape(-1, 160)
    if not windows.size:
        return 0.0
    rms = np.sqrt((windows**2).mean(axis=1)) + 1e-9
    loud = np.nonzero(20 * np.log10(rms / rms.max()) > QUIET_DB)[0]
    return float((loud[-1] + 1) * 10)


NO_OPTIONS: Mapping[str, str] = {}


def options(*, greeting: bool, more: Mapping[str, str] = NO_OPTIONS) -> dict[str, str]:
    """Return the query options of these calls, and *more*."""
    silent = {} if greeting else {"greeting": "0"}
    return {"audio": "chunks", "partials": "1", "metrics": "1", **more, **silent}


async def converse(pcm: bytes, line: CallClient, outcome: Outcome, *, greeting: bool) -> None:
    """Speak *pcm* over *line*, listen to the end of the response, and end the call.

    Raises:
        CommandError: no edge answers, it refuses the token, or no response comes in time.
    """
    try:
        async with line, scoped_task(_speak(line, pcm, outcome, greeting=greeting)):
            await _listen(line, outcome)
    except CallError as error:
        last_error = outcome.errors[-1] if outcome.errors else ""
        raise CommandError(failure(error, line.url, last_error)) from error


async def _listen(line: CallClient, outcome: Outcome) -> None:
    """Read messages until the end of the response.

    Raises:
        CallError: the call ended earlier.
        CommandError: no response came in time.
    """
    last_s = time.monotonic()
    while (until_s := outcome.ends_s or outcome.times_out_s(last_s)) > time.monotonic():
        with suppress(TimeoutError):  # the time may have moved: the caller began to speak
            async with asyncio.timeout(until_s - time.monotonic()):
                message = await line.receive()
            last_s = time.monotonic()
            outcome.add(message, last_s)
    if outcome.ends_s is None:
        raise CommandError("no response came: run `aura doctor` or `aura tap` to see why")


async def _speak(line: CallClient, pcm: bytes, outcome: Outcome, *, greeting: bool) -> None:
    """Send a frame every 20 ms, like a microphone: *pcm*, then silence."""
    wait_s = 0.3
    while greeting and outcome.greeting_s is None:  # noqa: ASYNC110  # it ends with its caller
        await asyncio.sleep(0.02)
    wait_s += outcome.greeting_s or 0.0
    start_s, sent = time.monotonic(), 0
    quiet = round(wait_s * 1000) // FRAME_MS
    outcome.spoke_until_s = start_s + quiet * FRAME_S + speech_end_ms(pcm) / 1000
    while line.open:  # `_listen` tells why the line closed
        at = (sent - quiet) * FRAME_BYTES
        frame = pcm[at : at + FRAME_BYTES] if at >= 0 else SILENCE
        # a microphone sends a frame after its last sample
        await asyncio.sleep(max(0.0, start_s + (sent + 1) * FRAME_S - time.monotonic()))
        outcome.caller = level(frame)
        await line.send(frame.ljust(FRAME_BYTES, b"\0"))
        sent += 1


async def call(
    pcm: bytes,
    line: CallClient,
    *,
    out: Path,
    greeting: bool,
    as_json: bool,
    timeout_s: float = NO_RESPONSE_AFTER_S,
) -> int:
    """Make the call over *line*, show it, and write the response to *out*; return 1 without one.

    The wait for a response is *timeout_s* seconds.
    """
    outcome, console = Outcome(timeout_s=timeout_s), Console(stderr=as_json)
    meters = Meter("cyan"), Meter("green")
    async with scoped_task(converse(pcm, line, outcome, greeting=greeting)) as talking:
        with Live(console=console, refresh_per_second=12, transient=False) as live:
            while not talking.done():
                live.update(Group(view(outcome), levels(outcome, *meters, time.monotonic())))
                await asyncio.wait({talking}, timeout=0.08)
            live.update(view(outcome))
    steps = {**outcome.steps, "client_ms": outcome.first_audio_ms}
    if outcome.pcm:
        await asyncio.to_thread(_write_response, outcome.pcm, out)
    if as_json:
        json.dump(_result(outcome, steps), sys.stdout)
        sys.stdout.write("\n")
    else:
        _show_result(console, outcome, steps, out)
    if outcome.errors:
        errors = printable(", then ".join(outcome.errors))
        sys.stderr.write(f"aura: {errors}; `aura workers` and `aura doctor` tell more\n")
    return 0 if outcome.done else 1


def _write_response(pcm: bytearray, out: Path) -> None:
    try:
        out.write_bytes(write_wav(bytes(pcm)))
    except OSError as error:
        raise CommandError(f"--out {out}: {error.strerror}") from error


def _show_result(console: Console, outcome: Outcome, steps: dict[str, Any], out: Path) -> None:
    """Print the waterfall of the turn, and where the response is."""
    here = outcome.first_audio_ms
    client_lines = [] if here is None else [at_the_client(here)]
    console.print("\n".join(["", *waterfall(steps), *client_lines]), highlight=False)
    if outcome.pcm:
        message = f"\nThe response is in {out} ({length_s(outcome.pcm):.1f} s)."
        console.print(message, soft_wrap=True, markup=False)


def _result(outcome: Outcome, steps: dict[str, Any]) -> dict[str, Any]:
    done = outcome.done or {}
    return {
        "transcript": outcome.transcript,
        "answer": done.get("full_response", outcome.response.strip()),
        "model": done.get("model_used", ""),
        "audio_s": round(length_s(outcome.pcm), 3),
        "interrupted": outcome.interrupted,
        "steps_ms": {k: v for k, v in steps.items() if k.endswith("_ms")},
        "errors": outcome.errors,
    }


async def _question(file: Path | None, words: str, url: str, token: str) -> bytes:
    """Return the question as s16le mono 16 kHz: a recording, or *words* in Aura's own voice.

    Raises:
        CommandError: none or both are given, or the audio cannot be read or made.
    """
    if (file is None) == (not words):
        raise CommandError(
            "the question is missing: give a QUESTION.wav, or --say WORDS in Aura's own voice"
        )
    return await spoken(words, url, token) if file is None else read_question(file)


def command(  # noqa: PLR0913  # typer makes an option of each argument
    question: Annotated[
        Path | None, typer.Argument(metavar="[QUESTION.wav]", help="What to say.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the response goes.")] = Path("answer.wav"),
    url: Url = None,
    token: Token = None,
    *,
    say: Annotated[str, typer.Option(metavar="WORDS", help="Say these, in Aura's own voice.")] = "",
    agent: AgentName = "",
    variable: Variables = None,
    greeting: Annotated[bool, typer.Option(help="Hear the greeting first.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The result as JSON.")] = False,
) -> None:
    """Ask a question like a microphone would; show words, levels, response and waterfall."""
    edge, known = edge_of(load(), url, token)
    query = options(greeting=greeting, more=agent_query(agent, variable))
    line = CallClient(edge, token=known, query=query, retries_s=())

    async def ask() -> int:
        pcm = await _question(question, say, edge, known)
        return await call(pcm, line, out=out, greeting=greeting, as_json=as_json)

    run(ask())
