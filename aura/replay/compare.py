"""Compares a session with its replay: words, responses, latencies, order of events."""

import itertools
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

import msgspec

from runtime.text.word_errors import word_error_rate
from schemas import events as ev
from schemas.events import tag

MEASURED = {"stt_ms": "recognition", **ev.WATERFALL}
"""The compared latencies of a turn, ms, and their names; medians over the turns count."""


@dataclass(frozen=True)
class ComparedTurn:
    """A turn and its response."""

    turn: int
    said: str
    response: str
    heard: str
    steps: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """The differences of a replay; in pairs the recorded session comes first."""

    pairs: list[tuple[ComparedTurn | None, ComparedTurn | None]]
    wer: float
    """Word error rate of the transcripts; the recorded transcripts are the reference."""
    latencies: dict[str, tuple[float, float]]
    """Medians over the turns, ms."""
    interrupted: tuple[int, int]
    errors: tuple[int, int]
    same: int
    """The number of events with the same content and order, subject by subject."""
    events: int
    other: list[tuple[str, str]] = field(default_factory=list)
    """The events that differ, in pairs; an empty text means that there is no counterpart."""

    @property
    def latency(self) -> float | None:
        """The ratio of the waits for the first audio of a response."""
        then, now = self.latencies.get("first_sent_ms", (0.0, 0.0))
        return now / then if then and now else None

    def as_json(self) -> dict[str, Any]:
        return {
            "wer": round(self.wer, 4),
            "latency": self.latency and round(self.latency, 3),
            "latencies_ms": self.latencies,
            "interrupted": self.interrupted,
            "errors": self.errors,
            "events_same": self.same,
            "events": self.events,
            "events_other": self.other,
            "turns": [
                {
                    "recorded": {"said": then.said, "answer": then.response} if then else None,
                    "now": {"said": now.said, "answer": now.response} if now else None,
                }
                for then, now in self.pairs
            ],
        }


def turns(events: Sequence[ev.AnyEvent]) -> list[ComparedTurn]:
    """Return the turns with a response in order; carried words are part of a later turn."""
    carried = {e.turn for e in events if isinstance(e, ev.AnswerHeard) and e.carried}
    responses: dict[int, str] = {}
    for event in events:
        if isinstance(event, ev.ResponseCompleted):  # one for each step
            responses[event.turn] = f"{responses.get(event.turn, '')} {event.text}".strip()
    heard = {e.turn: e.text for e in events if isinstance(e, ev.AnswerHeard)}
    measured = {e.turn: e for e in events if isinstance(e, ev.TurnMeasured)}
    return [
        ComparedTurn(
            event.turn,
            event.text,
            responses.get(event.turn, ""),
            heard.get(event.turn, ""),
            _steps(measured.get(event.turn)),
        )
        for event in events
        if isinstance(event, ev.TurnCommitted) and event.turn not in carried
    ]


def _steps(measured: ev.TurnMeasured | None) -> dict[str, float]:
    fields = msgspec.structs.asdict(measured) if measured else {}
    return {name: ms for name in MEASURED if (ms := fields.get(name)) is not None}


def compare(
    recorded: Sequence[ev.AnyEvent], now: Sequence[ev.AnyEvent], *, from_turn: int = 0
) -> Comparison:
    """Compare *now* with *recorded*, from turn *from_turn* on."""
    recorded = branch(recorded, from_turn)
    then_turns, now_turns = turns(recorded), turns(now)
    pairs = list(itertools.zip_longest(then_turns, now_turns))
    latencies: dict[str, tuple[float, float]] = {}
    for name in MEASURED:
        values = [
            [t.steps[name] for t in side if name in t.steps] for side in (then_turns, now_turns)
        ]
        if all(values):
            latencies[name] = (statistics.median(values[0]), statistics.median(values[1]))
    words = [" ".join(turn.said for turn in side) for side in (then_turns, now_turns)]
    first, second = sequence(recorded), sequence(now)
    aligned = [
        pair
        for kind in sorted({*first, *second})
        for pair in side_by_side(first.get(kind, []), second.get(kind, []))
    ]
    other = [(_shown(a), _shown(b)) for a, b in aligned if a != b]
    return Comparison(
        pairs=pairs,
        wer=word_error_rate(*words),
        latencies=latencies,
        interrupted=(_interrupted(recorded), _interrupted(now)),
        errors=(_errors(recorded), _errors(now)),
        same=len(aligned) - len(other),
        events=len(aligned),
        other=other,
    )


def branch(events: Sequence[ev.AnyEvent], turn: int) -> Sequence[ev.AnyEvent]:
    """Return the events of *turn* and of all that followed."""
    if turn <= 0 or (point := branch_point(events, turn)) is None:
        return events
    index, first_utterance = point
    branched = []
    for event in events[index:]:
        fields = msgspec.structs.asdict(event)
        turn_of = fields.get("turn") or turn  # 0 or none: the event belongs to no turn
        utterance = fields.get("utterance") or first_utterance
        if turn_of >= turn and utterance >= first_utterance:
            branched.append(event)
    return branched


def branch_point(events: Sequence[ev.AnyEvent], turn: int) -> tuple[int, int] | None:
    """Return the index of the event that begins *turn*, and its utterance; 0: it was typed.

    A spoken turn begins with its speech. None: the session has no turn from *turn* on.
    """
    taken = next((e for e in events if isinstance(e, ev.TurnTaken) and e.turn >= turn), None)
    if taken is None:
        return None
    index = next(
        k
        for k, e in enumerate(events)
        if e is taken or (isinstance(e, ev.SpeechStarted) and e.utterance == taken.utterance)
    )
    return index, taken.utterance


def side_by_side(
    then: Sequence[tuple[Any, ...]], now: Sequence[tuple[Any, ...]]
) -> Iterator[tuple[tuple[Any, ...] | None, tuple[Any, ...] | None]]:
    """Yield pairs of equal items in order, and each other item paired with None."""
    matched = SequenceMatcher(None, then, now, autojunk=False)
    for _, i, i_end, j, j_end in matched.get_opcodes():
        yield from itertools.zip_longest(then[i:i_end], now[j:j_end])


def _shown(content: tuple[Any, ...] | None) -> str:
    return " ".join(str(part) for part in content or () if part is not None)


def _interrupted(events: Sequence[ev.AnyEvent]) -> int:
    return sum(isinstance(e, ev.ResponseCancelled) and e.reason == "interrupted" for e in events)


def _errors(events: Sequence[ev.AnyEvent]) -> int:
    return sum(isinstance(e, ev.TroubleTold) for e in events)


NOT_COMPARED = (ev.InputsDelivered, ev.SessionStarted, ev.SessionResumed, ev.RecordingConsented)
"""Events about the replay itself, which are not compared."""
_CONTENT = ("text", "reason", "discarded", "speculative", "complete", "sentences", "stage")
"""The compared fields; all others are times, measurements or models."""


def sequence(events: Sequence[ev.AnyEvent]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the content of the events of each subject in order, without times.

    Events of two subjects have two writers, so their order is not fixed.
    """
    by_kind: dict[str, list[tuple[Any, ...]]] = {}
    # the heard part ends at a word, which may be another word some ms later
    cut = {e.text for e in events if isinstance(e, ev.AnswerHeard) and not e.complete}
    for event in events:
        if isinstance(event, NOT_COMPARED):
            continue
        fields = msgspec.structs.asdict(event)
        key = [fields[name] for name in event.KEY if name != "at_ms"]
        content = [fields.get(name) for name in _CONTENT]
        if isinstance(event, ev.TurnTaken):
            content += [None if m.text in cut else m.text for m in event.messages]
        if isinstance(event, ev.AnswerHeard) and not event.complete:
            content[0] = None
        by_kind.setdefault(event.KIND, []).append((tag(event), *key, *content))
    return by_kind


# ---------------------------------------------------------------- limits for CI


class BadLimitError(ValueError):
    """The text is no valid limit; the message shows the format."""


def failures(limits: str, comparison: Comparison) -> list[str]:
    """Return a sentence for each exceeded limit in *limits* (`wer=0.1,latency=1.2x,same=1`).

    Raises:
        BadLimitError: *limits* has another name or form.
    """
    values: dict[str, float | None] = {
        "wer": comparison.wer,
        "latency": comparison.latency,
        "errors": float(comparison.errors[1]),
        "interrupted": float(abs(comparison.interrupted[1] - comparison.interrupted[0])),
        "same": comparison.same / max(1, comparison.events),
    }
    failed = []
    for limit in filter(None, limits.split(",")):
        name, _, text = limit.partition("=")
        try:
            most, value = float(text.strip().removesuffix("x")), values[name.strip()]
        except (ValueError, KeyError) as error:
            raise BadLimitError(
                "limits are written wer=0.1,latency=1.2x,errors=0,interrupted=0,same=1"
            ) from error
        if value is None:
            failed.append(f"{name}: nothing was measured")
        elif value < most if name.strip() == "same" else value > most:
            failed.append(f"{name} is {value:.3g}, the limit is {text}")
    return failed
