"""The stages as they were in a recorded session: their words, and how long each took.

A call that decides otherwise than the recorded one is answered with what was recorded of that
moment of the audio: pauses are told by the time at which the speech before them ended.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from aura.replay.redecide import RecordedConnection, is_own
from edge.core.inputs import ChunkSpoken, StageSaid
from schemas import events as ev
from schemas.audio import BYTES_PER_MS
from schemas.events import Head

FromStage = StageSaid | ChunkSpoken
"""An input that a stage brings: an event, or audio."""
USUAL_TOKEN_MS, USUAL_VOICE_MS, USUAL_AUDIO_MS = 300, 450, 2000
"""A response of which nothing was recorded is taken to be like this."""
NEAR_MS = 200
"""Starts as near as this are one start: another configuration hears it a little apart."""

_T = TypeVar("_T")


@dataclass
class RecordedUtterance:
    """One utterance as it was recorded."""

    number: int
    started_ms: int
    ended_ms: int = 0
    discarded: bool = False
    guesses: dict[int, tuple[ev.TranscriptGuess, int]] = field(default_factory=dict)
    """Words up to a pause, by the end of the speech before it (Unix ms); ms after the pause."""
    text: str = ""


@dataclass
class RecordedResponse:
    """One response as it was recorded: what came, ms after it was asked for."""

    taken: ev.TurnTaken
    came: list[tuple[int, FromStage]] = field(default_factory=list)


class RecordedStages:
    """The answers of the stages in one connection."""

    def __init__(self, connection: RecordedConnection) -> None:
        self.utterances: dict[int, RecordedUtterance] = {}
        self.responses: dict[int, RecordedResponse] = {}
        self.greeting: list[tuple[int, FromStage]] = []
        self._pauses: dict[tuple[int, int], ev.SpeechPaused] = {}
        for event in connection.decided:
            self._decided(event)
        began_ms = connection.given[0].at_ms if connection.given else 0
        told: set[str] = set()
        for at_ms, given in connection.given:
            if isinstance(given, StageSaid):
                if given.event.id in told:  # an edge that missed something reads all of it again
                    continue
                told.add(given.event.id)
            elif not isinstance(given, ChunkSpoken):
                continue
            self._came(given, at_ms, began_ms)
        self._guessed = sorted(
            ((end_ms, one) for one in self.utterances.values() for end_ms in one.guesses),
            key=_end_ms,
        )
        self._by_words: dict[str | None, list[RecordedResponse]] = {}
        """Responses of which something came, by the words asked, in order of time; None: all."""
        for response in sorted(self.responses.values(), key=_taken_ms):
            if response.came:
                self._by_words.setdefault(_asked(response.taken), []).append(response)
                self._by_words.setdefault(None, []).append(response)

    def _decided(self, event: ev.Event) -> None:
        match event:
            case ev.SpeechStarted(utterance=number, at_ms=at_ms):
                self.utterances[number] = RecordedUtterance(number, at_ms)
            case ev.SpeechPaused(utterance=number, pause=pause):
                self._pauses[number, pause] = event
            case ev.SpeechEnded(utterance=number) if number in self.utterances:
                spoken = self.utterances[number]
                spoken.ended_ms, spoken.discarded = event.at_ms, event.discarded
            case ev.TurnTaken(turn=turn):
                self.responses[turn] = RecordedResponse(event)
            case _:
                pass

    def _came(self, given: FromStage, at_ms: int, began_ms: int) -> None:
        said = given.event if isinstance(given, StageSaid) else given
        match said:
            case ev.TranscriptGuess(utterance=number, pause=number_of_pause):
                pause = self._pauses.get((number, number_of_pause))
                if pause and number in self.utterances:
                    spoken = self.utterances[number]
                    spoken.guesses[pause.speech_end_ms] = (said, at_ms - pause.at_ms)
                    spoken.text = said.text
            case ev.TranscriptFinal(utterance=number, text=text) if number in self.utterances:
                self.utterances[number].text = text
            case _ if getattr(said, "turn", None) == 0:
                if not (isinstance(said, ev.Event) and is_own(said)):
                    self.greeting.append((at_ms - began_ms, given))
            case (
                ev.ResponseSentence() | ev.ResponseCompleted() | ChunkSpoken() | ev.SpeechReady()
            ) if said.turn in self.responses:
                response = self.responses[said.turn]
                response.came.append((at_ms - response.taken.at_ms, given))
            case _:
                pass

    # -------------------------------------------------------- asked

    def words(
        self, paused: ev.SpeechPaused, started_ms: int, *, near_ms: int = 0
    ) -> tuple[ev.TranscriptGuess, int] | None:
        """Return the words up to a pause of an utterance that began at *started_ms*, if known.

        With them: how many ms after the pause they came. A pause is the recorded one if the
        speech before it ended at the same time, give or take *near_ms*.
        """
        end_ms = paused.speech_end_ms
        known = _nearest(self._guessed, end_ms, _end_ms)
        if known is None or abs(_end_ms(known) - end_ms) > near_ms:
            return None
        known_ms, spoken = known
        guess, after_ms = spoken.guesses[known_ms]
        text = self._as_heard_since(started_ms, spoken, guess.text)
        own = {"utterance": paused.utterance, "pause": paused.pause, "text": text}
        return msgspec.structs.replace(guess, **own), after_ms

    def _as_heard_since(self, started_ms: int, spoken: RecordedUtterance, text: str) -> str:
        """Return *text* with the words of earlier utterances that are part of this one now."""
        joined = [
            one.text
            for one in self.utterances.values()
            if started_ms - NEAR_MS <= one.started_ms < spoken.started_ms - NEAR_MS and one.text
        ]
        if joined:
            return " ".join([*joined, text]).strip()
        before = [
            guess.text
            for end_ms, (guess, _) in sorted(spoken.guesses.items())
            if end_ms < started_ms - NEAR_MS
        ]
        if before and text.startswith(before[-1].rstrip(".?!, ")):
            return text[len(before[-1].rstrip(".?!, ")) :].lstrip(".?!, ")
        return text

    def response(self, taken: ev.TurnTaken) -> Iterator[tuple[int, FromStage]]:
        """Yield what comes of a turn, with ms after it was taken."""
        same = self._by_words.get(_asked(taken))
        known = same or self._by_words.get(None, [])
        best = _nearest(known, taken.at_ms, _taken_ms)
        if best is None:
            yield from _usual(taken)
            return
        completed = False
        sentences: list[str] = []
        for after_ms, given in best.came:
            if isinstance(given, ChunkSpoken):
                yield after_ms, msgspec.structs.replace(given, turn=taken.turn)
                continue
            event = given.event
            own: dict[str, Any] = {"turn": taken.turn}
            if isinstance(event, ev.ResponseSentence):
                sentences.append(event.text)
                if not same:
                    own["eot_llm"] = None  # it was said of other words
            completed = completed or isinstance(event, ev.ResponseCompleted)
            yield after_ms, StageSaid(msgspec.structs.replace(event, **own))
        if not completed:  # it was cancelled then, and need not be now
            yield best.came[-1][0], _completed(taken, len(sentences), " ".join(sentences))


def _asked(taken: ev.TurnTaken) -> str:
    return taken.messages[-1].text if taken.messages else ""


def _taken_ms(one: RecordedResponse) -> int:
    return one.taken.at_ms


def _end_ms(one: tuple[int, RecordedUtterance]) -> int:
    return one[0]


def _nearest(known: Sequence[_T], at_ms: int, time_of: Callable[[_T], int]) -> _T | None:
    """Return which of *known*, in the order of time, is nearest to *at_ms*."""
    k = bisect_left(known, at_ms, key=time_of)
    around = known[max(0, k - 1) : k + 1]
    return min(around, key=lambda one: abs(time_of(one) - at_ms), default=None)


def _completed(taken: ev.TurnTaken, sentences: int, text: str) -> StageSaid:
    completed = ev.ResponseCompleted(
        **_head(taken),
        turn=taken.turn,
        sentences=sentences,
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
        index=0,
        text="...",
        first_token_ms=0.0,
        took_ms=0.0,
        model="",
        deadline_ms=0,
    )
    yield USUAL_TOKEN_MS, StageSaid(sentence)
    yield USUAL_TOKEN_MS, _completed(taken, 1, "...")
    pcm = bytes(USUAL_AUDIO_MS * BYTES_PER_MS)
    yield USUAL_VOICE_MS, ChunkSpoken(taken.turn, 0, 0, pcm, last=True)


def _head(taken: ev.TurnTaken) -> Head:
    return {"tenant": taken.tenant, "session": taken.session, "at_ms": taken.at_ms}
