"""The work of all connections in a round of the event loop."""

import asyncio

ROUND_S = 0.005
"""The work, s, in a round of the event loop after which other work waits for the next round."""


class LoopRound:
    """Counts the work of the round that runs now."""

    def __init__(self) -> None:
        self._work_s = 0.0
        self._ends: asyncio.Handle | None = None

    @property
    def is_full(self) -> bool:
        """Whether this round has had its share of work."""
        return self._work_s > ROUND_S

    def count(self, took_s: float) -> None:
        """Count *took_s* seconds of work in this round."""
        self._work_s += took_s
        if self._ends is None:
            self._ends = asyncio.get_running_loop().call_soon(self._end)

    def _end(self) -> None:
        self._work_s, self._ends = 0.0, None
