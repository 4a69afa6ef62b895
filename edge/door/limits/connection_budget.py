"""What a connection may cost its neighbours: frames, bytes, time of the loop, sound. Pure.

    live ---a share of what may be had at once is spent--> ahead ---> live
    ahead ---a debt: it is read only when it is paid--> slowed ---slowed for too long--> closed

Every door shares this policy. What is spent is added to plain numbers, frame by frame, and reckoned
up by `look`, which tells how long nothing more may be read. A caller who speaks never gets ahead; a
recording sent at once does, is welcome up to a bound, then read at twice the speed of listening.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from edge.door.limits.allowance import Allowance
from edge.door.limits.message_room import MessageRoom, Place
from edge.door.limits.sound_ahead import Debt, SoundAhead

AT_ONCE_S = 20.0
"""The seconds of frames that may come at once: a network may have stalled."""
BYTES_A_SECOND, BYTES_AT_ONCE = 1_500_000, 16 * 1024 * 1024
"""96 kHz stereo of 32 bit is 768 kB/s; two of the longest messages may come at once."""
WORK_A_SECOND, WORK_AT_ONCE_S = 0.1, 3.0
"""Seconds of the event loop; a minute of sound takes one, with a model of speech."""
TURNS_A_SECOND, TURNS_AT_ONCE = 1.0, 10.0
"""Turns that are typed, each a job for the language model."""
SOUND_PACE = 2.0
"""The audio that is read, seconds a second, once the audio allowed at once has come."""
ADDRESS_SHARE = 2.0
"""The bound of an address, as a multiple of the bound of one connection."""
AHEAD_SOUND_S = 4.0
"""Sound up to this much ahead still counts as live: a bad line delivers late audio at once."""
AHEAD_SHARE_OF_WORK = 0.05
BURST_FRAMES, BURST_BYTES, BURST_WORK_S, BURST_SOUND_S = 60, 256 * 1024, 0.03, 2.5
"""The amounts at once above which a connection presses: its work then waits in the lane."""
MOST_OUTSTANDING, MOST_OUTSTANDING_OF_ADDRESS = 2, 4
"""The number of utterances at the recogniser from which on audio that is ahead waits."""
REFUSAL_WORK_S = 0.05
"""What a refused conversation counts as: twice a second for ever, sixty at once."""
LOOK_FRAMES, LOOK_BYTES, LOOK_WORK_S, LOOK_SOUND_S = 50, 64 * 1024, 0.005, 1.0
"""What a live connection may spend before it is reckoned up again."""
MOST_ADDRESSES = 10_000
"""Addresses that are remembered after their last connection: a new one is no fresh start."""


class Recognition(Protocol):
    """What the recogniser has of a session."""

    @property
    def outstanding(self) -> int:
        """Utterances of which it has not told the words."""

    @property
    def speaking(self) -> bool:
        """An utterance is open: silence would end it."""


@dataclass(frozen=True)
class Costs:
    """The bounds that an operator sets."""

    frames_a_second: int = 200
    """WebSocket frames of all kinds."""
    sound_at_once_s: float = 60.0


class AddressBudget:
    """What the connections of one address share: work and sound ahead, utterances outstanding."""

    def __init__(self, address: str, costs: Costs, now_s: float) -> None:
        self.address = address
        self.connections: list[ConnectionBudget] = []
        at_once_s = costs.sound_at_once_s * ADDRESS_SHARE
        self._sound = Allowance(at_once_s, SOUND_PACE, now_s)
        self._work = Allowance(WORK_AT_ONCE_S * ADDRESS_SHARE, WORK_A_SECOND, now_s)

    @property
    def outstanding(self) -> int:
        return sum(one.outstanding for one in self.connections)

    @property
    def is_ahead(self) -> bool:
        return any(one.is_ahead for one in self.connections)

    @property
    def owes_nothing(self) -> bool:
        """It has no connection, and spent nothing: a new one of its address is the same."""
        return not self.connections and self._sound.is_whole and self._work.is_whole

    def counted(self) -> None:
        """Note that the number of its connections has changed."""
        count = max(1, len(self.connections))
        self._sound.rate, self._work.rate = SOUND_PACE * count, WORK_A_SECOND * count

    def spend(self, work_s: float, sound_s: float, now_s: float) -> float:
        """Take what one of them has spent; return the seconds until the debt is paid."""
        return max(self._work.borrow(work_s, now_s), self._sound.borrow(sound_s, now_s))


class _Allowances(NamedTuple):
    """What one connection may cost, of each thing that it costs."""

    frames: Allowance
    bytes: Allowance
    work: Allowance
    sound: Allowance
    turns: Allowance

    @classmethod
    def of(cls, costs: Costs, now_s: float) -> _Allowances:
        rate, at_once_s = costs.frames_a_second, costs.sound_at_once_s
        too_many = f"more than {rate} WebSocket frames a second"
        too_fast = f"sound faster than it is spoken: more than {at_once_s:g} s at once"
        more_bytes, more_work = "more bytes than live audio has", "more work than a live call makes"
        more_turns, ahead = "more typed turns than anybody reads", AHEAD_SOUND_S / at_once_s
        return cls(
            Allowance(rate * AT_ONCE_S, rate, now_s, too_many, burst=BURST_FRAMES),
            Allowance(BYTES_AT_ONCE, BYTES_A_SECOND, now_s, more_bytes, burst=BURST_BYTES),
            Allowance(
                WORK_AT_ONCE_S, WORK_A_SECOND, now_s, more_work, AHEAD_SHARE_OF_WORK, BURST_WORK_S
            ),
            Allowance(at_once_s, SOUND_PACE, now_s, too_fast, ahead, BURST_SOUND_S),
            Allowance(TURNS_AT_ONCE, TURNS_A_SECOND, now_s, more_turns),
        )


class ConnectionBudget:
    """What one connection has spent, and whether more of it may be read."""

    def __init__(
        self, costs: Costs, address: AddressBudget, ahead: SoundAhead, place: Place, now_s: float
    ) -> None:
        """Share with *address*, and *ahead* with all; *place* is for long messages."""
        self.frames = 0
        """Since the last look, of all kinds: empty ones, pings and parts of messages, too."""
        self.bytes = 0
        """Since the last look."""
        self.work_s = 0.0
        """Time for which it held the event loop, since the last look."""
        self.sound_s = 0.0
        """Since the last look."""
        self.turns = 0
        """Typed since the last look."""
        self.recognition: Recognition | None = None
        """Of the session that it holds."""
        self.stranger = True
        """Its caller has shown no token."""
        self.is_ahead = False
        """Whether far more was sent at once than a live caller sends, at the last look."""
        self.presses = False
        """Whether more was sent at once than a live caller sends, at the last look."""
        self.place = place
        self._address = address
        self._ahead = ahead
        self._debt, self._typed = Debt(address.address), Debt(address.address)
        self._owes = False
        """As of the last look."""
        self._of = _Allowances.of(costs, now_s)

    @property
    def address(self) -> str:
        return self._address.address

    @property
    def outstanding(self) -> int:
        """Utterances of which the recogniser has not told the words."""
        return self.recognition.outstanding if self.recognition else 0

    @property
    def is_small(self) -> bool:
        """What was spent since the last look is no more than a live call spends."""
        return not (
            self.frames >= LOOK_FRAMES
            or self.sound_s >= LOOK_SOUND_S
            or self.work_s >= LOOK_WORK_S
            or self.bytes >= LOOK_BYTES
            or self.turns
            or self._owes
            or self.presses
        )

    def look(self, now_s: float) -> float:
        """Reckon up what was spent; return the seconds for which nothing more may be read.

        Raises:
            OverBudgetError: the connection is to be closed.
        """
        frames, size, work_s, sound_s = self.frames, self.bytes, self.work_s, self.sound_s
        self.frames = self.bytes = 0
        self.work_s = self.sound_s = 0.0
        of = self._of
        wait_s = max(
            of.frames.spend(frames, now_s),
            of.bytes.spend(size, now_s),
            of.work.spend(work_s, now_s),
        )
        if sound_s or self.presses:
            wait_s = max(wait_s, of.sound.spend(sound_s, now_s))
        if self.turns or self._typed.amount:
            turns, self.turns = self.turns, 0
            wait_s = max(wait_s, of.turns.spend(turns, now_s))
            if self.stranger:
                wait_s = max(wait_s, self._typed.wait_s(turns, self._ahead.strangers_turns, now_s))
        counted = of.frames, of.bytes, of.work, of.sound  # typed turns press nobody
        self.is_ahead = any(one.is_ahead for one in counted)
        self.presses = self.is_ahead or any(one.presses for one in counted)
        if self.is_ahead:  # live sound is within what its address has for each of its calls
            wait_s = max(
                wait_s,
                self._address.spend(work_s, sound_s, now_s),
                self._debt.wait_s(sound_s, self._ahead.share(stranger=self.stranger), now_s),
            )
        self._owes = wait_s > 0
        return wait_s

    def is_held(self, *, strained: bool) -> bool:
        """Tell whether sound that is ahead must wait for the stages.

        *strained*: a stage begins to fall behind. An utterance that is open is never cut.
        """
        if not self.is_ahead or self.recognition is None or self.recognition.speaking:
            return False
        return (
            strained
            or self.outstanding >= MOST_OUTSTANDING
            or self._address.outstanding >= MOST_OUTSTANDING_OF_ADDRESS
        )


class Budgets:
    """The budgets of an edge's connections, by address."""

    def __init__(self, costs: Costs) -> None:
        self._costs = costs
        self._room = MessageRoom()
        self._ahead = SoundAhead(costs.sound_at_once_s)
        self._addresses: OrderedDict[str, AddressBudget] = OrderedDict()
        """Those used last at the end."""

    @contextmanager
    def opened(self, address: str, now_s: float) -> Iterator[ConnectionBudget]:
        """Yield the budget of a new connection of *address*, until the block is left."""
        shared = self._addresses.get(address)
        if shared is None:
            shared = self._addresses[address] = AddressBudget(address, self._costs, now_s)
            self._forget_oldest()
        self._addresses.move_to_end(address)
        place = self._room.place(address)
        budget = ConnectionBudget(self._costs, shared, self._ahead, place, now_s)
        shared.connections.append(budget)
        shared.counted()
        try:
            yield budget
        finally:
            budget.place.leave()
            shared.connections.remove(budget)
            shared.counted()
            if shared.owes_nothing and self._addresses.get(address) is shared:
                del self._addresses[address]

    def _forget_oldest(self) -> None:
        """Forget the address that has been gone for longest, where there are too many."""
        if len(self._addresses) > MOST_ADDRESSES:
            gone = (name for name, one in self._addresses.items() if not one.connections)
            if (oldest := next(gone, None)) is not None:
                del self._addresses[oldest]

    def is_ahead(self, address: str) -> bool:
        """Tell whether *address* has sent more than its live callers could."""
        shared = self._addresses.get(address)
        return shared is not None and shared.is_ahead
