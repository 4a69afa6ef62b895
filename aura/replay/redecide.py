"""A recorded call decided again, by today's code, from the inputs it had then: no clock, no bus.

The same code comes to the same decisions, to the millisecond. Where it does not, something was
changed, and `what_if.py` tells what the caller would have noticed of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from edge.core.call import Began, Call
from edge.core.effects import Effect, Publish
from edge.core.hearing.framing import FRAME_MS
from edge.core.input_log import TimedInput, read, short_id
from edge.core.inputs import Sound
from edge.core.session.history import History, fold
from schemas import events as ev
from schemas.inputs import BadInputsError
from schemas.session_config import SessionConfig, bounds

REPLAY_EDGE = "replay"
"""The name of the edge in a session that is driven again."""
MOST_PREFIX_FRAMES = int(bounds("turns.prefix_ms").most or 0) // FRAME_MS + 1
"""Frames after which a call of any configuration has forgotten the audio before."""
OWN = (
    ev.SessionReconfigured,
    ev.SpeechStarted,
    ev.SpeechPaused,
    ev.SpeechContinued,
    ev.SpeechEnded,
    ev.TurnTaken,
    ev.TurnCommitted,
    ev.TurnMeasured,
    ev.InterruptionSuspected,
    ev.InterruptionStopped,
    ev.InterruptionDismissed,
    ev.ResponseCancelled,
    ev.AnswerHeard,
    ev.KeysPressed,
    ev.TroubleTold,
    ev.SessionEnded,
)
"""Events that a call decides; the sentence of a greeting is one, too."""

Said = Mapping[str, ev.AnyEvent]
"""A session's events by their short ids."""


class NotRecordedError(ValueError):
    """The session was recorded without the inputs that its decisions followed from."""


def is_own(event: ev.Event) -> bool:
    """Tell whether *event* is a decision of the call."""
    greeting = isinstance(event, ev.ResponseSentence | ev.ResponseCompleted) and event.turn == 0
    return greeting or isinstance(event, OWN)


@dataclass
class RecordedConnection:
    """One connection of a session: how it began, the inputs of its call, its decisions."""

    began: Began
    before: tuple[ev.AnyEvent, ...]
    """The session's events before it: a resumed call remembers them."""
    given: list[TimedInput] = field(default_factory=list)
    decided: list[ev.Event] = field(default_factory=list)

    @property
    def config(self) -> SessionConfig:
        return self.began.config

    def call(self, config: SessionConfig | None = None) -> Call:
        """Return its call as it was before its first input, or as it would be with *config*."""
        resumed = isinstance(self.began, ev.SessionResumed)
        history = fold(self.before) if resumed else History()
        began = self.began
        if config is not None:
            began = msgspec.structs.replace(began, config=config)
        return Call(began, history)


def _unmarked(event: ev.Event) -> ev.Event:
    """Return *event* as the call decided it, without the mark of stages that a record answers."""
    marked = getattr(event, "recorded", ())
    return msgspec.structs.replace(event, recorded=()) if marked else event


def begun(events: Iterable[ev.AnyEvent]) -> int:
    """Return how many connections the session of *events* had, with and without their inputs."""
    return sum(isinstance(one, Began) for one in events)


def connections(events: Sequence[ev.AnyEvent]) -> list[RecordedConnection]:
    """Return the connections of a session from its *events*, in the order of the log.

    Those of which no inputs were stored are left out: their edge was killed too early.

    Raises:
        NotRecordedError: no inputs of any were stored, or a newer Aura stored them.
    """
    found: list[RecordedConnection] = []
    decided: list[tuple[ev.Event, int]] = []
    delivered: list[ev.InputsDelivered] = []
    for index, event in enumerate(events):
        if isinstance(event, Began):
            found.append(RecordedConnection(event, tuple(events[:index])))
        elif isinstance(event, ev.InputsDelivered):
            delivered.append(event)
        elif found and is_own(event):
            decided.append((_unmarked(event), len(found)))
    said = by_id(events)
    for connection, parts in _matched(found, _logs(delivered)):
        try:
            connection.given += read(parts, said)
        except BadInputsError as error:
            raise NotRecordedError(str(error)) from error
    times = [{one.at_ms for one in connection.given} for connection in found]
    for decision, there in decided:
        found[_owner(decision, found[:there], times)].decided.append(decision)
    complete = [one for one in found if one.given]
    if not complete:
        raise NotRecordedError(
            "its inputs were not recorded: its edge was killed in the first 10 s, or is of an Aura "
            "that did not record them"
        )
    return complete


def _logs(delivered: Sequence[ev.InputsDelivered]) -> list[list[ev.InputsDelivered]]:
    """Return the parts of each input log together; *delivered* may mix those of two edges."""
    logs: list[list[ev.InputsDelivered]] = []
    for part in delivered:
        before = [one for one in logs if one[-1].part < part.part]
        if not before:
            logs.append([part])
            continue
        # A log goes on where it was last taken, at the number after the last one.
        likely = [one for one in before if one[-1].part == part.part - 1] or before
        min(likely, key=lambda one: abs(part.from_ms - one[-1].at_ms)).append(part)
    return logs


def _matched(
    found: Sequence[RecordedConnection], logs: Sequence[list[ev.InputsDelivered]]
) -> list[tuple[RecordedConnection, list[ev.InputsDelivered]]]:
    """Return each input log with its connection: the last that began before its first input.

    Where the clocks of two edges contradict that, the order of the log tells, if none is missing.
    """
    matched: dict[int, list[ev.InputsDelivered]] = {}
    for log in logs:
        earlier = [k for k, one in enumerate(found) if one.began.at_ms <= log[0].from_ms]
        if earlier:
            matched.setdefault(earlier[-1], log)
    if len(matched) != len(logs) and len(logs) == len(found):
        return list(zip(found, logs, strict=True))
    return [(found[k], log) for k, log in sorted(matched.items())]


def _owner(
    decision: ev.Event, found: Sequence[RecordedConnection], times: Sequence[set[int]]
) -> int:
    """Return which of *found* decided it: the one with an input then, or the last to begin.

    A connection's last decisions may be stored after the next one began.
    """
    for k in range(len(found)):
        if decision.at_ms in times[k]:
            return k
    earlier = [k for k, one in enumerate(found) if one.began.at_ms <= decision.at_ms]
    return earlier[-1] if earlier else len(found) - 1


def decide(connection: RecordedConnection, config: SessionConfig | None = None) -> list[ev.Event]:
    """Return the decisions of a call that has the inputs of *connection*, when they came.

    *config* is what it is set to instead of what was recorded.
    """
    call = connection.call(config)
    decided: list[ev.Event] = []
    due_ms: int | None = None
    for (at_ms, given), is_quiet in zip(connection.given, quiet(connection.given), strict=True):
        if is_quiet and not call.listening and (due_ms is None or at_ms < due_ms):
            continue  # long silence changes nothing
        decided += decisions_in(call.step(given, at_ms))
        due_ms = None if call.listening else call.due_ms(at_ms)
    return decided


def quiet(given: Sequence[TimedInput]) -> list[bool]:
    """Tell of each input whether it is audio after which no voice comes for long.

    A call that waits for nothing may leave it out: before the next voice it hears as much audio as
    it remembers.
    """
    found: list[bool] = []
    still = 0
    for one in reversed(given):
        voiced = one.given.voiced if isinstance(one.given, Sound) else None
        if voiced is None:
            found.append(False)
        elif any(voiced):
            still = 0
            found.append(False)
        else:
            still += len(voiced)
            found.append(bool(voiced) and still > MOST_PREFIX_FRAMES)
    found.reverse()
    return found


def decisions_in(effects: Iterable[Effect]) -> list[ev.Event]:
    """Return the decisions among *effects*; how far a response was handed out is a note."""
    events = [one.event for one in effects if isinstance(one, Publish)]
    return [one for one in events if not isinstance(one, ev.AnswerReached)]


def by_id(events: Iterable[ev.AnyEvent]) -> dict[str, ev.AnyEvent]:
    """Return *events* by their short ids, the first of each."""
    found: dict[str, ev.AnyEvent] = {}
    for one in events:
        found.setdefault(short_id(one), one)
    return found
