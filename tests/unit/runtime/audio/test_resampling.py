"""A stream at another rate: nothing is lost, nothing is added, and little is kept back."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from runtime.audio.resampling import Resampler, kept_back

IN_AND_OUT = [
    *((hz, 16_000) for hz in (8_000, 11_025, 12_000, 22_050, 24_000, 32_000, 44_100, 48_000)),
    *((hz, 16_000) for hz in (88_200, 96_000)),
    *((16_000, hz) for hz in (8_000, 24_000, 44_100, 48_000)),
]
NOTHING = np.zeros(0, np.int16)


def tone(rate_hz: int, tone_hz: float, seconds: float = 1.0) -> NDArray[np.int16]:
    angle = np.arange(int(rate_hz * seconds)) * 2 * np.pi * tone_hz / rate_hz
    return (np.sin(angle) * 12_000).astype(np.int16)


def resampled(from_hz: int, to_hz: int, samples: NDArray[np.int16]) -> NDArray[np.float64]:
    return Resampler(from_hz, to_hz).feed(samples, last=True).astype(float)


@pytest.mark.parametrize(("from_hz", "to_hz"), IN_AND_OUT)
def test_less_than_20_ms_are_kept_back(from_hz: int, to_hz: int) -> None:
    stream, given_, came = Resampler(from_hz, to_hz), 0, 0
    for _ in range(50):
        chunk = np.zeros(from_hz // 50, np.int16)
        given_, came = given_ + len(chunk), came + len(stream.feed(chunk))
        assert given_ / from_hz - came / to_hz < 0.020
    came += len(stream.feed(NOTHING, last=True))
    assert came == pytest.approx(given_ * to_hz / from_hz, abs=1), "and that comes at the end"


@pytest.mark.parametrize(("from_hz", "to_hz"), [(24_000, 16_000), (16_000, 24_000)])
def test_of_the_rate_of_realtime_clients_little_is_kept_back(from_hz: int, to_hz: int) -> None:
    stream = Resampler(from_hz, to_hz)
    came = sum(len(stream.feed(np.zeros(from_hz // 50, np.int16))) for _ in range(50))
    assert to_hz - came <= 0.0016 * to_hz
    assert to_hz - came < kept_back(from_hz, to_hz) < to_hz - came + 4


@pytest.mark.parametrize(("from_hz", "to_hz"), IN_AND_OUT)
@pytest.mark.parametrize("of_band", [0.05, 0.2, 0.42])
def test_a_tone_stays_a_tone_as_loud_and_as_clean(from_hz: int, to_hz: int, of_band: float) -> None:
    tone_hz = of_band * min(from_hz, to_hz)
    samples = resampled(from_hz, to_hz, tone(from_hz, tone_hz))[to_hz // 20 : -to_hz // 20]
    angle = np.arange(len(samples)) * 2 * np.pi * tone_hz / to_hz
    waves = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    (sine, cosine), *_ = np.linalg.lstsq(waves, samples, rcond=None)
    assert np.hypot(sine, cosine) == pytest.approx(12_000, rel=0.01)
    rest = samples - waves @ [sine, cosine]
    assert 20 * np.log10(rest.std() / samples.std()) < -70


@pytest.mark.parametrize(("from_hz", "to_hz"), [pair for pair in IN_AND_OUT if pair[0] > pair[1]])
def test_frequencies_above_the_band_are_not_aliased_into_it(from_hz: int, to_hz: int) -> None:
    mirrored = resampled(from_hz, to_hz, tone(from_hz, to_hz * 0.54))[to_hz // 20 : -to_hz // 20]
    assert np.sqrt(np.mean(mirrored**2)) < 12_000 * 10 ** (-70 / 20)


@pytest.mark.parametrize(("from_hz", "to_hz"), IN_AND_OUT)
def test_the_result_is_close_to_the_best_offline_resampler(from_hz: int, to_hz: int) -> None:
    rng = np.random.default_rng(1)
    smooth = np.convolve(rng.standard_normal(from_hz), np.hanning(2 * from_hz // 2000), "same")
    speech = (smooth / np.abs(smooth).max() * 12_000).astype(np.int16)  # up to 2 kHz
    ours = resampled(from_hz, to_hz, speech)
    theirs = soxr.resample(speech, from_hz, to_hz, quality="VHQ").astype(float)
    within_1_ms = range(-to_hz // 1000, to_hz // 1000 + 1)
    assert max(np.corrcoef(ours, np.roll(theirs, shift))[0, 1] for shift in within_1_ms) > 0.99


@given(st.lists(st.integers(0, 400), max_size=60), st.sampled_from(IN_AND_OUT))
def test_a_stream_cut_anywhere_is_the_same_stream(sizes: list[int], rates: tuple[int, int]) -> None:
    whole = tone(rates[0], 440)[: sum(sizes)]
    stream, pieces, at = Resampler(*rates), [], 0
    for size in sizes:
        pieces.append(stream.feed(whole[at : at + size]))
        at += size
    cut = np.concatenate([*pieces, stream.feed(NOTHING, last=True)]).astype(int)
    once = Resampler(*rates).feed(whole, last=True).astype(int)
    assert len(cut) == len(once)
    assert np.abs(cut - once).max(initial=0) <= 2, "the resampler dithers its last bit"


def test_full_scale_does_not_turn_over() -> None:
    square = np.repeat(np.array([32767, -32768] * 40, np.int16), 50)
    for from_hz, to_hz in IN_AND_OUT:
        heard = resampled(from_hz, to_hz, square)
        middle = heard[len(heard) * 45 // 4000 :]
        assert middle.max() == 32767
        assert middle.min() == -32768
