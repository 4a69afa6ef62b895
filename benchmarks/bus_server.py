"""A nats-server for a measurement that needs no edge and no worker."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.nats_server import NatsServer

PID = "AURA_BENCH_SERVER_PID"


def server_of(env: dict[str, str]) -> psutil.Process:
    """Return the process of the server that *env* names."""
    return psutil.Process(int(env[PID]))


@contextmanager
def bus_server() -> Iterator[dict[str, str]]:
    """Yield the environment of commands that find an empty bus."""
    with tempfile.TemporaryDirectory(prefix="aura-bench-") as folder:
        server = NatsServer(Path(folder))
        server.start()
        try:
            env = {"NATS_URL": server.url, "AURA_DATA_DIR": folder, PID: str(server.pid)}
            yield {**os.environ, **env}
        finally:
            server.stop()
