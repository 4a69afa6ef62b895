"""Calls that are held to be replayed, and commands about them."""

from __future__ import annotations

import asyncio
import subprocess

from tests.aura_process import AuraProcess
from tests.caller import VOICE_MS, buzz, calling, silence

PATH = "/ws/voice/continuous?token=demo_token&greeting=0&audio=chunks"


async def typed(of: AuraProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(of.run, *arguments)


async def a_call(of: AuraProcess, path: str = PATH, *, turns: int = 1) -> str:
    """Ask, and ask something else over the answer; return the session."""
    async with calling(of.url, path) as caller:
        session = (await caller.until("session"))["session"]
        for turn in range(turns):
            await caller.speak(silence(100) + buzz(VOICE_MS) + silence(1000))
            await caller.until("ai_complete", turn + 1)
            await caller.speak(silence(2200))
        await caller.speak(buzz(VOICE_MS) + silence(1700))
        await caller.speak(buzz(1000))
        await caller.until("ai_interrupted")
        await caller.speak(silence(3500))
        await caller.send({"type": "end_call"})
        await caller.ws.wait_closed()
    return str(session)


async def a_resumed_call(of: AuraProcess) -> str:
    """Ask, come back over another connection, and ask again; return the session."""
    async with calling(of.url, PATH) as caller:
        session: str = (await caller.until("session"))["session"]
        await caller.speak(silence(100) + buzz(VOICE_MS) + silence(1000))
        await caller.until("ai_complete")
        await caller.speak(silence(2300))
    async with calling(of.url, f"{PATH}&session={session}") as caller:
        assert (await caller.until("session"))["resumed"] is True
        await caller.speak(silence(100) + buzz(VOICE_MS) + silence(1000))
        await caller.until("ai_complete")
        await caller.send({"type": "end_call"})
        await caller.ws.wait_closed()
    return session
