"""Decides a recorded call again by today's code, from its recorded inputs, without clock and bus.

The same code makes the same decisions, to the millisecond. For changed code, `what_if.py` shows the
differences that a caller would notice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from edge.core.call import Began, Call
from edge.core.hearing.framing import FRAME_MS
from edge.core.input_log import TimedInput, read, short_id
from edge.core.messages.effects import Effect, Publish
from edge.core.messages.inputs import (
    ChunkSpoken,
    ClientToolResult,
    Resumed,
    Sound,
    StageSaid,
    Ticked,
)
from edge.core.session.history import History, fold
from schemas import events as ev
from schemas.inputs import BadInputsError
from schemas.session_config import SessionConfig, bounds
from schemas.stages import JobEvent

REPLAY_EDGE = "replay"
"""The name of the edge in a driven session."""
MOST_PREFIX_FRAMES = int(bounds("turns.prefix_ms").most or 0) // FRAME_MS + 1
"""The frames after which a call of any configuration has forgotten earlier audio."""
MADE_BY_REPLAYS = (Ticked, StageSaid, ChunkSpoken, Resumed, ClientToolResult)
"""Inputs that a replay makes itself: from its timer and its stages."""
NOTES = ev.AnswerReached | ev.RequestQueued
"""Events for a later connection, which are no decisions."""
OF_OTHERS = (
    Began
    | ev.InputsDelivered
    | ev.RecordingConsented
    | ev.RecordingEnded
    | ev.TranscriptGuess
    | ev.TranscriptFinal
    | ev.ModelSwitched
    | ev.ToolCalled
    | ev.ToolBegun
    | ev.SpeechReady
    | ev.JobFailed
)
"""Events of the session shell and of the stages; all others are decisions of a call."""
FOR_LATER_CONNECTIONS: Mapping[type[ev.Event], Mapping[str, Any]] = {
    ev.SessionEnded: {"connected_at_ms": 0},
    ev.MessageAdded: {"wants_response": False},
    ev.TurnCommitted: {"requested_ms": 0},
}
"""Fields that older events lack, with the values that stand for all others."""


class InputsNotRecordedError(ValueError):
    """Not all inputs of the session's calls are recorded."""


def is_decision(event: ev.Event) -> bool:
    """Tell whether *event* is a decision of the call."""
    match event:
        case ev.ResponseSentence() | ev.ResponseCompleted():
            return is_own(event)
        case ev.ToolReturned(by_edge=by_edge) | ev.ToolFailed(by_edge=by_edge):
            return by_edge
        case _:
            return not isinstance(event, OF_OTHERS | NOTES)


def is_own(event: ev.ResponseSentence | ev.ResponseCompleted) -> bool:
    """Tell whether the call itself wrote *event*: a greeting, or words while a tool runs."""
    return event.turn == 0 or (not event.model and event.took_ms == 0)


@dataclass
class RecordedConnection:
    """One connection of a session: its first event, the inputs of its call, its decisions."""

    began: Began
    before: tuple[ev.AnyEvent, ...]
    """The earlier events of the session, which a resumed call remembers."""
    inputs: list[TimedInput] = field(default_factory=list)
    decided: list[ev.Event] = field(default_factory=list)

    @property
    def config(self) -> SessionConfig:
        return self.began.config

    def call(self, config: SessionConfig | None = None) -> Call:
        """Return its call before the first input, with *config* in place of its own if given."""
        resumed = isinstance(self.began, ev.SessionResumed)
        history = fold(self.before) if resumed else History()
        began = self.began
        if config is not None:
            began = msgspec.structs.replace(began, config=config)
        return Call(began, history)


def _as_compared(event: ev.Event) -> ev.Event:
    """Return *event* without `recorded`, and without fields that older events lack."""
    if isinstance(event, JobEvent) and event.recorded:
        return msgspec.structs.replace(event, recorded=())
    if ignored := FOR_LATER_CONNECTIONS.get(type(event)):
        return msgspec.structs.replace(event, **ignored)
    return event


def begun(events: Iterable[ev.AnyEvent]) -> int:
    """Return the number of connections."""
    return sum(isinstance(event, Began) for event in events)


def connections(events: Sequence[ev.AnyEvent]) -> list[RecordedConnection]:
    """Return the connections of a session from its *events*, in the order of the log.

    Connections without stored inputs, whose edge was killed too early, are left out.

    Raises:
        InputsNotRecordedError: no inputs were stored, they were stored by a newer Aura, or an event
            that the call took is not in *events*.
    """
    recorded: list[RecordedConnection] = []
    decided: list[tuple[ev.Event, int]] = []
    delivered: list[ev.InputsDelivered] = []
    for index, event in enumerate(events):
        if isinstance(event, Began):
            if event.names_config:
                raise InputsNotRecordedError(
                    f"its configuration {event.config_hash} is not in stream AURA_CONFIGS"
                )
            recorded.append(RecordedConnection(event, tuple(events[:index])))
        elif isinstance(event, ev.InputsDelivered):
            delivered.append(event)
        elif recorded and is_decision(event):
            decided.append((_as_compared(event), len(recorded)))
    known = by_id(events)
    for connection, parts in _matched(recorded, _logs(delivered)):
        try:
            connection.inputs += read(parts, known)
        except BadInputsError as error:
            raise InputsNotRecordedError(str(error)) from error
    times = [{timed.at_ms for timed in connection.inputs} for connection in recorded]
    for decision, begun_before in decided:
        recorded[_owner(decision, recorded[:begun_before], times)].decided.append(decision)
    complete = [connection for connection in recorded if connection.inputs]
    if not complete:
        raise InputsNotRecordedError(
            "its inputs were not recorded: its edge was killed in the first 10 s, or is of an Aura "
            "that did not record them"
        )
    return complete


def _logs(delivered: Sequence[ev.InputsDelivered]) -> list[list[ev.InputsDelivered]]:
    """Return the parts of each input log, where *delivered* may mix the logs of two edges."""
    logs: list[list[ev.InputsDelivered]] = []
    for section in delivered:
        before = [log for log in logs if log[-1].section < section.section]
        if not before:
            logs.append([section])
            continue
        # The next section of a log has the next number, and begins at the end of the last section.
        likely = [log for log in before if log[-1].section == section.section - 1] or before
        min(likely, key=lambda log: abs(section.from_ms - log[-1].at_ms)).append(section)
    return logs


def _matched(
    recorded: Sequence[RecordedConnection], logs: Sequence[list[ev.InputsDelivered]]
) -> list[tuple[RecordedConnection, list[ev.InputsDelivered]]]:
    """Return each input log with its connection, the last one that began before its first input.

    If the clocks of two edges contradict this and no log is missing, the order of the log decides.
    """
    matched: dict[int, list[ev.InputsDelivered]] = {}
    for log in logs:
        earlier = [
            k for k, connection in enumerate(recorded) if connection.began.at_ms <= log[0].from_ms
        ]
        if earlier:
            matched.setdefault(earlier[-1], log)
    if len(matched) != len(logs) and len(logs) == len(recorded):
        return list(zip(recorded, logs, strict=True))
    return [(recorded[k], log) for k, log in sorted(matched.items())]


def _owner(
    decision: ev.Event, recorded: Sequence[RecordedConnection], times: Sequence[set[int]]
) -> int:
    """Return the index of the connection that decided: one with an input then, or the latest.

    The last decisions of a connection may be stored after the next connection began.
    """
    for index, known_ms in enumerate(times[: len(recorded)]):
        if decision.at_ms in known_ms:
            return index
    earlier = [
        k for k, connection in enumerate(recorded) if connection.began.at_ms <= decision.at_ms
    ]
    return earlier[-1] if earlier else len(recorded) - 1


def decide(connection: RecordedConnection, config: SessionConfig | None = None) -> list[ev.Event]:
    """Return the decisions of a call with the inputs of *connection*, and *config* if given."""
    call = connection.call(config)
    decided: list[ev.Event] = []
    for timed, is_quiet in zip(connection.inputs, quiet(connection.inputs), strict=True):
        if is_quiet and not call.listening and timed.at_ms < call.next_ms:
            continue  # long silence changes nothing
        decided += decisions_in(call.step(timed.call_input, timed.at_ms))
    return decided


def quiet(timed_inputs: Sequence[TimedInput]) -> list[bool]:
    """Tell for each input whether it is audio that can be left out.

    A call that waits for nothing does not need this audio: as much other audio as it remembers
    follows before the next voice.
    """
    left_out: list[bool] = []
    still = 0
    for timed in reversed(timed_inputs):
        voiced = timed.call_input.voiced if isinstance(timed.call_input, Sound) else None
        if voiced is None:
            left_out.append(False)
        elif any(voiced):
            still = 0
            left_out.append(False)
        else:
            still += len(voiced)
            left_out.append(bool(voiced) and still > MOST_PREFIX_FRAMES)
    left_out.reverse()
    return left_out


def decisions_in(effects: Iterable[Effect]) -> list[ev.Event]:
    """Return the decisions among *effects*."""
    events = [_as_compared(effect.event) for effect in effects if isinstance(effect, Publish)]
    return [event for event in events if not isinstance(event, NOTES)]


def by_id(events: Iterable[ev.AnyEvent]) -> dict[str, ev.AnyEvent]:
    """Return *events* by their short ids; of equal ids the first counts."""
    events_by_id: dict[str, ev.AnyEvent] = {}
    for event in events:
        events_by_id.setdefault(short_id(event), event)
    return events_by_id
