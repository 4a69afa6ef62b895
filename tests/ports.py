"""Ports in a row that nobody has, below those that systems give to connections."""

from __future__ import annotations

import os
import random
import re
import socket

FIRST, LAST = 10_100, 32_100
"""Above 10080, which browsers and Node refuse to connect to, as they do many lower ones."""
PARTS = 8
"""Each test process takes ports from a part of its own, so that none is given out twice.

`make test` has four workers, and beside them a process without a number, in the other half.
"""

_worker = re.search(r"\d+", os.environ.get("PYTEST_XDIST_WORKER", ""))
_part = int(_worker[0]) % PARTS if _worker else random.randrange(PARTS // 2, PARTS)
_SIZE = (LAST - FIRST) // PARTS
_next = random.randrange(0, _SIZE, 2)


def free_ports(count: int = 1) -> int:
    """Return the first of *count* ports, even: free for UDP and TCP on loopback.

    Those given out before come again only after all others of this process.
    """
    global _next  # noqa: PLW0603  # the place in this process's part
    while True:
        offset = _next if _next + count <= _SIZE else 0
        _next = offset + count + count % 2
        first = FIRST + _part * _SIZE + offset
        if _free(first, count):
            return first


def _free(first: int, count: int) -> bool:
    try:
        for port in range(first, first + count):
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET, kind) as one:
                    one.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True
