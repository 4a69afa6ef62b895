"""The results of a recorded session's stages, and the time that each took.

A call that decides differently gets the results that were recorded for the same moment of the
audio: a pause is identified by the end of the speech before it.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from aura.replay.recorded_tools import RecordedTools
from aura.replay.redecide import RecordedConnection, is_own
from edge.core.messages.inputs import ChunkSpoken, StageSaid
from schemas import events as ev
from schemas.audio import BYTES_PER_MS
from schemas.events import Head

FromStage = StageSaid | ChunkSpoken
"""An input from a stage: an event or audio."""
OfAResponse = (
    ev.ResponseSentence | ev.ResponseCompleted | ev.ToolCalled | ChunkSpoken | ev.SpeechReady
)
USUAL_TOKEN_MS, USUAL_VOICE_MS, USUAL_AUDIO_MS = 300, 450, 2000
"""The assumed times and length of a response without a record."""
SAME_ONSET_MS = 200
"""Starts of speech nearer than this are the same; configurations notice one at different times."""

_T = TypeVar("_T")


@dataclass
class RecordedUtterance:
    """A recorded utterance."""

    number: int
    started_ms: int
    ended_ms: int = 0
    discarded: bool = False
    transcripts: dict[int, tuple[ev.TranscriptGuess, int]] = field(default_factory=dict)
    """The words up to each pause and their delay (ms), by the end of the speech before the
    pause."""
    text: str = ""


@dataclass
class RecordedResponse:
    """A recorded response."""

    taken: ev.TurnTaken
    came: list[tuple[int, FromStage]] = field(default_factory=list)
    """The results of the stages, with their ms after the turn was taken."""


class RecordedStages:
    """The recorded results of the stages in one connection."""

    def __init__(self, connection: RecordedConnection) -> None:
        self.utterances: dict[int, RecordedUtterance] = {}
        self.responses: dict[tuple[int, int], RecordedResponse] = {}
        """Recorded responses by turn and step."""
        self.finals: dict[int, tuple[ev.TranscriptFinal, int]] = {}
        """The words of whole utterances, and their delay after the end, ms."""
        self._tools = RecordedTools()
        self.greeting: list[tuple[int, FromStage]] = []
        self._pauses: dict[tuple[int, int], ev.SpeechPaused] = {}
        for event in connection.decided:
            self._decided(event)
        began_ms = connection.inputs[0].at_ms if connection.inputs else 0
        known: set[str] = set()
        for at_ms, result in connection.inputs:
            if isinstance(result, StageSaid):
                if result.event.id in known:  # an edge that missed an event reads all of them again
                    continue
                known.add(result.event.id)
            elif not isinstance(result, ChunkSpoken):
                continue
            self._results_of(result, at_ms, began_ms)
        self._paused = sorted(
            (
                (end_ms, utterance)
                for utterance in self.utterances.values()
                for end_ms in utterance.transcripts
            ),
            key=_end_ms,
        )
        self._by_words: dict[str | None, list[RecordedResponse]] = {}
        """Responses with results, by the caller's words, in order of time; under None all of
        them."""
        for response in sorted(self.responses.values(), key=_taken_ms):
            if response.came:
                self._by_words.setdefault(_words_of(response.taken), []).append(response)
                self._by_words.setdefault(None, []).append(response)

    def _decided(self, event: ev.Event) -> None:
        match event:
            case ev.SpeechStarted(utterance=number, at_ms=at_ms):
                self.utterances[number] = RecordedUtterance(number, at_ms)
            case ev.SpeechPaused(utterance=number, pause=pause):
                self._pauses[number, pause] = event
            case ev.SpeechEnded(utterance=number) if number in self.utterances:
                utterance = self.utterances[number]
                utterance.ended_ms, utterance.discarded = event.at_ms, event.discarded
            case ev.TurnTaken(turn=turn, step=step):
                self.responses[turn, step] = RecordedResponse(event)
            case ev.ToolRequested():
                self._tools.requested(event)
            case ev.ToolReturned() | ev.ToolFailed():  # by the edge itself
                self._tools.came(event, event.at_ms)
            case _:
                pass

    def _results_of(self, stage_input: FromStage, at_ms: int, began_ms: int) -> None:
        result = stage_input.event if isinstance(stage_input, StageSaid) else stage_input
        match result:
            case ev.TranscriptGuess(utterance=number, pause=number_of_pause):
                pause = self._pauses.get((number, number_of_pause))
                if pause and number in self.utterances:
                    utterance = self.utterances[number]
                    utterance.transcripts[pause.speech_end_ms] = (result, at_ms - pause.at_ms)
                    utterance.text = result.text
            case ev.TranscriptFinal(utterance=number, text=text) if number in self.utterances:
                utterance = self.utterances[number]
                utterance.text = text
                self.finals[number] = (result, max(0, at_ms - utterance.ended_ms))
            case ChunkSpoken(turn=0) | ev.SpeechReady(turn=0) | ev.JobFailed(turn=0):
                self.greeting.append((at_ms - began_ms, stage_input))
            case ev.ToolReturned() | ev.ToolFailed():
                self._tools.came(result, at_ms)
            case ev.ResponseSentence() | ev.ResponseCompleted() if is_own(result):
                pass  # the replay's call makes its own
            case _ if isinstance(result, OfAResponse):
                if response := self._response_of(result):
                    response.came.append((at_ms - response.taken.at_ms, stage_input))
            case _:
                pass

    def _response_of(self, result: OfAResponse) -> RecordedResponse | None:
        """Return the step of a response to which *result* belongs."""
        if isinstance(result, ev.ResponseCompleted | ev.ToolCalled):
            return self.responses.get((result.turn, result.step))
        steps = [
            response
            for (turn, _), response in self.responses.items()
            if turn == result.turn and response.taken.first_index <= result.index
        ]
        return max(steps, key=lambda response: response.taken.step, default=None)

    # -------------------------------------------------------- results

    def words(
        self, paused: ev.SpeechPaused, started_ms: int, *, near_ms: int = 0
    ) -> tuple[ev.TranscriptGuess, int] | None:
        """Return the words up to a pause and their delay, ms, or None if they were not recorded.

        The utterance began at *started_ms*. A pause matches a recorded one if the speech before it
        ended at the same time, within *near_ms*.
        """
        end_ms = paused.speech_end_ms
        known = _nearest(self._paused, end_ms, _end_ms)
        if known is None or abs(_end_ms(known) - end_ms) > near_ms:
            return None
        known_ms, utterance = known
        transcript, after_ms = utterance.transcripts[known_ms]
        text = self._since(started_ms, utterance, transcript.text)
        changes = {"utterance": paused.utterance, "pause": paused.pause, "text": text}
        return msgspec.structs.replace(transcript, **changes), after_ms

    def _since(self, started_ms: int, utterance: RecordedUtterance, text: str) -> str:
        """Return *text*, adjusted by the words by which the utterance begins later or earlier."""
        joined = [
            other.text
            for other in self.utterances.values()
            if started_ms - SAME_ONSET_MS <= other.started_ms < utterance.started_ms - SAME_ONSET_MS
            and other.text
        ]
        if joined:
            return " ".join([*joined, text]).strip()
        before = [
            transcript.text
            for end_ms, (transcript, _) in sorted(utterance.transcripts.items())
            if end_ms < started_ms - SAME_ONSET_MS
        ]
        known = before[-1].rstrip(".?!, ") if before else ""
        return text[len(known) :].lstrip(".?!, ") if before and text.startswith(known) else text

    def response(self, taken: ev.TurnTaken) -> Iterator[tuple[int, FromStage]]:
        """Yield the results for a turn, each with its delay in ms."""
        same = self._by_words.get(_words_of(taken))
        known = same or self._by_words.get(None, [])
        best = _nearest(known, taken.at_ms, _taken_ms)
        if best is None:
            yield from _usual(taken)
            return
        completed = False
        sentences: list[str] = []
        later = taken.first_index - best.taken.first_index
        for after_ms, result in best.came:
            if isinstance(result, ChunkSpoken):
                index = result.index + later
                yield after_ms, msgspec.structs.replace(result, turn=taken.turn, index=index)
                continue
            event = result.event
            changes: dict[str, Any] = {"turn": taken.turn}
            if isinstance(event, ev.ResponseCompleted | ev.ToolCalled):
                changes["step"] = taken.step
            if isinstance(event, ev.ResponseSentence | ev.SpeechReady):
                changes["index"] = event.index + later
            if isinstance(event, ev.ResponseCompleted):
                changes["sentences"] = event.sentences + later
            if isinstance(event, ev.ResponseSentence):
                sentences.append(event.text)
                if not same:
                    changes["eot_llm"] = None  # it was for other words
            completed = completed or isinstance(event, ev.ResponseCompleted)
            yield after_ms, StageSaid(msgspec.structs.replace(event, **changes))
        if not completed:  # the recorded response was cancelled, but this one may not be
            yield best.came[-1][0], _completed(taken, len(sentences), " ".join(sentences))

    def tool_result(self, requested: ev.ToolRequested) -> tuple[int, StageSaid]:
        """Return the result of a call and its delay, ms."""
        after_ms, result = self._tools.result(requested)
        return after_ms, StageSaid(result)


def _words_of(taken: ev.TurnTaken) -> str:
    return taken.messages[-1].text if taken.messages else ""


def _taken_ms(response: RecordedResponse) -> int:
    return response.taken.at_ms


def _end_ms(transcript: tuple[int, RecordedUtterance]) -> int:
    return transcript[0]


def _nearest(known: Sequence[_T], at_ms: int, time_of: Callable[[_T], int]) -> _T | None:
    """Return the item of *known*, sorted by time, that is nearest to *at_ms*."""
    k = bisect_left(known, at_ms, key=time_of)
    around = known[max(0, k - 1) : k + 1]
    return min(around, key=lambda item: abs(time_of(item) - at_ms), default=None)


def _completed(taken: ev.TurnTaken, sentences: int, text: str) -> StageSaid:
    completed = ev.ResponseCompleted(
        **_head(taken),
        turn=taken.turn,
        step=taken.step,
        sentences=taken.first_index + sentences,
        text=text,
        model="",
        prompt_tokens=0,
        completion_tokens=0,
        took_ms=0.0,
    )
    return StageSaid(completed)


def _usual(taken: ev.TurnTaken) -> Iterator[tuple[int, FromStage]]:
    sentence = ev.ResponseSentence(
        **_head(taken),
        turn=taken.turn,
        index=taken.first_index,
        text="...",
        first_token_ms=0.0,
        took_ms=0.0,
        model="",
        deadline_ms=0,
    )
    yield USUAL_TOKEN_MS, StageSaid(sentence)
    yield USUAL_TOKEN_MS, _completed(taken, 1, "...")
    pcm = bytes(USUAL_AUDIO_MS * BYTES_PER_MS)
    yield USUAL_VOICE_MS, ChunkSpoken(taken.turn, taken.first_index, 0, pcm, last=True)


def _head(taken: ev.TurnTaken) -> Head:
    return {"tenant": taken.tenant, "session": taken.session, "at_ms": taken.at_ms}
