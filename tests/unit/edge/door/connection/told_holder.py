"""A connection that keeps what its reader and its sessions tell it."""

from __future__ import annotations

from edge.protocols.client_protocol import Json
from tests.unit.edge.call.told_client import ToldClient


class ToldHolder(ToldClient):
    """Keeps the exceptions also."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[Exception] = []

    def reply(self, message: Json) -> None:
        self.noted.append(f"reply: {message}")

    def cut_off(self, why: str) -> None:
        self.noted.append(f"cut off: {why}")

    def fail(self, error: Exception) -> None:
        self.faults.append(error)
