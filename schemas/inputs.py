"""What a call was given, row by row: packed into `inputs.delivered`, and unpacked again.

A row is [ms after the row before it, kind, ...]:

    0  sound    bytes [, [ms, ms, ...]]    s16le mono 16 kHz came in; then as much again, ms apart
    1  tick                                a timer ran
    2  said     id                         an event was delivered; its id without the session
    3  partial  utterance, audio_ms, text
    4  chunk    turn, index, chunk, bytes, last
    5  began                               the conversation began (and not: it was resumed)
    6  finish   reason

Of sound there is a bit a 20 ms frame: was there voice. No sound can be made of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgpack

SOUND, TICK, SAID, PARTIAL, CHUNK, BEGAN, FINISH = range(7)


class Input(NamedTuple):
    """One thing that the call was given."""

    at_ms: int
    """Unix time, ms."""
    kind: int
    what: tuple[Any, ...] = ()


class BadInputsError(ValueError):
    """Rows that are not what is written above."""


def pack(inputs: Iterable[Input], from_ms: int) -> bytes:
    """Return *inputs* as rows, the first counting from *from_ms*."""
    rows: list[list[Any]] = []
    before = from_ms
    for at_ms, kind, what in inputs:
        last: list[Any] = rows[-1] if rows else [0, TICK]
        if kind == SOUND and last[1] == SOUND and last[2] == what[0]:
            if len(last) == 3:
                last.append([])
            last[3].append(at_ms - before)
        else:
            rows.append([at_ms - before, kind, *what])
        before = at_ms
    packed: bytes = msgpack.packb(rows)
    return packed


def unpack(rows: bytes, from_ms: int) -> Iterator[Input]:
    """Yield what was packed.

    Raises:
        BadInputsError: it is something else.
    """
    at_ms = from_ms
    try:
        for after_ms, kind, *what in msgpack.unpackb(rows):
            at_ms += after_ms
            if kind != SOUND:
                yield Input(at_ms, kind, tuple(what))
                continue
            yield Input(at_ms, kind, (what[0],))
            for more_ms in what[1] if len(what) > 1 else ():
                at_ms += more_ms
                yield Input(at_ms, kind, (what[0],))
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise BadInputsError("not rows of inputs") from error


def partials(rows: bytes, from_ms: int) -> Iterator[Input]:
    """Yield the growing words in what was packed, without a look at the sound.

    Raises:
        BadInputsError: it is something else.
    """
    at_ms = from_ms
    try:
        for after_ms, kind, *what in msgpack.unpackb(rows):
            at_ms += after_ms
            if kind == PARTIAL:
                yield Input(at_ms, kind, tuple(what))
            elif kind == SOUND and len(what) > 1:
                at_ms += sum(what[1])
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise BadInputsError("not rows of inputs") from error


def pack_bits(bits: Iterable[bool]) -> bytes:
    """Return *bits*, the first in the highest bit."""
    text = "".join("1" if bit else "0" for bit in bits)
    size = -(-len(text) // 8)
    return int(text.ljust(size * 8, "0") or "0", 2).to_bytes(size, "big")


def unpack_bits(data: bytes, count: int) -> list[bool]:
    return [bool(byte >> (7 - k) & 1) for byte in data for k in range(8)][:count]
