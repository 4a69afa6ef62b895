"""A spoken question to the talk page, whose answer is listened to at the loudspeaker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soxr

from runtime.audio.conversion import write_wav
from runtime.text.word_errors import word_error_rate
from tests.aura_process import AuraProcess
from tests.caller import silence
from tests.e2e.conftest import OUR_OWN
from tests.talk_page import browser, heard, needs_browser, opened, until, words
from workers.engines import factory

Say = Callable[[str], bytes]
CALM = "document.getElementById('state').textContent === 'Listening'"


@needs_browser
async def test_a_spoken_question_is_answered_and_the_speaker_says_what_is_written(
    aura: AuraProcess, say: Say, tmp_path: Path
) -> None:
    microphone = tmp_path / "microphone.wav"
    spoken = silence(9000) + say("What is the capital of Italy?") + silence(30_000)
    microphone.write_bytes(write_wav(spoken))
    async with browser(microphone) as chromium:
        page, wrong = await opened(chromium, aura.url)
        await page.click("#start")
        await until(page, f"{words('you')}.some((one) => /capital/i.test(one))", 60)
        await until(page, f"{words('agent')}.length === 2 && {CALM}", 60)
        await asyncio.sleep(0.3)
        written = " ".join(await page.evaluate(words("agent")))
        rate, samples = await heard(page)
        assert wrong == []
    pcm = (soxr.resample(samples, rate, 16_000).clip(-1, 1) * 32767).astype("<i2").tobytes()
    recognizer = factory.recognizer(OUR_OWN)
    pieces = (recognizer.transcribe(piece, language="en") for piece in _pieces(pcm))
    again = " ".join(piece.text for piece in pieces)
    assert word_error_rate(written, again) <= 0.25, (written, again)


def _pieces(pcm: bytes) -> list[bytes]:
    """Cut *pcm* where it is silent for half a second and more."""
    loud = np.abs(np.frombuffer(pcm, "<i2").astype(np.int32)) > 200
    at = np.flatnonzero(loud)
    cuts = np.flatnonzero(np.diff(at) > 8000)
    starts, ends = [at[0], *at[cuts + 1]], [*at[cuts], at[-1]]
    return [
        bytes(3200) + pcm[2 * int(a) : 2 * int(b)] + bytes(9600)
        for a, b in zip(starts, ends, strict=True)
        if b - a > 3200
    ]
