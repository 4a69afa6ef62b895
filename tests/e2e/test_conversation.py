"""A spoken conversation with the real engines, by both protocols and by the command line.

More questions than one, and an interruption, are in the suite: `test_suite.py`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

from runtime.audio.conversion import AudioOut, write_wav
from tests.aura_process import FRESH, AuraProcess
from tests.caller import DEMO, calling, pcm_of, silence

Say = Callable[[str], bytes]


def words(text: str) -> set[str]:
    return set("".join(c if c.isalnum() else " " for c in text.lower()).split())


async def test_a_question_is_understood_answered_and_heard(aura: AuraProcess, say: Say) -> None:
    async with calling(aura.url, DEMO) as caller:
        greeting = await caller.until("greeting")
        await asyncio.sleep(len(pcm_of(greeting)) / 32000)
        await caller.speak(say("Hello, how are you today?") + silence(4000))
        transcript = await caller.until("user_transcript")
        assert {"how", "are", "you", "today"} <= words(transcript["text"])
        assert transcript["confidence"] > 0.5
        done = await caller.until("ai_complete", seconds=60)
        assert len(words(done["full_response"])) >= 2
        assert "llama" in done["model_used"]
        heard = np.frombuffer(b"".join(pcm_of(m) for m in caller.told("ai_audio")), np.int16)
        assert np.abs(heard).max() > 1000
        assert not caller.told("error")


async def test_a_pause_in_a_sentence_is_not_answered_by_halves(aura: AuraProcess, say: Say) -> None:
    async with calling(aura.url, f"{DEMO}&greeting=0") as caller:
        question = say("Hello,") + silence(300) + say("how are you today?")
        await caller.speak(question + silence(4000))
        await caller.until("ai_complete", seconds=60)
        (transcript,) = caller.told("user_transcript")
        assert {"hello", "how", "today"} <= words(transcript["text"])
        assert not caller.told("ai_interrupted")


async def test_the_json_protocol_with_another_sample_rate(aura: AuraProcess, say: Say) -> None:
    async with calling(aura.url, "/ws") as caller:
        await caller.send({"type": "start_conversation"})
        pcm = AudioOut(44100).feed(say("What is the capital of Italy?") + silence(1500))
        audio = base64.b64encode(write_wav(pcm, 44100)).decode()
        await caller.send({"type": "audio_chunk", "audio_data": audio})
        response = await caller.until("ai_response", seconds=60)
        finals = [t for t in caller.told("transcript") if t["is_final"]]
        assert {"capital", "italy"} <= words(finals[-1]["text"])
        assert len(pcm_of(response)) > 16000


def test_aura_call_shows_the_turn_and_writes_the_answer(
    aura: AuraProcess, say: Say, tmp_path: Path
) -> None:
    question, answer = tmp_path / "q.wav", tmp_path / "a.wav"
    question.write_bytes(write_wav(AudioOut(8000).feed(say("What color is the sky?")), 8000))
    done = subprocess.run(
        [*FRESH, "call", str(question), "--out", str(answer), "--json"],
        env={**os.environ, "AURA_DATA_DIR": str(aura.data)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    heard = words(result["transcript"])
    assert "sky" in heard
    assert heard & {"color", "colors"}  # "What color's the sky?": 8 kHz are enough for that
    steps = result["steps_ms"]
    order = ["pause_ms", "transcript_ms", "taken_ms", "first_token_ms", "first_sentence_ms"]
    assert [steps[name] for name in order] == sorted(steps[name] for name in order)
    assert steps["first_audio_ms"] <= steps["first_sent_ms"]
    with wave.open(str(answer)) as file:
        assert file.getframerate() == 16000
        assert file.getnframes() > 8000


def test_doctor_is_content(aura: AuraProcess) -> None:
    done = subprocess.run(
        [*FRESH, "doctor"],
        env={**os.environ, "AURA_DATA_DIR": str(aura.data)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "All is well" in done.stdout
