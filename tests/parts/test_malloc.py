"""Large blocks that are freed leave the process."""

from __future__ import annotations

import subprocess
import sys

import pytest

BLOCKS, SIZE = 200, 200_000
KEEPS = f"""
import psutil
{{first}}
b"x" * 8_000_000  # freed at once: from here on glibc would take less from the system
before = psutil.Process().memory_info().rss
blocks = [b"x" * {SIZE} for _ in range({BLOCKS})]
last = b"x" * 100_000  # above all others
del blocks
print(psutil.Process().memory_info().rss - before)
"""


def growth(first: str) -> int:
    """Return the bytes by which a process grows that holds and frees many blocks."""
    script = KEEPS.format(first=first)
    return int(
        subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout
    )


@pytest.mark.skipif(sys.platform != "linux", reason="what glibc keeps, others may not")
def test_freed_blocks_are_given_back() -> None:
    assert growth("from runtime.process.malloc import give_back; give_back()") < BLOCKS * SIZE / 4
