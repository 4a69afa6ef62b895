"""A connection that keeps what its session tells it."""

from __future__ import annotations

from edge.call.client import LogRefusal
from edge.core.messages.client_events import ClientEvent


class ToldClient:
    """Keeps the events for the client, and the rest as words."""

    def __init__(self) -> None:
        self.told: list[ClientEvent] = []
        self.noted: list[str] = []

    def tell(self, event: ClientEvent) -> None:
        self.told.append(event)

    def call_failed(self) -> None:
        self.noted.append("failed")

    def hang_up(self, code: str, reason: str) -> None:
        self.noted.append(f"hang up: {code} {reason}")

    def transfer(self, call: str, agent: str) -> None:
        self.noted.append(f"transfer: {call} {agent}")

    def can_transfer(self, agent: str) -> bool:
        return bool(agent)

    def taken_over(self) -> None:
        self.noted.append("taken over")

    def log_refused(self, code: LogRefusal, why: str) -> None:
        self.noted.append(f"{code}: {why}")

    def not_recorded(self, why: str) -> None:
        self.noted.append(f"not recorded: {why}")
