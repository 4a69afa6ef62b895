"""The cores and memory that this process may use, within the limits of its container."""

import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def cores(cgroup: Path = CGROUP) -> int:
    """Return the number of usable cores: the machine's, or fewer by affinity or cgroup."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    quota, _, period = _read(cgroup / "cpu.max").partition(" ")
    if quota.isdigit() and period.isdigit() and int(period):
        count = min(count, max(1, math.ceil(int(quota) / int(period))))
    return count


def memory_bytes(cgroup: Path = CGROUP) -> int:
    """Return the usable memory: the machine's, or less by cgroup; 0 if it is not known."""
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0
    limit = _read(cgroup / "memory.max")
    return min(size, int(limit)) if limit.isdigit() else size


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
