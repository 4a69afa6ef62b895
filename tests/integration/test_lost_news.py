"""What the stages said reaches the call though the live mirror of it was lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

from deploy import resources
from runtime.bus.connection import connect
from runtime.settings import load
from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import VOICE_MS, buzz, calling, silence


async def test_a_call_whose_news_are_lost_reads_them_from_the_log(tmp_path: Path) -> None:
    aura = AuraProcess(tmp_path, env=SIMULATED).wait_until_ready()
    try:
        bus = await connect(load(nats_url=aura.nats_url, data_dir=aura.data), "test")
        (events,) = [one for one in resources.streams() if one["name"] == "AURA_EVENTS"]
        info = await bus.api("STREAM.INFO.AURA_EVENTS")
        mute = {**info["config"], "republish": None}
        assert events["republish"], "the mirror that is taken away here"
        assert "error" not in await bus.api("STREAM.UPDATE.AURA_EVENTS", mute)
        await bus.close()
        path = "/ws/voice/continuous?token=demo_token&greeting=0&audio=chunks"
        async with calling(aura.url, path) as caller:
            speaking = asyncio.create_task(caller.speak(buzz(VOICE_MS) + silence(30_000)))
            done = await caller.until("ai_complete", seconds=20)
            speaking.cancel()
            assert not caller.told("error")
            assert len(caller.told("user_transcript")) == 1
            said = "".join(chunk["text"] for chunk in caller.told("ai_audio_chunk"))
            assert said == done["full_response"]
    finally:
        aura.stop()
