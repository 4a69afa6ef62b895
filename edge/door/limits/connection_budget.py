"""The budget of a connection: frames, bytes, time of the event loop, audio, typed turns. Pure.

All client protocols have this policy. Each frame adds its costs to plain numbers. `clear_if_live`
clears the numbers if a live caller spends as much; it is cheap. Otherwise `check` charges them, and
tells how long nothing more may be read.

These are counters, and no state machine: what is left of the allowances alone makes the load
(`allowance.py`). A caller who speaks is never ahead. A recording that is sent at once is ahead. Its
first part is read at once, and the rest at twice the speed of listening. A connection with a debt
is not read until the debt is paid. It is closed if that takes too long.
"""

from __future__ import annotations

from typing import Protocol

from edge.door.limits.allowance import AHEAD, Allowance, Load
from edge.door.limits.audio_ahead import AudioAhead, Debt
from edge.door.limits.costs import (
    AUDIO_PACE,
    BURST_BYTES,
    BURST_FRAMES,
    BURST_WORK_S,
    CHECK_AUDIO_S,
    CHECK_BYTES,
    CHECK_FRAMES,
    CHECK_WORK_S,
    WORK_AT_ONCE_S,
    WORK_PER_SECOND,
    Allowances,
    Costs,
)
from edge.door.limits.message_memory import Reservation

ADDRESS_MULTIPLE = 2.0
"""The bound of an address, as a multiple of the bound of one connection."""
MOST_OUTSTANDING, MOST_OUTSTANDING_OF_ADDRESS = 2, 4
"""The number of utterances at the recogniser from which on audio that is ahead waits."""
LIVE_S = 1.0
"""The time for which a live caller may send BURST_FRAMES, BURST_BYTES and BURST_WORK_S."""


class WatchedRecognition(Protocol):
    """The utterances of a session at the recogniser."""

    @property
    def outstanding(self) -> int:
        """The utterances whose words it has not returned."""

    @property
    def speaking(self) -> bool:
        """Whether an utterance is open."""


class AddressBudget:
    """The budget that the connections of one address share."""

    def __init__(self, address: str, costs: Costs, now_s: float) -> None:
        self.address = address
        self.connections: list[ConnectionBudget] = []
        at_once_s = costs.audio_at_once_s * ADDRESS_MULTIPLE
        self._audio = Allowance(at_once_s, AUDIO_PACE, now_s)
        self._work = Allowance(WORK_AT_ONCE_S * ADDRESS_MULTIPLE, WORK_PER_SECOND, now_s)

    @property
    def outstanding(self) -> int:
        return sum(connection.outstanding for connection in self.connections)

    @property
    def is_ahead(self) -> bool:
        return any(connection.is_ahead for connection in self.connections)

    @property
    def owes_nothing(self) -> bool:
        """Whether it has no connection and spent nothing, so that it may be forgotten."""
        return not self.connections and self._audio.is_whole and self._work.is_whole

    def counted(self) -> None:
        """Note that the number of its connections has changed."""
        count = max(1, len(self.connections))
        self._audio.rate, self._work.rate = AUDIO_PACE * count, WORK_PER_SECOND * count

    def spend(self, work_s: float, audio_s: float, now_s: float) -> float:
        """Charge what one of them has spent; return the seconds until the debt is paid."""
        return max(self._work.borrow(work_s, now_s), self._audio.borrow(audio_s, now_s))


class ConnectionBudget:
    """The budget of one connection.

    The numbers are what was spent since they were last charged or cleared. `load` and `_wait_s` are
    the results of the last `check`. A connection with a load or a wait is not live, so that
    `clear_if_live` leaves its numbers. For cleared numbers, the next `check` charges the most that
    a live caller spends between two checks.
    """

    __slots__ = (  # the amounts change with each frame
        "_address",
        "_ahead",
        "_allowances",
        "_audio_s",
        "_bytes",
        "_cleared",
        "_debt",
        "_frames",
        "_live_frames",
        "_recognition",
        "_refilled_s",
        "_turns",
        "_typed",
        "_wait_s",
        "_work_s",
        "is_stranger",
        "load",
        "reservation",
    )

    def __init__(
        self,
        costs: Costs,
        address: AddressBudget,
        ahead: AudioAhead,
        reservation: Reservation,
        now_s: float,
    ) -> None:
        """Share with *address*, and *ahead* with all; *reservation* is for long messages."""
        self._frames = self._bytes = self._turns = 0
        self._work_s = self._audio_s = 0.0
        self._recognition: WatchedRecognition | None = None
        """The utterances of its session; None: it has no session."""
        self.is_stranger = True
        """Whether its caller has shown no token."""
        self.load = Load.LIVE
        """The load at the last check."""
        self.reservation = reservation
        self._address = address
        self._ahead = ahead
        self._debt, self._typed = Debt(address.address), Debt(address.address)
        self._wait_s = 0.0
        """The seconds until its debt is paid, at the last check."""
        self._allowances = Allowances.of(costs, now_s)
        self._live_frames = min(BURST_FRAMES, costs.frames_per_second)
        self._cleared = False
        """Whether `clear_if_live` has cleared something since the last check."""
        self._refilled_s = now_s
        """The time at which all allowances but turns were full, or will be."""

    def identify(self, *, named: bool) -> None:
        """Note whether its caller has shown a token."""
        self.is_stranger = not named

    def watch(self, recognition: WatchedRecognition | None) -> None:
        """Watch the utterances of its session; None: it has no session."""
        self._recognition = recognition

    def spend_frames(self, count: int, size_bytes: int = 0) -> None:
        """Count frames of all kinds, also empty ones, pings and parts of messages."""
        self._frames += count
        self._bytes += size_bytes

    def spend_work(self, seconds: float) -> None:
        """Count time of the event loop."""
        self._work_s += seconds

    def spend_audio(self, seconds: float) -> None:
        """Count audio."""
        self._audio_s += seconds

    def spend_turn(self) -> None:
        """Count a typed turn."""
        self._turns += 1

    @property
    def address(self) -> str:
        return self._address.address

    @property
    def is_ahead(self) -> bool:
        """Whether far more was sent at once than a live caller sends, at the last check."""
        return self.load is AHEAD

    @property
    def outstanding(self) -> int:
        """The utterances whose words the recogniser has not returned."""
        return self._recognition.outstanding if self._recognition else 0

    @property
    def is_small(self) -> bool:
        """Whether no more was spent since the last check than a live call spends."""
        return not (
            self._frames >= CHECK_FRAMES
            or self._audio_s >= CHECK_AUDIO_S
            or self._work_s >= CHECK_WORK_S
            or self._bytes >= CHECK_BYTES
            or self._turns
            or self._wait_s
            or self.load
        )

    def clear_if_live(self, now_s: float) -> bool:
        """Clear the numbers if a live caller spends as much; return whether they were cleared."""
        since_s = min(LIVE_S, now_s - self._refilled_s)
        if (
            self.load
            or self._wait_s
            or self._turns
            or self._audio_s > AUDIO_PACE * since_s
            or self._frames > self._live_frames * since_s
            or self._work_s > BURST_WORK_S * since_s
            or self._bytes > BURST_BYTES * since_s
        ):
            return False
        self._frames = self._bytes = 0
        self._work_s = self._audio_s = 0.0
        self._cleared, self._refilled_s = True, now_s
        return True

    def check(self, now_s: float) -> float:
        """Charge what was spent; return the seconds for which nothing more may be read.

        Raises:
            OverBudgetError: the connection is to be closed.
        """
        frames, size, work_s, audio_s = self._frames, self._bytes, self._work_s, self._audio_s
        self._frames = self._bytes = 0
        self._work_s = self._audio_s = 0.0
        of = self._allowances
        if self._cleared:
            of.spend(CHECK_FRAMES, CHECK_BYTES, CHECK_WORK_S, CHECK_AUDIO_S, self._refilled_s)
            self._cleared = False
        wait_s = of.spend(frames, size, work_s, audio_s, now_s)
        self._refilled_s = now_s + of.refill_s
        if self._turns or self._typed.amount:
            turns, self._turns = self._turns, 0
            wait_s = max(wait_s, of.turns.spend(turns, now_s))
            if self.is_stranger:
                wait_s = max(wait_s, self._typed.wait_s(turns, self._ahead.strangers_turns, now_s))
        # typed turns cost the event loop nothing
        self.load = max(of.frames.load, of.bytes.load, of.work.load, of.audio.load)
        if self.is_ahead:  # live audio is within what its address has for each of its calls
            wait_s = max(
                wait_s,
                self._address.spend(work_s, audio_s, now_s),
                self._debt.wait_s(audio_s, self._ahead.audio.of(stranger=self.is_stranger), now_s),
            )
        self._wait_s = wait_s
        return wait_s

    def is_held(self, *, strained: bool) -> bool:
        """Tell whether audio that is ahead must wait for the stages.

        *strained*: a stage begins to fall behind. An utterance that is open is never cut.
        """
        if not self.is_ahead or self._recognition is None or self._recognition.speaking:
            return False
        return (
            strained
            or self.outstanding >= MOST_OUTSTANDING
            or self._address.outstanding >= MOST_OUTSTANDING_OF_ADDRESS
        )
