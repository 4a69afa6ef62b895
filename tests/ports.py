"""Ports in a row that nobody has, below those that systems give to connections."""

from __future__ import annotations

import random
import socket


def free_ports(count: int = 1) -> int:
    """Return the first of *count* ports, even: free for UDP and TCP on loopback."""
    while True:
        first = random.randrange(14_000, 31_000, 2)
        try:
            for port in range(first, first + count):
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    with socket.socket(socket.AF_INET, kind) as one:
                        one.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
