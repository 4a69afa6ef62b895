"""The stages as they were in a recorded session: their words, and how long each took.

Asked by a call that decides otherwise than the recorded one, they answer with what was recorded of
that moment of the sound: pauses are told by the time at which the speech before them ended.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from aura.replay.redecide import Connection, chunk, is_own
from schemas import events as ev
from schemas import inputs
from schemas.audio import SpeechChunk

Said = ev.AnyEvent | SpeechChunk
"""What a stage says: words, or sound."""
USUAL_TOKEN_MS, USUAL_VOICE_MS, USUAL_AUDIO_MS = 300, 450, 2000
"""What is taken for an answer of which nothing was recorded."""
NEAR_MS = 200
"""Starts as near as this are one start: other rules hear it a little earlier or later."""

_T = TypeVar("_T")


@dataclass
class Spoken:
    """One utterance as it was recorded."""

    number: int
    started_ms: int
    ended_ms: int = 0
    discarded: bool = False
    guesses: dict[int, tuple[ev.TranscriptGuess, int]] = field(default_factory=dict)
    """Words up to a pause, by the end of the speech before it (Unix ms); ms after the pause."""
    text: str = ""


@dataclass
class Answered:
    """One answer as it was recorded: what came, ms after it was asked for."""

    taken: ev.TurnTaken
    came: list[tuple[int, Said]] = field(default_factory=list)


class Record:
    """What the stages said in one connection."""

    def __init__(self, connection: Connection, said: dict[str, ev.AnyEvent]) -> None:
        self.spoken: dict[int, Spoken] = {}
        self.answers: dict[int, Answered] = {}
        self.greeting: list[tuple[int, Said]] = []
        self._pauses: dict[tuple[int, int], ev.SpeechPaused] = {}
        for event in connection.decided:
            self._decided(event)
        began_ms = connection.given[0].at_ms if connection.given else 0
        told: set[str] = set()
        for one in connection.given:
            heard: Said | None = None
            if one.kind == inputs.SAID and one.what[0] not in told:
                told.add(one.what[0])  # an edge that missed something reads all of it again
                heard = said.get(one.what[0])
            elif one.kind == inputs.CHUNK:
                heard = chunk(one.what)
            if heard is not None:
                self._came(heard, one.at_ms, began_ms)
        self._guessed = sorted(
            ((end_ms, one) for one in self.spoken.values() for end_ms in one.guesses), key=_end_ms
        )
        self._answered: dict[str | None, list[Answered]] = {}
        """Those that came, in the order of time, by what was asked; None: all of them."""
        for answer in sorted(self.answers.values(), key=_taken_ms):
            if answer.came:
                self._answered.setdefault(_asked(answer.taken), []).append(answer)
                self._answered.setdefault(None, []).append(answer)

    def _decided(self, event: ev.Event) -> None:
        match event:
            case ev.SpeechStarted(utterance=number, at_ms=at_ms):
                self.spoken[number] = Spoken(number, at_ms)
            case ev.SpeechPaused(utterance=number, pause=pause):
                self._pauses[number, pause] = event
            case ev.SpeechEnded(utterance=number) if number in self.spoken:
                spoken = self.spoken[number]
                spoken.ended_ms, spoken.discarded = event.at_ms, event.discarded
            case ev.TurnTaken(turn=turn):
                self.answers[turn] = Answered(event)
            case _:
                pass

    def _came(self, heard: Said, at_ms: int, began_ms: int) -> None:
        match heard:
            case ev.TranscriptGuess(utterance=number, pause=number_of_pause):
                pause = self._pauses.get((number, number_of_pause))
                if pause and number in self.spoken:
                    spoken = self.spoken[number]
                    spoken.guesses[pause.speech_end_ms] = (heard, at_ms - pause.at_ms)
                    spoken.text = heard.text
            case ev.TranscriptFinal(utterance=number, text=text) if number in self.spoken:
                self.spoken[number].text = text
            case _ if getattr(heard, "turn", None) == 0:
                if not (isinstance(heard, ev.Event) and is_own(heard)):
                    self.greeting.append((at_ms - began_ms, heard))
            case (
                ev.ResponseSentence() | ev.ResponseCompleted() | SpeechChunk() | ev.SpeechReady()
            ) if heard.turn in self.answers:
                answered = self.answers[heard.turn]
                answered.came.append((at_ms - answered.taken.at_ms, heard))
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

    def _as_heard_since(self, started_ms: int, spoken: Spoken, text: str) -> str:
        """Return *text* with the words of earlier utterances that are part of this one now."""
        joined = [
            one.text
            for one in self.spoken.values()
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

    def answer(self, taken: ev.TurnTaken) -> Iterator[tuple[int, Said]]:
        """Yield what comes of a turn, with ms after it was taken."""
        same = self._answered.get(_asked(taken))
        known = same or self._answered.get(None, [])
        best = _nearest(known, taken.at_ms, _taken_ms)
        if best is None:
            yield from _usual(taken)
            return
        completed = False
        for after_ms, heard in best.came:
            completed = completed or isinstance(heard, ev.ResponseCompleted)
            own: dict[str, Any] = {"turn": taken.turn}
            if not same and isinstance(heard, ev.ResponseSentence):
                own["caller_ended"] = None  # it was said of other words
            yield after_ms, msgspec.structs.replace(heard, **own)
        if not completed:  # it was cancelled then, and need not be now
            sentences = [e for _, e in best.came if isinstance(e, ev.ResponseSentence)]
            text = " ".join(one.text for one in sentences)
            yield best.came[-1][0], _completed(taken, len(sentences), text)


def _asked(taken: ev.TurnTaken) -> str:
    return taken.messages[-1].text if taken.messages else ""


def _taken_ms(one: Answered) -> int:
    return one.taken.at_ms


def _end_ms(one: tuple[int, Spoken]) -> int:
    return one[0]


def _nearest(known: Sequence[_T], at_ms: int, time_of: Callable[[_T], int]) -> _T | None:
    """Return which of *known*, in the order of time, is nearest to *at_ms*."""
    k = bisect_left(known, at_ms, key=time_of)
    around = known[max(0, k - 1) : k + 1]
    return min(around, key=lambda one: abs(time_of(one) - at_ms), default=None)


def _completed(taken: ev.TurnTaken, sentences: int, text: str) -> ev.ResponseCompleted:
    return ev.ResponseCompleted(
        tenant=taken.tenant,
        session=taken.session,
        at_ms=taken.at_ms,
        turn=taken.turn,
        sentences=sentences,
        text=text,
        model="",
        prompt_tokens=0,
        completion_tokens=0,
        took_ms=0.0,
    )


def _usual(taken: ev.TurnTaken) -> Iterator[tuple[int, Said]]:
    yield (
        USUAL_TOKEN_MS,
        ev.ResponseSentence(
            tenant=taken.tenant,
            session=taken.session,
            at_ms=taken.at_ms,
            turn=taken.turn,
            index=0,
            text="...",
            first_token_ms=0.0,
            took_ms=0.0,
            model="",
            deadline_ms=0,
        ),
    )
    yield USUAL_TOKEN_MS, _completed(taken, 1, "...")
    pcm = bytes(USUAL_AUDIO_MS * 32)
    yield USUAL_VOICE_MS, SpeechChunk(turn=taken.turn, index=0, chunk=0, pcm=pcm, last=True)
