"""A nats-server for a measurement that needs no edge and no worker."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from deploy import nats_server

PID = "AURA_BENCH_SERVER_PID"


def server_of(env: dict[str, str]) -> psutil.Process:
    """Return the process of the server that *env* names."""
    return psutil.Process(int(env[PID]))


@contextmanager
def bus_server() -> Iterator[dict[str, str]]:
    """Yield the environment of commands that find an empty bus.

    Raises:
        RuntimeError: the server does not start.
    """
    with tempfile.TemporaryDirectory(prefix="aura-bench-") as folder:
        data, port = Path(folder), nats_server.free_port()
        env = {**os.environ, **nats_server.environment(data)}
        process = subprocess.Popen(nats_server.command(data, port), env=env)
        try:
            until = time.monotonic() + 10
            while not nats_server.listens(port):
                if time.monotonic() > until:
                    raise RuntimeError("nats-server does not start")
                time.sleep(0.05)
            password = nats_server.passwords(data)["operator"]
            bare = nats_server.url(port).replace("//", f"//operator:{password}@")
            yield {**os.environ, "NATS_URL": bare, "AURA_DATA_DIR": folder, PID: str(process.pid)}
        finally:
            process.terminate()
            process.wait(10)
