"""An `aura up` for a measurement, with its own port and data, which are removed afterwards."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from deploy.nats_server import free_port, passwords


def bus_url(pid: int) -> str:
    """Return the URL of the bus of `aura up` *pid*, for a user with all rights."""
    data = Path(psutil.Process(pid).environ()["AURA_DATA_DIR"])
    bare = str(json.loads((data / "up.json").read_text(encoding="utf-8"))["nats_url"])
    return bare.replace("//", f"//operator:{passwords(data)['operator']}@")


@contextmanager
def running(*arguments: str, **settings: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Yield the URL and the process of a ready Aura.

    Raises:
        RuntimeError: it did not become ready.
    """
    with tempfile.TemporaryDirectory(prefix="aura-bench-") as folder:
        port, log = free_port(), Path(folder) / "log"
        env = {
            **os.environ,
            "AURA_DATA_DIR": f"{folder}/data",
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "LOG_LEVEL": "WARNING",
            "AURA_CONSOLE": "false",
            **settings,
        }
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "aura.cli.main", "up", *arguments],
                env=env,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            until = time.monotonic() + 180
            while b"Aura is ready" not in log.read_bytes():
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(log.read_text(encoding="utf-8"))
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()
            process.wait(30)
