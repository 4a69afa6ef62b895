"""Recordings of people and the phrases in them: s16le mono 16 kHz.

They are WAVs in the folder $AURA_BENCH_AUDIO; its `labels.json` has for each file its `words` and
its `pauses`, pairs of seconds.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.recordings import SHARED
from runtime.audio.conversion import read_wav
from schemas.audio import BYTES_PER_MS

HOW = (
    "set AURA_BENCH_AUDIO to a folder; `python -m benchmarks.people.prompts FOLDER` makes one "
    "from packages of Debian"
)
"""Advice if there are none."""
PHRASE_S = (1.2, 7.0)
"""The shortest and the longest phrases in use."""
PAUSE_S = 0.3
EDGE_S = 0.06
"""The part of the pauses before and after a phrase that is kept."""
LEAST_SPEECH_S = 0.05
"""The least speech before a pause and after it."""


@dataclass(frozen=True)
class Recording:
    """One file."""

    name: str
    pcm: bytes
    words: str
    """Empty: not known."""
    pauses: tuple[tuple[float, float], ...]
    """Begin and end of each pause inside, s."""
    speech: tuple[float, float]
    """Begin and end of the speech, s."""

    @property
    def pauses_ms(self) -> list[tuple[int, int]]:
        """Return the pauses after which the speaker goes on, ms."""
        first, last = self.speech[0] + LEAST_SPEECH_S, self.speech[1] - LEAST_SPEECH_S
        inside = (pause for pause in self.pauses if pause[0] > first and pause[1] < last)
        return [(round(begins * 1000), round(ends * 1000)) for begins, ends in inside]

    @property
    def done_ms(self) -> int:
        """Return the end of the speech, ms."""
        return round(self.speech[1] * 1000)


def folder() -> Path:
    return Path(os.environ.get("AURA_BENCH_AUDIO") or SHARED / "audio" / "people")


def recordings() -> list[Recording]:
    """Return the recordings in the folder; none where it is missing."""
    labels = folder() / "labels.json"
    known: dict[str, dict[str, Any]] = {}
    if labels.exists():
        known = {label["file"]: label for label in json.loads(labels.read_text(encoding="utf-8"))}
    read = []
    for path in sorted(folder().glob("*.wav")):
        fields = known.get(path.name, {})
        pcm = read_wav(path.read_bytes())
        length_s = len(pcm) / BYTES_PER_MS / 1000
        read.append(
            Recording(
                path.stem,
                pcm,
                fields.get("words", ""),
                tuple((begins, ends) for begins, ends in fields.get("pauses", ())),
                tuple(fields.get("speech", (0.0, length_s))),
            )
        )
    return read


def labelled() -> list[Recording]:
    """Return the recordings whose words are known; print how to get some if there are none."""
    known = [recording for recording in recordings() if recording.words]
    if not known:
        print(f"!! SKIPPED: no recordings with words in {folder()}: {HOW}")
    return known


def phrases() -> dict[str, bytes]:
    """Return the phrases between pauses, by recording and place."""
    by_pause = {}
    for recording in recordings():
        begins_s = recording.speech[0]
        for pause in (*recording.pauses, (recording.speech[1], recording.speech[1] + 1)):
            if pause[1] - pause[0] < PAUSE_S:
                continue
            if PHRASE_S[0] <= pause[0] - begins_s <= PHRASE_S[1]:
                cut = recording.pcm[_at(begins_s - EDGE_S) : _at(pause[0] + EDGE_S)]
                by_pause[f"{recording.name} {begins_s:.1f} s"] = cut
            begins_s = pause[1]
    return by_pause


def _at(seconds: float) -> int:
    return max(0, int(seconds * 1000)) * BYTES_PER_MS


def loudness(pcm: bytes) -> npt.NDArray[np.float64]:
    """Return the root mean square of each frame of 20 ms in *pcm*."""
    frames = np.frombuffer(pcm, "<i2")[: len(pcm) // 640 * 320].reshape(-1, 320)
    rms: npt.NDArray[np.float64] = np.sqrt((frames.astype(np.float64) ** 2).mean(axis=1))
    return rms


def first_loud_s(pcm: bytes) -> float:
    """Return the place of the first audible sound of *pcm*, s."""
    rms = loudness(pcm)
    return int(np.argmax(rms > 0.1 * rms.max())) * 0.02
