"""What a caller would have noticed of other rules: a recorded call decided with them, compared.

The caller's sound comes as it came. The stages answer from the record (`recorded_stages.py`),
for a call that decides otherwise asks them otherwise. What the caller would then have said instead
nobody knows: a difference is sure up to the first of its session, and likely after it.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from aura.replay.recorded_stages import Record, Said
from aura.replay.redecide import Connection, Sound, partial, published
from edge.core.effects import Effect, Publish
from edge.core.notices import Delivery
from edge.core.session.rules import Rules
from schemas import events as ev
from schemas import inputs
from schemas.audio import TranscriptPartial

SAME_MS = 150
"""Interruptions as near as this are the same one."""


def rehearse(
    connection: Connection, rules: Rules, delivery: Delivery, said: dict[str, ev.AnyEvent]
) -> list[ev.Event]:
    """Return what a call with *rules* decides that hears what was heard in *connection*."""
    return _Rehearsal(connection, rules, delivery, Record(connection, said)).run()


class _Rehearsal:
    def __init__(
        self, connection: Connection, rules: Rules, delivery: Delivery, record: Record
    ) -> None:
        self._given = connection.given
        self._call = connection.call(rules, delivery)
        self._sound = Sound(connection.bits)
        self._record = record
        self._coming: list[tuple[int, int, Said | TranscriptPartial]] = []
        self._order = itertools.count()
        self._started_ms: dict[int, int] = {}
        self._due_ms: int | None = None
        self._decided: list[ev.Event] = []

    def run(self) -> list[ev.Event]:
        for one in self._given:
            if one.kind == inputs.SOUND and self._leaves_out(one.at_ms, one.what[0]):
                continue
            self._until(one.at_ms)
            match one.kind:
                case inputs.SOUND:
                    effects = self._call.hear(self._sound.take(one.what[0]), one.at_ms)
                case inputs.BEGAN:
                    effects = self._call.start(one.at_ms)
                    for after_ms, heard in self._record.greeting:
                        self._later(one.at_ms + after_ms, heard)
                case inputs.FINISH:
                    effects = self._call.finish(one.what[0], one.at_ms)
                case inputs.PARTIAL:
                    now = max(self._started_ms, default=0)
                    words = partial((now, one.what[1], one.what[2]))
                    effects = self._call.receive(words, one.at_ms)
                case _:  # timers and stages are our own
                    continue
            self._take(effects, one.at_ms)
        return self._decided

    def _leaves_out(self, at_ms: int, size: int) -> bool:
        """Skip silence that changes nothing; tell whether it was skipped."""
        if self._call.listening or (self._due_ms is not None and self._due_ms <= at_ms):
            return False
        if self._coming and self._coming[0][0] < at_ms:
            return False
        return self._sound.leave_out(size)

    def _until(self, at_ms: int) -> None:
        """Let happen what is due before *at_ms*."""
        while True:
            due_ms = self._due_ms
            coming_ms = self._coming[0][0] if self._coming else None
            if (
                coming_ms is not None
                and coming_ms < at_ms
                and (due_ms is None or coming_ms <= due_ms)
            ):
                _, _, heard = heapq.heappop(self._coming)
                self._take(self._call.receive(heard, coming_ms), coming_ms)
            elif due_ms is not None and due_ms < at_ms:
                effects = self._call.tick(due_ms)
                self._take(effects, due_ms)
                if not effects and self._due_ms == due_ms:
                    return
            else:
                return

    def _later(self, at_ms: int, heard: Said) -> None:
        heapq.heappush(self._coming, (at_ms, next(self._order), heard))

    def _take(self, effects: list[Effect], at_ms: int) -> None:
        self._due_ms = self._call.due_ms
        if not effects:  # most of the time
            return
        for event in published([one for one in effects if isinstance(one, Publish)]):
            match event:
                case ev.SpeechStarted(utterance=number):
                    self._started_ms[number] = at_ms
                case ev.SpeechPaused(utterance=number):
                    words = self._record.words(event, self._started_ms.get(number, at_ms))
                    if words:
                        self._later(at_ms + words[1], words[0])
                case ev.TurnTaken():
                    for after_ms, heard in self._record.answer(event):
                        self._later(at_ms + after_ms, heard)
                case _:
                    pass
            self._decided.append(event)


# ---------------------------------------------------------------- compared


@dataclass(frozen=True)
class Decision:
    """Something a caller notices."""

    at_ms: int
    """Unix time, ms."""
    key: tuple[str, int]
    text: str


@dataclass(frozen=True)
class Difference:
    """A decision that would be another now."""

    at_ms: int
    recorded: str
    """Empty: there was none."""
    now: str
    """Empty: there would be none."""


def decisions(events: Sequence[ev.Event]) -> list[Decision]:
    """Return what *events* of a call mean to a caller."""
    found: list[Decision] = []
    ended: ev.SpeechEnded | None = None
    for event in events:
        match event:
            case ev.SpeechEnded(discarded=False):
                ended = event
            case ev.SpeechEnded():
                key = ("end", event.speech_end_ms)
                found.append(Decision(event.at_ms, key, "nothing was said"))
            case ev.TurnCommitted(text=text) if ended is not None:
                said = f"answers {text!r} after {ended.wait_ms} ms of silence"
                found.append(Decision(event.at_ms, ("end", ended.speech_end_ms), said))
                ended = None
            case ev.ResponseCancelled(reason="interrupted"):
                found.append(Decision(event.at_ms, ("over", event.at_ms), "is interrupted"))
            case ev.InterruptionDismissed():
                found.append(Decision(event.at_ms, ("over", event.at_ms), "talks on"))
            case ev.AnswerHeard(carried=True):
                said = "waits for the rest of the sentence"
                found.append(Decision(event.at_ms, ("over", event.at_ms), said))
            case ev.TroubleTold(stage=stage):
                found.append(Decision(event.at_ms, ("over", event.at_ms), f"{stage} fails"))
            case _:
                pass
    return found


def differences(recorded: Sequence[ev.Event], now: Sequence[ev.Event]) -> list[Difference]:
    """Return where *now* decides otherwise than *recorded*, in the order of time."""
    before, after = decisions(recorded), decisions(now)
    found: list[Difference] = []
    for one in before:
        same = next((other for other in after if _same(one, other)), None)
        if same is not None:
            after.remove(same)
        if same is None or same.text != one.text:
            found.append(Difference(one.at_ms, one.text, same.text if same else ""))
    found += [Difference(other.at_ms, "", other.text) for other in after]
    return sorted(found, key=lambda one: one.at_ms)


def _same(one: Decision, other: Decision) -> bool:
    if one.key[0] != other.key[0]:
        return False
    return abs(one.key[1] - other.key[1]) <= (SAME_MS if one.key[0] == "over" else 0)
