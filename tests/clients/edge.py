"""An Aura that stock clients of OpenAI's Realtime API call, each in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

from tests.aura_process import SIMULATED, AuraProcess
from tests.integration.test_door import certificate
from tests.realtime_caller import at_24_khz, buzz, silence

HERE = Path(__file__).parent
INSTALLED = HERE.parents[1] / ".venv" / "clients"
"""Where `make clients` puts them."""
PYTHON = INSTALLED / "bin" / "python"
LIMIT_S = 100


class Edge:
    """An Aura with a certificate or without, and what a caller says to it."""

    def __init__(self, folder: Path, *arguments: str, tls: bool) -> None:
        """Start `aura up` with *arguments*."""
        self.pem = certificate(folder) if tls else None
        env = {
            **SIMULATED,
            "AURA_RECONNECTS_PER_MINUTE": "1000",
            "AURA_API_REQUESTS_PER_MINUTE": "10000",
            "AURA_JOINS_PER_MINUTE_PER_IP": "10000",
            **({"AURA_TLS_CERT": str(self.pem)} if self.pem else {}),
        }
        self.aura = AuraProcess(folder / "aura", *arguments, env=env)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.aura.port}"
        self.speech = folder / "speech.pcm"
        self.speech.write_bytes(at_24_khz(buzz(900) + silence(1200)))

    async def told(self, *command: str | Path) -> dict[str, Any]:
        """Run a client's script and return what it prints."""
        env = {**os.environ, "KEY": "demo_token"}
        if self.pem:
            env["NODE_EXTRA_CA_CERTS"] = str(self.pem)
        process = await asyncio.create_subprocess_exec(
            *(*command, self.url, str(self.speech)),
            env=env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, wrong = await asyncio.wait_for(process.communicate(), LIMIT_S)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 0, wrong.decode(errors="replace")[-3000:]
        found: dict[str, Any] = json.loads(out.decode().splitlines()[-1])
        return found


def script(name: str) -> Path:
    """Return the script *name*, beside the packages that it imports."""
    if name.endswith(".py"):
        return HERE / "scripts" / name
    return Path(shutil.copy(HERE / "scripts" / name, INSTALLED / name))
