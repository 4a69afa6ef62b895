"""The sound of each step, s16le mono 16 kHz: spoken text, a recording, or a noise."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aura.cli.evaluation.suite import Step, Suite, SuiteError
from runtime.audio.conversion import read_wav
from runtime.audio.wav import NotAudioError
from schemas.audio import RATE_HZ

Say = Callable[[str], bytes]


def sounds(suite: Suite, folder: Path, say: Say) -> dict[Step, bytes]:
    """Return the sound of every step; *say* speaks a text, each text once.

    Raises:
        SuiteError: a recording is missing or is no audio.
    """
    spoken: dict[str, bytes] = {}
    sounds_of: dict[Step, bytes] = {}
    for scenario in suite.scenarios:
        for step in scenario.steps:
            if step.say:
                if step.say not in spoken:
                    spoken[step.say] = say(step.say)
                sounds_of[step] = spoken[step.say]
            elif step.wav:
                sounds_of[step] = _recording(folder / step.wav)
            else:
                sounds_of[step] = noise(step.noise)
    return sounds_of


def _recording(file: Path) -> bytes:
    try:
        return read_wav(file.read_bytes())
    except OSError as error:
        raise SuiteError(f"{file}: {error.strerror}") from error
    except NotAudioError as error:
        raise SuiteError(f"{file} is not a recording: expected {error}") from error


def noise(name: str) -> bytes:
    """Return a noise without speech, which is always the same."""
    random = np.random.default_rng(7)
    made: NDArray[np.float64]
    match name:
        case "cough":  # two bursts of breath, 180 ms each
            burst = random.normal(0, 1, 2880) * np.exp(-np.arange(2880) / 700)
            made = np.concatenate([burst, np.zeros(1600), 0.7 * burst]) * 5000
        case "knock":
            t = np.arange(1200) / RATE_HZ
            tap = np.sin(2 * np.pi * 180 * t) * np.exp(-t * 107)
            made = np.concatenate([tap, np.zeros(3000)] * 3) * 12000
        case "hum":  # mains hum and its harmonics, one second
            t = np.arange(RATE_HZ) / RATE_HZ
            waves = [np.sin(2 * np.pi * f * t) / k for k, f in enumerate((50, 100, 150), 1)]
            made = np.sum(waves, axis=0) * 600
        case _:  # hiss of a bad line, one second
            made = random.normal(0, 60, RATE_HZ)
    return np.clip(made, -32768, 32767).astype("<i2").tobytes()
