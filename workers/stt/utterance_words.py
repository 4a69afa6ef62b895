"""The words of one utterance, from recognitions of its pieces in any order. Pure.

    |-- settled --|-- a cut: being recognised --|-- the open piece ...
                                                |---- up to a pause ----|

Audio before a cut is recognised once, so that the cost is linear in the length of the speech, and a
pause after ten minutes takes no longer than after three seconds. Times are ms from its beginning.

    SPEAKS, PAUSES, CUT --pause--> PAUSES
    PAUSES, CUT --go on--> SPEAKS
    PAUSES --cut--> CUT
    SPEAKS, PAUSES, CUT --end--> OVER

A pause may end the piece before it: at once if the piece is too long, else when the caller goes on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import NamedTuple

from runtime.moves import moved
from workers.engines.protocols import Recognition

SILENCE_MS = 250
"""A silence of this length separates words that can be recognised apart."""
LONG_SILENCE_MS = 600
"""A silence of this length separates words even in a piece shorter than LEAST_PIECE_MS."""
LEAST_PIECE_MS = 2000
"""The shortest piece that SILENCE_MS of silence ends: some context reduces errors."""
FULL_PIECE_MS = 5000
"""A piece of this length ends at any pause: the shortest window of the recogniser is full."""
LONGEST_PIECE_MS = 14_000
"""A piece of this length without such a pause is cut at its quietest place."""
QUIET_WITHIN_MS = 7000
"""The audio before the end in which that place is searched."""
MARKED_AFTER_MS = 60
"""The delay of a pause's mark (100 ms), less that of its end (40 ms)."""
SPEECH_LEAD_MS = 300
"""Audio before detected speech that belongs to it: soft consonants are not voiced."""
LEAST_CONFIDENCE = 1e-4
"""A confidence of 0 has no logarithm."""


class AudioPart(NamedTuple):
    """A part of the utterance that is recognised at once."""

    from_ms: int
    until_ms: int


@dataclass(frozen=True)
class RecognisedWords:
    """Words from the beginning of the utterance, with the figures of their recognition."""

    text: str = ""
    confidence: float = 0.0
    """0..1: the mean of the pieces', weighted by their words."""
    eot_stt: float | None = None
    """The probability of the last piece with words."""
    took_ms: float = 0.0
    """The duration of the last piece's recognition."""

    @property
    def count(self) -> int:
        """Return the number of words."""
        return len(self.text.split())

    def plus(self, new: Recognition) -> RecognisedWords:
        """Return these words and those of the next piece."""
        if not new.text:
            return replace(self, took_ms=new.took_ms)
        if not self.text:
            return RecognisedWords(new.text, new.confidence, new.eot_stt, new.took_ms)
        before, more = self.count, len(new.text.split())
        logs = before * _log(self.confidence) + more * _log(new.confidence)
        confidence = math.exp(logs / max(1, before + more))
        return RecognisedWords(f"{self.text} {new.text}", confidence, new.eot_stt, new.took_ms)


class PauseTranscript(NamedTuple):
    """The transcript up to a pause, or up to a cut in speech without pauses."""

    pause: int
    """The number of the pause; 0: a cut."""
    words: RecognisedWords
    settled: str
    """The first words, which later audio does not change."""
    settled_ms: int
    """The end of their audio, which may be dropped."""

    @property
    def cut_ms(self) -> int:
        """Return the time of the cut, ms; 0: a pause."""
        return 0 if self.pause else self.settled_ms


@dataclass(frozen=True)
class _Cut:
    """The final end of a piece."""

    part: AudioPart
    next_ms: int
    """The start of the next piece, after the silence between the two."""
    in_speech: bool
    """Whether the cut is in speech, so that the words before it are published too."""


class PiecePhase(Enum):
    """Whether the open piece may be cut, and where."""

    SPEAKS = auto()
    """Anywhere, since the caller speaks."""
    PAUSES = auto()
    """At the latest pause, in which the caller still is."""
    CUT = auto()
    """Nowhere: the piece before was cut at the pause in which the caller still is."""
    OVER = auto()
    """The last piece is over."""


class PieceMove(Enum):
    """The moves between phases."""

    PAUSE = auto()
    GO_ON = auto()
    CUT = auto()
    END = auto()


SPEAKS, PAUSES, CUT, OVER = PiecePhase

PIECE_MOVES: Mapping[tuple[PiecePhase, PieceMove], PiecePhase] = {
    (SPEAKS, PieceMove.PAUSE): PAUSES,
    (PAUSES, PieceMove.PAUSE): PAUSES,
    (CUT, PieceMove.PAUSE): PAUSES,
    (PAUSES, PieceMove.GO_ON): SPEAKS,
    (CUT, PieceMove.GO_ON): SPEAKS,
    (PAUSES, PieceMove.CUT): CUT,
    (SPEAKS, PieceMove.END): OVER,
    (PAUSES, PieceMove.END): OVER,
    (CUT, PieceMove.END): OVER,
}


class UtteranceWords:
    """Keeps the pieces of an utterance and their words; `wanted` names the pieces to recognise."""

    def __init__(self, settled: RecognisedWords | None = None, settled_ms: int = 0) -> None:
        """Begin with the words that another worker settled, if there was one."""
        self.settled = settled or RecognisedWords()
        self.settled_ms = settled_ms
        """The start of the first piece without known words."""
        self._cuts: list[_Cut] = []
        self._known: dict[AudioPart, Recognition] = {}
        self._pauses: dict[int, AudioPart] = {}
        """Pauses newer than the latest transcript that was published."""
        self._phase = SPEAKS
        self._latest: tuple[int, AudioPart] | None = None
        """The latest pause in the open piece, and the piece up to it. In PAUSES there is one, in
        SPEAKS there may be one, in CUT there is none."""
        self._last: AudioPart | None = None
        """The last piece, in OVER alone."""
        self._reported_ms = 0

    @property
    def open_ms(self) -> int:
        """Return the start of the open piece."""
        return self._cuts[-1].next_ms if self._cuts else self.settled_ms

    @property
    def wanted(self) -> list[AudioPart]:
        """Return the parts whose words are needed and not known."""
        parts = [cut.part for cut in self._cuts]
        if self._last:
            parts.append(self._last)
        elif self._latest:
            parts.append(self._latest[1])
        return [part for part in dict.fromkeys(parts) if part not in self._known]

    # -------------------------------------------------------- events of the utterance

    def paused(self, pause: int, at_ms: int) -> None:
        """Take a pause that was marked at *at_ms*; one in settled audio is ignored.

        Raises:
            IllegalMoveError: the utterance is over.
        """
        if at_ms < self.open_ms:
            return
        self._move(PieceMove.PAUSE)
        part = AudioPart(self.open_ms, at_ms)
        self._latest = (pause, part)
        self._pauses[pause] = part

    def went_on(self, at_ms: int) -> None:
        """Take the end of a pause, which may end the piece before it."""
        if self._phase not in {PAUSES, CUT}:
            return
        self._move(PieceMove.GO_ON)
        if self._latest is None:
            self._open_at(at_ms - SPEECH_LEAD_MS)
            return
        part = self._latest[1]
        silence_ms = at_ms - part.until_ms + MARKED_AFTER_MS
        length_ms = part.until_ms - part.from_ms
        if (
            silence_ms >= LONG_SILENCE_MS
            or length_ms >= FULL_PIECE_MS
            or (silence_ms >= SILENCE_MS and length_ms >= LEAST_PIECE_MS)
        ):
            self._cut(part, max(part.until_ms, at_ms - SPEECH_LEAD_MS))

    def grown(self, now_ms: int, quiet_ms: Callable[[AudioPart], int]) -> None:
        """Cut the open piece if it is too long; *quiet_ms* returns the quietest place of a part."""
        if now_ms - self.open_ms < LONGEST_PIECE_MS:
            return
        if self._phase is PAUSES and self._latest:
            self._move(PieceMove.CUT)
            part = self._latest[1]
            self._cut(part, part.until_ms)
        elif self._phase is SPEAKS:
            at_ms = quiet_ms(AudioPart(now_ms - QUIET_WITHIN_MS, now_ms))
            self._cut(AudioPart(self.open_ms, at_ms), at_ms, in_speech=True)

    def ended(self, at_ms: int, final_pause: int) -> None:
        """Take the end; the transcript of *final_pause* has all the words (0: none has).

        Raises:
            IllegalMoveError: the utterance was over.
        """
        self._move(PieceMove.END)
        whole = final_pause and self._latest and self._latest[0] == final_pause
        open_ = AudioPart(self.open_ms, max(self.open_ms, at_ms))
        self._last = self._latest[1] if whole and self._latest else open_

    def _move(self, move: PieceMove) -> None:
        self._phase = moved(PIECE_MOVES, self._phase, move)

    def recognised(self, part: AudioPart, recognition: Recognition) -> Iterator[PauseTranscript]:
        """Take the words of *part*, and yield the transcripts that they complete."""
        self._known[part] = recognition
        while True:
            yield from self._transcripts()
            cut = self._cuts[0] if self._cuts else None
            if cut is None or cut.part not in self._known:
                return
            self.settled = self.settled.plus(self._known[cut.part])
            self.settled_ms = cut.next_ms
            del self._cuts[0]
            self._known = {s: k for s, k in self._known.items() if s.from_ms >= self.settled_ms}
            if cut.in_speech:
                self._reported_ms = cut.part.until_ms
                yield self._transcript(0, self.settled)

    # -------------------------------------------------------- results

    @property
    def final(self) -> RecognisedWords:
        """Return the words of the whole utterance, once all are known."""
        return self.settled.plus(self._known[self._last]) if self._last else self.settled

    def partial(self, part: AudioPart, recognition: Recognition) -> str | None:
        """Return the partial transcript; None: a newer one was published."""
        if part.from_ms != self.settled_ms or part.until_ms <= self._reported_ms:
            return None
        self._reported_ms = part.until_ms
        return self.settled.plus(recognition).text

    def _transcripts(self) -> Iterator[PauseTranscript]:
        """Yield the transcripts of pauses up to which all words are known, the earliest first."""
        for pause, part in sorted(self._pauses.items()):
            if part.from_ms == self.settled_ms and part in self._known:
                self._pauses = {p: s for p, s in self._pauses.items() if p > pause}
                self._reported_ms = part.until_ms
                yield self._transcript(pause, self.settled.plus(self._known[part]))

    def _transcript(self, pause: int, words: RecognisedWords) -> PauseTranscript:
        return PauseTranscript(pause, words, self.settled.text, self.settled_ms)

    def _open_at(self, at_ms: int) -> None:
        """Have the open piece begin at *at_ms*, after the silence at its beginning."""
        at_ms = max(self.open_ms, at_ms)
        if self._cuts:
            self._cuts[-1] = replace(self._cuts[-1], next_ms=at_ms)
        else:
            self.settled_ms = at_ms

    def _cut(self, part: AudioPart, next_ms: int, *, in_speech: bool = False) -> None:
        self._cuts.append(_Cut(part, next_ms, in_speech))
        self._latest = None


def _log(confidence: float) -> float:
    return math.log(max(LEAST_CONFIDENCE, confidence))
