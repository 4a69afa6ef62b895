"""What can be trusted of what Whisper says: loops, hallucinations, windows, cuts. Pure."""

import re
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from runtime.word_errors import WORD, words
from schemas.audio import RATE_HZ

Floats = npt.NDArray[np.float32]

FRAMES_PER_S: Final = 100
FULL_S: Final = 30.0
PIECE_S: Final = 28.0
"""Longest piece recognised at once: two seconds of the window stay silent, as Whisper expects."""
SHORT_S: Final = 1.5
TOKENS_PER_S: Final = 6
"""More than the fastest speaker says: 2 to 5 were seen."""
WORDS_PER_S: Final = 4.5
"""More than a hurried speaker says."""
SURE: Final = 0.8
"""Confidence below which words are heard once more, with care: a fifth of clear speech."""
CAREFUL_S: Final = 10.0
"""The least window of that second hearing."""
BEAMS: Final = 3
"""Its beams: five find nothing more. Measured in docs/adr/0020."""

_NOT_SPOKEN: Final = re.compile(r"\[[^\]]*\]|\([^)]*\)|[♪♫]+|<\|[^|]*\|>")
_PHANTOMS: Final = frozenset(
    {
        "",
        "you",
        "thank you",
        "thanks",
        "thank you very much",
        "thank you so much",
        "thanks for watching",
        "thank you for watching",
        "thanks for listening",
        "please subscribe",
        "bye",
        "bye bye",
        "the end",
        "i'm sorry",
        "so",
        "oh",
        "hmm",
        "um",
    }
)
"""What Whisper says to silence, learnt from video subtitles. People say most of it too, so it only
goes where the model itself doubts that somebody spoke."""


class Way(NamedTuple):
    """How a piece of audio is shown to the model."""

    window_s: float
    beams: int = 1

    def again(self, confidence: float) -> Self | None:
        """Return how to hear once more what gave *confidence* (0..1); None: that would not help.

        The full window is not heard twice: it would take longer than it is worth.
        """
        if confidence >= SURE or self.beams > 1 or self.window_s >= FULL_S:
            return None
        return self._replace(window_s=max(self.window_s, CAREFUL_S), beams=BEAMS)


def loops(text: str) -> bool:
    """Tell a model that repeats itself from a caller who does.

    Three words or more said twice in a row, one or two said four times in a row ("stop, stop,
    stop" passes), or the beginning said again. A wrong alarm only costs a try with a wider window.
    """
    said = words(text)
    for start in range(3, len(said) - 2):
        if said[start : start + 3] == said[:3]:
            return True
    for size in range(1, len(said) // 2 + 1):
        times = 2 if size >= 3 else 4
        for start in range(len(said) - times * size + 1):
            if said[start : start + size] * times == said[start : start + times * size]:
                return True
    return False


def unlooped(text: str, audio_s: float) -> str | None:
    """Return what *text* says over and over, once; None where it does not only repeat itself.

    A narrow window makes Whisper say a right sentence again until it is cut off: the first time
    is as good as what a wider window hears. Three words at least, begun a second time, and more
    words in all than *audio_s* can hold: a caller who does repeat himself needs the time for it.
    The last word does not count: the model was cut off in it.
    """
    said = words(text)
    if len(said) < WORDS_PER_S * audio_s:
        return None
    for size in range(3, len(said) - 2):
        if all(said[at] == said[at - size] for at in range(size, len(said) - 1)):
            end = [match.end() for match in WORD.finditer(text)][size - 1]
            mark = text[end : end + 1]
            return text[:end] + (mark if mark in ".?!" else "")
    return None


def cleaned(text: str, no_speech: float, confidence: float) -> str:
    """Return *text* without what nobody said.

    *no_speech* is Whisper's own probability (0..1) that there is no speech.
    """
    text = " ".join(_NOT_SPOKEN.sub(" ", text).split())
    said = words(text)
    if not said or (no_speech > 0.6 and confidence < 0.37):  # OpenAI's rule: mean log prob < -1
        return ""
    doubtful = no_speech > 0.4 or confidence < 0.3
    return "" if doubtful and " ".join(said) in _PHANTOMS else text


def most_tokens(audio_s: float) -> int:
    """Return how many tokens *audio_s* of speech can hold; more is a loop."""
    return 8 + int(TOKENS_PER_S * audio_s)


def windows_s(audio_s: float, narrow_s: tuple[float, ...]) -> list[float]:
    """Return the windows to try in turn: those of *narrow_s* with room for the audio, then 30 s.

    A single short word is rarely heard right with less than 15 s.
    """
    least = 15.0 if audio_s < SHORT_S else 0.0
    return [each for each in narrow_s if audio_s + 0.5 <= each and each >= least] + [FULL_S]


def pieces(samples: Floats) -> list[Floats]:
    """Return float32 [samples] cut at quiet spots into pieces of at most PIECE_S."""
    limit = int(PIECE_S * RATE_HZ)
    found = []
    while len(samples) > limit:
        cut = _quiet_spot(samples[limit // 2 : limit]) + limit // 2
        found.append(samples[:cut])
        samples = samples[cut:]
    return [*found, samples]


def _quiet_spot(samples: Floats) -> int:
    """Return the middle of the quietest 200 ms."""
    hop = RATE_HZ // 50
    energy = np.square(samples[: len(samples) // hop * hop].reshape(-1, hop)).mean(axis=1)
    smooth = np.convolve(energy, np.ones(10), mode="valid")
    return (int(smooth.argmin()) + 5) * hop
