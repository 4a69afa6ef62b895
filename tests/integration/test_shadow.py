"""Candidates do the live work too; what they make of it is compared and never heard."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from runtime.bus.connection import connect
from runtime.settings import load
from schemas import subjects
from tests.aura_process import COMMAND, SIMULATED, AuraProcess
from tests.caller import VOICE_MS, buzz, calling, silence


@asynccontextmanager
async def shadow(of: AuraProcess, stage: str, out: Path) -> AsyncIterator[list[bytes]]:
    """Run a candidate for *stage*; yield the lines that it logs, complete once it has left."""
    env = {
        **SIMULATED,
        "AURA_DATA_DIR": str(of.data),
        "AURA_SHADOW_OUT": str(out),
        "AURA_SIM_STT_MS": "300",
        "AURA_SIM_TTS_MS": "300",
    }
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "worker", "analytics", "--module", f"workers.analytics.shadow:{stage}"),
        *("--group", stage),
        env={**os.environ, **env},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    log = [b""]
    while b"shadow_ready" not in log[-1]:
        log.append(await process.stdout.readline())
    try:
        yield log
    finally:
        process.terminate()
        log.append(await process.stdout.read())
        assert await process.wait() == 0


async def test_shadows_are_compared_and_never_heard(simulated: AuraProcess, tmp_path: Path) -> None:
    outs = {stage: tmp_path / f"{stage}.jsonl" for stage in ("stt", "llm", "tts")}
    async with AsyncExitStack() as shadows:
        logs = [
            await shadows.enter_async_context(shadow(simulated, stage, out))
            for stage, out in outs.items()
        ]
        async with calling(
            simulated.url, "/ws/voice/continuous?token=demo_token&greeting=0&audio=chunks"
        ) as caller:
            await caller.speak(buzz(VOICE_MS) + silence(1500))
            done = await caller.until("ai_complete")
            session = caller.told("session")[0]["session"]
            async with asyncio.timeout(15):
                while not all(out.exists() for out in outs.values()):
                    await asyncio.sleep(0.05)
    assert done["full_response"].encode() not in b"".join(itertools.chain(*logs))
    for stage, out in outs.items():
        made = json.loads(out.read_text(encoding="utf-8").splitlines()[0])
        assert (made["stage"], made["session"]) == (stage, session)
        assert made["difference"] == (None if stage == "tts" else 0)
        assert made["candidate"]["took_ms"] >= (200 if stage != "llm" else 50)
        assert made["in_service"]["took_ms"] > 0
        assert out.stat().st_mode & 0o077 == 0, "it holds what was said"
    async with await connect(load(data_dir=simulated.data, _env_file=None), "test") as bus:
        stored = await bus.read(subjects.EVENTS_STREAM, subjects.session_events("*", session))
    ids = [one.headers["Nats-Msg-Id"] for one in stored]
    assert len(ids) == len(set(ids))
    assert sum("transcript.final" in one for one in ids) == 1
    assert sum("response.completed" in one for one in ids) == 1


async def test_a_candidate_that_cannot_be_had_is_said_in_one_line(simulated: AuraProcess) -> None:
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "worker", "analytics", "--module", "workers.analytics.shadow:llm"),
        *("--group", "hopeless"),
        env={**os.environ, "AURA_DATA_DIR": str(simulated.data), "AURA_LLM_ENGINE": "openai"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, error = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 78
    assert b"AURA_LLM_BASE_URL" in error
    assert len(error.splitlines()) == 1
