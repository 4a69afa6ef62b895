"""A recorded call decided again, by today's code, from what it was given then: no clock, no bus.

The same code comes to the same decisions, to the millisecond. Where it does not, something was
changed, and `aura/replay/what_if.py` tells what the caller would have noticed of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from edge.core.call import Call
from edge.core.effects import Effect, Publish
from edge.core.hearing.framing import FRAME_BYTES, FRAME_MS, SILENCE
from edge.core.notices import Delivery
from edge.core.session.history import History, fold
from edge.core.session.rules import Rules
from schemas import events as ev
from schemas import inputs
from schemas.audio import SpeechChunk, TranscriptPartial
from schemas.inputs import Input

VOICE = b"\x01" * FRAME_BYTES
REPLAY_EDGE = "replay"
"""What a driven session is said to be held by."""
REMEMBERED_FRAMES = ev.TURN_NUMBERS["prefix_ms"][1] // FRAME_MS + 1
"""What an ear that is set to remember the most remembers, and the frame that it hears."""
OWN = (
    ev.SpeechStarted,
    ev.SpeechPaused,
    ev.SpeechContinued,
    ev.SpeechEnded,
    ev.TurnTaken,
    ev.TurnCommitted,
    ev.TurnMeasured,
    ev.InterruptionSuspected,
    ev.InterruptionDismissed,
    ev.ResponseCancelled,
    ev.AnswerHeard,
    ev.TroubleTold,
    ev.SessionEnded,
)
"""What a call decides; a greeting's sentence is one, too."""


class NotRecordedError(ValueError):
    """The session was recorded without what its decisions followed from."""


def is_voice(frame: bytes) -> bool:
    """Tell what a frame made by `Sound` stands for."""
    return frame[0] == 1


def is_own(event: ev.Event) -> bool:
    """Tell whether *event* is a decision of the call."""
    greeting = isinstance(event, ev.ResponseSentence | ev.ResponseCompleted) and event.turn == 0
    return greeting or isinstance(event, OWN)


@dataclass
class Sound:
    """Sound with voice where there was voice, made from a bit a frame."""

    bits: list[bool]
    _at: int = 0
    """Bytes made so far."""
    _quiet: list[bool] = field(default_factory=list)
    """Frames after which there is no voice for longer than the ear remembers."""

    def __post_init__(self) -> None:
        still = 0
        for bit in reversed(self.bits):
            still = 0 if bit else still + 1
            self._quiet.append(still > REMEMBERED_FRAMES)
        self._quiet.reverse()

    def leave_out(self, size: int) -> bool:
        """Skip the next *size* bytes if they are a frame of long silence; tell whether."""
        frame, offset = divmod(self._at, FRAME_BYTES)
        if size != FRAME_BYTES or offset or frame >= len(self._quiet) or not self._quiet[frame]:
            return False
        self._at += size
        return True

    def take(self, size: int) -> bytes:
        """Return the next *size* bytes."""
        first, offset = divmod(self._at, FRAME_BYTES)
        self._at += size
        if offset == 0 and size == FRAME_BYTES:
            return self._frame(first)
        last = (self._at - 1) // FRAME_BYTES if size else first
        joined = b"".join(self._frame(k) for k in range(first, last + 1))
        return joined[offset : offset + size]

    def _frame(self, number: int) -> bytes:
        return VOICE if number < len(self.bits) and self.bits[number] else SILENCE


@dataclass
class Connection:
    """One connection of a session: what its call was set to, given, and decided."""

    began: ev.SessionStarted | ev.SessionResumed
    before: tuple[ev.AnyEvent, ...]
    """The session's events before it: a resumed call remembers them."""
    given: list[Input] = field(default_factory=list)
    bits: list[bool] = field(default_factory=list)
    decided: list[ev.Event] = field(default_factory=list)

    def call(self, rules: Rules, delivery: Delivery) -> Call:
        """Return a call as it was before its first input."""
        resumed = isinstance(self.began, ev.SessionResumed)
        history = fold(self.before) if resumed else History()
        history.summary.take(self.began)
        own = (self.began.tenant, self.began.session)
        return Call(*own, rules, delivery, history=history, is_voice=is_voice)


def _unmarked(event: ev.Event) -> ev.Event:
    """Return *event* as the call decided it; its line marks which stages a record answers for."""
    marked = getattr(event, "recorded", ())
    return msgspec.structs.replace(event, recorded=()) if marked else event


def begun(events: Iterable[ev.AnyEvent]) -> int:
    """Return how many connections the session of *events* had, with and without their inputs."""
    return sum(isinstance(one, ev.SessionStarted | ev.SessionResumed) for one in events)


def connections(events: Sequence[ev.AnyEvent]) -> list[Connection]:
    """Return the connections of a session from its *events*, in the order of the log.

    Those of which no inputs were stored are left out: their edge was killed too early.

    Raises:
        NotRecordedError: no inputs of any were stored.
    """
    found: list[Connection] = []
    decided: list[tuple[ev.Event, int]] = []
    delivered: list[ev.InputsDelivered] = []
    for index, event in enumerate(events):
        if isinstance(event, ev.SessionStarted | ev.SessionResumed):
            found.append(Connection(event, tuple(events[:index])))
        elif isinstance(event, ev.InputsDelivered):
            delivered.append(event)
        elif found and is_own(event):
            decided.append((_unmarked(event), len(found)))
    for connection, parts in _matched(found, _journals(delivered)):
        for part in parts:
            connection.given += inputs.unpack(part.rows, part.from_ms)
            connection.bits += inputs.unpack_bits(part.voice, part.frames)
    times = [{one.at_ms for one in connection.given} for connection in found]
    for decision, there in decided:
        found[_owner(decision, found[:there], times)].decided.append(decision)
    complete = [one for one in found if one.given]
    if not complete:
        raise NotRecordedError(
            "its inputs were not recorded (by an Aura before 0.2, or its edge was killed in the "
            "first 10 s)"
        )
    return complete


def _journals(delivered: Sequence[ev.InputsDelivered]) -> list[list[ev.InputsDelivered]]:
    """Return the parts of each journal together; those of two edges may be mixed in the log."""
    journals: list[list[ev.InputsDelivered]] = []
    for part in delivered:
        before = [one for one in journals if one[-1].part < part.part]
        if not before:
            journals.append([part])
            continue
        # A journal goes on where it was last taken, at the number after the last one.
        likely = [one for one in before if one[-1].part == part.part - 1] or before
        min(likely, key=lambda one: abs(part.from_ms - one[-1].at_ms)).append(part)
    return journals


def _matched(
    found: Sequence[Connection], journals: Sequence[list[ev.InputsDelivered]]
) -> list[tuple[Connection, list[ev.InputsDelivered]]]:
    """Return each journal with its connection: the last that began before its first input.

    Where clocks of two edges contradict that, the order of the log tells, if none is missing.
    """
    matched: dict[int, list[ev.InputsDelivered]] = {}
    for journal in journals:
        earlier = [k for k, one in enumerate(found) if one.began.at_ms <= journal[0].from_ms]
        if earlier:
            matched.setdefault(earlier[-1], journal)
    if len(matched) != len(journals) and len(journals) == len(found):
        return list(zip(found, journals, strict=True))
    return [(found[k], journal) for k, journal in sorted(matched.items())]


def _owner(decision: ev.Event, found: Sequence[Connection], times: Sequence[set[int]]) -> int:
    """Return which of *found* decided it: who was given something then, or was the last to begin.

    A connection's last decisions may be stored after the next one began.
    """
    for k in range(len(found)):
        if decision.at_ms in times[k]:
            return k
    earlier = [k for k, one in enumerate(found) if one.began.at_ms <= decision.at_ms]
    return earlier[-1] if earlier else len(found) - 1


def decide(
    connection: Connection,
    rules: Rules,
    delivery: Delivery,
    said: dict[str, ev.AnyEvent],
) -> list[ev.Event]:
    """Return what a call decides that is given what *connection* was given, when it was.

    *said* are the session's events by their id.
    """
    call, sound = connection.call(rules, delivery), Sound(connection.bits)
    decided: list[ev.Event] = []
    due_ms: int | None = None
    for one in connection.given:
        if one.kind == inputs.SOUND and not call.listening:  # long silence changes nothing
            waits = due_ms is None or one.at_ms < due_ms
            if waits and sound.leave_out(one.what[0]):
                continue
        decided += published(_put(call, one, sound, said))
        due_ms = None if call.listening else call.due_ms
    return decided


def _put(call: Call, one: Input, sound: Sound, said: dict[str, ev.AnyEvent]) -> list[Effect]:
    at_ms, what = one.at_ms, one.what
    match one.kind:
        case inputs.SOUND:
            return call.hear(sound.take(what[0]), at_ms)
        case inputs.TICK:
            return call.tick(at_ms)
        case inputs.SAID:
            event = said.get(what[0])
            return call.receive(event, at_ms) if event else call.tick(at_ms)
        case inputs.PARTIAL:
            return call.receive(partial(what), at_ms)
        case inputs.CHUNK:
            return call.receive(chunk(what), at_ms)
        case inputs.BEGAN:
            return call.start(at_ms)
        case inputs.RESUMED:
            return call.resume(at_ms)
        case inputs.FINISH:
            return call.finish(what[0], at_ms)
        case _:  # of a newer Aura
            return []


def partial(what: tuple[int, int, str]) -> TranscriptPartial:
    return TranscriptPartial(utterance=what[0], audio_ms=what[1], text=what[2])


def chunk(what: tuple[int, int, int, int, bool]) -> SpeechChunk:
    """Return a chunk as long as the one that came; its sound is silence."""
    turn, index, number, size, last = what
    return SpeechChunk(turn=turn, index=index, chunk=number, pcm=bytes(size), last=last)


def published(effects: Iterable[Effect]) -> list[ev.Event]:
    """Return the decisions among *effects*; how far an answer was handed out is a note."""
    events = [one.event for one in effects if isinstance(one, Publish)]
    return [one for one in events if not isinstance(one, ev.AnswerReached)]


def by_id(events: Iterable[ev.AnyEvent]) -> dict[str, ev.AnyEvent]:
    """Return *events* by their ids without the session, as the inputs name them."""
    found: dict[str, ev.AnyEvent] = {}
    for one in events:
        found.setdefault(one.id[len(one.session) + 1 :], one)
    return found
