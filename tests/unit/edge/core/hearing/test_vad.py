"""The model of speech has the last word while WebRTC's detector hears something."""

from __future__ import annotations

import numpy as np

from edge.core.hearing.framing import FRAME_BYTES, SILENCE
from edge.core.hearing.vad import HELD_CHUNKS, REST_FRAMES, VAD_CHUNK_BYTES, VoiceActivity

NOISE = np.random.default_rng(1).normal(0, 4000, FRAME_BYTES // 2).astype("<i2").tobytes()


class Model:
    """An opinion that is told what to think, and counts how often it was asked."""

    def __init__(self, likely: float) -> None:
        self.likely = likely
        self.asked = 0
        self.resets = 0

    def __call__(self, chunk: bytes) -> float:
        assert len(chunk) == VAD_CHUNK_BYTES
        self.asked += 1
        return self.likely

    def reset(self) -> None:
        self.resets += 1


def heard(vad: VoiceActivity, frame: bytes, count: int) -> list[bool]:
    return [vad.is_voice(frame) for _ in range(count)]


def test_the_model_overrules_the_detector_on_noise() -> None:
    assert sum(heard(VoiceActivity(), NOISE, 100)) > 50
    assert not any(heard(VoiceActivity(Model(0.0)), NOISE, 100))


def test_speech_by_the_model_still_needs_the_detector() -> None:
    assert (
        heard(VoiceActivity(Model(1.0)), NOISE, 100)[3:] == heard(VoiceActivity(), NOISE, 100)[3:]
    )


def test_silence_costs_no_opinion() -> None:
    model = Model(1.0)
    vad = VoiceActivity(model)
    heard(vad, SILENCE, 500)
    assert model.asked == 0
    heard(vad, NOISE, 10)
    asked = model.asked
    heard(vad, SILENCE, 500)
    assert model.asked - asked <= REST_FRAMES + HELD_CHUNKS


def test_each_stretch_of_sound_is_judged_afresh_and_with_what_came_before_it() -> None:
    model = Model(1.0)
    vad = VoiceActivity(model)
    for number in (1, 2):
        heard(vad, SILENCE, 100)
        before = model.asked
        heard(vad, NOISE, 1)
        assert model.resets == number
        assert model.asked - before >= 3


def test_a_voice_lasts_a_little_longer_than_the_model_hears_it() -> None:
    model = Model(1.0)
    vad = VoiceActivity(model)
    heard(vad, NOISE, 50)
    model.likely = 0.0
    after = heard(vad, NOISE, 50)
    assert any(after[:8])
    assert not any(after[12:])


def test_a_threshold_makes_a_voice_of_more_or_of_less() -> None:
    heard_at: dict[float, int] = {}
    for threshold in (0.2, 0.5, 0.9):
        vad = VoiceActivity(Model(0.4))  # a little above what usually is enough
        vad.configure(threshold)
        heard_at[threshold] = sum(heard(vad, NOISE, 100))
    assert heard_at[0.2] > 0
    assert heard_at[0.5] > 0
    assert heard_at[0.9] == 0
    usual, unset = VoiceActivity(), VoiceActivity()
    usual.configure(0.5)
    assert heard(usual, NOISE, 100) == heard(unset, NOISE, 100)


def test_voices_of_one_loudness_without_a_pause_turn_out_to_be_the_background() -> None:
    vad = VoiceActivity(Model(1.0))
    heard(vad, NOISE, 50)
    assert not vad.background_is_alone
    heard(vad, NOISE, 750)
    assert vad.background_is_alone
