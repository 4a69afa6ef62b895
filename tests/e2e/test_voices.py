"""Two voices in one worker: who is asked for speaks, and a greeting is spoken once."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from runtime.bus.connection import Bus
from runtime.settings import load
from schemas.events import ResponseSentence, SpeechReady
from tests.at_work import TENANT, stored
from workers.engines import weights
from workers.loop.stage import JobContext
from workers.stage_builders import build
from workers.tts.stage import TtsStage

pytestmark = pytest.mark.e2e

GREETING = "Good evening, how can I help you?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a second voice: the first one's weights, which speak half as fast."""
    joe = weights.find("en_US-joe-medium", load(_env_file=None).cache_dir)
    assert joe
    (tmp_path / "slow.onnx").symlink_to(joe)
    write(tmp_path, json.loads(Path(f"{joe}.json").read_text()), 2.0)
    return tmp_path


def write(folder: Path, config: dict[str, dict[str, float]], length_scale: float) -> None:
    config["inference"]["length_scale"] = length_scale
    (folder / "slow.onnx.json").write_text(json.dumps(config))


@pytest.fixture
async def stage(folder: Path) -> TtsStage:
    settings = load(_env_file=None, tts_engine="piper", voices_dir=str(folder), greeting=GREETING)
    stage = build(settings, "tts").stage
    assert isinstance(stage, TtsStage)
    await stage.warm()
    return stage


async def speak(
    bus: Bus, stage: TtsStage, turn: int, text: str = GREETING, **speaker: object
) -> SpeechReady:
    said = {"index": 0, "first_token_ms": 0, "took_ms": 0, "model": "", "deadline_ms": 0}
    job = ResponseSentence(
        tenant=TENANT,
        session=f"s{turn}-{time.time_ns()}",
        at_ms=1,
        turn=turn,
        text=text,
        **{**said, **speaker},  # type: ignore[arg-type]  # fields by name
    )
    seq = await bus.publish(job)
    await stage.run(JobContext(job, seq, 1, bus, time.monotonic()))
    ready = (await stored(bus, job.session, SpeechReady.KIND))[-1].event()
    assert isinstance(ready, SpeechReady)
    return ready


async def test_a_sentence_is_spoken_by_the_voice_and_at_the_speed_of_its_job(
    bus: Bus, stage: TtsStage
) -> None:
    plain = await speak(bus, stage, 1)
    slow = await speak(bus, stage, 1, voice="slow")
    fast = await speak(bus, stage, 1, voice="slow", speed=2.0)
    assert (plain.model, slow.model) == ("piper:en_US-joe-medium", "piper:slow")
    assert slow.audio_ms > 1.6 * plain.audio_ms
    assert abs(fast.audio_ms - plain.audio_ms) < 0.15 * plain.audio_ms
    stand_in = await speak(bus, stage, 1, voice="nobody")
    assert stand_in.model == plain.model


async def test_a_greeting_is_spoken_once_and_never_in_a_voice_of_before(
    bus: Bus, stage: TtsStage, folder: Path
) -> None:
    known = await speak(bus, stage, 0)  # since the worker was warmed
    again = await speak(bus, stage, 1)
    assert known.audio_ms == again.audio_ms
    assert known.first_chunk_ms < again.first_chunk_ms / 2
    slow = await speak(bus, stage, 0, voice="slow")
    kept = await speak(bus, stage, 0, voice="slow")
    assert kept.audio_ms == slow.audio_ms > known.audio_ms
    config = json.loads((folder / "slow.onnx.json").read_text())
    write(folder, config, 1.0)
    later_ns = time.time_ns() + 10**9
    os.utime(folder / "slow.onnx.json", ns=(later_ns, later_ns))
    changed = await speak(bus, stage, 0, voice="slow")
    assert changed.audio_ms < 0.7 * slow.audio_ms
