"""Checks Whisper's text for loops and hallucinations, and cuts its audio into windows. Pure."""

import re
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from runtime.text.word_errors import WORD, words
from schemas.audio import RATE_HZ

Floats = npt.NDArray[np.float32]

COLUMNS_PER_S: Final = 100
"""The columns of a spectrogram: 10 ms each."""
FULL_S: Final = 30.0
PIECE_S: Final = 28.0
"""The longest piece; the window's last two seconds are silent, as in training."""
SHORT_S: Final = 1.5
TOKENS_PER_S: Final = 6
"""The most tokens a second; fast speakers say 2 to 5 words."""
WORDS_PER_S: Final = 4.5
"""The words a second above which no caller repeats a sentence."""
SURE_CONFIDENCE: Final = 0.8
"""The confidence below which a piece is decoded again; a fifth of clear speech is below it."""
CAREFUL_S: Final = 10.0
"""The shortest window of the second decoding."""
BEAMS: Final = 3
"""The beams of the second decoding; five find nothing more (docs/adr/0020)."""

_NOT_SPOKEN: Final = re.compile(r"\[[^\]]*\]|\([^)]*\)|[♪♫]+|<\|[^|]*\|>")
_PHANTOMS: Final = frozenset(
    "you/thank you/thanks/thank you very much/thank you so much/thanks for watching/"
    "thank you for watching/thanks for listening/please subscribe/bye/bye bye/the end/"
    "i'm sorry/so/oh/hmm/um".split("/")
)
"""Texts that Whisper writes for silence, since it was trained on video subtitles. Callers say most
of them too, so they are dropped only if the model itself doubts that there was speech."""
_HUM_LETTERS: Final = frozenset({"m", "h"})
"""Whisper may write a hum as letters: "M. H. M. H."."""


class Way(NamedTuple):
    """A way to decode a piece: the length of its window, and the number of beams."""

    window_s: float
    beams: int = 1

    def second_decoding(self, confidence: float) -> Self | None:
        """Return the way of the second decoding after *confidence* (0..1), or None for none.

        The full window is not decoded twice, since that takes too long.
        """
        if confidence >= SURE_CONFIDENCE or self.beams > 1 or self.window_s >= FULL_S:
            return None
        return self._replace(window_s=max(self.window_s, CAREFUL_S), beams=BEAMS)


def loops(text: str) -> bool:
    """Tell whether *text* repeats itself like a model in a loop, and unlike a caller.

    A loop is three words or more twice in a row, one or two words four times in a row ("stop,
    stop, stop" passes), or the beginning said again. A false alarm costs one wider window.
    """
    spoken = words(text)
    for start in range(3, len(spoken) - 2):
        if spoken[start : start + 3] == spoken[:3]:
            return True
    for size in range(1, len(spoken) // 2 + 1):
        times = 2 if size >= 3 else 4
        for start in range(len(spoken) - times * size + 1):
            if spoken[start : start + size] * times == spoken[start : start + times * size]:
                return True
    return False


def unlooped(text: str, audio_s: float) -> str | None:
    """Return the sentence that *text* repeats, or None if *text* is no mere repetition.

    In a narrow window, Whisper may repeat a correct sentence until the text is cut off; the first
    copy is as good as the result of a wider window. A repetition is a sentence of at least three
    words, begun a second time, with more words in all than *audio_s* can hold, since a caller who
    repeats a sentence needs the time. The last word may differ, because the text was cut off in it.
    """
    spoken = words(text)
    if len(spoken) < WORDS_PER_S * audio_s:
        return None
    for size in range(3, len(spoken) - 2):
        if all(spoken[at] == spoken[at - size] for at in range(size, len(spoken) - 1)):
            end = [match.end() for match in WORD.finditer(text)][size - 1]
            mark = text[end : end + 1]
            return text[:end] + (mark if mark in ".?!" else "")
    return None


def cleaned(text: str, no_speech: float, confidence: float) -> str:
    """Return *text* without descriptions of sound and without texts that are written for silence.

    *no_speech*: Whisper's probability (0..1) that there is no speech.
    """
    text = " ".join(_NOT_SPOKEN.sub(" ", text).split())
    spoken = words(text)
    if not spoken or (no_speech > 0.6 and confidence < 0.37):  # OpenAI's rule: mean log prob < -1
        return ""
    if len(spoken) > 1 and _HUM_LETTERS.issuperset(spoken):
        return "Mhm."
    doubtful = no_speech > 0.4 or confidence < 0.3
    return "" if doubtful and " ".join(spoken) in _PHANTOMS else text


def most_tokens(audio_s: float) -> int:
    """Return the most tokens that *audio_s* of speech can hold; more tokens are a loop."""
    return 8 + int(TOKENS_PER_S * audio_s)


def windows_s(audio_s: float, narrow_s: tuple[float, ...]) -> list[float]:
    """Return the windows to try in order: those of *narrow_s* that fit the audio, then 30 s.

    A single short word is rarely recognised in less than 15 s.
    """
    least_s = max(15.0 if audio_s < SHORT_S else 0.0, audio_s + 0.5)
    return [window_s for window_s in narrow_s if window_s >= least_s] + [FULL_S]


def pieces(samples: Floats) -> list[Floats]:
    """Cut float32 [samples] at quiet spots into pieces of at most PIECE_S."""
    limit = int(PIECE_S * RATE_HZ)
    cut_pieces = []
    while len(samples) > limit:
        cut = _quiet_spot(samples[limit // 2 : limit]) + limit // 2
        cut_pieces.append(samples[:cut])
        samples = samples[cut:]
    return [*cut_pieces, samples]


def _quiet_spot(samples: Floats) -> int:
    """Return the middle of the quietest 200 ms, in samples."""
    hop = RATE_HZ // 50
    energy = np.square(samples[: len(samples) // hop * hop].reshape(-1, hop)).mean(axis=1)
    smooth = np.convolve(energy, np.ones(10), mode="valid")
    return (int(smooth.argmin()) + 5) * hop
