"""Memory of large blocks goes back to the system when it is freed."""

from __future__ import annotations

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""Of glibc's `mallopt`, from malloc.h."""
LARGE_BYTES = 128 * 1024
"""glibc's own bound, which it else raises to 32 MiB with the largest block that was freed."""
ARENAS = 2


def give_back() -> None:
    """Have blocks from LARGE_BYTES on given back at once; without glibc nothing is done."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
    mallopt(M_TRIM_THRESHOLD, LARGE_BYTES)
    mallopt(M_ARENA_MAX, ARENAS)
