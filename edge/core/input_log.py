"""The input log: records the inputs of a call for replays, without audio.

Rows are derived from the types in `messages/inputs.py`; `schemas/inputs.py` packs them. Audio is
logged as its length and one bit for each frame, an event as its id.
"""

import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from edge.core.hearing.framing import FRAME_BYTES, SILENCE
from edge.core.messages import inputs
from edge.core.messages.inputs import AnyInput, Finished, Input, Sound, StageSaid
from schemas.events import AnyEvent, Event, InputsDelivered
from schemas.inputs import SOUND, BadInputsError, Rows, pack_bits, unpack, unpack_bits

SECTION_MS = 10_000
"""The time between two stored sections of the log, which is the most that a killed edge loses."""
SECTION_INPUTS = 2_000
"""The number of inputs after which a section is stored earlier."""
SECTION_BYTES = 256 * 1024
"""The same for its bytes: an event has a megabyte at most, and the last input may be long."""

INPUT_TYPES: Mapping[int, type[Input]] = {
    typing.cast("int", kind.__struct_config__.tag): kind for kind in typing.get_args(AnyInput)
}


class InputLog:
    """The inputs of one connection of one session."""

    def __init__(self, tenant: str, session: str) -> None:
        self._tenant = tenant
        self._session = session
        self._rows: Rows | None = None
        self._bits: list[bool] = []
        self._section = 0

    def note(self, call_input: AnyInput, now_ms: int) -> InputsDelivered | None:
        """Log the input *call_input*, which the call is about to take.

        Returns the section that ends with it, or None if more follow.
        """
        if self._rows is None:
            self._rows = Rows(now_ms)
        if isinstance(call_input, Sound):
            self._rows.sound(now_ms, call_input.size_bytes)
            self._bits += call_input.voiced
        else:
            self._rows.add(now_ms, *to_row(call_input))
        return self.pop_section(now_ms) if self._ends(call_input, self._rows, now_ms) else None

    def _ends(self, call_input: AnyInput, rows: Rows, now_ms: int) -> bool:
        """Tell whether a section ends with *call_input*, its last row."""
        return (
            now_ms - rows.from_ms >= SECTION_MS
            or rows.count >= SECTION_INPUTS
            or rows.size_bytes >= SECTION_BYTES
            or isinstance(call_input, Finished)
        )

    def pop_section(self, now_ms: int) -> InputsDelivered:
        """Return the section since the last call."""
        rows, bits, section = self._rows or Rows(now_ms), self._bits, self._section
        self._rows, self._bits, self._section = None, [], section + 1
        return InputsDelivered(
            tenant=self._tenant,
            session=self._session,
            at_ms=now_ms,
            section=section,
            from_ms=rows.from_ms,
            frames=len(bits),
            voice=pack_bits(bits),
            rows=rows.packed(),
        )


def to_row(call_input: AnyInput) -> tuple[int, tuple[Any, ...]]:
    """Return the tag of *call_input*, and its fields in logged form."""
    values = (getattr(call_input, name) for name in call_input.__struct_fields__)
    kind = typing.cast("int", call_input.__struct_config__.tag)
    return kind, tuple(_logged(value) for value in values)


def _logged(value: Any) -> Any:
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, Event):
        return short_id(value)
    return msgspec.to_builtins(value)


def short_id(event: Event) -> str:
    """Return the id of *event* without its session, as in the log."""
    return event.id[len(event.session) + 1 :]


# ---------------------------------------------------------------- reading


class TimedInput(NamedTuple):
    """An input, and the time at which the call took it."""

    at_ms: int
    call_input: AnyInput


def read(
    sections: Iterable[InputsDelivered], events_by_id: Mapping[str, AnyEvent]
) -> Iterator[TimedInput]:
    """Yield the logged inputs; their audio is silence of the same length.

    *events_by_id* are the session's events by their short ids.

    Raises:
        BadInputsError: the rows are damaged, or hold inputs that this version does not know, or an
            event is missing.
    """
    rest = 0
    for section in sections:
        bits = iter(unpack_bits(section.voice, section.frames))
        for row in unpack(section.rows, section.from_ms):
            if row.kind == SOUND:
                size_bytes = row.what[0]
                whole, rest = divmod(rest + size_bytes, FRAME_BYTES)
                voiced = tuple(next(bits, False) for _ in range(whole))
                yield TimedInput(row.at_ms, Sound((SILENCE,) * whole, voiced, size_bytes))
            else:
                yield TimedInput(row.at_ms, _from_row(row.kind, row.what, events_by_id))


def _from_row(kind: int, what: tuple[Any, ...], events_by_id: Mapping[str, AnyEvent]) -> AnyInput:
    """Return the input in a row.

    Raises:
        BadInputsError: this version does not know the row, or its event is missing.
    """
    if kind == _STAGE_SAID_TAG:
        short = what[0] if what else ""
        if short not in events_by_id:
            raise BadInputsError(f"its event {short} is missing")
        return StageSaid(events_by_id[short])
    if kind not in _READERS:
        raise BadInputsError(f"input {kind} is not known: a newer Aura recorded it")
    made, readers = _READERS[kind]
    try:
        if len(what) > len(readers):
            raise BadInputsError(f"input {kind} has more fields: a newer Aura recorded it")
        # an older Aura had fewer fields; the others have their defaults
        call_input: AnyInput = made(
            *(read(value) for read, value in zip(readers, what, strict=False))
        )
    except (ValueError, TypeError) as error:
        raise BadInputsError(f"not an input of kind {kind}: {error}") from error
    return call_input


def _reader(kind: Any) -> Callable[[Any], Any]:
    """Return the function that reads a field of type *kind* from its logged form."""
    if kind in {int, str, bool}:
        return kind  # type: ignore[no-any-return]  # a type is its own constructor
    if kind is bytes:
        return bytes
    return lambda value: msgspec.convert(value, kind)


_STAGE_SAID_TAG = typing.cast("int", StageSaid.__struct_config__.tag)
_READERS: Mapping[int, tuple[Callable[..., Any], list[Callable[[Any], Any]]]] = {
    number: (kind, [_reader(hint) for hint in typing.get_type_hints(kind, vars(inputs)).values()])
    for number, kind in INPUT_TYPES.items()
    if number not in {SOUND, _STAGE_SAID_TAG}
}
