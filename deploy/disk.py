"""When the disk of the embedded bus is full, and when there is room again: pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FULL_BYTES = 16 << 20
"""Less than this is nothing: the server writes blocks of some MiB."""
ROOM_BYTES = 64 << 20


@dataclass
class Disk:
    """What was last said of it."""

    full: bool = False

    def seen(self, free_bytes: int) -> Literal["full", "room"] | None:
        """Take the free bytes and return what is news of them, None where nothing is."""
        if not self.full and free_bytes < FULL_BYTES:
            self.full = True
            return "full"
        if self.full and free_bytes >= ROOM_BYTES:
            self.full = False
            return "room"
        return None
