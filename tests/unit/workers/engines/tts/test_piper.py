"""Leading silence, and what a voice's graph is given."""

from typing import Any

import numpy as np
import pytest

from workers.engines.tts.piper import LEAD_MS, Samples, inputs, without_lead

RATE_HZ = 22_050


def cut(*pieces: Samples) -> Samples:
    return np.concatenate([np.zeros(0, np.int16), *without_lead(pieces, RATE_HZ)])


def test_leading_silence_is_cut_to_thirty_milliseconds_wherever_the_pieces_end() -> None:
    silence, loud = np.zeros(RATE_HZ // 5, np.int16), np.full(RATE_HZ, 9000, np.int16)
    whole = np.concatenate([silence, loud])
    expected = cut(whole)
    assert RATE_HZ <= len(expected) <= RATE_HZ + RATE_HZ * (LEAD_MS + 5) // 1000
    for size in (1000, 3000, RATE_HZ // 5, RATE_HZ):
        pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
        assert np.array_equal(cut(*pieces), expected)


def test_sound_is_given_as_soon_as_there_is_some() -> None:
    silence, loud, unasked = (np.full(3000, level, np.int16) for level in (0, 9000, 1))
    pieces = iter([silence, loud, unasked])
    assert len(next(without_lead(pieces, RATE_HZ))) > 3000
    assert next(pieces) is unasked


def test_sound_from_the_start_and_pure_silence_stay_as_they_are() -> None:
    for level in (9000, 0):
        samples = np.full(RATE_HZ, level, np.int16)
        assert np.array_equal(cut(samples), samples)
    assert len(cut(np.zeros(0, np.int16))) == 0


def config(**more: int) -> Any:
    """Return the settings of a voice as its .json says them."""
    piper = pytest.importorskip("piper")
    told = {
        "num_symbols": 3,
        "num_speakers": 1,
        "audio": {"sample_rate": RATE_HZ},
        "espeak": {"voice": "en-us"},
        "phoneme_id_map": {"_": [0]},
        "inference": {"noise_scale": 0.6, "length_scale": 1.2, "noise_w": 0.7},
    }
    return piper.PiperConfig.from_dict({**told, **more})


def test_a_voice_with_several_speakers_uses_its_default_speaker() -> None:
    chosen = inputs(config(num_speakers=109, default_speaker_id=42), [1, 2], noise=False)
    assert chosen["sid"].tolist() == [42]
    assert inputs(config(num_speakers=2), [1, 2], noise=False)["sid"].tolist() == [0]
    assert "sid" not in inputs(config(), [1, 2], noise=False)


def test_only_noise_draws_at_random() -> None:
    assert inputs(config(), [1], noise=False)["scales"].tolist() == pytest.approx([0, 1.2, 0])
    assert inputs(config(), [1], noise=True)["scales"].tolist() == pytest.approx([0.6, 1.2, 0.7])
