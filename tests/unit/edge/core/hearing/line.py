"""A loudspeaker beside a microphone, for tests: voices that nobody spoke, in simulated time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge.core.hearing.caller_audio import CallerAudio
from edge.core.messages.client_events import Speech
from edge.core.messages.inputs import Sound

Samples = npt.NDArray[np.float64]
RATE_HZ = 16_000
START_MS = 1_000_000
NOISE_RMS = 33


def voice(seconds: float, seed: int) -> Samples:
    """Return a sound with the pitch, the syllables and the formants of a voice, of rms 2000."""
    rng = np.random.default_rng(seed)
    size = int(seconds * RATE_HZ)
    pitch = rng.uniform(90, 220) * (1 + 0.15 * np.repeat(rng.normal(size=size // 3200 + 1), 3200))
    phase = 2 * np.pi * np.cumsum(pitch[:size]) / RATE_HZ
    harmonics = np.polyval([1] * 39 + [0], np.exp(1j * phase)).imag
    buzz = harmonics + rng.normal(0, 0.5, size)
    out = np.zeros(size)
    at = 0
    while at < size:
        length = int(rng.uniform(0.08, 0.25) * RATE_HZ)
        part = buzz[at : at + length]
        if part.size > 400 and rng.random() < 0.85:
            hz = np.fft.rfftfreq(part.size, 1 / RATE_HZ)
            formants = [rng.uniform(300, 800), rng.uniform(900, 2300), rng.uniform(2400, 3600)]
            shape = sum(np.exp(-(((hz - f) / 150) ** 2)) / n for n, f in enumerate(formants, 1))
            sound = np.fft.irfft(np.fft.rfft(part) * (shape + 0.01), part.size)
            out[at : at + part.size] = sound * np.hanning(part.size) * rng.uniform(0.5, 1)
        at += length
    scaled: Samples = out / np.sqrt((out**2).mean()) * 2000
    return scaled


def room(seconds: float, direct_db: float = -6) -> Samples:
    """Return a room's answer to a click, of energy 1."""
    at = np.arange(int(seconds * RATE_HZ))
    answer = np.random.default_rng(3).normal(size=at.size) * 10 ** (-3 * at / max(1, at.size))
    answer /= np.sqrt((answer**2).sum())
    answer[0] = 10 ** (direct_db / 20)
    scaled: Samples = answer / np.sqrt((answer**2).sum())
    return scaled


def echo_of(response: Samples, gain_db: float, delay_ms: int, room_s: float = 0) -> Samples:
    """Return what comes back of *response*, as long as it."""
    heard = response
    if room_s:
        size = 2 * len(response)  # by the spectrum: many times faster than np.convolve
        heard = np.fft.irfft(np.fft.rfft(response, size) * np.fft.rfft(room(room_s), size), size)
    late = np.concatenate([np.zeros(delay_ms * 16), heard])[: len(response)]
    quieter: Samples = late * 10 ** (gain_db / 20)
    return quieter


def with_noise(sound: Samples, seed: int = 9) -> Samples:
    """Return *sound* with a microphone's noise, -60 dBFS."""
    noisy: Samples = sound + np.random.default_rng(seed).normal(0, NOISE_RMS, sound.size)
    return noisy


def pcm(samples: Samples) -> bytes:
    return np.clip(np.round(samples), -32768, 32767).astype("<i2").tobytes()


def hear(
    audio: CallerAudio,
    response: Samples,
    microphone: Samples,
    *,
    piece_ms: int = 64,
    ahead_ms: int = 240,
    late_ms: int = 0,
    seed: int = 5,
) -> list[Sound]:
    """Return the frames of *microphone*, each up to *late_ms* late, while *response* is played."""
    rng, sounds, sent, arrives_ms = np.random.default_rng(seed), [], 0, 0
    for at in range(0, len(microphone) - 319, 320):
        arrives_ms = max(arrives_ms, (at + 320) // 16 + int(rng.integers(0, late_ms + 1)))
        while sent < len(response) and sent < (arrives_ms + ahead_ms) * 16:
            piece = response[sent : sent + piece_ms * 16]
            audio.note_sent(Speech(1, "", pcm(piece), ends=False), START_MS + arrives_ms)
            sent += piece_ms * 16
        sounds.append(audio.hear(pcm(microphone[at : at + 320]), START_MS + arrives_ms))
    return sounds


def voiced(sounds: list[Sound]) -> list[bool]:
    return [one for sound in sounds for one in sound.voiced]


def longest_ms(verdicts: list[bool]) -> int:
    """Return the longest voice in *verdicts*, gaps of less than 100 ms inside included."""
    longest = length = gap = 0
    for one in verdicts:
        gap = 0 if one else gap + 1
        length = 0 if gap >= 5 else length + one
        longest = max(longest, length)
    return longest * 20
