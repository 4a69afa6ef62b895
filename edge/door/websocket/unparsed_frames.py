"""The data of a client's stream that are not parsed yet, and what is done with them next. Pure.

    READS --fill--> WAITS
    WAITS --empty--> READS
    READS, WAITS --give up--> DROPS

`frame_intake.py` does it: it has the socket, the parser and the timers.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import NamedTuple

from edge.door.limits.message_memory import LONG_BYTES, RESERVATION_RETRY_S, Reservation
from edge.door.websocket.frame_heads import FrameHeads
from runtime.moves import moved

MOST_FRAMES, MOST_PIECE_BYTES = 32, 32 * 1024
"""The most frames, and the most bytes, that are parsed before other tasks run."""
MOST_UNTAKEN_BYTES = 16 * 1024
"""The most bytes of parsed messages that wait; beyond it the socket is not read."""
MOST_UNTAKEN_S = 0.25
"""The interval, seconds, of checks of a socket whose parsed messages nobody takes."""
MOST_DROPPED_BYTES = 32 * 1024 * 1024
PROBE_S = 1.0
"""The interval, seconds, at which a client is probed whose socket is not read."""


class IntakeState(Enum):
    """The handling of a client's data."""

    READS = auto()
    WAITS = auto()
    """Data stay in the socket until all parsed messages are processed."""
    DROPS = auto()
    """Data are read and dropped: the connection is about to close."""


class IntakeMove(Enum):
    """The moves between states."""

    FILL = auto()
    EMPTY = auto()
    GIVE_UP = auto()


READS, WAITS, DROPS = IntakeState

INTAKE_MOVES: Mapping[tuple[IntakeState, IntakeMove], IntakeState] = {
    (READS, IntakeMove.FILL): WAITS,
    (WAITS, IntakeMove.EMPTY): READS,
    (READS, IntakeMove.GIVE_UP): DROPS,
    (WAITS, IntakeMove.GIVE_UP): DROPS,
}


class IntakeStep(Enum):
    """What is done next."""

    READ = auto()
    """All is parsed: the socket is read on."""
    PARSE = auto()
    """The next piece is parsed."""
    GO_ON_LATER = auto()
    """The next piece is parsed once the budget allows it, and when it is next."""
    AWAIT_TAKEN = auto()
    """Parsed messages wait to be taken, or memory for a long message is awaited."""


class ParserPiece(NamedTuple):
    """Some frames for the parser."""

    data: bytes
    frames: int
    unmasked: bool
    """Whether a frame without a mask follows, which is a client's error."""


class UnparsedFrames:
    """The unparsed data of one connection. Times are seconds of one monotonic clock."""

    def __init__(self, reservation: Reservation, most_bytes: int, now_s: float) -> None:
        """Take memory for long messages from *reservation*.

        The parser refuses messages of *most_bytes* and more.
        """
        self.state = READS
        self._reservation = reservation
        self._most_bytes = most_bytes
        self.heads = FrameHeads()
        self.incomplete = b""
        """The start of a message for the receiver, kept until the rest of it has come."""
        self._rest, self._at = b"", 0
        """The latest data, and the number of its parsed bytes."""
        self._long = 0
        """The number of the message for which memory is reserved."""
        self._probed_s = now_s
        self._dropped_bytes = 0

    @property
    def has_rest(self) -> bool:
        """Whether data wait to be parsed."""
        return bool(self._rest)

    # -------------------------------------------------------- data of the socket

    def set_aside(self, data: bytes) -> bool:
        """Keep *data* that came before the pause, or drop them; return False: too many came."""
        if self.state is WAITS:
            self._rest, self._at = self._rest[self._at :] + data, 0
            return True
        self._dropped_bytes += len(data)
        return self._dropped_bytes < MOST_DROPPED_BYTES

    def with_incomplete(self, data: bytes) -> bytes:
        """Return *data* behind the start of a message that was kept for the receiver."""
        data, self.incomplete = self.incomplete + data, b""
        return data

    def add(self, data: bytes, at: int) -> None:
        """Take *data* to be parsed from its byte *at* on; nothing else waits."""
        self._rest, self._at = data, at

    def next_piece(self) -> ParserPiece:
        """Return the next few frames, which are parsed now."""
        data, at = self._rest, self._at
        until, frames, unmasked = self.heads.follow(data, MOST_FRAMES, at, MOST_PIECE_BYTES)
        # frees the parsed data if it is more than the rest
        self._rest, self._at = (data, until) if until < len(data) / 2 else (data[until:], 0)
        return ParserPiece(data[at:until], frames, unmasked)

    def clear(self) -> None:
        """Free all data."""
        self.incomplete = self._rest = b""

    # -------------------------------------------------------- what is done next

    def after_piece(self, wait_s: float, untaken_bytes: int, now_s: float) -> IntakeStep:
        """Return the step after a piece was parsed; the budget has nothing read for *wait_s*.

        *untaken_bytes* of parsed messages wait.
        """
        has_room = self._has_memory(now_s) and untaken_bytes <= MOST_UNTAKEN_BYTES
        if has_room and not (wait_s or self._rest):
            return IntakeStep.READ
        return IntakeStep.GO_ON_LATER if wait_s or has_room else IntakeStep.AWAIT_TAKEN

    def after_wait(self, wait_s: float, *, are_untaken: bool, now_s: float) -> IntakeStep:
        """Return the step after a wait; *are_untaken*: parsed messages still wait."""
        if wait_s:
            return IntakeStep.GO_ON_LATER
        if are_untaken or not self._has_memory(now_s):
            return IntakeStep.AWAIT_TAKEN
        return IntakeStep.PARSE if self._rest else IntakeStep.READ

    def check_again_s(self, *, are_untaken: bool) -> float:
        """Return the seconds after which AWAIT_TAKEN ends, whatever was taken until then."""
        holds = are_untaken or self._reservation.held_bytes
        return MOST_UNTAKEN_S if holds else RESERVATION_RETRY_S

    def is_probe_due(self, now_s: float) -> bool:
        """Return True, once in PROBE_S, if the client is to be probed."""
        if now_s < self._probed_s + PROBE_S:
            return False
        self._probed_s = now_s
        return True

    def fill(self) -> bool:
        """Let the socket wait; return whether it was read until now."""
        was_read = self.state is READS
        if was_read:
            self._move(IntakeMove.FILL)
        return was_read

    def empty(self) -> bool:
        """Read the socket on; return whether it waited until now."""
        waited = self.state is WAITS
        if waited:
            self._move(IntakeMove.EMPTY)
        return waited

    def give_up(self) -> bool:
        """Drop all data from now on; return whether the socket waited until now."""
        waited = self.state is WAITS
        self.clear()
        self._reservation.release()
        self._move(IntakeMove.GIVE_UP)
        return waited

    def _move(self, move: IntakeMove) -> None:
        self.state = moved(INTAKE_MOVES, self.state, move)

    # -------------------------------------------------------- memory for a long message

    def _has_memory(self, now_s: float) -> bool:
        """Return whether the incomplete message may be read on."""
        size, reservation = self.heads.unread_bytes, self._reservation
        if size <= LONG_BYTES or size >= self._most_bytes:  # refused as too long
            return True
        if reservation.held_bytes and self._long != self.heads.number:
            return False  # the one before is still being processed
        self._long = self.heads.number
        return reservation.reserve(size, now_s)

    def all_taken(self) -> None:
        """Release the memory of a message that was processed, unless the next one needs it."""
        on_its_way = self.heads.unread_bytes and self._long == self.heads.number
        if not on_its_way:
            self._reservation.release()
