"""A real nats-server for a test or a trial: a process of its own."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from deploy import nats_server


class NatsServer:
    """Starts, dies and comes back on the same port with the same data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.port = nats_server.free_port()
        self.bare_url = nats_server.url(self.port)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the URL for a user with all rights."""
        return self.url_of("operator")

    def url_of(self, role: str) -> str:
        password = nats_server.passwords(self.folder)[role]
        return self.bare_url.replace("//", f"//{role}:{password}@")

    def start(self) -> None:
        command = nats_server.command(self.folder, self.port)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **nats_server.environment(self.folder)},
        )
        until = time.monotonic() + 10
        while not nats_server.listens(self.port):
            if time.monotonic() > until or self._process.poll() is not None:
                raise RuntimeError((self.folder / "nats.log").read_text(encoding="utf-8"))
            time.sleep(0.01)

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Suspend the process, with its sockets open; return once it stands still."""
        self._signal(signal.SIGSTOP)
        while self._process and psutil.Process(self._process.pid).status() != psutil.STATUS_STOPPED:
            time.sleep(0.001)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, signum: int) -> None:
        if self._process and self._process.poll() is None:
            os.kill(self._process.pid, signum)

    def _end(self, signum: int) -> None:
        self._signal(signum)
        if self._process:
            self._process.wait(timeout=10)


@contextmanager
def running() -> Iterator[NatsServer]:
    """Yield a server without data, which are removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="aura-bench-") as folder:
        server = NatsServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
