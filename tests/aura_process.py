"""A real `aura up` for tests: started, looked at from outside, stopped."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from deploy import nats_server
from tests import forked_commands
from tests.forked_commands import COMMAND, FRESH, pid_behind
from tests.ports import free_ports

__all__ = ["COMMAND", "FRESH"]
SIMULATED = {
    "AURA_STT_ENGINE": "simulated",
    "AURA_LLM_ENGINE": "simulated",
    "AURA_TTS_ENGINE": "simulated",
}


class AuraProcess:
    """One `aura up` and all it started: forks, unless *command* is FRESH."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        env: dict[str, str] | None = None,
        command: tuple[str, ...] = COMMAND,
        cwd: Path | None = None,
        port: int | None = None,
    ) -> None:
        self.data = folder / "data"
        self.port = port or free_ports()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "up.log"
        folder.mkdir(parents=True, exist_ok=True)
        self.env = {
            **os.environ,
            "AURA_DATA_DIR": str(self.data),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "LOG_LEVEL": "INFO",
            "AURA_CONSOLE": "false",  # it is looked at by its own tests
            **(env or {}),
        }
        if command is COMMAND:
            forked_commands.start()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "up", *arguments],
                env=self.env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait_until_ready(self, seconds: float = 90) -> AuraProcess:
        self.wait_for("Aura is ready", seconds)
        return self

    def wait_for(self, words: str, seconds: float = 30) -> None:
        until = time.monotonic() + seconds
        while words not in self.said():
            if time.monotonic() > until or self.process.poll() is not None:
                raise AssertionError(f"never said {words!r}:\n{self.said()}")
            time.sleep(0.05)

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def nats_url(self) -> str:
        """The bus's URL, for a user who may do everything."""
        return self.nats_url_of("operator")

    def nats_url_of(self, role: str) -> str:
        bare = str(json.loads((self.data / "up.json").read_text(encoding="utf-8"))["nats_url"])
        return bare.replace("//", f"//{role}:{nats_server.passwords(self.data)[role]}@")

    def health(self) -> tuple[int, dict[str, object]]:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:  # noqa: S310  # ours
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, {}

    async def until_healthy(self) -> None:
        async with asyncio.timeout(40):
            while (await asyncio.to_thread(self.health))[0] != 200:
                await asyncio.sleep(0.1)

    async def until_nobody_calls(self) -> None:
        """Wait until no connection is left: one that was not closed lives for half a minute."""
        async with asyncio.timeout(60):
            while (await asyncio.to_thread(self.health))[1].get("active_connections") != 0:
                await asyncio.sleep(0.05)

    def children(self) -> dict[str, int]:
        """Return role to pid of every process that it runs; of several with a role, the last."""
        return dict(self.processes())

    def processes(self) -> list[tuple[str, int]]:
        """Return role and pid of every process that it runs."""
        up = pid_behind(self.process.pid) or self.process.pid
        found: list[tuple[str, int]] = []
        for line in subprocess.run(  # noqa: S602  # a fixed command
            f"ps -ww -o pid=,args= --ppid {up}",
            shell=True,
            capture_output=True,
            text=True,
            check=False,
        ).stdout.splitlines():
            pid, _, args = line.strip().partition(" ")
            role = "nats-server" if "nats-server" in args else args.split("aura.cli.main")[-1]
            if forked_commands.is_relay(args):
                if behind := pid_behind(int(pid)):
                    found.append((role.strip(), behind))
            else:
                found.append((role.strip(), int(pid)))
        return found

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run an `aura` command for it."""
        env = {**os.environ, **SIMULATED, "AURA_DATA_DIR": str(self.data)}
        return forked_commands.aura(*argv, env=env)

    def stop(self) -> int:
        """Ask it to stop and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=90)


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):  # the latter if it ends while it is read
        return False
    return "Z" not in stat.rsplit(")", 1)[1][:3]
