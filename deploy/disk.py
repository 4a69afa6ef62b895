"""Detects a full disk of the embedded bus. Pure."""

from dataclasses import dataclass
from typing import Literal

FULL_BYTES = 16 << 20
"""The free space below which a disk is full, since the server writes blocks of some MiB."""
ROOM_BYTES = 64 << 20


@dataclass
class Disk:
    """Compares the free space with the last look."""

    full: bool = False
    """Whether the disk was full at the last look."""

    def seen(self, free_bytes: int) -> Literal["full", "room"] | None:
        """Return the change since the last look, or None without a change."""
        if not self.full and free_bytes < FULL_BYTES:
            self.full = True
            return "full"
        if self.full and free_bytes >= ROOM_BYTES:
            self.full = False
            return "room"
        return None
