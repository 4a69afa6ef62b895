"""Settings of glibc's allocator: freed large blocks go back to the system."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""Parameters of glibc's `mallopt`, from malloc.h."""
LARGE_BYTES = 128 * 1024
"""glibc's default; by itself glibc raises it, up to 32 MiB, when a larger block is freed."""
MOST_ARENAS = 2


def give_back() -> None:
    """Give blocks of LARGE_BYTES or more back as soon as they are freed; only with glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
    mallopt(M_TRIM_THRESHOLD, LARGE_BYTES)
    mallopt(M_ARENA_MAX, MOST_ARENAS)
