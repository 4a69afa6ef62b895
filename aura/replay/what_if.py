"""Decides a recorded call with another configuration, and finds what a caller would notice.

The caller's audio is the recorded one, and the stages answer from the record
(`recorded_stages.py`). The caller might have answered differently, so only the first difference of
a session is certain, and later ones are likely.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from aura.replay.recorded_stages import RecordedStages
from aura.replay.redecide import MADE_BY_REPLAYS, RecordedConnection, decisions_in, quiet
from edge.core.clockwork import Clockwork
from edge.core.messages.effects import Effect
from edge.core.messages.inputs import PartialTranscript, StageSaid, Started
from schemas import events as ev
from schemas.session_config import SessionConfig

SAME_INTERRUPTION_MS = 150
"""Interruptions nearer than this count as the same."""


def rehearse(connection: RecordedConnection, config: SessionConfig) -> list[ev.Event]:
    """Return the decisions of a call with *config* for the audio of *connection*."""
    return _Rehearsal(connection, config).run()


class _Rehearsal:
    def __init__(self, connection: RecordedConnection, config: SessionConfig) -> None:
        self._inputs = connection.inputs
        self._clockwork = Clockwork(connection.call(config), self._answer_effects)
        self._stages = RecordedStages(connection)
        self._started_ms: dict[int, int] = {}
        self._decided: list[ev.Event] = []

    def run(self) -> list[ev.Event]:
        clockwork = self._clockwork
        for (at_ms, call_input), is_quiet in zip(self._inputs, quiet(self._inputs), strict=True):
            if is_quiet and self._changes_nothing(at_ms):
                continue
            clockwork.run_until(at_ms)
            match call_input:
                case Started():
                    clockwork.give(call_input, at_ms)
                    for after_ms, result in self._stages.greeting:
                        clockwork.schedule(result, at_ms + after_ms)
                case PartialTranscript():
                    newest = max(self._started_ms, default=0)
                    clockwork.give(msgspec.structs.replace(call_input, utterance=newest), at_ms)
                case StageSaid(ev.TranscriptFinal(utterance=number)) if self._is_earlier(number):
                    clockwork.give(call_input, at_ms)
                case _ if not isinstance(call_input, MADE_BY_REPLAYS):
                    clockwork.give(call_input, at_ms)
                case _:
                    pass
        return self._decided

    def _changes_nothing(self, at_ms: int) -> bool:
        """Tell whether the call waits for nothing at *at_ms*, so that silence can be skipped."""
        next_ms = self._clockwork.next_ms
        return not self._clockwork.call.listening and (next_ms is None or next_ms > at_ms)

    def _is_earlier(self, utterance: int) -> bool:
        """Tell whether the call awaits *utterance* since an earlier connection."""
        return self._clockwork.call.awaits(utterance) and utterance not in self._started_ms

    def _answer_effects(self, effects: list[Effect], at_ms: int) -> None:
        for event in decisions_in(effects):
            match event:
                case ev.SpeechStarted(utterance=number):
                    self._started_ms[number] = at_ms
                case ev.SpeechPaused(utterance=number):
                    words = self._stages.words(event, self._started_ms.get(number, at_ms))
                    if words:
                        self._clockwork.schedule(StageSaid(words[0]), at_ms + words[1])
                case ev.SpeechEnded(utterance=number) if self._clockwork.call.awaits(number):
                    if final := self._stages.finals.get(number):
                        self._clockwork.schedule(StageSaid(final[0]), at_ms + final[1])
                case ev.TurnTaken():
                    for after_ms, result in self._stages.response(event):
                        self._clockwork.schedule(result, at_ms + after_ms)
                case ev.ToolRequested(tool=tool) if tool.kind != "builtin":
                    after_ms, result = self._stages.tool_result(event)
                    self._clockwork.schedule(result, at_ms + after_ms)
                case _:
                    pass
            self._decided.append(event)


# ---------------------------------------------------------------- compared


@dataclass(frozen=True)
class Decision:
    """A decision that a caller notices."""

    at_ms: int
    """Unix time, ms."""
    key: tuple[str, int]
    text: str


@dataclass(frozen=True)
class Difference:
    """A decision that differs from the recorded one."""

    at_ms: int
    recorded: str
    """The recorded decision; empty if there was none."""
    now: str
    """The new decision; empty if there is none."""


def decisions(events: Sequence[ev.Event]) -> list[Decision]:
    """Return the decisions in *events* that a caller would notice."""
    decided: list[Decision] = []
    ended: ev.SpeechEnded | None = None
    for event in events:
        match event:
            case ev.SpeechEnded(discarded=False):
                ended = event
            case ev.SpeechEnded():
                key = ("end", event.speech_end_ms)
                decided.append(Decision(event.at_ms, key, "nothing was said"))
            case ev.TurnCommitted(text=text) if ended is not None:
                answers = f"answers {text!r} after {ended.wait_ms} ms of silence"
                decided.append(Decision(event.at_ms, ("end", ended.speech_end_ms), answers))
                ended = None
            case ev.ResponseCancelled(reason="interrupted"):
                decided.append(Decision(event.at_ms, ("over", event.at_ms), "is interrupted"))
            case ev.InterruptionDismissed():
                decided.append(Decision(event.at_ms, ("over", event.at_ms), "talks on"))
            case ev.AnswerHeard(carried=True):
                waits = "waits for the rest of the sentence"
                decided.append(Decision(event.at_ms, ("over", event.at_ms), waits))
            case ev.TroubleTold(stage=stage):
                decided.append(Decision(event.at_ms, ("over", event.at_ms), f"{stage} fails"))
            case _:
                pass
    return decided


def differences(recorded: Sequence[ev.Event], now: Sequence[ev.Event]) -> list[Difference]:
    """Return the differences of *now* from *recorded* in order of time."""
    before, after = decisions(recorded), decisions(now)
    differing: list[Difference] = []
    for decision in before:
        same = next((other for other in after if _same(decision, other)), None)
        if same is not None:
            after.remove(same)
        if same is None or same.text != decision.text:
            differing.append(Difference(decision.at_ms, decision.text, same.text if same else ""))
    differing += [Difference(decision.at_ms, "", decision.text) for decision in after]
    return sorted(differing, key=lambda difference: difference.at_ms)


def _same(decision: Decision, other: Decision) -> bool:
    (kind, at_ms), (other_kind, other_ms) = decision.key, other.key
    return kind == other_kind and abs(at_ms - other_ms) <= (
        SAME_INTERRUPTION_MS if kind == "over" else 0
    )
