"""The words of one utterance, from recognitions of its pieces in whatever order they come. Pure.

    |-- settled --|-- a cut: being recognised --|-- the open piece ...
                                                |---- up to a pause ----|

What stands before a cut is recognised once and never again, so the cost grows with the length of
the speech, and a pause after ten minutes has as little to recognise as after three seconds. Times
are ms from the beginning of the utterance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from workers.engines.protocols import Recognition

SILENCE_MS = 250
"""A silence of this length inside a speech separates words that need not be heard together."""
LONG_SILENCE_MS = 600
"""A silence of this length separates words even in a piece shorter than LEAST_PIECE_MS."""
LEAST_PIECE_MS = 2000
"""The shortest piece that a shorter silence ends: the model mishears less with some context."""
ENOUGH_MS = 5000
"""A piece of this length ends at any pause: the shortest window of the recogniser is full."""
LONGEST_PIECE_MS = 14_000
"""A piece of this length without such a pause is cut where it is quietest."""
QUIET_WITHIN_MS = 7000
"""How far back that place is looked for."""
MARKED_AFTER_MS = 60
"""The silence before a pause is marked (100 ms), less the voice before its end is (40 ms)."""
LEAD_MS = 300
"""Audio before speech goes on that belongs to it: soft consonants are not voiced."""
LEAST_LIKELY = 1e-4
"""A confidence of 0 has no logarithm."""


class Span(NamedTuple):
    """A part of the utterance that is recognised at once."""

    from_ms: int
    until_ms: int


@dataclass(frozen=True)
class Words:
    """Words from the beginning of the utterance, and how they were recognised."""

    text: str = ""
    confidence: float = 0.0
    """0..1: the mean of the pieces', weighted by their words."""
    eot_stt: float | None = None
    """Of the last piece that has words."""
    took_ms: float = 0.0
    """Of the last piece."""

    @property
    def count(self) -> int:
        """Words between blanks."""
        return len(self.text.split())

    def plus(self, heard: Recognition) -> Words:
        """Return these words with those of the piece that follows."""
        if not heard.text:
            return replace(self, took_ms=heard.took_ms)
        if not self.text:
            return Words(heard.text, heard.confidence, heard.eot_stt, heard.took_ms)
        before, more = self.count, len(heard.text.split())
        logs = before * _log(self.confidence) + more * _log(heard.confidence)
        confidence = math.exp(logs / max(1, before + more))
        return Words(f"{self.text} {heard.text}", confidence, heard.eot_stt, heard.took_ms)


class PauseTranscript(NamedTuple):
    """The words up to a pause; *pause* below 0: up to a cut in speech without pauses."""

    pause: int
    words: Words
    settled: str
    """The first words, which later audio does not change."""
    settled_ms: int
    """The end of their audio, which may be dropped."""


@dataclass(frozen=True)
class _Cut:
    """The end of a piece for good."""

    span: Span
    next_ms: int
    """Where the next piece begins: silence between the two is left out."""
    in_speech: bool
    """The cut is in speech: the words before it are a transcript of their own."""


class UtteranceWords:
    """Keeps the pieces of an utterance and their words; `wanted` names the pieces to recognise."""

    def __init__(self, settled: Words | None = None, settled_ms: int = 0) -> None:
        """Begin with the words that another worker settled, where there was one."""
        self.settled = settled or Words()
        self.settled_ms = settled_ms
        """Where the first piece begins whose words are not known yet."""
        self._cuts: list[_Cut] = []
        self._known: dict[Span, Recognition] = {}
        self._pauses: dict[int, Span] = {}
        """Pauses newer than the latest transcript that was published."""
        self._latest: tuple[int, Span] | None = None
        """The latest pause in the open piece."""
        self._silent = False
        self._last: Span | None = None
        """The last piece, where the utterance is over."""
        self._told_ms = 0

    @property
    def open_ms(self) -> int:
        """Where the open piece begins."""
        return self._cuts[-1].next_ms if self._cuts else self.settled_ms

    @property
    def wanted(self) -> list[Span]:
        """The parts whose words are needed and not known."""
        spans = [cut.span for cut in self._cuts]
        if self._last:
            spans.append(self._last)
        elif self._latest:
            spans.append(self._latest[1])
        return [span for span in dict.fromkeys(spans) if span not in self._known]

    # -------------------------------------------------------- what happens in the utterance

    def paused(self, pause: int, at_ms: int) -> None:
        """Take a pause that was marked at *at_ms*; one in what is settled says nothing new."""
        if at_ms < self.open_ms:
            return
        span = Span(self.open_ms, at_ms)
        self._latest, self._silent = (pause, span), True
        self._pauses[pause] = span

    def went_on(self, at_ms: int) -> None:
        """Take the end of a pause: the piece before it is cut off where it is worth it."""
        if not self._silent or self._latest is None:
            return
        self._silent = False
        span = self._latest[1]
        silence_ms = at_ms - span.until_ms + MARKED_AFTER_MS
        length_ms = span.until_ms - span.from_ms
        if (
            silence_ms >= LONG_SILENCE_MS
            or length_ms >= ENOUGH_MS
            or (silence_ms >= SILENCE_MS and length_ms >= LEAST_PIECE_MS)
        ):
            self._cut(span, max(span.until_ms, at_ms - LEAD_MS))

    def grown(self, now_ms: int, quiet_ms: Callable[[Span], int]) -> None:
        """Cut the open piece where it is too long; *quiet_ms* says where a part is quietest."""
        if now_ms - self.open_ms < LONGEST_PIECE_MS:
            return
        if self._latest and self._silent:
            span = self._latest[1]
            self._cut(span, span.until_ms)
        elif not self._silent:
            at_ms = quiet_ms(Span(now_ms - QUIET_WITHIN_MS, now_ms))
            self._cut(Span(self.open_ms, at_ms), at_ms, in_speech=True)

    def ended(self, at_ms: int, stands: int) -> None:
        """Take the end; the transcript of pause *stands* has all the words, 0: none has."""
        whole = stands and self._latest and self._latest[0] == stands
        open_ = Span(self.open_ms, max(self.open_ms, at_ms))
        self._last = self._latest[1] if whole and self._latest else open_
        self._silent = True

    def heard(self, span: Span, recognition: Recognition) -> Iterator[PauseTranscript]:
        """Take the words of *span*, and yield what is known for the first time by them."""
        self._known[span] = recognition
        while True:
            yield from self._transcripts()
            cut = self._cuts[0] if self._cuts else None
            if cut is None or cut.span not in self._known:
                return
            self.settled = self.settled.plus(self._known[cut.span])
            self.settled_ms = cut.next_ms
            del self._cuts[0]
            self._known = {s: k for s, k in self._known.items() if s.from_ms >= self.settled_ms}
            if cut.in_speech:
                self._told_ms = cut.span.until_ms
                yield self._transcript(-self.settled_ms, self.settled)

    # -------------------------------------------------------- what is known

    @property
    def final(self) -> Words:
        """The words of the whole utterance, once nothing is wanted any more."""
        return self.settled.plus(self._known[self._last]) if self._last else self.settled

    def partial(self, span: Span, recognition: Recognition) -> str | None:
        """Return the words so far of one who still speaks; None: something newer was told."""
        if span.from_ms != self.settled_ms or span.until_ms <= self._told_ms:
            return None
        self._told_ms = span.until_ms
        return self.settled.plus(recognition).text

    def _transcripts(self) -> Iterator[PauseTranscript]:
        """Yield the transcripts of pauses whose words are known up to there, the earliest first."""
        for pause, span in sorted(self._pauses.items()):
            if span.from_ms == self.settled_ms and span in self._known:
                self._pauses = {p: s for p, s in self._pauses.items() if p > pause}
                self._told_ms = span.until_ms
                yield self._transcript(pause, self.settled.plus(self._known[span]))

    def _transcript(self, pause: int, words: Words) -> PauseTranscript:
        return PauseTranscript(pause, words, self.settled.text, self.settled_ms)

    def _cut(self, span: Span, next_ms: int, *, in_speech: bool = False) -> None:
        self._cuts.append(_Cut(span, next_ms, in_speech))
        self._latest = None


def _log(confidence: float) -> float:
    return math.log(max(LEAST_LIKELY, confidence))
