"""A tool service of its own beside an Aura, and what it was asked."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.aura_process import COMMAND, AuraProcess

SERVICE = """
import asyncio, json, os, time
from workers.tools import RefusedError, call, tool

def note(name, what):
    line = json.dumps({"tool": name, "key": call().key, "session": call().session, "what": what})
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(line + "\\n")

@tool
async def book(tag: str, slow: float = 0.0) -> dict:
    "Book a table. Call it once the caller has named a day."
    note("book", tag)
    await asyncio.sleep(slow)
    return {"booked": f"#{tag}"}

@tool(idempotent=True, deadline_ms=20_000)
def ask(tag: str, slow: float = 0.0) -> str:
    note("ask", tag)
    time.sleep(slow)
    return f"#{tag}"

@tool(idempotent=True, deadline_ms=500)
def sleepy() -> str:
    time.sleep(2)
    return "late"

@tool
def refuses() -> str:
    raise RefusedError("we are full")

@tool
def breaks() -> str:
    raise ValueError("secret")

@tool
def huge() -> str:
    return "x" * 40_000
"""


class Tools:
    """A process that serves SERVICE, and what it noted."""

    def __init__(self, aura: AuraProcess, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.file, self._notes = folder / "mine.py", folder / "notes.jsonl"
        self.file.write_text(SERVICE, encoding="utf-8")
        self._aura = aura
        self.process = self.start()

    def start(self) -> subprocess.Popen[str]:
        env = {
            **self._aura.env,
            "NATS_URL": self._aura.nats_url_of("service"),
            "NOTES": str(self._notes),
        }
        self.process = subprocess.Popen(
            [*COMMAND, "tools", "serve", str(self.file)],
            env=env,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        assert any("tools_ready" in line for line in self.process.stdout)
        return self.process

    def notes(self) -> list[dict[str, Any]]:
        if not self._notes.exists():
            return []
        return [json.loads(line) for line in self._notes.read_text(encoding="utf-8").splitlines()]

    def stop(self) -> None:
        self.process.terminate()
        with self.process:
            assert self.process.wait(20) == 0
