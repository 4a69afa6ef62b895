"""Constant noises, and short sounds without speech: int16 values at 16 kHz. Pure except babble."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from benchmarks.people.recordings import loudness, recordings

RATE_HZ = 16_000
LOOP_S = 20
MURMUR = ((250, 60, 1), (1000, 100, 0.08), (2200, 150, 0.05), (3000, 200, 0.02))
"""Resonances of a closed mouth: Hz, half width in Hz, gain."""
Samples = npt.NDArray[np.float64]


def _shaped(rng: np.random.Generator, gain: Callable[[Samples], Samples]) -> Samples:
    """Return noise whose spectrum is *gain* of the frequency in Hz."""
    length = RATE_HZ * LOOP_S
    spectrum = np.fft.rfft(rng.normal(size=length))
    hz = np.maximum(np.fft.rfftfreq(length, 1 / RATE_HZ), 20)
    return np.asarray(np.fft.irfft(spectrum * gain(hz), length))


def white(rng: np.random.Generator) -> Samples:
    return rng.normal(size=RATE_HZ * LOOP_S)


def pink(rng: np.random.Generator) -> Samples:
    return _shaped(rng, lambda hz: hz**-0.5)


def car(rng: np.random.Generator) -> Samples:
    return _shaped(rng, lambda hz: 1 / hz**1.2)


def fan(rng: np.random.Generator) -> Samples:
    """Return noise below 800 Hz and the hum of a motor."""
    rush = _shaped(rng, lambda hz: 1 / (1 + (hz / 800) ** 4))
    t = np.arange(rush.size) / RATE_HZ
    hum = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 5))
    with_hum: Samples = rush / rush.std() + 0.5 * np.asarray(hum)
    return with_hum


def rain(rng: np.random.Generator) -> Samples:
    hiss = _shaped(rng, lambda hz: hz / (hz + 2000))
    drops = np.zeros(hiss.size)
    for at in rng.integers(0, hiss.size - 200, 40 * LOOP_S):
        drops[at : at + 200] += rng.normal(size=200) * np.exp(-np.arange(200) / 40)
    both: Samples = hiss / hiss.std() + 1.5 * drops
    return both


def street(rng: np.random.Generator) -> Samples:
    """Return passing cars, and a horn now and then."""
    rush = _shaped(rng, lambda hz: 1 / (hz**0.8 + 100))
    t = np.arange(rush.size) / RATE_HZ
    rush = np.asarray(rush / rush.std()) * (0.7 + 0.5 * np.sin(2 * np.pi * t * 3 / LOOP_S))
    for at in rng.uniform(0, LOOP_S - 1, 3):
        here = (t >= at) & (t < at + 0.5)
        rush[here] += np.sin(2 * np.pi * 420 * t[here]) + np.sin(2 * np.pi * 525 * t[here])
    return rush


def music(rng: np.random.Generator) -> Samples:
    """Return chords and a beat."""
    out = np.zeros(RATE_HZ * LOOP_S)
    step = RATE_HZ // 4
    for number in range(out.size // step):
        t = np.arange(step) / RATE_HZ
        root = 220 * 2 ** (int(rng.choice([0, 3, 5, 7, 10])) / 12)
        chord = sum(np.sin(2 * np.pi * root * f * t) / f for f in (1, 1.26, 1.5, 2, 3, 4))
        here = slice(number * step, (number + 1) * step)
        out[here] += np.asarray(chord) * np.exp(-t * 4)
        out[here] += rng.normal(size=step) * np.exp(-t * 60)
    return out


def babble(rng: np.random.Generator) -> Samples:
    """Return six voices at once, from the recordings of people."""
    out = np.zeros(RATE_HZ * LOOP_S)
    voices = [np.frombuffer(recording.pcm, "<i2").astype(np.float64) for recording in recordings()]
    for number in range(6):
        voice = voices[number % len(voices)]
        voice = np.roll(voice, int(rng.integers(voice.size)))
        voice = voice / max(1.0, voice.std())
        out += np.resize(voice[:: -1 if number % 2 else 1], out.size)
    return out


KINDS: Mapping[str, Callable[[np.random.Generator], Samples]] = {
    "white": white,
    "pink": pink,
    "car": car,
    "fan": fan,
    "rain": rain,
    "street": street,
    "music": music,
    "babble": babble,
}


def at_level(kind: str, below_db: float, speech: bytes) -> npt.NDArray[np.float32]:
    """Return the noise *kind*, *below_db* under the level of *speech* (s16le mono 16 kHz)."""
    noise = KINDS[kind](np.random.default_rng(7))
    level = speech_rms(speech) / 10 ** (below_db / 20)
    scaled = noise / noise.std() * level
    return np.asarray(scaled, np.float32)


def speech_rms(pcm: bytes) -> float:
    """Return the level of the frames of *pcm* in which somebody speaks."""
    rms = loudness(pcm)
    return float(np.sqrt((rms[rms > 0.1 * rms.max()] ** 2).mean()))


# ---------------------------------------------------------------- short sounds without speech


def _t(seconds: float) -> Samples:
    return np.arange(int(RATE_HZ * seconds)) / RATE_HZ


def cough(rng: np.random.Generator) -> Samples:
    """Return a burst and a rough voiced tail, twice."""
    t = _t(0.3)
    tail = np.sin(2 * np.pi * rng.uniform(150, 280) * t) * np.exp(-((t - 0.12) ** 2) / 0.004)
    noise = rng.normal(size=t.size)
    burst = noise * np.exp(-t * 25) + 0.5 * tail * (1 + 0.6 * noise)
    return np.concatenate([burst, np.zeros(3200), burst])


def clap(rng: np.random.Generator) -> Samples:
    t = _t(0.25)
    beats = [rng.normal(size=t.size) * np.exp(-t * rng.uniform(25, 60)) for _ in range(3)]
    return np.concatenate(beats)


def typing(rng: np.random.Generator) -> Samples:
    out = np.zeros(2 * RATE_HZ)
    at = 0
    while (at := at + int(rng.uniform(1200, 3500))) < out.size - 500:
        t = _t(0.02)
        out[at : at + t.size] += rng.normal(0, rng.uniform(0.5, 1), t.size) * np.exp(-t * 300)
    return out


def rush(rng: np.random.Generator) -> Samples:
    """Return the noise of a passing lorry."""
    passing: Samples = white(rng)[: RATE_HZ * 5 // 2] * np.hanning(RATE_HZ * 5 // 2)
    return passing


def tune(rng: np.random.Generator) -> Samples:
    """Return two seconds of music."""
    return music(rng)[: RATE_HZ * 2]


def hum(rng: np.random.Generator, from_hz: float, to_hz: float, seconds: float) -> Samples:
    """Return an "m" from one pitch to another, with the resonances of a closed mouth."""
    t = _t(seconds)
    pitch = np.linspace(from_hz, to_hz, t.size) * (1 + 0.005 * rng.normal(size=t.size))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
    out = np.zeros(t.size)
    for k in range(1, 30):
        hz = k * (from_hz + to_hz) / 2
        gain = sum(a / (1 + ((hz - at) / width) ** 2) for at, width, a in MURMUR)
        out += gain * np.sin(k * phase) / k**0.3
    fade: Samples = np.minimum(1, np.minimum(t / 0.03, t[::-1] / 0.05))
    return out * fade


def mhm(rng: np.random.Generator) -> Samples:
    """Return two hums with a breath between them, which Whisper writes as "Mm-hmm."."""
    hz = rng.uniform(100, 220)
    parts = hum(rng, 1.05 * hz, 0.95 * hz, 0.16), hum(rng, 1.05 * hz, 1.35 * hz, 0.24)
    breath = 0.03 * rng.normal(size=RATE_HZ * 7 // 100)
    return np.concatenate([parts[0], breath, parts[1]])


SOUNDS: Mapping[str, Callable[[np.random.Generator], Samples]] = {
    "cough": cough,
    "clap": clap,
    "typing": typing,
    "rush": rush,
    "tune": tune,
    "mhm": mhm,
}


def sound(kind: str, seed: int, peak: float = 9000) -> bytes:
    """Return one of SOUNDS, s16le."""
    samples = SOUNDS[kind](np.random.default_rng(seed))
    scaled = samples / np.abs(samples).max() * peak
    return np.asarray(scaled, "<i2").tobytes()
