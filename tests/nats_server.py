"""The nats-server of a test."""

from pathlib import Path

import benchmarks.nats_server
from deploy import nats_server
from tests.ports import free_ports


class NatsServer(benchmarks.nats_server.NatsServer):
    """One whose port nobody takes while it is down."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = free_ports()
        self.bare_url = nats_server.url(self.port)
