"""The speech of the measurements: Aura's own voice, and recordings of people if there are any."""

import os
from pathlib import Path

import numpy as np

from runtime.audio.conversion import read_wav
from runtime.settings import load
from schemas.audio import RATE_HZ
from workers.engines import factory

SENTENCES = (
    "Hello, how are you today?",
    "What is the weather like in Paris this afternoon?",
    "Please set a timer for ten minutes and tell me a short joke while we wait.",
)
SHARED = Path(__file__).parents[2] / "shared"


def spoken() -> dict[str, bytes]:
    """Return a few sentences in Aura's own voice, s16le mono 16 kHz, with a little room noise."""
    voice = factory.synthesizer(load(tts_engine="piper"))
    noise = np.random.default_rng(7)
    made = {}
    for number, sentence in enumerate(SENTENCES):
        pcm = np.frombuffer(b"".join(voice.synthesize(sentence)), np.int16).astype(np.int32)
        pcm = pcm + noise.normal(0, 6, pcm.size).astype(np.int32)
        made[f"u{number}"] = np.clip(pcm, -32768, 32767).astype("<i2").tobytes()
    return made


def people() -> dict[str, bytes]:
    """Return the recordings of people in $AURA_BENCH_AUDIO, or in the shared folder."""
    folder = Path(os.environ.get("AURA_BENCH_AUDIO") or SHARED / "audio")
    return {path.stem: read_wav(path.read_bytes()) for path in sorted(folder.glob("*.wav"))}


def buzz(ms: int, amplitude: int = 6000) -> bytes:
    """Return a sound that a voice detector takes for speech, s16le mono 16 kHz."""
    t = np.arange(RATE_HZ * ms // 1000) / RATE_HZ
    pitch = 140 + 30 * np.sin(2 * np.pi * 3 * t)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
    sound = sum(np.sin(k * phase) / k for k in range(1, 12))
    loudness = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * t)
    return (sound * loudness * amplitude / 2).astype("<i2").tobytes()
