"""A response that comes back through the microphone is taken out; the caller's voice stays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from edge.core.client_events import Interrupted, Speech
from edge.core.hearing.echo_canceller import EchoCanceller
from edge.core.hearing.framing import FRAME_BYTES, SILENCE

Samples = npt.NDArray[np.float64]
RATE_HZ = 16_000
START_MS = 1_000_000


def voice(seconds: float, seed: int) -> Samples:
    """Return a sound with the spectrum and the syllables of speech."""
    rng = np.random.default_rng(seed)
    n = int(seconds * RATE_HZ)
    spectrum = np.fft.rfft(rng.normal(size=n)) / np.maximum(np.fft.rfftfreq(n) * 40, 1)
    sound = np.fft.irfft(spectrum, n)
    syllables = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * np.arange(n) / RATE_HZ + seed)
    shaped: Samples = sound / sound.std() * 3000 * syllables
    return shaped


def level(samples: Samples) -> float:
    return float(np.sqrt((samples**2).mean()))


def through(response: Samples, microphone: Samples, ahead_ms: int = 240) -> Samples:
    """Return what is left of *microphone* while *response* is played, sent *ahead_ms* ahead."""
    canceller, out = EchoCanceller(), bytearray()
    sent = 0
    for at in range(0, len(microphone) - 319, 320):
        now_ms = START_MS + (at + 320) // 16
        while sent < len(response) and sent < at + ahead_ms * 16:
            piece = response[sent : sent + 1024]
            pcm = np.clip(piece, -32768, 32767).astype("<i2").tobytes()
            canceller.told(Speech(1, "", pcm, ends=False), now_ms)
            sent += 1024
        canceller.arrived(1, now_ms)
        frame = np.clip(microphone[at : at + 320], -32768, 32767).astype("<i2").tobytes()
        out += canceller.clean(frame)
    return np.frombuffer(bytes(out), "<i2").astype(np.float64)


def echo_of(response: Samples, gain_db: float, delay_ms: int) -> Samples:
    late = np.concatenate([np.zeros(delay_ms * 16), response])[: len(response)]
    quieter: Samples = late * 10 ** (gain_db / 20)
    return quieter


@pytest.mark.parametrize("gain_db", [-6, -14, -20])
@pytest.mark.parametrize("delay_ms", [50, 200, 400])
def test_an_echo_is_taken_out(gain_db: float, delay_ms: int) -> None:
    response = voice(6, seed=1)
    echo = echo_of(response, gain_db, delay_ms)
    left = through(response, echo)
    settled = slice(2 * RATE_HZ, 5 * RATE_HZ)
    assert level(left[settled]) < 0.2 * level(echo[settled])


def test_the_callers_voice_over_it_stays() -> None:
    response = voice(6, seed=1)
    caller = np.zeros_like(response)
    caller[3 * RATE_HZ : 5 * RATE_HZ] = voice(2, seed=2)
    left = through(response, echo_of(response, -14, 150) + caller)
    spoken = slice(3 * RATE_HZ + 3200, 5 * RATE_HZ - 3200)
    assert level(left[spoken]) > 0.5 * level(caller[spoken])


@pytest.mark.parametrize("seed", range(2, 12))
def test_the_voice_of_a_caller_with_a_headset_is_left_as_it_is(seed: int) -> None:
    response, caller = voice(6, seed=1), np.zeros(6 * RATE_HZ)
    caller[RATE_HZ:] = voice(5, seed=seed)
    left = through(response, caller)
    sent = np.clip(caller, -32768, 32767).astype("<i2")[: len(left)]
    assert np.array_equal(left, sent)


def test_a_silent_microphone_is_left_as_it_is() -> None:
    canceller = EchoCanceller()
    canceller.told(Speech(1, "", bytes(32_000), ends=True), START_MS)
    for number in range(60):
        canceller.arrived(1, START_MS + 20 * number)
        assert canceller.clean(SILENCE) is SILENCE


def test_nothing_is_touched_while_nothing_is_played() -> None:
    frame = np.arange(FRAME_BYTES // 2, dtype="<i2").tobytes()
    canceller = EchoCanceller()
    canceller.arrived(1, START_MS)
    assert canceller.clean(frame) is frame
    loud = np.full(FRAME_BYTES // 2, 900, "<i2").tobytes() * 50
    canceller.told(Speech(1, "", loud, ends=True), START_MS)
    canceller.told(Interrupted(1, ""), START_MS + 20)  # the client drops the rest
    canceller.arrived(1, START_MS + 2000)
    assert canceller.clean(frame) is frame
