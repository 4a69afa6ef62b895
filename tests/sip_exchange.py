"""An Aura with telephones: `aura up`, and `aura sip` beside it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from pathlib import Path

from runtime.bus.connection import connect
from runtime.settings import load
from schemas import events as ev
from schemas import subjects
from tests.aura_process import COMMAND, SIMULATED, AuraProcess
from tests.ports import free_ports
from tests.session_log import end_of


class Exchange:
    """An Aura, and the process with its telephones."""

    def __init__(self, folder: Path, **telephones: str) -> None:
        """Set the telephones up by settings of theirs, beside the usual ones."""
        self.aura = AuraProcess(
            folder / "aura",
            env={
                **SIMULATED,
                "AURA_LLM_ENGINE": "tests.phone_model:PhoneModel",
                "AURA_GREETING": "Hello there.",
                "AURA_SIM_TTS_AUDIO_MS": "1000",
            },
        )
        self.port = free_ports(2)
        self.log = folder / "sip.log"
        rtp = free_ports(400)
        self.env = {
            **self.aura.env,
            "AURA_SIP_LISTEN": f"127.0.0.1:{self.port}",
            "AURA_SIP_ADDRESS": "127.0.0.1",
            "AURA_SIP_RTP_PORTS": f"{rtp}-{rtp + 399}",
            "AURA_METRICS_PORT": "0",
            **telephones,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.aura.wait_until_ready()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "sip"], env=self.env, stdout=log, stderr=subprocess.STDOUT
            )
        self.wait_for("sip_ready")

    def wait_for(self, words: str) -> None:
        until = time.monotonic() + 30
        while words not in self.said():
            assert time.monotonic() < until, self.said()
            time.sleep(0.05)

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def stop(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
        self.aura.stop()

    async def sessions(self, tmp_path: Path) -> dict[str, list[ev.AnyEvent]]:
        """Return the events of all sessions, the latest last."""
        settings = load(nats_url=self.aura.nats_url, data_dir=tmp_path, _env_file=None)
        bus = await connect(settings, "test")
        found: dict[str, list[ev.AnyEvent]] = {}
        try:
            for stored in await bus.read(subjects.EVENTS_STREAM, "aura.ev.>"):
                event = stored.event()
                found.setdefault(event.session, []).append(event)
        finally:
            await bus.close()
        return found

    async def ended(self, tmp_path: Path, count: int) -> list[list[ev.AnyEvent]]:
        """Wait until *count* sessions are over; return their events."""
        for _ in range(200):
            found = [*(await self.sessions(tmp_path)).values()]
            over = [one for one in found if end_of(one)]
            if len(over) >= count:
                return over
            await asyncio.sleep(0.1)
        raise AssertionError(f"{len(over)} sessions are over, not {count}:\n{self.said()[-3000:]}")
