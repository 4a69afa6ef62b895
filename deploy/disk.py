"""Whether the disk of the embedded bus is full. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FULL_BYTES = 16 << 20
"""Free space of a full disk: the server writes blocks of some MiB."""
ROOM_BYTES = 64 << 20


@dataclass
class Disk:
    """Compares the free space with that of the last look."""

    full: bool = False
    """Whether the disk was full at the last look."""

    def seen(self, free_bytes: int) -> Literal["full", "room"] | None:
        """Return the change since the last look; None: there is none."""
        if not self.full and free_bytes < FULL_BYTES:
            self.full = True
            return "full"
        if self.full and free_bytes >= ROOM_BYTES:
            self.full = False
            return "room"
        return None
