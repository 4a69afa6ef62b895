"""Packs a call's inputs as rows into `inputs.delivered`, and unpacks them.

A row is [ms after the row before it, kind, ...]:

     0  sound         bytes [, [ms, ms, ...]]    audio came in; then the same size again, ms apart
     1  ticked                                   a timer ran
     2  stage said    id                         an event was delivered; its id without the session
     3  partial       utterance, audio_ms, text
     4  chunk         turn, index, chunk, bytes, last
     5  started                                  the session began
     6  finished      reason [, may_return]
     7  resumed                                  the session was resumed on this connection
     8  reconfigured  config [, agent, call]     from here on the session had this configuration
     9  typed         text                       the caller typed a whole turn
    10  turn ended                               the client ended the caller's turn
    11  cancelled                                the client cancelled the response
    12  played        turn, played_ms            the client told how much it had played
    13  keys          keys                       the caller pressed keys of a telephone
    14  tool result   call, result, failed       the client's result, or failure, of a tool call
    15  background                               all voices so far seem to be in the background
    20  item added    key, role, text, after     the client put a message into the conversation
    21  item removed  key                        the client took a message out of it
    22  asked         ask, config, messages, in_conversation   the client asked for a response
    23  truncated     turn, played_ms            the client dropped the response at this point
    24  discarded                                the client dropped the audio of the open turn
    30  commanded     id, by, command            an operator sent a command

Audio is s16le mono 16 kHz. Rows only keep one bit for each 20 ms frame: whether there was voice. No
word can be restored from that. `edge/core/messages/inputs.py` has the types.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgpack

SOUND, TICKED, SAID, PARTIAL, CHUNK, STARTED, FINISHED, RESUMED = range(8)
RECONFIGURED, TYPED, TURN_ENDED, CANCELLED, PLAYED, KEYS, TOOL_RESULT, BACKGROUND = range(8, 16)
ITEM_ADDED, ITEM_REMOVED, RESPONSE_ASKED, TRUNCATED, TURN_DISCARDED = range(20, 25)
COMMANDED = 30


_PACKER = msgpack.Packer()
"""Used for all rows: each packer takes 256 KiB."""


class InputRow(NamedTuple):
    """One input in packed form."""

    at_ms: int
    """Unix time, ms."""
    kind: int
    what: tuple[Any, ...] = ()


class BadInputsError(ValueError):
    """The rows are not of the form above."""


class Rows:
    """Packs inputs one by one; a sound of the same size as the last one costs one number."""

    def __init__(self, from_ms: int) -> None:
        """Take *from_ms*, the time from which the first row counts."""
        self.from_ms = from_ms
        self.count = 0
        self.size_bytes = 0
        """The packed size of all that is no sound."""
        self._rows: list[list[Any]] = []
        self._before_ms = from_ms
        self._size = -1
        """Bytes of the sound in the last row, or -1 if the row is no sound."""
        self._more: list[int] = []

    def add(self, at_ms: int, kind: int, what: tuple[Any, ...]) -> None:
        """Add one input, not older than the last one."""
        if kind == SOUND:
            self.sound(at_ms, what[0])
            return
        self._rows.append([at_ms - self._before_ms, kind, *what])
        self._before_ms, self._size = at_ms, -1
        self.count += 1
        self.size_bytes += len(_PACKER.pack(what))

    def sound(self, at_ms: int, size: int) -> None:
        """Add *size* bytes of sound."""
        if size == self._size:
            if not self._more:
                self._rows[-1].append(self._more)
            self._more.append(at_ms - self._before_ms)
        else:
            self._rows.append([at_ms - self._before_ms, SOUND, size])
            self._size, self._more = size, []
        self._before_ms = at_ms
        self.count += 1

    def packed(self) -> bytes:
        data: bytes = msgpack.packb(self._rows)
        return data


def pack(inputs: Iterable[InputRow], from_ms: int) -> bytes:
    """Return *inputs* as rows, the first counting from *from_ms*."""
    rows = Rows(from_ms)
    for row in inputs:
        rows.add(*row)
    return rows.packed()


def unpack(rows: bytes, from_ms: int) -> Iterator[InputRow]:
    """Yield the packed inputs.

    Raises:
        BadInputsError: the rows are not of the form above.
    """
    for at_ms, kind, what, more in _read(rows, from_ms):
        again_ms, same = at_ms, tuple(what)
        yield InputRow(at_ms, kind, same)
        for more_ms in more:
            again_ms += more_ms
            yield InputRow(again_ms, kind, same)


def partials(rows: bytes, from_ms: int) -> Iterator[InputRow]:
    """Yield only the partial transcripts among the packed inputs.

    Raises:
        BadInputsError: the rows are not of the form above.
    """
    for at_ms, kind, what, _ in _read(rows, from_ms):
        if kind == PARTIAL:
            yield InputRow(at_ms, kind, tuple(what))


def _read(rows: bytes, from_ms: int) -> Iterator[tuple[int, int, list[Any], Sequence[int]]]:
    """Yield each row: its time, kind and fields, and the times at which it repeats."""
    at_ms = from_ms
    try:
        for after_ms, kind, *what in msgpack.unpackb(rows):
            at_ms += after_ms
            if kind == SOUND:
                size, more = what[:2] if len(what) > 1 else (*what, ())
                lasted_ms = sum(more)
                yield at_ms, kind, [size], more
                at_ms += lasted_ms
            else:
                yield at_ms, kind, what, ()
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise BadInputsError("not rows of inputs") from error


def pack_bits(bits: Iterable[bool]) -> bytes:
    """Return *bits* as bytes, the first in the highest bit."""
    text = "".join("1" if bit else "0" for bit in bits)
    size = -(-len(text) // 8)
    return int(text.ljust(size * 8, "0") or "0", 2).to_bytes(size, "big")


def unpack_bits(data: bytes, count: int) -> list[bool]:
    return [bool(byte >> (7 - k) & 1) for byte in data for k in range(8)][:count]
